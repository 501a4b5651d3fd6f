package telegramtest

import (
	"context"
	"maps"
	"time"
)

// Call is a call of a method, whatever came of it.
type Call struct {
	Method string
	Params map[string]string
	At     time.Time
}

// Button is a button under a message.
type Button struct {
	Text string
	Data string
	URL  string
}

// Sent is a message that was made, or changed.
type Sent struct {
	Method   string
	Chat     int64
	Thread   int64
	ID       int64
	Text     string // what is seen: the text or the caption
	Markup   string // as it was sent
	Entities []Entity
	Photo    string // the file's id; "" for none
	Uploaded bool   // the photo came with the call
	Buttons  [][]Button
	ReplyTo  int64
	Quiet    bool
	At       time.Time
}

// note records a call.
func (s *Server) note(call request) {
	if s.options.Forget {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, Call{call.method, maps.Clone(call.params), s.now()})
	s.wake()
}

// wake tells those who wait for a record. The caller holds the lock.
func (s *Server) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Calls returns the calls of a method, of all for "".
func (s *Server) Calls(method string) []Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Call
	for _, c := range s.calls {
		if method == "" || c.Method == method {
			out = append(out, c)
		}
	}
	return out
}

// Sent returns the messages that were made or changed, in their order.
func (s *Server) Sent() []Sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Sent(nil), s.sent...)
}

// Await returns when the records satisfy done, or false when ctx ends before.
func (s *Server) Await(ctx context.Context, done func() bool) bool {
	for {
		s.mu.Lock()
		changed := s.changed
		s.mu.Unlock()
		if done() {
			return true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return done()
		}
	}
}

// Accepted returns how many messages were made.
func (s *Server) Accepted() int64 { return s.accepted.Load() }

// Limited returns how many calls met a limit.
func (s *Server) Limited() int64 { return s.limited.Load() }

// Menu returns the commands that were set for a scope ("all_private_chats"), as
// JSON.
func (s *Server) Menu(scope string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.menus[scope]
}
