package outbox

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"bellwether/bot/message"
)

const (
	composeWithin = 10 * time.Second
	backlogShown  = 50
)

// manyFailures in a row are not the messages' own fault.
const manyFailures = 3

// compose writes the messages of sends that are attempted for the first time.
// Where that fails one of them may be to blame, and the others are not to suffer
// for it.
func (d *drainer) compose(ctx context.Context, fresh []*strand) {
	if len(fresh) == 0 {
		return
	}
	left, panicked, err := d.composeTogether(ctx, fresh)
	if len(fresh) == 1 && err != nil {
		d.blame(fresh[0], panicked, err)
		return
	}
	inRow := 0
	for i, s := range left {
		_, panicked, err := d.composeTogether(ctx, left[i:i+1])
		if err == nil {
			inRow = 0
			continue
		}
		d.blame(s, panicked, err)
		if panicked {
			continue
		}
		if inRow++; inRow == manyFailures {
			for _, s := range left[i+1:] {
				d.blame(s, false, err)
			}
			return
		}
	}
}

// composeTogether writes messages, and returns the sends of those that were not
// written because of an error.
func (d *drainer) composeTogether(ctx context.Context, fresh []*strand) (left []*strand, panicked bool, err error) {
	sends := make([]*Send, len(fresh))
	for i, s := range fresh {
		sends[i] = s.send
	}
	panicked, err = d.guard(ctx, func(ctx context.Context) error { return d.out.o.Composer.Compose(ctx, sends) })
	if panicked {
		for _, s := range sends {
			s.Message = nil
		}
		return fresh, true, err
	}
	d.wrote(sends)
	for _, s := range fresh {
		switch {
		case s.send.Message != nil:
		case err != nil:
			left = append(left, s)
		default:
			reason := s.send.Reason
			if reason == "" {
				reason = "there is nothing to tell any more"
			}
			d.refuse(s, &Failure{Class: Refused, Reason: reason})
		}
	}
	return left, false, err
}

// blame settles a send whose message could not be written.
func (d *drainer) blame(s *strand, panicked bool, err error) {
	if panicked {
		d.settleNow(result{strand: s, err: err, inner: true, panicked: true})
		return
	}
	d.refuse(s, &Failure{Class: NotSent, Reason: "its words could not be put together", Err: err})
}

// composeBacklog writes what tells several sends as one.
func (d *drainer) composeBacklog(ctx context.Context, s *strand) {
	panicked, err := d.guard(ctx, func(ctx context.Context) error {
		newest, total, err := d.out.o.Store.Merged(ctx, s.send.ID, backlogShown)
		if err != nil {
			return err
		}
		if d.out.o.Collapser == nil {
			return fmt.Errorf("nobody tells a backlog of %d", total)
		}
		s.send.Message, err = d.out.o.Collapser.Collapse(ctx, Backlog{Into: *s.send, Newest: newest, Total: total})
		return err
	})
	d.check(s, panicked, err, "what was missed could not be put together")
}

// composeRepeat marks a message that may have been seen before.
func (d *drainer) composeRepeat(ctx context.Context, s *strand) {
	var marked *message.Message
	panicked, err := d.guard(ctx, func(ctx context.Context) (err error) {
		marked, err = d.out.o.Composer.Repeat(ctx, *s.send)
		return err
	})
	if marked != nil {
		s.say = marked
	}
	d.check(s, panicked, err, "it could not be marked as a repeat")
}

func (d *drainer) check(s *strand, panicked bool, err error, reason string) {
	switch {
	case panicked:
		d.settleNow(result{strand: s, err: err, inner: true, panicked: true})
	case err != nil:
		d.refuse(s, &Failure{Class: NotSent, Reason: reason, Err: err})
	case s.send.Message == nil:
		d.refuse(s, &Failure{Class: Refused, Reason: "there is nothing to tell any more"})
	}
}

// guard calls something of another room, which must not take the process down.
func (d *drainer) guard(ctx context.Context, call func(context.Context) error) (panicked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, composeWithin)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			panicked, err = true, fmt.Errorf("panic: %v", v)
			d.stats.panicked()
			d.log.Error("panic while a message was written", "panic", v, "stack", string(debug.Stack()))
		}
	}()
	return false, call(ctx)
}
