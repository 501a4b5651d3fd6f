// Package news decides what a feed and an article are: what of a page is the
// story, when two articles are one, and which symbols a story speaks of. It
// knows no rule, no chat, no database and no network.
package news

import (
	"time"

	"bellwether/alerts/market"
)

// FeedID names a stored feed.
type FeedID int64

// Feed is an address that lists articles, and what we remember of reading it.
type Feed struct {
	ID    FeedID
	URL   string // where it is read, after permanent redirects
	Title string // as the feed calls itself, cleaned
	Site  string // the page that it belongs to; "" where unknown

	// ETag and LastModified are what the server gave last, to be sent back.
	ETag         string
	LastModified string

	// NextRead is when it may be read again, in UTC. Failures counts reads in
	// a row that gave nothing, and Trouble says why in plain words ("" when well).
	NextRead time.Time
	Failures int
	Trouble  string
	// Primed tells that its articles of the first read are known, so that
	// adding a feed does not flood anyone.
	Primed bool
}

// ArticleID names a stored article.
type ArticleID int64

// StoryID names a story: articles of several feeds that tell the same.
type StoryID int64

// Article is one story as one feed tells it, cleaned.
type Article struct {
	ID        ArticleID
	Feed      FeedID
	Story     StoryID
	Identity  string // what the feed knows it by: its GUID, else its canonical URL, else its title
	URL       string // where people read it
	Canonical string // the same without tracking, for comparison
	Title     string
	Summary   string // plain text, boilerplate removed, at most two or three sentences
	Author    string
	Publisher string          // who wrote it first, where the article says so ("originally appeared in")
	Image     string          // http(s) address of a picture; "" where none
	Language  string          // BCP 47; "" where unknown
	Published time.Time       // UTC; the time of reading where the feed gives none or one in the future
	Seen      time.Time       // UTC; when we read it
	Symbols   []market.Ticker // symbols that it mentions
	Print     uint64          // fingerprint of its words, 0 where it has too few
}
