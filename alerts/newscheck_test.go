package alerts_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/news"
)

// newsroom is a store and a reader of feeds in memory.
type newsroom struct {
	mu       sync.Mutex
	feeds    map[news.FeedID]news.Feed
	articles []news.Article
	events   []alerts.Event
	commits  int
	answers  map[news.FeedID][]news.Article
	errs     map[news.FeedID]error
	fail     error
}

func (n *newsroom) Read(_ context.Context, feed news.Feed) (news.Reading, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return news.Reading{Feed: feed, Articles: append([]news.Article(nil), n.answers[feed.ID]...)}, n.errs[feed.ID]
}

func (n *newsroom) DueFeeds(_ context.Context, now time.Time, limit int) ([]news.Feed, error) {
	var out []news.Feed
	for id := news.FeedID(1); int(id) <= len(n.feeds) && len(out) < limit; id++ {
		if feed := n.feeds[id]; !feed.NextRead.After(now) {
			out = append(out, feed)
		}
	}
	return out, nil
}

func (n *newsroom) Known(_ context.Context, feed news.FeedID, articles []news.Article) ([]bool, error) {
	out := make([]bool, len(articles))
	for i, a := range articles {
		for _, known := range n.articles {
			if known.Feed == feed && (known.Identity == a.Identity || a.Canonical != "" && known.Canonical == a.Canonical) {
				out[i] = true
			}
		}
	}
	return out, nil
}

func (n *newsroom) Recent(context.Context, time.Time) ([]news.Article, error) { return n.articles, nil }

func (n *newsroom) CommitNews(_ context.Context, batch alerts.NewsBatch) error {
	if n.fail != nil {
		return n.fail
	}
	n.commits++
	for _, feed := range batch.Feeds {
		n.feeds[feed.ID] = feed
	}
	n.articles = append(n.articles, batch.Articles...)
	n.events = append(n.events, batch.Events...)
	return nil
}

// keys returns the keys of the events so far, and forgets them.
func (n *newsroom) keys() string {
	var words []string
	for _, e := range n.events {
		words = append(words, string(e.Kind)+":"+e.Key)
	}
	n.events = nil
	return strings.Join(words, " ")
}

// listing makes articles as feeds list them: the newest first.
func listing(titles ...string) []news.Article {
	out := make([]news.Article, 0, len(titles))
	for i, title := range slices.Backward(titles) {
		out = append(out, news.Article{Identity: title, Title: title, Published: wednesday().Add(time.Duration(i-100) * time.Minute)})
	}
	return out
}

func newNewsroom(feeds ...news.FeedID) (*newsroom, *alerts.NewsChecker, func()) {
	n := &newsroom{feeds: map[news.FeedID]news.Feed{}, answers: map[news.FeedID][]news.Article{}, errs: map[news.FeedID]error{}}
	for _, id := range feeds {
		n.feeds[id] = news.Feed{ID: id}
	}
	now := wednesday()
	c := &alerts.NewsChecker{
		Store: n, Reader: n, Same: func(a, b news.Article) bool { return a.Title == b.Title },
		Interval: 5 * time.Minute, Limit: 100, Parallel: 4,
		Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
	}
	return n, c, func() { now = now.Add(10 * time.Minute) }
}

