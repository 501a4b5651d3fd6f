package telegram_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// rawServer speaks HTTP by hand: say is called with each request of each
// connection, and the connection ends when it returns false.
type rawServer struct {
	net.Listener
	all sync.WaitGroup

	mu          sync.Mutex
	connections int
	requests    int
}

func newRawServer(t *testing.T, say func(conn net.Conn, nth int) bool) *rawServer {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{Listener: l}
	s.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.connections++
			s.mu.Unlock()
			s.all.Go(func() { s.serve(conn, say) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.all.Wait()
	})
	return s
}

func (s *rawServer) serve(conn net.Conn, say func(conn net.Conn, nth int) bool) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		if _, err := io.Copy(io.Discard, req.Body); err != nil {
			return
		}
		s.mu.Lock()
		s.requests++
		nth := s.requests
		s.mu.Unlock()
		if !say(conn, nth) {
			return
		}
	}
}

func (s *rawServer) counts() (connections, requests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections, s.requests
}

// client returns a client of the server and what sends it a message.
func (s *rawServer) client(t *testing.T) (send func(ctx context.Context) (outbox.Receipt, error)) {
	t.Helper()
	r := &rig{desk: newDesk(), log: &journal{}, memory: &fakeMemory{kept: make(map[string]string)}}
	r.connect(t, "http://"+s.Addr().String(), nil)
	t.Cleanup(r.client.CloseIdle)
	return func(ctx context.Context) (outbox.Receipt, error) {
		return r.client.Deliver(ctx, outbox.Delivery{
			Send: 1, Address: addressOf(5, ""), Place: "private", Kind: outbox.New, Message: &message.Message{Title: "hello"}, Form: message.Rich,
		})
	}
}

const madeBody = `{"ok":true,"result":{"message_id":7,"date":1,"chat":{"id":5,"type":"private"}}}`

func answerOf(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

func write(conn net.Conn, text string) bool {
	_, err := io.WriteString(conn, text)
	return err == nil
}

// An API server may be of any make, so that its answers come in all shapes.
func TestAnswersOfEveryShapeAreRead(t *testing.T) {
	chunked := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, piece := range []string{madeBody[:10], madeBody[10:]} {
		chunked += fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
	}
	chunked += "0\r\n\r\n"
	tests := []struct {
		name        string
		say         func(conn net.Conn) bool
		connections int // for three sends
	}{
		{"plain", func(c net.Conn) bool { return write(c, answerOf(madeBody)) }, 1},
		{"in pieces", func(c net.Conn) bool { return write(c, chunked) }, 1},
		{"byte by byte", func(c net.Conn) bool {
			for _, b := range []byte(answerOf(madeBody)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return false
				}
			}
			return true
		}, 1},
		{"after early words", func(c net.Conn) bool {
			return write(c, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"+answerOf(madeBody))
		}, 1},
		{"with blanks", func(c net.Conn) bool {
			return write(c, answerOf(`{ "ok" : true, "result" : { "message_id" : 7, "date" : 1 } }`))
		}, 1},
		{"in another order", func(c net.Conn) bool { return write(c, answerOf(`{"result":{"date":1,"message_id":7},"ok":true}`)) }, 1},
		{"until the end", func(c net.Conn) bool { write(c, "HTTP/1.0 200 OK\r\n\r\n"+madeBody); return false }, 3},
		{"last one", func(c net.Conn) bool {
			return write(c, strings.Replace(answerOf(madeBody), "OK\r\n", "OK\r\nConnection: close\r\n", 1))
		}, 3},
		{"ended without a word", func(c net.Conn) bool { write(c, answerOf(madeBody)); return false }, 3},
		{"with more than was asked for", func(c net.Conn) bool { return write(c, answerOf(madeBody)+answerOf(`{"ok":false}`)) }, 3},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			closed := make(chan struct{}, 3)
			s := newRawServer(t, func(c net.Conn, _ int) bool {
				again := tc.say(c)
				if !again {
					_ = c.Close()
				}
				closed <- struct{}{}
				return again
			})
			send := s.client(t)
			for range 3 {
				receipt, err := send(patient(t))
				if err != nil || receipt.ID != "7" {
					t.Fatal(receipt, err)
				}
				<-closed
			}
			if connections, requests := s.counts(); connections != tc.connections || requests != 3 {
				t.Errorf("got %d connections for %d requests, want %d for 3", connections, requests, tc.connections)
			}
		})
	}
}

