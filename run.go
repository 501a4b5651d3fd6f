package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"bellwether/adapters/finnhub"
	"bellwether/adapters/frankfurter"
	"bellwether/adapters/httpjson"
	"bellwether/adapters/kraken"
	"bellwether/adapters/rss"
	"bellwether/adapters/yahoo"
	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
)

type runCommand struct {
	Config string `required:"" type:"path" help:"The configuration file; config.example.toml explains every key." placeholder:"FILE"`
}

// Run runs the bot until it is told to stop.
func (r runCommand) Run(ctx context.Context, w world) error {
	c, err := loadConfig(r.Config, w.getenv)
	if err != nil {
		return err
	}
	log := newLog(w.stderr, c.Log)
	if c.Telegram.Token == "" && c.Discord.Token == "" && !c.WebChat.Enabled {
		return fmt.Errorf("%w: no chat is set up; give telegram.token or discord.token, or set webchat.enabled", errConfig)
	}
	in, err := realIngredients(c, log)
	if err != nil {
		return err
	}
	p, err := assemble(ctx, c, in, log)
	if stopped(ctx, err) {
		return nil
	}
	if err != nil {
		return err
	}
	log.Info("started", "version", version, "database", p.store.Engine())
	return errors.Join(p.serve(ctx, nil), p.close(ctx))
}

// stopped tells that an error is only the order to stop, which came while
// another process was waited for.
func stopped(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}

// realIngredients are the sources and topics of the real thing.
func realIngredients(c Config, log *slog.Logger) (ingredients, error) {
	client := sourceClient(c)
	in := ingredients{byClass: map[market.Class][]alerts.QuoteSource{}, topics: catalogueTopics(),
		suggestions: []string{"/market", "/alert BTC-USD > 70000", "/follow markets"}}
	var own []alerts.QuoteSource
	for _, h := range c.Sources.HTTPJSON {
		source, err := newHTTPJSON(h, client)
		if err != nil {
			return in, fmt.Errorf("%w: sources.httpjson %q: %w", errConfig, h.Name, err)
		}
		own = append(own, source)
	}
	var general []alerts.QuoteSource
	general = append(general, own...)
	if c.Sources.Yahoo.Enabled {
		general = append(general, yahoo.New(yahoo.Options{
			URL: c.Sources.Yahoo.URL, Client: client, Rate: c.Sources.Yahoo.Rate, Interval: time.Duration(c.Sources.Yahoo.Interval), Log: log,
		}))
	}
	after := func(more ...alerts.QuoteSource) []alerts.QuoteSource {
		return append(append([]alerts.QuoteSource{}, general...), more...)
	}
	in.sources = general
	if c.Sources.Kraken.Enabled {
		in.byClass[market.ClassCrypto] = after(kraken.New(kraken.Options{
			URL: c.Sources.Kraken.URL, Client: client, Rate: c.Sources.Kraken.Rate,
		}))
	}
	if c.Sources.Frankfurter.Enabled {
		in.byClass[market.ClassCurrency] = after(frankfurter.New(frankfurter.Options{
			URL: c.Sources.Frankfurter.URL, Client: client, Rate: c.Sources.Frankfurter.Rate,
		}))
	}
	if c.Sources.Finnhub.Enabled {
		in.byClass[market.ClassEquity] = after(finnhub.New(finnhub.Options{
			URL: c.Sources.Finnhub.URL, Client: client, Key: c.Sources.Finnhub.Key.reveal(), Rate: c.Sources.Finnhub.Rate,
		}))
	}
	if len(general) == 0 && len(in.byClass) == 0 {
		return in, fmt.Errorf("%w: no quote source is enabled", errConfig)
	}
	return in, nil
}

func newHTTPJSON(h HTTPJSONConfig, client *http.Client) (*httpjson.Source, error) {
	classes := make([]market.Class, len(h.Classes))
	for i, class := range h.Classes {
		classes[i] = market.Class(class)
	}
	symbols := make(map[market.Ticker]string, len(h.Symbols))
	for ours, theirs := range h.Symbols {
		symbols[market.Ticker(ours)] = theirs
	}
	return httpjson.New(httpjson.Options{
		Name: h.Name, URL: h.URL, KeyHeader: h.KeyHeader, Key: h.Key.reveal(), Client: client, Batch: h.Batch, Rate: h.Rate,
		Interval: time.Duration(h.Interval), Delay: time.Duration(h.Delay), Classes: classes, Symbols: symbols,
		Fields: httpjson.Fields{
			Items: h.Items, Symbol: h.Symbol, Price: h.Price, PreviousClose: h.Previous, Time: h.Time, TimeFormat: h.TimeForm, Currency: h.Currency,
		},
	})
}

// catalogueTopics are the feeds that come with the program.
func catalogueTopics() []bot.Topic {
	var out []bot.Topic
	for _, t := range rss.Topics() {
		topic := bot.Topic{Name: t.Name}
		for _, f := range t.Feeds {
			topic.Feeds = append(topic.Feeds, news.Feed{URL: f.URL, Title: f.Title})
		}
		out = append(out, topic)
	}
	return out
}

// serve runs everything until ctx ends. ready is told the address of the web
// chat; it may be nil.
func (p *parts) serve(ctx context.Context, ready func(address string)) error {
	if err := p.checker.Start(ctx); err != nil {
		return err
	}
	if err := p.recall(ctx); err != nil {
		return fmt.Errorf("read the past of symbols: %w", err)
	}
	address := ""
	if p.chat != nil {
		listener, err := listen(ctx, p.config.WebChat.Listen)
		if err != nil {
			return fmt.Errorf("web chat: %w", err)
		}
		address = "http://" + listener.Addr().String()
		p.log.Info("web chat", "address", address)
		p.running.Adapters["webchat"] = webServer{listener: listener, handler: p.chat.Handler()}
	}
	p.running.Ready = func() {
		go p.warm(ctx, p.warmPause)
		go p.hours.keepWarning(ctx, p.now)
		if ready != nil {
			ready(address)
		}
	}
	return p.bot.Run(ctx, p.running)
}

// listen opens the usual address, or a free port where that is taken.
func listen(ctx context.Context, address string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err == nil {
		return listener, nil
	}
	host, _, splitErr := net.SplitHostPort(address)
	if splitErr != nil {
		return nil, splitErr
	}
	return config.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
}

// webServer serves the web chat as an adapter.
type webServer struct {
	listener net.Listener
	handler  http.Handler
}

// Run serves until ctx ends.
func (s webServer) Run(ctx context.Context) error {
	// Streams of events end with their request's context, so that a stop does
	// not wait for open pages.
	streams, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return streams },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	cancel()
	stopping, stop := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer stop()
	if err := server.Shutdown(stopping); err != nil {
		return server.Close()
	}
	return nil
}
