package telegramtest

import (
	"encoding/json"
	"net/http"
	"time"
)

// Cut is where a connection is broken.
type Cut int

// The places of a cut.
const (
	CutNowhere Cut = iota
	CutBefore      // before the request has any effect
	CutAfter       // when all is done but nothing was answered
)

// Fault is what goes wrong with calls.
type Fault struct {
	Method string // "" for any
	Times  int    // how many calls it meets; 0 for one, below 0 for all
	Chance func() bool
	Cut    Cut
	Delay  time.Duration // before the answer, or before its second half with Half

	// Status, where it is set, is answered instead of doing anything, with Body
	// as it is, or a refusal with Description where Body is "".
	Status      int
	Body        string
	ContentType string // of Body; "" for JSON
	Description string
	RetryAfter  int
	MigrateTo   int64
	// Done lets the call have its effect before Status is answered.
	Done bool
	// Half sends half of the true answer and breaks off, after Delay.
	Half bool
}

// Fail scripts a fault. Faults meet calls in the order in which they were given.
func (s *Server) Fail(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Times == 0 {
		f.Times = 1
	}
	s.faults = append(s.faults, &f)
}

// Heal removes all faults.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) nextFault(method string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Method != "" && f.Method != method || f.Chance != nil && !f.Chance() {
			continue
		}
		if f.Times--; f.Times == 0 {
			s.faults = append(s.faults[:i:i], s.faults[i+1:]...)
		}
		return f
	}
	return nil
}

// before plays what happens instead of the call; it tells whether that was all.
func (f *Fault) before(w http.ResponseWriter, r *http.Request) bool {
	if f.Cut == CutBefore {
		panic(http.ErrAbortHandler)
	}
	if f.Delay > 0 && !f.Half {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
	}
	if f.Status != 0 && !f.Done {
		f.answer(w)
		return true
	}
	return false
}

// after plays what happens once the call had its effect.
func (f *Fault) after(w http.ResponseWriter, r *http.Request, result json.RawMessage) bool {
	switch {
	case f.Cut == CutAfter:
		panic(http.ErrAbortHandler)
	case f.Half:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"ok":true,"result":`))
		_, _ = w.Write(result[:len(result)/2])
		if flusher, ok := w.(http.Flusher); ok {
			flusher.Flush()
		}
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case f.Status != 0:
		f.answer(w)
		return true
	}
	return false
}

func (f *Fault) answer(w http.ResponseWriter) {
	if f.Body == "" {
		writeRefusal(w, &refusal{
			code: f.Status, text: f.Description, retryAfter: f.RetryAfter, migrateTo: f.MigrateTo,
		})
		return
	}
	kind := f.ContentType
	if kind == "" {
		kind = "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body))
}
