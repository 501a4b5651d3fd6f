// Package hours decides when venues trade: sessions, breaks, half days,
// holidays and halts, in the venue's own time. Beyond the end of its data it
// says that it does not know. It knows no quotes and no rules.
package hours

import (
	"slices"
	"time"

	"bellwether/alerts/market"
)

// State is what a venue does at a moment.
type State string

// The states. A break is a pause within a session, such as lunch; a halt is one
// of an hour at most between two sessions, as futures have it.
const (
	Unknown State = ""
	Open    State = "open"
	Break   State = "break"
	Halt    State = "halt"
	Closed  State = "closed"
)

// Always is the code of the venue that never closes: crypto. Its days are UTC.
const Always = "24/7"

// Currencies is the code of the currency market.
const Currencies = "FX"

// Status is what a venue does at a moment, since when and until when.
type Status struct {
	State State
	// Since and Next bound the state, in UTC; each is zero where it is not known
	// or never comes. NextState begins at Next.
	Since, Next time.Time
	NextState   State
	// Early tells that the session ends before its regular time.
	Early bool
	// Known is false where the data does not reach.
	Known bool
}

// Until is how long the state lasts from a time on; 0 where that is not known.
func (s Status) Until(t time.Time) time.Duration {
	if s.Next.IsZero() {
		return 0
	}
	return s.Next.Sub(t)
}

// Span is a stretch of trading without a pause, in UTC. Day is the date of its
// session at 00:00 UTC.
type Span struct {
	From, To time.Time
	Day      time.Time
	Early    bool
}

// VenueOf returns the code of the venue whose hours a symbol keeps; "" where
// nobody knows.
func VenueOf(s market.Symbol) string {
	switch {
	case s.Exchange != "":
		return s.Exchange
	case s.Class == market.ClassCrypto:
		return Always
	case s.Class == market.ClassCurrency:
		return Currencies
	}
	return ""
}

// searchDays is how far the next opening is looked for: no venue of ours is
// closed for longer than the eleven days of a long new year.
const searchDays = 21

// shortHalt is the longest pause between two sessions that counts as a halt.
const shortHalt = time.Hour

// At returns what a venue does at a time.
func (c *Calendar) At(code string, t time.Time) Status {
	if code == Always {
		return Status{State: Open, Known: true}
	}
	v, ok := c.venues[code]
	if !ok || !v.knows(v.localDay(t)) {
		return Status{}
	}
	before, after, hasBefore, hasAfter := v.around(t)
	for hasBefore && hasAfter && after.From.Equal(before.To) { // Currencies: one day goes over into the next.
		before.To = after.To
		_, after, _, hasAfter = v.around(after.From)
	}
	return status(t, before, after, hasBefore, hasAfter)
}

// status is what a venue does between two stretches of trading.
func status(t time.Time, before, after Span, hasBefore, hasAfter bool) Status {
	switch {
	case hasBefore && t.Before(before.To):
		status := Status{State: Open, Since: before.From, Next: before.To, NextState: Closed, Early: before.Early, Known: true}
		if hasAfter {
			status.NextState = between(before, after)
		}
		return status
	case hasBefore && hasAfter && between(before, after) != Closed:
		return Status{
			State: between(before, after), Since: before.To, Next: after.From, NextState: Open, Early: after.Early, Known: true,
		}
	}
	status := Status{State: Closed, Known: true}
	if hasBefore {
		status.Since = before.To
	}
	if hasAfter {
		status.Next, status.NextState, status.Early = after.From, Open, after.Early
	}
	return status
}

// between is what a venue does from one stretch of trading to the next.
func between(before, after Span) State {
	switch {
	case before.Day.Equal(after.Day):
		return Break
	case after.From.Sub(before.To) <= shortHalt:
		return Halt
	}
	return Closed
}

// AtSymbol returns what a symbol's venue does at a time.
func (c *Calendar) AtSymbol(s market.Symbol, t time.Time) Status { return c.At(VenueOf(s), t) }

