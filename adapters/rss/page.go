package rss

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"bellwether/alerts/news"
)

const (
	maxInstead  = 3
	searchBytes = 512 << 10 // of a page; links to feeds stand in its head
)

// isPage tells whether a document is a page for people.
func isPage(body []byte) bool {
	start := bytes.ToLower(body[:min(len(body), 1000)])
	for bytes.HasPrefix(start, []byte("<!--")) || bytes.HasPrefix(start, []byte("<?xml")) {
		_, rest, ok := bytes.Cut(start, []byte(">"))
		if !ok {
			return false
		}
		start = bytes.TrimSpace(rest)
	}
	return bytes.HasPrefix(start, []byte("<!doctype html")) || bytes.HasPrefix(start, []byte("<html"))
}

// notFeed says that a page is not a feed, and which feeds it names.
func notFeed(page []byte, address string) *Problem {
	p := problem(kindNotFeed, "what is there is a page, not a feed", nil)
	p.instead = alternates(page, address)
	return p
}

// alternates returns the addresses of the feeds that a page names.
func alternates(page []byte, address string) []string {
	var out []string
	tokens := html.NewTokenizer(bytes.NewReader(page[:min(len(page), searchBytes)]))
	base := address
	for {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return out
		}
		if kind != html.StartTagToken && kind != html.SelfClosingTagToken {
			continue
		}
		t := tokens.Token()
		switch {
		case t.DataAtom == atom.Base && base == address:
			if b := news.Untracked(attribute(t, "href"), address); b != "" {
				base = b
			}
		case t.DataAtom == atom.Link && isAlternate(t):
			to := news.Untracked(attribute(t, "href"), base)
			if to != "" && to != address && !slices.Contains(out, to) {
				out = append(out, to)
			}
			if len(out) == maxInstead {
				return out
			}
		}
	}
}

func isAlternate(t html.Token) bool {
	rel := strings.Fields(strings.ToLower(attribute(t, "rel")))
	if !slices.Contains(rel, "alternate") {
		return false
	}
	media, _, _ := strings.Cut(strings.ToLower(attribute(t, "type")), ";")
	switch strings.TrimSpace(media) {
	case "application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml":
		return true
	}
	return false
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}
