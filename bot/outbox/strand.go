package outbox

import (
	"container/heap"
	"time"

	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// priorities is how many priorities there are.
const priorities = int(PriorityEdit) + 1

// strand holds the one send of its strand that was claimed.
type strand struct {
	key     Strand
	tier    Priority
	lane    *lane
	send    *Send
	parked  bool // its destination is parked
	made    int  // parts of an edit that were changed in this process
	targets []Part
	say     *message.Message // what is handed over: the send's message, marked where it repeats
	settled bool             // was settled before a request was made
	until   time.Time
	running bool
	suspect bool // holds the outbox's suspect slot
	gone    bool // was dropped while it waited somewhere
}

type strandID struct {
	Strand
	tier Priority
}

func (s *strand) id() strandID { return strandID{s.key, s.tier} }

// tier is what of one priority is in memory.
type tier struct {
	queue []*strand
	after Strand // where the next claim goes on
	more  bool   // the store may have heads that are not in memory
	round bool   // the present round began at the beginning
	only  []Strand
}

func (t *tier) push(s *strand) { t.queue = append(t.queue, s) }

// pushFront is for what goes on with the next token.
func (t *tier) pushFront(s *strand) { t.queue = append([]*strand{s}, t.queue...) }

func (t *tier) pop() *strand {
	if len(t.queue) == 0 {
		return nil
	}
	s := t.queue[0]
	t.queue[0] = nil
	t.queue = t.queue[1:]
	if len(t.queue) == 0 {
		t.queue = nil
	}
	return s
}

// sleeper is a strand that may not leave before a time.
type sleeper struct {
	at time.Time
	s  *strand
}

// sleepers is a heap by time.
type sleepers []sleeper

func (h sleepers) Len() int           { return len(h) }
func (h sleepers) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h sleepers) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }

// Push is for container/heap.
func (h *sleepers) Push(x any) { *h = append(*h, x.(sleeper)) }

// Pop is for container/heap.
func (h *sleepers) Pop() any {
	old := *h
	n := len(old) - 1
	last := old[n]
	old[n] = sleeper{}
	*h = old[:n]
	return last
}

func (h *sleepers) add(s *strand, at time.Time) { heap.Push(h, sleeper{at, s}) }

// due returns a strand whose time has come; nil where there is none.
func (h *sleepers) due(now time.Time) *strand {
	if len(*h) == 0 || (*h)[0].at.After(now) {
		return nil
	}
	return heap.Pop(h).(sleeper).s
}

// patience slows answers to each person on their own.
type patience struct {
	rates Rates
	next  map[subscriptions.PersonID]time.Time
}

// ready returns when the person may be answered again.
func (p *patience) ready(who subscriptions.PersonID) time.Time {
	if who == 0 || p.rates.Answers == 0 {
		return time.Time{}
	}
	return p.next[who].Add(-p.rates.Answers * time.Duration(max(p.rates.AnswersAtOnce, 1)-1))
}

func (p *patience) count(who subscriptions.PersonID, now time.Time) {
	if who == 0 || p.rates.Answers == 0 {
		return
	}
	if len(p.next) > 10_000 {
		for w, at := range p.next {
			if at.Before(now) {
				delete(p.next, w)
			}
		}
	}
	at := p.next[who]
	if at.Before(now) {
		at = now
	}
	p.next[who] = at.Add(p.rates.Answers)
}
