package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
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
	// Base is the previous close to believe, 0 for none; BaseAt its time, UTC.
	Base   market.Price
	BaseAt time.Time
	Reason string // why it is not accepted, in plain words
}

// Guard decides which quotes to believe.
type Guard interface {
	// Judge judges a quote against the symbol's last accepted one, whose Time is
	// zero where there is none.
	Judge(last Standing, quote market.Quote, now time.Time) Verdict
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
	Bars    BarSource // for what happened during an outage; nil to leave that out
	// Outage is the least gap between two checks after which Bars are read.
	Outage time.Duration
	// Watched are symbols to be read beside those of rules (lists, the strip).
	Watched func(ctx context.Context) ([]market.Ticker, error)
	// Told hears of the quotes that were accepted and saved; may be nil.
	Told func(ctx context.Context, standings []Standing)
	Now  func() time.Time
	Log  *slog.Logger

	running sync.Mutex
	mu      sync.Mutex // guards the fields below
	last    map[market.Ticker]Standing
	checked time.Time
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
	gap := c.Outage > 0 && (c.checked.IsZero() || now.Sub(c.checked) >= c.Outage)
	if err := c.judge(ctx, run, quotes, gap); err != nil {
		return out, err
	}
	c.checked = now
	if sourceErr != nil {
		return out, fmt.Errorf("read quotes: %w", sourceErr)
	}
	return out, nil
}

// judge takes the quotes in the order of their times.
func (c *Checker) judge(ctx context.Context, run *run, quotes []market.Quote, gap bool) error {
	slices.SortStableFunc(quotes, func(a, b market.Quote) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Ticker, b.Ticker))
	})
	for _, quote := range quotes {
		last := run.latest(quote.Ticker)
		verdict := c.Guard.Judge(last, quote, run.now)
		if !verdict.Accepted && !verdict.Held {
			if verdict.Reason != "" {
				c.Log.Info("quote not accepted", "ticker", quote.Ticker, "price", quote.Price.String(),
					"source", quote.Source, "reason", verdict.Reason)
			}
			continue
		}
		if gap && verdict.Accepted {
			c.missed(ctx, run, last, quote)
			last = run.latest(quote.Ticker)
		}
		tick := Tick{
			Ticker: quote.Ticker, From: last.Quote, To: quote, Base: verdict.Base, BaseAt: verdict.BaseAt,
			Held: verdict.Held, Confirmed: verdict.Confirmed, Hours: c.Hours,
		}
		if verdict.Held {
			run.out.Held++
		} else {
			run.out.Accepted++
		}
		if err := run.tick(ctx, tick); err != nil {
			return err
		}
	}
	return run.flush(ctx)
}

// missed replays what the bars tell of the time between two accepted quotes.
func (c *Checker) missed(ctx context.Context, run *run, last Standing, quote market.Quote) {
	from := last.Quote.Time
	if c.Bars == nil || from.IsZero() || quote.Time.Sub(from) < c.Outage || !c.Book.Has(quote.Ticker) {
		return
	}
	step := 5 * time.Minute
	if quote.Time.Sub(from) > 5*day {
		step = day
	}
	bars, err := c.Bars.Bars(ctx, quote.Ticker, step, from)
	if err != nil {
		c.Log.Warn("bars of the outage not read", "ticker", quote.Ticker, "error", err)
		return
	}
	for _, tick := range barTicks(last, market.Line{Ticker: quote.Ticker, Step: step, Bars: bars}) {
		if !tick.To.Time.After(from) || !tick.To.Time.Before(quote.Time) {
			continue
		}
		tick.Missed, tick.Hours = true, c.Hours
		tick.From = last.Quote
		if err := run.tick(ctx, tick); err != nil {
			c.Log.Warn("outage not evaluated to its end", "ticker", quote.Ticker, "error", err)
			return
		}
		last.Quote = tick.To
	}
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
	if len(batch.States)+len(batch.Events)+len(batch.Standings) == 0 {
		return false, nil
	}
	err = c.Store.Commit(ctx, batch)
	var changed *ConflictError
	if errors.As(err, &changed) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("save check: %w", err)
	}
	return false, nil
}
