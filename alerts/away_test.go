package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// bars is a source of bars that a test wrote down.
type bars map[market.Ticker][]market.Bar

func (b bars) Bars(_ context.Context, ticker market.Ticker, _ time.Duration, _ time.Time) ([]market.Bar, error) {
	if b == nil {
		return nil, &alerts.SourceError{Source: "script", Reason: "it has none"}
	}
	return b[ticker], nil
}

// back is a desk on the same store, as after a kill, two hours later.
func back(t *testing.T, store *memoryStore, past bars) *desk {
	t.Helper()
	d := newDesk(t, store)
	d.Outage, d.Kept = 10*time.Minute, store.missed
	d.Keep = func(_ context.Context, missed string) error { store.missed = missed; return nil }
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Bars = past
	d.now = d.now.Add(2 * time.Hour)
	trail := alerts.NewTrail(nil)
	for _, s := range store.standings {
		trail.Note(s)
	}
	d.View, d.Filled = trail, func(_ context.Context, before alerts.Standing, line market.Line) { trail.Fill(before, line) }
	d.Told = func(_ context.Context, all []alerts.Standing) {
		for _, s := range all {
			trail.Note(s)
		}
	}
	return d
}

// catchUp looks at everything that was missed.
func (d *desk) catchUp(t testing.TB) {
	t.Helper()
	for more := true; more; {
		var err error
		if _, more, err = d.CatchUp(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func fiveMinutes(prices ...string) []market.Bar {
	out := make([]market.Bar, len(prices)/4)
	for i := range out {
		p := prices[4*i:]
		out[i] = market.Bar{
			Time: wednesday().Add(30*time.Minute + time.Duration(i)*5*time.Minute),
			Open: price(p[0]), High: price(p[1]), Low: price(p[2]), Close: price(p[3]),
		}
	}
	return out
}

func TestOutageIsReplayedBesideTheChecks(t *testing.T) {
	rises := fiveMinutes("149", "152", "148", "149.5", "149", "149", "145", "145")
	stays := fiveMinutes("149", "151", "149", "151", "151", "154", "151", "153")
	falls := fiveMinutes("149", "149", "145", "145", "145", "145", "141", "141")
	for name, test := range map[string]struct {
		rule      string
		bars      []market.Bar
		now       string // the first quote after the outage
		early     bool   // an alert before the bars are read
		late      bool   // an alert after it
		confirmed string // a second quote
	}{
		"there and back":                      {"AAPL > 150", rises, "146", false, true, "146"},
		"there for good":                      {"AAPL > 150", stays, "153", true, false, "153.5"},
		"there for good without bars to tell": {"AAPL > 150", nil, "153", true, false, "153.5"},
		"not there":                           {"AAPL > 160", rises, "146", false, false, "146"},
		"the first quote alone":               {"AAPL > 150", falls, "151", true, false, "152"},
		"slowly over hours":                   {"AAPL moves 6% in 15m", falls, "140", false, false, "139.9"},
		"fast when nobody looked":             {"AAPL moves 5% in 15m", fiveMinutes("149", "149", "149", "149", "149", "149", "140", "140", "140", "140", "140", "140"), "140", false, true, "140"},
		"since the close, early":              {"AAPL moves 55%", rises, "156", true, false, "156"},
		"every time, told once":               {"AAPL > 150 every time", stays, "153", true, false, "153.5"},
		"with another symbol, no word":        {"AAPL > 150 and NVDA > 10", rises, "146", false, false, "146"},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, test.rule)
			newDesk(t, store).quote(t, "AAPL", "149", "NVDA", "20")
			want := 0
			// A kill at each point changes nothing.
			for _, until := range []int{1, 2, 3} {
				d := back(t, store, bars{"AAPL": test.bars})
				d.now = d.now.Add(time.Duration(until) * time.Minute)
				d.quote(t, "AAPL", test.now, "NVDA", "20")
				if test.early {
					want = 1
				}
				if got := len(store.fired()); got != want {
					t.Fatalf("run %d: %d alerts after the first quote, want %d", until, got, want)
				}
				if until == 1 {
					continue
				}
				d.catchUp(t)
				if test.late {
					want = 1
				}
				if got := len(store.fired()); got != want {
					t.Fatalf("run %d: %d alerts after the bars, want %d", until, got, want)
				}
				d.quote(t, "AAPL", test.confirmed)
				d.catchUp(t)
				if got := len(store.fired()); got != want {
					t.Fatalf("run %d: %d alerts at the end, want %d", until, got, want)
				}
			}
			if want == 1 && store.events[0].Firing.Missed != test.late {
				t.Errorf("firing %+v", store.events[0].Firing)
			}
			if got := store.standings["AAPL"].Quote.Price; got != price(test.confirmed) {
				t.Errorf("stands at %s", got)
			}
		})
	}
}

