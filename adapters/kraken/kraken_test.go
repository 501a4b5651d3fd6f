package kraken_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/kraken"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

var (
	_ alerts.QuoteSource = (*kraken.Source)(nil)
	_ alerts.BarSource   = (*kraken.Source)(nil)
)

var now = time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // Read only; Go has no constants of this kind.

func serve(t *testing.T, handler http.HandlerFunc) *kraken.Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return kraken.New(kraken.Options{URL: server.URL, Client: &http.Client{Timeout: 5 * time.Second}, Rate: 100_000, Now: func() time.Time { return now }})
}

// ticker answers like Kraken: under its own names, and not at all where one pair
// is unknown.
func ticker(w http.ResponseWriter, r *http.Request) {
	known := map[string]string{"XBTUSD": "XXBTZUSD", "ETHUSD": "XETHZUSD", "XDGUSD": "XDGUSD", "SOLEUR": "SOLEUR"}
	var parts []string
	for pair := range strings.SplitSeq(r.URL.Query().Get("pair"), ",") {
		name, ok := known[pair]
		if !ok {
			_, _ = fmt.Fprint(w, `{"error":["EQuery:Unknown asset pair"]}`)
			return
		}
		parts = append(parts, `"`+name+`":{"c":["62000.50000","0.1"],"o":"61000.10"}`)
	}
	_, _ = fmt.Fprint(w, `{"error":[],"result":{`+strings.Join(parts, ",")+`}}`)
}

func TestQuotesUnderKrakensNames(t *testing.T) {
	s := serve(t, ticker)
	quotes, err := s.Quotes(t.Context(), []market.Ticker{"BTC-USD", "ETH-USD", "NOPE-USD", "DOGE-USD", "SOL-EUR", "AAPL", "^STI"})
	if err != nil || len(quotes) != 4 {
		t.Fatalf("got %v, %v", quotes, err)
	}
	q := quotes[0]
	if q.Ticker != "BTC-USD" || q.Price.String() != "62000.5" || q.PreviousClose.String() != "61000.1" || q.Currency != "USD" || !q.Time.Equal(now) {
		t.Errorf("got %+v", q)
	}
	if i := slices.IndexFunc(quotes, func(q market.Quote) bool { return q.Ticker == "SOL-EUR" }); i < 0 || quotes[i].Currency != "EUR" {
		t.Errorf("got %v", quotes)
	}
}

func TestErrorsWithStatus200(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		status  int
		refused bool
	}{
		"rate limit":    {`{"error":["EAPI:Rate limit exceeded"]}`, 200, true},
		"out of order":  {`{"error":["EService:Unavailable"]}`, 200, false},
		"web page":      {`<html>`, 200, false},
		"empty object":  {`{}`, 200, false},
		"not JSON":      {`nothing`, 200, false},
		"429":           {``, 429, true},
		"503":           {``, 503, false},
		"another place": {``, 302, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			})
			_, err := s.Quotes(t.Context(), []market.Ticker{"BTC-USD"})
			var e *alerts.SourceError
			if !errors.As(err, &e) || e.Refused != c.refused || e.Source != "kraken" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestBars(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/0/public/OHLC" || r.URL.Query().Get("interval") != "5" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = fmt.Fprint(w, `{"error":[],"result":{"XXBTZUSD":[[1772632200,"1.5","2.5","1.0","2.0","0","0",1],[1772632500,"2","3","2"],["x"]],"last":1772632500}}`)
	})
	bars, err := s.Bars(t.Context(), "BTC-USD", 5*time.Minute, time.Unix(1772632200, 0))
	if err != nil || len(bars) != 1 || bars[0].High.String() != "2.5" || bars[0].Close.String() != "2" {
		t.Errorf("got %v, %v", bars, err)
	}
	if bars, err := s.Bars(t.Context(), "BTC-USD", 7*time.Minute, now); err != nil || bars != nil {
		t.Errorf("a step that is not served: %v, %v", bars, err)
	}
}
