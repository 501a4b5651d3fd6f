package outbox

import (
	"context"

	"bellwether/bot/message"
)

// Composer writes the messages of sends that tell events.
type Composer interface {
	// Compose fills the Message of each send, in its destination's language
	// and zone, and says in it when it comes late. It is called when a send is
	// attempted for the first time. Messages are never changed afterwards, so
	// sends may share one. A send that has nothing to tell any more keeps a
	// nil Message and is discarded, with its Reason where one is filled.
	Compose(ctx context.Context, sends []*Send) error
	// Repeat returns a copy of a send's message that says that it may have
	// been seen before.
	Repeat(ctx context.Context, s Send) (*message.Message, error)
}

// Backlog is what a destination missed because it could not keep up.
type Backlog struct {
	Into   Send   // the send that is to tell it
	Newest []Send // the newest of them first, at most 50
	Total  int    // how many there are in all
}

// Collapser tells a backlog as one message: the newest headlines as links and
// how many more there are.
type Collapser interface {
	Collapse(ctx context.Context, b Backlog) (*message.Message, error)
}
