package bot

import (
	"context"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// People knows persons and their names.
type People interface {
	// Person returns who is behind an identity, remembered when met first.
	Person(ctx context.Context, who subscriptions.Identity) (subscriptions.PersonID, error)
	// Name returns what a person is called; "" where unknown.
	Name(ctx context.Context, person subscriptions.PersonID) (string, error)
	// IdentityOf returns a person's identity on a platform; ok is false where
	// they have none.
	IdentityOf(ctx context.Context, person subscriptions.PersonID, platform subscriptions.Platform) (who subscriptions.Identity, ok bool, err error)
	// Step returns where a conversation stands; "" for nowhere.
	Step(ctx context.Context, d subscriptions.DestinationID, p subscriptions.PersonID) (string, error)
}

// Places knows destinations.
type Places interface {
	// Place returns the destination at an address, remembered when met first.
	Place(ctx context.Context, place subscriptions.Destination) (subscriptions.Destination, error)
	// Destination returns a stored one, or subscriptions.ErrNotFound.
	Destination(ctx context.Context, id subscriptions.DestinationID) (subscriptions.Destination, error)
	// Destinations returns those that are stored.
	Destinations(ctx context.Context, ids ...subscriptions.DestinationID) ([]subscriptions.Destination, error)
	// PlacesOf returns the destinations of a community.
	PlacesOf(ctx context.Context, platform subscriptions.Platform, account, community string) ([]subscriptions.Destination, error)
}

// Parking changes whether destinations can be told anything. Each call does
// all that belongs to it in one transaction, notices included; repeated, it
// changes nothing.
type Parking interface {
	// Park keeps everything and stops sending, for a reason in plain words;
	// people are to be told of places that they share.
	Park(ctx context.Context, places []subscriptions.DestinationID, standing subscriptions.Standing, reason string) (changed bool, err error)
	// Revive sends again, what was waiting included; tell has the place told.
	Revive(ctx context.Context, d subscriptions.DestinationID, tell bool) (changed bool, err error)
	// Move gives all destinations of a chat its new id, and has it told there.
	Move(ctx context.Context, from subscriptions.Address, to string) (changed bool, err error)
	// Rename keeps what a place is called now.
	Rename(ctx context.Context, d subscriptions.DestinationID, title string) error
}

// Notices knows what is still to be said of places.
type Notices interface {
	// Notices returns all of it, what belongs together side by side.
	Notices(ctx context.Context) ([]Notice, error)
}

// Rules knows the rules that people made.
type Rules interface {
	// RulesOf returns a destination's rules, oldest first.
	RulesOf(ctx context.Context, d subscriptions.DestinationID) ([]subscriptions.OwnedRule, error)
	// Rule returns one, or subscriptions.ErrNotFound.
	Rule(ctx context.Context, id alerts.RuleID) (subscriptions.OwnedRule, error)
	// Draft returns a rule that waits for a decision, or subscriptions.ErrNotFound.
	Draft(ctx context.Context, id alerts.RuleID) (subscriptions.Draft, error)
	// EachRule hands over all rules in chunks.
	EachRule(ctx context.Context, take func([]subscriptions.OwnedRule) error) error
	// FinishDelivered ends rules that fire once and whose alert has arrived.
	FinishDelivered(ctx context.Context) (int64, error)
}

// Feeds knows feeds and who follows them.
type Feeds interface {
	// FeedsOf returns what a destination follows.
	FeedsOf(ctx context.Context, d subscriptions.DestinationID) ([]news.Feed, error)
	// FeedByURL returns the feed at an address, or subscriptions.ErrNotFound.
	FeedByURL(ctx context.Context, address string) (news.Feed, error)
	// Feed returns one, or subscriptions.ErrNotFound.
	Feed(ctx context.Context, id news.FeedID) (news.Feed, error)
	// RecentArticles returns what was read since a time, the newest first.
	RecentArticles(ctx context.Context, since time.Time, limit int) ([]news.Article, error)
}

// Watchlists knows the lists of symbols.
type Watchlists interface {
	// Watchlist returns one list; an empty one where there is none.
	Watchlist(ctx context.Context, id alerts.WatchlistID) (subscriptions.Watchlist, error)
	// Watchlists returns all lists.
	Watchlists(ctx context.Context) (map[alerts.WatchlistID][]market.Ticker, error)
}

// Prices knows what was read of symbols.
type Prices interface {
	// Standings returns the last accepted quotes of symbols; one that was never
	// quoted is not among them.
	Standings(ctx context.Context, tickers []market.Ticker) (map[market.Ticker]alerts.Standing, error)
	// Bars returns stored bars, oldest first.
	Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error)
	// PutBars keeps bars.
	PutBars(ctx context.Context, ticker market.Ticker, step time.Duration, bars []market.Bar) error
	// PutSymbols keeps symbols that were found by search.
	PutSymbols(ctx context.Context, symbols []market.Symbol) error
	// Symbols returns the symbols that were found by search.
	Symbols(ctx context.Context) ([]market.Symbol, error)
}

// Records of what was said and done.
type Records interface {
	// NewID returns an id that was never given.
	NewID(ctx context.Context) (int64, error)
	// Changes returns the last changes in a destination, the newest first.
	Changes(ctx context.Context, d subscriptions.DestinationID, limit int) ([]subscriptions.Change, error)
	// Events returns stored events.
	Events(ctx context.Context, ids ...alerts.EventID) (map[alerts.EventID]alerts.Event, error)
	// BellTopics returns the bells that somebody asked for.
	BellTopics(ctx context.Context) ([]alerts.Topic, error)
	// PutEvents keeps events; one whose key is known is passed over.
	PutEvents(ctx context.Context, events []alerts.Event) error
	// EventOf returns the first event on a subject, or subscriptions.ErrNotFound.
	EventOf(ctx context.Context, subject string) (alerts.Event, error)
}

// Sent knows what was sent and what waits.
type Sent interface {
	// SendsOf returns the last sends of a destination, the newest first.
	SendsOf(ctx context.Context, d subscriptions.DestinationID, limit int) ([]outbox.Send, error)
	// SendsByID returns those of the sends that are kept.
	SendsByID(ctx context.Context, ids ...outbox.SendID) ([]outbox.Send, error)
	// PartsOf returns the platform's messages that told a subject there.
	PartsOf(ctx context.Context, d subscriptions.DestinationID, subject string) ([]outbox.Part, error)
	// SendByPart returns the send that became one of the platform's messages,
	// or subscriptions.ErrNotFound.
	SendByPart(ctx context.Context, at subscriptions.Address, message string) (outbox.Send, error)
	// Reached tells whether something was delivered at an address, which can
	// still be reached.
	Reached(ctx context.Context, at subscriptions.Address) (bool, error)
}

// Retention deletes what is older than it has to be.
type Retention interface {
	// Prune deletes what ended before the times of its parts.
	Prune(ctx context.Context, before Horizon) error
}

// Horizon says from when on things are kept. UTC; zero keeps all.
type Horizon struct {
	Inbox, Drafts, Articles, Events, Sends, MinuteBars, DayBars time.Time
	// TrialBars is that of the bars of 15 minutes on which rules are tried.
	TrialBars time.Time
}

// Stores is everything that the bot keeps.
type Stores interface {
	Inbox
	FanOutStore
	People
	Places
	Parking
	Notices
	Rules
	Feeds
	Watchlists
	Prices
	Records
	Sent
	Storms
	Retention
}
