package alerts_test

import (
	"context"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// halfSource serves quotes and nothing else.
type halfSource struct{ refuses bool }

func (halfSource) Name() string        { return "half" }
func (halfSource) Terms() alerts.Terms { return alerts.Terms{Batch: 10} }

func (halfSource) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	return []market.Quote{{Ticker: tickers[0], Price: market.MustPrice("1"), Time: time.Unix(1, 0)}}, nil
}

func (h halfSource) fail() error {
	return &alerts.SourceError{Source: "half", Status: 404, Refused: h.refuses, Reason: "it has no such thing"}
}

func (h halfSource) Bars(context.Context, market.Ticker, time.Duration, time.Time) ([]market.Bar, error) {
	return nil, h.fail()
}

func (h halfSource) Search(context.Context, string) ([]market.Symbol, error) { return nil, h.fail() }

func TestQuotesGoOnWhereBarsAndSearchAreNotServed(t *testing.T) {
	for refuses, quotes := range map[bool]int{false: 1, true: 0} {
		chain := alerts.NewChain(alerts.ChainOptions{
			Sources: []alerts.QuoteSource{halfSource{refuses}}, Now: time.Now,
			Class: func(market.Ticker) (market.Class, bool) { return market.ClassIndex, true },
		})
		if _, err := chain.Bars(context.Background(), "^STI", time.Minute, time.Time{}); err == nil {
			t.Error("bars: no error")
		}
		if _, err := chain.Search(context.Background(), "sti"); err == nil {
			t.Error("search: no error")
		}
		got, _ := chain.Quotes(context.Background(), []market.Ticker{"^STI"})
		if len(got) != quotes {
			t.Errorf("refused %t: %d quotes, want %d", refuses, len(got), quotes)
		}
	}
}
