package bot

import (
	"context"
	"time"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// Unmatched is an event whose destinations have not all been found yet.
type Unmatched struct {
	Event alerts.Event
	// Position is the last subscription that was looked at.
	Position subscriptions.SubscriptionID
}

// Wanting is a destination that asked for an event.
type Wanting struct {
	Subscription subscriptions.Subscription
	Destination  subscriptions.Destination
}

// FanOutStore finds who wants an event and keeps what is to be sent to them.
type FanOutStore interface {
	// Unmatched returns events that were not told to everyone yet.
	Unmatched(ctx context.Context, limit int) ([]Unmatched, error)
	// Wanting returns subscriptions to a topic after a position, by id.
	Wanting(ctx context.Context, topic alerts.Topic, after subscriptions.SubscriptionID, limit int) ([]Wanting, error)
	// Enqueue adds sends and moves the event's position in one transaction;
	// last marks the event as matched. What was added before is passed over.
	Enqueue(ctx context.Context, event alerts.EventID, sends []outbox.Send, position subscriptions.SubscriptionID, last bool) error
}

// fanOutChunk is how many sends one transaction adds.
const fanOutChunk = 1000

// fanOut finds who wants each event that was not told to everyone yet. It may
// be stopped and begun again anywhere.
func (b *Bot) fanOut(ctx context.Context) error {
	for {
		unmatched, err := b.store.Unmatched(ctx, 50)
		if err != nil || len(unmatched) == 0 {
			return err
		}
		for _, u := range unmatched {
			n, err := b.match(ctx, u)
			if err != nil {
				return err
			}
			if n > 0 {
				b.outbox.Wake()
			}
		}
	}
}

// match turns one event's subscriptions into sends, in chunks.
func (b *Bot) match(ctx context.Context, u Unmatched) (int, error) {
	if len(u.Event.Topics) > 0 {
		return b.matchSeveral(ctx, u.Event)
	}
	total, position := 0, u.Position
	for {
		wanting, err := b.store.Wanting(ctx, u.Event.Topic, position, fanOutChunk)
		if err != nil {
			return total, err
		}
		sends := b.sendsFor(u.Event, wanting)
		if len(wanting) > 0 {
			position = wanting[len(wanting)-1].Subscription.ID
		}
		found := len(sends)
		if sends, err = b.calm(ctx, u.Event, sends); err != nil {
			return total, err
		}
		last := len(wanting) < fanOutChunk
		if err := b.store.Enqueue(ctx, u.Event.ID, sends, position, last); err != nil {
			return total, err
		}
		total += found
		if last {
			return total, nil
		}
	}
}

// matchSeveral is match for an event of several topics. No position is kept: a
// stop between begins anew, and what was added before is passed over.
func (b *Bot) matchSeveral(ctx context.Context, e alerts.Event) (int, error) {
	total := 0
	var sends []outbox.Send
	for _, topic := range append([]alerts.Topic{e.Topic}, e.Topics...) {
		for position := subscriptions.SubscriptionID(0); ; {
			wanting, err := b.store.Wanting(ctx, topic, position, fanOutChunk)
			if err != nil {
				return total, err
			}
			sends = append(sends, b.sendsFor(e, wanting)...)
			if len(sends) >= fanOutChunk {
				if err := b.store.Enqueue(ctx, e.ID, sends, 0, false); err != nil {
					return total, err
				}
				total += len(sends)
				sends = sends[:0]
			}
			if len(wanting) < fanOutChunk {
				break
			}
			position = wanting[len(wanting)-1].Subscription.ID
		}
	}
	return total + len(sends), b.store.Enqueue(ctx, e.ID, sends, 0, true)
}

func (b *Bot) sendsFor(e alerts.Event, wanting []Wanting) []outbox.Send {
	now := b.now().UTC()
	sends := make([]outbox.Send, 0, len(wanting))
	for _, w := range wanting {
		if send, ok := sendFor(e, w, now); ok {
			sends = append(sends, send)
		}
	}
	return sends
}

// sendFor decides how an event is told to a destination; ok is false where it
// is not.
func sendFor(e alerts.Event, w Wanting, now time.Time) (outbox.Send, bool) {
	d := w.Destination
	if w.Subscription.Paused || d.Standing == subscriptions.Gone {
		return outbox.Send{}, false
	}
	if e.Kind == alerts.EventBell && w.Subscription.Created.After(e.At) {
		return outbox.Send{}, false // It rang before somebody asked for it.
	}
	s := outbox.Send{
		Destination: d.ID, Address: d.Address, Place: d.Kind, Kind: outbox.New, State: outbox.Waiting,
		Event: int64(e.ID), Subject: e.Subject, Form: message.Rich, Happened: e.At, Created: now, Due: now,
	}
	switch e.Kind {
	case alerts.EventFired, alerts.EventHeld, alerts.EventQuotesLate:
		s.Priority = outbox.PriorityAlert
	case alerts.EventBell:
		s.Priority = outbox.PriorityBell
	case alerts.EventSummary:
		s.Priority = outbox.PriorityDigest
	case alerts.EventRearmed, alerts.EventRecovered, alerts.EventCorrected:
		s.Priority, s.Kind = outbox.PriorityEdit, outbox.Edit
	case alerts.EventAlso:
		// Who follows only this feed has not been told the story.
		s.Priority, s.Kind, s.OrNew = outbox.PriorityNews, outbox.Edit, true
	default:
		s.Priority = outbox.PriorityNews
	}
	if d.Standing == subscriptions.Parked {
		s.State, s.Reason = outbox.Parked, d.Reason
	}
	if d.MutedUntil.After(now) && s.Kind == outbox.New {
		s.Due = d.MutedUntil
	}
	return s, true
}
