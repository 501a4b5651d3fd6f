package alerts_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func TestCheckFiresOnceAndSavesTheQuote(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.quote(t, "AAPL", "149")
	d.quote(t, "AAPL", "151")
	d.quote(t, "AAPL", "152")
	if got := store.fired(); !slices.Equal(got, []string{"rule/1/AAPL/1"}) {
		t.Errorf("fired %v", got)
	}
	if got := store.standings["AAPL"].Quote.Price; got != price("152") {
		t.Errorf("stored %s", got)
	}
}

func TestRestartComparesWithTheStoredQuote(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	newDesk(t, store).quote(t, "AAPL", "149")
	again := newDesk(t, store)
	again.now = again.now.Add(time.Hour)
	again.quote(t, "AAPL", "151")
	if got := store.fired(); len(got) != 1 {
		t.Errorf("fired %v", got)
	}
}

func TestFailureOfTheSourceKeepsWhatCame(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.quote(t, "AAPL", "149")
	d.script.err = &alerts.SourceError{Source: "script", Reason: "answered HTML"}
	d.now = d.now.Add(time.Minute)
	d.script.quotes = []market.Quote{{Ticker: "AAPL", Price: price("151"), Time: d.now}}
	if _, err := d.Check(t.Context()); !errors.Is(err, alerts.ErrSource) {
		t.Errorf("error %v", err)
	}
	if got := store.fired(); len(got) != 1 {
		t.Errorf("fired %v", got)
	}
}

func TestConflictEvaluatesTheChangedRule(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.quote(t, "AAPL", "149")
	once := true
	store.before = func(batch alerts.Batch) error {
		if !once || len(batch.States) == 0 {
			return nil
		}
		once = false
		rule := store.rules[1]
		rule.Conditions = []alerts.Condition{{Kind: alerts.CrossesAbove, Ticker: "AAPL", Level: price("200")}}
		rule.Revision++
		store.rules[1] = rule
		return nil
	}
	d.quote(t, "AAPL", "151")
	if got := store.fired(); len(got) != 0 {
		t.Fatalf("fired %v on a level that was moved", got)
	}
	d.quote(t, "AAPL", "200")
	if got := store.fired(); len(got) != 1 {
		t.Errorf("fired %v on the new level", got)
	}
}

func TestStormIsSavedInChunks(t *testing.T) {
	store := newMemoryStore()
	const rules = 20_000
	for i := range alerts.RuleID(rules) {
		store.rules[i+1] = alerts.Rule{ID: i + 1, Repeat: alerts.Once, Conditions: []alerts.Condition{
			{Kind: alerts.CrossesAbove, Ticker: "BTC-USD", Level: price("70000")},
		}}
	}
	d := newDesk(t, store)
	d.quote(t, "BTC-USD", "69999")
	d.quote(t, "BTC-USD", "70000")
	if got := len(store.fired()); got != rules {
		t.Errorf("fired %d", got)
	}
	if store.largest > alerts.MaxBatch {
		t.Errorf("a batch of %d", store.largest)
	}
}

func TestCrashInAStormLosesNothingAndRepeatsNothing(t *testing.T) {
	for _, text := range []string{"BTC-USD > 70000", "BTC-USD crosses 70000 every time band 1", "BTC-USD > 70000 every time band 1"} {
		store := newMemoryStore()
		const rules = 3500
		draft, err := alerts.Parse(text, env())
		if err != nil {
			t.Fatal(err)
		}
		for i := range alerts.RuleID(rules) {
			rule := draft.Rule
			rule.ID = i + 1
			store.rules[rule.ID] = rule
		}
		d := newDesk(t, store)
		d.quote(t, "BTC-USD", "69000")
		batches := 0
		killed := errors.New("killed")
		store.before = func(alerts.Batch) error {
			if batches++; batches > 2 {
				return killed
			}
			return nil
		}
		d.now = d.now.Add(time.Minute)
		d.script.quotes = []market.Quote{{Ticker: "BTC-USD", Price: price("71000"), Time: d.now, Received: d.now}}
		if _, err := d.Check(t.Context()); !errors.Is(err, killed) {
			t.Fatalf("error %v", err)
		}
		store.before = nil
		again := newDesk(t, store)
		again.now = d.now
		again.quote(t, "BTC-USD", "71001")
		if got := len(store.fired()); got != rules {
			t.Errorf("%s: fired %d, want %d", text, got, rules)
		}
	}
}

