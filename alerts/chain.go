package alerts

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"bellwether/alerts/market"
)

// ChainOptions say which sources a chain has.
type ChainOptions struct {
	// Sources are asked in this order for the classes that have no order of
	// their own. A source that does not serve a class is passed over.
	Sources []QuoteSource
	// ByClass gives the order for a class.
	ByClass map[market.Class][]QuoteSource
	// Class tells what a symbol is; ok is false where nobody knows, and then
	// the sources that serve every class are asked.
	Class func(ticker market.Ticker) (class market.Class, ok bool)
	// Report hears once when a source goes bad and once when it is well again.
	Report func(Notice)
	// Now is the clock; time.Now where nil. The circuit breakers' pauses run on
	// the system's clock.
	Now func() time.Time
	// Random gives numbers from 0 to below 1; math/rand where nil.
	Random func() float64
}

// Chain is several quote sources in order. What the first does not have or does
// not give is asked of the next; a source that refuses is left alone for five
// minutes, doubling to six hours, one that is out of order for a quarter of a
// minute, doubling to ten. Quotes keep the name of the source that gave them.
type Chain struct {
	fuses   []*fuse // each source once
	sources []*fuse
	byClass map[market.Class][]*fuse
	class   func(market.Ticker) (market.Class, bool)
}

// NewChain returns a chain of sources.
func NewChain(o ChainOptions) *Chain {
	now, random := o.Now, o.Random
	if now == nil {
		now = time.Now
	}
	if random == nil {
		random = rand.Float64
	}
	c := &Chain{class: o.Class, byClass: make(map[market.Class][]*fuse)}
	if c.class == nil {
		c.class = func(market.Ticker) (market.Class, bool) { return "", false }
	}
	known := make(map[QuoteSource]*fuse)
	fuses := func(sources []QuoteSource) []*fuse {
		var out []*fuse
		for _, s := range sources {
			if known[s] == nil {
				known[s] = newFuse(s, now, random, o.Report)
				c.fuses = append(c.fuses, known[s])
			}
			out = append(out, known[s])
		}
		return out
	}
	c.sources = fuses(o.Sources)
	for class, sources := range o.ByClass {
		c.byClass[class] = fuses(sources)
	}
	return c
}

// Name returns "chain"; quotes carry their own source's name.
func (c *Chain) Name() string { return "chain" }

// Terms returns those of the first source. What holds for a symbol is told by
// Serving.
func (c *Chain) Terms() Terms {
	if len(c.sources) == 0 {
		return Terms{}
	}
	return c.sources[0].source.Terms()
}

// order returns the sources to ask for a symbol.
func (c *Chain) order(ticker market.Ticker) []*fuse {
	class, ok := c.class(ticker)
	list := c.sources
	if own := c.byClass[class]; ok && len(own) > 0 {
		list = own
	}
	var out []*fuse
	for _, f := range list {
		classes := f.source.Terms().Classes
		if len(classes) == 0 || ok && slices.Contains(classes, class) {
			out = append(out, f)
		}
	}
	return out
}

// Serving returns the name and the terms of the source that a symbol is read
// from at this moment: the first that is not left alone. Where all are, it is
// the first; where there is none, the name is empty.
func (c *Chain) Serving(ticker market.Ticker) (source string, terms Terms) {
	order := c.order(ticker)
	for _, f := range order {
		if f.restsUntil().IsZero() {
			return f.source.Name(), f.source.Terms()
		}
	}
	if len(order) > 0 {
		return order[0].source.Name(), order[0].source.Terms()
	}
	return "", Terms{}
}

// Resting returns the sources that are left alone, and until when, in UTC.
func (c *Chain) Resting() map[string]time.Time {
	out := make(map[string]time.Time)
	for _, f := range c.fuses {
		if until := f.restsUntil(); !until.IsZero() {
			out[f.source.Name()] = until
		}
	}
	return out
}

// Quotes reads symbols from the first source that gives them. Where a symbol was
// given by none, and one of them failed, it returns the rest and the failures.
func (c *Chain) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	orders := make(map[market.Ticker][]*fuse, len(tickers))
	var left []market.Ticker
	for _, t := range tickers {
		if _, ok := orders[t]; !ok {
			orders[t] = c.order(t)
			left = append(left, t)
		}
	}
	r := &round{given: make(map[market.Ticker]bool), failures: make(map[market.Ticker][]error), never: c.never}
	for n := 0; len(left) > 0; n++ {
		groups := grouped(left, orders, n)
		if len(groups) == 0 {
			break
		}
		for _, g := range groups {
			r.ask(ctx, g)
			if err := ctx.Err(); err != nil {
				return r.quotes, err
			}
		}
		left = slices.DeleteFunc(left, func(t market.Ticker) bool { return r.given[t] })
	}
	return r.quotes, joined(left, r.failures)
}

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
	never    func(market.Ticker) bool // at nought
}

