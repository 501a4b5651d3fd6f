package main

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"bellwether/adapters/discord/discordtest"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/subscriptions"
)

// floor is a quote source and a past that say what a conversation wants.
type floor struct {
	mu     sync.Mutex
	prices map[market.Ticker]string
	closes map[market.Ticker]string
}

func openFloor() *floor {
	f := &floor{prices: map[market.Ticker]string{}, closes: map[market.Ticker]string{}}
	for ticker, p := range strip() {
		f.prices[market.Ticker(ticker)], f.closes[market.Ticker(ticker)] = p[0], p[1]
	}
	maps.Copy(f.prices, map[market.Ticker]string{
		"BTC-USD": "69500.25", "AAPL": "201.50", "NVDA": "121.00", "D05.SI": "38.50", "^VIX": "14.20", "ETH-USD": "3400.00",
	})
	maps.Copy(f.closes, map[market.Ticker]string{
		"BTC-USD": "69010.00", "AAPL": "200.10", "NVDA": "120.40", "D05.SI": "38.30", "^VIX": "14.00", "ETH-USD": "3390.00",
	})
	return f
}

// moves gives a symbol a price: "BTC-USD 70120.50".
func (f *floor) moves(line string) {
	ticker, price, _ := strings.Cut(line, " ")
	f.mu.Lock()
	defer f.mu.Unlock()
	f.prices[market.Ticker(ticker)] = price
}

// Name implements alerts.QuoteSource.
func (f *floor) Name() string { return "floor" }

// Terms implements alerts.QuoteSource.
func (f *floor) Terms() alerts.Terms {
	return alerts.Terms{Batch: 100, Interval: time.Second, Rate: 100}
}

// Quotes implements alerts.QuoteSource.
func (f *floor) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now().UTC()
	var out []market.Quote
	for _, t := range tickers {
		if f.prices[t] != "" {
			out = append(out, market.Quote{
				Ticker: t, Price: market.MustPrice(f.prices[t]), PreviousClose: market.MustPrice(f.closes[t]), Time: now, Received: now, Source: "floor",
			})
		}
	}
	return out, nil
}

// Bars implements alerts.BarSource: days that go up and down by a few percent
// around the previous close, and end there.
func (f *floor) Bars(_ context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	const day = 24 * time.Hour
	if step < day || f.closes[ticker] == "" {
		return nil, nil
	}
	closed := market.MustPrice(f.closes[ticker]).Decimal()
	today := time.Now().UTC().Truncate(day)
	var bars []market.Bar
	for ago := 40; ago > 0; ago-- {
		at := today.Add(-time.Duration(ago) * day)
		if at.Before(from) {
			continue
		}
		swing := market.MustPrice([]string{"1", "1.02", "0.985", "1.01"}[(ago-1)%4]).Decimal()
		price, err := market.PriceOf(closed.Mul(swing).Round(4))
		if err != nil {
			return nil, err
		}
		bars = append(bars, market.Bar{Time: at, Open: price, High: price, Low: price, Close: price})
	}
	return bars, nil
}

// stage is the whole bot on one platform, against that platform's stand-in.
type stage struct {
	t        *testing.T
	platform subscriptions.Platform
	parts    *parts
	floor    *floor
	paper    *press
	// web is the address of the web chat; telegram and discord are nil where
	// the stage is not on them.
	web      string
	telegram *telegramtest.Server
	discord  *discordtest.Server
	api      string // of Discord
	refused  *refusals
	printed  *output
}

// refusals are answers of Telegram's stand-in that were no success.
type refusals struct {
	mu  sync.Mutex
	all []string
}

// watch notes what a handler refuses. Polls are left out: they end with the
// stage.
func (r *refusals) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		if strings.HasSuffix(in.URL.Path, "/getUpdates") {
			next.ServeHTTP(w, in)
			return
		}
		seen := httptest.NewRecorder()
		next.ServeHTTP(seen, in)
		if seen.Code != http.StatusOK {
			r.mu.Lock()
			r.all = append(r.all, in.URL.Path[strings.LastIndexByte(in.URL.Path, '/'):]+": "+strings.TrimSpace(seen.Body.String()))
			r.mu.Unlock()
		}
		maps.Copy(w.Header(), seen.Header())
		w.WriteHeader(seen.Code)
		_, _ = w.Write(seen.Body.Bytes())
	})
}

func (r *refusals) list() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.all...)
}

// stageOptions say what is out of the ordinary.
type stageOptions struct {
	telegram func(http.Handler) http.Handler // between the bot and Telegram
	discord  discordtest.Options
	config   func(*Config)
}

