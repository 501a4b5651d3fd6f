package discord

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// libraryPath is what the library's addresses begin with.
const libraryPath = "/api/v9/"

// Limits of requests.
const (
	// globalRequests in globalWindow is what one bot may ask for (Discord: 50 a
	// second, interactions apart).
	globalRequests = 50
	globalWindow   = 1005 * time.Millisecond
	// maxInvalid 401, 403 and 429 answers in invalidWindow open the breaker
	// (Discord bans the IP address at 10,000 in 10 minutes).
	maxInvalid    = 500
	invalidWindow = 10 * time.Minute
)

// ErrCredential is returned where Discord does not accept the account's token.
// Trying again is of no use.
var ErrCredential = errors.New("discord does not accept the bot's token")

// errBreaker is the cause of a request that was held back after too many refusals.
var errBreaker = errors.New("too many refused requests")

// localWait is a request that was not made, since it would have been too early.
type localWait struct{ after time.Duration }

// Error tells how early it was.
func (e *localWait) Error() string { return fmt.Sprintf("too early by %v", e.after) }

// foreignAnswer is an answer that Discord's API did not write, or that says
// that the server is in trouble.
type foreignAnswer struct {
	status int
	after  time.Duration // of Retry-After; 0 for none
}

// Error tells the status.
func (e *foreignAnswer) Error() string { return fmt.Sprintf("answered with status %d", e.status) }

// exchange is what is learnt of one request on its way, beside the answer.
type exchange struct {
	wrote  atomic.Bool // the whole request was written to the connection
	status int
	global bool // of a 429
	shared bool // of a 429: others used the limit up
	after  time.Duration
}

type exchangeKey struct{}

// transport sends the library's requests to the configured server and keeps
// what concerns all of them: the global limit, the count of refusals, the token.
type transport struct {
	next   http.RoundTripper
	base   *url.URL
	prefix string // "/api/v9/"
	now    func() time.Time
	wait   func(context.Context, time.Duration) error
	global crossings
	bad    window
	dead   atomic.Bool // the token was refused
}

var apiPath = regexp.MustCompile(`/api(/v[0-9]+)?$`)

func newTransport(address string, next http.RoundTripper, now func() time.Time, wait func(context.Context, time.Duration) error) (*transport, error) {
	if address == "" {
		address = DefaultAPIURL
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the API address is not an http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("the API address has more than scheme, host and path")
	}
	path := strings.TrimRight(u.Path, "/")
	prefix := path + libraryPath
	if apiPath.MatchString(path) {
		prefix = path + "/"
	}
	if next == nil {
		next = &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConns: 128, MaxIdleConnsPerHost: 128,
			IdleConnTimeout: 45 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
		}
	}
	return &transport{
		next: next, base: &url.URL{Scheme: u.Scheme, Host: u.Host}, prefix: prefix, now: now, wait: wait,
		global: crossings{limit: globalRequests, span: globalWindow},
		bad:    window{limit: maxInvalid, span: invalidWindow},
	}, nil
}

// RoundTrip makes one request. Its errors hold no address and no secret.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	x, watched := req.Context().Value(exchangeKey{}).(*exchange)
	if !watched {
		x = new(exchange)
	}
	path := strings.TrimPrefix(req.URL.Path, libraryPath)
	limited := !isInteraction(path)
	if err := t.admit(req.Context(), limited, watched); err != nil {
		drop(req.Body)
		return nil, err
	}
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				x.wrote.Store(true)
			}
		},
	})
	out := req.Clone(ctx)
	out.URL.Scheme, out.URL.Host, out.URL.Path, out.URL.RawPath = t.base.Scheme, t.base.Host, t.prefix+path, ""
	out.Host = ""
	began := t.now()
	resp, err := t.next.RoundTrip(out)
	if limited {
		t.global.over(began, t.now())
	}
	if err != nil {
		return nil, err
	}
	return t.judge(resp, x, limited)
}

// admit holds a request back that must not be made, or not yet. Whoever watches
// its exchange is told how long to wait; others wait here.
func (t *transport) admit(ctx context.Context, limited, watched bool) error {
	if limited && t.dead.Load() {
		return ErrCredential
	}
	if t.bad.full(t.now()) {
		return errBreaker
	}
	if !limited {
		return nil
	}
	for {
		early := t.global.take(t.now())
		if early <= 0 {
			return nil
		}
		if watched {
			return &localWait{early}
		}
		if err := t.wait(ctx, early); err != nil {
			return err
		}
	}
}

// judge reads the answer's head.
func (t *transport) judge(resp *http.Response, x *exchange, limited bool) (*http.Response, error) {
	h := resp.Header
	x.status = resp.StatusCode
	x.after = seconds(h.Get("Retry-After"))
	x.global = h.Get("X-RateLimit-Global") != ""
	x.shared = h.Get("X-RateLimit-Scope") == "shared"
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		t.bad.add(t.now())
		if limited {
			t.dead.Store(true)
		}
	case http.StatusForbidden:
		t.bad.add(t.now())
	case http.StatusTooManyRequests:
		if !x.shared {
			t.bad.add(t.now())
		}
		// The library learns of a global pause only by this header, which
		// Discord leaves out there.
		if h.Get("X-RateLimit-Reset-After") == "" && h.Get("Retry-After") != "" {
			h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(x.after.Seconds(), 'f', 3, 64))
		}
	}
	if resp.StatusCode >= http.StatusInternalServerError || resp.StatusCode != http.StatusNoContent && !isJSON(h) {
		_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is kept
		_ = resp.Body.Close()                                         // nothing was written
		return nil, &foreignAnswer{status: resp.StatusCode, after: x.after}
	}
	return resp, nil
}

// isInteraction tells whether a path is outside the global limit and outside
// the token's concern (Discord: interaction endpoints).
func isInteraction(path string) bool {
	return strings.HasPrefix(path, "interactions/") || strings.HasPrefix(path, "webhooks/")
}

func isJSON(h http.Header) bool {
	return strings.HasPrefix(h.Get("Content-Type"), "application/json")
}

// longestWait bounds what an answer may ask for, so that a place is not given up
// for a slip of the server's.
const longestWait = 24 * time.Hour

func seconds(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || !(f > 0) {
		return 0
	}
	return time.Duration(min(f, longestWait.Seconds()) * float64(time.Second))
}

func drop(body io.Closer) {
	if body != nil {
		_ = body.Close() // the body is a buffer
	}
}

// window counts what happened in the last span of time.
type window struct {
	limit int
	span  time.Duration

	mu    sync.Mutex
	times []time.Time // oldest first, at most limit
}

func (w *window) add(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.prune(now)
	if len(w.times) < w.limit {
		w.times = append(w.times, now)
	}
}

func (w *window) full(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.prune(now)
	return len(w.times) >= w.limit
}

func (w *window) prune(now time.Time) {
	old := 0
	for old < len(w.times) && now.Sub(w.times[old]) >= w.span {
		old++
	}
	if old > 0 {
		w.times = append(w.times[:0], w.times[old:]...)
	}
}
