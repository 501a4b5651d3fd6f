package outbox

import "context"

// Messenger hands messages to one platform for one bot account.
type Messenger interface {
	// Deliver makes one of the platform's messages and returns its receipt, or
	// a *Failure. It neither waits for a rate nor tries again. It has an end of
	// its own, in a minute or two, since a send that is cut off is in doubt.
	Deliver(ctx context.Context, d Delivery) (Receipt, error)
}
