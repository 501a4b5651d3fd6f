package alerts

import (
	"math"
	"slices"

	"bellwether/alerts/market"
)

const (
	// farAway is the least step, as a logarithm, of two quotes that may have been
	// given to each other's symbols; below, chance makes such pairs.
	farAway = 0.14
	// sameAs is how near, likewise, each is to the other's last price.
	sameAs = 0.01
)

// unswapped leaves out the quotes of two symbols that a source mixed up: each
// stands where the other stood, and neither where itself did. Their next right
// quotes are judged as if nothing had been.
func (c *Checker) unswapped(run *run, quotes []market.Quote) []market.Quote {
	type step struct{ last, now float64 }
	far := map[market.Ticker]step{}
	for _, q := range quotes {
		last := run.latest(q.Ticker).Quote
		if last.Price.Sign() <= 0 || q.Price.Sign() <= 0 {
			continue
		}
		s := step{math.Log(last.Price.Float()), math.Log(q.Price.Float())}
		if math.Abs(s.now-s.last) > farAway {
			far[q.Ticker] = s
		}
	}
	if len(far) < 2 {
		return quotes
	}
	mixed := func(q market.Quote) bool {
		a, ok := far[q.Ticker]
		if !ok {
			return false
		}
		for other, b := range far {
			if other != q.Ticker && math.Abs(a.now-b.last) < sameAs && math.Abs(b.now-a.last) < sameAs {
				c.Log.Warn("quotes of two symbols are mixed up", "ticker", q.Ticker, "other", other, "source", q.Source)
				return true
			}
		}
		return false
	}
	return slices.DeleteFunc(slices.Clone(quotes), mixed)
}
