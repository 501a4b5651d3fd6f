package alerts

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
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
	// Pace notices quotes that are of no use at present, for which the next
	// source is asked; nil takes all that can be prices.
	Pace *Pace
	// Report hears once when a source goes bad and once when it is well again;
	// with Tickers where that is only so of some symbols.
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
	pace    *Pace
	report  func(Notice)
	now     func() time.Time

	mu      sync.Mutex
	doubted map[paceKey]Notice // by symbol and source, while it lasts
	useless map[market.Ticker]Notice
	giver   map[market.Ticker]string // the source of the last quote, where the last asking brought one
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
	c := &Chain{
		class: o.Class, byClass: make(map[market.Class][]*fuse), pace: o.Pace, report: o.Report, now: now,
		doubted: make(map[paceKey]Notice), useless: make(map[market.Ticker]Notice), giver: make(map[market.Ticker]string),
	}
	if c.class == nil {
		c.class = func(market.Ticker) (market.Class, bool) { return "", false }
	}
	if c.pace == nil {
		c.pace = &Pace{Class: c.class, Sessions: neverOpen{}}
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
	r := &round{
		given: make(map[market.Ticker]bool), failures: make(map[market.Ticker][]error), now: c.now(), pace: c.pace,
		doubts: make(map[paceKey]Notice), better: make(map[market.Ticker]market.Quote),
	}
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
	c.settle(r, left)
	left = slices.DeleteFunc(left, func(t market.Ticker) bool { return r.given[t] })
	return r.quotes, joined(left, r.failures)
}

// neverOpen are sessions in which nothing can stand still.
type neverOpen struct{}

func (neverOpen) Open(market.Ticker, time.Time) (bool, time.Time) { return false, time.Time{} }

// Useless tells since when all that the sources give of a symbol is of no use, and
// why; ok is false where it is.
func (c *Chain) Useless(ticker market.Ticker) (n Notice, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, ok = c.useless[ticker]
	return n, ok
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
		now := c.now().Add(clockSlack)
		bars = slices.DeleteFunc(bars, func(b market.Bar) bool { return b.Time.After(now) }) // Nothing prunes the future.
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

// Failing returns the first of a symbol's sources that gives nothing at present; a
// source that nobody needs, since one before it gives the symbol, does not count.
func (c *Chain) Failing(ticker market.Ticker) (n Notice, ok bool) {
	c.mu.Lock()
	giver := c.giver[ticker]
	c.mu.Unlock()
	for _, f := range c.order(ticker) {
		if n, ok = f.failing(); ok {
			return n, true
		}
		if f.source.Name() == giver {
			break
		}
	}
	return c.Useless(ticker)
}

// Faults returns a symbol's sources in the order in which they are asked, with
// what is wrong at present with each or with its quotes of the symbol; a source
// of which nothing is known has no Reason.
func (c *Chain) Faults(ticker market.Ticker) []Notice {
	order := c.order(ticker)
	out := make([]Notice, len(order))
	for i, f := range order {
		n, ok := f.failing()
		if !ok {
			c.mu.Lock()
			n, ok = c.doubted[paceKey{ticker, f.source.Name()}]
			c.mu.Unlock()
		}
		if !ok {
			n = Notice{Source: f.source.Name()}
		}
		out[i] = n
	}
	return out
}