func TestARuleMadeSinceHasMissedNothing(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 151")
	newDesk(t, store).quote(t, "AAPL", "149")
	d := back(t, store, bars{"AAPL": fiveMinutes("149", "152", "148", "149.5")})
	d.quote(t, "AAPL", "146")
	rule := store.rules[1]
	rule.ID, rule.Created = 2, d.now
	store.rules[2] = rule
	d.Book.Put(store.record(2))
	d.catchUp(t)
	if got := store.fired(); !slices.Equal(got, []string{"rule/1/AAPL/1"}) {
		t.Errorf("fired %v", got)
	}
}

func TestMissedPriceIsTheOneOfItsTime(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	newDesk(t, store).quote(t, "AAPL", "149")
	d := back(t, store, bars{"AAPL": fiveMinutes("149", "152", "148", "149.5")})
	d.quote(t, "AAPL", "146")
	d.quote(t, "AAPL", "146.5") // before the bars are there
	d.catchUp(t)
	if len(store.events) != 1 {
		t.Fatalf("events %+v", store.events)
	}
	f := store.events[0].Firing
	if f.To.Price != price("152") || f.To.Time.Before(wednesday().Add(30*time.Minute)) || f.To.Time.After(wednesday().Add(35*time.Minute)) {
		t.Errorf("firing %+v", f)
	}
	if latest, _ := d.Latest("AAPL"); latest.Quote.Price != price("146.5") || store.standings["AAPL"].Quote.Price != price("146.5") {
		t.Errorf("stands at %s", latest.Quote.Price)
	}
}

func TestWhatCouldNotBeSeenIsSaidOnce(t *testing.T) {
	for name, past := range map[string]bars{"no bars": {}, "no answer": nil} {
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, "AAPL > 150")
			store.add(t, 2, "NVDA > 150")
			newDesk(t, store).quote(t, "AAPL", "149", "NVDA", "149")
			d := back(t, store, past)
			d.quote(t, "AAPL", "148", "NVDA", "148")
			if len(store.events) != 0 {
				t.Fatalf("told too soon: %+v", store.events)
			}
			d.catchUp(t)
			d.quote(t, "AAPL", "147", "NVDA", "147")
			d.catchUp(t)
			again := back(t, store, past)
			again.now = d.now
			again.quote(t, "AAPL", "147", "NVDA", "147")
			again.catchUp(t)
			if len(store.events) != 1 {
				t.Fatalf("events %+v", store.events)
			}
			n := store.events[0].Notice
			if n == nil || n.Kind != alerts.NoticeUnseen || !slices.Equal(n.Tickers, []market.Ticker{"AAPL", "NVDA"}) ||
				!n.Since.Equal(wednesday().Add(time.Minute)) {
				t.Errorf("event %+v %+v", store.events[0], n)
			}
		})
	}
}

