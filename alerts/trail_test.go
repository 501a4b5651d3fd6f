package alerts_test

import (
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func note(trail *alerts.Trail, at time.Time, value string) {
	trail.Note(alerts.Standing{Quote: market.Quote{Ticker: "AAPL", Price: price(value), Time: at}})
}

func TestTrailFindsTheLastPriceAtOrBefore(t *testing.T) {
	trail := alerts.NewTrail(nil)
	at := wednesday()
	note(trail, at, "100")
	note(trail, at.Add(time.Minute), "101")
	note(trail, at.Add(30*time.Second), "999") // late: passed over
	for _, test := range []struct {
		after time.Duration
		want  string
		ok    bool
	}{{-time.Second, "100", true}, {0, "100", true}, {59 * time.Second, "100", true}, {time.Minute, "101", true}, {time.Hour, "101", true}} {
		got, made, ok := trail.At("AAPL", at.Add(test.after), time.Time{})
		if ok != test.ok || got != price(test.want) || ok && made.After(at.Add(max(0, test.after))) {
			t.Errorf("after %s: %s at %s, %v", test.after, got, made, ok)
		}
	}
	if _, _, ok := trail.At("NVDA", at, time.Time{}); ok {
		t.Error("a price of an unknown symbol")
	}
}

func TestTrailThinsWhatIsOld(t *testing.T) {
	trail := alerts.NewTrail(nil)
	start := wednesday()
	for i := range 20 * 24 * 60 {
		p, err := market.NewPrice(int64(i)+1, 0)
		if err != nil {
			t.Fatal(err)
		}
		note(trail, start.Add(time.Duration(i)*time.Minute), p.String())
	}
	end := start.Add(20 * 24 * time.Hour)
	for _, test := range []struct{ age, off time.Duration }{{time.Hour, 0}, {25 * time.Hour, 0}, {5 * 24 * time.Hour, 15 * time.Minute}, {15 * 24 * time.Hour, 6 * time.Hour}} {
		at := end.Add(-test.age)
		_, made, ok := trail.At("AAPL", at, time.Time{})
		if !ok || made.After(at) || at.Sub(made) > test.off {
			t.Errorf("%s ago: found %s before it", test.age, at.Sub(made))
		}
	}
}

func TestTrailKnowsHighsLowsAndRanges(t *testing.T) {
	trail := alerts.NewTrail(nil)
	first := time.Date(2026, 11, 10, 0, 0, 0, 0, time.UTC)
	line := market.Line{Ticker: "AAPL", Step: 24 * time.Hour}
	for i := range 15 {
		base := price("100").Sub(cents(int64(-100 * i)))
		line.Bars = append(line.Bars, market.Bar{
			Time: first.Add(time.Duration(i) * 24 * time.Hour), Open: base, High: base.Sub(price("-2")), Low: base.Sub(price("2")), Close: base,
		})
	}
	trail.Days(line)
	note(trail, wednesday(), "500") // the 16th day
	low, high, ok := trail.Extremes("AAPL", wednesday(), 5)
	if !ok || low != price("108") || high != price("116") {
		t.Errorf("got %s to %s, %v", low, high, ok)
	}
	if _, _, ok := trail.Extremes("AAPL", wednesday(), 16); ok {
		t.Error("more days than are known")
	}
	if got := trail.Range("AAPL"); got != price("4") {
		t.Errorf("range %s", got)
	}
	if got, _, ok := trail.At("AAPL", first.Add(50*time.Hour), time.Time{}); !ok || got != price("101") {
		t.Errorf("close of a day: %s, %v", got, ok)
	}
	if latest, ok := trail.Latest("AAPL"); !ok || latest.Quote.Price != price("500") {
		t.Errorf("latest %+v", latest)
	}
}

func TestADayThatIsNotOverHidesNoQuotes(t *testing.T) {
	now := wednesday()
	line := flatDays("BTC-USD", now, "100")
	today := line.Bars[0]
	today.Time, today.Close = now.Truncate(24*time.Hour), price("104")
	line.Bars = append(line.Bars, today)
	trail := alerts.NewTrail(nil)
	trail.Days(line) // as at a start, before any quote
	for i := range 120 {
		trail.Note(alerts.Standing{Quote: market.Quote{Ticker: "BTC-USD", Price: price("105"), Time: now.Add(time.Duration(i) * time.Minute)}})
	}
	at := now.Add(90 * time.Minute)
	if got, made, ok := trail.At("BTC-USD", at, time.Time{}); !ok || got != price("105") || !made.Equal(at) {
		t.Errorf("%s of %s, %t", got, made, ok)
	}
	if last, ok := trail.Latest("BTC-USD"); !ok || last.Quote.Price != price("105") {
		t.Errorf("latest %+v, %t", last, ok)
	}
}
