package alerts_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// ends is a source that serves some symbols live, and can stop answering or stop
// printing.
type ends struct {
	name   string
	serves []market.Ticker
	now    func() time.Time
	down   bool
	fix    bool
	still  time.Time     // of the print that is repeated; zero where it goes on
	apart  time.Duration // by how much later BTC-USD stands still
}

func (e *ends) Name() string        { return e.name }
func (e *ends) Terms() alerts.Terms { return alerts.Terms{} }

func (e *ends) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	if e.down {
		return nil, &alerts.SourceError{Source: e.name, Reason: "it is out of order"}
	}
	var out []market.Quote
	for _, t := range tickers {
		for _, served := range e.serves {
			if t == served {
				at := e.now()
				if still := e.still; !still.IsZero() {
					if t == "BTC-USD" {
						still = still.Add(e.apart)
					}
					if still.Before(at) {
						at = still
					}
				}
				out = append(out, market.Quote{Ticker: t, Price: price("100"), Time: at, Received: e.now(), Source: e.name, Fix: e.fix})
			}
		}
	}
	return out, nil
}

// outageRig is a checker of BTC-USD, which both sources serve, and AAPL, which
// the first alone does.
type outageRig struct {
	*desk
	t             *testing.T
	first, second *ends
	kept          string
}

func newOutageRig(t *testing.T) *outageRig {
	store := newMemoryStore()
	store.add(t, 1, "BTC-USD > 150")
	store.add(t, 2, "AAPL > 150")
	r := &outageRig{t: t}
	r.first = &ends{name: "first", serves: []market.Ticker{"BTC-USD", "AAPL"}, now: time.Now}
	r.second = &ends{name: "second", serves: []market.Ticker{"BTC-USD"}, now: time.Now}
	r.restart(store)
	return r
}

// restart makes a new checker on what is stored.
func (r *outageRig) restart(store *memoryStore) {
	d := newDesk(r.t, store)
	d.Now = func() time.Time { return time.Now().UTC() }
	class := func(market.Ticker) (market.Class, bool) { return market.ClassCrypto, true } // AAPL as well: both trade always
	last := func(ticker market.Ticker) market.Quote {
		last, _ := d.Latest(ticker)
		return last.Quote
	}
	chain := alerts.NewChain(alerts.ChainOptions{
		Sources: []alerts.QuoteSource{r.first, r.second}, Class: class, Pace: &alerts.Pace{Class: class, Last: last}, Random: func() float64 { return 0 },
	})
	d.Source = chain
	d.Watch = &alerts.Watch{
		Cadence: func(market.Ticker) time.Duration { return time.Minute }, Failing: chain.Failing, Useless: chain.Useless, Faults: chain.Faults,
		Keep: func(_ context.Context, outages string) error { r.kept = outages; return nil }, Kept: r.kept,
	}
	r.desk = d
}

// run checks for some minutes and returns what was told in them, a line each.
func (r *outageRig) run(minutes int) string {
	r.t.Helper()
	before := len(r.store.events)
	for range minutes {
		time.Sleep(time.Minute)
		_, _ = r.Check(r.t.Context())
	}
	var out []string
	for _, e := range r.store.events[before:] {
		n := e.Notice
		word := "late"
		switch {
		case n.Over:
			word = "fresh"
		case n.Kind == alerts.NoticeRescued:
			word = "by " + n.By
		}
		out = append(out, fmt.Sprint(n.Source, " ", word, " ", n.Tickers))
	}
	return strings.Join(out, "\n")
}

