package kraken

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"bellwether/alerts/market"
)

// Bars reads a pair's bars, oldest first. Kraken gives the newest 720 of a step;
// a step that it does not serve gives none.
func (s *Source) Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	pair, currency, ok := pairOf(ticker)
	minutes := int(step / time.Minute)
	if !ok || step%time.Minute != 0 || !slices.Contains([]int{1, 5, 15, 30, 60, 240, 1440}, minutes) {
		return nil, nil
	}
	result, unknown, err := s.read(ctx, "/0/public/OHLC", url.Values{
		"pair": {pair}, "interval": {strconv.Itoa(minutes)}, "since": {strconv.FormatInt(max(0, from.Unix()-1), 10)},
	})
	if err != nil || unknown {
		return nil, err
	}
	for name, part := range result {
		if same(name, pair, currency) {
			return barsOf(part, from)
		}
	}
	return nil, nil
}

func barsOf(part json.RawMessage, from time.Time) ([]market.Bar, error) {
	var rows []json.RawMessage
	if err := json.Unmarshal(part, &rows); err != nil {
		return nil, failure("its answer has an unknown form")
	}
	var bars []market.Bar
	for _, raw := range rows {
		var row []json.Number // time, open, high, low, close, …
		if err := json.Unmarshal(raw, &row); err != nil || len(row) < 5 {
			continue
		}
		seconds, err := row[0].Int64()
		at := time.Unix(seconds, 0).UTC()
		if err != nil || at.Before(from) {
			continue
		}
		var prices [4]market.Price
		for i := range prices {
			var wrong error
			if prices[i], wrong = market.ParsePrice(row[i+1].String()); wrong != nil {
				err = wrong
			}
		}
		if err == nil {
			bars = append(bars, market.Bar{Time: at, Open: prices[0], High: prices[1], Low: prices[2], Close: prices[3]})
		}
	}
	return bars, nil
}
