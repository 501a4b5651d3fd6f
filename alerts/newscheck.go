package alerts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bellwether/alerts/news"
)

// FeedReader reads a feed from where it is.
type FeedReader interface {
	// Read reads a feed once. Where it gives nothing, the error wraps a
	// *news.ReadError that says why.
	Read(ctx context.Context, feed news.Feed) (news.Reading, error)
}

// NewsBatch is what one transaction saves of reading feeds.
type NewsBatch struct {
	Feeds    []news.Feed
	Articles []news.Article // new ones; an identity that the feed knows is passed over
	Events   []Event        // saved unless their Key is known
}

// NewsStore keeps feeds and articles.
type NewsStore interface {
	// DueFeeds returns feeds whose NextRead has come, the longest due first.
	DueFeeds(ctx context.Context, now time.Time, limit int) ([]news.Feed, error)
	// Known tells of each article whether its feed knows it: by its identity,
	// or, where that is new, by its canonical address.
	Known(ctx context.Context, feed news.FeedID, articles []news.Article) ([]bool, error)
	// Recent returns the articles of all feeds seen since a time, oldest first.
	Recent(ctx context.Context, since time.Time) ([]news.Article, error)
	// CommitNews saves a batch in one transaction.
	CommitNews(ctx context.Context, batch NewsBatch) error
}

// NewsChecker does the checks of feeds: it reads those that are due, finds what
// is new and saves articles, events and the feeds' next reading together. A
// feed that fails holds up no other.
type NewsChecker struct {
	Store  NewsStore
	Reader FeedReader
	// Same tells whether two articles of different feeds tell the same story;
	// nil where every article is a story of its own.
	Same func(a, b news.Article) bool
	// Interval is how often a feed is read where its server does not ask for
	// less.
	Interval time.Duration
	// Limit is how many feeds one check reads at most, Parallel how many at once.
	Limit, Parallel int
	Now             func() time.Time
	Log             *slog.Logger

	running sync.Mutex
}

// How long a story is told on, and how long a failing feed is left alone: twice
// as long after each failure, between these two.
const (
	storyReach  = 36 * time.Hour
	feedPause   = 5 * time.Minute
	feedPatient = 24 * time.Hour
)

// NewsOutcome counts what a check of feeds did.
type NewsOutcome struct {
	Read, Failed int // feeds
	Articles     int // new ones
	Events       int
}

// Check reads the feeds that are due, once. A feed's first reading makes its
// articles known without telling them: where one feed is new, its newest
// article is told; where several are, a summary of the newest of each.
//
// An article whose story another feed told before becomes an EventAlso with
// the story's subject: whoever had the story is shown who else tells it; whoever
// follows only this feed is told as of any article.
func (c *NewsChecker) Check(ctx context.Context) (NewsOutcome, error) {
	c.running.Lock()
	defer c.running.Unlock()
	var out NewsOutcome
	now := c.Now()
	feeds, err := c.Store.DueFeeds(ctx, now, c.Limit)
	if err != nil {
		return out, fmt.Errorf("load due feeds: %w", err)
	}
	if len(feeds) == 0 {
		return out, nil
	}
	results := c.readAll(ctx, feeds)
	recent, err := c.Store.Recent(ctx, now.Add(-storyReach))
	if err != nil {
		return out, fmt.Errorf("load recent articles: %w", err)
	}
	work := &newsWork{checker: c, now: now, teller: teller{same: c.Same, recent: recent}, out: &out}
	for _, result := range results {
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		if err := work.take(ctx, result); err != nil {
			return out, err
		}
	}
	return out, work.finish(ctx)
}

// newsWork is one check of feeds at work.
type newsWork struct {
	checker *NewsChecker
	now     time.Time
	teller  teller
	out     *NewsOutcome
	first   NewsBatch // of feeds that were read for the first time
}

// take saves what one feed gave.
func (w *newsWork) take(ctx context.Context, result feedResult) error {
	c := w.checker
	if result.err != nil {
		w.out.Failed++
		c.Log.Warn("feed not read", "feed_id", int64(result.feed.ID), "error", result.err)
		if err := c.Store.CommitNews(ctx, NewsBatch{Feeds: []news.Feed{failed(result.feed, result.err, w.now)}}); err != nil {
			return fmt.Errorf("save failed feed: %w", err)
		}
		return nil
	}
	w.out.Read++
	fresh, err := c.fresh(ctx, result, w.now)
	if err != nil {
		return err
	}
	w.out.Articles += len(fresh)
	feed := c.well(result.reading.Feed, w.now)
	if !result.feed.Primed && !result.reading.NotModified {
		feed.Primed = true
		w.first.Feeds = append(w.first.Feeds, feed)
		w.first.Articles = append(w.first.Articles, w.teller.place(fresh)...)
		return nil
	}
	batch := NewsBatch{Feeds: []news.Feed{feed}}
	batch.Articles, batch.Events = w.teller.tell(fresh, w.now)
	w.out.Events += len(batch.Events)
	if err := c.Store.CommitNews(ctx, batch); err != nil {
		return fmt.Errorf("save articles: %w", err)
	}
	return nil
}

// finish saves the feeds that were read for the first time, together.
func (w *newsWork) finish(ctx context.Context) error {
	if len(w.first.Feeds) == 0 {
		return nil
	}
	w.first.Events = firstEvents(w.first, w.now)
	w.out.Events += len(w.first.Events)
	if err := w.checker.Store.CommitNews(ctx, w.first); err != nil {
		return fmt.Errorf("save first articles: %w", err)
	}
	return nil
}

type feedResult struct {
	feed    news.Feed
	reading news.Reading
	err     error
}

