package frankfurter_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"bellwether/adapters/frankfurter"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

var (
	_ alerts.QuoteSource = (*frankfurter.Source)(nil)
	_ alerts.BarSource   = (*frankfurter.Source)(nil)
)

func serve(t *testing.T, now time.Time, handler http.HandlerFunc) *frankfurter.Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return frankfurter.New(frankfurter.Options{URL: server.URL, Client: &http.Client{Timeout: 5 * time.Second}, Rate: 100_000, Now: func() time.Time { return now }})
}

func TestOneRequestGivesRateAndPrevious(t *testing.T) {
	now := time.Date(2024, 6, 18, 8, 0, 0, 0, time.UTC)
	requests := 0
	s := serve(t, now, func(w http.ResponseWriter, r *http.Request) {
		requests++
		if r.URL.Path != "/v1/2024-06-08.." || r.URL.Query().Get("base") != "USD" || r.URL.Query().Get("symbols") != "SGD,XAU,JPY" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = fmt.Fprint(w, `{"base":"USD","rates":{"2024-06-17":{"SGD":1.3524,"JPY":157.9},"2024-06-13":{"SGD":1.3491},"2024-06-14":{"SGD":1.3530}}}`)
	})
	quotes, err := s.Quotes(t.Context(), []market.Ticker{"SGD=X", "USDXAU=X", "USDJPY=X", "AAPL", "USDUSD=X"})
	if err != nil || len(quotes) != 2 || requests != 1 {
		t.Fatalf("%v, %v after %d requests", quotes, err, requests)
	}
	q := quotes[0]
	if q.Price.String() != "1.3524" || q.PreviousClose.String() != "1.353" || !q.Fix || q.Currency != "SGD" ||
		!q.Time.Equal(time.Date(2024, 6, 17, 15, 0, 0, 0, time.UTC)) {
		t.Errorf("got %+v", q)
	}
	if !s.Terms().Fix || quotes[1].PreviousClose.Sign() != 0 {
		t.Errorf("got %+v", quotes[1])
	}
}

func TestFixIsNotOfTheFuture(t *testing.T) {
	now := time.Date(2024, 6, 17, 14, 10, 0, 0, time.UTC) // 16:10 in Frankfurt, in summer
	s := serve(t, now, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"rates":{"2024-06-17":{"USD":1.0716}}}`)
	})
	quotes, err := s.Quotes(t.Context(), []market.Ticker{"EURUSD=X"})
	if err != nil || len(quotes) != 1 || quotes[0].Time.After(now) {
		t.Errorf("got %v, %v", quotes, err)
	}
}

func TestBadAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		fails  bool
	}{
		"unknown currency": {404, `{"message":"not found"}`, false},
		"no rates":         {200, `{"rates":{}}`, false},
		"not JSON":         {200, `oops`, true},
		"another form":     {200, `[]`, true},
		"web page":         {200, `<html>`, true},
		"429":              {429, ``, true},
		"503":              {503, ``, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, time.Now(), func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			})
			quotes, err := s.Quotes(t.Context(), []market.Ticker{"EURUSD=X"})
			if errors.Is(err, alerts.ErrSource) != c.fails || len(quotes) != 0 {
				t.Errorf("got %v, %v", quotes, err)
			}
		})
	}
}

func TestBarsAreDays(t *testing.T) {
	s := serve(t, time.Date(2024, 6, 18, 8, 0, 0, 0, time.UTC), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"rates":{"2024-06-17":{"USD":1.0716},"2024-06-14":{"USD":1.0686}}}`)
	})
	bars, err := s.Bars(t.Context(), "EURUSD=X", 24*time.Hour, time.Date(2024, 6, 14, 0, 0, 0, 0, time.UTC))
	if err != nil || len(bars) != 2 || bars[0].Close.String() != "1.0686" {
		t.Errorf("got %v, %v", bars, err)
	}
	if bars, _ := s.Bars(t.Context(), "EURUSD=X", time.Hour, time.Time{}); bars != nil {
		t.Errorf("hours: %v", bars)
	}
}
