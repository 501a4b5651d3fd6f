package market

import (
	"cmp"
	"math"
	"time"
)

// base judges the previous close and chooses the one to believe.
//
// What a previous close is depends on the class: of shares, funds and indices
// the official close of the session before, adjusted for splits; of futures the
// settlement of the session before, of the same contract; of currencies the
// rate at 17:00 in New York; of crypto the price at 00:00 UTC. A yield's is in
// percent. Sources differ in this (crypto: 24 hours ago), so where theirs is
// not near what we saw ourselves, ours is taken.
func (j *judgement) base() {
	given := j.quote.PreviousClose
	own, ownDay := j.ownClose()
	v := &j.verdict
	reason := j.againstClose(given, own)
	unseen := own == 0
	if unseen {
		own, ownDay = cmp.Or(j.evidence.Closed, j.believedClose()), j.evidence.Before
	}
	switch reason {
	case ReasonNone:
		v.Base, v.BaseDay = given, ownDay
	case ReasonImplausible:
		v.PreviousClose = Finding{Hold, reason}
		v.Base, v.BaseDay = own, ownDay
	default:
		v.PreviousClose = Finding{Reject, reason}
		v.Base, v.BaseDay = own, ownDay
	}
	if v.Price.Outcome != Accept {
		return
	}
	switch {
	case v.Base == given:
		j.record.Given, j.record.GivenDay = given, j.day
		j.record.Doubted, j.record.DoubtedAt = 0, time.Time{}
	case (reason == ReasonImplausible || reason == ReasonOwnClose && unseen) && j.record.Doubted != given:
		j.record.Doubted, j.record.DoubtedAt = given, j.quote.Time
	}
}

// againstClose says what speaks against the source's previous close.
func (j *judgement) againstClose(given, own Price) Reason {
	switch {
	case given.IsZero():
		return ReasonMissing
	case impossible(j.class, given) != ReasonNone:
		return ReasonNegative
	case own == 0:
		return j.againstPrice(given)
	case j.fromBefore(given, own):
		return ReasonStaleClose
	case agrees(j.class, given, own) || j.secondClose(given) || j.rebased(given, own):
		return ReasonNone
	}
	return ReasonOwnClose
}

// againstPrice says what the price has against the previous close, where we saw
// no close ourselves.
func (j *judgement) againstPrice(given Price) Reason {
	closed := j.evidence.Closed
	doubled := j.doubled(given)
	switch {
	case j.believedBefore(given) || j.secondClose(given):
		return ReasonNone
	case !j.implausible(given) && j.record.Doubted != given && !doubled:
		return ReasonNone
	case closed != 0 && agrees(j.class, given, closed):
		return ReasonNone
	case closed != 0:
		return ReasonOwnClose
	case !doubled && j.readAgain(given):
		return ReasonNone
	}
	return ReasonImplausible
}

// doubled tells that a previous close is a multiple of the one that was believed
// earlier in the session: wherever the price goes, that one does not move.
func (j *judgement) doubled(given Price) bool {
	believed := j.believedClose()
	return believed != 0 && (unitRatio(j.class, given, believed, 0) || doubleRatio(j.class, given, believed))
}

// believedClose is the previous close that the source gave earlier in the session
// and that was believed; 0 where there is none.
func (j *judgement) believedClose() Price {
	if j.record.GivenDay.IsZero() || !j.record.GivenDay.Equal(j.day) {
		return 0
	}
	return j.record.Given
}

// believedBefore tells that the same previous close was believed earlier in the
// session: then it is the price that has moved far, and not the close.
func (j *judgement) believedBefore(given Price) bool {
	return j.record.Given == given && j.record.GivenDay.Equal(j.day)
}

// readAgain tells that the same previous close came with another print before,
// and is no multiple of the price: the move that it implies is large, but large
// moves happen.
func (j *judgement) readAgain(given Price) bool {
	r := j.record
	return r.Doubted == given && j.quote.Time.After(r.DoubtedAt) &&
		!unitRatio(j.class, j.quote.Price, given, 0) && !doubleRatio(j.class, j.quote.Price, given)
}

// fromBefore tells that a session has the previous close of the session before
// it still, while the price has moved on.
func (j *judgement) fromBefore(given, own Price) bool {
	r := j.record
	return r.Given == given && !r.GivenDay.IsZero() && r.GivenDay.Before(j.day) &&
		math.Abs(move(j.class, given, own)) > quietStep(j.class)/8
}

// rebased tells that a future is of another contract than our own close: the
// source's close lies with the price, and not with ours.
func (j *judgement) rebased(given, own Price) bool {
	if j.class != ClassFuture {
		return false
	}
	return math.Abs(move(j.class, j.quote.Price, given)) <= math.Abs(move(j.class, own, given))/3
}

// longestPause is how old our own close may be where the date of the session
// before is unknown: a long weekend.
const longestPause = 5 * 24 * time.Hour

// ownClose is the last price that we accepted in the session before.
func (j *judgement) ownClose() (Price, time.Time) {
	r := j.record
	closing, day := r.Close, r.CloseDay
	if j.day.After(r.Day) && !r.Last.None() && !j.evidence.Roll && !j.evidence.CloseMissed {
		closing, day = r.Last.Price, r.Day // The quote was not accepted: the old day's last is the close.
	}
	before := j.evidence.Before
	if before.IsZero() {
		before = j.day.Add(-longestPause)
	}
	if day.Before(before) {
		return 0, time.Time{}
	}
	return closing, day
}

// implausible tells that a previous close implies a move that is rather an
// error, where nothing of our own is there to compare with.
func (j *judgement) implausible(given Price) bool {
	price := j.quote.Price
	if math.Abs(move(j.class, price, given)) > classCap(j.class) {
		return true
	}
	return unitRatio(j.class, price, given, 0) || doubleRatio(j.class, price, given)
}

// secondClose tells that a second source gives the same previous close.
func (j *judgement) secondClose(given Price) bool {
	second := j.evidence.Second.PreviousClose
	return second != 0 && math.Abs(move(j.class, given, second)) < 0.01
}

func agrees(class Class, a, b Price) bool {
	return math.Abs(move(class, a, b)) <= quietStep(class)/2
}
