package alerts_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// feed is a source that a test has repeat prices.
type feed struct {
	name  string
	now   func() time.Time
	price string
	at    time.Time // of the print; now where zero
	fix   bool
	asked int
}

func (f *feed) Name() string        { return f.name }
func (f *feed) Terms() alerts.Terms { return alerts.Terms{Fix: f.fix} }
func (f *feed) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	f.asked++
	var out []market.Quote
	for _, t := range tickers {
		at := f.at
		if at.IsZero() {
			at = f.now()
		}
		out = append(out, market.Quote{Ticker: t, Price: price(f.price), Time: at, Received: f.now(), Source: f.name, Fix: f.fix})
	}
	return out, nil
}

// alwaysOpen trades round the clock.
type alwaysOpen struct{}

func (alwaysOpen) Open(market.Ticker, time.Time) (bool, time.Time) {
	return true, wednesday().Add(-time.Hour)
}

func TestFeedThatStandsStill(t *testing.T) {
	for name, test := range map[string]struct {
		class   market.Class
		second  *feed
		source  string // whose quote is taken while the first stands still
		owners  int    // notices to owners
		reports int    // to the operator
	}{
		"another source goes on":       {market.ClassCrypto, &feed{name: "b", price: "101"}, "b", 2, 2},
		"there is no other":            {market.ClassCrypto, nil, "a", 2, 2},
		"the other is as old":          {market.ClassCrypto, &feed{name: "b", price: "101", at: wednesday()}, "a", 2, 3},
		"the other is set once a day":  {market.ClassCurrency, &feed{name: "b", price: "101", fix: true}, "a", 2, 2},
		"a share that printed before":  {market.ClassEquity, nil, "a", 2, 2},
		"hours that nobody knows well": {market.ClassIndex, nil, "a", 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, "BTC-USD > 150")
			d := newDesk(t, store)
			first := &feed{name: "a", now: d.Now, price: "100"}
			sources := []alerts.QuoteSource{first}
			if test.second != nil {
				test.second.now = d.Now
				sources = append(sources, test.second)
			}
			class := func(market.Ticker) (market.Class, bool) { return test.class, true }
			var reports []alerts.Notice
			chain := alerts.NewChain(alerts.ChainOptions{
				Sources: sources, Class: class, Now: d.Now, Pace: &alerts.Pace{Sessions: alwaysOpen{}, Class: class},
				Report: func(n alerts.Notice) { reports = append(reports, n) },
			})
			d.Source = chain
			d.Watch = &alerts.Watch{
				Cadence: func(market.Ticker) time.Duration { return time.Minute }, Failing: chain.Failing, Useless: chain.Useless, Faults: chain.Faults,
				Sessions: alwaysOpen{},
			}
			check := func(n int) {
				t.Helper()
				for range n {
					d.now = d.now.Add(time.Minute)
					if _, err := d.Check(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			check(5)
			if test.second != nil && test.second.asked > 0 {
				t.Error("the second source was asked without need")
			}
			first.at = d.now
			check(60)
			if got, _ := d.Latest("BTC-USD"); got.Quote.Source != test.source {
				t.Errorf("taken from %s", got.Quote.Source)
			}
			if n, ok := chain.Failing("BTC-USD"); ok != (test.source == "a") {
				t.Errorf("failing: %v %v", n, ok)
			}
			kind := alerts.NoticePartly
			if test.source != "a" {
				kind = alerts.NoticeRescued
			}
			if test.owners > 0 && (len(store.events) != 1 || store.events[0].Notice.Kind != kind || !store.events[0].Notice.Since.Equal(first.at)) {
				t.Errorf("events %+v", store.events)
			}
			first.at = time.Time{}
			check(3)
			if got := len(store.events); got != test.owners {
				t.Errorf("%d events: %+v", got, store.events)
			}
			if len(reports) != test.reports || len(reports) > 0 && !slices.ContainsFunc(reports, func(n alerts.Notice) bool { return n.Over && n.Source == "a" }) {
				t.Errorf("operator was told %+v", reports)
			}
			if got := store.fired(); len(got) != 0 {
				t.Errorf("fired %v", got)
			}
		})
	}
}

func TestPricesFromTheFutureAreSaidToBeLate(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "BTC-USD > 150")
	d := newDesk(t, store)
	d.Guard = gateFor(market.ClassCrypto, alerts.GateOptions{})
	source := &feed{name: "a", now: d.Now, price: "100"}
	class := func(market.Ticker) (market.Class, bool) { return market.ClassCrypto, true }
	chain := alerts.NewChain(alerts.ChainOptions{Sources: []alerts.QuoteSource{source}, Class: class, Now: d.Now})
	d.Source = chain
	d.Watch = &alerts.Watch{Cadence: func(market.Ticker) time.Duration { return time.Minute }, Failing: chain.Failing, Useless: chain.Useless}
	check := func() {
		t.Helper()
		d.now = d.now.Add(time.Minute)
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	check()
	for range 10 {
		source.at = d.now.Add(8 * time.Hour)
		check()
	}
	if len(store.events) != 1 || store.events[0].Notice.Reason != "the times of its prices are in the future" {
		t.Errorf("events %+v", store.events)
	}
	source.at, source.price = time.Time{}, "160"
	check()
	check()
	if got := store.fired(); len(got) != 1 || len(store.events) != 3 {
		t.Errorf("fired %v, events %+v", got, store.events)
	}
}

func TestShareThatSeldomTradesDoesNotStandStill(t *testing.T) {
	now := wednesday()
	pace := &alerts.Pace{Sessions: alwaysOpen{}, Class: func(market.Ticker) (market.Class, bool) { return market.ClassEquity, true }}
	printed := now
	for minute := range 600 {
		now = now.Add(time.Minute)
		if minute%27 == 0 {
			printed = now
		}
		if n, ok := pace.Doubt(market.Quote{Ticker: "D05.SI", Source: "a", Price: price("10"), Time: printed}, now); ok {
			t.Fatalf("minute %d: %+v", minute, n)
		}
	}
}
