package subscriptions

import "time"

// Platform is a kind of chat.
type Platform string

// The platforms.
const (
	Telegram Platform = "telegram"
	Discord  Platform = "discord"
	WebChat  Platform = "webchat"
)

// DestinationID names a stored destination.
type DestinationID int64

// Address says where a destination is, in its platform's own terms.
type Address struct {
	Platform Platform
	Account  string // the bot account that serves it, as the configuration names it
	Chat     string // chat, channel or visitor
	Thread   string // topic of a chat, thread of a channel; "" for none or the general one
}

// DestinationKind is the sort of place that a destination is.
type DestinationKind string

// The sorts of place.
const (
	Private   DestinationKind = "private" // one person
	Group     DestinationKind = "group"   // a group, or a topic of one; a Discord text channel or thread
	Broadcast DestinationKind = "channel" // a Telegram channel, a Discord announcement channel
	Forum     DestinationKind = "forum"   // each message opens a thread
)

// Standing tells whether a destination can be told anything now.
type Standing string

// The standings. Whatever happens, what people set up is kept.
const (
	Active Standing = "active"
	Parked Standing = "parked" // blocked, kicked, no rights, closed; revives by itself
	Gone   Standing = "gone"   // deleted; purged after the retention
)

// Destination is a place that messages go to: a private chat, a group, a topic,
// a channel, a thread, a forum. One person may have many.
type Destination struct {
	ID        DestinationID
	Address   Address
	Kind      DestinationKind
	Title     string // as the platform names it, cleaned
	Community string // the Discord guild or Telegram chat that it belongs to; limits and moderators are kept for it
	Locale    string // BCP 47
	Zone      string // IANA name
	Standing  Standing
	Reason    string    // why it is parked or gone, in plain words; "" when active
	Since     time.Time // UTC; of the standing
	// Watch is the list that /watch made; 0 where none was made.
	Watch int64
	// MutedUntil keeps news and alerts back; UTC, zero when not muted.
	MutedUntil time.Time
	Settings   Settings
	Revision   int64
}

// Settings are what a destination's people may choose.
type Settings struct {
	// OpenTo says who may set up their own rules in a shared place: "" only
	// moderators, "everyone", or a role of the platform.
	OpenTo string
	// Moderators are roles that may change what the place gets, beside those
	// whom the platform names.
	Moderators []string
	// Mentions are roles that alerts may notify.
	Mentions []string
	// Tags are given to what is posted in a forum.
	Tags []string
	// Crosspost publishes what is sent to an announcement channel.
	Crosspost bool
	// Light asks for light pictures instead of dark ones.
	Light bool
}
