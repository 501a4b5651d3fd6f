package main

import (
	"context"
	"strconv"
	"strings"
	"time"

	"bellwether/adapters/yahoo"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

// splitTeller is a source that knows of shares' splits.
type splitTeller interface {
	Splits(ctx context.Context, ticker market.Ticker, from time.Time) ([]yahoo.Split, error)
}

// splitsFrom returns what reads splits from the first source that knows them;
// nil where none does.
func splitsFrom(sources []alerts.QuoteSource) func(context.Context, market.Ticker, time.Time) ([]market.Split, error) {
	for _, source := range sources {
		teller, ok := source.(splitTeller)
		if !ok {
			continue
		}
		return func(ctx context.Context, ticker market.Ticker, from time.Time) ([]market.Split, error) {
			found, err := teller.Splits(ctx, ticker, from)
			if err != nil {
				return nil, err
			}
			out := make([]market.Split, len(found))
			for i, s := range found {
				out[i] = market.Split{Old: s.Denominator, New: s.Numerator, Day: s.Time.UTC().Truncate(24 * time.Hour)}
			}
			return out, nil
		}
	}
	return nil
}

// rescaled has the past of a symbol follow a split.
func (p *parts) rescaled(ctx context.Context, ticker market.Ticker, split market.Split) {
	p.trail.Rescale(ticker, split)
	for _, step := range []time.Duration{5 * time.Minute, 24 * time.Hour} {
		bars, err := p.store.Bars(ctx, ticker, step, time.Time{})
		if err != nil {
			p.log.Error("read the bars of a split share", "ticker", ticker, "error", err)
			continue
		}
		for i, b := range bars {
			bars[i].Open, bars[i].High, bars[i].Low, bars[i].Close = split.Scale(b.Open), split.Scale(b.High), split.Scale(b.Low), split.Scale(b.Close)
		}
		if err := p.store.PutBars(ctx, ticker, step, bars); err != nil {
			p.log.Error("rescale the bars of a split share", "ticker", ticker, "error", err)
		}
	}
}

// outagesName is the name under which outages of sources are kept.
const outagesName = "outages of sources"

// newWatch makes what notices quotes that fail to come.
func (p *parts) newWatch(ctx context.Context) (*alerts.Watch, error) {
	kept, err := p.store.Recall(ctx, outagesName)
	if err != nil {
		return nil, err
	}
	return &alerts.Watch{
		Kept: kept, Keep: func(ctx context.Context, outages string) error { return p.store.Keep(ctx, outagesName, outages) },
		Cadence: p.plan.Cadence, Failing: p.chain.Failing, Useless: p.chain.Useless, Faults: p.chain.Faults, Sessions: p.hours.sessions,
		Optional: func(t market.Ticker) bool { s, ok := p.symbols.Get(t); return ok && s.Optional },
	}, nil
}

// The operator's decisions on held quotes are kept by symbol, with the moment at
// which the quote was held: they are about that one.
const (
	decisionName = "held quote "
	believeWord  = "believe"
	doubtWord    = "doubt"
)

func decisionValue(word string, held market.HeldQuote) string {
	return word + " " + strconv.FormatInt(held.Seen.UnixNano(), 10)
}

// decision returns what the operator decided on a held quote.
func (p *parts) decision(ticker market.Ticker, held market.HeldQuote) market.Decision {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	kept, err := p.store.Recall(ctx, decisionName+string(ticker))
	if err != nil {
		p.log.Error("read the operator's decision", "ticker", ticker, "error", err)
		return market.Undecided
	}
	word, _, _ := strings.Cut(kept, " ")
	switch {
	case kept != decisionValue(word, held):
		return market.Undecided
	case word == believeWord:
		return market.Believe
	case word == doubtWord:
		return market.Disbelieve
	}
	return market.Undecided
}
