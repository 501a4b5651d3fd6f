package bot

import (
	"context"
	"sync"
)

// submissions writes what people do to the inbox. What comes while a
// transaction is under way goes into the next one together: one after another,
// fifty people at once would wait for fifty of them.
type submissions struct {
	write func(ctx context.Context, requests []Request) error

	mu      sync.Mutex
	waiting []*submission
	writing bool
}

// submission is what one call handed in.
type submission struct {
	requests []Request
	err      error
	done     chan struct{}
}

// put returns when the requests are safe, or why they are not. One whose ctx
// ends is written all the same: half a transaction later nobody could tell.
func (s *submissions) put(ctx context.Context, requests []Request) error {
	mine := &submission{requests: requests, done: make(chan struct{})}
	s.mu.Lock()
	s.waiting = append(s.waiting, mine)
	if !s.writing {
		s.writing = true
		go s.work(context.WithoutCancel(ctx))
	}
	s.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// work writes until nothing waits.
func (s *submissions) work(ctx context.Context) {
	for {
		s.mu.Lock()
		batch := s.waiting
		s.waiting = nil
		s.writing = len(batch) > 0
		s.mu.Unlock()
		if len(batch) == 0 {
			return
		}
		var all []Request
		for _, one := range batch {
			all = append(all, one.requests...)
		}
		err := s.write(ctx, all)
		for _, one := range batch {
			one.err = err
			if err != nil && len(batch) > 1 {
				one.err = s.write(ctx, one.requests) // another's may have been at fault
			}
			close(one.done)
		}
	}
}

// take writes requests to the inbox and has the new ones handled.
func (b *Bot) take(ctx context.Context, requests []Request) error {
	fresh, err := b.store.PutRequests(ctx, requests)
	if err != nil {
		return err
	}
	b.dispatcher.add(b.working(), fresh...)
	return nil
}
