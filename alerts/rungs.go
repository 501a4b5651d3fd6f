package alerts

import (
	"time"

	"bellwether/alerts/market"
)

// edge is a price at which a simple rule has to be looked at again.
type edge struct {
	level market.Price
	up    bool // when the price comes from below
	past  bool // when it goes beyond level, not when it reaches it
}

// simple tells whether a rule can be found by prices alone: one condition on a
// level or a range of one symbol, at any hour.
func (r Rule) simple() bool {
	if len(r.Conditions) != 1 || r.RegularHours || r.Conditions[0].Ticker == "" {
		return false
	}
	switch r.Conditions[0].Kind {
	case CrossesAbove, CrossesBelow, Crosses, EntersRange, LeavesRange:
		return true
	case IsAbove, IsBelow:
		return r.SnoozedUntil.IsZero()
	}
	return false
}

// edges returns the prices at which a simple rule has to be looked at next, at
// most two. Where each must be (Pending, or a state that no price tells of),
// always is true. wake is when its cooldown ends; zero where it waits for none.
func (r Rule) edges(state State, last *Standing) (edges []edge, always bool, wake time.Time) {
	if r.Paused || r.HeldFor != "" {
		return nil, false, time.Time{}
	}
	c, m := r.Conditions[0], readMemory(state.Memory)
	seen := last != nil && !last.Quote.Time.IsZero()
	always = seen && last.Quote.Time.Before(m.at)
	at := reading{cond: c, ticker: c.Ticker}
	switch state.Phase {
	case Pending:
		return nil, true, time.Time{}
	case Fired, Done:
		if len(m.bands) == 0 {
			return nil, false, time.Time{}
		}
		always = always || seen && at.clear(point{quote: last.Quote}, false, m.bands[0])
		return c.backEdges(m.bands[0]), always, time.Time{}
	case Cooling:
		wake = state.FiredAt.Add(r.Cooldown)
	}
	if r.lasting() {
		always = always || !seen || at.side(point{quote: last.Quote}, false) == reached
	}
	return c.edges(), always, wake
}

// edges returns where the condition of an armed rule comes true.
func (c Condition) edges() []edge {
	switch c.Kind {
	case CrossesAbove, IsAbove:
		return []edge{{level: c.Level, up: true}}
	case CrossesBelow, IsBelow:
		return []edge{{level: c.Level}}
	case Crosses:
		return []edge{{level: c.Level, up: true}, {level: c.Level}}
	case EntersRange:
		return []edge{{level: c.Level, up: true}, {level: c.Upper}}
	case LeavesRange:
		return []edge{{level: c.Upper, up: true, past: true}, {level: c.Level, past: true}}
	}
	return nil
}

// backEdges returns where a fired condition has moved back by its band.
func (c Condition) backEdges(band market.Price) []edge {
	switch c.Kind {
	case CrossesAbove, IsAbove:
		return []edge{{level: c.Level.Sub(band)}}
	case CrossesBelow, IsBelow:
		return []edge{{level: plus(c.Level, band), up: true}}
	case Crosses:
		return []edge{{level: plus(c.Level, band), up: true}, {level: c.Level.Sub(band)}}
	case EntersRange:
		return []edge{{level: plus(c.Upper, band), up: true}, {level: c.Level.Sub(band)}}
	case LeavesRange:
		return []edge{{level: plus(c.Level, band), up: true}, {level: c.Upper.Sub(band)}}
	}
	return nil
}