func (c *NewsChecker) readAll(ctx context.Context, feeds []news.Feed) []feedResult {
	results := make([]feedResult, len(feeds))
	var group errgroup.Group
	group.SetLimit(max(1, c.Parallel))
	for i, feed := range feeds {
		group.Go(func() error {
			reading, err := c.Reader.Read(ctx, feed)
			results[i] = feedResult{feed, reading, err}
			return nil
		})
	}
	_ = group.Wait() // each result has its own error
	return results
}

// fresh returns the articles that the feed did not know, oldest first.
func (c *NewsChecker) fresh(ctx context.Context, result feedResult, now time.Time) ([]news.Article, error) {
	articles := result.reading.Articles
	if len(articles) == 0 {
		return nil, nil
	}
	known, err := c.Store.Known(ctx, result.feed.ID, articles)
	if err != nil {
		return nil, fmt.Errorf("look up articles: %w", err)
	}
	seen := map[string]bool{}
	var out []news.Article
	for i, a := range articles {
		twice := seen["id "+a.Identity] || a.Canonical != "" && seen["url "+a.Canonical]
		seen["id "+a.Identity], seen["url "+a.Canonical] = true, true
		if twice || i < len(known) && known[i] {
			continue
		}
		a.Feed = result.feed.ID
		if a.Seen.IsZero() {
			a.Seen = now
		}
		if a.Published.IsZero() || a.Published.After(now) {
			a.Published = a.Seen
		}
		out = append(out, a)
	}
	slices.Reverse(out) // feeds list the newest first
	slices.SortStableFunc(out, func(a, b news.Article) int { return a.Published.Compare(b.Published) })
	return out, nil
}

// well notes that a feed was read.
func (c *NewsChecker) well(feed news.Feed, now time.Time) news.Feed {
	feed.Failures, feed.Trouble = 0, ""
	if next := now.Add(c.Interval); feed.NextRead.Before(next) {
		feed.NextRead = next
	}
	return feed
}

// failed notes that a feed was not read, and leaves it alone for a while.
func failed(feed news.Feed, err error, now time.Time) news.Feed {
	feed.Failures++
	feed.Trouble = "it could not be read"
	pause := min(feedPause<<min(feed.Failures-1, 10), feedPatient)
	if why, ok := errors.AsType[*news.ReadError](err); ok {
		feed.Trouble = why.Reason
		pause = max(pause, why.After)
		if why.Gone {
			pause = max(pause, feedPatient)
		}
	}
	feed.NextRead = now.Add(pause)
	return feed
}

// teller knows which stories were told.
type teller struct {
	same   func(a, b news.Article) bool
	recent []news.Article
}

// place gives each article its story.
func (t *teller) place(articles []news.Article) []news.Article {
	for i := range articles {
		t.story(&articles[i])
	}
	return articles
}

// story finds an article's story, and tells whether another feed told it.
func (t *teller) story(a *news.Article) (told bool) {
	if t.same != nil {
		for _, other := range slices.Backward(t.recent) {
			if other.Feed != a.Feed && other.Story != 0 && t.same(other, *a) {
				a.Story, told = other.Story, true
				break
			}
		}
	}
	if a.Story == 0 {
		a.Story = storyOf(*a)
	}
	t.recent = append(t.recent, *a)
	return told
}

// storyOf names the story that an article begins, by the article's own name.
func storyOf(a news.Article) news.StoryID {
	h := fnv.New64a()
	_, _ = h.Write([]byte(articleKey(a)))
	return news.StoryID(h.Sum64()>>1 | 1)
}

func articleKey(a news.Article) string {
	return "article/" + strconv.FormatInt(int64(a.Feed), 10) + "/" + a.Identity
}

// tell states new articles as events.
func (t *teller) tell(articles []news.Article, now time.Time) ([]news.Article, []Event) {
	events := make([]Event, 0, len(articles))
	for i := range articles {
		kind := EventArticle
		if t.story(&articles[i]) {
			kind = EventAlso
		}
		events = append(events, articleEvent(kind, articles[i], now))
	}
	return articles, events
}

func articleEvent(kind EventKind, a news.Article, now time.Time) Event {
	return Event{
		Kind: kind, Key: articleKey(a), Subject: "story/" + strconv.FormatInt(int64(a.Story), 10),
		Topic: Topic{Kind: TopicFeed, ID: int64(a.Feed)}, At: a.Published, Detected: now, Article: &a,
	}
}

// firstEvents tells of feeds that were read for the first time.
func firstEvents(first NewsBatch, now time.Time) []Event {
	newest := map[news.FeedID]news.Article{}
	for _, a := range first.Articles {
		newest[a.Feed] = a
	}
	if len(first.Feeds) == 1 {
		if a, ok := newest[first.Feeds[0].ID]; ok {
			return []Event{articleEvent(EventArticle, a, now)}
		}
		return nil
	}
	slices.SortFunc(first.Feeds, func(a, b news.Feed) int { return cmp.Compare(a.ID, b.ID) })
	key := "first"
	summary := Event{Kind: EventSummary, At: now, Detected: now}
	for i, feed := range first.Feeds {
		topic := Topic{Kind: TopicFeed, ID: int64(feed.ID)}
		if i == 0 {
			summary.Topic = topic
		} else {
			summary.Topics = append(summary.Topics, topic)
		}
		key += "/" + strconv.FormatInt(int64(feed.ID), 10)
		if a, ok := newest[feed.ID]; ok {
			summary.Articles = append(summary.Articles, a)
		}
	}
	if len(key) > 200 {
		h := fnv.New64a()
		_, _ = h.Write([]byte(key))
		key = "first/" + strconv.FormatUint(h.Sum64(), 16)
	}
	if len(summary.Articles) == 0 {
		return nil
	}
	summary.Key, summary.Subject = key, key
	return []Event{summary}
}
