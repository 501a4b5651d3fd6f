// Package replay is a quote source without a network: a recording that is
// played again, or a simulated market whose prices are a pure function of a
// seed, a symbol and the time since its start. It decides what the demo's
// market does; it knows no rule and no chat.
package replay

import (
	"context"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Name is what quotes of this package carry as their source.
const Name = "replay"

// terms are those of a source that costs nothing.
func terms() alerts.Terms {
	return alerts.Terms{Batch: 500, Interval: time.Second, Rate: 100}
}

// Options say how the simulated market behaves.
type Options struct {
	// Seed chooses one of many markets; the same seed gives the same prices.
	Seed uint64
	// Start is when the market leaves its known values; Now's time where zero.
	Start time.Time
	// Speed scales the movement, not the clock: at 2 the market has done in 30
	// seconds what it does in a minute at 1. It is 1 where it is not positive.
	Speed float64
	// Now is the clock; time.Now where nil.
	Now func() time.Time
}

// Market is a simulated market of the strip's fifteen symbols and three shares.
// It never closes: a demo must move at any hour. A day begins at 00:00 UTC, and
// the price of that moment is the previous close.
//
// What happens in its first minute, at any seed and a speed of 1:
//   - BTC-USD starts at 61,955.88, stays below 62,000 for eight seconds, and has
//     crossed it upward within 30 seconds;
//   - NVDA starts at 122.67 and rises through 130.52, 5 % above its previous
//     close of 124.30, between the 25th and the 55th second;
//   - ^JKSE is near 7,125.14 and gives the false previous close 14,264.77 (for as
//     long as the market runs: the fault does not go away);
//   - no other symbol moves more than 1 % from its start.
type Market struct {
	seed        uint64
	start       time.Time
	speed       float64
	now         func() time.Time
	instruments map[market.Ticker]instrument
}

// New returns a simulated market.
func New(o Options) *Market {
	m := &Market{seed: o.Seed, start: o.Start.UTC(), speed: o.Speed, now: o.Now, instruments: instruments()}
	if m.now == nil {
		m.now = time.Now
	}
	if o.Start.IsZero() {
		m.start = m.now().UTC()
	}
	if !(m.speed > 0) {
		m.speed = 1
	}
	return m
}

// Name returns "replay".
func (m *Market) Name() string { return Name }

// Terms tell that everything may be read once a second.
func (m *Market) Terms() alerts.Terms { return terms() }

// Quotes returns the prices of this moment.
func (m *Market) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := m.now().UTC().Truncate(time.Millisecond)
	quotes := make([]market.Quote, 0, len(tickers))
	for _, ticker := range tickers {
		in, ok := m.instruments[ticker]
		if !ok {
			continue
		}
		quotes = append(quotes, market.Quote{
			Ticker: ticker, Price: m.price(ticker, in, now), PreviousClose: m.previousClose(ticker, in, now),
			Time: now, Received: now, Currency: in.currency, Unit: in.unit, Source: Name,
		})
	}
	return quotes, nil
}

// Price returns what a symbol costs at a time, before or after the start; ok is
// false where the market does not have it.
func (m *Market) Price(ticker market.Ticker, at time.Time) (price market.Price, ok bool) {
	in, ok := m.instruments[ticker]
	if !ok {
		return 0, false
	}
	return m.price(ticker, in, at.UTC()), true
}

func (m *Market) previousClose(ticker market.Ticker, in instrument, at time.Time) market.Price {
	midnight := at.Truncate(day)
	switch {
	case in.falseClose != 0:
		return in.falseClose
	case !midnight.After(m.start):
		return in.previous
	}
	return m.price(ticker, in, midnight)
}

const day = 24 * time.Hour
