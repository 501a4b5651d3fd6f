package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"bellwether/adapters/discord"
	"bellwether/adapters/fetch"
	"bellwether/adapters/rss"
	"bellwether/adapters/storage"
	"bellwether/adapters/telegram"
	"bellwether/adapters/webchat"
	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/bot/chart"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// The names of the accounts that one installation serves.
const (
	mainAccount = "main"
	webAccount  = "web"
)

// parts are everything that a running bot is made of.
type parts struct {
	config  Config
	log     *slog.Logger
	now     func() time.Time
	store   *storage.Store
	tenure  *bot.Tenure
	symbols *market.Table
	hours   marketHours
	chain   *alerts.Chain
	checker *alerts.Checker
	plan    *alerts.ReadingPlan
	trail   *alerts.Trail
	gate    *alerts.Gate
	reader  *rss.Reader
	past    *bot.PastKeeper
	bot     *bot.Bot
	outbox  *outbox.Outbox
	running bot.Running
	chat    *webchat.Chat // nil where there is none
	// imported is the last import of symbols that was learned; checks alone use it.
	imported string
	// warmPause lies between two symbols whose past is asked for.
	warmPause time.Duration
}

// ingredients are what differs between the real thing and the demo.
type ingredients struct {
	// sources are asked in their order; byClass in another for some classes.
	sources []alerts.QuoteSource
	byClass map[market.Class][]alerts.QuoteSource
	// suggestions are what a visitor of the web chat may click first.
	suggestions []string
	topics      []bot.Topic
	// alwaysOpen makes every market trade round the clock.
	alwaysOpen bool
}

// assemble makes the parts and connects them. Nothing runs yet.
func assemble(ctx context.Context, c Config, in ingredients, log *slog.Logger) (*parts, error) {
	p := &parts{config: c, log: log, now: time.Now, warmPause: warmPause}
	store, err := storage.Open(ctx, storage.Options{URL: c.Database.URL.reveal(), Connections: c.Database.Connections, Log: log})
	if err != nil {
		return nil, err
	}
	p.store = store
	// Before anything is read: what another process still serves may change.
	p.tenure, err = bot.TakeLease(ctx, bot.LeaseOptions{Lease: store.Lease(), Holder: newHolder(), Dead: holderIsDead, Log: log})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	if err := p.connect(ctx, in); err != nil {
		return nil, errors.Join(err, p.close(ctx))
	}
	return p, nil
}

// close gives the lease back and closes the database.
func (p *parts) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(p.tenure.End(ctx), p.store.Close())
}

func (p *parts) connect(ctx context.Context, in ingredients) error {
	var err error
	if p.symbols, err = market.DefaultTable(); err != nil {
		return err
	}
	if p.hours, err = newMarketHours(p.config.Calendar.Override, in.alwaysOpen, p.symbol, p.log, p.now()); err != nil {
		return err
	}
	p.reader = newReader(p.config, p.symbols, p.now, p.log)
	if err := p.connectChecks(ctx, in); err != nil {
		return err
	}
	if err := p.connectBot(in); err != nil {
		return err
	}
	return p.connectPlatforms(in)
}

