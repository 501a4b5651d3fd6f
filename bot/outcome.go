package bot

import (
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// Outcome is all that handling a request changes. It is stored in one
// transaction, so a restart neither loses nor repeats a part of it.
type Outcome struct {
	// Request is marked as handled; "" for an outcome without one.
	Request string
	Effects []Effect
	Changes []subscriptions.Change
	Answers []outbox.Send
}

// Effect is one thing to be stored.
type Effect interface{ effect() }

// PutRule adds a rule, or replaces the one with its ID where the stored
// revision is one lower; otherwise the outcome fails with ErrChanged. States,
// where given, replace the rule's.
type PutRule struct {
	Rule        alerts.Rule
	Destination subscriptions.DestinationID
	Owner       subscriptions.PersonID
	States      []alerts.State
	Limits      subscriptions.Limits
}

// DropRule deletes a rule, its states and the subscriptions to it.
type DropRule struct{ Rule alerts.RuleID }

// PutDraft keeps a draft for a decision. Of a person's drafts the last hundred
// are kept.
type PutDraft struct{ Draft subscriptions.Draft }

// DropDraft ends a draft; the outcome fails with subscriptions.ErrNotFound where
// it is not there any more, so that it is decided on once.
type DropDraft struct{ ID alerts.RuleID }

// PutFeed adds a feed where it is not known yet. Where its address is known under
// another id the outcome fails with ErrFeedKnown.
type PutFeed struct{ Feed news.Feed }

// Subscribe adds a subscription where the destination has none on the topic.
type Subscribe struct {
	Subscription subscriptions.Subscription
	Limits       subscriptions.Limits
}

// Unsubscribe ends a subscription.
type Unsubscribe struct {
	Destination subscriptions.DestinationID
	Topic       alerts.Topic
}

// PutDestination replaces a destination where the stored revision is one lower;
// otherwise the outcome fails with ErrChanged.
type PutDestination struct{ Destination subscriptions.Destination }

// Postpone keeps alerts and news that wait for a destination back until a time;
// a zero time, or one that is over, lets them go.
type Postpone struct {
	Destination subscriptions.DestinationID
	Until       time.Time
}

// PutWatchlist replaces a destination's list.
type PutWatchlist struct {
	Destination subscriptions.DestinationID
	List        subscriptions.Watchlist
}

// PutStep remembers where a conversation stands; an empty step forgets it.
type PutStep struct {
	Destination subscriptions.DestinationID
	Person      subscriptions.PersonID
	Step        string
}

// PutSymbols remembers symbols that a source's search found.
type PutSymbols struct{ Symbols []market.Symbol }

// Forget deletes everything that was set up in a destination, and what waits
// to be sent there.
type Forget struct {
	Destination subscriptions.DestinationID
}

// SettleNotice ends a notice that the outcome's answers tell; the outcome fails
// with ErrHandled where it was told before.
type SettleNotice struct{ ID int64 }

func (PutRule) effect()        {}
func (DropRule) effect()       {}
func (PutDraft) effect()       {}
func (DropDraft) effect()      {}
func (PutFeed) effect()        {}
func (Subscribe) effect()      {}
func (Unsubscribe) effect()    {}
func (PutDestination) effect() {}
func (PutWatchlist) effect()   {}
func (PutStep) effect()        {}
func (PutSymbols) effect()     {}
func (Forget) effect()         {}
func (Postpone) effect()       {}
func (SettleNotice) effect()   {}
