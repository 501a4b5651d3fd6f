package alerts_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// said is one quote of a source.
type said struct {
	source string
	price  string
	fix    bool
}

// hear checks one quote of a symbol, a minute after the check before.
func (d *desk) hear(t testing.TB, ticker market.Ticker, s said) {
	t.Helper()
	d.now = d.now.Add(time.Minute)
	d.script.quotes = []market.Quote{{
		Ticker: ticker, Price: price(s.price), Time: d.now, Received: d.now, Source: s.source, Fix: s.fix,
	}}
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestCrossingBetweenSources(t *testing.T) {
	for name, test := range map[string]struct {
		path  []said
		fired []int // how many alerts there are after each quote
	}{
		"one source fires at once": {
			[]said{{"a", "99", false}, {"a", "101", false}}, []int{0, 1},
		},
		"another source waits for its second read": {
			[]said{{"a", "99", false}, {"b", "101", false}, {"b", "101.2", false}}, []int{0, 0, 1},
		},
		"the first source confirms": {
			[]said{{"a", "99", false}, {"b", "101", false}, {"a", "100.5", false}}, []int{0, 0, 1},
		},
		"the first source contradicts": {
			[]said{{"a", "99", false}, {"b", "101", false}, {"a", "99.1", false}, {"a", "99.2", false}}, []int{0, 0, 0, 0},
		},
		"another source that crosses nothing is believed": {
			[]said{{"a", "99", false}, {"b", "99.5", false}, {"b", "101", false}}, []int{0, 0, 1},
		},
		"sources that take turns wait once": {
			[]said{{"a", "99", false}, {"b", "101", false}, {"c", "101", false}}, []int{0, 0, 1},
		},
		"a daily fix fires nothing": {
			[]said{{"a", "99", false}, {"fix", "101", true}, {"fix", "102", true}}, []int{0, 0, 0},
		},
		"a crossing that a fix saw first is not lost": {
			[]said{{"a", "99", false}, {"fix", "101", true}, {"a", "101", false}}, []int{0, 0, 1},
		},
		"a fix alone is no start": {
			[]said{{"fix", "99", true}, {"a", "101", false}, {"a", "102", false}}, []int{0, 0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, "BTC-USD > 100")
			d := newDesk(t, store)
			for i, s := range test.path {
				d.hear(t, "BTC-USD", s)
				if got := len(store.fired()); got != test.fired[i] {
					t.Fatalf("after quote %d: %d alerts, want %d", i, got, test.fired[i])
				}
			}
			last := test.path[len(test.path)-1]
			if got := store.standings["BTC-USD"].Quote.Price; got != price(last.price) {
				t.Errorf("shown %s, want %s", got, last.price)
			}
		})
	}
}

func TestConfirmedCrossingTellsTheDelay(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "BTC-USD > 100")
	d := newDesk(t, store)
	d.hear(t, "BTC-USD", said{source: "a", price: "99"})
	d.hear(t, "BTC-USD", said{source: "b", price: "101"})
	if got := store.states[1]["BTC-USD"].Phase; got != alerts.Pending {
		t.Errorf("phase %s", got)
	}
	d.hear(t, "BTC-USD", said{source: "b", price: "101.5"})
	if got := store.events[0].Firing; !got.Confirmed.Equal(d.now) || got.From.Source != "a" {
		t.Errorf("firing %+v", got)
	}
}

func TestSecondReadOfTheSamePrintConfirmsBehindAGate(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "BTC-USD > 100")
	d := newDesk(t, store)
	d.Guard = gateFor(market.ClassCrypto, alerts.GateOptions{})
	d.hear(t, "BTC-USD", said{source: "a", price: "99"})
	d.hear(t, "BTC-USD", said{source: "b", price: "101"})
	d.now = d.now.Add(time.Minute) // the same print again
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := store.fired(); len(got) != 1 {
		t.Errorf("fired %v", got)
	}
}

// gateFor makes a gate for symbols of one class.
func gateFor(class market.Class, o alerts.GateOptions) *alerts.Gate {
	o.Symbol = func(t market.Ticker) market.Symbol { return market.Symbol{Ticker: t, Class: class, Decimals: 2} }
	o.Log = slog.New(slog.DiscardHandler)
	return alerts.NewGate(o)
}

