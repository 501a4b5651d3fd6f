package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bellwether/alerts/market"
)

// Planner says which symbols are to be read, and learns how that went.
type Planner interface {
	// Due returns the symbols to read now, of those that somebody watches.
	Due(now time.Time, watched []market.Ticker) []market.Ticker
	// Read tells which symbols were asked for, what came, and the source's error.
	Read(now time.Time, asked []market.Ticker, quotes []market.Quote, err error)
}

// Verdict is what a guard makes of a quote.
type Verdict struct {
	// Accepted tells that the quote is believed and new; Held that it waits for
	// a second one to confirm it. Where neither, it is passed over.
	Accepted, Held bool
	// Confirmed is when the quote confirmed a held one; zero where it did not.
	Confirmed time.Time
	// Bears tells that the quote that was held before is believed by now.
	Bears bool
	// Base is the previous close to believe, 0 for none; BaseAt its time, UTC.
	Base   market.Price
	BaseAt time.Time
	Reason string // why it is not accepted, in plain words
	// Repeat tells that the quote is the one that was accepted last. It counts as
	// accepted where that was not saved.
	Repeat bool
	// Split is set with a held quote that a split explains.
	Split market.Split
	// Undone is set with an accepted quote that shows an earlier jump to have
	// been false.
	Undone market.Jump
	// Doubt is set once, when a price that only a second source or the operator
	// can confirm has come again.
	Doubt *Doubt
}

// Doubt is a price that waits for a decision.
type Doubt struct {
	Price, Last market.Price
	Since       time.Time // UTC; when it was seen first
	Reason      string    // plain words
}

// Guard decides which quotes to believe.
type Guard interface {
	// Judge judges a quote against the symbol's last accepted one, whose Time is
	// zero where there is none. Other is the symbol whose quote it seems to be;
	// "" for none.
	Judge(last Standing, quote market.Quote, other market.Ticker, now time.Time) Verdict
}

// Checker does the checks of prices: it reads the symbols that are due, asks
// the guard which quotes to believe, evaluates the rules that they touch and
// saves what came of it. One check runs at a time; a second waits for the first.
type Checker struct {
	Store   Store
	Source  QuoteSource
	Planner Planner
	Guard   Guard
	Book    *Book
	View    View      // may be nil; Latest is answered by the checker itself
	Hours   Hours     // may be nil
	Bars    BarSource // for what happened during an outage, see CatchUp; nil to leave that out
	// Outage is the least gap between two checks after which Bars are read.
	Outage time.Duration
	// Watched are symbols to be read beside those of rules (lists, the strip).
	Watched func(ctx context.Context) ([]market.Ticker, error)
	// Rescaled hears that a symbol was split, after its rules are held and its
	// last quote is rescaled; may be nil.
	Rescaled func(ctx context.Context, ticker market.Ticker, split market.Split)
	// Retracted hears that a symbol's prices from a time on were false, before
	// what is believed instead is told; may be nil.
	Retracted func(ticker market.Ticker, from time.Time)
	// Keep keeps, opaque to everyone else, which symbols are still to be looked at
	// by CatchUp, so that a process that ends before finds them again; Kept is what
	// it was given last. May be nil.
	Keep func(ctx context.Context, missed string) error
	Kept string
	// Filled hears of the bars of an outage and the quote before it, ere rules are
	// judged on them; may be nil.
	Filled func(ctx context.Context, before Standing, line market.Line)
	// Watch notices quotes that fail to come; may be nil.
	Watch *Watch
	// Told hears of the quotes that were accepted and saved; may be nil.
	Told func(ctx context.Context, standings []Standing)
	Now  func() time.Time
	Log  *slog.Logger

	running sync.Mutex
	waiting atomic.Bool // there is something for CatchUp
	mu      sync.Mutex  // guards the fields below
	last    map[market.Ticker]Standing
	checked time.Time

	// Used by the running check alone:

	// resumed is when checks began again after an outage, caught the symbols
	// of which a quote came since.
	resumed time.Time
	caught  map[market.Ticker]bool
	away    away
	// held are the ticks that wait for a confirmation, as they were.
	held map[market.Ticker]Tick
	// refused is why quotes of symbols are passed over, as it was logged.
	refused map[market.Ticker]string
	// far are quotes that were far from their symbols' last ones.
	far map[market.Ticker]farStep
	// crossings are quotes that wait for a second read because another source
	// gave them than the last accepted one.
	crossings map[market.Ticker]market.Quote
}

