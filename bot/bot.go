// Package bot decides what is said and done: the commands and conversations,
// the words of alerts and articles, the schedule of checks, and the start and
// stop of it all. It knows no platform's protocol, no vendor's library but the
// scheduler, and no database.
package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot/chart"
	"bellwether/subscriptions"
)

// Options are what a bot is made of.
type Options struct {
	Store     Stores
	Catalogue *Catalogue
	Commands  []Command // Commands() where nil
	Topics    []Topic
	Symbols   Symbols
	Strip     []market.Symbol // the market strip, in its order
	Hours     Hours
	// TradingHours are the same for the evaluation of rules.
	TradingHours alerts.Hours
	Fonts        *chart.Fonts
	Pictures     PictureShelf // nil where nothing is drawn

	// Checks and News run the checks; the book is their index of rules.
	Checks QuoteChecks
	News   FeedChecks
	Book   *alerts.Book
	// History reads a symbol's past for charts and previews; nil for none.
	History History
	// Search finds symbols that the table lacks; nil for none.
	Search alerts.SymbolSource
	Reader FeedReader

	Zone     string // of new destinations, IANA
	Limits   subscriptions.Limits
	Schedule Schedule
	Keep     Keep

	Now func() time.Time
	Log *slog.Logger
}

// Symbols knows the symbols that can be quoted. It is safe for concurrent use.
type Symbols interface {
	// Lookup finds what a text stands for: found holds exact meanings, several
	// where it is ambiguous; near similar ones, best first.
	Lookup(text string) (found, near []market.Symbol)
	// Search completes what is being typed.
	Search(typed string, limit int) []market.Symbol
	// Get returns a symbol by its ticker.
	Get(t market.Ticker) (market.Symbol, bool)
	// Add remembers further symbols.
	Add(symbols ...market.Symbol)
}

// FeedReader reads an address that somebody wants to follow.
type FeedReader interface {
	// Read returns the feed as it is now, its articles left aside. Its errors
	// are FeedProblems where people can do something about them.
	Read(ctx context.Context, feed news.Feed) (news.Feed, error)
}

// QuoteChecks reads quotes and judges rules on them.
type QuoteChecks interface {
	// Check reads what is due and commits what happened.
	Check(ctx context.Context) (Checked, error)
	// CatchUp looks at what one symbol did while no checks were done, and tells
	// whether more symbols wait for that.
	CatchUp(ctx context.Context) (checked Checked, more bool, err error)
	// Read reads these symbols now, as a check of them alone, and returns those
	// of which nothing could be read.
	Read(ctx context.Context, tickers []market.Ticker) (missing []market.Ticker, err error)
	// Cadence is how often a symbol is really read; 0 where it is not.
	Cadence(ticker market.Ticker) time.Duration
	// Failing returns the source that ought to be read for a symbol and fails at
	// present; ok is false where none does.
	Failing(ticker market.Ticker) (n alerts.Notice, ok bool)
}

// FeedChecks reads feeds and states what is new in them.
type FeedChecks interface {
	// Check reads the feeds that are due and commits their new articles.
	Check(ctx context.Context) (Checked, error)
}

// Checked counts what a check did.
type Checked struct {
	Read   int // quotes or articles
	Events int
}

// History is a symbol's past.
type History interface {
	// Line returns bars of a step from a time on, oldest first; none where
	// there are none.
	Line(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) (market.Line, error)
}

// Bot answers people and runs the checks. It implements Desk, outbox.Composer
// and outbox.Collapser.
type Bot struct {
	store        Stores
	catalogue    *Catalogue
	commands     []Command
	handlers     map[string]handler
	verbs        map[string]verb
	topics       []Topic
	symbols      Symbols
	strip        []market.Symbol
	hours        Hours
	tradingHours alerts.Hours
	pictures     PictureShelf
	fonts        *chart.Fonts
	checks       QuoteChecks
	feedChecks   FeedChecks
	book         *alerts.Book
	history      History
	search       alerts.SymbolSource
	reader       FeedReader
	zones        zoneTable
	zone         string
	limits       subscriptions.Limits
	schedule     Schedule
	keep         Keep
	dispatcher   *dispatcher
	submissions  submissions
	rights       map[subscriptions.Platform]Rights
	outbox       waker
	now          func() time.Time
	log          *slog.Logger

	counters counters
	soon     chan struct{} // feeds are to be read before their tick
	// due wakes those who find who wants an event: of articles the second one,
	// of all else the first.
	due [2]chan struct{}

	mu  sync.Mutex
	run context.Context // of Run; requests are handled in it
}

// waker is told that there is something to send.
type waker interface{ Wake() }

type counters struct {
	quotes, articles, events, panics, skipped atomic.Int64
}

// Counters is what the bot did since it started.
type Counters struct {
	Quotes, Articles, Events int64
	// Panics is how many handlers and tasks panicked; Skipped how many ticks
	// found their predecessor running.
	Panics, Skipped int64
}

// Counters returns what the bot did since it started.
func (b *Bot) Counters() Counters {
	return Counters{
		Quotes: b.counters.quotes.Load(), Articles: b.counters.articles.Load(), Events: b.counters.events.Load(),
		Panics: b.counters.panics.Load(), Skipped: b.counters.skipped.Load(),
	}
}

const parallelRequests = 8

