package bot

import "errors"

// ErrHandled is returned where a request was handled before.
var ErrHandled = errors.New("request was handled before")

// ErrFeedKnown is returned where a feed's address became known under another id
// since it was looked up: several people may follow it at once.
var ErrFeedKnown = errors.New("the feed became known meanwhile")
