package outbox

import (
	"errors"
	"time"
)

const (
	firstPause = time.Second
	lastPause  = 5 * time.Minute
	// rightsPause is how long a place without rights is left alone, doubled
	// each time up to lastRightsPause.
	rightsPause     = time.Hour
	lastRightsPause = 24 * time.Hour
)

// judge decides what becomes of a send after a request. It changes the send and
// nothing else.
func (d *drainer) judge(r *result) *Outcome {
	s, now := r.strand, r.at
	out := &Outcome{Send: s.send}
	if r.unsent {
		s.send.State = Waiting
		return out
	}
	if r.panicked {
		d.crashed(s.send, now)
		return out
	}
	f := asFailure(r.err)
	if f == nil {
		d.accept(s, r.receipt, now, out)
		return out
	}
	s.send.Reason, s.send.Code = f.Reason, f.Code
	switch f.Class {
	case RetryLater:
		again(s.send, now, max(f.After, 0))
	case NotSent, Broken:
		d.notReached(s.send, f, now)
	case Gone, NoRights:
		d.park(s, f, now, out)
	case Moved:
		d.move(s, f, now, out)
	case BadMessage:
		plainer(s.send, now)
	case Refused:
		end(s.send, Discarded, now)
	case LostTarget:
		d.lostTarget(s, now)
	case Done:
		s.send.Reason = ""
		end(s.send, Delivered, now)
	case Credential:
		again(s.send, now, 0)
	default:
		d.ambiguous(s.send, f, now)
	}
	return out
}

// asFailure returns what failed; an error of no class may mean anything.
func asFailure(err error) *Failure {
	if err == nil {
		return nil
	}
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	return &Failure{Class: Ambiguous, Reason: "the answer could not be understood", Err: err}
}

// again lets a send wait, at no cost.
func again(s *Send, now time.Time, wait time.Duration) {
	s.State, s.Retry = Waiting, now.Add(wait)
}

func end(s *Send, state State, now time.Time) {
	s.State, s.Ended, s.Retry = state, now, time.Time{}
}

// accept takes a receipt in.
func (d *drainer) accept(s *strand, r Receipt, now time.Time, out *Outcome) {
	send := s.send
	send.Reason, send.Code = "", ""
	part := Part{ID: r.ID, Sent: now}
	if send.Kind != Edit {
		send.Parts = append(send.Parts, part)
		out.Parts = []Part{part}
	} else {
		s.made++
		if r.ID != "" && s.made > max(len(s.targets), 1) {
			send.Parts = append(send.Parts, part)
			out.Parts = []Part{part}
		}
	}
	out.Revive = s.parked
	if r.More {
		again(send, now, 0)
		return
	}
	end(send, Delivered, now)
}

// crashed counts a panic.
func (d *drainer) crashed(s *Send, now time.Time) {
	s.Crashes++
	s.Reason, s.Code = "it could not be handled", ""
	if s.Crashes >= maxCrashes {
		end(s, SetAside, now)
		return
	}
	again(s, now, d.backoff(s.Crashes))
}

// backoff doubles with each attempt, a little more or less.
func (d *drainer) backoff(attempts int) time.Duration {
	pause := firstPause << min(max(attempts-1, 0), 20)
	pause = min(pause, lastPause)
	return time.Duration(float64(pause) * (0.75 + 0.5*d.out.o.Jitter()))
}

// notReached is for what the platform has not got: it is tried for a long time,
// because an outage is nobody's fault.
func (d *drainer) notReached(s *Send, f *Failure, now time.Time) {
	s.Attempts++
	if now.Sub(s.Created) > d.out.o.KeepTrying {
		s.Reason = "it could not be sent for too long: " + f.Reason
		end(s, Discarded, now)
		return
	}
	again(s, now, max(f.After, d.backoff(s.Attempts)))
}

// ambiguous is for what the platform may or may not have got.
func (d *drainer) ambiguous(s *Send, f *Failure, now time.Time) {
	s.Attempts++
	repeats := s.Kind == Edit || deduplicated(s, now) || f.Unlikely && d.repeatable(s)
	switch {
	case repeats && s.Attempts < d.out.o.Tries:
		s.Repeated = true
		again(s, now, d.backoff(s.Attempts))
	case repeats || s.Repeated || !d.repeatable(s):
		s.Reason = "no answer came: it may have arrived"
		end(s, Unknown, now)
	default:
		s.Repeated = true
		again(s, now, d.backoff(1))
	}
}

// repeatable tells whether a person would rather read it twice than never.
func (d *drainer) repeatable(s *Send) bool {
	return s.Priority <= PriorityAlert || d.out.o.RepeatNews
}

func (d *drainer) park(s *strand, f *Failure, now time.Time, out *Outcome) {
	s.send.State, s.send.Retry = Parked, time.Time{}
	out.Park = "parked"
	if f.Class == NoRights {
		s.send.Attempts++
		pause := rightsPause << min(s.send.Attempts-1, 5)
		s.send.Retry = now.Add(min(pause, lastRightsPause))
	}
}

func (d *drainer) move(s *strand, f *Failure, now time.Time, out *Outcome) {
	if f.MovedTo == "" || f.MovedTo == s.send.Address.Chat {
		d.park(s, &Failure{Class: Gone}, now, out)
		return
	}
	s.send.Attempts++
	if s.send.Attempts > d.out.o.Tries {
		s.send.Reason = "its chat moved again and again"
		end(s.send, Discarded, now)
		return
	}
	out.MovedTo = f.MovedTo
	again(s.send, now, 0)
}

// plainer asks for the next form.
func plainer(s *Send, now time.Time) {
	s.Attempts++
	switch s.Form {
	case "bare":
		end(s, Discarded, now)
		return
	case "flat":
		s.Form = "bare"
	default:
		s.Form = "flat"
	}
	again(s, now, 0)
}

// lostTarget is for what cannot be changed or answered any more.
func (d *drainer) lostTarget(s *strand, now time.Time) {
	send := s.send
	if send.Kind == Reply || send.Kind == Edit && (send.OrNew || send.Priority == PriorityAnswer) {
		send.Kind, send.Target = New, ""
		s.targets, s.made = nil, 0
		again(send, now, 0)
		return
	}
	end(send, Discarded, now)
}
