package discord

import (
	"slices"
	"sync"
	"time"
)

// crossings keeps a limit that holds where requests arrive and not where they
// leave: a few that were slow on their way arrive together with those that left
// after them. A request under way may arrive at any time; one that was answered
// arrived, at the latest, before its answer by the time that the fastest one
// needs.
type crossings struct {
	limit int
	span  time.Duration

	mu      sync.Mutex
	away    int
	arrived []time.Time // oldest first
	fastest time.Duration
}

// awayPause is how long to wait where all that is allowed is under way.
const awayPause = 5 * time.Millisecond

// take counts one that leaves, or returns how long it is until one may. Each
// that left must be told as over.
func (c *crossings) take(now time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := 0
	for old < len(c.arrived) && now.Sub(c.arrived[old]) >= c.span {
		old++
	}
	c.arrived = slices.Delete(c.arrived, 0, old)
	if c.away+len(c.arrived) < c.limit {
		c.away++
		return 0
	}
	if len(c.arrived) == 0 {
		return awayPause
	}
	return c.arrived[0].Add(c.span).Sub(now)
}

// over counts one whose answer came.
func (c *crossings) over(left, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	trip := now.Sub(left)
	if c.fastest == 0 || trip < c.fastest {
		c.fastest = trip
	} else {
		// Slowly, the way may become a longer one.
		c.fastest += (trip - c.fastest) / 1024
	}
	c.away--
	at := now.Add(-c.fastest)
	i, _ := slices.BinarySearchFunc(c.arrived, at, time.Time.Compare)
	c.arrived = slices.Insert(c.arrived, i, at)
}
