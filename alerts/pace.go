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
	// Last returns a symbol's last accepted quote, whose Time is zero where there
	// is none, so that a restart knows what was read before; may be nil.
	Last func(ticker market.Ticker) market.Quote
	// Wrong tells of a quote that it is like one that no further read of its source
	// can prove; may be nil. Gate has this method.
	Wrong func(q market.Quote) bool

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
	price   market.Price
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
	reasonWrong  = "its prices are far from all before"
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
	p.note(q, s, now)
	if p.Wrong != nil && p.Wrong(q) {
		n.Since, n.Reason = now, reasonWrong
		return n, true
	}
	n.Since, n.Reason = s.seen, reasonStill
	return n, p.still(q, s, now)
}

// note notes a print, where the quote is a new one.
func (p *Pace) note(q market.Quote, s *pace, now time.Time) {
	switch {
	case q.Time.After(s.printed):
		if gap := q.Time.Sub(s.printed); gap < longestPace {
			s.usual = max((3*s.usual+gap)/4, gap/2)
		}
		s.seen = now
		if s.printed.IsZero() {
			s.seen = p.before(q, now)
		}
		s.printed, s.price = q.Time, q.Price
	case q.Time.Equal(s.printed) && q.Price != s.price:
		s.seen, s.price = now, q.Price // Its times stand still, not its prices.
	}
}

// before returns when a print that is the first one read of its source was there:
// it may have stood still before we looked.
func (p *Pace) before(q market.Quote, now time.Time) time.Time {
	made := q.Time.Add(q.Delay)
	if p.Last != nil {
		switch last := p.Last(q.Ticker); {
		case last.Time.Equal(q.Time) && last.Price == q.Price && last.Received.Before(now):
			return last.Received
		case q.Time.Before(last.Time) && made.Before(now):
			return made // Others are further.
		}
	}
	if now.Sub(made) > 2*stillAfter && p.restless(q.Ticker) {
		return made
	}
	return now
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
