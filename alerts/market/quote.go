package market

import (
	"math"
	"time"

	"github.com/shopspring/decimal"
)

// Quote is what a source said of a symbol, before anyone judged it.
type Quote struct {
	Ticker Ticker
	Price  Price
	// PreviousClose is the close of the session before, as the source gives
	// it; 0 where the source does not say.
	PreviousClose Price
	// Time is when the price was made, in UTC, by the source's own clock.
	Time time.Time
	// Received is when we read it, in UTC.
	Received time.Time
	Currency string // ISO 4217; "" where the source does not say
	Unit     Unit   // "" where the source does not say
	Source   string // the source's name: "yahoo"
	// Delay is by how much the source says it holds prices back; 0 for live.
	Delay time.Duration
	// Fix marks a rate that is set once a day and not traded.
	Fix bool
}

// Like returns the quote in the unit of another of the same symbol, and with its
// currency where the quote has none. Where the two are labelled as a currency
// and as hundredths of it, the prices tell whether only the label changed.
func (q Quote) Like(last Quote) Quote {
	if q.Currency == "" {
		q.Currency = last.Currency
	}
	if q.Unit == "" {
		q.Unit = last.Unit
	}
	if q.Currency != last.Currency || q.Unit == last.Unit {
		return q
	}
	var factor decimal.Decimal
	switch {
	case q.Unit == UnitCurrency && last.Unit == UnitPence:
		factor = decimal.NewFromInt(100)
	case q.Unit == UnitPence && last.Unit == UnitCurrency:
		factor = decimal.New(1, -2)
	default:
		return q
	}
	q.Unit = last.Unit
	scaled, err := PriceOf(q.Price.Decimal().Mul(factor))
	if err != nil || apart(q.Price, last.Price) <= apart(scaled, last.Price) {
		return q
	}
	q.Price = scaled
	if before, err := PriceOf(q.PreviousClose.Decimal().Mul(factor)); err == nil {
		q.PreviousClose = before
	}
	return q
}

// apart is how many times one price is the other, as a logarithm.
func apart(a, b Price) float64 {
	log, ok := ratio(a, b)
	if !ok {
		return math.Inf(1)
	}
	return math.Abs(log)
}

// Bar is a span of trading. Time is its start in UTC.
type Bar struct {
	Time                   time.Time
	Open, High, Low, Close Price
}

// And returns a bar and a later part of the same stretch of time as one.
func (b Bar) And(next Bar) Bar {
	b.Close = next.Close
	if b.High.Less(next.High) {
		b.High = next.High
	}
	if next.Low.Less(b.Low) {
		b.Low = next.Low
	}
	return b
}

// DayApart is the least time between the starts of two daily bars: clocks change,
// so that a day may follow after 23 hours.
const DayApart = 20 * time.Hour

// Line is a symbol's recent path: bars oldest first, each Step long.
type Line struct {
	Ticker Ticker
	Step   time.Duration // a day for daily bars
	Bars   []Bar
}