// connectChecks makes what reads quotes and judges rules on them.
func (p *parts) connectChecks(ctx context.Context, in ingredients) error {
	p.chain = alerts.NewChain(alerts.ChainOptions{
		Sources: in.sources, ByClass: in.byClass, Class: p.class, Report: p.reportSource, Now: p.now,
		Pace: &alerts.Pace{Sessions: p.hours.sessions, Class: p.class, Last: p.last,
			Wrong: func(q market.Quote) bool { return p.gate.Wrong(q) },
		},
	})
	p.past = &bot.PastKeeper{Shelf: p.store, Source: p.chain, Now: p.now, Log: p.log}
	book := alerts.NewBook()
	trail := alerts.NewTrail(p.hours.trading)
	plan := alerts.NewReadingPlan(alerts.PlanOptions{
		Serving: p.chain.Serving, Sessions: p.hours.sessions, Distance: p.distance(book), Every: everyOf(p.config.Schedule.Quotes),
		Waiting: func(t market.Ticker) bool { return p.gate.Waiting(t) },
	})
	p.checker = &alerts.Checker{
		Store: p.store.Checks(), Source: p.chain, Planner: plan, Book: book, View: trail, Hours: p.hours.trading, Bars: p.chain,
		Outage: 10 * time.Minute, Watched: p.watched, Now: p.now, Log: p.log,
	}
	records, err := p.store.GuardRecords(ctx)
	if err != nil {
		return err
	}
	if p.imported, err = p.store.Recall(ctx, importedName); err != nil {
		return err
	}
	p.gate = alerts.NewGate(alerts.GateOptions{
		Symbol: p.symbol, Day: p.hours.day, Second: p.chain.SecondOpinion, Splits: splitsFrom(in.sources), Decision: p.decision,
		Closed: p.closed, Records: records, Log: p.log,
	})
	p.checker.Guard, p.plan, p.trail = p.gate, plan, trail
	p.checker.Rescaled = p.rescaled
	p.checker.Retracted = p.trail.Retract
	p.checker.Filled = p.filled
	if p.checker.Kept, err = p.store.Recall(ctx, missedName); err != nil {
		return err
	}
	p.checker.Keep = func(ctx context.Context, missed string) error { return p.store.Keep(ctx, missedName, missed) }
	if p.checker.Watch, err = p.newWatch(ctx); err != nil {
		return err
	}
	p.checker.Told = func(ctx context.Context, standings []alerts.Standing) {
		for _, s := range standings {
			trail.Note(s)
			p.past.Note(ctx, s.Quote)
		}
	}
	p.past.Told = func(line market.Line) {
		if line.Step >= 24*time.Hour {
			trail.Days(line)
		}
	}
	return nil
}

// symbol describes a ticker; one that the table lacks by its ticker alone.
func (p *parts) symbol(t market.Ticker) market.Symbol {
	if s, ok := p.symbols.Get(t); ok {
		return s
	}
	return market.Symbol{Ticker: t, Name: string(t), Class: market.ClassEquity, Decimals: 2}
}

// last returns a symbol's last accepted quote.
func (p *parts) last(t market.Ticker) market.Quote {
	last, _ := p.checker.Latest(t)
	return last.Quote
}

// class tells which class a symbol is of.
func (p *parts) class(t market.Ticker) (market.Class, bool) {
	s, ok := p.symbols.Get(t)
	return s.Class, ok
}

// distance tells how far a symbol's last price is from the nearest threshold.
func (p *parts) distance(book *alerts.Book) func(market.Ticker) (market.Price, bool) {
	return func(t market.Ticker) (market.Price, bool) {
		last, ok := p.checker.Latest(t)
		if !ok {
			return 0, false
		}
		below, above, hasBelow, hasAbove := book.Nearest(t, last.Quote.Price)
		nearest, found := market.Price(0), false
		for _, side := range []struct {
			level market.Price
			ok    bool
		}{{below, hasBelow}, {above, hasAbove}} {
			if !side.ok {
				continue
			}
			away := side.level.ChangePercent(last.Quote.Price)
			if away.Sign() < 0 {
				away = away.Neg()
			}
			if !found || away.Less(nearest) {
				nearest, found = away, true
			}
		}
		return nearest, found
	}
}

// watched are the symbols to be read beside those of rules: the strip and every
// watchlist.
func (p *parts) watched(ctx context.Context) ([]market.Ticker, error) {
	if err := p.learnImported(ctx); err != nil && ctx.Err() == nil {
		p.log.Error("learn imported symbols", "error", err)
	}
	lists, err := p.store.Watchlists(ctx)
	if err != nil {
		return nil, err
	}
	var out []market.Ticker
	for _, s := range p.symbols.Strip() {
		out = append(out, s.Ticker)
	}
	for _, list := range lists {
		out = append(out, list...)
	}
	return out, nil
}

