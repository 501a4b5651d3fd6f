package bot

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// BarShelf keeps bars.
type BarShelf interface {
	// Bars returns stored bars, oldest first.
	Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error)
	// PutBars keeps bars, replacing those of the same time.
	PutBars(ctx context.Context, ticker market.Ticker, step time.Duration, bars []market.Bar) error
}

// PastKeeper is the History of symbols in use: what was seen in checks, filled
// up from the source's own charts when somebody looks.
type PastKeeper struct {
	Shelf  BarShelf
	Source alerts.BarSource // nil: only what was seen
	// Told hears of what the source gave; may be nil.
	Told func(line market.Line)
	Now  func() time.Time
	Log  *slog.Logger

	asking singleflight.Group
	mu     sync.Mutex
	asked  map[pastKey]answered // when the source was asked last
	open   map[market.Ticker]market.Bar
}

type pastKey struct {
	ticker market.Ticker
	step   time.Duration
	from   int64 // days since 1970: a longer look asks again
}

// answered is when a source answered, and whether it gave anything: where not, it
// is asked for all again.
type answered struct {
	at   time.Time
	gave bool
}

// noteStep is the length of the bars that are made of checks.
const noteStep = 5 * time.Minute

// Line implements History.
func (p *PastKeeper) Line(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) (market.Line, error) {
	p.fill(ctx, ticker, step, from)
	bars, err := p.Shelf.Bars(ctx, ticker, step, from)
	return market.Line{Ticker: ticker, Step: step, Bars: bars}, err
}

// fill asks the source for bars, at most once in a bar's time; what it does not
// give is left out.
func (p *PastKeeper) fill(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) {
	if p.Source == nil {
		return
	}
	key := pastKey{ticker, step, from.Unix() / 86400}
	now := p.Now()
	p.mu.Lock()
	last, known := p.asked[key]
	p.mu.Unlock()
	if known && now.Sub(last.at) < min(step, 15*time.Minute) {
		return
	}
	_, err, _ := p.asking.Do(string(ticker)+step.String()+from.Format("2006-01-02"), func() (any, error) {
		since := from
		if last.gave {
			since = last.at.Add(-2 * step)
		}
		bars, err := p.Source.Bars(ctx, ticker, step, since)
		if err != nil {
			return nil, err
		}
		p.mu.Lock()
		if p.asked == nil || len(p.asked) > 10_000 {
			p.asked = make(map[pastKey]answered)
		}
		p.asked[key] = answered{now, last.gave || len(bars) > 0}
		p.mu.Unlock()
		if p.Told != nil {
			p.Told(market.Line{Ticker: ticker, Step: step, Bars: bars})
		}
		return nil, p.Shelf.PutBars(ctx, ticker, step, bars)
	})
	if err != nil {
		p.Log.Warn("fill up history", "ticker", ticker, "error", err)
	}
}

// Note takes an accepted quote into the bar of its five minutes. A bar is kept
// when it is over.
func (p *PastKeeper) Note(ctx context.Context, q market.Quote) {
	start := q.Time.UTC().Truncate(noteStep)
	p.mu.Lock()
	if p.open == nil {
		p.open = make(map[market.Ticker]market.Bar)
	}
	bar, ok := p.open[q.Ticker]
	var over []market.Bar
	switch {
	case ok && start.Before(bar.Time):
		p.mu.Unlock()
		return
	case ok && bar.Time.Equal(start):
		if q.Price.Less(bar.Low) {
			bar.Low = q.Price
		}
		if bar.High.Less(q.Price) {
			bar.High = q.Price
		}
		bar.Close = q.Price
	default:
		if ok {
			over = append(over, bar)
		}
		bar = market.Bar{Time: start, Open: q.Price, High: q.Price, Low: q.Price, Close: q.Price}
	}
	p.open[q.Ticker] = bar
	p.mu.Unlock()
	if err := p.Shelf.PutBars(ctx, q.Ticker, noteStep, over); err != nil {
		p.Log.Warn("keep bars", "ticker", q.Ticker, "error", err)
	}
}
