package discordtest

import (
	"net/http"
	"strings"
	"time"
)

// Fault is something that goes wrong by script.
type Fault struct {
	Method string // "" for any
	Path   string // within the path below the API: "/messages"; "" for any
	Skip   int    // so many requests pass first
	Times  int    // so many fail; 0 for one
	// Status, Code and Text are answered; Body instead, where it is set.
	Status int
	Code   int
	Text   string
	Body   string
	Header map[string]string
	// After does what was asked first, and only then fails.
	After bool
	// Cut ends the connection instead of an answer.
	Cut bool
	// Hold keeps the request until it is closed.
	Hold <-chan struct{}
}

// Fail adds a fault to the script.
func (s *Server) Fail(f Fault) {
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &f)
}

// fault returns the fault that a request meets, nil for none.
func (s *Server) fault(method, path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Times == 0 || f.Method != "" && f.Method != method || !strings.Contains(path, f.Path) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		f.Times--
		copied := *f
		return &copied
	}
	return nil
}

// answer writes what a fault says.
func (f *Fault) answer(w http.ResponseWriter) {
	if f.Cut {
		panic(http.ErrAbortHandler)
	}
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	if f.Body != "" {
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body)) // the client may be gone
		return
	}
	writeJSON(w, f.Status, problem{Code: f.Code, Message: f.Text})
}

// limits counts requests as Discord does: in windows that begin with their
// first request.
type limits struct {
	channels map[string]*span
	global   span
	refused  int
}

type span struct {
	began time.Time
	used  int
}

func newLimits() limits { return limits{channels: make(map[string]*span)} }

// take counts a request and tells whether it is within the limit, how many are
// left and when the window ends.
func (w *span) take(now time.Time, limit int, length time.Duration) (ok bool, left int, after time.Duration) {
	if now.Sub(w.began) >= length {
		w.began, w.used = now, 0
	}
	after = w.began.Add(length).Sub(now)
	if w.used >= limit {
		return false, 0, after
	}
	w.used++
	return true, limit - w.used, after
}

// Refused returns how many requests were answered with 429.
func (s *Server) Refused() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits.refused
}
