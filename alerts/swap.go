package alerts

import (
	"maps"
	"math"
	"time"

	"bellwether/alerts/market"
)

const (
	// farAway is the least step, as a logarithm, of quotes that may have been
	// given to each other's symbols; below, chance makes such pairs. Where more
	// than few move at once, so does the market, and farApart is the least; in a
	// storm of more than many nothing is to be told apart.
	farAway  = 0.04
	farApart = 0.14
	few      = 8
	many     = 300
	// sameAs is how near each is to the other's last price, as a part of its step
	// and at most.
	sameAs     = 1.0 / 14
	sameAsMost = 0.01
	// farKept is for how long a far quote is remembered, for the ones of the other
	// symbols, which may be read by another check.
	farKept = 10 * time.Minute
)

// farStep is a step of a symbol's price that is far, in logarithms.
type farStep struct {
	last, now float64
	read      time.Time
}

// mixed finds quotes that a source has given to each other's symbols: each stands
// where another one stood, in a circle, and none where itself did. It returns
// for each of these symbols the one whose quote it seems to have.
func (c *Checker) mixed(run *run, quotes []market.Quote) map[market.Ticker]market.Ticker {
	if c.far == nil {
		c.far = map[market.Ticker]farStep{}
	}
	for ticker, s := range c.far {
		if run.now.Sub(s.read) > farKept {
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
	if len(c.far) > few {
		maps.DeleteFunc(c.far, func(_ market.Ticker, s farStep) bool { return math.Abs(s.now-s.last) < farApart })
	}
	if len(c.far) < 2 || len(c.far) > many {
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

// at tells that a step ends where another one began.
func (s farStep) at(other farStep) bool {
	return math.Abs(s.now-other.last) < min(sameAsMost, sameAs*math.Abs(s.now-s.last))
}

// circle returns the symbol where a symbol's quote stood, if one gets back from
// there to the first by such steps. A market that falls as a whole makes no
// circles.
func (c *Checker) circle(start market.Ticker) (market.Ticker, bool) {
	seen := map[market.Ticker]bool{start: true}
	var back func(at market.Ticker) bool
	back = func(at market.Ticker) bool {
		for other, s := range c.far {
			if !c.far[at].at(s) {
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
		if other == start || !c.far[start].at(s) {
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
