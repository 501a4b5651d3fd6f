package market

import (
	"math"
	"time"
)

// Guard decides which quotes to believe. The zero value is ready.
//
// It holds what may be wrong and lets the next read, a second source or the
// operator decide; only what cannot be a price is rejected. A step is never
// rejected for its size: the Nikkei has lost 12 percent in a day, and oil has
// been negative.
type Guard struct{}

const (
	// futureSlack is by how much a source's clock may be ahead.
	futureSlack = 2 * time.Minute
	// samePrintWait is how long a source has to correct a print; the same print
	// read again before says nothing new.
	samePrintWait = 20 * time.Minute
	// frozenAfter is how old a repeated quote is before its feed counts as
	// frozen, beside its known delay.
	frozenAfter = 20 * time.Minute
	// contradictions is how many agreeing reads of one source a second source's
	// contradiction outweighs.
	contradictions = 3
)

// Judge judges a quote by what is remembered of its symbol and returns what is
// to be remembered afterwards. It is pure: the same arguments give the same
// answer.
func (Guard) Judge(record Record, q Quote, e Evidence, now time.Time) (Record, Verdict) {
	if q.Time.IsZero() {
		q.Time = now
	}
	j := judgement{record: record, quote: q, evidence: e, now: now, class: e.Symbol.Class}
	j.day = e.Session
	if j.day.IsZero() {
		j.day = q.Time.UTC().Truncate(24 * time.Hour)
	}
	j.verdict.Price = j.price()
	j.base()
	return j.record, j.verdict
}

// judgement is one quote before the guard.
type judgement struct {
	record   Record
	quote    Quote
	evidence Evidence
	now      time.Time
	class    Class
	day      time.Time
	verdict  Verdict
}

func (j *judgement) price() Finding {
	q, last := j.quote, j.record.Last
	if reason := impossible(j.class, q.Price); reason != ReasonNone {
		return Finding{Reject, reason}
	}
	switch {
	case q.Time.After(j.now.Add(futureSlack)):
		return Finding{Reject, ReasonFuture}
	case !last.None() && q.Time.Before(last.Time):
		return Finding{Reject, ReasonOlder}
	case !last.None() && q.Time.Equal(last.Time) && q.Price == last.Price:
		return j.repeat()
	}
	j.rollOver()
	if f, decided := j.operator(); decided {
		return f
	}
	j.closedThere()
	reason := j.suspicion()
	if reason == ReasonNone {
		return j.accept(ReasonNone)
	}
	if reason == ReasonSplit {
		return j.split()
	}
	if j.confirmed(reason) {
		return j.accept(ReasonConfirmed)
	}
	return j.hold(reason)
}

// sameClose is by what part a previous close may differ from a price that was
// held at the end of the session before.
const sameClose = 0.005

// closedThere believes a held price where a new session's previous close shows
// that the session before ended there: whoever reads once in a session sees no
// second price of it. Where only others can confirm a price it proves nothing.
func (j *judgement) closedThere() {
	r := &j.record
	held, close := r.Held, j.quote.PreviousClose
	if held.None() || held.Reason != ReasonStep || !held.Day.Before(j.day) || held.Day.Before(j.evidence.Before) || close.IsZero() ||
		math.Abs(move(j.class, close, held.Price)) > sameClose {
		return
	}
	r.remember(j.class, held.Price, held.Time)
	r.leave(held)
	r.Last, r.Day, r.Held = held.Sighting, held.Day, HeldQuote{}
	j.verdict.Confirms, j.verdict.Believed = held.Sighting, true
}

// leave settles our own close where a held quote of a later session is believed.
func (r *Record) leave(held HeldQuote) {
	if held.Day.After(r.Day) {
		r.Close, r.CloseDay = r.Last.Price, r.Day
	}
}

// impossible says why a number cannot be a price of its class.
func impossible(class Class, p Price) Reason {
	switch {
	case p.IsZero() && class != ClassYield:
		return ReasonZero
	case p.Sign() < 0 && class != ClassYield && class != ClassFuture:
		return ReasonNegative
	}
	return ReasonNone
}

func (j *judgement) repeat() Finding {
	if j.evidence.Open && j.now.Sub(j.quote.Time) > frozenAfter+j.quote.Delay {
		j.record.Frozen++
		j.verdict.Frozen = true
	}
	if held := j.record.Held; !held.None() {
		j.verdict.Dropped, j.record.Held = held.Sighting, HeldQuote{}
	}
	return Finding{Accept, ReasonRepeat}
}

