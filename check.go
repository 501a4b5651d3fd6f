package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
)

type checkCommand struct {
	Config string `required:"" type:"path" help:"The configuration file." placeholder:"FILE"`
	Live   bool   `help:"Ask every source for what it serves, and read every feed that comes with the program."`
}

// errCheck is returned where something that was checked does not work.
var errCheck = errors.New("not everything works")

// errNothing is a source's that answers and has none of what it is asked for.
var errNothing = errors.New("source gave no symbol")

const checkTime = 30 * time.Second

// Run checks everything without sending a message.
func (k checkCommand) Run(ctx context.Context, w world) error {
	c, err := loadConfig(k.Config, w.getenv)
	if err != nil {
		return err
	}
	report := checkReport{w: w}
	report.line("configuration", nil, "%s is well-formed", k.Config)
	report.line("telegram", nil, "%s", accountState(c.Telegram.Token, c.Telegram.APIURL))
	report.line("discord", nil, "%s", accountState(c.Discord.Token, c.Discord.APIURL))
	log := newLog(w.stderr, LogConfig{Level: "error", Format: c.Log.Format})
	store, err := storage.Open(ctx, storage.Options{URL: c.Database.URL.reveal(), Log: log})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	report.line("database", nil, "%s can be read and written", store.Engine())
	report.hours(c.Calendar.Override, time.Now())
	in, err := realIngredients(c, log)
	if err != nil {
		return err
	}
	if err := report.sources(ctx, in, k.Live); err != nil {
		return err
	}
	report.feeds(ctx, c, store, k.Live)
	if report.failed {
		return errCheck
	}
	return nil
}

// hours tells whether market hours can be used, and which end soon.
func (r *checkReport) hours(override string, now time.Time) {
	calendar, err := readCalendar(override)
	if err != nil {
		r.line("market hours", err, "calendar.override: %s", err)
		return
	}
	ending := "none ends within sixty days"
	if venues := calendar.Ending(now); len(venues) > 0 {
		names := make([]string, len(venues))
		for i, v := range venues {
			names[i] = v.Name + " " + v.Until.Format(time.DateOnly)
		}
		ending = "not known after: " + strings.Join(names, ", ")
	}
	r.line("market hours", nil, "%d markets; %s", len(calendar.Venues()), ending)
}

func accountState(token Secret, address string) string {
	if token == "" {
		return "no token, so it is not served"
	}
	return "a token is set, for " + address
}

// checkReport prints one line for each thing that was checked.
type checkReport struct {
	w      world
	failed bool
}

func (r *checkReport) line(what string, err error, format string, args ...any) {
	mark := "ok  "
	if err != nil {
		mark, r.failed = "FAIL", true
	}
	say(r.w.stdout, "%s %-14s %s\n", mark, what, fmt.Sprintf(format, args...))
}

// sources asks each source for one symbol of each class that it serves; live,
// for the whole strip.
func (r *checkReport) sources(ctx context.Context, in ingredients, live bool) error {
	table, err := market.DefaultTable()
	if err != nil {
		return err
	}
	asked := make(map[string]bool)
	all := slices.Clone(in.sources)
	for _, byClass := range in.byClass {
		all = append(all, byClass...)
	}
	for _, source := range all {
		if asked[source.Name()] {
			continue
		}
		asked[source.Name()] = true
		tickers := sample(table, source.Terms(), live)
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		quotes, err := source.Quotes(ctx, tickers)
		cancel()
		if err != nil && len(quotes) == 0 {
			r.line(source.Name(), err, "%s", err)
			continue
		}
		var none error
		if len(quotes) == 0 && len(tickers) > 0 {
			none = errNothing
		}
		r.line(source.Name(), none, "gave %d of %d symbols", len(quotes), len(tickers))
		if live {
			r.quotes(table, tickers, quotes)
		}
	}
	return nil
}

// sample returns symbols that a source should serve.
func sample(table *market.Table, terms alerts.Terms, live bool) []market.Ticker {
	var out []market.Ticker
	take := func(s market.Symbol) {
		if len(terms.Classes) == 0 || slices.Contains(terms.Classes, s.Class) {
			out = append(out, s.Ticker)
		}
	}
	for _, s := range table.Strip() {
		take(s)
	}
	for _, t := range []market.Ticker{"AAPL", "D05.SI", "EURUSD=X", "USDSGD=X", "ETH-USD"} {
		if s, ok := table.Get(t); ok {
			take(s)
		}
	}
	if !live {
		out = out[:min(len(out), 2)]
	}
	return out
}

func (r *checkReport) quotes(table *market.Table, asked []market.Ticker, quotes []market.Quote) {
	for _, q := range quotes {
		s, _ := table.Get(q.Ticker)
		delay := "live"
		if q.Delay > 0 {
			delay = q.Delay.String() + " late"
		}
		say(r.w.stdout, "       %-10s %14s %-4s %s, %s\n", q.Ticker, q.Price.StringFixed(max(s.Decimals, 0)), q.Currency,
			q.Time.Format("2006-01-02 15:04"), delay)
	}
	var missing []string
	for _, t := range asked {
		if slices.ContainsFunc(quotes, func(q market.Quote) bool { return q.Ticker == t }) {
			continue
		}
		name := string(t)
		if s, ok := table.Get(t); ok && s.Optional {
			name += " (optional: sources may no longer carry it)"
		}
		missing = append(missing, name)
	}
	if len(missing) > 0 {
		say(r.w.stdout, "       not served: %s\n", strings.Join(missing, ", "))
	}
}

// feeds reads the feeds that are followed; live, those that come with the
// program, too.
func (r *checkReport) feeds(ctx context.Context, c Config, store *storage.Store, live bool) {
	table, err := market.DefaultTable()
	if err != nil {
		r.line("symbols", err, "%s", err)
		return
	}
	reader := newReader(c, table, time.Now, newLog(r.w.stderr, LogConfig{Level: "error", Format: c.Log.Format}))
	list, err := store.DueFeeds(ctx, time.Now().Add(100*365*24*time.Hour), 500)
	if err != nil {
		r.line("feeds", err, "%s", err)
		return
	}
	r.line("feeds", nil, "%d are followed", len(list))
	if live {
		for _, t := range catalogueTopics() {
			list = append(list, t.Feeds...)
		}
	}
	read := make(map[string]bool)
	for _, f := range list {
		if read[f.URL] {
			continue
		}
		read[f.URL] = true
		ctx, cancel := context.WithTimeout(ctx, checkTime)
		reading, err := reader.Read(ctx, news.Feed{URL: f.URL})
		cancel()
		if err != nil {
			r.line("feed", err, "%s: %s", f.URL, err)
			continue
		}
		r.line("feed", nil, "%s: %d articles", f.URL, len(reading.Articles))
	}
}
