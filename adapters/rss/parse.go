package rss

import (
	"bytes"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/mmcdole/gofeed"
)

// parse makes a feed of an answer. A panic of the parser is the feed's fault
// and must not be ours.
func (r *Reader) parse(got *answer) (feed *gofeed.Feed, err error) {
	defer func() {
		if v := recover(); v != nil {
			r.log.Error("panic while a feed was read", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			feed, err = nil, problem(kindBroken, "it cannot be read", nil)
		}
	}()
	body := bytes.TrimSpace(got.body)
	if isPage(body) {
		return nil, notFeed(body, got.address)
	}
	parser := gofeed.NewParser()
	parser.KeepOriginalFeed = true
	feed, err = parser.Parse(bytes.NewReader(body))
	switch {
	case errors.Is(err, gofeed.ErrFeedTypeNotDetected) && got.html:
		return nil, notFeed(body, got.address)
	case errors.Is(err, gofeed.ErrFeedTypeNotDetected) && looksLikeFeed(body):
		return nil, problem(kindBroken, "its XML is broken", nil)
	case errors.Is(err, gofeed.ErrFeedTypeNotDetected):
		return nil, problem(kindNotFeed, "what is there is not a feed", nil)
	case err != nil && body[0] == '{':
		return nil, problem(kindBroken, "its JSON is broken", nil)
	case err != nil:
		return nil, problem(kindBroken, "its XML is broken", nil)
	case feed == nil:
		return nil, problem(kindBroken, "it is empty", nil)
	case feed.FeedType == "json" && len(feed.Items) == 0 && !looksLikeFeed(body):
		return nil, problem(kindNotFeed, "what is there is not a feed", nil)
	}
	return feed, nil
}

// looksLikeFeed tells whether a document that no parser takes began as a feed.
func looksLikeFeed(body []byte) bool {
	start := bytes.ToLower(body[:min(len(body), 2000)])
	for _, root := range []string{"<rss", "<feed", "<rdf", "<channel"} {
		if bytes.Contains(start, []byte(root)) {
			return true
		}
	}
	return bytes.Contains(start, []byte("jsonfeed.org"))
}
