package bot_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"bellwether/alerts/news"
	"bellwether/bot"
)

// scriptedFeeds reads what a test wrote.
type scriptedFeeds struct {
	slow     time.Duration // how long a reading takes
	mu       sync.Mutex
	feeds    map[string]news.Feed
	stories  map[string][]news.Article
	problems map[string]error
	explode  string // reading this address panics
}

func newFeeds() *scriptedFeeds {
	f := &scriptedFeeds{feeds: map[string]news.Feed{}, stories: map[string][]news.Article{}, problems: map[string]error{}}
	for _, name := range []string{"one", "two", "three"} {
		address := "https://" + name + ".example/feed"
		f.feeds[address] = news.Feed{URL: address, Title: "The " + strings.ToUpper(name[:1]) + name[1:]}
	}
	return f
}

func topics() []bot.Topic {
	return []bot.Topic{
		{Name: "markets", Feeds: []news.Feed{{URL: "https://one.example/feed", Title: "The One"}, {URL: "https://two.example/feed", Title: "The Two"}}},
		{Name: "crypto", Feeds: []news.Feed{{URL: "https://three.example/feed", Title: "The Three"}}},
	}
}

// publish adds an article to a feed.
func (f *scriptedFeeds) publish(address, id, title string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stories[address] = append([]news.Article{{
		Identity: id, URL: "https://news.example/" + id, Canonical: "https://news.example/" + id, Title: title,
		Summary: "What happened in a sentence.", Published: time.Now().UTC(),
	}}, f.stories[address]...)
}

// Read implements bot.FeedReader.
func (f *scriptedFeeds) Read(_ context.Context, feed news.Feed) (news.Feed, error) {
	time.Sleep(f.slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.explode == feed.URL {
		panic("boom")
	}
	if err := f.problems[feed.URL]; err != nil {
		return news.Feed{}, err
	}
	if known, ok := f.feeds[feed.URL]; ok {
		return known, nil
	}
	return news.Feed{}, &problem{kind: "gone"}
}

func (f *scriptedFeeds) articles() feedArticles { return feedArticles{f} }

// feedArticles reads the same feeds with their articles.
type feedArticles struct{ f *scriptedFeeds }

// Read implements alerts.FeedReader.
func (a feedArticles) Read(_ context.Context, feed news.Feed) (news.Reading, error) {
	a.f.mu.Lock()
	defer a.f.mu.Unlock()
	return news.Reading{Feed: feed, Articles: slices.Clone(a.f.stories[feed.URL])}, nil
}

// problem is a reason for which a feed cannot be followed.
type problem struct {
	kind    string
	instead []string
}

func (p *problem) Error() string     { return "cannot be read: " + p.kind }
func (p *problem) Problem() string   { return p.kind }
func (p *problem) Instead() []string { return p.instead }