// rollOver drops a close that the contract's change made useless.
func (j *judgement) rollOver() {
	if j.evidence.Roll {
		j.record.Close, j.record.CloseDay = 0, time.Time{}
	}
}

func (j *judgement) operator() (Finding, bool) {
	switch {
	case j.record.Held.None() || !sameLevel(j.class, j.record.Held.Price, j.quote.Price):
		return Finding{}, false
	case j.evidence.Decision == Believe:
		return j.accept(ReasonOperator), true
	case j.evidence.Decision == Disbelieve:
		return Finding{Reject, ReasonOperator}, true
	}
	return Finding{}, false
}

// suspicion says what speaks against the price.
func (j *judgement) suspicion() Reason {
	second := j.evidence.Second
	if j.record.Last.None() {
		if second.Price != 0 && unitRatio(j.class, j.quote.Price, second.Price, 0) {
			return ReasonUnit
		}
		return ReasonNone
	}
	last, gap := j.record.Last.Price, j.quote.Time.Sub(j.record.Last.Time)
	if j.splitMatches() {
		return ReasonSplit
	}
	switch {
	case j.evidence.OtherCurrency:
		return ReasonCurrency
	case j.mixedUp():
		return ReasonMixed
	case unitRatio(j.class, j.quote.Price, last, gap):
		return ReasonUnit
	case doubleRatio(j.class, j.quote.Price, last):
		return ReasonDouble
	case math.Abs(move(j.class, j.quote.Price, last)) > j.record.stepLimit(j.class, gap):
		return ReasonStep
	case j.closeAgain():
		return ReasonStale
	case j.contradicted() && !sameLevel(j.class, j.quote.Price, last):
		return ReasonDisagreement
	}
	return ReasonNone
}

// mixedUp tells that the price looks like another symbol's, or like a held one
// that did: the other has moved on since, or was not read.
func (j *judgement) mixedUp() bool {
	if j.evidence.Other != "" {
		return true
	}
	held, last := j.record.Held, j.record.Last.Price
	return held.Reason == ReasonMixed && sameLevel(j.class, held.Price, j.quote.Price) &&
		math.Abs(move(j.class, j.quote.Price, last)) > math.Abs(move(j.class, held.Price, last))/2
}

// closeAgain tells that the price is, to the last digit, the close of the session
// before, though the market has moved on: rather an old row than a coincidence.
func (j *judgement) closeAgain() bool {
	r := j.record
	if j.quote.Price != r.Close && j.quote.Price != j.quote.PreviousClose || j.day.After(r.Day) {
		return false
	}
	return math.Abs(move(j.class, j.quote.Price, r.Last.Price)) > quietStep(j.class)
}

func (j *judgement) splitMatches() bool {
	s := j.evidence.Split
	factor := s.Factor()
	if factor == 0 || factor == 1 || s.Day.Equal(j.record.SplitDay) || j.record.Last.Price.Sign() <= 0 {
		return false
	}
	miss := math.Log(j.quote.Price.Float() / (j.record.Last.Price.Float() * factor))
	return math.Abs(miss) < math.Min(0.15, math.Abs(math.Log(factor))/2)
}

// split rescales what is remembered and holds the quote, once.
func (j *judgement) split() Finding {
	s := j.evidence.Split
	j.record.Last.Price = s.Scale(j.record.Last.Price)
	j.record.Close = s.Scale(j.record.Close)
	j.record.Given = s.Scale(j.record.Given)
	j.record.SplitDay = s.Day
	j.verdict.Split = s
	j.record.Held, j.record.Jump = HeldQuote{}, Jump{}
	return j.hold(ReasonSplit)
}

// confirmed tells whether a suspicious price is borne out.
func (j *judgement) confirmed(reason Reason) bool {
	if second := j.evidence.Second; second.Price != 0 && sameLevel(j.class, second.Price, j.quote.Price) &&
		(j.record.Last.None() || second.Time.After(j.record.Last.Time)) {
		j.verdict.Confirms = j.record.Held.Sighting
		return true
	}
	held := j.record.Held
	switch {
	case held.None() || !j.bearsOut(held), reason.NeedsSecond() && (reason != ReasonUnit || !j.goesOn(held)):
		return false
	case reason == ReasonStale && j.quote.Price == held.Price && held.Reads < contradictions:
		j.record.Held.Reads++ // An old row that is served again says nothing new.
		return false
	}
	if j.contradicted() && held.Reads < contradictions {
		j.record.Held.Reads++
		return false
	}
	j.verdict.Confirms = held.Sighting
	return true
}

