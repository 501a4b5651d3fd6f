package outbox

import (
	"context"
	"strconv"
	"time"

	"bellwether/subscriptions"
)

// started makes what was marked as being sent ready.
func (d *drainer) started(chosen []*strand) {
	for _, s := range chosen {
		switch {
		case s.settled:
		case s.send.State == Sending && s.send.Body != "":
			d.ready = append(d.ready, s)
		default:
			// It was changed beneath us: merged, parked or stopped.
			d.release(s)
			d.drop(s)
			d.tiers[s.tier].more = true
			d.again = true
		}
	}
}

// putBack undoes a choice after the store failed. The tokens are not given
// back: the pause that follows is longer.
func (d *drainer) putBack(chosen []*strand) {
	for _, s := range chosen {
		switch {
		case s.settled:
		case s.send.State == Sending:
			// It is marked, and that is undone with the next outcomes.
			d.inFlight++
			d.unsaved = append(d.unsaved, result{strand: s, unsent: true, at: d.out.o.Now()})
		default:
			d.release(s)
			d.tiers[s.tier].push(s)
		}
	}
}

// choose takes tokens for strands that may leave now.
func (d *drainer) choose() []*strand {
	now := d.out.o.Now()
	if d.until.After(now) {
		return nil
	}
	var chosen []*strand
	for n := min(d.room(), d.out.o.InFlight); n > 0; n-- {
		if d.bucket.next(now).After(now) {
			break
		}
		s := d.choice(now)
		if s == nil {
			break
		}
		d.bucket.take(now)
		d.answered = s.tier == PriorityAnswer
		if d.answered {
			d.patience.count(s.key.Person, now)
		}
		s.running, s.lane.busy = true, true
		chosen = append(chosen, s)
	}
	return chosen
}

// choice returns the strand that the next token is for. Answers go first, but
// not twice in a row where anything else may leave.
func (d *drainer) choice(now time.Time) *strand {
	first := 0
	if d.answered {
		first = 1
	}
	for i := range d.tiers {
		t := &d.tiers[(first+i)%priorities]
		for s := t.pop(); s != nil; s = t.pop() {
			if d.mayLeave(s, now) {
				return s
			}
		}
	}
	return nil
}

// mayLeave tells whether a strand may leave now; where not, it is put where it
// comes back from in time.
func (d *drainer) mayLeave(s *strand, now time.Time) bool {
	if s.gone || s.running {
		return false
	}
	if s.lane.busy {
		s.lane.waiting = append(s.lane.waiting, s)
		return false
	}
	if at := d.afterAnswer(s, now); at.After(now) {
		d.asleep.add(s, at)
		return false
	}
	at := s.until
	for _, t := range []time.Time{s.lane.until, d.patience.ready(s.key.Person)} {
		if t.After(at) {
			at = t
		}
	}
	if at.After(now) {
		d.asleep.add(s, at)
		return false
	}
	if s.send.Crashes > 0 && !s.suspect {
		if d.lessSuspect(s, now) {
			d.asleep.add(s, now.Add(20*time.Millisecond))
			return false
		}
		select {
		case d.out.suspect <- struct{}{}:
			s.suspect = true
		default:
			d.asleep.add(s, now.Add(20*time.Millisecond))
			return false
		}
	}
	return true
}

// answerFirst bounds how long news waits for an answer that was stored before.
const answerFirst = 30 * time.Second

// afterAnswer returns when a strand may be looked at again that tells news: who
// follows a feed is to read that they do before its newest article, though
// answers take turns with all else and each person's have a pace of their own.
func (d *drainer) afterAnswer(s *strand, now time.Time) time.Time {
	if s.tier != PriorityNews || now.Sub(s.send.Created) > answerFirst {
		return time.Time{}
	}
	for _, a := range s.lane.answers {
		if a.send == nil || a.key.Destination != s.key.Destination || a.send.ID > s.send.ID {
			continue
		}
		at := now.Add(20 * time.Millisecond)
		for _, t := range []time.Time{a.until, s.lane.until, d.patience.ready(a.key.Person)} {
			if t.After(at) {
				at = t
			}
		}
		return at
	}
	return time.Time{}
}

// lessSuspect tells whether another suspect, of fewer crashes, can leave soon.
// It goes first: what was met by two kills would otherwise be the first to be
// under way after each start, and be set aside for the third one.
func (d *drainer) lessSuspect(s *strand, now time.Time) bool {
	if s.send.Crashes < 2 {
		return false
	}
	soon := now.Add(time.Second)
	for _, other := range d.strands {
		if !other.gone && !other.settled && other.send != nil && other.send.Crashes > 0 && other.send.Crashes < s.send.Crashes &&
			!other.until.After(soon) && !other.lane.until.After(soon) {
			return true
		}
	}
	return false
}

// release frees the lane of a strand that is not under way any more.
func (d *drainer) release(s *strand) {
	s.running = false
	if s.suspect {
		s.suspect = false
		<-d.out.suspect
	}
	s.lane.busy = false
	for _, w := range s.lane.waiting {
		if !w.gone {
			d.tiers[w.tier].push(w)
		}
	}
	s.lane.waiting = nil
}

