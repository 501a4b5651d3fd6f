package alerts_test

import (
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func TestBelieverHoldsAJumpAndConfirmsIt(t *testing.T) {
	evidence := func(market.Quote, time.Time) market.Evidence {
		return market.Evidence{Symbol: market.Symbol{Ticker: "AAPL", Class: market.ClassEquity}}
	}
	b := alerts.NewBeliever(nil, evidence)
	now := wednesday()
	judge := func(value string) alerts.Verdict {
		now = now.Add(time.Minute)
		return b.Judge(alerts.Standing{}, market.Quote{Ticker: "AAPL", Price: price(value), Time: now, Received: now, Source: "script"}, now)
	}
	for _, value := range []string{"100", "100.1", "100.05"} {
		if v := judge(value); !v.Accepted || v.Held {
			t.Fatalf("%s: %+v", value, v)
		}
	}
	if v := judge("140"); !v.Held || v.Accepted || v.Reason == "" {
		t.Errorf("a jump: %+v", v)
	}
	if v := judge("140.1"); !v.Accepted || !v.Confirmed.Equal(now) {
		t.Errorf("its confirmation: %+v", v)
	}
	if got := b.Changed(); len(got) != 1 {
		t.Errorf("changed %v", got)
	}
	if got := b.Changed(); len(got) != 0 {
		t.Errorf("changed again %v", got)
	}
	again := alerts.NewBeliever(map[market.Ticker]market.Record{}, evidence)
	if v := again.Judge(alerts.Standing{}, market.Quote{Ticker: "AAPL", Time: now, Source: "script"}, now); v.Accepted || v.Held {
		t.Errorf("a price of zero: %+v", v)
	}
}
