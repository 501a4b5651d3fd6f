package bot

import (
	"context"

	"bellwether/subscriptions"
)

// Desk is where adapters hand in what people do. It is safe for concurrent use.
type Desk interface {
	// Submit writes the requests to the inbox in one transaction and returns
	// when they are safe; one that is known by its ID is passed over. They are
	// then handled one after another per person, and answered by sends.
	Submit(ctx context.Context, requests ...Request) error
	// Answer handles at once a request that changes nothing, or opens a modal.
	// For a request that must be submitted it returns ErrSubmit, with no more
	// than a Toast that may be shown meanwhile.
	Answer(ctx context.Context, request Request) (Answer, error)
	// Suggest returns at most 25 choices for an option that is being typed, in
	// well under a second.
	Suggest(ctx context.Context, request Request, option, typed string) ([]Choice, error)
	// Report records what happened to a place and returns when it is safe.
	// Reporting it again changes nothing.
	Report(ctx context.Context, signals ...Signal) error
}

// Rights tells what a person may do in a place, by asking the platform.
type Rights interface {
	// Role returns the person's role. Where the platform does not say, it
	// returns RoleUnknown and an error whose text tells people what to do;
	// without an error RoleUnknown is no moderator, and may be no member.
	Role(ctx context.Context, place subscriptions.Address, user string) (subscriptions.Role, error)
}

// Memory keeps small things for an adapter over a restart: an offset, a hash of
// the registered commands. Names are the adapter's own ("telegram/main/offset").
type Memory interface {
	// Recall returns what was kept, "" where nothing was.
	Recall(ctx context.Context, name string) (string, error)
	// Keep keeps it.
	Keep(ctx context.Context, name, value string) error
}
