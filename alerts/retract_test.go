package alerts_test

import (
	"context"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// falsePrice is a desk that has seen Apple at 200, and then twice at 250.
func falsePrice(t *testing.T, rules ...string) (*desk, *memoryStore) {
	t.Helper()
	store := newMemoryStore()
	for i, text := range rules {
		store.add(t, alerts.RuleID(i+1), text)
	}
	d := newDesk(t, store)
	d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{})
	for _, p := range []string{"200", "200.1", "199.9", "250", "250.2"} {
		d.hear(t, "AAPL", said{source: "a", price: p})
	}
	return d, store
}

func kinds(store *memoryStore) map[string]alerts.EventKind {
	out := map[string]alerts.EventKind{}
	for _, e := range store.events {
		out[e.Key] = e.Kind
	}
	return out
}

func TestAlertOfAFalsePriceIsTakenBack(t *testing.T) {
	d, store := falsePrice(t, "AAPL > 210", "AAPL > 210 every time band 1", "AAPL < 205 every time", "AAPL < 205 every time hours regular", "AAPL crosses 220", "AAPL > 300")
	if got := len(store.fired()); got != 3 {
		t.Fatalf("%d fired: %v", got, kinds(store))
	}
	d.hear(t, "AAPL", said{source: "a", price: "200.2"})
	d.hear(t, "AAPL", said{source: "a", price: "200.1"})
	got := kinds(store)
	for _, key := range []string{"rule/1/AAPL/1", "rule/2/AAPL/1", "rule/5/AAPL/1"} {
		if got[key+"/corrected"] != alerts.EventCorrected || got[key+"/recovered"] != "" {
			t.Errorf("%s: %v", key, got)
		}
	}
	if n := len(store.fired()); n != 3 {
		t.Errorf("the way back fired: %v", store.fired())
	}
	for id, states := range store.states {
		if st := states["AAPL"]; st.Phase != alerts.Armed {
			t.Errorf("rule %d is %s", id, st.Phase)
		}
	}
	// A true rise is told.
	d.hear(t, "AAPL", said{source: "a", price: "205"})
	d.hear(t, "AAPL", said{source: "a", price: "211"})
	if got := store.fired(); len(got) != 5 {
		t.Errorf("fired %v", got)
	}
}

func TestRealJumpIsNotTakenBack(t *testing.T) {
	for name, path := range map[string][]string{
		"it stays":                      {"249", "251", "250"},
		"it comes down in steps":        {"235", "220", "210", "203", "200"},
		"half of it stays":              {"225", "225.3", "225.1"},
		"it comes back much later":      {"250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "250", "200", "200.2"},
		"a single read says it is back": {"200", "250.1", "250.3"},
	} {
		t.Run(name, func(t *testing.T) {
			d, store := falsePrice(t, "AAPL > 210")
			for _, p := range path {
				d.hear(t, "AAPL", said{source: "a", price: p})
			}
			for key, kind := range kinds(store) {
				if kind == alerts.EventCorrected {
					t.Errorf("taken back: %s", key)
				}
			}
		})
	}
}

func TestJumpThatTwoSourcesSawIsNotTakenBack(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 210")
	d := newDesk(t, store)
	second := "200"
	d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{
		Second: func(context.Context, market.Ticker, string) (market.Quote, error) {
			return market.Quote{Ticker: "AAPL", Price: price(second), Time: d.now, Source: "b"}, nil
		},
	})
	d.hear(t, "AAPL", said{source: "a", price: "200"})
	second = "250"
	d.hear(t, "AAPL", said{source: "a", price: "250"})
	second = "200"
	d.hear(t, "AAPL", said{source: "a", price: "200"})
	if got := kinds(store); len(store.fired()) != 1 || got["rule/1/AAPL/1/corrected"] != "" {
		t.Errorf("events %v", got)
	}
}

func TestTrailForgetsFalsePrices(t *testing.T) {
	trail := alerts.NewTrail(nil)
	d, _ := falsePrice(t)
	note := func(p string) {
		d.now = d.now.Add(1)
		trail.Note(alerts.Standing{Quote: market.Quote{Ticker: "AAPL", Price: price(p), Time: d.now}})
	}
	note("200")
	note("201")
	false1 := d.now.Add(1)
	note("250")
	note("251")
	trail.Retract("AAPL", false1)
	note("200.5")
	if got, _, _ := trail.At("AAPL", d.now, time.Time{}); got != price("200.5") {
		t.Errorf("at the end %s", got)
	}
	if got, _, _ := trail.At("AAPL", d.now.Add(-1), time.Time{}); got != price("201") {
		t.Errorf("before %s", got)
	}
	if _, high, ok := trail.Extremes("AAPL", d.now.Add(24*3600*1e9), 1); !ok || high != price("201") {
		t.Errorf("high %s, %t", high, ok)
	}
}
