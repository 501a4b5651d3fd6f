package news_test

import (
	"reflect"
	"strings"
	"testing"

	"bellwether/alerts/news"
)

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{
		"HTTP://WWW.Example.com:80/a/?utm_source=x&b=1#top":           "https://example.com/a?b=1",
		"https://m.example.com/a":                                     "https://example.com/a",
		"https://example.com/":                                        "https://example.com",
		"https://example.com/a?x=1&#038;y=2&amp;fbclid=3":             "https://example.com/a?x=1&y=2",
		"https://example.com:8443/a":                                  "https://example.com:8443/a",
		"https://example.com/a%2Fb?q=%E6%97%A5&gclid=1":               "https://example.com/a%2Fb?q=%E6%97%A5",
		"https://example.com/?guce_referrer=a&guccounter=1&.tsrc=rss": "https://example.com",
		"https://example.com/a?ref=blog.example.org":                  "https://example.com/a",
		"https://example.com/a?ref=3":                                 "https://example.com/a?ref=3",
		"https://www.bbc.co.uk/news/1?at_medium=RSS&at_campaign=x":    "https://bbc.co.uk/news/1",
		"https://example.com/news/1?at_medium=RSS":                    "https://example.com/news/1?at_medium=RSS",
		"javascript:alert(1)":                                         "",
		"ftp://example.com/a":                                         "",
		"https://user:pass@example.com/a":                             "",
		"/relative":                                                   "",
		"https://[::1]:80/a":                                          "https://[::1]/a",
		"https://m.com/a":                                             "https://m.com/a",
		"https://example.com/" + strings.Repeat("a", 3000):            "",
	} {
		if got := news.Canonical(in); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestUntrackedIsResolved(t *testing.T) {
	for in, want := range map[string]string{
		"/2026/gold?utm_source=rss&id=4": "https://example.com/2026/gold?id=4",
		"//cdn.example.com/a.png":        "https://cdn.example.com/a.png",
		"https://www.Example.org/x/":     "https://www.Example.org/x/",
		"javascript:alert(1)":            "",
		"data:text/html,x":               "",
		"":                               "",
	} {
		if got := news.Untracked(in, "https://example.com/feed/"); got != want {
			t.Errorf("Untracked(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestIdentities(t *testing.T) {
	got := news.Identities([]news.Mark{
		{GUID: " 17 ", Canonical: "https://example.com/a", Title: "A"},
		{Canonical: "https://example.com/b", Title: "B"},
		{Title: "Gold  Rises!"},
		{GUID: "same", Canonical: "https://example.com/c"},
		{GUID: "same", Canonical: "https://example.com/d"},
		{GUID: "twice", Canonical: "https://example.com/e"},
		{GUID: "twice", Canonical: "https://example.com/e"},
		{},
	})
	want := []string{"17", "https://example.com/b", "gold rises", "https://example.com/c", "https://example.com/d", "twice", "twice", ""}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	long := news.Identities([]news.Mark{{GUID: strings.Repeat("x", 100_000)}, {GUID: strings.Repeat("x", 100_001)}})
	if len(long[0]) > 250 || long[0] == long[1] {
		t.Errorf("long GUIDs: %q", long)
	}
}
