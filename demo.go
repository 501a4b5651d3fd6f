package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/mattn/go-isatty"

	"bellwether/adapters/replay"
	"bellwether/adapters/rss/newsroom"
	"bellwether/adapters/webchat"
	"bellwether/alerts"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/subscriptions"
)

type demoCommand struct {
	Data   string  `type:"path" help:"Keep everything in this folder, to go on with it later. A temporary one by default." placeholder:"DIR"`
	Speed  float64 `default:"1" help:"How fast the sample market moves."`
	Seed   uint64  `default:"7" help:"Which sample market: the same seed moves the same way."`
	Listen string  `default:"127.0.0.1:8383" help:"Where the chat is served; a free port is taken where this one is not free."`
}

// guest is a visitor who is there without a browser, so that something happens.
const guest = "guestguestguestguestgues"

// Run runs everything on a sample market and a sample newsroom.
func (d demoCommand) Run(ctx context.Context, w world) (err error) {
	folder := d.Data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "bellwether-demo-"); err != nil {
			return fmt.Errorf("make a temporary folder: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	c := d.config(folder)
	log := newLog(w.stderr, c.Log)
	office, err := openNewsroom(ctx, filepath.Join(folder, "newsroom"), log)
	if err != nil {
		return err
	}
	defer office.close()
	now := time.Now()
	in := ingredients{
		sources:     []alerts.QuoteSource{replay.New(replay.Options{Seed: d.Seed, Start: now, Speed: d.Speed})},
		suggestions: []string{"/alert BTC-USD > 62000 every time", "/market", "/alert NVDA moves 5%"},
		topics:      office.topics(),
		alwaysOpen:  true,
	}
	p, err := assemble(ctx, c, in, log)
	if stopped(ctx, err) {
		return nil
	}
	if err != nil {
		return err
	}
	p.warmPause = 20 * time.Millisecond
	err = p.serve(ctx, func(address string) {
		say(w.stdout, "Bellwether demo: open %s in a browser. Ctrl-C ends it.\n", address)
		if err := p.welcomeGuest(ctx, office.address+"/markets.rss"); err != nil {
			log.Error("set up the demo's guest", "error", err)
		}
		go p.progress(ctx, w.stdout)
	})
	if closeErr := p.close(ctx); closeErr != nil {
		return errors.Join(err, closeErr)
	}
	say(w.stdout, "\nEnded.\n")
	return err
}

// config is the demo's configuration: everything is near and quick.
func (d demoCommand) config(folder string) Config {
	c := defaults()
	c.Log.Level = "warn"
	c.Database.URL = Secret("sqlite:" + filepath.Join(folder, "bellwether.db"))
	c.Schedule = ScheduleConfig{Quotes: "@every 1s", Feeds: "@every 2s", Bells: "0 * * * * *", Sweep: "@every 5s", Prune: "17 3 * * *"}
	c.Defaults.Zone = localZone()
	c.WebChat = WebChatConfig{Enabled: true, Listen: d.Listen}
	c.Feeds = FeedsConfig{AllowNetworks: []string{"127.0.0.0/8"}, Interval: Duration(3 * time.Second)}
	return c
}

// localZone returns the machine's time zone where it has a name.
func localZone() string {
	if name := os.Getenv("TZ"); name != "" {
		if _, err := time.LoadLocation(name); err == nil {
			return name
		}
	}
	if target, err := os.Readlink("/etc/localtime"); err == nil {
		for _, root := range []string{"/usr/share/zoneinfo/", "/var/db/timezone/zoneinfo/"} {
			if name, ok := cutPath(target, root); ok {
				return name
			}
		}
	}
	return "UTC"
}

func cutPath(path, root string) (string, bool) {
	name, err := filepath.Rel(root, path)
	if err != nil || len(name) == 0 || name[0] == '.' {
		return "", false
	}
	if _, err := time.LoadLocation(name); err != nil {
		return "", false
	}
	return name, true
}

// welcomeGuest sets the guest up: three alerts and a feed, by the same road as
// anybody's. The one that is to be seen soon is told once: one for every time
// would ask first in the hours in which the sample market's past is restless.
func (p *parts) welcomeGuest(ctx context.Context, feed string) error {
	start := fmt.Sprint(time.Now().UnixNano())
	typed := []bot.Request{
		{Command: "alert", Text: "BTC-USD > 62000"}, {Command: "alert", Text: "NVDA moves 5%"},
		{Command: "alert", Text: "^JKSE moves 10% every time"}, {Command: "follow", Text: feed},
	}
	for i := range typed {
		typed[i].ID = fmt.Sprintf("demo/%s/%d", start, i)
		typed[i].Identity = subscriptions.Identity{Platform: subscriptions.WebChat, User: guest, Name: "Guest"}
		typed[i].Place = subscriptions.Destination{Address: webchat.Address(guest), Kind: subscriptions.Private, Title: "Guest"}
		typed[i].At = time.Now().UTC()
	}
	return p.bot.Submit(ctx, typed...)
}

// progress tells on one line what happens, until ctx ends.
func (p *parts) progress(ctx context.Context, out io.Writer) {
	file, ok := out.(*os.File)
	terminal := ok && isatty.IsTerminal(file.Fd())
	every, end := 10*time.Second, "\n"
	if terminal {
		every, end = time.Second, "  \r"
	}
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			n := p.bot.Counters()
			say(out, "%d quotes checked · %d articles read · %d messages delivered%s", n.Quotes, n.Articles, p.delivered(ctx), end)
		}
	}
}

// office is the sample newsroom's server.
type office struct {
	address string
	server  *http.Server
}

// openNewsroom serves the newsroom where the file says that it was the last
// time, if that is free, so that feeds which are followed go on.
func openNewsroom(ctx context.Context, file string, log *slog.Logger) (*office, error) {
	var config net.ListenConfig
	var listener net.Listener
	known, err := os.ReadFile(file) //nolint:gosec // in the folder that was named for this
	if last, parseErr := netip.ParseAddrPort(string(known)); err == nil && parseErr == nil && last.Addr().IsLoopback() {
		listener, _ = config.Listen(ctx, "tcp", last.String())
	}
	if listener == nil {
		if listener, err = config.Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
			return nil, fmt.Errorf("open the sample newsroom: %w", err)
		}
	}
	if len(known) == 0 {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			log.Warn("remember the newsroom's address", "error", err)
		} else if err := os.WriteFile(file, []byte(listener.Addr().String()), 0o600); err != nil { //nolint:gosec // in the folder that was asked for
			log.Warn("remember the newsroom's address", "error", err)
		}
	}
	o := &office{address: "http://" + listener.Addr().String()}
	o.server = &http.Server{
		Handler:           newsroom.New(newsroom.Options{Opened: time.Now(), Every: 7 * time.Second, Now: time.Now}),
		ReadHeaderTimeout: 5 * time.Second,
	}
	go func() {
		if err := o.server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			log.Error("sample newsroom", "error", err)
		}
	}()
	return o, nil
}

func (o *office) close() { _ = o.server.Close() }

// topics are the newsroom's feeds by the words that /follow takes.
func (o *office) topics() []bot.Topic {
	return []bot.Topic{
		{Name: "markets", Feeds: []news.Feed{{URL: o.address + "/markets.rss", Title: "The Daily Tape: Markets"}}},
		{Name: "asia", Feeds: []news.Feed{{URL: o.address + "/asia.rss", Title: "Straits Ledger: Asia"}}},
	}
}