func TestWhoGivesQuotesInsteadIsToldOnce(t *testing.T) {
	type step struct {
		do      func(*outageRig)
		minutes int
		told    string
	}
	firstDown := func(r *outageRig) { r.first.down = true }
	firstUp := func(r *outageRig) { r.first.down = false }
	secondDown := func(r *outageRig) { r.second.down = true }
	secondUp := func(r *outageRig) { r.second.down = false }
	freeze := func(r *outageRig) { r.first.still = time.Now().UTC() }
	thaw := func(r *outageRig) { r.first.still = time.Time{} }
	restart := func(r *outageRig) { r.restart(r.store) }
	for name, steps := range map[string][]step{
		"the next source at once: one symbol is not late": {
			{firstDown, 30, "first late [AAPL]"},
			{firstUp, 30, "first fresh [AAPL]"},
		},
		"the next source comes later": {
			{func(r *outageRig) { firstDown(r); secondDown(r) }, 30, "first late [AAPL BTC-USD]"},
			{secondUp, 60, "first by second [BTC-USD]"},
			{firstUp, 30, "first fresh [AAPL BTC-USD]"},
			{nil, 60, ""},
		},
		"a feed that stands still": {
			{freeze, 60, "first late [AAPL]\nfirst by second [BTC-USD]"},
			{nil, 300, ""},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
			{nil, 60, ""},
		},
		"the rescuer fails as well": {
			{freeze, 60, "first late [AAPL]\nfirst by second [BTC-USD]"},
			{secondDown, 60, "second late [BTC-USD]"},
			{secondUp, 60, "second fresh [BTC-USD]"},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
		},
		"the first is well while the rescuer fails": {
			{freeze, 60, "first late [AAPL]\nfirst by second [BTC-USD]"},
			{secondDown, 60, "second late [BTC-USD]"},
			{thaw, 60, "first fresh [AAPL BTC-USD]"},
			{secondUp, 60, ""},
		},
		"one after another in a moment": {
			{func(r *outageRig) { freeze(r); r.first.apart, r.second.serves = time.Minute, nil }, 60, "first late [AAPL BTC-USD]"},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
		},
		"one long after another": {
			{func(r *outageRig) { freeze(r); r.first.apart, r.second.serves = time.Hour, nil }, 60, "first late [AAPL]"},
			{nil, 60, "first late [BTC-USD]"},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
		},
		"rescued one after another": {
			{func(r *outageRig) {
				freeze(r)
				r.first.apart, r.second.serves = time.Minute, []market.Ticker{"AAPL", "BTC-USD"}
			}, 60, "first by second [AAPL BTC-USD]"},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
		},
		"a rate that is set once a day is no rescue": {
			{func(r *outageRig) { firstDown(r); r.second.fix = true }, 60, "first late [AAPL BTC-USD]"},
			{firstUp, 30, "first fresh [AAPL BTC-USD]"},
		},
		"a restart while a feed stands still": {
			{freeze, 60, "first late [AAPL]\nfirst by second [BTC-USD]"},
			{restart, 10, ""},
			{func(r *outageRig) {
				if got, _ := r.Latest("BTC-USD"); got.Quote.Source != "second" || time.Since(got.Quote.Time) > time.Minute {
					r.t.Errorf("after the restart %s gives the price of %s", got.Quote.Source, got.Quote.Time)
				}
			}, 90, ""},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
		},
		"a restart soon after a feed stood still": {
			{freeze, 25, "first late [AAPL]\nfirst by second [BTC-USD]"},
			{restart, 60, ""},
			{thaw, 30, "first fresh [AAPL BTC-USD]"},
		},
		"one is well again, the other is not": {
			{func(r *outageRig) { freeze(r); r.second.serves = nil }, 60, "first late [AAPL BTC-USD]"},
			{func(r *outageRig) { r.first.apart = 1000 * time.Hour }, 30, "first fresh [BTC-USD]"},
			{nil, 60, ""},
			{thaw, 30, "first fresh [AAPL]"},
		},
		"a restart while a source is down": {
			{func(r *outageRig) { firstDown(r); secondDown(r) }, 30, "first late [AAPL BTC-USD]"},
			{secondUp, 60, "first by second [BTC-USD]"},
			{restart, 60, ""},
			{firstUp, 30, "first fresh [AAPL BTC-USD]"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newOutageRig(t)
				if got := r.run(10); got != "" {
					t.Fatalf("told %s", got)
				}
				for i, s := range steps {
					if s.do != nil {
						s.do(r)
					}
					if got := r.run(s.minutes); got != s.told {
						t.Fatalf("step %d told\n%s\nwant\n%s", i, got, s.told)
					}
				}
			})
		})
	}
}