// prepare fills the messages of what was chosen. What cannot leave after all is
// settled here.
func (d *drainer) prepare(ctx context.Context, chosen []*strand) error {
	var frozen, unwritten []*Send
	for _, s := range chosen {
		switch {
		case s.send.Message != nil:
		case s.send.Body != "":
			frozen = append(frozen, s.send)
		case !d.written(s.send):
			unwritten = append(unwritten, s.send)
		}
	}
	if len(frozen) > 0 {
		if err := d.out.o.Store.Messages(ctx, frozen); err != nil {
			return err
		}
	}
	for _, s := range frozen {
		if s.Message == nil {
			s.Body = "" // It is lost, and is written anew.
			unwritten = append(unwritten, s)
		}
	}
	// A crash while they are written is to be counted as one of theirs.
	if len(unwritten) > 0 {
		if err := d.out.o.Store.Mark(ctx, unwritten); err != nil {
			return err
		}
	}
	d.write(ctx, chosen)
	for _, s := range chosen {
		s.say = s.send.Message
		if !s.settled && marked(s.send, d.out.o.Now()) {
			d.composeRepeat(ctx, s)
		}
	}
	return nil
}

// write writes the messages that are not written yet.
func (d *drainer) write(ctx context.Context, chosen []*strand) {
	var fresh []*strand
	for _, s := range chosen {
		if s.send.Kind == Edit && s.send.Target == "" && !d.aim(ctx, s) {
			continue
		}
		switch {
		case s.send.Message == nil && s.send.Kind == Collapse:
			d.composeBacklog(ctx, s)
		case s.send.Message == nil:
			fresh = append(fresh, s)
		}
	}
	d.compose(ctx, fresh)
}

// eventsKept bounds how many events a drainer remembers to have written.
const eventsKept = 4096

// written tells whether a message on the same event was written by this process
// before, so that another one is not expected to end it. A fan-out then costs
// one mark, not thousands.
func (d *drainer) written(s *Send) bool {
	return s.Event != 0 && s.Kind != Collapse && s.Crashes == 0 && d.events[s.Event]
}

// wrote remembers that messages on these events can be written.
func (d *drainer) wrote(sends []*Send) {
	if len(d.events) > eventsKept {
		clear(d.events)
	}
	for _, s := range sends {
		if s.Event != 0 && s.Message != nil {
			d.events[s.Event] = true
		}
	}
}

// aim finds the messages that an edit is to change, and tells whether it may go
// on.
func (d *drainer) aim(ctx context.Context, s *strand) bool {
	target, err := d.out.o.Store.Target(ctx, s.send)
	switch {
	case err != nil:
		d.refuse(s, &Failure{Class: NotSent, Reason: "the message to change could not be looked up", Err: err})
	case target.Open:
		d.refuse(s, &Failure{Class: RetryLater, Code: CodeLocal, After: 2 * time.Second, Reason: "the message to change is still on its way"})
	case len(target.Parts) == 0:
		d.refuse(s, &Failure{Class: LostTarget, Reason: "the message to change was never sent"})
	default:
		s.targets = target.Parts
		return true
	}
	return false
}

// refuse settles a chosen send that did not get as far as a request.
func (d *drainer) refuse(s *strand, f *Failure) {
	d.settleNow(result{strand: s, err: f, inner: true})
}

func (d *drainer) settleNow(r result) {
	r.strand.settled = true
	r.at = d.out.o.Now()
	d.inFlight++
	d.unsaved = append(d.unsaved, r)
	d.again = true
}

// marked tells whether a repeat has to say that it is one: nobody can know
// whether the platform took it before, and the platform does not know either.
// A long message says so at its end, whichever part of it came twice.
func marked(s *Send, now time.Time) bool {
	return s.Repeated && s.Kind != Edit && !deduplicated(s, now)
}

// nonceSpan is how long Discord is trusted to know a nonce again ("past few
// minutes": Create Message, enforce_nonce).
const nonceSpan = 2 * time.Minute

// deduplicated tells whether the platform recognises a repeat of this send by
// its key. Discord does for channel messages, not for forum posts and not for
// answers to an interaction.
func deduplicated(s *Send, now time.Time) bool {
	return s.Address.Platform == subscriptions.Discord && s.Place != subscriptions.Forum && s.Via == "" &&
		(s.Tried.IsZero() || now.Sub(s.Tried) < nonceSpan)
}

// key names one part of one send for ever: at most 25 characters (Discord's
// nonce). What changes the bytes changes the key.
func keyOf(s *Send, part int, now time.Time) string {
	dress := "r"
	if s.Form != "" {
		dress = string(s.Form[0])
	}
	if marked(s, now) {
		dress += "x"
	}
	return strconv.FormatInt(int64(s.ID), 36) + dress + strconv.FormatInt(s.Created.UnixMilli(), 36) + "-" + strconv.Itoa(part)
}
