package fetch_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/fetch"
	"bellwether/alerts"
)

// ample is a time within which a server on this machine answers, however busy.
const ample = time.Minute

// doorTo returns a door, whose requests end after a time, to a server that
// answers so.
func doorTo(t *testing.T, within time.Duration, answer http.HandlerFunc) *fetch.Door {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	return fetch.NewDoor(fetch.DoorOptions{
		Source: "one", Base: server.URL, Header: http.Header{"X-Key": {"secret"}}, Client: &http.Client{Timeout: within}, Rate: 1000, Burst: 10,
	})
}

func TestFailuresAreTranslatedOnce(t *testing.T) {
	const stalled = "in time"
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	text := func(body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }
	}
	for name, c := range map[string]struct {
		answer  http.HandlerFunc
		refused bool
		reason  string
	}{
		"unauthorised":  {status(401), true, ""},
		"too many":      {status(429), true, ""},
		"legal reasons": {status(451), true, ""},
		"down":          {status(503), false, ""},
		"a web page":    {text("<html>sorry</html>"), false, "a web page"},
		"a cookie wall": {text(" <!doctype html><p>We value your consent"), true, "consent"},
		"a redirect":    {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/consent", http.StatusFound) }, true, "redirects"},
		"a stalled body": {func(w http.ResponseWriter, r *http.Request) {
			_, _ = fmt.Fprint(w, "{")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, false, stalled},
		"too much": {text(strings.Repeat("1", 9<<20)), false, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			within := ample
			if c.reason == stalled {
				within = 200 * time.Millisecond
			}
			_, err := doorTo(t, within, c.answer).Get(t.Context(), "/quotes", url.Values{"a": {"b"}})
			e, ok := errors.AsType[*alerts.SourceError](err)
			if !ok || e.Source != "one" || e.Refused != c.refused || !strings.Contains(e.Reason, c.reason) {
				t.Fatalf("got %+v", err)
			}
			if strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "secret") {
				t.Errorf("tells too much: %v", err)
			}
		})
	}
}

// transport answers without a network.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestIdenticalRequestsAreMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made := 0
		release := make(chan struct{})
		d := fetch.NewDoor(fetch.DoorOptions{
			Source: "one", Base: "http://x", Header: http.Header{"X-Key": {"secret"}}, Rate: 1, Burst: 1,
			Client: &http.Client{Transport: transport(func(r *http.Request) (*http.Response, error) {
				if made++; r.Header.Get("X-Key") != "secret" {
					t.Error("the key is missing")
				}
				<-release
				return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("{}"))}, nil
			})},
		})
		var waiting sync.WaitGroup
		for range 5 {
			waiting.Go(func() {
				if body, err := d.Get(t.Context(), "/quotes", nil); err != nil || string(body) != "{}" {
					t.Errorf("%s, %v", body, err)
				}
			})
		}
		synctest.Wait()
		close(release)
		waiting.Wait()
		if made != 1 {
			t.Errorf("%d requests", made)
		}
		before := time.Now()
		if _, err := d.Get(t.Context(), "/quotes", nil); err != nil || made != 2 || time.Since(before) != time.Second {
			t.Errorf("the next came after %v: %d requests, %v", time.Since(before), made, err)
		}
	})
}

func TestNumbersThatAreNoneAreNull(t *testing.T) {
	for body, want := range map[string]string{
		`{"a":[NaN,1,-Infinity],"b":Infinity}`: `{"a":[null,1,null],"b":null}`,
		`{"NaN":"NaN \" Infinity","x":1}`:      `{"NaN":"NaN \" Infinity","x":1}`,
		`{"a\\":NaN}`:                          `{"a\\":null}`,
	} {
		got, err := doorTo(t, ample, func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }).Get(t.Context(), "", nil)
		if err != nil || string(got) != want {
			t.Errorf("%s read as %s, %v", body, got, err)
		}
	}
}
