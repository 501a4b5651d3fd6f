package alerts

import (
	"cmp"
	"math"
	"slices"
	"sync"
	"time"

	"bellwether/alerts/market"
)

// Sessions knows when symbols trade.
type Sessions interface {
	// Open tells whether a symbol trades at a time, and since when it does or
	// does not. Since is zero where that is not known; a symbol whose hours
	// nobody knows counts as open.
	Open(ticker market.Ticker, at time.Time) (open bool, since time.Time)
}

// PlanOptions say what a reading plan knows. Serving is needed.
type PlanOptions struct {
	// Serving names the source that a symbol is read from, and its terms; the
	// name is empty where no source has it. Chain has this method.
	Serving func(ticker market.Ticker) (source string, terms Terms)
	// Sessions tells when symbols trade; nil where everything always does.
	Sessions Sessions
	// Distance tells how far a symbol is from its nearest threshold, in percent;
	// ok is false where it has none. Nil where nobody knows.
	Distance func(ticker market.Ticker) (percent market.Price, ok bool)
	// Waiting tells that a quote of a symbol waits for the next read to confirm
	// it, which is then read though its market has closed; may be nil.
	Waiting func(ticker market.Ticker) bool
	// Every is the time between two checks; a second where zero.
	Every time.Duration
}

// ReadingPlan is a Planner. It spreads what is watched over the checks so that
// each source is asked at its rate, in full batches, and no symbol more often
// than the source's interval. Where a source cannot serve everything in one
// interval, half of what it can serve goes to the symbols that are nearest to a
// threshold, and half to those that have waited longest, so that none starves.
// Symbols whose market is closed are read once, when the last close has arrived.
// It is safe for concurrent use.
type ReadingPlan struct {
	o PlanOptions

	mu      sync.Mutex
	symbols map[market.Ticker]*turn
	budgets map[string]*budget
}

// turn is what the plan knows of a symbol.
type turn struct {
	first  time.Time // when it was first watched
	asked  time.Time // zero before the first time
	got    time.Time // when a quote came
	misses int       // answers in a row without it
}

// budget is what may still be asked of a source, in requests.
type budget struct {
	tokens float64
	filled time.Time
	load   int // open symbols at the last check
	near   int // of them, those near a threshold
	odd    bool
	terms  Terms
}

const (
	// settle is how long after the close and the source's delay the last price
	// is waited for: closing auctions end some minutes after the bell.
	settle = 20 * time.Minute
	// early is by how much a symbol may be read before it is due, so that a check
	// that comes a moment too soon does not leave it to the next one.
	early = time.Second
	// gather is how long symbols that are due wait for others to fill a batch.
	gather = time.Second
	// rarest is the longest time until a symbol that no source has is asked again.
	rarest = time.Hour
	// seldomAgain is how many times more seldom one is asked that came before.
	seldomAgain = 4
	// unlimited stands in for the rate of a source that names none.
	unlimited = 100
)

// nearby is the distance in percent from which on a symbol is read as often as
// its source allows.
func nearby() market.Price { return market.MustPrice("1") }

// NewReadingPlan returns a plan.
func NewReadingPlan(o PlanOptions) *ReadingPlan {
	if o.Every <= 0 {
		o.Every = time.Second
	}
	return &ReadingPlan{o: o, symbols: make(map[market.Ticker]*turn), budgets: make(map[string]*budget)}
}

// candidate is a symbol that may be read now.
type candidate struct {
	ticker   market.Ticker
	due      time.Time
	distance float64 // percent; infinite where there is no threshold
}

// Due returns the symbols to read now, and counts them as asked.
func (p *ReadingPlan) Due(now time.Time, watched []market.Ticker) []market.Ticker {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(watched)
	groups := make(map[string][]candidate)
	for _, b := range p.budgets {
		b.load, b.near = 0, 0
	}
	seen := make(map[market.Ticker]bool, len(watched))
	for _, ticker := range watched {
		source, terms := p.o.Serving(ticker)
		if source == "" || seen[ticker] {
			continue
		}
		seen[ticker] = true
		b := p.budget(source, terms)
		due, open := p.due(now, ticker, terms)
		c := candidate{ticker: ticker, due: due, distance: p.distance(ticker)}
		if open {
			b.load++
			if c.distance <= nearby().Float() {
				b.near++
			}
		}
		if !due.IsZero() && !due.After(now.Add(min(p.o.Every/10, early))) {
			groups[source] = append(groups[source], c)
		}
	}
	var out []market.Ticker
	for source, b := range p.budgets {
		b.fill(now, p.o.Every)
		out = append(out, p.take(now, b, groups[source])...)
	}
	slices.Sort(out)
	for _, ticker := range out {
		p.symbol(ticker).asked = now
	}
	return out
}

// due returns when a symbol is to be read; zero where not before something
// changes.
func (p *ReadingPlan) due(now time.Time, ticker market.Ticker, terms Terms) (due time.Time, open bool) {
	s := p.symbol(ticker)
	if s.first.IsZero() {
		s.first = now
	}
	open, since := true, time.Time{}
	if p.o.Sessions != nil {
		open, since = p.o.Sessions.Open(ticker, now)
	}
	interval := s.interval(max(terms.Interval, p.o.Every))
	next := s.asked.Add(interval)
	if s.asked.IsZero() {
		next = s.first
	}
	if open {
		if !s.asked.IsZero() && s.asked.Before(since) && next.After(since) {
			next = since // The first read of a session does not wait.
		}
		return next, true
	}
	if s.got.IsZero() || p.o.Waiting != nil && p.o.Waiting(ticker) {
		return next, false
	}
	if last := since.Add(terms.Delay + settle); !since.IsZero() && s.got.Before(last) {
		if next.Before(last) {
			next = last
		}
		return next, false
	}
	return time.Time{}, false
}

