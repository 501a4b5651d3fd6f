package yahoo_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/yahoo"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

var (
	_ alerts.QuoteSource  = (*yahoo.Source)(nil)
	_ alerts.BarSource    = (*yahoo.Source)(nil)
	_ alerts.SymbolSource = (*yahoo.Source)(nil)
)

var now = time.Date(2026, 3, 4, 15, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // Read only; Go has no constants of this kind.

// serve starts a server and a source that reads it fast.
func serve(t *testing.T, handler http.HandlerFunc) *yahoo.Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return source(server.URL, &http.Client{Timeout: 5 * time.Second})
}

func source(url string, client *http.Client) *yahoo.Source {
	return yahoo.New(yahoo.Options{URL: url, Client: client, Rate: 100_000, Now: func() time.Time { return now }})
}

func isSpark(r *http.Request) bool { return r.URL.Path == "/v8/finance/spark" }

// chartOf answers like the chart address.
func chartOf(meta string) string {
	return `{"chart":{"result":[{"meta":` + meta + `}],"error":null}}`
}

const appleMeta = `{"currency":"USD","symbol":"AAPL","exchangeName":"NMS","instrumentType":"EQUITY","regularMarketTime":1772632800,
 "regularMarketPrice":333.69000244140625,"regularMarketChangePercent":1.02022,"chartPreviousClose":330.32001,"priceHint":2}`

func two() []market.Ticker { return []market.Ticker{"AAPL", "BARC.L"} }

func TestBatchInItsForms(t *testing.T) {
	flat := `{"AAPL":{"symbol":"AAPL","timestamp":[1772632500,1772632800,1772633100],"close":[333.1,333.69000244140625,null],"chartPreviousClose":330.32001},
 "BARC.L":{"timestamp":[],"close":[]},"ODD":"text"}`
	nested := `{"spark":{"result":[{"symbol":"AAPL","response":[{"meta":` + appleMeta + `,"timestamp":[1772632500,1772632800,1772633100],
 "indicators":{"quote":[{"close":[333.1,333.69000244140625,null]}]}}]},{"symbol":"BARC.L","response":[]}],"error":null}}`
	for name, body := range map[string]string{"a map": flat, "a list": nested} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if !isSpark(r) {
					w.WriteHeader(http.StatusNotFound)
					return
				}
				if got := r.URL.Query().Get("symbols"); got != "AAPL,BARC.L" {
					t.Errorf("asked for %q", got)
				}
				_, _ = fmt.Fprint(w, body)
			})
			quotes, err := s.Quotes(t.Context(), two())
			if err != nil || len(quotes) != 1 {
				t.Fatalf("%v, %v; want Apple only", quotes, err)
			}
			q := quotes[0]
			if q.Price.String() != "333.69" || !strings.HasPrefix(q.PreviousClose.String(), "330.32") || q.Time.Unix() != 1772632800 || q.Source != "yahoo" {
				t.Errorf("got %+v", q)
			}
		})
	}
}

func TestRequestsAreSymbolsOverBatch(t *testing.T) {
	var sparks, charts atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if !isSpark(r) {
			charts.Add(1)
			_, _ = fmt.Fprint(w, chartOf(appleMeta))
			return
		}
		sparks.Add(1)
		symbols := strings.Split(r.URL.Query().Get("symbols"), ",")
		if len(symbols) > 20 {
			t.Errorf("%d symbols in a request", len(symbols))
		}
		_, _ = fmt.Fprint(w, sparkOf(symbols))
	})
	var tickers []market.Ticker
	for i := range 45 {
		tickers = append(tickers, market.Ticker(fmt.Sprintf("S%d", i)), "S0")
	}
	quotes, err := s.Quotes(t.Context(), tickers)
	if err != nil || len(quotes) != 45 || sparks.Load() != 3 {
		t.Errorf("%d quotes with %d requests, %v; want 45 with 3", len(quotes), sparks.Load(), err)
	}
	if n := charts.Load(); n < 1 || n > 3 {
		t.Errorf("%d symbols described on the way, want one to three", n)
	}
}

func sparkOf(symbols []string) string {
	parts := make(map[string]any)
	for _, symbol := range symbols {
		parts[symbol] = map[string]any{"timestamp": []int64{1772632800}, "close": []json.Number{"100.5"}, "chartPreviousClose": 100}
	}
	body, _ := json.Marshal(parts)
	return string(body)
}

func TestDescriptionComesFromTheChartOnceADay(t *testing.T) {
	var charts atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if isSpark(r) {
			_, _ = fmt.Fprint(w, sparkOf([]string{"BARC.L"}))
			return
		}
		charts.Add(1)
		_, _ = fmt.Fprint(w, chartOf(`{"currency":"GBp","exchangeName":"LSE","instrumentType":"EQUITY","regularMarketTime":1772632800,
 "regularMarketPrice":451.15,"previousClose":450,"chartPreviousClose":1,"priceHint":2}`))
	})
	for i, want := range []string{"451.15", "100.5", "100.5"} {
		quotes, err := s.Quotes(t.Context(), []market.Ticker{"BARC.L"})
		if err != nil || len(quotes) != 1 {
			t.Fatalf("read %d: %v, %v", i, quotes, err)
		}
		q := quotes[0]
		if q.Price.String() != want || q.Currency != "GBP" || q.Unit != market.UnitPence || q.Delay != 15*time.Minute {
			t.Errorf("read %d: %+v", i, q)
		}
	}
	if charts.Load() != 1 {
		t.Errorf("%d charts read, want one", charts.Load())
	}
}

