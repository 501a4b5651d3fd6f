package market_test

import (
	"testing"
	"time"

	"bellwether/alerts/market"
)

func quoteOf(price, previous, currency string, unit market.Unit) market.Quote {
	q := market.Quote{Ticker: "X", Price: market.MustPrice(price), Currency: currency, Unit: unit}
	if previous != "" {
		q.PreviousClose = market.MustPrice(previous)
	}
	return q
}

func TestAQuoteIsReadInTheUnitOfTheLast(t *testing.T) {
	pence, pounds := quoteOf("510", "", "GBP", market.UnitPence), quoteOf("5.10", "", "GBP", market.UnitCurrency)
	for name, c := range map[string]struct {
		quote, last     market.Quote
		price, previous string
	}{
		"pounds where pence were":       {quoteOf("5.12", "5.09", "GBP", market.UnitCurrency), pence, "512", "509"},
		"pence where pounds were":       {quoteOf("512", "509", "GBP", market.UnitPence), pounds, "5.12", "5.09"},
		"only the label changed":        {quoteOf("512", "509", "GBP", market.UnitCurrency), pence, "512", "509"},
		"another currency is no unit":   {quoteOf("5.12", "5.09", "EUR", market.UnitCurrency), pence, "5.12", "5.09"},
		"no currency is that of before": {quoteOf("512", "509", "", ""), pence, "512", "509"},
	} {
		got := c.quote.Like(c.last)
		if got.Price != market.MustPrice(c.price) || got.PreviousClose != market.MustPrice(c.previous) {
			t.Errorf("%s: %s and %s, want %s and %s", name, got.Price, got.PreviousClose, c.price, c.previous)
		}
		if name != "another currency is no unit" && (got.Unit != c.last.Unit || got.Currency != "GBP") {
			t.Errorf("%s: %s %s", name, got.Currency, got.Unit)
		}
	}
}

func TestAnotherCurrencyWaitsForADecision(t *testing.T) {
	other := func(e *market.Evidence) { e.OtherCurrency = true }
	d := newDesk(market.ClassEquity).quiet("100", 20)
	for range 5 {
		v := d.read("92", "", time.Minute, other)
		want(t, v, market.Hold, market.ReasonCurrency)
		if !v.NeedsSecond {
			t.Error("a further read may confirm it")
		}
	}
	want(t, d.read("92", "", time.Minute, other, func(e *market.Evidence) { e.Decision = market.Believe }), market.Accept, market.ReasonOperator)
}

func TestAPreviousCloseOfTwoSessionsAgoIsNotBelieved(t *testing.T) {
	d := newDesk(market.ClassIndex)
	for _, price := range []string{"3338", "3341", "3350"} {
		d.read(price, "3300", time.Minute)
	}
	d.at = d.at.Add(18 * time.Hour)
	v := d.read("3352", "3300", 0)
	if v.PreviousClose.Reason != market.ReasonStaleClose || v.Base != market.MustPrice("3350") {
		t.Errorf("base %s, %v", v.Base, v.PreviousClose)
	}
	if v = d.read("3353", "3350", time.Minute); v.Base != market.MustPrice("3350") || v.PreviousClose.Outcome != market.Accept {
		t.Errorf("base %s, %v", v.Base, v.PreviousClose)
	}
}

func TestACrashOnTheFirstDayHasABaseAtTheSecondRead(t *testing.T) {
	d := newDesk(market.ClassIndex)
	if v := d.read("31458.42", "35909.70", 0); v.Base != 0 {
		t.Errorf("believed at once: %s", v.Base)
	}
	if v := d.read("31400", "35909.70", time.Minute); v.Base != market.MustPrice("35909.7") {
		t.Errorf("base %s, %v", v.Base, v.PreviousClose)
	}
	doubled := newDesk(market.ClassIndex)
	for range 5 {
		if v := doubled.read("7125.14", "14264.77", time.Minute); v.Base != 0 {
			t.Errorf("a doubled close is believed: %s", v.Base)
		}
	}
	bars := func(e *market.Evidence) { e.Closed = market.MustPrice("7132.38") }
	if v := doubled.read("7126", "14264.77", time.Minute, bars); v.Base != market.MustPrice("7132.38") {
		t.Errorf("the close of the daily bars is not the base: %s", v.Base)
	}
}

func TestAPriceOfTheMiddayIsNoClose(t *testing.T) {
	d := newDesk(market.ClassEquity).quiet("100", 20)
	missed := func(e *market.Evidence) { e.CloseMissed = true }
	if v := d.read("95.2", "95", 24*time.Hour, missed); v.Base != market.MustPrice("95") {
		t.Errorf("base %s, %v", v.Base, v.PreviousClose)
	}
	if v := d.read("95.3", "95", time.Minute); v.Base != market.MustPrice("95") {
		t.Errorf("base %s at the second read", v.Base)
	}
}

func TestAFuturesRollIsNoMove(t *testing.T) {
	d := newDesk(market.ClassFuture)
	for _, price := range []string{"70", "70.1", "70.05"} {
		d.read(price, "69.5", time.Minute)
	}
	if v := d.read("73.6", "73.5", 18*time.Hour); v.Base != market.MustPrice("73.5") {
		t.Errorf("base %s, %v", v.Base, v.PreviousClose)
	}
	fall := newDesk(market.ClassFuture)
	for _, price := range []string{"70", "70.1", "70.05"} {
		fall.read(price, "69.5", time.Minute)
	}
	fall.read("64", "35", 18*time.Hour)
	if v := fall.read("64.1", "35", time.Minute); v.Base != market.MustPrice("70.05") {
		t.Errorf("base %s of a real fall, %v", v.Base, v.PreviousClose)
	}
}

