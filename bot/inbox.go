package bot

import "context"

// Inbox keeps what people did until it is handled.
type Inbox interface {
	// PutRequests keeps the requests in one transaction and returns the ones
	// that were not known by their ID.
	PutRequests(ctx context.Context, requests []Request) (fresh []Request, err error)
	// OpenRequests returns what is not handled yet, in the order in which it
	// came, and counts that it was handed out: a request that ended the
	// process three times is set aside and not returned again.
	OpenRequests(ctx context.Context) ([]Request, error)
	// Apply stores an outcome in one transaction. It fails with ErrHandled
	// where the request was handled before, with subscriptions.ErrChanged
	// where a compared revision differs, with ErrFeedKnown where a feed is known
	// under another id, and with a *subscriptions.LimitError where a limit is
	// reached; nothing is stored then.
	Apply(ctx context.Context, outcome Outcome) error
}
