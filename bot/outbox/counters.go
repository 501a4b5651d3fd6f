package outbox

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"
)

// AccountCounters are what one account did since the process started, and its
// rate now.
type AccountCounters struct {
	Account Account
	// Ended counts sends by how a request or a merge ended them; Parked ones
	// too, each time. What else waits for a parked place is not among them.
	Ended   map[State]int64
	Limited int64 // answers that told us to slow down (429)
	Panics  int64
	// Rate is how many messages a second it may send now, Configured how many
	// at most; 0 for no limit. Tokens is how many may leave at once.
	Rate, Configured, Tokens float64
	// Stopped tells that the platform does not accept the account.
	Stopped bool
}

// Counters are what operators look at.
type Counters struct {
	Depths   []Depth
	Accounts []AccountCounters
}

// Counters returns the present figures.
func (b *Outbox) Counters(ctx context.Context) (Counters, error) {
	depths, err := b.o.Store.Depths(ctx)
	if err != nil {
		return Counters{}, fmt.Errorf("count sends: %w", err)
	}
	return Counters{Depths: depths, Accounts: b.Accounts()}, nil
}

// Accounts returns the present figures of the accounts, without asking the
// store.
func (b *Outbox) Accounts() []AccountCounters {
	var all []AccountCounters
	for _, d := range b.drainers {
		a := d.stats.snapshot(b.o.Now())
		a.Account = d.account
		all = append(all, a)
	}
	return all
}

// stats are figures that others read while the drainer works.
type stats struct {
	mu     sync.Mutex
	c      AccountCounters
	bucket bucket // as the drainer left it
}

func newStats() *stats { return &stats{c: AccountCounters{Ended: make(map[State]int64)}} }

func (s *stats) change(f func(c *AccountCounters)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.c)
}

func (s *stats) ended(state State, n int) {
	s.change(func(c *AccountCounters) { c.Ended[state] += int64(n) })
}

func (s *stats) limited() { s.change(func(c *AccountCounters) { c.Limited++ }) }

func (s *stats) panicked() { s.change(func(c *AccountCounters) { c.Panics++ }) }

func (s *stats) stop() { s.change(func(c *AccountCounters) { c.Stopped = true }) }

func (s *stats) level(b *bucket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.bucket = *b
	s.bucket.struck = nil
}

// snapshot returns the figures; a drainer that rests does not see its bucket
// fill.
func (s *stats) snapshot(now time.Time) AccountCounters {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.c
	c.Ended = maps.Clone(s.c.Ended)
	s.bucket.fill(now)
	c.Rate, c.Configured, c.Tokens = s.bucket.rate, s.bucket.top, max(s.bucket.tokens, 0)
	return c
}
