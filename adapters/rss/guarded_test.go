package rss_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"time"

	"bellwether/adapters/fetch"
	"bellwether/adapters/rss"
	"bellwether/alerts/news"
	"bellwether/bot"
)

var _ bot.FeedProblem = (*rss.Problem)(nil)

// TestReadThroughTheGuardedClient reads as the program does: with the client
// that looks at the address it really dials.
func TestReadThroughTheGuardedClient(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/feed", text(ledger))
	mux.Handle("/metadata", http.RedirectHandler("http://169.254.169.254/latest", http.StatusFound))
	mux.Handle("/router", http.RedirectHandler("http://192.168.1.1/", http.StatusMovedPermanently))
	mux.Handle("/loop", http.RedirectHandler("/loop", http.StatusFound))
	server := httptest.NewServer(mux)
	defer server.Close()
	open := fetch.Options{Timeout: 5 * time.Second, AllowNetworks: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	for name, tt := range map[string]struct {
		options fetch.Options
		address string
		kind    string
	}{
		"loopback that is allowed":      {open, server.URL + "/feed", ""},
		"loopback":                      {fetch.Options{}, server.URL + "/feed", "private"},
		"a private network":             {fetch.Options{}, "http://10.1.2.3/feed", "private"},
		"a redirect to the metadata":    {open, server.URL + "/metadata", "private"},
		"a redirect to a private one":   {open, server.URL + "/router", "private"},
		"a redirect to itself":          {open, server.URL + "/loop", "refused"},
		"a file":                        {open, "file:///etc/passwd", "private"},
		"a body larger than the client": {fetch.Options{AllowNetworks: open.AllowNetworks, MaxBody: 100}, server.URL + "/feed", "large"},
	} {
		t.Run(name, func(t *testing.T) {
			r := rss.New(rss.Options{Client: fetch.Guarded(tt.options), Now: now})
			_, err := r.Read(t.Context(), news.Feed{URL: tt.address})
			var why bot.FeedProblem
			switch {
			case tt.kind == "" && err != nil:
				t.Error(err)
			case tt.kind != "" && (!errors.As(err, &why) || why.Problem() != tt.kind):
				t.Errorf("got %v", err)
			}
		})
	}
}
