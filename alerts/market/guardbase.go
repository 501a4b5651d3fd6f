package market

import (
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
	switch {
	case given.IsZero():
		v.PreviousClose = Finding{Reject, ReasonMissing}
		v.Base, v.BaseDay = own, ownDay
	case impossible(j.class, given) != ReasonNone:
		v.PreviousClose = Finding{Reject, ReasonNegative}
		v.Base, v.BaseDay = own, ownDay
	case own != 0 && agrees(j.class, given, own):
		v.Base, v.BaseDay = given, ownDay
	case own != 0 && !j.secondClose(given):
		v.PreviousClose = Finding{Reject, ReasonOwnClose}
		v.Base, v.BaseDay = own, ownDay
	case own == 0 && j.implausible(given) && !j.believedBefore(given) && !j.secondClose(given):
		v.PreviousClose = Finding{Hold, ReasonImplausible}
	default:
		v.Base, v.BaseDay = given, j.evidence.Before
	}
	if v.Base == given && v.Price.Outcome == Accept {
		j.record.Given, j.record.GivenDay = given, j.day
	}
}

// believedBefore tells that the same previous close was believed earlier in the
// session: then it is the price that has moved far, and not the close.
func (j *judgement) believedBefore(given Price) bool {
	return j.record.Given == given && j.record.GivenDay.Equal(j.day)
}

// longestPause is how old our own close may be where the date of the session
// before is unknown: a long weekend.
const longestPause = 5 * 24 * time.Hour

// ownClose is the last price that we accepted in the session before.
func (j *judgement) ownClose() (Price, time.Time) {
	r := j.record
	closing, day := r.Close, r.CloseDay
	if j.day.After(r.Day) && !r.Last.None() && !j.evidence.Roll {
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
	limit := closeAgrees
	if class == ClassYield {
		limit = yieldAgrees
	}
	return math.Abs(move(class, a, b)) <= limit
}
