package alerts_test

import (
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func TestQuotesOfTwoSymbolsMixedUpFireNothing(t *testing.T) {
	store := newMemoryStore()
	store.add(t, 1, "AAPL > 250")
	store.add(t, 2, "D05.SI < 300")
	d := newDesk(t, store)
	d.Guard = gateFor(market.ClassEquity, alerts.GateOptions{})
	both := func(apple, microsoft string) {
		t.Helper()
		d.now = d.now.Add(time.Minute)
		d.script.quotes = nil
		for ticker, text := range map[market.Ticker]string{"AAPL": apple, "D05.SI": microsoft} {
			d.script.quotes = append(d.script.quotes, market.Quote{Ticker: ticker, Price: price(text), Time: d.now, Received: d.now, Source: "a"})
		}
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		both("220", "410")
	}
	for range 3 {
		both("410.2", "220.1")
	}
	both("221", "411")
	if got := store.fired(); len(got) != 0 {
		t.Fatalf("fired %v", got)
	}
	both("255", "412")
	both("256", "290")
	both("256.5", "289")
	if got := store.fired(); len(got) != 2 {
		t.Errorf("fired %v", got)
	}
}
