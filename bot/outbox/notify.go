package outbox

import "context"

// noteNews never waits: the lanes go on while people are told.
func (b *Outbox) noteNews() {
	select {
	case b.news <- struct{}{}:
	default:
	}
}

// notify has people told of what became of places until ctx ends.
func (b *Outbox) notify(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.news:
			b.tell(ctx)
		}
	}
}

func (b *Outbox) tell(ctx context.Context) {
	if b.o.Notify == nil {
		return
	}
	if err := b.o.Notify(ctx); err != nil && ctx.Err() == nil {
		b.o.Log.Error("tell of lost and moved places", "error", err)
	}
}
