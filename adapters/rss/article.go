package rss

import (
	"net/url"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	ext "github.com/mmcdole/gofeed/extensions"
	gorss "github.com/mmcdole/gofeed/rss"
	"golang.org/x/text/language"

	"bellwether/alerts/news"
)

// The lengths of words, in code points, and how many of a feed's items are
// looked at: feeds list the newest first.
const (
	maxFeedTitle = 120
	maxTitle     = 300
	maxSummary   = 320
	maxName      = 80
	maxItems     = 300
)

// articles makes articles of a feed's items.
func (r *Reader) articles(feed *gofeed.Feed, address string, now time.Time) []news.Article {
	items := feed.Items[:min(len(feed.Items), maxItems)]
	base := address
	if site := news.Untracked(feed.Link, address); site != "" && feed.FeedType == "rss" {
		base = site
	}
	tongue := tongueOf(feed.Language)
	sources := sourcesOf(feed)
	out := make([]news.Article, 0, len(items))
	marks := make([]news.Mark, 0, len(items))
	for i, item := range items {
		if item == nil {
			continue
		}
		a, ok := r.article(item, base, now)
		if !ok {
			continue
		}
		a.Language = tongue
		if i < len(sources) && a.Publisher == "" {
			a.Publisher = sources[i]
		}
		out = append(out, a)
		marks = append(marks, news.Mark{GUID: item.GUID, Canonical: a.Canonical, Title: a.Title})
	}
	for i, identity := range news.Identities(marks) {
		out[i].Identity = identity
	}
	return out
}

// article makes an article of an item; ok is false where it says nothing.
func (r *Reader) article(item *gofeed.Item, base string, now time.Time) (a news.Article, ok bool) {
	a = news.Article{Title: news.Line(item.Title, maxTitle), URL: link(item, base), Seen: now}
	a.Canonical = news.Canonical(a.URL)
	host := ""
	if u, err := url.Parse(a.URL); err == nil {
		host = strings.ToLower(u.Hostname())
	}
	story, publisher := news.Story(news.Paragraphs(item.Description), host)
	full, from := news.Story(news.Paragraphs(item.Content), host)
	if publisher == "" {
		publisher = from
	}
	if len(story) == 0 {
		story = full
	}
	if len(full) == 0 {
		full = story
	}
	a.Publisher = publisher
	a.Summary = news.Summary(story, a.Title, maxSummary)
	if a.Title == "" {
		a.Title = news.Line(a.Summary, maxFeedTitle)
		a.Summary = news.Summary(story, a.Title, maxSummary)
	}
	if a.Title == "" {
		return a, false
	}
	a.Print = news.Fingerprint(strings.Join(full, "\n"))
	a.Author = author(item)
	a.Image = picture(item, base)
	a.Published = news.Published(written(item), now)
	if r.symbols != nil {
		a.Symbols = news.Mentioned(a.Title+"\n"+a.Summary, r.symbols)
	}
	return a, true
}

// link returns the address of an item's page. A GUID is one only where it is
// whole: some feeds give a path of something else.
func link(item *gofeed.Item, base string) string {
	for _, l := range append([]string{item.Link}, item.Links...) {
		if address := news.Untracked(l, base); address != "" {
			return address
		}
	}
	return news.Untracked(item.GUID, "")
}

func written(item *gofeed.Item) string {
	if item.Published != "" {
		return item.Published
	}
	return item.Updated
}

func author(item *gofeed.Item) string {
	for _, p := range item.Authors {
		if p == nil {
			continue
		}
		name := news.Line(p.Name, maxName)
		if name == "" || strings.Contains(name, "@") {
			continue
		}
		if rest, ok := strings.CutPrefix(name, "By "); ok {
			name = rest
		}
		return name
	}
	return ""
}

// picture returns the address of an item's picture.
func picture(item *gofeed.Item, base string) string {
	var found []string
	if item.Image != nil {
		found = append(found, item.Image.URL)
	}
	media := item.Extensions["media"]
	found = append(found, mediaAddresses(media, 0)...)
	for _, e := range item.Enclosures {
		if e != nil && strings.HasPrefix(strings.ToLower(e.Type), "image/") {
			found = append(found, e.URL)
		}
	}
	for _, f := range found {
		if address := news.Untracked(f, base); address != "" {
			return address
		}
	}
	return ""
}

// mediaAddresses reads media:content and media:thumbnail, within media:group
// too.
func mediaAddresses(media map[string][]ext.Extension, depth int) []string {
	if depth > 2 {
		return nil
	}
	var out []string
	for _, name := range []string{"content", "thumbnail"} {
		for _, e := range media[name] {
			medium, kind := e.Attrs["medium"], strings.ToLower(e.Attrs["type"])
			if name == "thumbnail" || medium == "image" || strings.HasPrefix(kind, "image/") || medium == "" && kind == "" {
				out = append(out, e.Attrs["url"])
			}
			out = append(out, mediaAddresses(e.Children, depth+1)...)
		}
	}
	for _, group := range media["group"] {
		out = append(out, mediaAddresses(group.Children, depth+1)...)
	}
	return out
}

// sourcesOf returns who wrote each item, where an RSS feed collects from others.
func sourcesOf(feed *gofeed.Feed) []string {
	original, ok := feed.OriginalFeed().(*gorss.Feed)
	if !ok || len(original.Items) != len(feed.Items) {
		return nil
	}
	out := make([]string, len(original.Items))
	for i, item := range original.Items {
		if item != nil && item.Source != nil {
			out[i] = news.Line(item.Source.Title, maxName)
		}
	}
	return out
}

// tongueOf returns a BCP 47 tag, "" for what is none.
func tongueOf(text string) string {
	tag, err := language.Parse(strings.ReplaceAll(strings.TrimSpace(text), "_", "-"))
	if err != nil || tag == language.Und {
		return ""
	}
	return tag.String()
}
