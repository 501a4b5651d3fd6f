package replay

import (
	"context"
	"time"

	"bellwether/alerts/market"
)

const (
	maxBars = 5000
	// samples is how many prices of a bar are looked at for its high and low.
	samples = 12
)

// Bars returns the market's past up to this moment; the last bar may still be
// going on. At most the newest 5,000 bars are returned.
func (m *Market) Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in, ok := m.instruments[ticker]
	if !ok || step <= 0 {
		return nil, nil
	}
	now := m.now().UTC()
	begin := from.UTC().Truncate(step)
	if begin.Before(from) {
		begin = begin.Add(step)
	}
	if oldest := now.Truncate(step).Add(-(maxBars - 1) * step); begin.Before(oldest) {
		begin = oldest
	}
	var bars []market.Bar
	for at := begin; !at.After(now); at = at.Add(step) {
		end := at.Add(step)
		if end.After(now) {
			end = now
		}
		bars = append(bars, m.bar(ticker, in, at, end))
	}
	return bars, nil
}

func (m *Market) bar(ticker market.Ticker, in instrument, from, until time.Time) market.Bar {
	open := m.price(ticker, in, from)
	bar := market.Bar{Time: from, Open: open, High: open, Low: open, Close: open}
	for i := 1; i <= samples; i++ {
		p := m.price(ticker, in, from.Add(until.Sub(from)*time.Duration(i)/samples))
		if bar.High.Less(p) {
			bar.High = p
		}
		if p.Less(bar.Low) {
			bar.Low = p
		}
		bar.Close = p
	}
	return bar
}