// TestNoKillLosesOrRepeatsWhatWasMissed runs random outages with kills at random
// moments: each rule that fires once has told once, if the path of the price
// reached it, and else never.
func TestNoKillLosesOrRepeatsWhatWasMissed(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 200 {
		store := newMemoryStore()
		for id := alerts.RuleID(1); id <= 20; id++ {
			store.add(t, id, fmt.Sprintf("AAPL crosses %d", 91+id-1))
		}
		newDesk(t, store).quote(t, "AAPL", "100.5")
		low, high, at := 100, 101, 100
		var path []string
		for range 6 {
			to := max(92, min(108, at+rng.IntN(7)-3))
			path = append(path, fmt.Sprintf("%d.5", at), fmt.Sprintf("%d.5", max(at, to)), fmt.Sprintf("%d.5", min(at, to)), fmt.Sprintf("%d.5", to))
			at = to
			low, high = min(low, at), max(high, at+1)
		}
		past := bars{"AAPL": fiveMinutes(path...)}
		minute := 0
		for kills := rng.IntN(4); ; kills-- {
			d := back(t, store, past)
			d.now = d.now.Add(time.Duration(minute) * time.Minute)
			for range rng.IntN(3) + 1 {
				at = max(92, min(108, at+rng.IntN(3)-1))
				low, high = min(low, at), max(high, at+1)
				d.quote(t, "AAPL", fmt.Sprintf("%d.5", at))
				minute++
			}
			if kills > 0 && rng.IntN(2) == 0 {
				n := 0
				store.before = func(alerts.Batch) error {
					if n++; n > 1 {
						return context.Canceled // killed between two commits
					}
					return nil
				}
				_, _, _ = d.CatchUp(t.Context())
				store.before = nil
			}
			if kills <= 0 {
				d.catchUp(t)
				break
			}
			minute += rng.IntN(3)
		}
		told := map[alerts.RuleID]int{}
		for _, e := range store.events {
			told[e.Firing.Rule.ID]++
		}
		for id := range alerts.RuleID(20) {
			level := 91 + int(id)
			want := 0
			if low < level && level <= high-1 {
				want = 1
			}
			if got := told[id+1]; got != want {
				t.Fatalf("round %d: crossing of %d told %d times, want %d (range %d.5 to %d.5)", round, level, got, want, low, high-1)
			}
		}
	}
}

func TestCatchingUpRunsBesideChecks(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	store.add(t, 2, "NVDA > 150")
	newDesk(t, store).quote(t, "AAPL", "149", "NVDA", "149")
	past := fiveMinutes("149", "152", "148", "149.5")
	d := back(t, store, bars{"AAPL": past, "NVDA": past})
	d.quote(t, "AAPL", "146", "NVDA", "146")
	var beside sync.WaitGroup
	beside.Go(func() { d.catchUp(t) })
	d.script.quotes = []market.Quote{{Ticker: "AAPL", Price: price("147"), Time: d.now.Add(time.Second)}}
	for range 20 {
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	beside.Wait()
	if got := len(store.fired()); got != 2 {
		t.Errorf("%d fired", got)
	}
}

// A full disk costs nothing but that what was missed is looked at once more.
func TestCheckingGoesOnWhereWhatWasMissedIsNotKept(t *testing.T) {
	past := fiveMinutes("149", "152", "148", "149.5")
	for name, from := range map[string]bars{"bars": {"AAPL": past, "NVDA": past}, "no bars": {}} {
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, "AAPL > 150")
			store.add(t, 2, "NVDA > 150")
			newDesk(t, store).quote(t, "AAPL", "149", "NVDA", "149")
			d := back(t, store, from)
			d.quote(t, "AAPL", "146", "NVDA", "146")
			failed := false
			d.Keep = func(_ context.Context, missed string) error {
				if !failed {
					failed = true
					return errors.New("disk full")
				}
				store.missed = missed
				return nil
			}
			for more, rounds := true, 0; more; rounds++ {
				var err error
				if _, more, err = d.CatchUp(t.Context()); err != nil || rounds > 5 {
					t.Fatalf("round %d: %v", rounds, err)
				}
			}
			if _, err := d.Check(t.Context()); err != nil || !failed || store.missed != "" {
				t.Errorf("failed %t, %q is still kept, %v", failed, store.missed, err)
			}
		})
	}
}
