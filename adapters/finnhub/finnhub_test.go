package finnhub_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/finnhub"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

var _ alerts.QuoteSource = (*finnhub.Source)(nil)

const key = "very-secret-key"

func serve(t *testing.T, handler http.HandlerFunc) *finnhub.Source {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return finnhub.New(finnhub.Options{URL: server.URL + "/api/v1", Key: key, Client: &http.Client{Timeout: 5 * time.Second}, Rate: 100_000})
}

func TestKeyTravelsInAHeaderOnly(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Finnhub-Token") != key || strings.Contains(r.URL.String(), key) || r.URL.Path != "/api/v1/quote" {
			t.Errorf("asked %s with %v", r.URL, r.Header)
		}
		switch r.URL.Query().Get("symbol") {
		case "AAPL":
			_, _ = fmt.Fprint(w, `{"c":333.69,"d":3.37,"dp":1.02,"h":334,"l":330,"o":333,"pc":330.32,"t":1772632800}`)
		case "BRK.B":
			_, _ = fmt.Fprint(w, `{"c":480.1,"pc":479,"t":1772632800}`)
		default:
			_, _ = fmt.Fprint(w, `{"c":0,"d":null,"dp":null,"h":0,"l":0,"o":0,"pc":0,"t":0}`)
		}
	})
	quotes, err := s.Quotes(t.Context(), []market.Ticker{"AAPL", "BRK-B", "NOPE", "D05.SI", "^STI", "BTC-USD"})
	if err != nil || len(quotes) != 2 {
		t.Fatalf("got %v, %v", quotes, err)
	}
	if q := quotes[0]; q.Price.String() != "333.69" || q.PreviousClose.String() != "330.32" || q.Time.Unix() != 1772632800 || q.Source != "finnhub" {
		t.Errorf("got %+v", q)
	}
}

func TestKeyDoesNotFollowARedirect(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another server was asked, with %v", r.Header)
	}))
	defer other.Close()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) })
	_, err := s.Quotes(t.Context(), []market.Ticker{"AAPL"})
	var e *alerts.SourceError
	if !errors.As(err, &e) || !e.Refused {
		t.Errorf("got %v", err)
	}
}

func TestBadAnswersHoldNoKey(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		body    string
		refused bool
	}{
		"wrong key":   {401, `{"error":"Invalid API key"}`, true},
		"not allowed": {403, `{"error":"You don't have access to this resource."}`, true},
		"too many":    {429, ``, true},
		"in the body": {200, `{"error":"` + key + `"}`, false},
		"web page":    {200, `<html>`, false},
		"not JSON":    {200, `x`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = fmt.Fprint(w, c.body)
			})
			_, err := s.Quotes(t.Context(), []market.Ticker{"AAPL"})
			var e *alerts.SourceError
			if !errors.As(err, &e) || e.Refused != c.refused || strings.Contains(err.Error(), key) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestNews(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); r.URL.Path != "/api/v1/company-news" || q.Get("from") != "2026-03-03" || q.Get("to") != "2026-03-04" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = fmt.Fprint(w, `[{"id":7,"headline":"H","summary":"S","source":"P","url":"https://example.org/1","datetime":1772632800},{"id":8}]`)
	})
	until := time.Date(2026, 3, 4, 1, 0, 0, 0, time.UTC)
	got, err := s.News(t.Context(), "AAPL", until.AddDate(0, 0, -1), until)
	if err != nil || len(got) != 1 || got[0].Headline != "H" || got[0].Publisher != "P" || got[0].Time.Unix() != 1772632800 {
		t.Errorf("got %+v, %v", got, err)
	}
}
