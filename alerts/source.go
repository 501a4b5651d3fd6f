package alerts

import (
	"context"
	"errors"
	"time"

	"bellwether/alerts/market"
)

// QuoteSource reads quotes from somewhere.
type QuoteSource interface {
	// Name is the word that quotes carry as their source: "yahoo".
	Name() string
	// Quotes reads the symbols in as few requests as the source allows. A
	// symbol that the source does not know is left out. Where a part could not
	// be read it returns the rest and an error that wraps ErrSource.
	Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error)
	// Terms tell how the source may be used.
	Terms() Terms
}

// BarSource reads a symbol's past.
type BarSource interface {
	// Bars returns bars of the given step (a minute to a day), oldest first,
	// from the given time on; none where the source has none.
	Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error)
}

// SymbolSource finds symbols that our own table lacks.
type SymbolSource interface {
	// Search returns what the source finds for a text, best first.
	Search(ctx context.Context, text string) ([]market.Symbol, error)
}

// Terms tell how a source may be used.
type Terms struct {
	Batch    int            // symbols in one request
	Interval time.Duration  // least time between two reads of one symbol
	Rate     float64        // requests a second
	Classes  []market.Class // classes that it serves; none for all
	Delay    time.Duration  // by how much it is usually late
	Fix      bool           // a rate set once a day
}

// ErrSource is wrapped by the errors of a source that gave no usable answer.
// What to do is told by the more exact errors below.
var ErrSource = errors.New("quote source gave no usable answer")

// SourceError says how a source failed.
type SourceError struct {
	Source string
	// Refused: it wants fewer requests or none (401, 403, 429, 451, a cookie
	// wall); not to be tried again before RetryAfter.
	Refused    bool
	RetryAfter time.Duration
	Status     int    // HTTP status, 0 where there was no answer
	Reason     string // plain words, without addresses or keys
}

// Error says which source failed and why.
func (e *SourceError) Error() string { return "source " + e.Source + ": " + e.Reason }

// Unwrap makes it an ErrSource.
func (e *SourceError) Unwrap() error { return ErrSource }
