package bot

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"bellwether/alerts"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// fanOutChunk is how many sends one transaction adds.
const fanOutChunk = 1000

// fanOutEvents is how many events are looked at together: a storm's find one
// destination each, and a transaction for each would be what a storm waits for.
const fanOutEvents = 100

// An event whose destinations could not be found or stored is tried again after
// firstSetback, doubled each time up to lastSetback.
const (
	firstSetback = time.Second
	lastSetback  = 20 * time.Second
)

// manySetbacks in a row are not the events' own fault: the rest waits.
const manySetbacks = 3

// setback is something that failed and waits to be tried again.
type setback struct {
	pause time.Duration
	until time.Time
}

func (s *setback) fail(now time.Time) {
	s.pause = min(max(2*s.pause, firstSetback), lastSetback)
	s.until = now.Add(s.pause)
}

// spreader turns the subscriptions of events into sends. One that fails holds
// no other back.
type spreader struct {
	bot      *Bot
	articles bool // those alone, or all else
	failing  map[alerts.EventID]setback
	all      setback // of the store and not of an event
	inRow    int     // events that failed one after another

	// What is stored next, in one transaction; alerted counts the alerts for
	// each destination in it.
	batch   []Matched
	found   int
	alerted map[subscriptions.DestinationID]int
}

func newSpreader(b *Bot, articles bool) *spreader {
	return &spreader{
		bot: b, articles: articles, failing: make(map[alerts.EventID]setback), alerted: make(map[subscriptions.DestinationID]int),
	}
}

// run fans out when there is something to tell: articles beside all else, so
// that no alert waits until an article has found its readers.
func (s *spreader) run(ctx context.Context, due <-chan struct{}) {
	once := s.bot.guarded(ctx, task{name: "fan out", run: s.spread})
	for {
		var again <-chan time.Time
		stop := func() bool { return false }
		if at := s.again(); !at.IsZero() {
			timer := time.NewTimer(at.Sub(s.bot.now()))
			again, stop = timer.C, timer.Stop
		}
		select {
		case <-ctx.Done():
		case <-due:
		case <-again:
		}
		stop()
		if ctx.Err() != nil {
			return
		}
		once()
	}
}

// again is when to look again at what failed; zero where nothing did.
func (s *spreader) again() time.Time {
	if !s.all.until.IsZero() {
		return s.all.until
	}
	var first time.Time
	for _, f := range s.failing {
		if first.IsZero() || f.until.Before(first) {
			first = f.until
		}
	}
	return first
}

// spread finds who wants each event that was not told to everyone yet. It may
// be stopped and begun again anywhere.
func (s *spreader) spread(ctx context.Context) error {
	began := s.bot.now()
	s.batch, s.found, s.inRow = nil, 0, 0
	clear(s.alerted)
	// It stands unless all that is due is looked at.
	s.all.fail(began)
	for after := alerts.EventID(0); ; {
		unmatched, err := s.bot.store.Unmatched(ctx, s.articles, after, fanOutEvents)
		if err != nil {
			return err
		}
		if len(unmatched) == 0 {
			break
		}
		after = unmatched[len(unmatched)-1].Event.ID
		if err := s.tell(ctx, unmatched); err != nil {
			return err
		}
	}
	s.all = setback{}
	// What is not there any more need not be looked for.
	maps.DeleteFunc(s.failing, func(_ alerts.EventID, f setback) bool { return !f.until.After(began) })
	return nil
}

// tell turns the subscriptions of events into sends, as many at a time as a
// transaction may add.
func (s *spreader) tell(ctx context.Context, unmatched []Unmatched) error {
	now := s.bot.now()
	unmatched = slices.DeleteFunc(unmatched, func(u Unmatched) bool { return s.failing[u.Event.ID].until.After(now) })
	// What failed before comes last.
	slices.SortStableFunc(unmatched, func(a, b Unmatched) int {
		return cmp.Compare(s.failing[a.Event.ID].pause, s.failing[b.Event.ID].pause)
	})
	for _, u := range unmatched {
		err := u.Unreadable
		switch {
		case err != nil:
		case len(u.Event.Topics) > 0:
			s.flush(ctx)
			err = s.matchSeveral(ctx, u)
		default:
			err = s.match(ctx, u)
		}
		if err != nil {
			s.failed(ctx, u.Event.ID, err)
		}
		if s.inRow >= manySetbacks {
			break
		}
	}
	s.flush(ctx)
	if s.inRow >= manySetbacks {
		return fmt.Errorf("%d events in a row could not be told", s.inRow)
	}
	return ctx.Err()
}