// bearsOut tells whether the quote is a second one of the held kind: another
// print, or the same after a while, that is suspicious itself and on the same
// side. A price that has come half of the way back still says that there was a
// way to go, and a market that swings from side to side is believed at the third
// read. Where a unit or a currency is in doubt no read of the same source
// proves anything, and neither does a step in a wrong unit after a right one.
func (j *judgement) bearsOut(held HeldQuote) bool {
	if held.Reason.NeedsSecond() {
		return false
	}
	if j.quote.Time.Equal(held.Time) && j.quote.Price == held.Price && j.now.Sub(held.Seen) < samePrintWait {
		return false
	}
	first := move(j.class, held.Price, j.record.Last.Price)
	second := move(j.class, j.quote.Price, j.record.Last.Price)
	return first*second > 0 || held.Reason == ReasonStep && held.Reads > 0
}

// settleHeld ends the wait of a held quote, and returns the close of the session
// before, should the accepted quote begin a new one.
func (j *judgement) settleHeld(reason Reason) (closing Price, day time.Time) {
	r, v := &j.record, &j.verdict
	closing, day = r.Last.Price, r.Day
	held := r.Held
	if held.None() {
		return closing, day
	}
	r.Held = HeldQuote{}
	if reason == ReasonNone && held.Reason == ReasonStep && j.bornOut(held) {
		v.Confirms = held.Sighting // Back a part of the way within the usual.
	}
	v.Believed = held.Reason != ReasonSplit && !v.Confirms.None() && j.bornOut(held)
	if v.Believed && held.Day.Before(j.day) && !held.Day.Before(r.Day) {
		closing, day = held.Price, held.Day // The session ended where the quote was held.
	}
	if reason == ReasonOperator || held.Reason == ReasonSplit {
		v.Confirms = held.Sighting
	}
	if v.Confirms.None() {
		v.Dropped = held.Sighting
	}
	return closing, day
}

// bornOut tells that a confirming price is still a good part of the way to the
// held one.
func (j *judgement) bornOut(held HeldQuote) bool {
	first := move(j.class, held.Price, j.record.Last.Price)
	return first != 0 && move(j.class, j.quote.Price, j.record.Last.Price)/first >= 1.0/3
}

// goesOn tells that a price on its way to nought, where ratios mean nothing, has
// gone on from the held quote: a wrong unit has no prices between.
func (j *judgement) goesOn(held HeldQuote) bool {
	log, ok := ratio(j.quote.Price, held.Price)
	return ok && math.Abs(log) < math.Log(4)
}

// contradicted tells that a second source, read no earlier, is elsewhere.
func (j *judgement) contradicted() bool {
	second := j.evidence.Second
	return second.Price != 0 && !second.Time.Before(j.quote.Time.Add(-futureSlack)) &&
		!sameLevel(j.class, second.Price, j.quote.Price)
}

// hold remembers the quote. One that is held already keeps its first time.
func (j *judgement) hold(reason Reason) Finding {
	held := &j.record.Held
	again := !held.None() && held.Reason == reason && sameLevel(j.class, held.Price, j.quote.Price)
	if again && reason.NeedsSecond() {
		held.Price = j.quote.Price // It may last for days, and drifts meanwhile.
	}
	if !again {
		reads := 0
		if held.Reason == ReasonStep && reason == ReasonStep {
			reads = held.Reads + 1 // To the other side: a market that swings, or errors in a row.
		}
		j.verdict.FirstHeld = true
		j.verdict.Dropped = held.Sighting
		*held = HeldQuote{Sighting: j.sighting(), Day: j.day, Reason: reason, Reads: reads}
	}
	j.record.Frozen = 0
	j.verdict.NeedsSecond = reason.NeedsSecond()
	return Finding{Hold, reason}
}

func (j *judgement) sighting() Sighting {
	return Sighting{Price: j.quote.Price, Time: j.quote.Time, Seen: j.now, Source: j.quote.Source}
}

// accept makes the quote the last one.
func (j *judgement) accept(reason Reason) Finding {
	r := &j.record
	closing, closingDay := j.settleHeld(reason)
	if !r.Last.None() {
		j.jump(reason)
		r.remember(j.class, j.quote.Price, j.quote.Time)
		switch {
		case !j.day.After(r.Day):
		case j.evidence.CloseMissed:
			r.Close, r.CloseDay = 0, time.Time{}
		case !j.evidence.Roll:
			r.Close, r.CloseDay = closing, closingDay
		}
	}
	if j.day.After(r.Day) {
		r.Day = j.day
	}
	r.Last = j.sighting()
	r.Frozen = 0
	j.verdict.New = true
	return Finding{Accept, reason}
}
