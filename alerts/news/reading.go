package news

import "time"

// Reading is what one read of a feed gave.
type Reading struct {
	// Feed is the feed as it was, with what the server said now: its address
	// after permanent redirects, its title and site, ETag and LastModified, and
	// NextRead, before which it is not to be asked again.
	Feed Feed
	// Articles are all that the feed lists now, cleaned, in the feed's order.
	Articles []Article
	// NotModified tells that the server said that nothing changed.
	NotModified bool
}

// ReadError says why a feed gave nothing.
type ReadError struct {
	Reason string        // plain words, without addresses
	After  time.Duration // the least time before the next try; 0 where the server does not say
	Gone   bool          // it will not come back (410)
	Err    error         // the cause; may be nil
}

// Error says the reason.
func (e *ReadError) Error() string { return "feed not read: " + e.Reason }

// Unwrap returns the cause.
func (e *ReadError) Unwrap() error { return e.Err }