func (s *spreader) failed(ctx context.Context, e alerts.EventID, err error) {
	s.inRow++
	f := s.failing[e]
	f.fail(s.bot.now())
	s.failing[e] = f
	if ctx.Err() == nil {
		s.bot.log.Error("event could not be told", "event", int64(e), "error", err, "again_in", f.pause)
	}
}

// match adds what an event's subscriptions want to what is stored next.
func (s *spreader) match(ctx context.Context, u Unmatched) error {
	for {
		wanting, err := s.bot.store.Wanting(ctx, u.Event.Topic, u.Position, fanOutChunk)
		if err != nil {
			return err
		}
		if len(wanting) > 0 {
			u.Position = wanting[len(wanting)-1].Subscription.ID
		}
		m := Matched{
			Event: u.Event.ID, Position: u.Position, Text: u.Text, Last: len(wanting) < fanOutChunk, Sends: s.bot.sendsFor(u.Event, wanting),
		}
		if u.Event.Kind == alerts.EventFired {
			if m.Sends, m.Storm, err = s.bot.calm(ctx, m.Sends, s.alerted); err != nil {
				return err
			}
		}
		s.batch = append(s.batch, m)
		s.found += len(m.Sends) + len(m.Storm)
		s.inRow = 0
		if m.Last && s.found < fanOutChunk {
			return nil
		}
		if stored := s.flush(ctx); m.Last || !stored {
			return nil
		}
	}
}

// flush stores what was found, and tells whether all of it is: where that
// fails, event by event.
func (s *spreader) flush(ctx context.Context) bool {
	batch, found := s.batch, s.found
	s.batch, s.found = nil, 0
	clear(s.alerted)
	if len(batch) == 0 {
		return true
	}
	err := s.store(ctx, found, batch...)
	if err == nil {
		return true
	}
	if len(batch) == 1 {
		s.failed(ctx, batch[0].Event, err)
		return false
	}
	all := true
	for _, m := range batch {
		if s.inRow >= manySetbacks || ctx.Err() != nil {
			return false
		}
		if err := s.store(ctx, len(m.Sends)+len(m.Storm), m); err != nil {
			s.failed(ctx, m.Event, err)
			all = false
		}
	}
	return all
}

// store adds sends in one transaction.
func (s *spreader) store(ctx context.Context, found int, matched ...Matched) error {
	if err := s.bot.store.Enqueue(ctx, matched...); err != nil {
		return err
	}
	s.inRow = 0
	for _, m := range matched {
		if m.Last {
			delete(s.failing, m.Event)
		}
	}
	if found > 0 {
		s.bot.outbox.Wake()
	}
	return nil
}

// matchSeveral is match for an event of several topics, and stores what it
// finds. No position is kept: a stop between begins anew, and what was added
// before is passed over.
func (s *spreader) matchSeveral(ctx context.Context, u Unmatched) error {
	e := u.Event
	var sends []outbox.Send
	for _, topic := range append([]alerts.Topic{e.Topic}, e.Topics...) {
		for position := subscriptions.SubscriptionID(0); ; {
			wanting, err := s.bot.store.Wanting(ctx, topic, position, fanOutChunk)
			if err != nil {
				return err
			}
			sends = append(sends, s.bot.sendsFor(e, wanting)...)
			if len(sends) >= fanOutChunk {
				if err := s.store(ctx, len(sends), Matched{Event: e.ID, Sends: sends, Text: u.Text}); err != nil {
					return err
				}
				sends = sends[:0]
			}
			if len(wanting) < fanOutChunk {
				break
			}
			position = wanting[len(wanting)-1].Subscription.ID
		}
	}
	return s.store(ctx, len(sends), Matched{Event: e.ID, Sends: sends, Last: true, Text: u.Text})
}
