package main

import (
	"context"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

const (
	// recallSymbols bounds how many symbols' pasts are read at the start.
	recallSymbols = 2000
	recallDays    = 400
	recallHours   = 9 * 24
	// warmPause lies between two symbols whose past is asked for, so that
	// quotes come first.
	warmPause = 3 * time.Second
)

// recall fills the trail, from which windows, highs and lows are measured, with
// what was stored before the last stop.
func (p *parts) recall(ctx context.Context) error {
	standings, err := p.store.Checks().Standings(ctx)
	if err != nil {
		return err
	}
	now := p.now()
	for _, s := range standings[:min(len(standings), recallSymbols)] {
		t := s.Quote.Ticker
		days, err := p.store.Bars(ctx, t, 24*time.Hour, now.AddDate(0, 0, -recallDays))
		if err != nil {
			return err
		}
		fine, err := p.store.Bars(ctx, t, 5*time.Minute, now.Add(-recallHours*time.Hour))
		if err != nil {
			return err
		}
		for _, bar := range fine {
			end := bar.Time.Add(5*time.Minute - time.Second)
			if end.After(s.Quote.Time) {
				break
			}
			p.trail.Note(alerts.Standing{Quote: market.Quote{Ticker: t, Price: bar.Close, Time: end, Source: s.Quote.Source}})
		}
		p.trail.Note(s)
		p.trail.Days(market.Line{Ticker: t, Step: 24 * time.Hour, Bars: days}) // for days without quotes between others
	}
	return nil
}

// warm asks, one after another, for the past of the strip's symbols and of those
// with rules, so that pictures and windows have it when somebody looks.
func (p *parts) warm(ctx context.Context, pause time.Duration) {
	tickers := p.checker.Book.Tickers()
	for _, s := range p.symbols.Strip() {
		tickers = append(tickers, s.Ticker)
	}
	seen := make(map[market.Ticker]bool)
	now := p.now()
	for _, t := range tickers[:min(len(tickers), recallSymbols)] {
		if seen[t] {
			continue
		}
		seen[t] = true
		for _, look := range []struct {
			step time.Duration
			from time.Time
		}{{5 * time.Minute, now.Add(-24 * time.Hour)}, {24 * time.Hour, now.AddDate(0, 0, -recallDays)}} {
			if _, err := p.past.Line(ctx, t, look.step, look.from); err != nil {
				p.log.Warn("read the past", "ticker", t, "error", err)
			}
			timer := time.NewTimer(pause)
			select {
			case <-ctx.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
		}
	}
}

// closed returns the close of a symbol's session by its stored daily bars; 0
// where there is none.
func (p *parts) closed(ticker market.Ticker, session time.Time) market.Price {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	bars, err := p.store.Bars(ctx, ticker, 24*time.Hour, session.Add(-24*time.Hour))
	if err != nil {
		p.log.Warn("read the close of a session", "ticker", ticker, "error", err)
		return 0
	}
	for _, b := range bars {
		if of, _, _ := p.hours.day(ticker, b.Time); of.Equal(session) {
			return b.Close
		}
	}
	return 0
}

// missedName is the name under which symbols are kept whose missed time is still
// to be looked at.
const missedName = "missed prices"

// filled has the past of a symbol know the bars of an outage.
func (p *parts) filled(ctx context.Context, before alerts.Standing, line market.Line) {
	if line.Step >= 24*time.Hour {
		p.trail.Days(line)
	} else {
		p.trail.Fill(before, line)
	}
	if err := p.store.PutBars(ctx, line.Ticker, line.Step, line.Bars); err != nil {
		p.log.Warn("keep the bars of an outage", "ticker", line.Ticker, "error", err)
	}
}
