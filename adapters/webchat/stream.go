package webchat

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	// openPages is how many pages of one visitor follow at once. A browser
	// opens at most six connections to one host (HTTP/1.1): with a stream on
	// each, nothing could be said any more.
	openPages = 4
	// behindAtMost is how many entries a page is sent that was cut off; one
	// that missed more reads its transcript anew.
	behindAtMost = 500
	aliveEvery   = 20 * time.Second
	// writeWithin is how long a page may take to accept what it is sent.
	writeWithin = 30 * time.Second
)

// stream is one open page.
type stream struct {
	news   chan struct{} // holds one nudge, however much there is to read
	parted chan struct{} // closed where newer pages took its place
}

// join opens a stream for a page; leave closes it. Beyond openPages the oldest
// one is parted.
func (c *Chat) join(visitor string) (s *stream, leave func()) {
	s = &stream{news: make(chan struct{}, 1), parted: make(chan struct{})}
	c.mu.Lock()
	defer c.mu.Unlock()
	if open := c.pages[visitor]; len(open) >= openPages {
		close(open[0].parted)
		c.pages[visitor] = slices.Delete(open, 0, 1)
	}
	c.pages[visitor] = append(c.pages[visitor], s)
	return s, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		open := c.pages[visitor]
		if i := slices.Index(open, s); i >= 0 {
			open = slices.Delete(open, i, i+1)
		}
		c.pages[visitor] = open
		if len(open) == 0 {
			delete(c.pages, visitor)
		}
	}
}

// nudge tells a visitor's open pages that there is something new. It never
// waits for a page: each reads at its own pace.
func (c *Chat) nudge(visitor string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.pages[visitor] {
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
}

// streamJSON is an entry on its way to a page.
type streamJSON struct {
	ID     string          `json:"id"`
	Change int64           `json:"change"`
	Body   json.RawMessage `json:"body"`
}

// serveStream follows a transcript by server-sent events. A page that was cut
// off says what it saw last, so nothing is missing and nothing comes twice.
func (c *Chat) serveStream(w http.ResponseWriter, r *http.Request, visitor string) {
	seen, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		seen, _ = strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	}
	// Joined before the first look: what is written between is not missed.
	s, leave := c.join(visitor)
	defer leave()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx holds events back otherwise
	out := pen{w: w, control: http.NewResponseController(w)}
	out.write("retry: 1000\nevent: hello\ndata: " + c.life + "\n\n")
	alive := time.NewTicker(aliveEvery)
	defer alive.Stop()
	for out.err == nil {
		if seen, err = c.catchUp(r.Context(), &out, visitor, seen); err != nil {
			if r.Context().Err() == nil {
				c.o.Log.Warn("follow a transcript", "error", err)
			}
			return
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.parted:
			out.write("event: parted\ndata: -\n\n")
			return
		case <-s.news:
		case <-alive.C:
			out.write(": alive\n\n")
		}
	}
}

// catchUp sends what a page has not seen and returns what it has seen then.
func (c *Chat) catchUp(ctx context.Context, out *pen, visitor string, seen int64) (int64, error) {
	entries, err := c.o.Transcript.EntriesAfter(ctx, visitor, seen, behindAtMost+1)
	if err != nil {
		return seen, err
	}
	if len(entries) > behindAtMost {
		// Only the latest came: a gap may lie before them.
		out.write("event: anew\ndata: -\n\n")
		return entries[len(entries)-1].Change, out.err
	}
	for _, e := range entries {
		line, err := json.Marshal(streamJSON{ID: e.ID, Change: e.Change, Body: json.RawMessage(e.Body)})
		if err != nil {
			// One entry that cannot be read must not hold up the others.
			c.o.Log.Error("read an entry", "entry", e.ID, "error", err)
			seen = e.Change
			continue
		}
		out.write(fmt.Sprintf("id: %d\ndata: %s\n\n", e.Change, line))
		if out.err != nil {
			return seen, nil
		}
		seen = e.Change
	}
	return seen, nil
}

// pen writes to a page and remembers that it is gone.
type pen struct {
	w       http.ResponseWriter
	control *http.ResponseController
	err     error
}

func (p *pen) write(text string) {
	if p.err != nil {
		return
	}
	// Without deadlines (in a test) a page is waited for.
	_ = p.control.SetWriteDeadline(time.Now().Add(writeWithin))
	if _, p.err = p.w.Write([]byte(text)); p.err == nil {
		p.err = p.control.Flush()
	}
}
