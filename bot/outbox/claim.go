package outbox

import (
	"context"
	"slices"
	"time"
)

// How much of the queue is in memory.
const (
	window    = 256              // strands that one claim asks for
	rounds    = 4                // claims in a row
	lowWater  = 64               // ready strands of a priority below which more are claimed
	most      = 4096             // strands in memory for each priority
	longSleep = 30 * time.Second // what waits longer is left to the store
	// mergesAtOnce is how many backlogs are merged in one turn: after an outage
	// every place may have one, and an alert is not to wait for them all.
	mergesAtOnce = 16
)

// claim fills the queues from the store, urgent ones first. A priority whose
// queue is well filled waits, so that memory stays bounded and destinations
// take turns.
func (d *drainer) claim(ctx context.Context, now time.Time) error {
	d.merges = mergesAtOnce
	for p := range d.tiers {
		t := &d.tiers[p]
		if Priority(p) > PriorityAlert && len(d.tiers[PriorityAlert].queue) > 0 {
			// A claim takes milliseconds, for which an alert is not to wait. What
			// is left out here is claimed once the alert has left.
			return nil
		}
		for len(t.only) > 0 && d.merges > 0 {
			if err := d.claimOnly(ctx, Priority(p), now); err != nil {
				return err
			}
		}
		for round := 0; t.more && d.merges > 0 && len(t.queue) < lowWater && d.held[p] < most; round++ {
			if round == rounds {
				// Go on after what is ready has left.
				d.again = true
				break
			}
			if err := d.claimRound(ctx, Priority(p), now); err != nil {
				return err
			}
		}
	}
	d.again = d.again || d.merges == 0
	return nil
}

// claimOnly asks for the heads of strands of which something ended.
func (d *drainer) claimOnly(ctx context.Context, p Priority, now time.Time) error {
	t := &d.tiers[p]
	n := min(len(t.only), window)
	c := d.claimOf(p, now)
	c.Only = t.only[:n]
	heads, err := d.out.o.Store.Heads(ctx, c)
	if err != nil {
		return err
	}
	t.only = slices.Clone(t.only[n:])
	for _, h := range heads[d.admit(ctx, heads, now):] {
		t.only = append(t.only, Strand{h.Destination, h.Person})
	}
	return nil
}

func (d *drainer) claimOf(p Priority, now time.Time) Claim {
	c := Claim{Account: d.account, Priority: p, Limit: window, Now: now}
	if p == PriorityNews && d.out.o.Collapser != nil {
		c.Behind = d.tooManyEver()
	}
	return c
}

// tooManyEver is the number of waiting news that is too many in every place.
func (d *drainer) tooManyEver() int {
	n := d.out.o.Collapse.Least
	for _, rate := range []float64{d.rates.perSecond("private"), d.rates.perSecond("group")} {
		n = max(n, int(rate*d.out.o.Collapse.Within.Seconds()))
	}
	return n + 1
}

// claimRound asks for the next heads of one priority. A round that began at the
// first strand and came to the last one has seen everything.
func (d *drainer) claimRound(ctx context.Context, p Priority, now time.Time) error {
	t := &d.tiers[p]
	if t.after == (Strand{}) {
		t.round = true
	}
	c := d.claimOf(p, now)
	c.After = t.after
	heads, err := d.out.o.Store.Heads(ctx, c)
	if err != nil {
		return err
	}
	admitted := d.admit(ctx, heads, now)
	if len(heads) < c.Limit && admitted == len(heads) {
		t.more = !t.round
		t.after, t.round = Strand{}, false
	} else if admitted > 0 {
		last := heads[admitted-1]
		t.after = Strand{last.Destination, last.Person}
	}
	return nil
}

func strandOf(s *Send) strandID {
	return strandID{Strand{s.Destination, s.Person}, s.Priority}
}

// admit takes heads into memory and returns how many it looked at: no more than
// up to the last backlog that may be merged in this turn.
func (d *drainer) admit(ctx context.Context, heads []*Head, now time.Time) int {
	for i, h := range heads {
		if d.merges == 0 {
			d.again = true
			return i
		}
		id := strandOf(&h.Send)
		if d.strands[id] != nil {
			continue
		}
		if d.tooMany(h, now) && d.collapse(ctx, h, now) {
			continue
		}
		if wait := h.Retry.Sub(now); wait > longSleep {
			d.wakeAt(h.Retry)
			continue
		}
		s := &strand{key: id.Strand, tier: id.tier, send: &h.Send, parked: h.Parked, until: h.Retry, lane: d.laneOf(&h.Send)}
		s.lane.strands++
		if s.tier == PriorityAnswer {
			s.lane.answers = append(s.lane.answers, s)
		}
		d.strands[id] = s
		d.held[s.tier]++
		d.tiers[s.tier].push(s)
	}
	return len(heads)
}

// tooMany tells whether a destination cannot keep up with its news.
func (d *drainer) tooMany(h *Head, now time.Time) bool {
	rule := d.out.o.Collapse
	if d.out.o.Collapser == nil || h.Priority != PriorityNews || h.Behind == 0 || h.Parked {
		return false
	}
	waiting := h.Behind + 1
	if float64(waiting) > d.rates.perSecond(h.Place)*rule.Within.Seconds() {
		return true
	}
	return waiting >= rule.Least && now.Sub(h.Created) > rule.Late
}

// collapse merges a destination's news and tells whether it did.
func (d *drainer) collapse(ctx context.Context, h *Head, now time.Time) bool {
	d.merges--
	n, err := d.out.o.Store.Collapse(ctx, h.Send, now)
	if err != nil {
		d.log.Error("collapse waiting news", "destination", int64(h.Destination), "error", err)
		return false
	}
	d.stats.ended(Merged, n)
	t := &d.tiers[PriorityNews]
	if n > 0 && !slices.Contains(t.only, Strand{Destination: h.Destination}) {
		t.only = append(t.only, Strand{Destination: h.Destination})
		d.again = true
	}
	return n > 0
}

// laneOf returns the lane of a send's chat.
func (d *drainer) laneOf(s *Send) *lane {
	key := laneKey(s.Address)
	l := d.lanes[key]
	if l == nil {
		if len(d.lanes) >= d.sweepAt {
			d.sweep(d.out.o.Now())
		}
		l = &lane{key: key}
		d.lanes[key] = l
	}
	return l
}

// sweep forgets lanes that keep nothing back any more.
func (d *drainer) sweep(now time.Time) {
	for key, l := range d.lanes {
		if l.idle(now) {
			delete(d.lanes, key)
		}
	}
	d.sweepAt = max(1024, 2*len(d.lanes))
}

// drop forgets a strand; what of it still waits is found by a later claim.
func (d *drainer) drop(s *strand) {
	s.gone = true
	if d.strands[s.id()] == s {
		delete(d.strands, s.id())
		s.lane.strands--
		s.lane.answers = slices.DeleteFunc(s.lane.answers, func(a *strand) bool { return a == s })
		d.held[s.tier]--
	}
	s.send = nil
}
