package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// randomPath wanders around 100 and often comes to rest on round numbers.
func randomPath(rng *rand.Rand, n int) []market.Quote {
	out := make([]market.Quote, n)
	at, cents := wednesday(), int64(10000)
	for i := range out {
		switch rng.IntN(4) {
		case 0:
			cents = 100 * (90 + rng.Int64N(21))
		default:
			cents = max(100, cents+rng.Int64N(401)-200)
		}
		p, err := market.NewPrice(cents, 2)
		if err != nil {
			panic(err)
		}
		at = at.Add(time.Duration(1+rng.IntN(40)) * time.Minute)
		out[i] = market.Quote{Ticker: "AAPL", Price: p, Time: at, Received: at}
	}
	return out
}

// stepRule makes a rule of any kind whose levels lie where randomPath goes.
func stepRule(rng *rand.Rand) alerts.Rule {
	texts := []string{
		"AAPL > 100", "AAPL < 99", "AAPL crosses 101", "AAPL is above 100", "AAPL is below 100", "AAPL enters 98..101", "AAPL leaves 97..103",
		"AAPL moves 3%", "AAPL up 2", "AAPL down 2% in 1h", "AAPL moves 4% in 1d", "AAPL new high 20d", "AAPL new low 5d", "AAPL gaps 2%",
		"AAPL > 99 and < 101", "AAPL > 100 and moves 2%", "watchlist > 100",
	}
	draft, err := alerts.Parse(texts[rng.IntN(len(texts))], env())
	if err != nil {
		panic(err)
	}
	rule := draft.Rule
	rule.ID = 1
	rule.Repeat = []alerts.Repeat{alerts.Once, alerts.EveryTime}[rng.IntN(2)]
	rule.Cooldown = []time.Duration{0, 0, time.Hour, 6 * time.Hour}[rng.IntN(4)]
	rule.RegularHours = rng.IntN(4) == 0
	if !rule.Conditions[0].Level.IsZero() && rng.IntN(2) == 0 {
		rule.Band = price("1.5")
	}
	return rule
}

// stored is a state after a trip through a store.
func stored(s alerts.State) alerts.State {
	s.FiredAt = time.Unix(0, s.FiredAt.UnixNano()).UTC()
	return s
}

// evaluate runs a rule over a path and returns what happened; restart is asked
// before each tick whether the process ends there.
func evaluate(rule alerts.Rule, path []market.Quote, restart func(i int) bool) []string {
	view := newPast()
	view.low, view.high, view.daily = price("95"), price("105"), price("3")
	state := alerts.NewState(rule.ID, "AAPL")
	base, last := market.Price(0), market.Quote{}
	var out []string
	for i, quote := range path {
		if i > 0 && quote.Time.YearDay() != last.Time.YearDay() {
			base = last.Price
		}
		if restart(i) {
			state = stored(state)
			again := newPast()
			again.low, again.high, again.daily = view.low, view.high, view.daily
			again.path["AAPL"] = append(again.path["AAPL"], view.path["AAPL"]...)
			view = again
		}
		var transitions []alerts.Transition
		state, transitions = alerts.Evaluate(rule, state, alerts.Tick{
			Ticker: "AAPL", From: last, To: quote, Base: base, View: view, Hours: office{},
		}, quote.Time)
		for _, t := range transitions {
			out = append(out, t.Event(quote.Time).Key+" "+quote.Time.String())
		}
		view.add(quote)
		last = quote
	}
	return out
}

func TestChunksWithRestartsGiveWhatOnePassGives(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	happened := 0
	for range 500 {
		rule, path := stepRule(rng), randomPath(rng, 120)
		once := evaluate(rule, path, func(int) bool { return false })
		chunks := evaluate(rule, path, func(int) bool { return rng.IntN(5) == 0 })
		if !reflect.DeepEqual(once, chunks) {
			t.Fatalf("%s:\nin one pass %v\nin chunks   %v", alerts.Canonical(rule), once, chunks)
		}
		happened += len(once)
	}
	if happened < 1000 {
		t.Errorf("the paths are too quiet: %d", happened)
	}
}

func TestSameKeyNeverTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		rule, path := stepRule(rng), randomPath(rng, 200)
		seen := map[string]bool{}
		for _, tick := range evaluate(rule, path, func(int) bool { return false }) {
			key, _, _ := cutSpace(tick)
			if seen[key] {
				t.Fatalf("%s: %s happened twice", alerts.Canonical(rule), key)
			}
			seen[key] = true
		}
	}
}

func cutSpace(s string) (before, after string, ok bool) {
	for i := range len(s) {
		if s[i] == ' ' {
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// crossing tells whether a firing's own two quotes lie on two sides of its level.
func crossing(c alerts.Condition, from, to market.Price) bool {
	inside := func(p market.Price) bool { return p.Cmp(c.Level) >= 0 && p.Cmp(c.Upper) <= 0 }
	switch c.Kind {
	case alerts.CrossesAbove:
		return from.Less(c.Level) && !to.Less(c.Level)
	case alerts.CrossesBelow:
		return c.Level.Less(from) && !c.Level.Less(to)
	case alerts.Crosses:
		return from.Cmp(c.Level) != 0 && from.Cmp(c.Level) != to.Cmp(c.Level)
	case alerts.EntersRange:
		return !inside(from) && inside(to)
	case alerts.LeavesRange:
		return inside(from) && !inside(to)
	}
	return true
}

func TestEveryFiringHasACrossing(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	kinds := []string{"AAPL > 100", "AAPL < 100", "AAPL crosses 100", "AAPL enters 98..101", "AAPL leaves 97..103"}
	for i := range 1000 {
		w := newWalk(t, kinds[i%len(kinds)]+" every time band 0.5")
		fired := 0
		for _, quote := range randomPath(rng, 150) {
			w.now = quote.Time
			before := w.last
			for _, tr := range w.tick(quote.Price.String()) {
				if tr.Kind != alerts.EventFired {
					continue
				}
				fired++
				if tr.Firing.From != before || tr.Firing.To.Price != quote.Price || !crossing(w.rule.Conditions[0], before.Price, quote.Price) {
					t.Fatalf("%s fired from %s to %s", alerts.Canonical(w.rule), before.Price, quote.Price)
				}
			}
		}
		if fired == 0 {
			t.Fatalf("%s never fired", alerts.Canonical(w.rule))
		}
	}
}

func TestNoPathOnOneSideOfTheBandFiresTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	tests := []struct {
		rule      string
		low, high int64 // the cents between which the path stays: never back by the band
	}{
		{"AAPL > 100 every time band 2", 9801, 12000},
		{"AAPL < 100 every time band 2", 8000, 10199},
		{"AAPL is above 100 every time band 2", 9801, 12000},
		{"AAPL crosses 100 every time band 2", 9801, 10199},
		{"AAPL enters 98..101 every time band 2", 9601, 10299},
		{"AAPL leaves 90..110 every time band 2", 11000 - 199, 12000},
	}
	for _, test := range tests {
		for range 300 {
			w := newWalk(t, test.rule)
			fired := 0
			for range 100 {
				cents := test.low + rng.Int64N(test.high-test.low+1)
				for _, tr := range w.tick(fmt.Sprintf("%d.%02d", cents/100, cents%100)) {
					if tr.Kind == alerts.EventFired {
						fired++
					}
				}
				w.now = w.now.Add(time.Minute)
			}
			if fired > 1 {
				t.Fatalf("%s fired %d times", test.rule, fired)
			}
		}
	}
}
