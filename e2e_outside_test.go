package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bellwether/adapters/telegram/telegramtest"
)

const (
	telegramToken = "4242424242:AAsecretSecretSecretSecretSecret"
	discordToken  = "secretSecretSecretSecret.AAAAAA.secretSecretSecretSecretSecret"
)

// exchange is a quote source that says what the test wants: as Yahoo does, and
// as an API of the operator's own.
type exchange struct {
	url string

	mu     sync.Mutex
	prices map[string]string
	closes map[string]string
	asked  map[string]int
	broken func(w http.ResponseWriter) // answers instead; nil while all is well
}

// strip is what the fifteen symbols of the strip cost, and their previous
// closes; Jakarta's is false.
func strip() map[string][2]string {
	return map[string][2]string{
		"^STI": {"3367.90", "3338.57"}, "^GSPC": {"5509.01", "5475.09"}, "^DJI": {"39331.85", "39169.52"}, "^IXIC": {"18028.76", "17879.30"},
		"BTC-USD": {"61955.88", "62777.45"}, "^CMC200": {"1333.20", "1344.51"}, "^FTSE": {"8121.20", "8166.76"}, "GC=F": {"2340.00", "2333.40"},
		"CL=F": {"83.06", "82.81"}, "^TNX": {"4.4360", "4.4790"}, "^N225": {"40074.69", "39631.06"}, "^HSI": {"17769.14", "17718.61"},
		"^KLSE": {"1597.96", "1598.20"}, "^JKSE": {"7125.14", "14264.77"}, "PSEI.PS": {"6358.96", "6398.77"},
	}
}

