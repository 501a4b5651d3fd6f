package bot

import (
	"bellwether/bot/message"
	"time"

	"bellwether/subscriptions"
)

// Request is something that a person did: typed a command, pressed a button,
// answered a question.
type Request struct {
	// ID is the same for the same deed for ever ("telegram/main/843"): what is
	// handed in twice is done once.
	ID       string
	Identity subscriptions.Identity
	// Place is where it was done. Its ID may be 0; the desk finds or makes the
	// destination by its address.
	Place subscriptions.Destination
	// Role and Roles are what the platform told with the deed; RoleUnknown
	// where it has to be asked (Rights).
	Role  subscriptions.Role
	Roles []string
	// Lacks names, in words, the permissions that the bot is missing in Place
	// to write there; nil where it has all of them, or where the platform does
	// not tell.
	Lacks []string
	// Wants names those without which messages come, but without pictures.
	Wants []string
	// Tags names the tags that a forum's posts can have; nil elsewhere and where
	// they are not known.
	Tags []string
	// Mentioned tells that a text in a shared place is addressed to the bot by
	// its name.
	Mentioned bool
	// Anonymous tells that an administrator spoke without a name: Identity is
	// empty and Role is RoleNobody, but whoever presses a button under the
	// answer has a name and can prove the right.
	Anonymous bool
	// Command is the name of a command without its slash, lower case; "" for
	// plain text and for a button.
	Command string
	// Sub is the sub-command of a platform that has them ("add"), Options its
	// named values. Text is what was typed after the command, or all of it.
	Sub     string
	Options map[string]string
	Text    string
	// Button is the data of the button that was pressed; Message the platform's
	// id of the message that carries it, or of the one that a text answers.
	Button  string
	Message string
	// Form holds what was entered in a modal, whose data is in Button.
	Form map[string]string
	// Reply is the platform's id of what the person wrote: group answers point
	// at it. "" where there is none.
	Reply string
	// Via is how an answer returns, in the adapter's own terms; a secret.
	Via    string
	Locale string    // of the person, BCP 47; "" where unknown
	At     time.Time // UTC
}

// Answer is what a person is told at once.
type Answer struct {
	Message *message.Message
	// Edit replaces the message that carried the button.
	Edit bool
	// Ephemeral shows it to this person only, where the platform can.
	Ephemeral bool
	// Toast is a short note shown over the chat (at most 200 code points).
	Toast string
	// Open leads the person to their private chat with the bot, instead of all
	// else: there it comes back as what follows /start.
	Open string
	// Modal asks for text in a form.
	Modal *Modal
}

// Modal is a form of up to five fields of text.
type Modal struct {
	Data   string // handed back as Request.Button
	Title  string // at most 45 code points
	Fields []ModalField
}

// ModalField is a line or a box to type in.
type ModalField struct {
	Name, Label, Value, Hint string
	Long, Required           bool
	Max                      int // code points, at most 4,000
}

// Choice is one of the values that autocomplete offers.
type Choice struct {
	Label string // at most 100 code points
	Value string // at most 100 code points
}

// SignalKind is what happened to a place.
type SignalKind string

// What can happen to a place.
const (
	SignalAdded     SignalKind = "added"     // the bot may write there now
	SignalRemoved   SignalKind = "removed"   // blocked, kicked, left
	SignalGone      SignalKind = "gone"      // deleted
	SignalMoved     SignalKind = "moved"     // has a new address
	SignalNoRights  SignalKind = "no-rights" // may not write there
	SignalRights    SignalKind = "rights"    // rights changed; it may write there again
	SignalRenamed   SignalKind = "renamed"
	SignalCommunity SignalKind = "community-removed" // every place of Place.Community is removed
)

// Signal tells of a change in where the bot may speak.
type Signal struct {
	Kind  SignalKind
	Place subscriptions.Destination // by address; of SignalCommunity by Community
	// Topic tells that it concerns one topic: of a chat with topics the general
	// one alone, where Place has no thread.
	Topic bool
	// MovedTo is the new chat of a place that moved; threads move with it.
	MovedTo string
	// By is who did it; zero where unknown.
	By     subscriptions.Identity
	Reason string // plain words
	At     time.Time
}