func TestHeldQuoteIsPendingUntilTheNext(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.Guard = trusting{held: map[market.Price]bool{price("900"): true}}
	d.quote(t, "AAPL", "149")
	d.quote(t, "AAPL", "900")
	if got := store.states[1]["AAPL"].Phase; got != alerts.Pending {
		t.Fatalf("phase %s", got)
	}
	d.quote(t, "AAPL", "901")
	if got := store.fired(); len(got) != 1 {
		t.Errorf("fired %v", got)
	}
	if got := store.events[0].Firing.Confirmed; !got.Equal(d.now) {
		t.Errorf("confirmed at %s", got)
	}
}

func TestCooldownEndsWithoutAQuote(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150 every time cooldown 1h band 1")
	d := newDesk(t, store)
	d.quote(t, "AAPL", "149", "NVDA", "1")
	d.quote(t, "AAPL", "150")
	d.quote(t, "AAPL", "148")
	d.now = d.now.Add(time.Hour)
	d.quote(t)
	if got := store.states[1]["AAPL"]; got.Phase != alerts.Armed || got.Arming != 2 {
		t.Errorf("state %+v", got)
	}
	if last := store.events[len(store.events)-1]; last.Kind != alerts.EventRearmed {
		t.Errorf("event %s", last.Kind)
	}
}

func TestWatchlistAndSeveralSymbols(t *testing.T) {
	store := newMemoryStore()
	store.lists[7] = []market.Ticker{"AAPL", "NVDA"}
	store.add(t, 1, "watchlist moves 3%")
	store.add(t, 2, "AAPL > 102 and ^VIX > 25")
	d := newDesk(t, store)
	d.quote(t, "AAPL", "101", "NVDA", "101", "^VIX", "20")
	d.quote(t, "AAPL", "104", "NVDA", "97", "^VIX", "20")
	d.quote(t, "AAPL", "104", "^VIX", "26")
	want := []string{"rule/1/AAPL/1", "rule/1/NVDA/1", "rule/2/AAPL/1"}
	if got := store.fired(); !slices.Equal(got, want) {
		t.Errorf("fired %v", got)
	}
}

func TestCorrectTakesTheFiringBack(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.quote(t, "AAPL", "149")
	d.quote(t, "AAPL", "900")
	if err := d.Correct(t.Context(), "the price was false", *store.events[0].Firing); err != nil {
		t.Fatal(err)
	}
	if got := store.events[1]; got.Kind != alerts.EventCorrected || got.Subject != store.events[0].Subject {
		t.Errorf("event %+v", got)
	}
	if got := store.states[1]["AAPL"].Phase; got != alerts.Armed {
		t.Errorf("phase %s", got)
	}
}

// TestBookFindsWhatEveryRuleWouldFind compares checks through the index with an
// evaluation of every rule at every quote, over random paths with changes of
// rules and restarts on the way.
func TestBookFindsWhatEveryRuleWouldFind(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for round := range 40 {
		store, plain := newMemoryStore(), map[alerts.RuleID]alerts.State{}
		for id := alerts.RuleID(1); id <= 60; id++ {
			rule := stepRule(rng)
			if strings.HasPrefix(alerts.Canonical(rule), "watchlist") {
				rule.Conditions[0].Ticker, rule.Watchlist = "AAPL", 0
			}
			rule.ID = id
			rule.RegularHours = false
			store.rules[id] = rule
			plain[id] = alerts.NewState(id, "AAPL")
		}
		d := newDesk(t, store)
		view := newPast()
		view.low, view.high, view.daily = price("95"), price("105"), price("3")
		d.View, d.Hours = view, office{}
		var want []string
		last := market.Quote{}
		for i, quote := range randomPath(rng, 80) {
			if rng.IntN(10) == 0 {
				d = newDesk(t, store)
				d.View, d.Hours = view, office{}
			}
			if rng.IntN(5) == 0 {
				id := alerts.RuleID(1 + rng.IntN(60))
				rule := store.rules[id]
				rule.Revision++
				rule.Paused = !rule.Paused
				store.rules[id] = rule
				d.Book.Put(store.record(id))
			}
			quote.PreviousClose = price("100")
			for id, rule := range store.rules {
				state, transitions := alerts.Evaluate(rule, plain[id], alerts.Tick{
					Ticker: "AAPL", From: last, To: quote, Base: price("100"), View: view, Hours: office{},
				}, quote.Time)
				plain[id] = state
				for _, tr := range transitions {
					if tr.Kind == alerts.EventFired {
						want = append(want, tr.Event(quote.Time).Key)
					}
				}
			}
			d.now, d.script.quotes = quote.Time, []market.Quote{quote}
			if _, err := d.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			view.add(quote)
			last = quote
			slices.Sort(want)
			if got := store.fired(); !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
				t.Fatalf("round %d, quote %d (%s):\nthrough the book %v\nrule by rule     %v", round, i, quote.Price, minus(got, want), minus(want, got))
			}
		}
	}
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