// openStage assembles the bot on one platform and runs it until the test ends.
func openStage(t *testing.T, platform subscriptions.Platform, o stageOptions) *stage {
	t.Helper()
	s := &stage{t: t, platform: platform, floor: openFloor(), paper: openPress(t), refused: &refusals{}, printed: &output{}}
	c := defaults()
	c.Database.URL = Secret("sqlite:" + filepath.Join(t.TempDir(), "bellwether.db"))
	c.Schedule = ScheduleConfig{Quotes: "@every 1s", Feeds: "@every 1s", Bells: "0 * * * * *", Sweep: "@every 1s", Prune: "17 3 * * *"}
	c.Feeds = FeedsConfig{AllowNetworks: []string{"127.0.0.0/8"}, Interval: Duration(time.Second)}
	switch platform {
	case subscriptions.Telegram:
		s.openTelegram(&c, o)
	case subscriptions.Discord:
		s.openDiscord(&c, o)
	default:
		c.WebChat = WebChatConfig{Enabled: true, Listen: "127.0.0.1:0"}
	}
	if o.config != nil {
		o.config(&c)
	}
	s.run(c)
	return s
}

func (s *stage) openTelegram(c *Config, o stageOptions) {
	s.t.Helper()
	server, err := telegramtest.NewServer(telegramtest.Options{Token: telegramToken, OpenChats: true})
	if err != nil {
		s.t.Fatal(err)
	}
	var handler http.Handler = server
	if o.telegram != nil {
		handler = o.telegram(handler)
	}
	listening := httptest.NewServer(s.refused.watch(handler))
	s.t.Cleanup(func() {
		listening.CloseClientConnections()
		listening.Close()
	})
	s.telegram = server
	c.Telegram.Token, c.Telegram.APIURL = telegramToken, listening.URL
	c.Telegram.PerSecond, c.Telegram.PrivatePerSecond, c.Telegram.GroupPerMinute = 500, 50, 600
}

func (s *stage) openDiscord(c *Config, o stageOptions) {
	s.t.Helper()
	o.discord.Token = discordToken
	o.discord.Spec = readDiscordSpec(s.t)
	s.discord = discordtest.New(o.discord)
	address, err := s.discord.Start()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.discord.Close)
	s.api = address
	c.Discord.Token, c.Discord.APIURL, c.Discord.PerSecond = discordToken, address, 500
}

// run serves until the test ends, and prints the log of a test that failed.
func (s *stage) run(c Config) {
	s.t.Helper()
	log := slog.New(slog.NewTextHandler(s.printed, &slog.HandlerOptions{Level: slog.LevelInfo}))
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	s.parts, err = assemble(ctx, c, ingredients{
		sources: []alerts.QuoteSource{s.floor}, alwaysOpen: true, suggestions: []string{"/market"},
		topics: []bot.Topic{{Name: "harbour", Feeds: []news.Feed{{URL: s.paper.url, Title: "The Harbour Post"}}}},
	}, log)
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	s.parts.warmPause = 5 * time.Millisecond
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() { ended <- s.parts.serve(ctx, func(address string) { ready <- address }) }()
	s.t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			s.t.Errorf("the bot ended with %v", err)
		}
		if err := s.parts.close(context.Background()); err != nil {
			s.t.Error(err)
		}
		s.inspect()
	})
	select {
	case s.web = <-ready:
	case err := <-ended:
		ended <- err
		s.t.Fatalf("the bot does not start: %v", err)
	case <-time.After(patience):
		s.t.Fatal("the bot does not start")
	}
}

// inspect looks at what was printed: no conversation makes the bot fail.
func (s *stage) inspect() {
	for line := range strings.Lines(s.printed.String()) {
		if strings.Contains(line, "level=ERROR") {
			s.t.Errorf("the bot printed %s", line)
		}
	}
	if strings.Contains(s.printed.String(), "ecretSecret") {
		s.t.Error("a token was printed")
	}
	if s.t.Failed() {
		s.t.Logf("the bot printed:\n%s", s.printed)
	}
}

// nothingRefused wants every request of the bot to have been taken.
func (s *stage) nothingRefused() {
	s.t.Helper()
	for _, text := range s.refused.list() {
		s.t.Errorf("Telegram refused %s", text)
	}
	if s.discord == nil {
		return
	}
	for _, r := range s.discord.Requests() {
		if r.Status >= http.StatusBadRequest {
			s.t.Errorf("Discord refused %s %s with %d: %s", r.Method, r.Path, r.Status, r.Body)
		}
	}
}

// enter brings a new person to the stage's platform, in private.
func (s *stage) enter(number int) person {
	s.t.Helper()
	switch {
	case s.telegram != nil:
		return &telegramPerson{stage: s, chat: int64(7000 + number), user: int64(7000 + number)}
	case s.discord != nil:
		return s.enterDiscord(fmt.Sprintf("50000000000000%04d", number))
	}
	return s.enterWebChat()
}
