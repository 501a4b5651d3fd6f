package alerts

import (
	"context"
	"fmt"

	"bellwether/alerts/market"
)

// retract takes back what false prices made rules tell, where a verdict shows
// some to be, and has the tick begin where the price was before them: the way
// back crossed nothing either.
func (r *run) retract(ctx context.Context, tick *Tick, verdict Verdict) error {
	jump := verdict.Undone
	if !verdict.Accepted || jump.None() {
		return nil
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	c := r.checker
	c.Log.Warn("price was false", "ticker", tick.Ticker, "price", jump.After.Price.String(),
		"before", jump.Before.Price.String(), "now", tick.To.Price.String(), "source", jump.After.Source)
	err := c.Store.EachFiring(ctx, tick.Ticker, jump.After.Seen, func(firings []Firing) error {
		for _, f := range firings {
			f.Back = tick.To
			if err := r.add(ctx, work{rule: f.Rule.ID, firing: &f}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take alerts back: %w", err)
	}
	tick.From = market.Quote{Ticker: tick.Ticker, Price: jump.Before.Price, Time: jump.Before.Time, Received: jump.Before.Seen, Source: jump.Before.Source}
	tick.Retracted = true
	if c.Retracted != nil {
		c.Retracted(tick.Ticker, jump.After.Time)
	}
	return r.flush(ctx)
}