// Outcome counts what a check did.
type Outcome struct {
	Asked    int // symbols
	Quotes   int // that came
	Accepted int
	Held     int
	Events   int
}

// Start loads the last accepted quotes. Rules are put into the Book after it
// and before the first check.
func (c *Checker) Start(ctx context.Context) error {
	standings, err := c.Store.Standings(ctx)
	if err != nil {
		return fmt.Errorf("load accepted quotes: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = make(map[market.Ticker]Standing, len(standings))
	for _, s := range standings {
		c.last[s.Quote.Ticker] = s
	}
	c.Book.Seen(standings...)
	c.crossings, c.held = map[market.Ticker]market.Quote{}, map[market.Ticker]Tick{}
	c.refused = map[market.Ticker]string{}
	c.away.recall(c.Kept)
	c.wait()
	return nil
}

// Latest returns a symbol's last accepted quote.
func (c *Checker) Latest(ticker market.Ticker) (Standing, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.last[ticker]
	return s, ok
}

// Check does one check. Where a part of the symbols could not be read, the rest
// is evaluated and saved, and the source's error is returned.
func (c *Checker) Check(ctx context.Context) (Outcome, error) {
	c.running.Lock()
	defer c.running.Unlock()
	now := c.Now()
	watched := c.Book.Tickers()
	if c.Watched != nil {
		more, err := c.Watched(ctx)
		if err != nil {
			return Outcome{}, fmt.Errorf("load watched symbols: %w", err)
		}
		watched = append(watched, more...)
	}
	slices.Sort(watched)
	due := c.Planner.Due(now, slices.Compact(watched))
	out := Outcome{Asked: len(due)}
	var quotes []market.Quote
	var sourceErr error
	if len(due) > 0 {
		quotes, sourceErr = c.Source.Quotes(ctx, due)
		c.Planner.Read(now, due, quotes, sourceErr)
		out.Quotes = len(quotes)
	}
	run := &run{checker: c, now: now, out: &out}
	for _, id := range c.Book.Waking(now) {
		if err := run.add(ctx, work{rule: id, wake: true}); err != nil {
			return out, err
		}
	}
	if c.Outage > 0 && (c.checked.IsZero() || now.Sub(c.checked) >= c.Outage) {
		c.resumed, c.caught = now, map[market.Ticker]bool{}
	}
	if err := c.judge(ctx, run, quotes); err != nil {
		return out, err
	}
	c.checked = now
	if c.Watch != nil {
		if err := c.watch(ctx, run, due, quotes, sourceErr); err != nil {
			return out, err
		}
	}
	if sourceErr != nil {
		return out, fmt.Errorf("read quotes: %w", sourceErr)
	}
	return out, nil
}

// Correct takes firings back whose quote turned out false.
func (c *Checker) Correct(ctx context.Context, reason string, firings ...Firing) error {
	c.running.Lock()
	defer c.running.Unlock()
	run := &run{checker: c, now: c.Now(), out: &Outcome{}}
	for _, f := range firings {
		if err := run.add(ctx, work{rule: f.Rule.ID, firing: &f, reason: reason}); err != nil {
			return err
		}
	}
	return run.flush(ctx)
}

// commit saves a batch, and tells whether rules changed meanwhile.
func (c *Checker) commit(ctx context.Context, batch Batch) (conflict bool, err error) {
	if len(batch.States)+len(batch.Events)+len(batch.Standings)+len(batch.Holds) == 0 {
		return false, nil
	}
	err = c.Store.Commit(ctx, batch)
	if _, changed := errors.AsType[*ConflictError](err); changed {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("save check: %w", err)
	}
	return false, nil
}
