package market

import (
	"math"
	"time"
)

// Jump is a step too large to be believed at once, which a second read of the
// same source bore out. The zero value is none.
type Jump struct {
	Before Sighting // what was believed until then
	After  Sighting // the first read that was elsewhere
}

// None tells that there is none.
func (j Jump) None() bool { return j.After.None() }

const (
	// jumpDoubt is how long after a jump its way back shows it to have been false.
	jumpDoubt = 30 * time.Minute
	// jumpBack is how near to where it came from a price is then, as a part of
	// the jump.
	jumpBack = 0.2
)

// jump remembers a jump that is being believed, and notices one that is undone:
// a price that left in one large step and came back in one was never there. A
// real fall passes the prices between on its way back, or stays.
func (j *judgement) jump(reason Reason) {
	r := &j.record
	if !r.Jump.None() && j.quote.Time.Sub(r.Jump.After.Time) > jumpDoubt {
		r.Jump = Jump{}
	}
	if reason != ReasonConfirmed {
		return
	}
	if last := r.Jump; !last.None() {
		out := math.Abs(move(j.class, last.After.Price, last.Before.Price))
		now := math.Abs(move(j.class, j.quote.Price, last.Before.Price))
		if now <= jumpBack*out {
			j.verdict.Undone, r.Jump = last, Jump{}
			return
		}
	}
	r.Jump = Jump{Before: r.Last, After: j.verdict.Confirms}
	if second := j.evidence.Second; second.Price != 0 && sameLevel(j.class, second.Price, j.quote.Price) {
		r.Jump = Jump{} // two sources were there
	}
}
