package storage

import (
	"context"
	"slices"
	"sync"
)

// turn lets one write after another, in the order in which they asked. SQLite
// has no queue: it tries again after up to 100 ms, and whoever comes by in that
// moment is first. A nil turn lets all write.
type turn struct {
	mu      sync.Mutex
	taken   bool
	waiting []chan struct{}
}

// take waits for the turn, which give has to return.
func (t *turn) take(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	if !t.taken {
		t.taken = true
		t.mu.Unlock()
		return nil
	}
	mine := make(chan struct{})
	t.waiting = append(t.waiting, mine)
	t.mu.Unlock()
	select {
	case <-mine:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	i := slices.Index(t.waiting, mine)
	if i >= 0 {
		t.waiting = slices.Delete(t.waiting, i, i+1)
	}
	t.mu.Unlock()
	if i < 0 {
		t.give() // It came at the same moment.
	}
	return ctx.Err()
}

func (t *turn) give() {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.waiting) == 0 {
		t.taken = false
		return
	}
	close(t.waiting[0])
	t.waiting = t.waiting[1:]
}
