package outbox

import (
	"context"
	"time"

	"bellwether/subscriptions"
)

// Account is a bot account: the platform that it is on and its name in the
// configuration.
type Account struct {
	Platform subscriptions.Platform
	Name     string
}

// String names the account for people and logs: "telegram/main".
func (a Account) String() string { return string(a.Platform) + "/" + a.Name }

// Strand is what is kept in order: the sends of one priority to a destination,
// and among answers those to one person (Person is 0 for all others).
type Strand struct {
	Destination subscriptions.DestinationID
	Person      subscriptions.PersonID
}

// Claim asks for the first waiting send of each strand.
type Claim struct {
	Account  Account
	Priority Priority
	After    Strand   // strands after this one, in their order
	Only     []Strand // where set, these strands and no others
	Limit    int      // strands
	Behind   int      // count up to so many news that wait in the same destination; 0 for no count
	Now      time.Time
}

// Head is the first waiting send of a strand.
type Head struct {
	Send
	// Behind is how many news wait behind it, as far as the claim counts.
	Behind int
	// Parked tells that the destination is parked and this send tries it.
	Parked bool
}

// Outcome is what became of a request.
type Outcome struct {
	// Send carries what is to be stored: Kind, State, Form, Target, Attempts,
	// Crashes, Repeated, Reason, Code, Retry and Ended.
	Send  *Send
	Parts []Part // made since the last outcome
	// Park is the destination's new standing, for Send.Reason; "" for no change.
	Park subscriptions.Standing
	// Revive tells that a parked destination took a message.
	Revive bool
	// MovedTo is the chat's new id; "" where it did not move.
	MovedTo string
}

// Queue is the way of a send through the store.
type Queue interface {
	// Heads returns the first waiting send, due or held back by a failure, of
	// each strand, in the order of strands. Their Message is not filled. It
	// may return fewer than the limit only where there are no more.
	Heads(ctx context.Context, c Claim) ([]*Head, error)
	// Mark marks sends as being worked on before their messages are written, so
	// that a crash then is counted too. Those that still waited have State
	// Sending then.
	Mark(ctx context.Context, sends []*Send) error
	// Advance does two things in one transaction. It stores outcomes, with what
	// they do to their destinations and to what else waits for these. And it
	// freezes the messages of sends and marks them as being sent: those that
	// still waited, or were marked, have State Sending and a Body then.
	Advance(ctx context.Context, outcomes []Outcome, sends []*Send, now time.Time) error
	// Recover is called once at the start: what was being sent waits again,
	// with Crashes one higher, and Repeated set where a request may have been
	// made; what did so limit times is set aside. It returns how many were found.
	Recover(ctx context.Context, limit int, now time.Time) (int, error)
}

// Target is what an edit is to change.
type Target struct {
	Parts []Part
	// Open tells that the message is still on its way.
	Open bool
}

// Archive is what was sent.
type Archive interface {
	// Messages fills the Message of sends that have a Body; that of one whose
	// body is not there, or cannot be read, stays nil.
	Messages(ctx context.Context, sends []*Send) error
	// Target returns the messages that told the edit's subject.
	Target(ctx context.Context, edit *Send) (Target, error)
	// Merged returns the sends that were merged into another one, the newest
	// first, and how many there are.
	Merged(ctx context.Context, into SendID, limit int) ([]Send, int, error)
}

// Depth is how much waits in one priority of one account.
type Depth struct {
	Account  Account
	Priority Priority
	Count    int
	Oldest   time.Time // UTC; when the oldest of them was made
}

// Upkeep is what is done beside sending.
type Upkeep interface {
	// Collapse merges the destination's waiting news into one send, which is
	// made or which already waits, and returns how many it merged.
	Collapse(ctx context.Context, first Send, now time.Time) (int, error)
	// Probe lets one send of each place that was parked for want of rights try
	// it again, where its time has come, and returns how many.
	Probe(ctx context.Context, now time.Time) (int, error)
	// Depths returns what waits.
	Depths(ctx context.Context) ([]Depth, error)
}

// Store keeps sends. It is safe for concurrent use.
type Store interface {
	Queue
	Archive
	Upkeep
}

// Pictures keeps what was drawn and uploaded.
type Pictures interface {
	// Picture returns the PNG kept under a key; nil where there is none.
	Picture(ctx context.Context, key string) ([]byte, error)
	// KeepPicture keeps it.
	KeepPicture(ctx context.Context, key string, png []byte) error
	// Uploaded returns the name under which an account may use the picture
	// again; "" where there is none.
	Uploaded(ctx context.Context, a Account, key string) (string, error)
	// KeepUploaded keeps that name.
	KeepUploaded(ctx context.Context, a Account, key, name string) error
}
