package alerts

import (
	"math"
	"time"

	"bellwether/alerts/market"
)

const (
	// farAway is the least step, as a logarithm, of quotes that may have been
	// given to each other's symbols; below, chance makes such pairs.
	farAway = 0.14
	// sameAs is how near, likewise, each is to the other's last price.
	sameAs = 0.01
	// farKept is for how long a far quote is remembered, for the ones of the other
	// symbols, which may be read by another check.
	farKept = 10 * time.Minute
)

// farStep is a step of a symbol's price that is far, in logarithms.
type farStep struct {
	last, now float64
	at        time.Time
}

// mixed finds quotes that a source has given to each other's symbols: each stands
// where another one stood, in a circle, and none where itself did. It returns
// for each of these symbols the one whose quote it seems to have.
func (c *Checker) mixed(run *run, quotes []market.Quote) map[market.Ticker]market.Ticker {
	if c.far == nil {
		c.far = map[market.Ticker]farStep{}
	}
	for ticker, s := range c.far {
		if run.now.Sub(s.at) > farKept {
			delete(c.far, ticker)
		}
	}
	for _, q := range quotes {
		delete(c.far, q.Ticker)
		last := run.latest(q.Ticker).Quote
		if last.Price.Sign() <= 0 || q.Price.Sign() <= 0 {
			continue
		}
		s := farStep{math.Log(last.Price.Float()), math.Log(q.Price.Float()), run.now}
		if math.Abs(s.now-s.last) > farAway {
			c.far[q.Ticker] = s
		}
	}
	if len(c.far) < 2 {
		return nil
	}
	out := map[market.Ticker]market.Ticker{}
	for _, q := range quotes {
		if _, far := c.far[q.Ticker]; !far {
			continue
		}
		if other, ok := c.circle(q.Ticker); ok {
			out[q.Ticker] = other
		}
	}
	return out
}

// circle returns the symbol where a symbol's quote stood, if one gets back from
// there to the first by such steps. A market that falls as a whole makes no
// circles.
func (c *Checker) circle(start market.Ticker) (market.Ticker, bool) {
	seen := map[market.Ticker]bool{start: true}
	var back func(at market.Ticker) bool
	back = func(at market.Ticker) bool {
		for other, s := range c.far {
			if math.Abs(c.far[at].now-s.last) >= sameAs {
				continue
			}
			if other == start {
				return true
			}
			if !seen[other] {
				seen[other] = true
				if back(other) {
					return true
				}
			}
		}
		return false
	}
	for other, s := range c.far {
		if other == start || math.Abs(c.far[start].now-s.last) >= sameAs {
			continue
		}
		clear(seen)
		seen[start], seen[other] = true, true
		if back(other) {
			return other, true
		}
	}
	return "", false
}