// reportSource says once that a source goes bad, and once that it is well.
func (p *parts) reportSource(n alerts.Notice) {
	switch {
	case len(n.Tickers) > 0 && n.Over:
		p.log.Info("quotes of symbols are of use again", "source", n.Source, "tickers", n.Tickers, "since", n.Since)
		return
	case len(n.Tickers) > 0:
		p.log.Warn("quotes of symbols are of no use, the next source is asked", "source", n.Source, "tickers", n.Tickers,
			"since", n.Since, "reason", n.Reason)
		return
	}
	if n.Over {
		p.log.Info("quote source answers again", "source", n.Source, "since", n.Since)
		return
	}
	p.log.Warn("quote source gives no answers", "source", n.Source, "reason", n.Reason)
}

func newReader(c Config, symbols bot.Symbols, now func() time.Time, log *slog.Logger) *rss.Reader {
	var allow []netip.Prefix
	for _, text := range c.Feeds.AllowNetworks {
		if prefix, err := netip.ParsePrefix(text); err == nil {
			allow = append(allow, prefix)
		}
	}
	o := fetch.Options{Version: version, Contact: c.Feeds.Contact, AllowNetworks: allow}
	return rss.New(rss.Options{
		Client: fetch.Guarded(o), UserAgent: o.UserAgent(), Interval: time.Duration(c.Feeds.Interval), Now: now, Log: log,
		Symbols: func(text string) []market.Symbol {
			found, _ := symbols.Lookup(text)
			return found
		},
	})
}

// connectBot makes what answers people.
func (p *parts) connectBot(in ingredients) error {
	catalogue, err := bot.NewCatalogue()
	if err != nil {
		return err
	}
	var fontFiles []string
	if p.config.Pictures.CJKFont != "" {
		fontFiles = append(fontFiles, p.config.Pictures.CJKFont)
	}
	fonts, err := chart.NewFonts(fontFiles...)
	if err != nil {
		return fmt.Errorf("%w: pictures.cjk_font: %w", errConfig, err)
	}
	c := p.config
	p.bot, err = bot.New(bot.Options{
		Store: p.store, Catalogue: catalogue, Topics: in.topics, Symbols: p.symbols, Strip: p.symbols.Strip(),
		Hours: p.hours.shown, TradingHours: p.hours.trading, Fonts: fonts, Pictures: p.store.Outbox(), Book: p.checker.Book, History: p.past, Search: p.chain, Reader: feedProbe{p.reader},
		Checks: bot.PriceChecks{Checker: p.checker, Plan: p.plan, Gate: p.gate, Shelf: p.store, Sources: p.chain},
		News: bot.ArticleChecks{Checker: &alerts.NewsChecker{
			Store: p.store.NewsChecks(), Reader: p.reader, Same: news.NewComparer().Same, Interval: time.Duration(c.Feeds.Interval), Limit: 60, Parallel: 6,
			Now: p.now, Log: p.log,
		}},
		Zone: c.Defaults.Zone,
		Limits: subscriptions.Limits{
			RulesPerPerson: c.Limits.RulesPerPerson, RulesPerPlace: c.Limits.RulesPerPlace, RulesPerCommunity: c.Limits.RulesPerCommunity,
			FeedsPerPlace: c.Limits.FeedsPerPlace, WatchedPerPlace: c.Limits.WatchedPerPlace,
		},
		Schedule: bot.Schedule(c.Schedule),
		Keep: bot.Keep{
			Inbox: time.Duration(c.Retention.Inbox), Articles: time.Duration(c.Retention.Articles), Events: time.Duration(c.Retention.Events),
			Sends: time.Duration(c.Retention.Sends), MinuteBars: time.Duration(c.Retention.MinuteBars), DayBars: time.Duration(c.Retention.DayBars),
		},
		Log: p.log,
	})
	return err
}

