package alerts

import (
	"time"

	"bellwether/alerts/market"
)

// Tick is a symbol's next accepted quote together with the one before it, as
// the evaluation of rules sees it.
type Tick struct {
	Ticker market.Ticker
	// From is the accepted quote before; its Time is zero where there was none.
	From market.Quote
	// To is the quote that was accepted now or, where Held, that waits for a
	// second one to confirm it.
	To market.Quote
	// Base is the previous close that we believe in, BaseAt the time of it, UTC;
	// 0 where none is believed. Moves since the previous close are measured from
	// it and from nothing else.
	Base   market.Price
	BaseAt time.Time
	// Held tells that To is not believed yet. It arms nothing and fires nothing.
	Held bool
	// Confirmed is when To confirmed a quote that was held; zero where To was
	// believed at once.
	Confirmed time.Time
	// Retracted tells that the prices between From and To were false: what a
	// state remembers of them does not count.
	Retracted bool
	// Missed tells that To comes from bars that were read after an outage.
	Missed bool
	// Early tells that the time between From and To is not known yet: rules only
	// fire, and only those that the two quotes alone decide. What else the tick
	// means is seen when it comes again, Late.
	Early bool
	// Late tells that quotes after To may have been judged before it: a state
	// that was settled at To or later has seen it.
	Late bool
	// View is what else may be looked up; nil where nothing is known.
	View View
	// Hours knows the symbols' sessions; nil where nobody does.
	Hours Hours
}

// Standing is a symbol's last accepted quote and the previous close to believe.
type Standing struct {
	Quote  market.Quote
	Base   market.Price // 0 where none is believed
	BaseAt time.Time    // UTC
	// Traded is, where Quote is a rate that is set once a day, the last accepted
	// quote that was none: rules are judged on it. It is zero where Quote is
	// traded itself, or where there was none.
	Traded market.Quote
}

// forRules returns the standing as rules see it: a rate that is set once a day
// is no quote to them. Its Time is zero where nothing was traded yet.
func (s Standing) forRules() Standing {
	if s.Quote.Fix {
		s.Quote = s.Traded
	}
	s.Traded = market.Quote{}
	return s
}

// next returns the standing after another accepted quote.
func (s Standing) next(quote market.Quote, base market.Price, baseAt time.Time) Standing {
	out := Standing{Quote: quote, Base: base, BaseAt: baseAt}
	if quote.Fix {
		out.Traded = s.forRules().Quote
	}
	return out
}

// View looks up accepted prices. It must give the same answers after a restart.
type View interface {
	// Latest returns the symbol's last accepted quote.
	Latest(ticker market.Ticker) (Standing, bool)
	// At returns the last accepted price at or before a time that was not made
	// before another, since, and when it was made; where none is known, the first
	// one after it.
	At(ticker market.Ticker, at, since time.Time) (price market.Price, made time.Time, ok bool)
	// Extremes returns the lowest and the highest price of the last days with
	// prices before the day of a time (the day itself is left out); ok is false
	// where fewer days are known.
	Extremes(ticker market.Ticker, before time.Time, days int) (low, high market.Price, ok bool)
	// Range returns the median of the symbol's daily ranges (high less low), in
	// its own unit; 0 where unknown.
	Range(ticker market.Ticker) market.Price
}

// Hours knows when symbols trade.
type Hours interface {
	// Before returns the moment that lies d of the symbol's regular trading time
	// before another; ok is false where the symbol has no sessions.
	Before(ticker market.Ticker, at time.Time, d time.Duration) (start time.Time, ok bool)
	// Session returns the start of the last regular session that began at or
	// before a time, and whether the time lies in it; ok is false where the
	// symbol has no sessions.
	Session(ticker market.Ticker, at time.Time) (start time.Time, regular, ok bool)
}

// latest returns what is known of another symbol.
func (t Tick) latest(ticker market.Ticker) (Standing, bool) {
	if t.View == nil {
		return Standing{}, false
	}
	return t.View.Latest(ticker)
}

// regular tells whether a time lies in the symbol's regular session; where it
// has none, every time does.
func (t Tick) regular(ticker market.Ticker, at time.Time) bool {
	if t.Hours == nil {
		return true
	}
	_, regular, ok := t.Hours.Session(ticker, at)
	return regular || !ok
}

// opens tells whether the step from one time to another reaches a new session.
// Nothing opens where there are no sessions.
func (t Tick) opens(ticker market.Ticker, from, to time.Time) (opens, known bool) {
	if t.Hours == nil {
		return false, false
	}
	start, _, ok := t.Hours.Session(ticker, to)
	return ok && from.Before(start), ok
}

// windowStart returns where a window that ends at a time begins: under a day in
// trading time where the symbol has sessions, else by the clock.
func (t Tick) windowStart(ticker market.Ticker, end time.Time, window time.Duration) time.Time {
	if window < day && t.Hours != nil {
		if start, ok := t.Hours.Before(ticker, end, window); ok {
			return start
		}
	}
	return end.Add(-window)
}

const day = 24 * time.Hour
