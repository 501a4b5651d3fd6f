package alerts_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

var _ alerts.Planner = (*alerts.ReadingPlan)(nil)

func yahooTerms() alerts.Terms {
	return alerts.Terms{Batch: 20, Interval: time.Minute, Rate: 1, Delay: 15 * time.Minute}
}

func alwaysServing(terms alerts.Terms) func(market.Ticker) (string, alerts.Terms) {
	return func(market.Ticker) (string, alerts.Terms) { return "yahoo", terms }
}

func watchedSymbols(n int) []market.Ticker {
	var out []market.Ticker
	for i := range n {
		out = append(out, market.Ticker(fmt.Sprintf("S%04d", i)))
	}
	return out
}

// walkPlan checks for a time and returns when each symbol was read.
func walkPlan(plan *alerts.ReadingPlan, from time.Time, length, every time.Duration, watched []market.Ticker, each func(time.Time, []market.Ticker)) map[market.Ticker][]time.Time {
	reads := make(map[market.Ticker][]time.Time)
	for at := from; at.Before(from.Add(length)); at = at.Add(every) {
		due := plan.Due(at, watched)
		var quotes []market.Quote
		for _, ticker := range due {
			reads[ticker] = append(reads[ticker], at)
			quotes = append(quotes, market.Quote{Ticker: ticker})
		}
		if each != nil {
			each(at, due)
		}
		plan.Read(at, due, quotes, nil)
	}
	return reads
}

var planStart = time.Date(2026, 3, 4, 14, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // Read only; Go has no constants of this kind.

func TestTwoHundredSymbolsAreReadWithinIntervalAndTwoSeconds(t *testing.T) {
	for name, every := range map[string]time.Duration{"checks each second": time.Second, "checks each minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			plan := alerts.NewReadingPlan(alerts.PlanOptions{Serving: alwaysServing(yahooTerms()), Every: every})
			watched := watchedSymbols(200)
			requests := 0
			reads := walkPlan(plan, planStart, 30*time.Minute, every, watched, func(_ time.Time, due []market.Ticker) {
				requests += (len(due) + 19) / 20
			})
			for _, ticker := range watched {
				at := reads[ticker]
				if len(at) < 28 {
					t.Fatalf("%s was read %d times in half an hour", ticker, len(at))
				}
				for i := 1; i < len(at); i++ {
					if gap := at[i].Sub(at[i-1]); gap < time.Minute || gap > time.Minute+2*time.Second {
						t.Fatalf("%s was read after %s", ticker, gap)
					}
				}
			}
			if requests > 300 {
				t.Errorf("%d requests, want ten a minute", requests)
			}
			if got := plan.Cadence("S0001"); got != time.Minute {
				t.Errorf("cadence %s", got)
			}
		})
	}
}

func TestTwoHundredSymbolsAtTheUsualScheduleKeepTheirInterval(t *testing.T) {
	plan := alerts.NewReadingPlan(alerts.PlanOptions{Serving: alwaysServing(yahooTerms()), Every: 15 * time.Second})
	random := rand.New(rand.NewPCG(3, 4))
	watched := watchedSymbols(200)
	last := map[market.Ticker]time.Time{}
	for check := range 120 {
		// The clock of a schedule trembles, and so do the requests behind it.
		now := planStart.Add(time.Duration(check)*15*time.Second + time.Duration(random.IntN(40))*time.Millisecond)
		due := plan.Due(now, watched)
		if requests := (len(due) + 19) / 20; requests > 3 {
			t.Fatalf("check %d: %d requests, of which the last waits for the rate", check, requests)
		}
		var quotes []market.Quote
		for _, ticker := range due {
			if gap := now.Sub(last[ticker]); !last[ticker].IsZero() && gap > time.Minute+time.Second {
				t.Fatalf("check %d: %s was read after %s", check, ticker, gap)
			}
			last[ticker] = now
			quotes = append(quotes, market.Quote{Ticker: ticker})
		}
		plan.Read(now, due, quotes, nil)
	}
	if len(last) != len(watched) {
		t.Errorf("%d symbols were read", len(last))
	}
}

