package yahoo_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if len(header) == 2 {
			w.Header().Set(header[0], header[1])
		}
		w.WriteHeader(code)
	}
}

func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }
}

func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		refused bool
		status  int
		after   time.Duration
	}{
		"web page with 200":       {text("<!doctype html><html>Will be right back</html>"), false, 200, 0},
		"wall of cookies":         {text("<html>We and our partners ask for your consent</html>"), true, 200, 0},
		"redirect to a consent":   {status(302, "Location", "https://consent.example.org/?key=SECRET"), true, 302, 0},
		"not JSON":                {text("Too Many Requests"), false, 200, 0},
		"null":                    {text("null"), false, 200, 0},
		"an error in the body":    {text(`{"spark":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}},"chart":{"result":null,"error":{"code":"Unauthorized"}}}`), false, 200, 0},
		"401":                     {status(401), true, 401, 0},
		"403":                     {status(403), true, 403, 0},
		"429 with a time to wait": {status(429, "Retry-After", "90"), true, 429, 90 * time.Second},
		"451":                     {status(451), true, 451, 0},
		"503":                     {status(503), false, 503, 0},
		"a body that is cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = fmt.Fprint(w, `{"AAPL":`)
		}, false, 0, 0},
		"cut off without a length": {text(`{"AAPL":{"timestamp":[1772632800],"clo`), false, 200, 0},
		"an endless body": {func(w http.ResponseWriter, _ *http.Request) {
			for range 9 << 10 {
				_, _ = fmt.Fprint(w, strings.Repeat(" ", 1<<10))
			}
		}, false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, c.handler)
			quotes, err := s.Quotes(t.Context(), two())
			var e *alerts.SourceError
			if !errors.As(err, &e) || !errors.Is(err, alerts.ErrSource) || len(quotes) != 0 {
				t.Fatalf("got %v, %v; want a source's error", quotes, err)
			}
			if e.Refused != c.refused || e.Status != c.status || e.RetryAfter != c.after || e.Source != "yahoo" {
				t.Errorf("got %+v", e)
			}
			if strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "http") {
				t.Errorf("the error holds an address: %v", err)
			}
		})
	}
}

func TestUnknownSymbolsAreMissing(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"404": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprint(w, `{"chart":{"result":null,"error":{"code":"Not Found"}}}`)
		},
		"an empty map":       text(`{}`),
		"an empty list":      text(`{"spark":{"result":[],"error":null}}`),
		"not found with 200": text(`{"spark":{"result":null,"error":{"code":"Not Found","description":"No data found for spark symbols"}}}`),
		"only nulls":         text(`{"AAPL":{"timestamp":[1772632800],"close":[null]},"BARC.L":{"timestamp":null,"close":null}}`),
	} {
		t.Run(name, func(t *testing.T) {
			quotes, err := serve(t, handler).Quotes(t.Context(), two())
			if err != nil || len(quotes) != 0 {
				t.Errorf("got %v, %v; want nothing", quotes, err)
			}
		})
	}
}

func TestStalledBodyEndsWithTheClientsPatience(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, `{"AAPL":`)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	s := source(server.URL, &http.Client{Timeout: 50 * time.Millisecond})
	_, err := s.Quotes(t.Context(), two())
	var e *alerts.SourceError
	if !errors.As(err, &e) || !strings.Contains(e.Reason, "in time") {
		t.Errorf("got %v", err)
	}
}

func TestCallerLeavesBeforeTheAnswer(t *testing.T) {
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	defer server.Close()
	s := source(server.URL, &http.Client{Timeout: time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	if _, err := s.Quotes(ctx, two()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestUnreachableServerIsNotNamed(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	_, err := source(server.URL, http.DefaultClient).Quotes(t.Context(), two())
	if !errors.Is(err, alerts.ErrSource) || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("got %v", err)
	}
}

func TestChartsStandInForBatches(t *testing.T) {
	var sparks, charts atomic.Int64
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if isSpark(r) {
			sparks.Add(1)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		charts.Add(1)
		_, _ = fmt.Fprint(w, chartOf(appleMeta))
	})
	quotes, err := s.Quotes(t.Context(), two())
	if err != nil || len(quotes) != 2 || sparks.Load() != 1 || charts.Load() != 2 {
		t.Fatalf("%d quotes, %d and %d requests, %v", len(quotes), sparks.Load(), charts.Load(), err)
	}
	var many []market.Ticker
	for i := range 50 {
		many = append(many, market.Ticker(fmt.Sprintf("S%d", i)))
	}
	seen := make(map[market.Ticker]bool)
	for range 3 {
		part, err := s.Quotes(t.Context(), many)
		if !errors.Is(err, alerts.ErrSource) || len(part) != 20 {
			t.Fatalf("%d quotes, %v; want a part and an error", len(part), err)
		}
		for _, q := range part {
			seen[q.Ticker] = true
		}
	}
	if len(seen) != 50 {
		t.Errorf("after three calls %d of 50 symbols were read", len(seen))
	}
}