func TestTheOldCloseServedAgainFiresNothing(t *testing.T) {
	d := newDesk(market.ClassEquity)
	d.quiet("100", 20)
	closing := d.record.Last.Price.String()
	d.read("108", closing, 18*time.Hour)
	d.read("108.1", closing, time.Minute)
	d.quiet("108", 14)
	want(t, d.read(closing, closing, time.Minute), market.Hold, market.ReasonStep)
	wide := newDesk(market.ClassEquity)
	for _, price := range []string{"100", "103", "98", "102", "99", "104", "97", "103", "99", "101", "97", "102", "98", "100"} {
		wide.read(price, "", time.Minute)
	}
	wide.read("104", "100", 18*time.Hour)
	want(t, wide.read("100", "100", time.Minute), market.Hold, market.ReasonStale)
	want(t, wide.read("104.1", "100", time.Minute), market.Accept, market.ReasonNone)
}

func TestRealPathsAreBelievedWithinOneMoreRead(t *testing.T) {
	for name, c := range map[string]struct {
		class  market.Class
		before string
		path   []string
	}{
		"EUR/CHF, January 2015":     {market.ClassCurrency, "1.2009", []string{"0.8517", "1.10", "1.03", "0.98", "1.04"}},
		"oil, April 2020":           {market.ClassFuture, "18.27", []string{"11.2", "6.4", "1.2", "0.3", "-10.2", "-37.63", "-13.1", "0.5", "10.01"}},
		"bitcoin, March 2020":       {market.ClassCrypto, "7930", []string{"7200", "6100", "5600", "4400", "4900", "5000"}},
		"a yield through nought":    {market.ClassYield, "0.08", []string{"0.02", "-0.05", "-0.3", "-0.1", "0.1"}},
		"fear gauge, February 2018": {market.ClassIndex, "17.31", []string{"24", "37.32", "50.3", "46.0", "29.98"}},
		"flash crash and rebound":   {market.ClassIndex, "1120", []string{"1090", "1056", "1065", "1105", "1110"}},
		"a share halves twice":      {market.ClassEquity, "40", []string{"19", "18.5", "9", "9.1"}},
	} {
		d := newDesk(c.class).quiet(c.before, 30)
		run := 0
		for _, price := range c.path {
			v := d.read(price, "", time.Minute)
			run++
			if v.Price.Outcome == market.Accept {
				run = 0
			}
			if run > 1 || v.Price.Outcome == market.Reject {
				t.Errorf("%s: %s is not believed: %v", name, price, v.Price)
			}
		}
	}
}

func TestAMarketThatSwingsIsBelievedAtTheThirdRead(t *testing.T) {
	d := newDesk(market.ClassCrypto).quiet("5000", 30)
	for i, price := range []string{"4400", "5600", "4300"} {
		if v := d.read(price, "", time.Minute); (v.Price.Outcome == market.Accept) != (i == 2) {
			t.Errorf("%s: %v", price, v.Price)
		}
	}
}

func TestUnitErrorsBesideAMoveAreStillUnitErrors(t *testing.T) {
	for _, wrong := range []string{"8.3", "12", "82", "120", "0.12", "0.0082"} {
		d := newDesk(market.ClassEquity).quiet("1", 20)
		for range 9 {
			want(t, d.read(wrong, "", time.Minute), market.Hold, market.ReasonUnit)
		}
	}
	d := newDesk(market.ClassCurrency).quiet("1.35", 20)
	for range 9 {
		want(t, d.read("7.8", "", time.Minute), market.Hold, market.ReasonUnit)
	}
}

func TestBarsWithErrorsAreMended(t *testing.T) {
	bar := func(day int, open, high, low, closing string) market.Bar {
		p := market.MustPrice
		return market.Bar{Time: start().AddDate(0, 0, day), Open: p(open), High: p(high), Low: p(low), Close: p(closing)}
	}
	bars := []market.Bar{
		bar(0, "1000", "1010", "990", "1000"), bar(1, "10", "10.1", "9.9", "10"), bar(2, "10", "10.4", "10", "10.2"),
		bar(3, "10.2", "1030", "10.1", "10.3"), bar(4, "10.3", "10.4", "0.1", "10.2"), bar(5, "20.5", "20.6", "20.4", "20.5"),
		bar(6, "10.2", "10.3", "10.1", "10.25"), bar(7, "1020", "1030", "1010", "1025"), bar(8, "0", "0", "0", "0"),
	}
	got := market.Believable(market.ClassEquity, bars)
	want := []market.Bar{
		bars[1], bars[2], bar(3, "10.2", "10.3", "10.1", "10.3"), bar(4, "10.3", "10.4", "10.2", "10.2"), bars[6],
	}
	if len(got) != len(want) {
		t.Fatalf("%d bars: %v", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("bar %d: %v, want %v", i, got[i], want[i])
		}
	}
	if out := market.Believable(market.ClassFuture, nil); len(out) != 0 {
		t.Error("bars of nothing")
	}
}
