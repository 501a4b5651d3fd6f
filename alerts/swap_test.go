package alerts_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// several checks one quote of each symbol, all by the source "a".
func (d *desk) several(t *testing.T, prices map[market.Ticker]string) {
	t.Helper()
	d.now = d.now.Add(time.Minute)
	d.script.quotes = nil
	for ticker, text := range prices {
		d.script.quotes = append(d.script.quotes, market.Quote{Ticker: ticker, Price: price(text), Time: d.now, Received: d.now, Source: "a"})
	}
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// doubts counts the notices that a price waits for a decision.
func doubts(store *memoryStore) (n int) {
	for _, e := range store.events {
		if e.Kind == alerts.EventHeld && e.Notice != nil && e.Notice.Kind == alerts.NoticeDoubted {
			n++
		}
	}
	return n
}

func TestQuotesOfSymbolsMixedUpFireNothing(t *testing.T) {
	for name, circle := range map[string][]market.Ticker{
		"two":   {"AAPL", "D05.SI"},
		"three": {"AAPL", "D05.SI", "NVDA"},
		"near":  {"AAPL", "NVDA"},
	} {
		nvidia := 122.0
		if name == "near" {
			nvidia = 237 // 8 percent apart
		}
		t.Run(name, func(t *testing.T) {
			store := newMemoryStore()
			store.add(t, 1, "AAPL > 250")
			store.add(t, 2, "D05.SI < 300")
			store.add(t, 3, "NVDA moves 20%")
			d := newDesk(t, store)
			d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{})
			right := map[market.Ticker]float64{"AAPL": 220, "D05.SI": 410, "NVDA": nvidia}
			say := func(mixed bool, drift float64) {
				t.Helper()
				prices := map[market.Ticker]string{}
				for ticker, p := range right {
					prices[ticker] = fmt.Sprintf("%.2f", p*(1+drift/100))
				}
				if mixed {
					for i, ticker := range circle {
						prices[ticker] = fmt.Sprintf("%.2f", right[circle[(i+1)%len(circle)]]*(1+drift/100))
					}
				}
				d.several(t, prices)
			}
			say(false, 0)
			say(false, 0.1)
			for i := range 300 {
				say(true, float64(i)/20) // it drifts by 15 % in the meantime
			}
			if got := store.fired(); len(got) != 0 {
				t.Fatalf("fired %v", got)
			}
			if got := doubts(store); got != len(circle) {
				t.Errorf("%d owners told, want %d", got, len(circle))
			}
			say(false, 0.2)
			say(false, 0.3)
			d.several(t, map[market.Ticker]string{"AAPL": "255", "D05.SI": "412"})
			d.several(t, map[market.Ticker]string{"AAPL": "256", "D05.SI": "290"})
			d.several(t, map[market.Ticker]string{"AAPL": "256.5", "D05.SI": "289"})
			if got := store.fired(); len(got) != 2 {
				t.Errorf("fired %v", got)
			}
		})
	}
}

func TestMixedUpQuotesAreDecidedByOthers(t *testing.T) {
	for name, o := range map[string]alerts.GateOptions{
		"a second source": {Second: func(_ context.Context, ticker market.Ticker, _ string) (market.Quote, error) {
			p := map[market.Ticker]string{"AAPL": "410", "D05.SI": "220"}[ticker]
			return market.Quote{Ticker: ticker, Price: price(p), Time: wednesday().Add(time.Hour), Source: "b"}, nil
		}},
		"the operator": {Decision: func(market.Ticker, market.HeldQuote) market.Decision { return market.Believe }},
	} {
		store := newMemoryStore()
		store.add(t, 1, "AAPL > 250")
		d := newDesk(t, store)
		d.Guard = gateFor(market.ClassEquity, o)
		d.several(t, map[market.Ticker]string{"AAPL": "220", "D05.SI": "410"})
		d.several(t, map[market.Ticker]string{"AAPL": "410", "D05.SI": "220"})
		d.several(t, map[market.Ticker]string{"AAPL": "410.5", "D05.SI": "220.5"})
		if got := store.fired(); len(got) != 1 {
			t.Errorf("%s: fired %v", name, got)
		}
	}
}

func TestFallOfAllIsNoMixUp(t *testing.T) {
	store := newMemoryStore()
	before, after := map[market.Ticker]string{}, map[market.Ticker]string{}
	for i := range 60 {
		ticker := market.Ticker(fmt.Sprintf("C%d-USD", i))
		at := 100 * (1 + float64(i)/50)
		before[ticker], after[ticker] = fmt.Sprintf("%.3f", at), fmt.Sprintf("%.3f", at*0.6)
		store.add(t, alerts.RuleID(i+1), fmt.Sprintf("BTC-USD < %.3f", at*0.7))
		store.rules[alerts.RuleID(i+1)].Conditions[0].Ticker = ticker
	}
	d := newDesk(t, store)
	d.Guard = gateFor(market.ClassCrypto, alerts.GateOptions{})
	d.several(t, before)
	d.several(t, after)
	d.several(t, after)
	if got := store.fired(); len(got) != 60 {
		t.Errorf("%d fired", len(got))
	}
}
