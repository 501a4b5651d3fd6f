package alerts

import (
	"context"
	"fmt"

	"bellwether/alerts/market"
)

// Read does a check of these symbols alone, whatever is due, and returns those
// of which no quote came. It waits for a check under way.
func (c *Checker) Read(ctx context.Context, tickers []market.Ticker) (missing []market.Ticker, err error) {
	c.running.Lock()
	defer c.running.Unlock()
	now := c.Now()
	quotes, sourceErr := c.Source.Quotes(ctx, tickers)
	c.Planner.Read(now, tickers, quotes, sourceErr)
	came := make(map[market.Ticker]bool, len(quotes))
	for _, q := range quotes {
		came[q.Ticker] = true
	}
	for _, t := range tickers {
		if !came[t] {
			missing = append(missing, t)
		}
	}
	out := &Outcome{Asked: len(tickers), Quotes: len(quotes)}
	if err := c.judge(ctx, &run{checker: c, now: now, out: out}, quotes); err != nil {
		return missing, err
	}
	if sourceErr != nil {
		return missing, fmt.Errorf("read quotes: %w", sourceErr)
	}
	return missing, nil
}
