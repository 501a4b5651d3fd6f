package webchat

import (
	"math"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	cookieName = "bellwether_visitor"
	// The page sends this header with each request; another site's page cannot
	// without the browser asking us first.
	ownHeader = "X-Bellwether"
	// maxBody has room for a form of five fields of 4,000 code points each.
	maxBody = 128 << 10
)

// policy lets the page load its own files and nothing else, from nobody else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// guard refuses hosts that are not ours, so that a stranger's page which makes
// its own name lead to this machine reaches nothing, and sets the headers that
// keep the page to itself.
func (c *Chat) guard(next http.Handler) http.Handler {
	next = http.NewCrossOriginProtection().Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.ours(r.Host) {
			http.Error(w, "This address does not belong to this chat.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func (c *Chat) ours(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if name == "localhost" || slices.ContainsFunc(c.o.Hosts, func(h string) bool { return strings.EqualFold(h, name) }) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

type visitorHandler func(w http.ResponseWriter, r *http.Request, visitor string)

// visited finds out who asks; a request without a visitor's cookie is refused.
func (c *Chat) visited(next visitorHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		if err != nil || !isVisitor(cookie.Value) {
			http.Error(w, "Please load the page again, with cookies allowed.", http.StatusUnauthorized)
			return
		}
		next(w, r, cookie.Value)
	}
}

// own lets only our own page do something, at the pace of a person.
func (c *Chat) own(next visitorHandler) visitorHandler {
	return func(w http.ResponseWriter, r *http.Request, visitor string) {
		if r.Header.Get(ownHeader) != "1" {
			http.Error(w, "Only the chat's own page may do that.", http.StatusForbidden)
			return
		}
		if wait := c.hurry(visitor); wait > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
			http.Error(w, "That was very fast. Please wait a moment.", http.StatusTooManyRequests)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next(w, r, visitor)
	}
}

const (
	// burst is how many deeds are taken at once; a new one is earned each
	// paceEvery.
	burst     = 30
	paceEvery = 200 * time.Millisecond
	// pacesKept is how many visitors' paces are remembered.
	pacesKept = 10_000
)

// pace is how far ahead of its time a visitor is: the time at which all of the
// burst is theirs again.
type pace struct{ full time.Time }

// hurry counts a visitor's deed and returns how long they have to wait for it,
// 0 where they need not.
func (c *Chat) hurry(visitor string) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.o.Now()
	p := c.paces[visitor]
	if p == nil {
		c.forget(now)
		p = &pace{full: now}
		c.paces[visitor] = p
	}
	if p.full.Before(now) {
		p.full = now
	}
	if ahead := p.full.Sub(now); ahead > (burst-1)*paceEvery {
		return ahead - (burst-1)*paceEvery
	}
	p.full = p.full.Add(paceEvery)
	return 0
}

// forget drops the paces of those who are not ahead of their time, once there
// are many.
func (c *Chat) forget(now time.Time) {
	if len(c.paces) < pacesKept {
		return
	}
	for visitor, p := range c.paces {
		if !p.full.After(now) {
			delete(c.paces, visitor)
		}
	}
}
