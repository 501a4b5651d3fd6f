package yahoo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// chart is what the chart address says of a symbol.
type chart struct {
	Meta      chartMeta     `json:"meta"`
	Timestamp []json.Number `json:"timestamp"`
	Events    struct {
		Splits map[string]struct {
			Date        json.Number `json:"date"`
			Numerator   json.Number `json:"numerator"`
			Denominator json.Number `json:"denominator"`
		} `json:"splits"`
	} `json:"events"`
	Indicators struct {
		Quote []struct {
			Open  []json.Number `json:"open"`
			High  []json.Number `json:"high"`
			Low   []json.Number `json:"low"`
			Close []json.Number `json:"close"`
		} `json:"quote"`
	} `json:"indicators"`
}

// chart reads a symbol's chart; nil where Yahoo does not know the symbol.
func (s *Source) chart(ctx context.Context, ticker market.Ticker, query url.Values) (*chart, error) {
	body, err := s.door.Get(ctx, "/v8/finance/chart/"+url.PathEscape(string(ticker)), query)
	var refusal *alerts.SourceError
	if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var answer struct {
		Chart *struct {
			Result []chart    `json:"result"`
			Error  *complaint `json:"error"`
		} `json:"chart"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Chart == nil {
		return nil, unknownForm()
	}
	switch {
	case answer.Chart.Error.notFound():
		return nil, nil
	case answer.Chart.Error != nil:
		return nil, complains()
	case len(answer.Chart.Result) == 0:
		return nil, nil
	}
	return &answer.Chart.Result[0], nil
}

// single reads one symbol's quote from its chart, and what a batch does not say
// of it; ok is false where Yahoo does not know it.
func (s *Source) single(ctx context.Context, ticker market.Ticker) (q market.Quote, ok bool, err error) {
	c, err := s.chart(ctx, ticker, url.Values{"range": {"1d"}, "interval": {"5m"}, "includePrePost": {"false"}})
	if err != nil || c == nil {
		return market.Quote{}, false, err
	}
	d := c.Meta.describe(ticker, s.now())
	s.remember(ticker, d)
	price, at := c.Meta.RegularMarketPrice, c.Meta.RegularMarketTime
	if (price == "" || at == "") && len(c.Indicators.Quote) > 0 {
		price, at = lastClose(c.Timestamp, c.Indicators.Quote[0].Close)
	}
	previous := c.Meta.PreviousClose
	if previous == "" {
		previous = c.Meta.ChartPreviousClose
	}
	q, ok = s.quote(ticker, price, previous, unixTime(at), d)
	if ok && c.Meta.ChangePercent != "" && contradicts(q, c.Meta.ChangePercent) {
		s.log.Warn("previous close contradicts the change beside it", "symbol", string(ticker), "source", Name)
		q.PreviousClose = 0
	}
	return q, ok, nil
}

// contradicts tells whether the change that Yahoo prints is more than a
// percentage point from the one that its previous close implies. Then neither
// is worth anything, and the previous close counts as not given.
func contradicts(q market.Quote, percent json.Number) bool {
	said, ok := readPrice(percent.String(), unknownHint)
	if !ok || q.PreviousClose.IsZero() {
		return false
	}
	off := q.Price.ChangePercent(q.PreviousClose).Sub(said)
	if off.Sign() < 0 {
		off = off.Neg()
	}
	one, _ := market.NewPrice(1, 0)
	return one.Less(off)
}
