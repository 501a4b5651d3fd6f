// Package newsroom is a sample newsroom for the demo: a small web server with
// two feeds and the pages that they list, about made-up market news. What it
// has published is a function of the time since it opened and of nothing else.
// It knows no reader and no chat.
package newsroom

import (
	"encoding/xml"
	"fmt"
	"hash/fnv"
	"html"
	"net/http"
	"strings"
	"time"
)

// Options are what a newsroom is made of.
type Options struct {
	// Opened is when it began; what it had published by then is its backlog.
	Opened time.Time
	// Every is the time between two articles; 20 s where zero.
	Every time.Duration
	Now   func() time.Time
}

const (
	defaultEvery = 20 * time.Second
	backlog      = 3  // articles that are there when it opens
	listed       = 12 // articles that a feed lists
)

// The paths of the feeds.
const (
	MarketsPath = "/markets.rss"
	AsiaPath    = "/asia.rss"
)

// Newsroom serves the feeds and the pages.
type Newsroom struct {
	opened time.Time
	every  time.Duration
	now    func() time.Time
	mux    *http.ServeMux
}

// New opens a newsroom.
func New(o Options) *Newsroom {
	n := &Newsroom{opened: o.Opened, every: o.Every, now: o.Now, mux: http.NewServeMux()}
	if n.every <= 0 {
		n.every = defaultEvery
	}
	if n.now == nil {
		n.now = time.Now
	}
	if n.opened.IsZero() {
		n.opened = n.now()
	}
	n.mux.HandleFunc("GET "+MarketsPath, func(w http.ResponseWriter, r *http.Request) {
		n.feed(w, r, paper{"The Strait Ledger: Markets", "strait-ledger", markets})
	})
	n.mux.HandleFunc("GET "+AsiaPath, func(w http.ResponseWriter, r *http.Request) {
		n.feed(w, r, paper{"Harbour Times: Asia", "harbour-times", asia})
	})
	n.mux.HandleFunc("GET /{paper}/{slug}", n.page)
	return n
}

// ServeHTTP implements http.Handler.
func (n *Newsroom) ServeHTTP(w http.ResponseWriter, r *http.Request) { n.mux.ServeHTTP(w, r) }

// paper is one of the two that the newsroom makes.
type paper struct {
	title, path string
	desk        desk
}

// printed is an article that was published.
type printed struct {
	story
	slug string
	at   time.Time
}

// published returns what a desk has published by now, the newest first. When
// all stories are told they come again, as updates.
func (n *Newsroom) published(d desk) []printed {
	all := stories()
	count := backlog
	if since := n.now().Sub(n.opened); since > 0 {
		count += int(since / n.every)
	}
	var out []printed
	for i := count - 1; i >= 0 && len(out) < listed; i-- {
		s := all[i%len(all)]
		if s.desk != both && s.desk != d {
			continue
		}
		p := printed{story: s, slug: fmt.Sprintf("%d-%s", i+1, s.slug), at: n.opened.Add(time.Duration(i-backlog+1) * n.every)}
		if d == asia && s.asia != "" {
			p.title = s.asia
		}
		if edition := i/len(all) + 1; edition > 1 {
			p.title = fmt.Sprintf("Update %d: %s", edition, p.title)
		}
		out = append(out, p)
	}
	return out
}

type rssFeed struct {
	XMLName xml.Name   `xml:"rss"`
	Version string     `xml:"version,attr"`
	Channel rssChannel `xml:"channel"`
}

type rssChannel struct {
	Title       string    `xml:"title"`
	Link        string    `xml:"link"`
	Description string    `xml:"description"`
	Language    string    `xml:"language"`
	Items       []rssItem `xml:"item"`
}

type rssItem struct {
	Title       string  `xml:"title"`
	Link        string  `xml:"link"`
	GUID        rssGUID `xml:"guid"`
	Published   string  `xml:"pubDate"`
	Author      string  `xml:"http://purl.org/dc/elements/1.1/ creator,omitempty"`
	Description string  `xml:"description"`
}

type rssGUID struct {
	Permalink bool   `xml:"isPermaLink,attr"`
	Value     string `xml:",chardata"`
}

// singapore is where the newsroom stands. Its feeds name the zone as real ones
// do, in letters.
func singapore() *time.Location { return time.FixedZone("SGT", 8*3600) }

func (n *Newsroom) feed(w http.ResponseWriter, r *http.Request, p paper) {
	home := "http://" + r.Host
	out := rssFeed{Version: "2.0", Channel: rssChannel{
		Title: p.title, Link: home + "/", Description: "Sample news. Nothing in it happened.", Language: "en-sg",
	}}
	for _, a := range n.published(p.desk) {
		out.Channel.Items = append(out.Channel.Items, rssItem{
			Title: html.EscapeString(a.title), Link: home + "/" + p.path + "/" + a.slug + "?utm_source=rss&utm_medium=feed",
			GUID:      rssGUID{Value: p.path + "/" + a.slug},
			Published: a.at.In(singapore()).Format("Mon, 02 Jan 2006 15:04:05 MST"),
			Author:    a.author, Description: body(a.story, p),
		})
	}
	text, err := xml.MarshalIndent(out, "", "  ")
	if err != nil {
		http.Error(w, "the feed cannot be written", http.StatusInternalServerError)
		return
	}
	h := fnv.New64a()
	_, _ = h.Write(text)
	tag := fmt.Sprintf(`"%x"`, h.Sum64())
	w.Header().Set("ETag", tag)
	w.Header().Set("Content-Type", "application/rss+xml; charset=utf-8")
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(append([]byte(xml.Header), text...))
}

// body dresses a story as real feeds do, with what is not part of it.
func body(s story, p paper) string {
	var b strings.Builder
	paragraph := func(text string) { b.WriteString("<p>" + html.EscapeString(text) + "</p>\n") }
	for i, text := range s.text {
		paragraph(text)
		if i == 0 {
			b.WriteString("<p>ADVERTISEMENT</p>\n")
		}
	}
	paragraph("Sign up for our morning newsletter and get the day's markets before they open.")
	if s.desk == both && p.desk == asia {
		paragraph("This article originally appeared in The Strait Ledger, a sample paper.")
	}
	b.WriteString("<p>Copyright &copy; 2026 Sample Press. All rights reserved.</p>\n")
	return b.String()
}

// page shows an article, so that the links of the demo lead somewhere.
func (n *Newsroom) page(w http.ResponseWriter, r *http.Request) {
	for _, p := range []paper{{"The Strait Ledger", "strait-ledger", markets}, {"Harbour Times", "harbour-times", asia}} {
		if p.path != r.PathValue("paper") {
			continue
		}
		for _, a := range n.published(p.desk) {
			if a.slug == r.PathValue("slug") {
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
				_, _ = fmt.Fprintf(w, pageText, html.EscapeString(a.title), html.EscapeString(p.title), html.EscapeString(a.title),
					html.EscapeString(a.author), a.at.In(singapore()).Format("2 January 2006, 15:04 MST"), body(a.story, p))
				return
			}
		}
	}
	http.Error(w, "This sample article is out of print.", http.StatusNotFound)
}

const pageText = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>%s</title>
<style>body{font:18px/1.6 Georgia,serif;max-width:38rem;margin:3rem auto;padding:0 1.2rem}small{opacity:.65}</style>
</head><body><small>%s · a sample newsroom, nothing here happened</small><h1>%s</h1><p><small>%s · %s</small></p>
%s</body></html>
`