// connectPlatforms makes the chats and the outbox that sends to them.
func (p *parts) connectPlatforms(in ingredients) error {
	c := p.config
	messengers := map[outbox.Account]outbox.Messenger{}
	rates := map[outbox.Account]outbox.Rates{}
	p.running = bot.Running{
		Adapters: map[string]bot.Adapter{}, Rights: map[subscriptions.Platform]bot.Rights{}, Lost: p.tenure.Lost(),
	}
	if c.Telegram.Token != "" {
		client, err := telegram.New(telegram.Options{
			Account: mainAccount, Token: c.Telegram.Token.reveal(), APIURL: c.Telegram.APIURL, Desk: p.bot, Memory: p.store,
			Commands: bot.Commands(), InFlight: c.Outbox.InFlight, Log: p.log,
		})
		if err != nil {
			return fmt.Errorf("%w: telegram: %w", errConfig, err)
		}
		account := outbox.Account{Platform: subscriptions.Telegram, Name: mainAccount}
		messengers[account], rates[account] = client, telegramRates(c.Telegram)
		p.running.Adapters["telegram"], p.running.Rights[subscriptions.Telegram] = client, client
	}
	if c.Discord.Token != "" {
		client, err := discord.New(discord.Options{
			Account: mainAccount, Token: c.Discord.Token.reveal(), APIURL: c.Discord.APIURL, Guild: c.Discord.Guild,
			Desk: p.bot, Memory: p.store, Commands: bot.Commands(), Log: p.log,
		})
		if err != nil {
			return fmt.Errorf("%w: discord: %w", errConfig, err)
		}
		account := outbox.Account{Platform: subscriptions.Discord, Name: mainAccount}
		rate := outbox.DefaultRates(subscriptions.Discord)
		rate.PerSecond = c.Discord.PerSecond
		messengers[account], rates[account] = client, rate
		p.running.Adapters["discord"], p.running.Rights[subscriptions.Discord] = client, client
	}
	if c.WebChat.Enabled {
		p.chat = webchat.New(webchat.Options{
			Desk: p.bot, Transcript: transcript{p.store}, Commands: bot.Commands(), Suggestions: in.suggestions,
			Draw: keepPicture(p.store.Outbox()), Pictures: p.store.Outbox().Picture, Hosts: c.WebChat.Hosts, Log: p.log,
		})
		account := outbox.Account{Platform: subscriptions.WebChat, Name: webAccount}
		messengers[account] = p.chat
		rates[account] = outbox.Rates{PerSecond: 1000, Burst: 100, Answers: 50 * time.Millisecond, AnswersAtOnce: 20}
	}
	shelf := p.store.Outbox()
	p.outbox = outbox.NewOutbox(outbox.Options{
		Store: shelf, Pictures: shelf, Messengers: messengers, Rates: rates, Composer: p.bot, Collapser: p.bot,
		InFlight: c.Outbox.InFlight, RepeatNews: c.Outbox.RepeatNews, Log: p.log,
		Notify: p.bot.TellNotices,
	})
	p.running.Outbox = p.outbox
	return nil
}

func telegramRates(c TelegramConfig) outbox.Rates {
	r := outbox.DefaultRates(subscriptions.Telegram)
	r.PerSecond = c.PerSecond
	r.Apart = time.Duration(float64(time.Second) / c.PrivatePerSecond)
	r.PerMinute = int(c.GroupPerMinute)
	return r
}

// sourceClient is the HTTP client for quote sources, whose addresses the
// operator chose.
func sourceClient(c Config) *http.Client {
	return fetch.New(fetch.Options{Version: version, Contact: c.Feeds.Contact})
}

// feedProbe reads a feed that somebody wants to follow, its articles left aside.
type feedProbe struct{ reader *rss.Reader }

// Read implements bot.FeedReader.
func (f feedProbe) Read(ctx context.Context, feed news.Feed) (news.Feed, error) {
	reading, err := f.reader.Read(ctx, feed)
	return reading.Feed, err
}

// everyOf returns the time between two ticks of a schedule; 15 seconds where it
// has no fixed one.
func everyOf(expression string) time.Duration {
	if rest, ok := strings.CutPrefix(expression, "@every "); ok {
		if d, err := time.ParseDuration(strings.TrimSpace(rest)); err == nil && d > 0 {
			return d
		}
	}
	return 15 * time.Second
}

// delivered returns how many messages arrived.
func (p *parts) delivered(ctx context.Context) int64 {
	counters, err := p.outbox.Counters(ctx)
	if err != nil {
		return 0
	}
	n := int64(0)
	for _, account := range counters.Accounts {
		n += account.Ended[outbox.Delivered]
	}
	return n
}