func TestSplitHoldsRulesWithPrices(t *testing.T) {
	for name, test := range map[string]struct {
		rule string
		held bool
		want string // scaled
	}{
		"a level":             {"AAPL < 150", true, "AAPL < 37.5"},
		"a range":             {"AAPL enters 100..110", true, "AAPL enters 25..27.5"},
		"an amount":           {"AAPL moves 10", true, "AAPL moves 2.5"},
		"a level among two":   {"^VIX > 25 and AAPL < 150", true, "^VIX > 25 and AAPL < 37.5"},
		"a percentage":        {"AAPL moves 5%", false, ""},
		"a level of another":  {"NVDA < 150", false, ""},
		"with a band":         {"AAPL < 150 every time band 2", true, "AAPL < 37.5 every time band 0.5"},
		"a percentage in 1 d": {"AAPL moves 5% in 1d", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, test.rule)
			d := newDesk(t, store)
			split := market.Split{Old: 1, New: 4, Day: wednesday().Truncate(24 * time.Hour)}
			asked := 0
			d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{
				Splits: func(context.Context, market.Ticker, time.Time) ([]market.Split, error) {
					asked++
					return []market.Split{split}, nil
				},
			})
			trail := alerts.NewTrail(nil)
			d.View = trail
			d.Told = func(_ context.Context, all []alerts.Standing) {
				for _, s := range all {
					trail.Note(s)
				}
			}
			d.Rescaled = func(_ context.Context, ticker market.Ticker, s market.Split) { trail.Rescale(ticker, s) }
			d.hear(t, "AAPL", said{price: "200"})
			d.hear(t, "AAPL", said{price: "201"})
			if asked != 0 {
				t.Errorf("splits were asked for at a usual step")
			}
			for _, p := range []string{"50.2", "50.3", "50.1", "49.9"} {
				d.hear(t, "AAPL", said{price: p})
			}
			if got := store.fired(); len(got) != 0 {
				t.Errorf("fired %v", got)
			}
			rule := store.rules[1]
			if got := rule.HeldFor == alerts.HeldForSplit; got != test.held {
				t.Fatalf("held for %q", rule.HeldFor)
			}
			if !test.held {
				return
			}
			if len(store.events) != 1 || store.events[0].Kind != alerts.EventHeld || *store.events[0].Split != split {
				t.Fatalf("events %+v", store.events)
			}
			scaled, ok := store.events[0].Firing.Rule.Scaled("AAPL", split)
			if got := alerts.Canonical(scaled); !ok || got != test.want {
				t.Errorf("proposed %q, want %q", got, test.want)
			}
			if asked != 1 {
				t.Errorf("splits were read %d times", asked)
			}
			// A crash between the commit and the guard's own save changes nothing.
			again := newDesk(t, store)
			again.now = d.now
			again.Guard = gateFor(market.ClassEquity, alerts.GateOptions{
				Splits: func(context.Context, market.Ticker, time.Time) ([]market.Split, error) {
					return []market.Split{split}, nil
				},
			})
			again.hear(t, "AAPL", said{price: "50"})
			if len(store.events) != 1 || store.standings["AAPL"].Quote.Price != price("50") {
				t.Errorf("after a restart: %d events, %s", len(store.events), store.standings["AAPL"].Quote.Price)
			}
		})
	}
}

func TestSplitThatNoSourceTellsOfAlertsAfterOneMoreRead(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL < 150")
	d := newDesk(t, store)
	d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{
		Splits: func(context.Context, market.Ticker, time.Time) ([]market.Split, error) {
			return nil, errors.New("no answer")
		},
	})
	d.hear(t, "AAPL", said{price: "200"})
	d.hear(t, "AAPL", said{price: "100"})
	if len(store.fired()) != 0 {
		t.Error("fired without a second read")
	}
	d.hear(t, "AAPL", said{price: "100.1"})
	if len(store.fired()) != 1 {
		t.Error("not fired after the second read")
	}
}

func TestUnitErrorWaitsForTheOperator(t *testing.T) {
	for decision, fires := range map[market.Decision]int{market.Undecided: 0, market.Believe: 1, market.Disbelieve: 0} {
		store := newMemoryStore()
		store.add(t, 1, "AAPL < 10")
		d := newDesk(t, store)
		decided := market.Undecided
		d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{
			Decision: func(market.Ticker, market.HeldQuote) market.Decision { return decided },
		})
		d.hear(t, "AAPL", said{price: "14.55"})
		for range 9 {
			d.now = d.now.Add(24 * time.Hour)
			d.hear(t, "AAPL", said{price: "0.1455"})
		}
		if len(store.events) != 1 || store.events[0].Kind != alerts.EventHeld || store.events[0].Notice.Kind != alerts.NoticeDoubted {
			t.Fatalf("told %+v", store.events)
		}
		if n := store.events[0].Notice; n.Price != price("0.1455") || n.Last != price("14.55") || store.events[0].Topic.ID != 1 {
			t.Errorf("notice %+v", n)
		}
		decided = decision
		d.hear(t, "AAPL", said{price: "0.1456"})
		d.hear(t, "AAPL", said{price: "0.1456"})
		if got := len(store.fired()); got != fires {
			t.Errorf("decision %d: fired %d", decision, got)
		}
		if decision != market.Believe {
			d.hear(t, "AAPL", said{price: "14.6"})
			if got := store.standings["AAPL"].Quote.Price; got != price("14.6") {
				t.Errorf("the true price is not believed: %s", got)
			}
		}
	}
}

