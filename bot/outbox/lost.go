package outbox

import (
	"context"
	"sync"

	"bellwether/subscriptions"
)

// lostPlaces are shared places that a refusal parked and of which nobody was
// told yet.
type lostPlaces struct {
	mu      sync.Mutex
	waiting []lostPlace
	wake    chan struct{}
}

type lostPlace struct {
	place  subscriptions.DestinationID
	reason string
}

// add never waits: the lanes go on while people are told.
func (l *lostPlaces) add(place subscriptions.DestinationID, reason string) {
	l.mu.Lock()
	l.waiting = append(l.waiting, lostPlace{place, reason})
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *lostPlaces) take() []lostPlace {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.waiting
	l.waiting = nil
	return out
}

// tellLost tells of lost places until ctx ends.
func (b *Outbox) tellLost(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-b.lost.wake:
			b.tell(ctx)
		}
	}
}

func (b *Outbox) tell(ctx context.Context) {
	for _, l := range b.lost.take() {
		if err := b.o.Lost(ctx, l.place, l.reason); err != nil {
			b.o.Log.Error("tell of a lost place", "destination", int64(l.place), "error", err)
		}
	}
}
