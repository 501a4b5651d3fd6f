package httpjson_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/httpjson"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

var _ alerts.QuoteSource = (*httpjson.Source)(nil)

const key = "very-secret-key"

func serve(t *testing.T, path string, o httpjson.Options, handler http.HandlerFunc) *httpjson.Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	o.Name, o.URL, o.Client, o.Rate = "broker", server.URL+path, &http.Client{Timeout: 5 * time.Second}, 100_000
	s, err := httpjson.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFormsOfAnswers(t *testing.T) {
	basic := httpjson.Fields{Price: "close", PreviousClose: "previous_close", Time: "timestamp", Currency: "currency"}
	list := basic
	list.Items, list.Symbol = "data.rows", "name"
	nested := httpjson.Fields{Items: `Global Quote`, Price: `05\. price`, Time: `07\. latest trading day`, TimeFormat: time.DateOnly}
	for name, c := range map[string]struct {
		path   string
		fields httpjson.Fields
		batch  int
		query  string
		body   string
		want   int
	}{
		"a map": {"/quote?symbol={symbols}", basic, 2, "symbol=X%2FAAPL%2CMSFT",
			`{"X/AAPL":{"close":"333.69","previous_close":"330.32","timestamp":1772632800,"currency":"USD"},"MSFT":{"code":404}}`, 1},
		"a list": {"/quote?s={symbols}", list, 2, "s=X%2FAAPL%2CMSFT",
			`{"data":{"rows":[{"name":"X/AAPL","close":333.69,"timestamp":"1772632800"},{"name":"MSFT","close":1e2,"timestamp":1772632800},{"x":1}]}}`, 2},
		"one to a request": {"/q/{symbol}", nested, 1, "",
			`{"Global Quote":{"05. price":"333.69","07. latest trading day":"2026-03-04"}}`, 2},
		"one without its object": {"/quote?symbol={symbols}", basic, 1, "",
			`{"close":"333.69","timestamp":1772632800}`, 2},
		"nothing": {"/quote?symbol={symbols}", list, 2, "", `{"data":null}`, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o := httpjson.Options{
				Batch: c.batch, Fields: c.fields, KeyHeader: "Authorization", KeyPrefix: "apikey ", Key: key,
				Symbols: map[market.Ticker]string{"AAPL": "X/AAPL"},
			}
			s := serve(t, c.path, o, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "apikey "+key || strings.Contains(r.URL.String(), key) {
					t.Errorf("asked %s with %v", r.URL, r.Header)
				}
				if c.query != "" && r.URL.RawQuery != c.query {
					t.Errorf("query %q, want %q", r.URL.RawQuery, c.query)
				}
				_, _ = fmt.Fprint(w, c.body)
			})
			quotes, err := s.Quotes(t.Context(), []market.Ticker{"AAPL", "MSFT", "AAPL"})
			if err != nil || len(quotes) != c.want {
				t.Fatalf("got %v, %v; want %d", quotes, err, c.want)
			}
			if c.want > 0 && (quotes[0].Ticker != "AAPL" || quotes[0].Price.String() != "333.69" || quotes[0].Source != "broker") {
				t.Errorf("got %+v", quotes[0])
			}
		})
	}
}

func TestOnlyListedSymbols(t *testing.T) {
	o := httpjson.Options{Fields: httpjson.Fields{Price: "p"}, OnlySymbols: true, Symbols: map[market.Ticker]string{"GC=F": "gold"}}
	s := serve(t, "/{symbol}", o, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/gold" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = fmt.Fprint(w, `{"p":2340.5}`)
	})
	quotes, err := s.Quotes(t.Context(), []market.Ticker{"GC=F", "AAPL"})
	if err != nil || len(quotes) != 1 || quotes[0].Ticker != "GC=F" || quotes[0].Time.IsZero() {
		t.Errorf("got %v, %v", quotes, err)
	}
}

func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		refused bool
	}{
		"401":               {401, ``, true},
		"429":               {429, ``, true},
		"503":               {503, ``, false},
		"a redirect":        {302, ``, true},
		"web page":          {200, `<html>` + key, false},
		"not JSON":          {200, `x`, false},
		"cut off":           {200, `{"A":{"p":1`, false},
		"two answers":       {200, `{} {}`, false},
		"error in the body": {200, `{"code":429,"message":"` + key + `"}`, false},
		"a plain number":    {200, `5`, false},
	} {
		t.Run(name, func(t *testing.T) {
			o := httpjson.Options{Batch: 5, Fields: httpjson.Fields{Price: "p", Error: "code"}}
			s := serve(t, "/?s={symbols}", o, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			})
			_, err := s.Quotes(t.Context(), []market.Ticker{"A"})
			var e *alerts.SourceError
			if !errors.As(err, &e) || e.Refused != c.refused || e.Source != "broker" || strings.Contains(err.Error(), key) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDescriptionsThatCannotWork(t *testing.T) {
	good := httpjson.Options{Name: "x", URL: "https://example.org/{symbol}", Client: http.DefaultClient, Fields: httpjson.Fields{Price: "p"}}
	for name, change := range map[string]func(*httpjson.Options){
		"no name":            func(o *httpjson.Options) { o.Name = "" },
		"no place for them":  func(o *httpjson.Options) { o.URL = "https://example.org/" },
		"not an address":     func(o *httpjson.Options) { o.URL = "{symbol}" },
		"a batch of one":     func(o *httpjson.Options) { o.Batch = 3 },
		"no price":           func(o *httpjson.Options) { o.Fields.Price = "" },
		"key without header": func(o *httpjson.Options) { o.Key = key },
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			change(&o)
			if _, err := httpjson.New(o); !errors.Is(err, httpjson.ErrDescription) || strings.Contains(err.Error(), key) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"A":{"p":1,"t":2}}`))
	f.Add([]byte(`[{"s":"A","p":"1e5"}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, err := httpjson.New(httpjson.Options{
			Name: "x", URL: "https://example.org/?s={symbols}", Client: &http.Client{Transport: fixed(body)}, Batch: 2, Rate: 1e9,
			Fields: httpjson.Fields{Symbol: "s", Price: "p", Time: "t"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Quotes(t.Context(), []market.Ticker{"A", "B"}); err != nil && !errors.Is(err, alerts.ErrSource) {
			t.Errorf("got %v", err)
		}
	})
}

// fixed is a network that always gives the same answer.
type fixed []byte

func (f fixed) RoundTrip(*http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	_, _ = recorder.Write(f)
	return recorder.Result(), nil
}