// New returns a bot. It does nothing before Run.
func New(o Options) (*Bot, error) {
	b := &Bot{
		store: o.Store, catalogue: o.Catalogue, commands: o.Commands, handlers: handlers(), verbs: verbs(), topics: o.Topics,
		symbols: o.Symbols, strip: o.Strip, hours: o.Hours, tradingHours: o.TradingHours, fonts: o.Fonts, pictures: o.Pictures, checks: o.Checks, feedChecks: o.News, book: o.Book,
		history: o.History, search: o.Search, reader: o.Reader, zones: newZoneTable(), zone: o.Zone, limits: o.Limits,
		schedule: o.Schedule, keep: o.Keep, now: o.Now, log: o.Log, soon: make(chan struct{}, 1),
		due: [2]chan struct{}{make(chan struct{}, 1), make(chan struct{}, 1)}, outbox: nobody{},
	}
	if b.commands == nil {
		b.commands = Commands()
	}
	if b.now == nil {
		b.now = time.Now
	}
	if b.log == nil {
		b.log = slog.New(slog.DiscardHandler)
	}
	if b.zone == "" {
		b.zone = "UTC"
	}
	b.run = context.Background()
	if err := b.schedule.check(); err != nil {
		return nil, err
	}
	b.dispatcher = newDispatcher(parallelRequests, b.log, b.handle)
	b.submissions.write = b.take
	return b, nil
}

type nobody struct{}

func (nobody) Wake() {}

// working is the context in which requests are handled.
func (b *Bot) working() context.Context {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.run
}

// wake tells the outbox that there is something to send.
func (b *Bot) wake() { b.outbox.Wake() }

// readFeedsSoon has the feeds read without waiting for their tick.
func (b *Bot) readFeedsSoon() {
	select {
	case b.soon <- struct{}{}:
	default:
	}
}

// followRule has the index follow a rule as it is stored now.
func (b *Bot) followRule(id alerts.RuleID) {
	owned, err := b.store.Rule(b.working(), id)
	switch {
	case errors.Is(err, subscriptions.ErrNotFound):
		b.dropRule(id)
	case err != nil:
		b.log.Error("follow a rule", "rule", id, "error", err)
	default:
		b.putRule(owned)
	}
}

// putRule has the index follow a stored rule.
func (b *Bot) putRule(owned subscriptions.OwnedRule) {
	tickers, err := b.tickersOf(b.working(), owned.Rule)
	if err != nil {
		b.log.Error("read the symbols of a rule", "rule", owned.Rule.ID, "error", err)
		return
	}
	b.book.Put(alerts.Record{Rule: owned.Rule, Tickers: tickers, States: owned.States})
}

func (b *Bot) dropRule(id alerts.RuleID) { b.book.Remove(id, 1<<31-1) }

// putWatchlist has a place's rules on its list follow it.
func (b *Bot) putWatchlist(place subscriptions.DestinationID, list subscriptions.Watchlist) {
	ctx := b.working()
	if missing, _ := b.readNow(ctx, list.Tickers); len(missing) > 0 {
		b.log.Info("watched symbols gave no quote", "symbols", missing)
	}
	rules, err := b.store.RulesOf(ctx, place)
	if err != nil {
		b.log.Error("follow a watchlist", "error", err)
	}
	for _, owned := range rules {
		if owned.Rule.Watchlist == list.ID {
			b.putRule(owned)
		}
	}
}

// tickersOf returns the symbols that a rule has states on.
func (b *Bot) tickersOf(ctx context.Context, r alerts.Rule) ([]market.Ticker, error) {
	var list []market.Ticker
	if r.Watchlist != 0 {
		watched, err := b.store.Watchlist(ctx, r.Watchlist)
		if err != nil {
			return nil, err
		}
		list = watched.Tickers
	}
	return alerts.Standpoints(r, list), nil
}

// readTime is how long somebody waits for a price to be read.
const readTime = 8 * time.Second

// readNow reads symbols that were not read lately, and returns those of which
// nothing is known.
// silent tells that no source answered, so that a symbol may well be known.
func (b *Bot) readNow(ctx context.Context, tickers []market.Ticker) (none []market.Ticker, silent bool) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	known, err := b.store.Standings(ctx, tickers)
	if err != nil {
		b.log.Error("read known quotes", "error", err)
		return nil, true
	}
	var unread []market.Ticker
	for _, t := range tickers {
		if s, ok := known[t]; !ok || b.now().Sub(s.Quote.Received) > time.Minute {
			unread = append(unread, t)
		}
	}
	if len(unread) == 0 {
		return nil, false
	}
	missing, err := b.checks.Read(ctx, unread)
	if err != nil {
		b.log.Warn("read quotes for a request", "error", err)
	}
	for _, t := range missing {
		if _, ok := known[t]; !ok {
			none = append(none, t)
		}
	}
	return none, err != nil
}

// cadence is how often a symbol is really read.
func (b *Bot) cadence(t market.Ticker) time.Duration { return b.checks.Cadence(t) }

// load fills the memory from the store.
func (b *Bot) load(ctx context.Context) error {
	remembered, err := b.store.Symbols(ctx)
	if err != nil {
		return fmt.Errorf("load symbols: %w", err)
	}
	b.symbols.Add(remembered...)
	lists, err := b.store.Watchlists(ctx)
	if err != nil {
		return fmt.Errorf("load watchlists: %w", err)
	}
	return b.store.EachRule(ctx, func(rules []subscriptions.OwnedRule) error {
		records := make([]alerts.Record, len(rules))
		for i, owned := range rules {
			records[i] = alerts.Record{
				Rule: owned.Rule, Tickers: alerts.Standpoints(owned.Rule, lists[owned.Rule.Watchlist]), States: owned.States,
			}
		}
		b.book.Put(records...)
		return nil
	})
}
