package alerts

import (
	"time"

	"bellwether/alerts/market"
	"bellwether/alerts/news"
)

// EventID names a stored event.
type EventID int64

// EventKind is what sort of thing happened.
type EventKind string

// The kinds of event.
const (
	EventFired      EventKind = "fired"     // a rule fired
	EventRearmed    EventKind = "rearmed"   // a rule that had fired is armed again
	EventRecovered  EventKind = "recovered" // the price went back over the threshold
	EventCorrected  EventKind = "corrected" // the tick that fired a rule was false
	EventArticle    EventKind = "article"   // a feed has a new article
	EventAlso       EventKind = "also"      // another feed tells a story that was told
	EventBell       EventKind = "bell"      // a venue opens, closes, or will in n minutes
	EventQuotesLate EventKind = "late"      // quotes are late; or, with Firing nil and Over, no longer
	EventHeld       EventKind = "held"      // a rule waits for its owner (split), or a symbol's price for a decision (Notice)
	EventSummary    EventKind = "summary"   // several things told as one
)

// TopicKind is what a subscription can ask for.
type TopicKind string

// The kinds of topic.
const (
	TopicRule TopicKind = "rule"
	TopicFeed TopicKind = "feed"
	TopicBell TopicKind = "bell"
)

// Topic is what an event is about and a subscription asks for: one rule, one
// feed, one venue's bells.
type Topic struct {
	Kind TopicKind
	ID   int64  // of the rule or the feed
	Name string // of the venue
}

// Event is something worth telling.
type Event struct {
	ID   EventID
	Kind EventKind
	// Key says for ever what happened ("rule/12/^STI/7", "article/3/guid"); what
	// is seen twice has the same key and is one event.
	Key string
	// Subject is what a later event refers to, to edit the message that told it.
	Subject string
	Topic   Topic
	// Topics are further topics of a summary; whoever asked for one of them is
	// told.
	Topics []Topic
	// At is when it happened, by the source's clock; Detected when we saw it. UTC.
	At, Detected time.Time

	Firing  *Firing
	Article *news.Article
	// Articles are the newest one of each feed of a summary.
	Articles []news.Article
	Bell     *Bell
	Notice   *Notice
	// Split is the split that a rule is held for (EventHeld).
	Split *market.Split
}

// Firing is a rule that fired, and why.
type Firing struct {
	Rule Rule // as it was
	// Ticker is what the rule's state is on, the first symbol of several.
	Ticker market.Ticker
	Arming int64
	// From is the accepted quote before, To the one that fired the rule.
	From, To market.Quote
	// Base is the price that a move is measured from, BaseAt its time, UTC.
	Base   market.Price
	BaseAt time.Time
	// Change is how far To is from Base, with its sign, in the unit of the
	// condition's Change; 0 where no move is measured.
	Change market.Price
	// After is how long after the firing the price went back (EventRecovered) or
	// the rule was armed again (EventRearmed).
	After time.Duration
	// Condition is the one of the rule's conditions that came true last.
	Condition int
	// Confirmed is when a held quote was confirmed; zero where it was believed at once.
	Confirmed time.Time
	// Missed tells that it was found in bars after an outage.
	Missed bool
	// Back is the quote that showed To to be false (EventCorrected); its Time is
	// zero where something else did.
	Back   market.Quote
	Reason string // of a correction that Back does not explain, in plain words
}

// Symbol is the symbol whose price made the rule true.
func (f *Firing) Symbol() market.Ticker {
	if f.To.Ticker != "" {
		return f.To.Ticker
	}
	return f.Ticker
}

// Bell is a change of a venue's session.
type Bell struct {
	Venue string        // ISO 10383
	Open  bool          // opens, else closes
	In    time.Duration // how long before; 0 at the bell
	Last  bool          // when the next one rings is not known
}

// NoticeKind says what a notice is about.
type NoticeKind string

// The kinds of notice.
const (
	NoticeLate    NoticeKind = ""        // quotes are late, or no longer
	NoticePartly  NoticeKind = "partly"  // quotes of some symbols are, or no longer
	NoticeRescued NoticeKind = "rescued" // quotes of some symbols were late and come from another source, By
	NoticeDoubted NoticeKind = "doubted" // a price is not believed and waits for a decision
	NoticeStopped NoticeKind = "stopped" // a symbol has had no new price for a day
	NoticeUnseen  NoticeKind = "unseen"  // what prices did while we were away is not known
)

// Notice is something about our own working that people are to know.
type Notice struct {
	Kind   NoticeKind
	Source string // of quotes
	By     string // the source that gives them instead, since Until
	Feed   news.FeedID
	// Tickers are symbols that it is about, at most MaxNamed of them.
	Tickers []market.Ticker
	// Price is the price that is doubted, Last the last one that was believed.
	Price, Last market.Price
	Since       time.Time // UTC
	Until       time.Time // UTC; zero where it goes on
	Over        bool      // it is well again
	Reason      string    // plain words
}

// MaxNamed is how many symbols a notice names.
const MaxNamed = 20

// MaxTopics bounds how many rules one notice is told to: a notice is no place
// for a million rules of one symbol.
const MaxTopics = 5000
