package yahoo_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/yahoo"
	"bellwether/alerts/market"
)

// BenchmarkCheckOf5000 reads 5,000 symbols in batches from a local server. Each
// answer holds a day of closes, five minutes apart.
func BenchmarkCheckOf5000(b *testing.B) {
	var times, closes []string
	for i := range 78 {
		times = append(times, fmt.Sprint(1772632800+300*i))
		closes = append(closes, "333.69000244140625")
	}
	day := `{"timestamp":[` + strings.Join(times, ",") + `],"close":[` + strings.Join(closes, ",") + `],"chartPreviousClose":330.32001}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isSpark(r) {
			_, _ = fmt.Fprint(w, chartOf(appleMeta))
			return
		}
		var body strings.Builder
		for i, symbol := range strings.Split(r.URL.Query().Get("symbols"), ",") {
			body.WriteString(map[bool]string{true: "{", false: ","}[i == 0] + `"` + symbol + `":` + day)
		}
		_, _ = fmt.Fprint(w, body.String()+"}")
	}))
	defer server.Close()
	s := yahoo.New(yahoo.Options{URL: server.URL, Client: &http.Client{Timeout: time.Minute}, Rate: 1e6})
	var tickers []market.Ticker
	for i := range 5000 {
		tickers = append(tickers, market.Ticker(fmt.Sprintf("S%d", i)))
	}
	b.ReportAllocs()
	for b.Loop() {
		quotes, err := s.Quotes(b.Context(), tickers)
		if err != nil || len(quotes) != len(tickers) {
			b.Fatalf("%d quotes, %v", len(quotes), err)
		}
	}
}