func TestPlanProperties(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 25 {
		terms := alerts.Terms{Batch: 1 + random.IntN(30), Interval: time.Duration(1+random.IntN(60)) * time.Second, Rate: 0.2 + 2*random.Float64()}
		every := []time.Duration{time.Second, 5 * time.Second, 30 * time.Second}[random.IntN(3)]
		watched := watchedSymbols(1 + random.IntN(400))
		near := make(map[market.Ticker]market.Price)
		for _, ticker := range watched {
			if random.IntN(3) == 0 {
				near[ticker], _ = market.NewPrice(int64(random.IntN(2000)), 2)
			}
		}
		plan := alerts.NewReadingPlan(alerts.PlanOptions{
			Serving: alwaysServing(terms), Every: every,
			Distance: func(ticker market.Ticker) (market.Price, bool) { p, ok := near[ticker]; return p, ok },
		})
		name := fmt.Sprintf("%d symbols, %+v, every %s", len(watched), terms, every)
		// Half of what the source serves goes round by waiting time.
		served := float64(terms.Batch) * terms.Rate / 2
		round := time.Duration(float64(len(watched))/served*float64(time.Second)) + 2*max(terms.Interval, every) + 10*every
		requests, length := 0.0, 4*round
		reads := walkPlan(plan, planStart, length, every, watched, func(at time.Time, due []market.Ticker) {
			requests += float64((len(due) + terms.Batch - 1) / terms.Batch)
			allowed := max(1, terms.Rate*every.Seconds()) + 1 + terms.Rate*at.Sub(planStart).Seconds() + 1e-6
			if requests > allowed {
				t.Fatalf("%s: %v requests after %s, allowed %v", name, requests, at.Sub(planStart), allowed)
			}
		})
		for _, ticker := range watched {
			last := planStart
			for _, at := range append(reads[ticker], planStart.Add(length)) {
				if at.Sub(last) > round {
					t.Fatalf("%s: %s starved for %s, a round takes %s", name, ticker, at.Sub(last), round)
				}
				last = at
			}
			for i := 1; i < len(reads[ticker]); i++ {
				if gap := reads[ticker][i].Sub(reads[ticker][i-1]); gap < terms.Interval {
					t.Fatalf("%s: %s was read again after %s", name, ticker, gap)
				}
			}
		}
	}
}

func TestNearSymbolsAreReadMoreOften(t *testing.T) {
	terms := alerts.Terms{Batch: 1, Interval: 10 * time.Second, Rate: 1}
	plan := alerts.NewReadingPlan(alerts.PlanOptions{
		Serving: alwaysServing(terms),
		Distance: func(ticker market.Ticker) (market.Price, bool) {
			return market.MustPrice("0.2"), ticker < "S0003"
		},
	})
	watched := watchedSymbols(60)
	reads := walkPlan(plan, planStart, 20*time.Minute, time.Second, watched, nil)
	near, far := len(reads["S0000"]), len(reads["S0050"])
	if near < 4*far {
		t.Errorf("the near one was read %d times, the far one %d times", near, far)
	}
	if n, f := plan.Cadence("S0000"), plan.Cadence("S0050"); n != 10*time.Second || f < time.Minute {
		t.Errorf("cadences %s and %s", n, f)
	}
}

// bell is a market that is open until a time.
type bell struct{ opened, closed time.Time }

func (b bell) Open(ticker market.Ticker, at time.Time) (bool, time.Time) {
	switch {
	case ticker == "BTC-USD":
		return true, time.Time{}
	case at.Before(b.opened):
		return false, b.opened.Add(-16 * time.Hour)
	case at.Before(b.closed):
		return true, b.opened
	}
	return false, b.closed
}

func TestClosedMarketsAreReadOnce(t *testing.T) {
	hours := bell{opened: planStart.Add(time.Hour), closed: planStart.Add(2 * time.Hour)}
	plan := alerts.NewReadingPlan(alerts.PlanOptions{Serving: alwaysServing(yahooTerms()), Sessions: hours, Every: time.Second})
	reads := walkPlan(plan, planStart, 6*time.Hour, time.Second, []market.Ticker{"^STI", "BTC-USD"}, nil)
	before := slices.IndexFunc(reads["^STI"], func(at time.Time) bool { return !at.Before(hours.opened) })
	if before != 1 {
		t.Errorf("read %d times before the market opened, want once", before)
	}
	if first := reads["^STI"][1]; first.Sub(hours.opened) > 2*time.Second {
		t.Errorf("first read %s after the open", first.Sub(hours.opened))
	}
	after := reads["^STI"][slices.IndexFunc(reads["^STI"], func(at time.Time) bool { return !at.Before(hours.closed) }):]
	if len(after) != 1 || after[0].Sub(hours.closed) < 15*time.Minute {
		t.Errorf("read at %v after the close, want once, after the source's delay", after)
	}
	if len(reads["BTC-USD"]) < 350 {
		t.Errorf("what never closes was read %d times", len(reads["BTC-USD"]))
	}
}

func TestUnknownSymbolIsAskedEverMoreSeldom(t *testing.T) {
	plan := alerts.NewReadingPlan(alerts.PlanOptions{Serving: alwaysServing(yahooTerms()), Every: time.Minute})
	asked := 0
	for at := planStart; at.Before(planStart.Add(24 * time.Hour)); at = at.Add(time.Minute) {
		due := plan.Due(at, []market.Ticker{"NOPE"})
		asked += len(due)
		plan.Read(at, due, nil, nil)
	}
	if asked > 35 || asked < 20 {
		t.Errorf("asked %d times in a day", asked)
	}
	if plan.Cadence("NOPE") == 0 {
		t.Error("no cadence")
	}
}

func TestSymbolWithoutASourceIsNotRead(t *testing.T) {
	plan := alerts.NewReadingPlan(alerts.PlanOptions{Serving: func(market.Ticker) (string, alerts.Terms) { return "", alerts.Terms{} }})
	if due := plan.Due(planStart, watchedSymbols(3)); len(due) != 0 || plan.Cadence("S0000") != 0 {
		t.Errorf("due %v", due)
	}
}
