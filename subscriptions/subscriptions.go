// Package subscriptions decides who is told: people and their identities, the
// destinations that they set up, what each asked for, who may change it, and
// who did. It knows no platform's protocol and no database.
package subscriptions

import (
	"slices"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// PersonID names a stored person. A person is not a chat: one may have
// identities on several platforms and many destinations.
type PersonID int64

// Identity is a person as one platform knows them.
type Identity struct {
	Platform Platform
	User     string // the platform's own id
	Name     string // as shown there, cleaned; may change
}

// SubscriptionID names a stored subscription.
type SubscriptionID int64

// Subscription asks that events on a topic be told to a destination.
type Subscription struct {
	ID          SubscriptionID
	Destination DestinationID
	Topic       alerts.Topic
	Owner       PersonID  // who made it
	Created     time.Time // UTC
	Paused      bool
}

// Watchlist is a list of symbols that a destination keeps.
type Watchlist struct {
	ID      alerts.WatchlistID
	Tickers []market.Ticker // in the order in which they were added
}

// Change tells who changed what. It is kept with the change itself, in one
// transaction, unique on Request and Ordinal, so that nothing is done twice.
type Change struct {
	Request     string // the request that asked for it
	Ordinal     int    // its place among the changes of the request, from 0
	Author      PersonID
	Destination DestinationID
	At          time.Time // UTC
	What        string    // "rule", "feed", "watchlist", "settings", "mute"
	Before      string    // in words; "" where there was nothing
	After       string    // in words; "" where there is nothing now
}

// Role is what a person may do in a place.
type Role string

// The roles. Unknown means that the platform has still to be asked.
const (
	RoleUnknown   Role = ""
	RoleMember    Role = "member"
	RoleModerator Role = "moderator"
	// RoleNobody is an identity that can never be authorised: a channel
	// speaking as itself, an automatic forward.
	RoleNobody Role = "nobody"
)

// May tells whether somebody of this role may change what a destination gets.
func (d Destination) May(role Role, roles []string) bool {
	if d.Kind == Private {
		return role != RoleNobody
	}
	if role == RoleModerator {
		return true
	}
	if role == RoleNobody {
		return false
	}
	for _, have := range roles {
		if slices.Contains(d.Settings.Moderators, have) {
			return true
		}
	}
	return false
}