func TestChartTraps(t *testing.T) {
	for name, c := range map[string]struct {
		ticker   market.Ticker
		meta     string
		price    string
		previous string
		currency string
		unit     market.Unit
		delay    time.Duration
	}{
		"null currency": {"LUCYW", `{"currency":null,"instrumentType":"EQUITY","exchangeName":"NCM","regularMarketTime":1772632800,"regularMarketPrice":0.0412,"chartPreviousClose":0.04}`,
			"0.0412", "0.04", "", "", 0},
		"rand cents": {"NPN.JO", `{"currency":"ZAc","instrumentType":"EQUITY","exchangeName":"JNB","regularMarketTime":1772632800,"regularMarketPrice":381250}`,
			"381250", "0", "ZAR", market.UnitPence, 15 * time.Minute},
		"agorot": {"TEVA.TA", `{"currency":"ILA","instrumentType":"EQUITY","regularMarketTime":1772632800,"regularMarketPrice":5000,"exchangeDataDelayedBy":20}`,
			"5000", "0", "ILS", market.UnitPence, 20 * time.Minute},
		"yield": {"^TNX", `{"currency":"USD","instrumentType":"INDEX","regularMarketTime":1772632800,"regularMarketPrice":4.436,"priceHint":4,"previousClose":4.479}`,
			"4.436", "4.479", "", market.UnitPercent, 15 * time.Minute},
		"previous close that contradicts its change": {"^VIX", `{"currency":"USD","instrumentType":"INDEX","regularMarketTime":1772632800,"regularMarketPrice":20,"regularMarketChangePercent":1.5,"previousClose":0.02}`,
			"20", "0", "", market.UnitPoints, 15 * time.Minute},
		"crypto": {"BTC-USD", `{"currency":"USD","instrumentType":"CRYPTOCURRENCY","regularMarketTime":1772632800,"regularMarketPrice":61955.87890625,"priceHint":2}`,
			"61955.88", "0", "USD", market.UnitCurrency, 0},
		"crypto without a type": {"ETH-EUR", `{"currency":"EUR","regularMarketTime":1772632800,"regularMarketPrice":3100.5,"priceHint":2}`,
			"3100.5", "0", "EUR", market.UnitCurrency, 0},
		"a share of a class": {"BRK-B", `{"currency":"USD","regularMarketTime":1772632800,"regularMarketPrice":480.25}`,
			"480.25", "0", "USD", market.UnitCurrency, 15 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, chartOf(c.meta)) })
			quotes, err := s.Quotes(t.Context(), []market.Ticker{c.ticker})
			if err != nil || len(quotes) != 1 {
				t.Fatalf("%v, %v", quotes, err)
			}
			q := quotes[0]
			if q.Price.String() != c.price || q.PreviousClose.String() != c.previous || q.Currency != c.currency || q.Unit != c.unit || q.Delay != c.delay {
				t.Errorf("got %+v", q)
			}
		})
	}
}

// gate is a network that answers when it is told to.
type gate struct {
	requests atomic.Int64
	open     chan struct{}
}

func (g *gate) RoundTrip(*http.Request) (*http.Response, error) {
	g.requests.Add(1)
	<-g.open
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(`{"quotes":[]}`))}, nil
}

func TestIdenticalRequestsInFlightAreOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &gate{open: make(chan struct{})}
		s := source("https://example.org", &http.Client{Transport: network})
		done := make(chan error, 5)
		for range 5 {
			go func() { _, err := s.Search(t.Context(), "apple"); done <- err }()
		}
		synctest.Wait()
		if n := network.requests.Load(); n != 1 {
			t.Errorf("%d requests in flight, want one", n)
		}
		close(network.open)
		for range 5 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRateIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &gate{open: make(chan struct{})}
		close(network.open)
		s := yahoo.New(yahoo.Options{URL: "https://example.org", Client: &http.Client{Transport: network}})
		begun := time.Now()
		for i := range 5 {
			if _, err := s.Search(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 3*time.Second {
			t.Errorf("five requests took %s, want two at once and one each second", took)
		}
	})
}

func TestSearch(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/finance/search" || r.URL.Query().Get("q") != "dbs" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = fmt.Fprint(w, `{"quotes":[
 {"symbol":"D05.SI","shortname":"DBS","longname":"DBS Group\nHoldings","quoteType":"EQUITY","exchange":"SES"},
 {"symbol":"BTC-USD","shortname":"Bitcoin USD","quoteType":"CRYPTOCURRENCY","exchange":"CCC"},
 {"symbol":"^TNX","shortname":"Yield","quoteType":"INDEX","exchange":"CGI"},
 {"symbol":"<b>X","quoteType":"EQUITY"},{"symbol":"AAPL260116C1","quoteType":"OPTION"}]}`)
	})
	got, err := s.Search(t.Context(), " dbs\n")
	if err != nil || len(got) != 3 {
		t.Fatalf("%v, %v", got, err)
	}
	if g := got[0]; g.Name != "DBS Group Holdings" || g.Exchange != "XSES" || g.Class != market.ClassEquity {
		t.Errorf("got %+v", g)
	}
	if got[1].Currency != "USD" || got[2].Class != market.ClassYield || got[2].Unit != market.UnitPercent {
		t.Errorf("got %+v", got[1:])
	}
}
