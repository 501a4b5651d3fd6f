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
	// Text is the event as it is stored, where it may grow; "" where it never
	// changes.
	Text string
	// Unreadable is why the event cannot be read: only its ID is known.
	Unreadable error
}

// Wanting is a destination that asked for an event.
type Wanting struct {
	Subscription subscriptions.Subscription
	Destination  subscriptions.Destination
}

// Matched is what was found for one chunk of an event's destinations.
type Matched struct {
	Event alerts.EventID
	Sends []outbox.Send
	// Storm are sends that are told together with others.
	Storm []StormSend
	// Position is the last subscription that was looked at.
	Position subscriptions.SubscriptionID
	// Last tells that there are no further ones.
	Last bool
	// Text is that of the Unmatched.
	Text string
}

// FanOutStore finds who wants an event and keeps what is to be sent to them.
type FanOutStore interface {
	// Unmatched returns events after an id that were not told to everyone yet,
	// the oldest first: articles and what is told of them, or all others.
	Unmatched(ctx context.Context, articles bool, after alerts.EventID, limit int) ([]Unmatched, error)
	// Wanting returns subscriptions to a topic after a position, by id.
	Wanting(ctx context.Context, topic alerts.Topic, after subscriptions.SubscriptionID, limit int) ([]Wanting, error)
	// Enqueue adds sends and moves the events' positions in one transaction.
	// What was added before is passed over.
	Enqueue(ctx context.Context, matched ...Matched) error
}

// spread has events told to those who want them. It does not wait for that.
func (b *Bot) spread() {
	for _, due := range b.due {
		select {
		case due <- struct{}{}:
		default:
		}
	}
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
	case alerts.EventRearmed, alerts.EventRecovered:
		s.Priority, s.Kind = outbox.PriorityEdit, outbox.Edit
	case alerts.EventCorrected:
		// Who read the alert is told that it was false, also where its message
		// cannot be changed: it told others too, or is not there any more.
		s.Priority, s.Kind, s.OrNew = outbox.PriorityEdit, outbox.Edit, true
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