func TestLateQuotesAreToldOnceAndOnceWhenTheyAreFresh(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	store.add(t, 2, "NVDA > 150")
	store.add(t, 3, "^STI > 150") // closed
	d := newDesk(t, store)
	failing, kept := false, ""
	d.Watch = &alerts.Watch{
		Cadence: func(market.Ticker) time.Duration { return time.Minute },
		Failing: func(market.Ticker) (alerts.Notice, bool) {
			return alerts.Notice{Source: "yahoo", Reason: "it does not answer in time"}, failing
		},
		Sessions: onlyOpen{"AAPL", "NVDA"},
		Keep:     func(_ context.Context, outages string) error { kept = outages; return nil },
	}
	d.quote(t, "AAPL", "100", "NVDA", "100", "^STI", "100")
	since := d.now
	fails := func(n int, pairs ...string) {
		t.Helper()
		for range n {
			d.now = d.now.Add(time.Minute)
			d.script.quotes = nil
			for i := 0; i < len(pairs); i += 2 {
				d.script.quotes = append(d.script.quotes, market.Quote{Ticker: market.Ticker(pairs[i]), Price: price(pairs[i+1]), Time: d.now, Received: d.now})
			}
			d.script.err = &alerts.SourceError{Source: "yahoo", Reason: "it does not answer in time"}
			if _, err := d.Check(t.Context()); !errors.Is(err, alerts.ErrSource) {
				t.Fatal(err)
			}
		}
		d.script.err = nil
	}
	failing = true
	fails(3, "NVDA", "101")
	if len(store.events) != 0 {
		t.Fatalf("told at once: %+v", store.events)
	}
	fails(8)
	if len(store.events) != 1 {
		t.Fatalf("%d notices", len(store.events))
	}
	first := store.events[0]
	if first.Kind != alerts.EventQuotesLate || first.Notice.Source != "yahoo" || !first.Notice.Since.Equal(since) || first.Topic.ID != 1 {
		t.Errorf("notice %+v %+v", first, first.Notice)
	}
	if grown := store.grown[first.Key]; len(grown.Topics) != 1 || grown.Topics[0].ID != 2 {
		t.Errorf("the outage did not grow: %+v", grown)
	}
	// A restart tells nothing twice, and knows what is to be taken back.
	again := newDesk(t, store)
	again.now, again.script, again.Watch = d.now, d.script, &alerts.Watch{
		Cadence: d.Watch.Cadence, Failing: d.Watch.Failing, Sessions: d.Watch.Sessions, Kept: kept,
	}
	again.Source = d.script
	d = again
	fails(8)
	if len(store.events) != 1 {
		t.Fatalf("%d notices after a restart", len(store.events))
	}
	failing = false
	d.quote(t, "AAPL", "100", "NVDA", "100")
	d.quote(t, "AAPL", "101", "NVDA", "101")
	if len(store.events) != 2 || !store.events[1].Notice.Over || len(store.events[1].Topics) != 1 {
		t.Errorf("events %+v", store.events)
	}
}

// onlyOpen are the symbols that trade.
type onlyOpen []market.Ticker

func (o onlyOpen) Open(t market.Ticker, _ time.Time) (bool, time.Time) {
	return slices.Contains(o, t), time.Time{}
}

func TestSymbolThatStopsTradingIsToldOnceAfterADay(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.Watch = &alerts.Watch{Cadence: func(market.Ticker) time.Duration { return time.Minute }}
	d.quote(t, "AAPL", "100", "NVDA", "1")
	last := d.now
	again := func() {
		t.Helper()
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for d.now.Sub(last) < 23*time.Hour {
		d.now = d.now.Add(time.Hour)
		again() // the same old print
	}
	if len(store.events) != 0 {
		t.Fatalf("told too soon: %+v", store.events)
	}
	for range 5 {
		d.now = d.now.Add(time.Hour)
		again()
	}
	if len(store.events) != 1 || store.events[0].Notice.Kind != alerts.NoticeStopped || !store.events[0].Notice.Since.Equal(last) {
		t.Errorf("events %+v", store.events)
	}
}

func TestOldPricesThatMoveAreNoStop(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 150")
	d := newDesk(t, store)
	d.Watch = &alerts.Watch{Cadence: func(market.Ticker) time.Duration { return time.Minute }}
	for i := range 60 {
		d.now = d.now.Add(time.Hour)
		d.script.quotes = []market.Quote{{Ticker: "AAPL", Price: price("100"), Time: d.now.AddDate(-2, 0, i), Received: d.now}}
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(store.events) != 0 {
		t.Errorf("told %+v", store.events)
	}
}
