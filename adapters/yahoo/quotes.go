package yahoo

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

const (
	// singles is how many symbols one call reads one by one where batches fail:
	// at a request a second, more would make all quotes late.
	singles = 20
	// extras is how many symbols one call describes while the rate leaves room.
	extras = 3
)

// Quotes reads symbols in batches of 20. Where batches are not served it reads
// single charts, a part of the symbols with each call, and says so in the error.
// Once a day it also reads each symbol's chart for its currency, unit, decimals
// and delay, one or a few with each call; until then quotes lack them.
func (s *Source) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	tickers = distinct(tickers)
	if len(tickers) == 1 {
		if _, fresh := s.describe(tickers[0]); !fresh {
			q, ok, err := s.single(ctx, tickers[0])
			if !ok {
				return nil, err
			}
			return []market.Quote{q}, nil
		}
	}
	var quotes []market.Quote
	for n, part := range slices.Collect(slices.Chunk(tickers, batch)) {
		read, err := s.spark(ctx, part)
		quotes = append(quotes, read...)
		if err == nil {
			continue
		}
		if !onlyBatches(err) {
			return quotes, err
		}
		more, failed := s.oneByOne(ctx, tickers[n*batch:])
		return append(quotes, more...), failed
	}
	s.describeSome(ctx, tickers)
	return quotes, nil
}

// onlyBatches tells whether single charts may still be served after a failure:
// they are where batches want a session, are gone, or answer with nonsense.
func onlyBatches(err error) bool {
	var e *alerts.SourceError
	if !errors.As(err, &e) {
		return false
	}
	answered := e.Status == http.StatusOK || e.Status >= 400 && e.Status < 500
	return e.Status == http.StatusUnauthorized || answered && !e.Refused
}

// oneByOne reads charts, beginning where the call before ended. Where it could
// not read all of the symbols its error says so, but is no refusal: Yahoo serves
// us, only slowly.
func (s *Source) oneByOne(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	s.mu.Lock()
	from := s.turn % len(tickers)
	s.turn += min(singles, len(tickers))
	s.mu.Unlock()
	s.log.Warn("batches are not served, reading symbols one by one", "source", Name, "symbols", len(tickers))
	var quotes []market.Quote
	for i := range min(singles, len(tickers)) {
		q, ok, err := s.single(ctx, tickers[(from+i)%len(tickers)])
		if err != nil {
			return quotes, err
		}
		if ok {
			quotes = append(quotes, q)
		}
	}
	if len(tickers) > singles {
		return quotes, failure("it does not serve batches, symbols are read one by one")
	}
	return quotes, nil
}

// describeSome reads what batches do not say of a symbol, for one symbol at any
// rate and for some more while no request has to wait. A failure is no matter:
// the quotes are there already.
func (s *Source) describeSome(ctx context.Context, tickers []market.Ticker) {
	read := 0
	for _, ticker := range tickers {
		if _, fresh := s.describe(ticker); fresh {
			continue
		}
		if read == extras || read > 0 && !s.door.Idle() {
			return
		}
		read++
		_, ok, err := s.single(ctx, ticker)
		if err != nil {
			s.log.Debug("symbol not described", "source", Name, "symbol", string(ticker), "error", err)
			return
		}
		if !ok {
			// Not asked again before tomorrow.
			d, _ := s.describe(ticker)
			d.read = s.now()
			s.remember(ticker, d)
		}
	}
}

func distinct(tickers []market.Ticker) []market.Ticker {
	seen := make(map[market.Ticker]bool, len(tickers))
	var out []market.Ticker
	for _, t := range tickers {
		if t != "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}
