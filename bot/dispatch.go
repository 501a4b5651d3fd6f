package bot

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"bellwether/subscriptions"
)

// dispatcher hands requests to handle: one after another per person, several
// persons at once.
type dispatcher struct {
	handle func(ctx context.Context, r Request) error
	log    *slog.Logger
	slots  chan struct{}

	mu     sync.Mutex
	queues map[subscriptions.Identity][]Request
	closed bool
	busy   sync.WaitGroup
}

func newDispatcher(parallel int, log *slog.Logger, handle func(context.Context, Request) error) *dispatcher {
	return &dispatcher{
		handle: handle, log: log, slots: make(chan struct{}, parallel),
		queues: make(map[subscriptions.Identity][]Request),
	}
}

// add queues requests in their order. After stop it does nothing: the inbox
// keeps them for the next start.
func (d *dispatcher) add(ctx context.Context, requests ...Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return
	}
	for _, r := range requests {
		who := subscriptions.Identity{Platform: r.Identity.Platform, User: r.Identity.User}
		queue, working := d.queues[who]
		d.queues[who] = append(queue, r)
		if !working {
			d.busy.Add(1)
			go d.work(ctx, who)
		}
	}
}

func (d *dispatcher) work(ctx context.Context, who subscriptions.Identity) {
	defer d.busy.Done()
	for {
		d.mu.Lock()
		queue := d.queues[who]
		if len(queue) == 0 || d.closed {
			delete(d.queues, who)
			d.mu.Unlock()
			return
		}
		next := queue[0]
		d.queues[who] = queue[1:]
		d.mu.Unlock()
		d.slots <- struct{}{}
		d.persist(ctx, next)
		<-d.slots
	}
}

// persist handles a request until that succeeds or the bot stops: what was
// taken from a person is not dropped because a database was locked.
func (d *dispatcher) persist(ctx context.Context, r Request) {
	pause := 100 * time.Millisecond
	for {
		err := d.handle(ctx, r)
		if err == nil || errors.Is(err, ErrHandled) {
			return
		}
		if ctx.Err() != nil {
			return
		}
		d.log.Error("handle request", "request", r.ID, "command", r.Command, "error", err, "again_in", pause)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, 15*time.Second)
	}
}

// stop takes no more requests and waits for those under way.
func (d *dispatcher) stop() {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.busy.Wait()
}
