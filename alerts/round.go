package alerts

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"bellwether/alerts/market"
)

// group is what one source is asked for.
type group struct {
	fuse    *fuse
	tickers []market.Ticker
}

// grouped puts symbols together by the source that stands n-th in their order.
func grouped(left []market.Ticker, orders map[market.Ticker][]*fuse, n int) []*group {
	var groups []*group
	byFuse := make(map[*fuse]*group)
	for _, t := range left {
		if n >= len(orders[t]) {
			continue
		}
		f := orders[t][n]
		if byFuse[f] == nil {
			byFuse[f] = &group{fuse: f}
			groups = append(groups, byFuse[f])
		}
		byFuse[f].tickers = append(byFuse[f].tickers, t)
	}
	return groups
}

// round is what came of asking so far.
type round struct {
	quotes   []market.Quote
	given    map[market.Ticker]bool
	failures map[market.Ticker][]error
	now      time.Time
	pace     *Pace
	// read are the answers without a doubt, doubts those with one; better is the
	// newest old quote of a symbol, which is taken where nobody has a new one.
	read   []paceKey
	doubts map[paceKey]Notice
	better map[market.Ticker]market.Quote
}

// ask asks one source. What it gives beside what it was asked for is dropped.
func (r *round) ask(ctx context.Context, g *group) {
	got, err := g.fuse.do(func() ([]market.Quote, error) { return g.fuse.source.Quotes(ctx, g.tickers) })
	asked := make(map[market.Ticker]bool, len(g.tickers))
	for _, t := range g.tickers {
		asked[t] = true
	}
	for _, q := range got {
		if asked[q.Ticker] && !r.given[q.Ticker] {
			r.take(q)
		}
	}
	if err == nil {
		return
	}
	for _, t := range g.tickers {
		if !r.given[t] {
			r.failures[t] = append(r.failures[t], g.fuse.describe(err))
		}
	}
}

// take takes a quote, or keeps it back where another source may have a better one.
func (r *round) take(q market.Quote) {
	n, doubted := r.pace.Doubt(q, r.now)
	key := paceKey{q.Ticker, q.Source}
	old, waits := r.better[q.Ticker]
	why := r.doubts[paceKey{q.Ticker, old.Source}].Reason
	still := waits && why == reasonStill // Else its time says nothing.
	if !doubted {
		if waits && (q.Fix || still && !q.Time.After(old.Time) || why == reasonWrong && old.Time.Sub(q.Time) > stillAfter+q.Delay) {
			return
		}
		r.read = append(r.read, key)
		r.give(q)
		return
	}
	r.doubts[key] = n
	// Nobody has no price; the guard says what it thinks of any other.
	if !q.Price.IsZero() && (!waits || n.Reason == reasonStill && (!still || q.Time.After(old.Time))) {
		r.better[q.Ticker] = q
	}
}

func (r *round) give(q market.Quote) {
	r.given[q.Ticker] = true
	r.quotes = append(r.quotes, q)
}

// settle takes old quotes where there are no new ones, remembers what is of no
// use and reports what changed.
func (c *Chain) settle(r *round, left []market.Ticker) {
	c.mu.Lock()
	for ticker := range r.given {
		delete(c.useless, ticker)
	}
	for _, ticker := range left {
		delete(c.giver, ticker)
		if q, ok := r.better[ticker]; ok {
			r.give(q)
		}
	}
	for _, q := range r.quotes {
		c.giver[q.Ticker] = q.Source
	}
	began, ended := map[string]Notice{}, map[string]Notice{}
	for key, n := range r.doubts {
		if known, ok := c.doubted[key]; ok {
			n.Since = known.Since
		} else {
			merge(began, n)
		}
		c.doubted[key] = n
		if slices.Contains(left, key.ticker) && r.decides(key, n) {
			c.useless[key.ticker] = n
		}
	}
	for _, key := range r.read {
		if n, known := c.doubted[key]; known {
			n.Over = true
			merge(ended, n)
			delete(c.doubted, key)
		}
	}
	c.mu.Unlock()
	for _, notices := range []map[string]Notice{began, ended} {
		for _, source := range slices.Sorted(maps.Keys(notices)) {
			if c.report != nil {
				c.report(notices[source])
			}
		}
	}
}

// decides tells that a doubt is what makes a symbol's quote useless, where nobody
// has a better one. Of a wrong price those concerned hear where the guard decides.
func (r *round) decides(key paceKey, n Notice) bool {
	old, ok := r.better[key.ticker]
	return n.Reason != reasonWrong && (!ok || old.Source == key.source)
}

// merge makes one notice of those on symbols of one source.
func merge(bySource map[string]Notice, n Notice) {
	if all, ok := bySource[n.Source]; ok {
		all.Tickers = append(slices.Clone(all.Tickers), n.Tickers...)
		slices.Sort(all.Tickers)
		if n.Since.Before(all.Since) {
			all.Since = n.Since
		}
		n = all
	}
	bySource[n.Source] = n
}

// joined puts the failures of the symbols that nobody gave together, each once.
func joined(left []market.Ticker, failures map[market.Ticker][]error) error {
	var all []error
	seen := make(map[string]bool)
	for _, t := range left {
		for _, err := range failures[t] {
			if !seen[err.Error()] {
				seen[err.Error()] = true
				all = append(all, err)
			}
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}
