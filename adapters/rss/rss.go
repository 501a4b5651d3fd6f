// Package rss reads RSS, Atom and JSON feeds, politely: it asks only for what
// changed, waits as long as the server wants, reads a bounded amount and leaves
// again. It decides what a server's answer means for the next reading and how
// an item of a feed becomes an article. It knows no chat and no database, and
// what a story or its text is, package news decides.
package rss

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
)

// Options are what a reader is made of.
type Options struct {
	// Client makes the requests. People choose the addresses, so it must refuse
	// private networks; a refusal is an error with the method
	// Refused() string ("private", "port", "scheme", "redirects",
	// "downgrade" or "too-large").
	Client    *http.Client
	UserAgent string
	// MaxBytes is the most that is read of a feed, after decompression;
	// 8 MiB where zero.
	MaxBytes int64
	// Timeout is the longest time for one feed; 30 s where zero.
	Timeout time.Duration
	// Interval is how often a feed is read whose server does not ask for less;
	// 5 minutes where zero.
	Interval time.Duration
	// Jitter spreads readings: it returns a number from 0 up to 1.
	Jitter func() float64
	// Symbols returns what a name, an alias or a ticker stands for; nil where
	// articles are not searched for symbols.
	Symbols func(text string) []market.Symbol
	Now     func() time.Time
	Log     *slog.Logger
}

const (
	defaultBytes    = 8 << 20
	defaultTimeout  = 30 * time.Second
	defaultInterval = 5 * time.Minute
)

// Reader reads feeds. It is safe for concurrent use.
type Reader struct {
	client   *http.Client
	agent    string
	limit    int64
	timeout  time.Duration
	interval time.Duration
	jitter   func() float64
	symbols  func(string) []market.Symbol
	now      func() time.Time
	log      *slog.Logger
}

var _ alerts.FeedReader = (*Reader)(nil)

// New returns a reader.
func New(o Options) *Reader {
	r := &Reader{
		client: o.Client, agent: o.UserAgent, limit: o.MaxBytes, timeout: o.Timeout, interval: o.Interval,
		jitter: o.Jitter, symbols: o.Symbols, now: o.Now, log: o.Log,
	}
	if r.limit <= 0 {
		r.limit = defaultBytes
	}
	if r.timeout <= 0 {
		r.timeout = defaultTimeout
	}
	if r.interval <= 0 {
		r.interval = defaultInterval
	}
	if r.jitter == nil {
		r.jitter = rand.Float64
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	return r
}

// Read reads a feed once. Its errors are *Problem.
func (r *Reader) Read(ctx context.Context, feed news.Feed) (news.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, r.timeout)
	defer cancel()
	got, err := r.fetch(ctx, feed)
	if err != nil {
		return news.Reading{}, err
	}
	feed.URL = got.address
	now := r.now().UTC()
	if got.unchanged {
		if got.lastModified != "" {
			feed.LastModified = got.lastModified
		}
		feed.NextRead = r.next(now, got.wish)
		return news.Reading{Feed: feed, NotModified: true}, nil
	}
	parsed, err := r.parse(got)
	if err != nil {
		return news.Reading{}, err
	}
	feed.ETag, feed.LastModified = got.etag, got.lastModified
	if title := news.Line(parsed.Title, maxFeedTitle); title != "" {
		feed.Title = title
	}
	if site := news.Untracked(parsed.Link, got.address); site != "" {
		feed.Site = site
	}
	feed.NextRead = r.next(now, max(got.wish, timeToLive(parsed)))
	return news.Reading{Feed: feed, Articles: r.articles(parsed, got.address, now)}, nil
}
