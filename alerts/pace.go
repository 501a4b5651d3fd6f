package alerts

import (
	"sync"
	"time"

	"bellwether/alerts/market"
)

// Pace knows how often sources print new prices of symbols, and so notices a
// feed that stands still: it repeats an old price while the market is open. A
// source gives others their turn while its quote of a symbol is such a one. It
// is safe for concurrent use.
type Pace struct {
	// Sessions tells when symbols trade; nil where everything always does.
	Sessions Sessions
	// Class tells what a symbol is; ok is false where nobody knows.
	Class func(ticker market.Ticker) (class market.Class, ok bool)

	mu    sync.Mutex
	kept  map[paceKey]*pace
	swept time.Time
}

type paceKey struct {
	ticker market.Ticker
	source string
}

// pace is what is known of a source's prints of a symbol.
type pace struct {
	printed time.Time // the latest print's own time
	seen    time.Time // when that one was read first
	read    time.Time // when any was read last
	usual   time.Duration
}

const (
	// stillAfter is for how long a print is repeated before its feed stands still,
	// beside its delay: what trades at all is printed more often, but for shares
	// that nobody wants, which have their own usual time between two prints.
	stillAfter = 20 * time.Minute
	stillTimes = 10
	// longestPace bounds what counts as time between two prints: more is a night.
	longestPace = 3 * time.Hour
	// clockSlack is by how much a source's clock may be ahead.
	clockSlack = 2 * time.Minute
	// paceKept is how long a symbol that is not read any more is remembered.
	paceKept = 48 * time.Hour
)

// The reasons for which a source's quote is of no use now.
const (
	reasonStill  = "it repeats an old price while the market is open"
	reasonFuture = "the times of its prices are in the future"
	reasonNoneAt = "it gives no price that can be one"
	reasonAbsent = "it leaves them out"
)

// Doubt notes a quote as it was read and says what makes it useless at present;
// ok is false where nothing does.
func (p *Pace) Doubt(q market.Quote, now time.Time) (n Notice, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := paceKey{q.Ticker, q.Source}
	if p.kept == nil {
		p.kept = make(map[paceKey]*pace)
	}
	s := p.kept[key]
	if s == nil {
		p.sweep(now)
		s = &pace{}
		p.kept[key] = s
	}
	s.read = now
	n = Notice{Source: q.Source, Tickers: []market.Ticker{q.Ticker}}
	switch class, ok := p.class(q.Ticker); {
	case q.Price.IsZero() && (!ok || class != market.ClassYield),
		q.Price.Sign() < 0 && ok && class != market.ClassYield && class != market.ClassFuture:
		n.Since, n.Reason = now, reasonNoneAt
		return n, true
	case q.Time.After(now.Add(clockSlack)):
		n.Since, n.Reason = now, reasonFuture
		return n, true
	}
	if q.Time.After(s.printed) {
		if gap := q.Time.Sub(s.printed); gap < longestPace {
			s.usual = max((3*s.usual+gap)/4, gap/2)
		}
		first := s.printed.IsZero()
		s.printed, s.seen = q.Time, now
		if made := q.Time.Add(q.Delay); first && now.Sub(made) > 2*stillAfter && p.restless(q.Ticker) {
			s.seen = made // It stood still before we looked.
		}
	}
	n.Since, n.Reason = s.seen, reasonStill
	return n, p.still(q, s, now)
}

func (p *Pace) still(q market.Quote, s *pace, now time.Time) bool {
	if q.Fix || q.Time.IsZero() {
		return false
	}
	limit := max(stillAfter, stillTimes*s.usual) + q.Delay
	since := s.seen
	if p.Sessions != nil {
		open, opened := p.Sessions.Open(q.Ticker, now)
		if class, _ := p.class(q.Ticker); !open || opened.IsZero() && class != market.ClassCrypto {
			return false // Closed, or nobody knows whether it trades.
		}
		since = later(since, opened)
	}
	return now.Sub(since) > limit && (s.usual > 0 || p.restless(q.Ticker))
}

// restless tells that a symbol prints all the time that it trades, so that its
// pace need not be seen first.
func (p *Pace) restless(ticker market.Ticker) bool {
	class, ok := p.class(ticker)
	return ok && class != market.ClassEquity && class != market.ClassETF && class != market.ClassYield
}

func (p *Pace) class(ticker market.Ticker) (market.Class, bool) {
	if p.Class == nil {
		return "", false
	}
	return p.Class(ticker)
}

func (p *Pace) sweep(now time.Time) {
	if now.Sub(p.swept) < time.Hour {
		return
	}
	p.swept = now
	for key, s := range p.kept {
		if now.Sub(s.read) > paceKept {
			delete(p.kept, key)
		}
	}
}