// interval is the time between two readings of a symbol. Where no source seems to
// have it, it is asked ever more seldom; one that came before rather comes again.
func (s *turn) interval(usual time.Duration) time.Duration {
	if s.misses < 2 {
		return usual
	}
	longest := rarest
	if !s.got.IsZero() {
		longest = seldomAgain * usual
	}
	return max(usual, min(longest, usual<<min(s.misses-1, 10)))
}

// take chooses which of the symbols that are due fit into a source's budget.
func (p *ReadingPlan) take(now time.Time, b *budget, due []candidate) []market.Ticker {
	size := max(1, b.terms.Batch)
	room := min(int(b.tokens+1e-9), b.share(p.o.Every)) * size
	if room == 0 || len(due) == 0 {
		return nil
	}
	byWait := func(x, y candidate) int { return cmp.Or(x.due.Compare(y.due), cmp.Compare(x.ticker, y.ticker)) }
	slices.SortFunc(due, byWait)
	if len(due) < size && p.o.Every <= gather && now.Sub(due[0].due) < gather && !p.fresh(due) {
		return nil
	}
	chosen := due
	if len(due) > room {
		// An odd one goes to each half in turn.
		b.odd = !b.odd
		waited := room / 2
		if b.odd {
			waited = room - waited
		}
		chosen = slices.Clone(due[:waited])
		rest := slices.Clone(due[waited:])
		slices.SortStableFunc(rest, func(x, y candidate) int { return cmp.Compare(x.distance, y.distance) })
		chosen = append(chosen, rest[:room-waited]...)
	}
	b.tokens -= float64((len(chosen) + size - 1) / size)
	out := make([]market.Ticker, len(chosen))
	for i, c := range chosen {
		out[i] = c.ticker
	}
	return out
}

// share is how many requests of a check suffice to read all open symbols once in
// an interval: if all were due at one check, the last of its quotes would wait for
// the rate.
func (b *budget) share(every time.Duration) int {
	interval := max(b.terms.Interval, every)
	requests := (b.load + max(1, b.terms.Batch) - 1) / max(1, b.terms.Batch)
	return max(1, int((time.Duration(requests)*every+interval-1)/interval))
}

// fresh tells whether one of the symbols was never read: somebody waits for it.
func (p *ReadingPlan) fresh(due []candidate) bool {
	return slices.ContainsFunc(due, func(c candidate) bool { return p.symbol(c.ticker).asked.IsZero() })
}

// Read learns what came of a reading.
func (p *ReadingPlan) Read(now time.Time, asked []market.Ticker, quotes []market.Quote, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	came := make(map[market.Ticker]bool, len(quotes))
	for _, q := range quotes {
		came[q.Ticker] = true
	}
	for _, ticker := range asked {
		s := p.symbol(ticker)
		switch {
		case came[ticker]:
			s.got, s.misses = now, 0
		case err == nil:
			s.misses++
		}
	}
}

// Cadence returns how often a symbol is really read while its market is open, or
// would be if it were watched; 0 where no source has it.
func (p *ReadingPlan) Cadence(ticker market.Ticker) time.Duration {
	source, terms := p.o.Serving(ticker)
	if source == "" {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	interval := max(terms.Interval, p.o.Every)
	load, near := 1, 0
	if b := p.budgets[source]; b != nil {
		load, near = max(1, b.load), b.near
	}
	capacity := max(1, rateOf(terms)*interval.Seconds()*float64(max(1, terms.Batch)))
	period := interval
	if float64(load) > capacity {
		served := min(float64(near), capacity/2)
		if p.distance(ticker) > nearby().Float() || float64(near) > served {
			period = time.Duration(float64(interval) * float64(load) / (capacity - served))
		}
	}
	// A symbol is read at a check, never between two.
	checks := (period + p.o.Every - 1) / p.o.Every
	return checks * p.o.Every
}

func (p *ReadingPlan) distance(ticker market.Ticker) float64 {
	if p.o.Distance != nil {
		if percent, ok := p.o.Distance(ticker); ok {
			return math.Abs(percent.Float())
		}
	}
	return math.Inf(1)
}

func (p *ReadingPlan) symbol(ticker market.Ticker) *turn {
	s := p.symbols[ticker]
	if s == nil {
		s = &turn{}
		p.symbols[ticker] = s
	}
	return s
}

// forget drops symbols that are no longer watched, now and then.
func (p *ReadingPlan) forget(watched []market.Ticker) {
	if len(p.symbols) <= 2*len(watched)+64 {
		return
	}
	kept := make(map[market.Ticker]*turn, len(watched))
	for _, ticker := range watched {
		if s := p.symbols[ticker]; s != nil {
			kept[ticker] = s
		}
	}
	p.symbols = kept
}

func (p *ReadingPlan) budget(source string, terms Terms) *budget {
	b := p.budgets[source]
	if b == nil {
		b = &budget{}
		p.budgets[source] = b
	}
	b.terms = terms
	return b
}

// fill adds the requests that the source serves until the next check. But for
// one they are not saved up: a check that could ask for more than its share
// would make the next one late.
func (b *budget) fill(now time.Time, every time.Duration) {
	rate := rateOf(b.terms)
	limit := max(1, rate*every.Seconds())
	switch {
	case b.filled.IsZero():
		b.tokens = limit
	case now.After(b.filled):
		b.tokens = min(limit+1, b.tokens+rate*now.Sub(b.filled).Seconds())
	}
	b.filled = now
}

func rateOf(terms Terms) float64 {
	if terms.Rate <= 0 {
		return unlimited
	}
	return terms.Rate
}