func TestNearestLevels(t *testing.T) {
	store := newMemoryStore()
	book := alerts.NewBook()
	for i, text := range []string{"AAPL > 150", "AAPL < 120.5", "AAPL enters 100..110", "NVDA > 5"} {
		book.Put(store.add(t, alerts.RuleID(i+1), text))
	}
	below, above, hasBelow, hasAbove := book.Nearest("AAPL", price("130"))
	if !hasBelow || !hasAbove || below != price("120.5") || above != price("150") {
		t.Errorf("got %s %v, %s %v", below, hasBelow, above, hasAbove)
	}
	if _, _, hasBelow, hasAbove = book.Nearest("^STI", price("1")); hasBelow || hasAbove {
		t.Error("levels of an unknown symbol")
	}
	book.Remove(1, 1)
	if _, _, _, hasAbove = book.Nearest("AAPL", price("130")); hasAbove || book.Len() != 3 {
		t.Error("a removed rule is still there")
	}
}

func TestLaterRevisionStays(t *testing.T) {
	store := newMemoryStore()
	book := alerts.NewBook()
	old := store.add(t, 1, "AAPL > 150")
	changed := old
	changed.Rule.Revision = 2
	changed.Rule.Conditions = []alerts.Condition{{Kind: alerts.CrossesAbove, Ticker: "AAPL", Level: price("200")}}
	book.Put(changed)
	book.Put(old)
	book.Put(old, old)
	book.Remove(1, 1)
	from := price("100")
	if got := book.Touched(nil, "AAPL", &from, price("160")); len(got) != 0 {
		t.Errorf("touched %v", got)
	}
	if got := book.Touched(nil, "AAPL", &from, price("200")); len(got) != 1 {
		t.Errorf("touched %v", got)
	}
}

func TestLevelsOfAnyFinenessAreFound(t *testing.T) {
	book := alerts.NewBook()
	levels := []string{"0.000001", "0.00000123456789", "1", "123456789012345", "0.5"}
	for i, level := range levels {
		book.Put(alerts.Record{Rule: alerts.Rule{ID: alerts.RuleID(i + 1), Conditions: []alerts.Condition{
			{Kind: alerts.CrossesAbove, Ticker: "X", Level: price(level)},
		}}, Tickers: []market.Ticker{"X"}})
	}
	for i, level := range levels {
		from := price(level).Sub(price("0.0000000000001"))
		if got := book.Touched(nil, "X", &from, price(level)); !slices.Contains(got, alerts.RuleID(i+1)) {
			t.Errorf("%s: touched %v", level, got)
		}
	}
}

func ExampleCanonical() {
	fmt.Println(alerts.Canonical(alerts.Rule{Repeat: alerts.EveryTime, Cooldown: time.Hour, Conditions: []alerts.Condition{
		{Kind: alerts.MovesPercent, Ticker: "NVDA", Change: market.MustPrice("5"), Window: 24 * time.Hour},
	}}))
	// Output: NVDA moves 5% in 1d every time cooldown 1h
}
