package outbox

import (
	"fmt"
	"time"
)

// Class is what a failed request means for a send.
type Class string

// The classes of failure.
const (
	// RetryLater: the platform refuses for a while (429). It costs no attempt.
	RetryLater Class = "retry-later"
	// NotSent: the request never left us; it is safe to try again.
	NotSent Class = "not-sent"
	// Ambiguous: the request was written and no usable answer came.
	Ambiguous Class = "ambiguous"
	// Gone: the destination does not exist any more, or shut us out (blocked,
	// kicked). It is parked.
	Gone Class = "gone"
	// NoRights: we may not write there now. It is parked and tried again rarely.
	NoRights Class = "no-rights"
	// Moved: the chat has a new id, MovedTo.
	Moved Class = "moved"
	// BadMessage: the platform does not take this form; the next one is tried.
	BadMessage Class = "bad-message"
	// Refused: this message is not wanted there (content filter); the send is
	// discarded, the destination stays.
	Refused Class = "refused"
	// LostTarget: the message to edit or to answer is not there any more.
	LostTarget Class = "lost-target"
	// Done: the platform had done it before; it counts as delivered.
	Done Class = "done"
	// Credential: the account is not accepted; nothing more is sent with it.
	Credential Class = "credential"
	// Broken: the platform is in trouble (5xx before it did anything, a
	// filter in front of it); tried again with growing pauses.
	Broken Class = "broken"
)

// Scope is what a pause concerns.
type Scope string

// The scopes of a pause.
const (
	ScopeDestination Scope = "destination"
	ScopeAccount     Scope = "account"
)

// Failure is a request that failed, in the outbox's terms. Adapters translate
// every vendor error into one.
type Failure struct {
	Class Class
	After time.Duration // RetryLater, Broken: how long to wait
	Scope Scope         // RetryLater, Broken: what waits; "" for the destination
	// Unlikely tells of an Ambiguous request that it hardly did anything: the
	// platform answered that it is in trouble.
	Unlikely bool
	// MovedTo is the chat's new id.
	MovedTo string
	// Reason is for people: plain words, no ids, no secrets.
	Reason string
	// Code is the platform's own code, for records and counters.
	Code string
	Err  error // the cause, free of secrets; may be nil
}

// Reasons that concern one topic of a chat: the rest of the chat is as it was.
const (
	ReasonTopicClosed  = "the topic is closed"
	ReasonTopicDeleted = "the topic was deleted"
)

// CodeLocal is the Code of a RetryLater that the adapter itself asks for,
// before any request: it keeps a rate that the platform told it. It is no 429.
const CodeLocal = "local"

// Error says what happened.
func (f *Failure) Error() string {
	if f.Code == "" {
		return fmt.Sprintf("%s: %s", f.Class, f.Reason)
	}
	return fmt.Sprintf("%s (%s): %s", f.Class, f.Code, f.Reason)
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }
