package rss_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/rss"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
)

func now() time.Time { return time.Date(2026, 3, 2, 4, 0, 0, 0, time.UTC) }

// serve starts a server and returns its address and a reader for it.
func serve(t *testing.T, h http.HandlerFunc) (string, *rss.Reader) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL, reader(server.Client())
}

func reader(client *http.Client) *rss.Reader {
	return rss.New(rss.Options{
		Client: client, UserAgent: "test/1", Now: now, Jitter: func() float64 { return 0.5 },
		Symbols: func(s string) []market.Symbol {
			if s == "Nvidia" {
				return []market.Symbol{{Ticker: "NVDA", Name: "Nvidia", Class: market.ClassEquity}}
			}
			return nil
		},
	})
}

func text(s string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) }
}

const ledger = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>
<title>The Strait Ledger &amp;amp; Co</title><link>https://ledger.example/</link><language>en-sg</language><ttl>30</ttl>
<item><title>Nvidia &amp;amp; friends &lt;b&gt;rise&lt;/b&gt;</title><link>/2026/nvidia?utm_source=rss&amp;id=7</link><guid>n7</guid>
<pubDate>Mon, 02 Mar 2026 11:30:00 SGT</pubDate><dc:creator>By Jane Tan</dc:creator>
<description><![CDATA[<p>Shares rose on Monday.</p><p>ADVERTISEMENT</p><p>Volume was thin. Traders slept.</p><p>This article originally appeared in the Harbour Times.</p>]]></description>
<media:thumbnail url="/pics/n.png"/></item>
<item><title>From tomorrow</title><link>https://www.ledger.example/b/</link><guid>dup</guid><pubDate>Tue, 03 Mar 2026 11:30:00 SGT</pubDate></item>
<item><title>Third</title><link>https://ledger.example/c</link><guid>dup</guid><source url="https://other.example/rss">Other Paper</source></item>
<item></item>
</channel></rss>`

func TestReadMakesArticles(t *testing.T) {
	address, r := serve(t, text(ledger))
	got, err := r.Read(t.Context(), news.Feed{ID: 3, URL: address})
	if err != nil {
		t.Fatal(err)
	}
	if got.Feed.ID != 3 || got.Feed.Title != "The Strait Ledger & Co" || got.Feed.Site != "https://ledger.example/" || got.Feed.URL != address {
		t.Errorf("feed %+v", got.Feed)
	}
	if want := now().Add(30 * time.Minute); !got.Feed.NextRead.Equal(want) {
		t.Errorf("next read %v, want the ttl, %v", got.Feed.NextRead, want)
	}
	if len(got.Articles) != 3 {
		t.Fatalf("%d articles", len(got.Articles))
	}
	a := got.Articles[0]
	want := news.Article{
		Identity: "n7", URL: "https://ledger.example/2026/nvidia?id=7", Canonical: "https://ledger.example/2026/nvidia?id=7",
		Title: "Nvidia & friends rise", Summary: "Shares rose on Monday. Volume was thin.", Author: "Jane Tan",
		Publisher: "Harbour Times", Image: "https://ledger.example/pics/n.png", Language: "en-SG",
		Published: now().Add(-30 * time.Minute), Seen: now(), Symbols: []market.Ticker{"NVDA"},
	}
	if fmt.Sprintf("%+v", a) != fmt.Sprintf("%+v", want) {
		t.Errorf("article\n%+v, want\n%+v", a, want)
	}
	b, c := got.Articles[1], got.Articles[2]
	if !b.Published.Equal(now()) {
		t.Errorf("a date in the future became %v, want the time of reading", b.Published)
	}
	if b.Identity != "https://ledger.example/b" || c.Identity != "https://ledger.example/c" {
		t.Errorf("identities %q and %q of a shared GUID", b.Identity, c.Identity)
	}
	if c.Publisher != "Other Paper" {
		t.Errorf("publisher %q", c.Publisher)
	}
}

func TestReadAsksOnlyForWhatChanged(t *testing.T) {
	var asked []string
	address, r := serve(t, func(w http.ResponseWriter, req *http.Request) {
		asked = append(asked, req.Header.Get("If-None-Match")+"|"+req.Header.Get("If-Modified-Since"))
		if req.UserAgent() != "test/1" {
			t.Errorf("user agent %q", req.UserAgent())
		}
		w.Header().Set("ETag", `"v1"`)
		w.Header().Set("Last-Modified", "Mon, 02 Mar 2026 03:00:00 GMT")
		if req.Header.Get("If-None-Match") == `"v1"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, ledger)
	})
	first, err := r.Read(t.Context(), news.Feed{URL: address})
	if err != nil || first.Feed.ETag != `"v1"` {
		t.Fatalf("%+v, %v", first.Feed, err)
	}
	if again, err := r.Read(t.Context(), first.Feed); err != nil || again.NotModified {
		t.Errorf("a feed whose articles nobody took was not read whole: %v, %v", again.NotModified, err)
	}
	first.Feed.Primed = true
	second, err := r.Read(t.Context(), first.Feed)
	if err != nil || !second.NotModified || second.Feed.ETag != `"v1"` || len(second.Articles) != 0 || second.Feed.Title != first.Feed.Title {
		t.Errorf("%+v, %v", second, err)
	}
	if want := []string{"|", "|", `"v1"|Mon, 02 Mar 2026 03:00:00 GMT`}; !slices.Equal(asked, want) {
		t.Errorf("asked with %q", asked)
	}
}

func TestReadForgetsValidatorsThatMeanNothing(t *testing.T) {
	address, r := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"random"`)
		w.Header().Set("Expires", "0")
		_, _ = io.WriteString(w, ledger)
	})
	got, err := r.Read(t.Context(), news.Feed{URL: address, ETag: "old"})
	if err != nil || got.Feed.ETag != "" {
		t.Errorf("ETag %q, %v", got.Feed.ETag, err)
	}
}

func TestReadWaitsAsLongAsTheServerWants(t *testing.T) {
	plain := strings.Replace(ledger, "<ttl>30</ttl>", "", 1)
	for name, tt := range map[string]struct {
		header, value string
		want          time.Duration
	}{
		"nothing said":     {"X-None", "", 5 * time.Minute},
		"less than ours":   {"Cache-Control", "public, max-age=10", 5 * time.Minute},
		"cache":            {"Cache-Control", "max-age=1200, public", 20 * time.Minute},
		"expires":          {"Expires", "Mon, 02 Mar 2026 05:00:00 GMT", time.Hour},
		"retry in seconds": {"Retry-After", "3600", time.Hour},
		"retry at a date":  {"Retry-After", "Mon, 02 Mar 2026 04:30:00 GMT", 30 * time.Minute},
		"longer than ours": {"Cache-Control", "max-age=99999999", 6 * time.Hour},
		"nonsense":         {"Retry-After", "-5", 5 * time.Minute},
		"a date long past": {"Expires", "Thu, 01 Jan 1970 00:00:00 GMT", 5 * time.Minute},
		"number too large": {"Cache-Control", "max-age=99999999999999999999", 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			address, r := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set(tt.header, tt.value)
				_, _ = io.WriteString(w, plain)
			})
			got, err := r.Read(t.Context(), news.Feed{URL: address})
			if wait := got.Feed.NextRead.Sub(now()); err != nil || wait != tt.want {
				t.Errorf("waits %v, %v; want %v", wait, err, tt.want)
			}
		})
	}
}

func TestJitterSpreadsReadings(t *testing.T) {
	server := httptest.NewServer(text(strings.Replace(ledger, "<ttl>30</ttl>", "", 1)))
	defer server.Close()
	for jitter, want := range map[float64]time.Duration{0: 270 * time.Second, 1: 330 * time.Second} {
		r := rss.New(rss.Options{Client: server.Client(), Now: now, Jitter: func() float64 { return jitter }})
		got, err := r.Read(t.Context(), news.Feed{URL: server.URL})
		if wait := got.Feed.NextRead.Sub(now()); err != nil || wait != want {
			t.Errorf("waits %v, %v; want %v", wait, err, want)
		}
	}
}

func TestReadFollowsMoves(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/new", text(ledger))
	mux.Handle("/moved", http.RedirectHandler("/new", http.StatusMovedPermanently))
	mux.Handle("/moved-twice", http.RedirectHandler("/moved", http.StatusPermanentRedirect))
	mux.Handle("/away", http.RedirectHandler("/new", http.StatusFound))
	mux.Handle("/mixed", http.RedirectHandler("/away", http.StatusMovedPermanently))
	address, r := serve(t, mux.ServeHTTP)
	for from, want := range map[string]string{"/new": "/new", "/moved": "/new", "/moved-twice": "/new", "/away": "/away", "/mixed": "/mixed"} {
		got, err := r.Read(t.Context(), news.Feed{URL: address + from})
		if err != nil || got.Feed.URL != address+want {
			t.Errorf("%s is read at %s from now on, %v; want %s", from, got.Feed.URL, err, want)
		}
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	status := func(code int, header, value string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.WriteHeader(code)
		}
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		kind    string
		after   time.Duration
		gone    bool
	}{
		"a page":           {text("<!DOCTYPE html><html><body>Hello</body></html>"), "not-feed", 0, false},
		"words":            {text("hello there"), "not-feed", 0, false},
		"nothing":          {text(""), "not-feed", 0, false},
		"another XML":      {text("<?xml version='1.0'?><urlset><url/></urlset>"), "not-feed", 0, false},
		"another JSON":     {text(`{"a": 1}`), "not-feed", 0, false},
		"broken XML":       {text(ledger[:len(ledger)/2]), "broken", 0, false},
		"broken JSON":      {text(`{"version":"https://jsonfeed.org/version/1.1","items":[`), "broken", 0, false},
		"gone":             {status(410, "X", ""), "gone", 0, true},
		"not found":        {status(404, "X", ""), "gone", 0, false},
		"forbidden":        {status(403, "X", ""), "refused", 0, false},
		"too often":        {status(429, "Retry-After", "600"), "refused", 10 * time.Minute, false},
		"too often, alone": {status(429, "X", ""), "refused", 2 * time.Minute, false},
		"in trouble":       {status(503, "Retry-After", "Mon, 02 Mar 2026 04:10:00 GMT"), "slow", 10 * time.Minute, false},
		"only browsers":    {status(403, "Cf-Mitigated", "challenge"), "refused", 6 * time.Hour, false},
		"unknown packing":  {status(200, "Content-Encoding", "br"), "broken", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			address, r := serve(t, tt.handler)
			_, err := r.Read(t.Context(), news.Feed{URL: address + "/feed?key=hidden"})
			p := problemOf(t, err)
			var why *news.ReadError
			if !errors.As(err, &why) || p.Problem() != tt.kind || why.After != tt.after || why.Gone != tt.gone {
				t.Errorf("%s, after %v, gone %v (%v)", p.Problem(), why.After, why.Gone, err)
			}
		})
	}
}

func problemOf(t *testing.T, err error) *rss.Problem {
	t.Helper()
	var p *rss.Problem
	if !errors.As(err, &p) {
		t.Fatalf("got %v, want a problem", err)
	}
	for _, secret := range []string{"hidden", "127.0.0.1", "://"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%q tells the address", err)
		}
	}
	return p
}

func TestReadSuggestsTheFeedsOfAPage(t *testing.T) {
	address, r := serve(t, text(`<html><head>
<link rel="alternate" type="application/rss+xml" href="/feed.xml"><link rel="stylesheet" href="/a.css">
<link rel="alternate" hreflang="de" href="/de"><link rel="alternate" type="application/atom+xml" href="https://other.example/atom">
<link rel="alternate" type="application/rss+xml" href="javascript:alert(1)"></head></html>`))
	_, err := r.Read(t.Context(), news.Feed{URL: address})
	var p *rss.Problem
	if !errors.As(err, &p) || !slices.Equal(p.Instead(), []string{address + "/feed.xml", "https://other.example/atom"}) {
		t.Errorf("suggests %q", p.Instead())
	}
}

func TestReadIsBounded(t *testing.T) {
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	_, _ = packer.Write(bytes.Repeat([]byte("<item/>"), 1<<20))
	_ = packer.Close()
	endless := func(w http.ResponseWriter, req *http.Request) {
		for req.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("<item/>", 1000)); err != nil {
				return
			}
		}
	}
	stalled := func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.WriteString(w, "<rss>")
		w.(http.Flusher).Flush()
		<-req.Context().Done()
	}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		kind    string
	}{
		"never ends": {endless, "large"},
		"stalls":     {stalled, "slow"},
		"unpacks to too much": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(bomb.Bytes())
		}, "large"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(tt.handler)
			defer server.Close()
			r := rss.New(rss.Options{Client: server.Client(), MaxBytes: 1 << 20, Timeout: time.Second, Now: now})
			_, err := r.Read(t.Context(), news.Feed{URL: server.URL})
			if p := problemOf(t, err); p.Problem() != tt.kind {
				t.Errorf("got %s", p.Problem())
			}
		})
	}
}

// refusing is a client's transport that makes no request.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

type refusedError string

func (r refusedError) Error() string   { return "refused" }
func (r refusedError) Refused() string { return string(r) }

func TestReadExplainsTheClientsRefusals(t *testing.T) {
	for kind, want := range map[string]string{
		"private": "private", "port": "private", "scheme": "private", "too-large": "large", "redirects": "refused", "downgrade": "refused",
	} {
		_, err := reader(&http.Client{Transport: refusing{refusedError(kind)}}).Read(t.Context(), news.Feed{URL: "http://10.0.0.1/?key=hidden"})
		if p := problemOf(t, err); p.Problem() != want {
			t.Errorf("%s became %s", kind, p.Problem())
		}
	}
	for _, address := range []string{"http://a b/", "http://[::1", "\x00"} {
		_, err := reader(&http.Client{Transport: refusing{io.EOF}}).Read(t.Context(), news.Feed{URL: address})
		if p := problemOf(t, err); p.Problem() != "gone" {
			t.Errorf("%q: %s", address, p.Problem())
		}
	}
}

func TestReadEndsWithItsContext(t *testing.T) {
	address, r := serve(t, func(_ http.ResponseWriter, req *http.Request) { <-req.Context().Done() })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Read(ctx, news.Feed{URL: address}); err == nil {
		t.Error("read something")
	}
}

func TestReadKnowsEncodings(t *testing.T) {
	latin := "<rss version=\"2.0\"><channel><title>Z\xfcrich</title><item><title>B\xf6rse</title></item></channel></rss>"
	address, r := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml; charset=ISO-8859-1")
		_, _ = io.WriteString(w, latin)
	})
	got, err := r.Read(t.Context(), news.Feed{URL: address})
	if err != nil || got.Feed.Title != "Zürich" || got.Articles[0].Title != "Börse" {
		t.Errorf("%+v, %v", got, err)
	}
	wide := []byte{0xff, 0xfe}
	for _, c := range []byte(`<?xml version="1.0" encoding="UTF-16"?><rss version="2.0"><channel><title>Wide</title></channel></rss>`) {
		wide = append(wide, c, 0)
	}
	address, r = serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(wide) })
	if got, err := r.Read(t.Context(), news.Feed{URL: address}); err != nil || got.Feed.Title != "Wide" {
		t.Errorf("UTF-16: %+v, %v", got.Feed, err)
	}
}

func TestReadEverySample(t *testing.T) {
	dir := os.Getenv("BELLWETHER_TESTDATA")
	if dir == "" {
		t.Skip("BELLWETHER_TESTDATA names no folder of test data")
	}
	read := 0
	err := filepath.WalkDir(filepath.Join(dir, "feeds"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".xml") && !strings.HasSuffix(path, ".json") {
			return err
		}
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		t.Run(filepath.Base(path), func(t *testing.T) {
			address, r := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) })
			got, err := r.Read(t.Context(), news.Feed{URL: address})
			if err != nil {
				t.Fatal(err)
			}
			if got.Feed.Title == "" || len(got.Articles) == 0 && bytes.Contains(body, []byte("<item")) {
				t.Errorf("feed %q with %d articles", got.Feed.Title, len(got.Articles))
			}
			for _, a := range got.Articles {
				if a.Title == "" || a.Identity == "" || a.Published.After(now()) || strings.ContainsAny(a.Title, "\n\uFFFD") {
					t.Errorf("article %+v", a)
				}
			}
		})
		return nil
	})
	if err != nil || read < 10 {
		t.Errorf("%d samples, %v", read, err)
	}
}

func TestTopicsAreAddresses(t *testing.T) {
	seen := map[string]bool{}
	for _, topic := range rss.Topics() {
		if topic.Name == "" || topic.Name != strings.ToLower(topic.Name) || seen[topic.Name] || len(topic.Feeds) == 0 {
			t.Errorf("topic %+v", topic)
		}
		seen[topic.Name] = true
		for _, f := range topic.Feeds {
			if news.Canonical(f.URL) == "" || !strings.HasPrefix(f.URL, "https://") || f.Title == "" {
				t.Errorf("feed %+v", f)
			}
		}
	}
}

// memory answers with one body.
type memory []byte

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(m)), Request: req}, nil
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(ledger))
	f.Add([]byte(`{"version":"https://jsonfeed.org/version/1.1","title":"a","items":[{"id":"1","content_html":"<p>x"}]}`))
	f.Add([]byte(`<feed xmlns="http://www.w3.org/2005/Atom"><title type="html">a</title><entry><link href="/x"/><summary>y</summary></entry></feed>`))
	f.Add([]byte("<html><link rel=alternate type=application/rss+xml href=/x>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := reader(&http.Client{Transport: memory(body)}).Read(t.Context(), news.Feed{URL: "https://example.com/feed"})
		if err != nil {
			problemOf(t, err)
			return
		}
		for _, a := range got.Articles {
			if a.Title == "" || a.Published.IsZero() || len(a.Identity) > 250 {
				t.Fatalf("article %+v", a)
			}
			if a.URL != "" && !strings.HasPrefix(a.URL, "http://") && !strings.HasPrefix(a.URL, "https://") {
				t.Fatalf("address %q", a.URL)
			}
		}
	})
}
