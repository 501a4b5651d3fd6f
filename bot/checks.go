package bot

import (
	"context"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Cadence tells how often symbols are really read.
type Cadence interface {
	Cadence(ticker market.Ticker) time.Duration
}

// PriceChecks runs alerts.Checker as the schedule and the commands need it.
type PriceChecks struct {
	Checker *alerts.Checker
	Plan    Cadence
}

// Check implements QuoteChecks.
func (p PriceChecks) Check(ctx context.Context) (Checked, error) {
	out, err := p.Checker.Check(ctx)
	return Checked{Read: out.Quotes, Events: out.Events}, err
}

// Read implements QuoteChecks.
func (p PriceChecks) Read(ctx context.Context, tickers []market.Ticker) ([]market.Ticker, error) {
	return p.Checker.Read(ctx, tickers)
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