// What cannot be taken for an answer leaves open whether the message was made.
func TestAnswersThatAreNoneLeaveASendOpen(t *testing.T) {
	tests := map[string]func(c net.Conn) bool{
		"nothing":     func(net.Conn) bool { return false },
		"half a head": func(c net.Conn) bool { write(c, "HTTP/1.1 200 OK\r\nContent-Le"); return false },
		"half a body": func(c net.Conn) bool { write(c, answerOf(madeBody)[:80]); return false },
		"no HTTP":     func(c net.Conn) bool { write(c, "SSH-2.0-OpenSSH\r\n\r\n"); return false },
		"no JSON":     func(c net.Conn) bool { return write(c, answerOf("<html>busy</html>")) },
		"endless heads": func(c net.Conn) bool {
			for write(c, "HTTP/1.1 100 Continue\r\nA: "+strings.Repeat("b", 4000)+"\r\n\r\n") {
			}
			return false
		},
	}
	for name, say := range tests {
		t.Run(name, func(t *testing.T) {
			s := newRawServer(t, func(c net.Conn, nth int) bool {
				if nth == 2 {
					return write(c, answerOf(madeBody))
				}
				return say(c)
			})
			send := s.client(t)
			_, err := send(patient(t))
			if f := failure(t, err); f.Class != outbox.Ambiguous {
				t.Errorf("got class %s (%v), want %s", f.Class, f, outbox.Ambiguous)
			}
			if receipt, err := send(patient(t)); err != nil || receipt.ID != "7" {
				t.Errorf("the next one: got %v, %v", receipt, err)
			}
		})
	}
}

// A context that ends while the server thinks ends the request, and its
// connection is not used again.
func TestAnEndedRequestFreesItsCaller(t *testing.T) {
	asked, done := make(chan struct{}, 1), make(chan struct{})
	s := newRawServer(t, func(c net.Conn, nth int) bool {
		if nth == 1 {
			asked <- struct{}{}
			<-done
			return false
		}
		return write(c, answerOf(madeBody))
	})
	t.Cleanup(func() { close(done) })
	send := s.client(t)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := send(ctx)
	if f := failure(t, err); f.Class != outbox.Ambiguous {
		t.Errorf("got class %s, want %s", f.Class, outbox.Ambiguous)
	}
	if receipt, err := send(patient(t)); err != nil || receipt.ID != "7" {
		t.Errorf("the next one: got %v, %v", receipt, err)
	}
	if connections, _ := s.counts(); connections != 2 {
		t.Errorf("got %d connections, want 2", connections)
	}
}

// Where nobody listens nothing was sent, so that it can be tried again.
func TestAServerThatIsNotThereGetsNothing(t *testing.T) {
	s := newRawServer(t, func(net.Conn, int) bool { return false })
	send := s.client(t)
	_ = s.Close()
	_, err := send(patient(t))
	if f := failure(t, err); f.Class != outbox.NotSent {
		t.Errorf("got class %s, want %s", f.Class, outbox.NotSent)
	}
}

// Many at once share as many connections as there are requests at a time.
func TestManySendsShareConnections(t *testing.T) {
	s := newRawServer(t, func(c net.Conn, _ int) bool { return write(c, answerOf(madeBody)) })
	send := s.client(t)
	var all sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		all.Go(func() {
			for range 50 {
				_, err := send(patient(t))
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	if connections, requests := s.counts(); connections > len(errs) || requests != 50*len(errs) {
		t.Errorf("got %d connections for %d requests, want at most %d for %d", connections, requests, len(errs), 50*len(errs))
	}
}
