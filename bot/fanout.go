package bot

import (
	"context"
	"errors"
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
	// Unmatched returns events that were not told to everyone yet, the oldest
	// first: articles and what is told of them, or all others.
	Unmatched(ctx context.Context, articles bool, limit int) ([]Unmatched, error)
	// Wanting returns subscriptions to a topic after a position, by id.
	Wanting(ctx context.Context, topic alerts.Topic, after subscriptions.SubscriptionID, limit int) ([]Wanting, error)
	// Enqueue adds sends and moves the events' positions in one transaction.
	// What was added before is passed over.
	Enqueue(ctx context.Context, matched ...Matched) error
}

// fanOutChunk is how many sends one transaction adds.
const fanOutChunk = 1000

// fanOutEvents is how many events are looked at together: a storm's find one
// destination each, and a transaction for each would be what a storm waits for.
const fanOutEvents = 100

// spread has events told to those who want them. It does not wait for that.
func (b *Bot) spread() {
	for _, due := range b.due {
		select {
		case due <- struct{}{}:
		default:
		}
	}
}

// keepSpreading fans out when there is something to tell: articles beside all
// else, so that no alert waits until an article has found its readers.
func (b *Bot) keepSpreading(ctx context.Context, due <-chan struct{}, articles bool) {
	once := b.guarded(ctx, task{name: "fan out", run: func(ctx context.Context) error { return b.fanOut(ctx, articles) }})
	for {
		select {
		case <-ctx.Done():
			return
		case <-due:
			once()
		}
	}
}

// fanOut finds who wants each event that was not told to everyone yet. It may
// be stopped and begun again anywhere.
func (b *Bot) fanOut(ctx context.Context, articles bool) error {
	for {
		unmatched, err := b.store.Unmatched(ctx, articles, fanOutEvents)
		if err != nil || len(unmatched) == 0 {
			return err
		}
		if err := b.matchAll(ctx, unmatched); err != nil {
			return err
		}
	}
}

// matchAll turns the subscriptions of events into sends, as many at a time as a
// transaction may add.
func (b *Bot) matchAll(ctx context.Context, unmatched []Unmatched) error {
	var batch []Matched
	found := 0
	alerted := make(map[subscriptions.DestinationID]int)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := b.store.Enqueue(ctx, batch...)
		if err == nil && found > 0 {
			b.outbox.Wake()
		}
		batch, found = nil, 0
		clear(alerted)
		return err
	}
	for _, u := range unmatched {
		if len(u.Event.Topics) > 0 {
			if err := errors.Join(flush(), b.matchSeveral(ctx, u)); err != nil {
				return err
			}
			continue
		}
		for last := false; !last; {
			m, err := b.match(ctx, u, alerted)
			if err != nil {
				return err
			}
			batch = append(batch, m)
			found += len(m.Sends) + len(m.Storm)
			u.Position, last = m.Position, m.Last
			if found >= fanOutChunk || !last {
				if err := flush(); err != nil {
					return err
				}
			}
		}
	}
	return flush()
}

// match looks at the next chunk of an event's subscriptions. alerted counts the
// alerts for each destination that are not stored yet.
func (b *Bot) match(ctx context.Context, u Unmatched, alerted map[subscriptions.DestinationID]int) (Matched, error) {
	m := Matched{Event: u.Event.ID, Position: u.Position, Text: u.Text}
	wanting, err := b.store.Wanting(ctx, u.Event.Topic, u.Position, fanOutChunk)
	if err != nil {
		return m, err
	}
	if len(wanting) > 0 {
		m.Position = wanting[len(wanting)-1].Subscription.ID
	}
	m.Last = len(wanting) < fanOutChunk
	m.Sends = b.sendsFor(u.Event, wanting)
	if u.Event.Kind == alerts.EventFired {
		m.Sends, m.Storm, err = b.calm(ctx, m.Sends, alerted)
	}
	return m, err
}

// matchSeveral is matchAll for an event of several topics. No position is kept:
// a stop between begins anew, and what was added before is passed over.
func (b *Bot) matchSeveral(ctx context.Context, u Unmatched) error {
	e := u.Event
	total := 0
	var sends []outbox.Send
	defer func() {
		if total > 0 {
			b.outbox.Wake()
		}
	}()
	for _, topic := range append([]alerts.Topic{e.Topic}, e.Topics...) {
		for position := subscriptions.SubscriptionID(0); ; {
			wanting, err := b.store.Wanting(ctx, topic, position, fanOutChunk)
			if err != nil {
				return err
			}
			sends = append(sends, b.sendsFor(e, wanting)...)
			if len(sends) >= fanOutChunk {
				if err := b.store.Enqueue(ctx, Matched{Event: e.ID, Sends: sends, Text: u.Text}); err != nil {
					return err
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
	total += len(sends)
	return b.store.Enqueue(ctx, Matched{Event: e.ID, Sends: sends, Last: true, Text: u.Text})
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
