package newsroom_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/rss"
	"bellwether/adapters/rss/newsroom"
	"bellwether/alerts/news"
)

// clock is a time that tests move.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func open(t *testing.T) (*clock, string, *rss.Reader) {
	t.Helper()
	c := &clock{time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC)}
	server := httptest.NewServer(newsroom.New(newsroom.Options{Opened: c.t, Every: 10 * time.Second, Now: c.now}))
	t.Cleanup(server.Close)
	return c, server.URL, rss.New(rss.Options{Client: server.Client(), Now: c.now})
}

func TestFeedsGrowWithTime(t *testing.T) {
	c, address, r := open(t)
	read := func(path string) []news.Article {
		t.Helper()
		got, err := r.Read(t.Context(), news.Feed{URL: address + path})
		if err != nil {
			t.Fatal(err)
		}
		return got.Articles
	}
	seen := map[string]bool{}
	first := len(read(newsroom.MarketsPath)) + len(read(newsroom.AsiaPath))
	for range 30 {
		for _, path := range []string{newsroom.MarketsPath, newsroom.AsiaPath} {
			for _, a := range read(path) {
				seen[a.Identity] = true
				if a.Published.After(c.t) || a.Title == "" || a.Summary == "" || a.Author == "" {
					t.Fatalf("article %+v", a)
				}
				for _, unwanted := range []string{"ADVERTISEMENT", "newsletter", "Copyright", "originally"} {
					if strings.Contains(a.Summary, unwanted) {
						t.Errorf("summary %q", a.Summary)
					}
				}
			}
		}
		c.t = c.t.Add(10 * time.Second)
	}
	if first != 3 || len(seen) < 30 {
		t.Errorf("%d articles at first, %d in the end", first, len(seen))
	}
}

func TestOneStoryStandsInBothFeeds(t *testing.T) {
	c, address, r := open(t)
	c.t = c.t.Add(10 * time.Second)
	ledger, err := r.Read(t.Context(), news.Feed{URL: address + newsroom.MarketsPath})
	if err != nil {
		t.Fatal(err)
	}
	harbour, err := r.Read(t.Context(), news.Feed{URL: address + newsroom.AsiaPath})
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	for _, a := range ledger.Articles {
		for _, b := range harbour.Articles {
			if news.SameStory(a, b) {
				same++
				if a.Canonical == b.Canonical || a.Title == b.Title || b.Publisher != "The Strait Ledger" {
					t.Errorf("%q by %q and %q", a.Title, b.Publisher, b.Title)
				}
			}
		}
	}
	if same != 1 {
		t.Errorf("%d stories stand in both feeds", same)
	}
}

func TestFeedHasNotChangedUntilTheNextArticle(t *testing.T) {
	c, address, r := open(t)
	got, err := r.Read(t.Context(), news.Feed{URL: address + newsroom.AsiaPath})
	if err != nil {
		t.Fatal(err)
	}
	got.Feed.Primed = true
	if again, err := r.Read(t.Context(), got.Feed); err != nil || !again.NotModified {
		t.Errorf("%+v, %v", again, err)
	}
	c.t = c.t.Add(10 * time.Second)
	if again, err := r.Read(t.Context(), got.Feed); err != nil || again.NotModified {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestPagesAreThere(t *testing.T) {
	_, address, r := open(t)
	got, err := r.Read(t.Context(), news.Feed{URL: address + newsroom.AsiaPath})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{got.Articles[0].URL: 200, address + "/harbour-times/none": 404, address + "/": 404} {
		resp, err := http.Get(path)
		if err != nil || resp.StatusCode != want {
			t.Errorf("%s: %v, %v", path, resp.StatusCode, err)
		}
		_ = resp.Body.Close()
	}
}
