package yahoo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// line is a symbol's day in a batch. A close may be null, which reads as "".
type line struct {
	Timestamp          []json.Number `json:"timestamp"`
	Close              []json.Number `json:"close"`
	ChartPreviousClose json.Number   `json:"chartPreviousClose"`
	PreviousClose      json.Number   `json:"previousClose"`
}

// nested is the older form of a batch.
type nested struct {
	Result []struct {
		Symbol   string `json:"symbol"`
		Response []struct {
			Meta       chartMeta     `json:"meta"`
			Timestamp  []json.Number `json:"timestamp"`
			Indicators struct {
				Quote []struct {
					Close []json.Number `json:"close"`
				} `json:"quote"`
			} `json:"indicators"`
		} `json:"response"`
	} `json:"result"`
	Error *complaint `json:"error"`
}

// complaint is how Yahoo reports an error inside of an answer.
type complaint struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

func (c *complaint) notFound() bool {
	return c != nil && (strings.EqualFold(c.Code, "Not Found") || strings.Contains(c.Description, "No data found"))
}

// unknownForm is the failure of an answer that arrived and says nothing to us.
func unknownForm() *alerts.SourceError {
	e := failure("its answer has an unknown form")
	e.Status = http.StatusOK
	return e
}

// complains is the failure of an answer that reports an error in its body.
func complains() *alerts.SourceError {
	e := failure("it reports an error of its own")
	e.Status = http.StatusOK
	return e
}

// spark reads up to 20 symbols with one request.
func (s *Source) spark(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	words := make([]string, len(tickers))
	for i, t := range tickers {
		words[i] = string(t)
	}
	body, err := s.door.Get(ctx, "/v8/finance/spark", url.Values{
		"symbols": {strings.Join(words, ",")}, "range": {"1d"}, "interval": {"5m"},
	})
	var refusal *alerts.SourceError
	if errors.As(err, &refusal) && refusal.Status == http.StatusNotFound {
		return nil, nil // None of them is known.
	}
	if err != nil {
		return nil, err
	}
	lines, err := readSpark(body)
	if err != nil {
		return nil, err
	}
	var quotes []market.Quote
	for _, ticker := range tickers {
		l, ok := lines[ticker]
		if !ok {
			continue
		}
		if l.meta != nil {
			s.remember(ticker, l.meta.describe(ticker, s.now()))
		}
		d, _ := s.describe(ticker)
		previous := l.PreviousClose
		if previous == "" {
			previous = l.ChartPreviousClose
		}
		price, at := lastClose(l.Timestamp, l.Close)
		if q, ok := s.quote(ticker, price, previous, unixTime(at), d); ok {
			quotes = append(quotes, q)
		}
	}
	return quotes, nil
}

type sparkLine struct {
	line
	meta *chartMeta
}

// readSpark reads a batch in each of its forms: a map of symbols, or a list
// under "spark". A symbol whose part cannot be read is left out.
func readSpark(body []byte) (map[market.Ticker]sparkLine, error) {
	var parts map[string]json.RawMessage
	if err := json.Unmarshal(body, &parts); err != nil || parts == nil {
		return nil, unknownForm()
	}
	for _, word := range []string{"spark", "finance", "chart"} {
		if part, ok := parts[word]; ok {
			return readNested(part)
		}
	}
	lines := make(map[market.Ticker]sparkLine, len(parts))
	for symbol, part := range parts {
		var l line
		if err := json.Unmarshal(part, &l); err == nil {
			lines[market.Ticker(symbol)] = sparkLine{line: l}
		}
	}
	if len(lines) == 0 && len(parts) > 0 {
		return nil, unknownForm()
	}
	return lines, nil
}

func readNested(part []byte) (map[market.Ticker]sparkLine, error) {
	var n nested
	if err := json.Unmarshal(part, &n); err != nil {
		return nil, unknownForm()
	}
	if n.Error.notFound() {
		return nil, nil
	}
	if n.Error != nil {
		return nil, complains()
	}
	lines := make(map[market.Ticker]sparkLine, len(n.Result))
	for _, r := range n.Result {
		if len(r.Response) == 0 || len(r.Response[0].Indicators.Quote) == 0 {
			continue
		}
		answer := r.Response[0]
		lines[market.Ticker(r.Symbol)] = sparkLine{meta: &answer.Meta, line: line{
			Timestamp: answer.Timestamp, Close: answer.Indicators.Quote[0].Close,
			ChartPreviousClose: answer.Meta.ChartPreviousClose, PreviousClose: answer.Meta.PreviousClose,
		}}
	}
	return lines, nil
}

// lastClose returns the newest close that is not null, and its time.
func lastClose(times, closes []json.Number) (price, at json.Number) {
	for i := min(len(times), len(closes)) - 1; i >= 0; i-- {
		if closes[i] != "" && times[i] != "" {
			return closes[i], times[i]
		}
	}
	return "", ""
}
