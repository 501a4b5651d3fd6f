package bot

import (
	"context"
	"errors"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Cadence tells how often symbols are really read.
type Cadence interface {
	Cadence(ticker market.Ticker) time.Duration
}

// GuardShelf keeps what the guard remembers.
type GuardShelf interface {
	PutGuardRecords(ctx context.Context, records map[market.Ticker]market.Record) error
}

// PriceChecks runs alerts.Checker as the schedule and the commands need it.
type PriceChecks struct {
	Checker *alerts.Checker
	Plan    Cadence
	Gate    *alerts.Gate
	Shelf   GuardShelf
	// Sources tells which source fails; nil where nobody knows.
	Sources Sources
}

// Sources knows how the sources of quotes are.
type Sources interface {
	// Failing returns the source that ought to be read for a symbol and fails.
	Failing(ticker market.Ticker) (n alerts.Notice, ok bool)
}

// Failing implements QuoteChecks.
func (p PriceChecks) Failing(ticker market.Ticker) (alerts.Notice, bool) {
	if p.Sources == nil {
		return alerts.Notice{}, false
	}
	return p.Sources.Failing(ticker)
}

// keep stores what the guard remembers anew. Where the process ends before, the
// accepted quotes still tell what it has to know.
func (p PriceChecks) keep(ctx context.Context) error {
	changed := p.Gate.Changed()
	if err := p.Shelf.PutGuardRecords(ctx, changed); err != nil {
		return err
	}
	p.Gate.Saved(changed)
	return nil
}

// Check implements QuoteChecks.
func (p PriceChecks) Check(ctx context.Context) (Checked, error) {
	out, err := p.Checker.Check(ctx)
	return Checked{Read: out.Quotes, Events: out.Events}, errors.Join(err, p.keep(ctx))
}

// CatchUp implements QuoteChecks.
func (p PriceChecks) CatchUp(ctx context.Context) (Checked, bool, error) {
	out, more, err := p.Checker.CatchUp(ctx)
	return Checked{Events: out.Events}, more, err
}

// Read implements QuoteChecks.
func (p PriceChecks) Read(ctx context.Context, tickers []market.Ticker) ([]market.Ticker, error) {
	missing, err := p.Checker.Read(ctx, tickers)
	return missing, errors.Join(err, p.keep(ctx))
}

// Cadence implements QuoteChecks.
func (p PriceChecks) Cadence(ticker market.Ticker) time.Duration { return p.Plan.Cadence(ticker) }

// ArticleChecks runs alerts.NewsChecker as the schedule needs it.
type ArticleChecks struct{ Checker *alerts.NewsChecker }

// Check implements FeedChecks.
func (a ArticleChecks) Check(ctx context.Context) (Checked, error) {
	out, err := a.Checker.Check(ctx)
	return Checked{Read: out.Articles, Events: out.Events}, err
}