// never tells that a symbol cannot cost nothing: whoever says so has no price.
func (c *Chain) never(ticker market.Ticker) bool {
	class, ok := c.class(ticker)
	return !ok || class != market.ClassYield
}

// ask asks one source. What it gives beside what it was asked for is dropped.
func (r *round) ask(ctx context.Context, g *group) {
	got, err := g.fuse.do(func() ([]market.Quote, error) { return g.fuse.source.Quotes(ctx, g.tickers) })
	asked := make(map[market.Ticker]bool, len(g.tickers))
	for _, t := range g.tickers {
		asked[t] = true
	}
	for _, q := range got {
		if asked[q.Ticker] && !r.given[q.Ticker] && (!q.Price.IsZero() || !r.never(q.Ticker)) {
			r.given[q.Ticker] = true
			r.quotes = append(r.quotes, q)
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

// describe gives a source's resting a source's error.
func (f *fuse) describe(err error) error {
	if !errors.Is(err, errResting) {
		return err
	}
	e := &SourceError{Source: f.source.Name(), Reason: "it failed before and is left alone for now"}
	if until := f.restsUntil(); !until.IsZero() {
		e.Reason = "it failed before and is left alone until " + until.Format("15:04 UTC")
		e.RetryAfter = until.Sub(f.now())
	}
	return e
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

// SecondOpinion asks a source other than the named one for a symbol. A rate that
// is set once a day is no opinion on a price of this minute. Where nobody else
// serves the symbol the error wraps ErrSource.
func (c *Chain) SecondOpinion(ctx context.Context, ticker market.Ticker, besides string) (market.Quote, error) {
	failures := make(map[market.Ticker][]error)
	for _, f := range c.order(ticker) {
		if f.source.Name() == besides || f.source.Terms().Fix {
			continue
		}
		quotes, err := f.do(func() ([]market.Quote, error) { return f.source.Quotes(ctx, []market.Ticker{ticker}) })
		if ctx.Err() != nil {
			return market.Quote{}, ctx.Err()
		}
		for _, q := range quotes {
			if q.Ticker == ticker && !q.Fix {
				return q, nil
			}
		}
		if err != nil {
			failures[ticker] = append(failures[ticker], f.describe(err))
		}
	}
	if err := joined([]market.Ticker{ticker}, failures); err != nil {
		return market.Quote{}, err
	}
	return market.Quote{}, &SourceError{Source: c.Name(), Reason: "no other source has " + string(ticker)}
}

// Bars reads a symbol's past from the first source that has it.
func (c *Chain) Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	var failure error
	for _, f := range c.order(ticker) {
		source, ok := f.source.(BarSource)
		if !ok {
			continue
		}
		var bars []market.Bar
		err := f.aside(func() (err error) {
			bars, err = source.Bars(ctx, ticker, step, from)
			return err
		})
		if len(bars) > 0 || ctx.Err() != nil {
			class, _ := c.class(ticker)
			return market.Believable(class, bars), ctx.Err()
		}
		if err != nil && failure == nil {
			failure = f.describe(err)
		}
	}
	return nil, failure
}

// Search asks the sources that can search, in order, until one finds something.
func (c *Chain) Search(ctx context.Context, text string) ([]market.Symbol, error) {
	var failure error
	for _, f := range c.fuses {
		source, ok := f.source.(SymbolSource)
		if !ok {
			continue
		}
		var symbols []market.Symbol
		err := f.aside(func() (err error) {
			symbols, err = source.Search(ctx, text)
			return err
		})
		if len(symbols) > 0 || ctx.Err() != nil {
			return symbols, ctx.Err()
		}
		if err != nil && failure == nil {
			failure = f.describe(err)
		}
	}
	return nil, failure
}

// Failing returns the first of a symbol's sources that gives nothing at present.
func (c *Chain) Failing(ticker market.Ticker) (n Notice, ok bool) {
	for _, f := range c.order(ticker) {
		if n, ok = f.failing(); ok {
			return n, true
		}
	}
	return Notice{}, false
}