func checkNews(t *testing.T, c *alerts.NewsChecker) alerts.NewsOutcome {
	t.Helper()
	out, err := c.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOneNewFeedTellsItsNewestArticle(t *testing.T) {
	n, c, later := newNewsroom(1)
	n.answers[1] = listing("a", "b", "c")
	checkNews(t, c)
	if got := n.keys(); got != "article:article/1/c" {
		t.Errorf("first read: %s", got)
	}
	later()
	n.answers[1] = listing("a", "b", "c", "d", "e")
	checkNews(t, c)
	if got := n.keys(); got != "article:article/1/d article:article/1/e" {
		t.Errorf("second read: %s", got)
	}
	later()
	checkNews(t, c)
	if got := n.keys(); got != "" {
		t.Errorf("nothing new: %s", got)
	}
}

func TestSeveralNewFeedsTellOneSummary(t *testing.T) {
	n, c, _ := newNewsroom(1, 2, 3)
	n.answers[1], n.answers[2] = listing("a", "b"), listing("x", "y")
	checkNews(t, c)
	if len(n.events) != 1 || n.events[0].Kind != alerts.EventSummary || len(n.events[0].Articles) != 2 || len(n.events[0].Topics) != 2 {
		t.Fatalf("events %+v", n.events)
	}
	if n.commits != 1 {
		t.Errorf("%d transactions", n.commits)
	}
	for id, feed := range n.feeds {
		if !feed.Primed {
			t.Errorf("feed %d is not primed", id)
		}
	}
}

func TestStoryOfAnotherFeedIsTold(t *testing.T) {
	n, c, later := newNewsroom(1, 2)
	n.answers[1], n.answers[2] = listing("a"), listing("x")
	checkNews(t, c)
	n.keys()
	later()
	n.answers[1] = listing("a", "rates cut")
	checkNews(t, c)
	later()
	n.answers[2] = listing("x", "rates cut")
	checkNews(t, c)
	if len(n.events) != 2 || n.events[0].Kind != alerts.EventArticle || n.events[1].Kind != alerts.EventAlso {
		t.Fatalf("events %+v", n.events)
	}
	if n.events[0].Subject != n.events[1].Subject || !strings.HasPrefix(n.events[0].Subject, "story/") {
		t.Errorf("subjects %s and %s", n.events[0].Subject, n.events[1].Subject)
	}
	if n.events[0].Key == n.events[1].Key || n.events[1].Topic.ID != 2 {
		t.Errorf("second event %+v", n.events[1])
	}
}

func TestFailingFeedHoldsUpNoOther(t *testing.T) {
	n, c, later := newNewsroom(1, 2)
	n.answers[2] = listing("a")
	n.errs[1] = &news.ReadError{Reason: "it is not a feed"}
	out := checkNews(t, c)
	if out.Failed != 1 || out.Read != 1 {
		t.Errorf("outcome %+v", out)
	}
	if f := n.feeds[1]; f.Failures != 1 || f.Trouble != "it is not a feed" || !f.NextRead.After(wednesday()) {
		t.Errorf("feed %+v", f)
	}
	first := n.feeds[1].NextRead.Sub(wednesday())
	later()
	checkNews(t, c)
	if again := n.feeds[1].NextRead.Sub(wednesday().Add(10 * time.Minute)); again <= first {
		t.Errorf("left alone for %s, then %s", first, again)
	}
	later()
	n.errs[1] = nil
	later()
	checkNews(t, c)
	if f := n.feeds[1]; f.Failures != 0 || f.Trouble != "" {
		t.Errorf("feed is well, but %+v", f)
	}
}

func TestServerThatAsksForPatienceIsHeard(t *testing.T) {
	n, c, _ := newNewsroom(1)
	n.errs[1] = &news.ReadError{Reason: "it wants fewer requests", After: 3 * time.Hour}
	checkNews(t, c)
	if got := n.feeds[1].NextRead.Sub(wednesday()); got != 3*time.Hour {
		t.Errorf("left alone for %s", got)
	}
}

func TestNothingIsTakenForReadThatWasNotSaved(t *testing.T) {
	n, c, _ := newNewsroom(1)
	n.answers[1] = listing("a")
	n.fail = errors.New("database is locked")
	if _, err := c.Check(t.Context()); !errors.Is(err, n.fail) {
		t.Fatalf("error %v", err)
	}
	n.fail = nil
	checkNews(t, c)
	if got := n.keys(); got != "article:article/1/a" {
		t.Errorf("after the failure: %s", got)
	}
}

func TestArticleKnownByItsAddressIsNotNew(t *testing.T) {
	n, c, later := newNewsroom(1)
	n.answers[1] = []news.Article{{Identity: "1", Canonical: "https://example.org/a"}}
	checkNews(t, c)
	n.keys()
	later()
	n.answers[1] = []news.Article{{Identity: "2", Canonical: "https://example.org/a"}, {Identity: "3", Canonical: "https://example.org/b"}, {Identity: "4", Canonical: "https://example.org/b"}}
	checkNews(t, c)
	if got := n.keys(); got != "article:article/1/3" {
		t.Errorf("got %s", got)
	}
}