// around returns the last span that began at or before a time and the first
// that begins after it.
func (v *venue) around(t time.Time) (before, after Span, hasBefore, hasAfter bool) {
	day := v.localDay(t)
	for i := 1; i >= -searchDays && !hasBefore; i-- {
		spans := v.spans(day.AddDate(0, 0, i))
		for k := len(spans) - 1; k >= 0 && !hasBefore; k-- {
			if !spans[k].From.After(t) {
				before, hasBefore = spans[k], true
			}
		}
	}
	for i := 0; i <= searchDays && !hasAfter; i++ {
		next := day.AddDate(0, 0, i)
		if !v.knows(next) {
			return before, after, hasBefore, false
		}
		for _, s := range v.spans(next) {
			if s.From.After(t) {
				return before, s, hasBefore, true
			}
		}
	}
	return before, after, hasBefore, hasAfter
}

// Sessions returns the stretches of trading that overlap a span of time, in
// order; none where the venue never closes or is not known.
func (c *Calendar) Sessions(code string, from, to time.Time) []Span {
	v, ok := c.venues[code]
	if !ok || !from.Before(to) {
		return nil
	}
	var out []Span
	first, last := v.localDay(from), v.localDay(to).AddDate(0, 0, 1)
	if first.Before(v.from) {
		first = v.from
	}
	if last.After(v.until) {
		last = v.until
	}
	for day := first; !day.After(last); day = day.AddDate(0, 0, 1) {
		for _, s := range v.spans(day) {
			if s.To.After(from) && s.From.Before(to) {
				out = append(out, s)
			}
		}
	}
	return out
}

// TradingTime returns for how long a venue traded between two times; ok is
// false where its data does not cover them.
func (c *Calendar) TradingTime(code string, from, to time.Time) (open time.Duration, ok bool) {
	if code == Always {
		return max(0, to.Sub(from)), true
	}
	v, found := c.venues[code]
	if !found || !v.knows(v.localDay(from)) || !v.knows(v.localDay(to)) {
		return 0, false
	}
	for _, s := range c.Sessions(code, from, to) {
		begin, end := s.From, s.To
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		open += end.Sub(begin)
	}
	return open, true
}

// Before returns the moment that lies d of trading time before a time; ok is
// false where the data does not reach so far.
func (c *Calendar) Before(code string, at time.Time, d time.Duration) (start time.Time, ok bool) {
	if code == Always {
		return at.Add(-d), true
	}
	v, found := c.venues[code]
	if !found || !v.knows(v.localDay(at)) {
		return time.Time{}, false
	}
	for end := at; v.knows(v.localDay(end)); end = end.AddDate(0, 0, -searchDays) {
		spans := c.Sessions(code, end.AddDate(0, 0, -searchDays), end)
		for _, s := range slices.Backward(spans) {
			if s.To.After(end) {
				s.To = end
			}
			if begin := end.AddDate(0, 0, -searchDays); s.From.Before(begin) {
				s.From = begin
			}
			if length := s.To.Sub(s.From); length < d {
				d -= length
				continue
			}
			return s.To.Add(-d), true
		}
	}
	return time.Time{}, false
}

// Session returns the start of the last session that began at or before a time,
// and whether the time lies in one of its stretches of trading; ok is false
// where the venue has no sessions or its hours are not known.
func (c *Calendar) Session(code string, at time.Time) (start time.Time, regular, ok bool) {
	v, found := c.venues[code]
	if !found || !v.knows(v.localDay(at)) {
		return time.Time{}, false, false
	}
	before, _, has, _ := v.around(at)
	if !has {
		return time.Time{}, false, false
	}
	return v.spans(before.Day)[0].From, at.Before(before.To), true
}

// SessionDate returns the date of the session that a price of a time belongs
// to, at 00:00 UTC, and that of the session before it (zero where unknown); ok
// is false where they are not known. Between sessions it is the one that ended.
func (c *Calendar) SessionDate(code string, t time.Time) (date, before time.Time, ok bool) {
	if code == Always {
		date = t.UTC().Truncate(24 * time.Hour)
		return date, date.AddDate(0, 0, -1), true
	}
	v, found := c.venues[code]
	if !found || !v.knows(v.localDay(t)) {
		return time.Time{}, time.Time{}, false
	}
	span, _, has, _ := v.around(t)
	if !has {
		return time.Time{}, time.Time{}, false
	}
	for i := 1; i <= searchDays; i++ {
		if day := span.Day.AddDate(0, 0, -i); len(v.spans(day)) > 0 {
			return span.Day, day, true
		}
	}
	return span.Day, time.Time{}, true
}
