package outbox

import (
	"time"

	"bellwether/subscriptions"
)

// trouble slows an account down whose platform cannot be reached.
type trouble struct {
	chats map[string]time.Time
	pause time.Duration
	since time.Time // when the last pause began
}

// inTrouble is in how many chats requests have to fail before the whole account
// waits, and how many are under way at first until one succeeds.
const inTrouble = 3

// failed counts a failure in one chat, or of the whole account, and returns for
// how long the account has to wait; 0 where one chat alone is concerned. What
// was under way when a pause began tells nothing new.
func (t *trouble) failed(chat string, all bool, began, now time.Time) time.Duration {
	if !began.After(t.since) {
		return 0
	}
	if t.chats == nil {
		t.chats = make(map[string]time.Time)
	}
	t.chats[chat] = now
	for c, at := range t.chats {
		if now.Sub(at) > 10*time.Second {
			delete(t.chats, c)
		}
	}
	if !all && len(t.chats) < inTrouble {
		return 0
	}
	clear(t.chats)
	t.since = now
	t.pause = min(max(2*t.pause, time.Second), time.Minute)
	return t.pause
}

func (t *trouble) over() {
	clear(t.chats)
	t.pause = 0
}

// judgeAll decides what becomes of each request whose answer came.
func (d *drainer) judgeAll() {
	for i := range d.unsaved {
		if r := &d.unsaved[i]; r.outcome == nil {
			d.weigh(r)
			r.outcome = d.judge(r)
		}
	}
}

// weigh lets rates and pauses follow an answer.
func (d *drainer) weigh(r *result) {
	if r.unsent || r.panicked {
		return
	}
	s := r.strand
	f := asFailure(r.err)
	if !r.inner {
		d.trip += (r.took - d.trip) / 16
	}
	if f == nil {
		d.bucket.accepted()
		d.trouble.over()
		s.lane.answered(d.rates, s.send.Place, r.at)
		return
	}
	if r.inner {
		d.bucket.refund()
		return
	}
	switch f.Class {
	case RetryLater:
		d.retryLater(r, f)
		return
	case NotSent, Broken, Ambiguous:
		// An outage in which each answer is lost would otherwise use up, message
		// by message, all that waits.
		if pause := d.trouble.failed(s.lane.key, f.Scope == ScopeAccount, r.at.Add(-r.took), r.at); pause > 0 {
			d.pause(r.at.Add(max(pause, f.After)))
		}
		if f.Class == NotSent {
			return
		}
	case Credential:
		d.stop(f)
	default:
		d.trouble.over()
	}
	s.lane.answered(d.rates, s.send.Place, r.at)
	d.log.Info("send failed", "send", int64(s.send.ID), "class", string(f.Class), "code", f.Code, "reason", f.Reason, "error", f.Err)
}

// retryLater is for a 429, or for a rate that the adapter keeps itself.
func (d *drainer) retryLater(r *result, f *Failure) {
	s := r.strand
	if f.Code == CodeLocal {
		d.bucket.refund()
		s.lane.hold(r.at.Add(f.After))
		if until := r.at.Add(f.After); f.Scope == ScopeAccount && until.After(d.until) {
			d.until = until
		}
		return
	}
	if f.After <= 0 {
		f.After = time.Second
	}
	d.stats.limited()
	d.trouble.over()
	s.lane.hold(r.at.Add(f.After))
	until := r.at.Add(f.After)
	all := d.bucket.refused(s.lane.key, r.at, until)
	if f.Scope == ScopeAccount {
		all = until
	}
	if !all.IsZero() {
		d.pause(all)
	}
}

// pause keeps the whole account back.
func (d *drainer) pause(until time.Time) {
	if until.After(d.until) {
		d.until = until
	}
	d.bucket.pause(until)
}

// stop ends the account's work: the platform does not accept it any more.
func (d *drainer) stop(f *Failure) {
	if d.stopped {
		return
	}
	d.stopped = true
	d.stats.stop()
	d.log.Error("the account is not accepted any more, nothing is sent with it", "code", f.Code, "reason", f.Reason)
}

// apply lets a strand go on after its outcome was recorded.
func (d *drainer) apply(r *result) {
	s, out := r.strand, r.outcome
	d.inFlight--
	s.settled = false
	send := s.send
	d.release(s)
	d.again = true
	if out.Park != "" && !s.parked && send.Place != subscriptions.Private || out.MovedTo != "" {
		d.out.noteNews()
	}
	if out.Park != "" || out.MovedTo != "" || out.Revive {
		d.forget(s)
		return
	}
	switch {
	case send.State == Waiting && send.Retry.Sub(r.at) <= longSleep:
		s.until = send.Retry
		d.tiers[s.tier].pushFront(s)
	case send.State == Waiting:
		d.wakeAt(send.Retry)
		d.drop(s)
	default:
		d.stats.ended(send.State, 1)
		d.drop(s)
		if t := &d.tiers[s.tier]; !t.more {
			t.only = append(t.only, s.key)
		}
	}
}

// forget drops what is in memory of a chat that was parked, moved or revived:
// the store knows better now.
func (d *drainer) forget(s *strand) {
	if s.send.State.Over() || s.send.State == Parked {
		d.stats.ended(s.send.State, 1)
	}
	for _, other := range d.strands {
		if other.lane == s.lane && !other.running {
			d.drop(other)
		}
	}
	d.lookAgain()
}
