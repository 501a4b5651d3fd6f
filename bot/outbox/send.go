// Package outbox decides how a message reaches its destination: the order, the
// rate, the priority, what is tried again and what is given up and why. It
// knows no platform's protocol and no database.
package outbox

import (
	"time"

	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// SendID names a stored send.
type SendID int64

// Kind is what a send does.
type Kind string

// The kinds of send.
const (
	New      Kind = "new"      // a message of its own
	Edit     Kind = "edit"     // changes the message that told Subject, or the one named by Target
	Reply    Kind = "reply"    // answers the message named by Target
	Collapse Kind = "collapse" // tells several waiting sends as one
)

// Priority orders sends; lower goes first. Answers may use at most half of the
// tokens.
type Priority int

// The priorities.
const (
	PriorityAnswer Priority = iota
	PriorityAlert
	PriorityBell
	PriorityDigest
	PriorityNews
	PriorityEdit
)

// State is where a send stands.
type State string

// The states of a send. The last five are its ends.
const (
	Waiting   State = "waiting"   // due at Due
	Sending   State = "sending"   // claimed; a request may be on its way
	Parked    State = "parked"    // its destination is parked
	Delivered State = "delivered" // the platform took it
	Discarded State = "discarded" // given up, for Reason
	Merged    State = "merged"    // told in another send
	Unknown   State = "unknown"   // the answer was lost; not repeated
	SetAside  State = "set-aside" // ended the process too often
)

// Send is a row of the outbox: one message, edit or reply on its way to one
// destination.
type Send struct {
	ID          SendID
	Destination subscriptions.DestinationID
	Address     subscriptions.Address
	Place       subscriptions.DestinationKind // decides the rates that hold
	Kind        Kind
	Priority    Priority
	State       State
	// Event is what it tells, 0 for an answer. Unique with Destination.
	Event int64
	// Subject names what the message tells, so that a later send can edit it.
	Subject string
	// Person is who is answered, so that nobody's answers starve another's.
	Person subscriptions.PersonID
	// User is Person as the platform knows them; "" where nobody is answered.
	User string
	// Message is frozen when it is first attempted; a retry sends the same. nil
	// before that for a send that tells an event.
	Message *message.Message
	// Form is how much dress the platform is asked for.
	Form message.Form
	// Target is the platform's id of the message to edit or to answer; for an
	// edit "" means that of Subject.
	Target string
	// Via is how an answer returns, in the adapter's own terms (an interaction's
	// token); "" for an ordinary message. It is a secret: never print it.
	Via string
	// Ephemeral asks that only Person sees it, where the platform can.
	Ephemeral bool
	Parts     []Part
	// OrNew is set for an edit that is worth a message of its own where the one
	// to change is not there any more.
	OrNew bool
	// Body names the frozen message in the store; "" until it is frozen.
	Body string
	// Into is the send that told it together with others; 0 where none did.
	Into SendID
	// Crosspost and Tags are the destination's settings, as they are now.
	Crosspost bool
	Tags      []string
	Attempts  int // requests whose failure counted
	Crashes   int // starts that found it in state sending
	// Repeated tells that the platform may have taken it before.
	Repeated bool
	Reason   string    // why it is where it is, in plain words
	Code     string    // the platform's own code for that; "" where there is none
	Happened time.Time // UTC; of what it tells
	Created  time.Time // UTC
	Due      time.Time // UTC; not before
	Tried    time.Time // UTC; of the first request; zero before it
	Retry    time.Time // UTC; held back until then by a failure; zero where not
	Ended    time.Time // UTC; zero until then
}

// Over tells whether the state is an end.
func (s State) Over() bool {
	switch s {
	case Delivered, Discarded, Merged, Unknown, SetAside:
		return true
	}
	return false
}

// Part is one of the platform's messages that a send became.
type Part struct {
	ID   string    // the platform's id of it
	Sent time.Time // UTC
}

// Delivery is what an adapter is asked to do now.
type Delivery struct {
	Send    SendID
	Address subscriptions.Address
	Place   subscriptions.DestinationKind
	Kind    Kind // New, Edit or Reply
	Message *message.Message
	Form    message.Form
	// Part is which of the platform's messages is to be made, from 0; Parts are
	// those that were made before, or, for an edit, the ones to change.
	Part      int
	Parts     []Part
	Target    string // of a reply or an edit
	Via       string
	User      string // the platform's id of the person answered; "" where nobody is
	Ephemeral bool
	// Key is the same for every try of one part, and for nothing else.
	Key string
	// Crosspost, Tags and Mention are the destination's settings.
	Crosspost bool
	Tags      []string
	// Picture returns the PNG of the message's picture and, where the account
	// uploaded it before, the platform's name for it.
	Picture func() (png []byte, uploaded string, err error)
}

// Receipt is what the platform said.
type Receipt struct {
	ID       string // the platform's id of the message
	More     bool   // the message has a further part
	Uploaded string // the platform's name for the picture, to be used again
}