func openExchange(t *testing.T) *exchange {
	t.Helper()
	e := &exchange{prices: map[string]string{}, closes: map[string]string{}, asked: map[string]int{}}
	for symbol, p := range strip() {
		e.prices[symbol], e.closes[symbol] = p[0], p[1]
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v8/finance/spark", e.spark)
	mux.HandleFunc("GET /v8/finance/chart/{symbol}", e.chart)
	mux.HandleFunc("GET /quotes", e.quotes)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.mu.Lock()
		broken := e.broken
		e.mu.Unlock()
		if broken != nil {
			broken(w)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	e.url = server.URL
	return e
}

func (e *exchange) set(symbol, price string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.prices[symbol] = price
}

// breakWith has everything answered so; nil mends it.
func (e *exchange) breakWith(answer func(w http.ResponseWriter)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.broken = answer
}

// list sets a symbol's price and its previous close.
func (e *exchange) list(symbol, price, previous string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.prices[symbol], e.closes[symbol] = price, previous
}

// reads is how often a symbol's price was told.
func (e *exchange) reads(symbol string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked[symbol]
}

func (e *exchange) tell(symbol string) (price, previous json.Number, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.prices[symbol] == "" {
		return "", "", false
	}
	e.asked[symbol]++
	return json.Number(e.prices[symbol]), json.Number(e.closes[symbol]), true
}

func (e *exchange) spark(w http.ResponseWriter, r *http.Request) {
	answer := map[string]any{}
	for symbol := range strings.SplitSeq(r.FormValue("symbols"), ",") {
		if price, previous, ok := e.tell(symbol); ok {
			answer[symbol] = map[string]any{
				"symbol": symbol, "timestamp": []int64{time.Now().Unix()}, "close": []json.Number{price},
				"chartPreviousClose": previous, "previousClose": previous,
			}
		}
	}
	reply(w, answer)
}

func (e *exchange) chart(w http.ResponseWriter, r *http.Request) {
	symbol := r.PathValue("symbol")
	price, previous, ok := e.tell(symbol)
	if !ok || r.FormValue("range") != "1d" {
		http.Error(w, `{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}`, http.StatusNotFound)
		return
	}
	kind, currency := "INDEX", "USD"
	if symbol == "BTC-USD" {
		kind = "CRYPTOCURRENCY"
	}
	reply(w, map[string]any{"chart": map[string]any{"result": []any{map[string]any{
		"meta": map[string]any{
			"symbol": symbol, "currency": currency, "instrumentType": kind, "regularMarketTime": time.Now().Unix(),
			"regularMarketPrice": price, "chartPreviousClose": previous, "previousClose": previous, "priceHint": 2, "exchangeDataDelayedBy": 0,
		},
		"timestamp": []int64{time.Now().Unix()}, "indicators": map[string]any{"quote": []any{map[string]any{"close": []json.Number{price}}}},
	}}}})
}

func (e *exchange) quotes(w http.ResponseWriter, r *http.Request) {
	list := []any{}
	for symbol := range strings.SplitSeq(r.FormValue("symbols"), ",") {
		if price, previous, ok := e.tell(symbol); ok {
			list = append(list, map[string]any{"symbol": symbol, "last": price, "prev": previous, "time": time.Now().UnixMilli()})
		}
	}
	reply(w, map[string]any{"data": list})
}

func reply(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		panic(http.ErrAbortHandler)
	}
}

// asYahoo is the configuration of the exchange as Yahoo.
func (e *exchange) asYahoo() string {
	return fmt.Sprintf("[sources.yahoo]\nurl = %q\nrate = 50.0\ninterval = \"15s\"", e.url)
}

// asOwn is the configuration of the exchange as an API that may be asked each second.
func (e *exchange) asOwn() string {
	return fmt.Sprintf(`[sources.yahoo]
enabled = false
[[sources.httpjson]]
name = "house"
url = "%s/quotes?symbols={symbols}"
batch = 50
rate = 50.0
interval = "1s"
items = "data"
symbol = "symbol"
price = "last"
previous_close = "prev"
time = "time"
time_format = "unix_ms"`, e.url)
}

// press is a newspaper with one feed, whose articles the test writes.
type press struct {
	url string

	mu    sync.Mutex
	items []string
}

func openPress(t *testing.T) *press {
	t.Helper()
	p := &press{}
	server := httptest.NewServer(http.HandlerFunc(p.serve))
	t.Cleanup(server.Close)
	p.url = server.URL + "/feed.rss"
	return p
}

func (p *press) print(title string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.items = append([]string{fmt.Sprintf(
		"<item><title>%s</title><link>http://press.example/%d</link><guid>a%d</guid><pubDate>%s</pubDate><description>What happened.</description></item>",
		title, len(p.items), len(p.items), time.Now().UTC().Format(time.RFC1123Z))}, p.items...)
}

func (p *press) serve(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.Header().Set("Content-Type", "application/rss+xml")
	fmt.Fprintf(w, `<?xml version="1.0"?><rss version="2.0"><channel><title>The Harbour Post</title><link>http://press.example</link><description>News</description>%s</channel></rss>`,
		strings.Join(p.items, ""))
}

// readPress is the configuration that lets the newspaper be read.
func readPress() string {
	return "[feeds]\nallow_networks = [\"127.0.0.0/8\"]\ninterval = \"1s\""
}

// tradesNow lets a market trade without a pause around the time of the test,
// whatever day and hour that is.
func tradesNow(t *testing.T, mic string) string {
	t.Helper()
	var days []string
	for i := -1; i <= 2; i++ {
		days = append(days, fmt.Sprintf("%q: [\"<23:59-23:59\"]", time.Now().AddDate(0, 0, i).Format(time.DateOnly)))
	}
	file := filepath.Join(t.TempDir(), "hours.json")
	text := fmt.Sprintf("[{\"mic\": %q, \"special\": {%s}}]", mic, strings.Join(days, ", "))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("[calendar]\noverride = %q", file)
}

// openTelegram starts a Telegram server and returns it with its configuration.
func openTelegram(t *testing.T, o telegramtest.Options, more ...string) (*telegramtest.Server, string) {
	t.Helper()
	if o.Token == "" {
		o.Token = telegramToken
	}
	o.OpenChats = true
	server, err := telegramtest.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	listening := httptest.NewServer(server)
	t.Cleanup(func() {
		listening.CloseClientConnections()
		listening.Close()
	})
	lines := append([]string{"[telegram]", fmt.Sprintf("api_url = %q", listening.URL)}, more...)
	return server, strings.Join(lines, "\n")
}

const quick = "per_second = 500.0\nprivate_per_second = 20.0\ngroup_per_minute = 600.0"
