package telegram

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// plain is a carrier to one API server that is asked without TLS, as is a Bot
// API server of one's own, which takes all that one can send. Whoever makes a
// request writes it and reads its answer. In net/http's transport two more
// goroutines stand beside each connection, which cost a third of the CPU that a
// request takes. It knows no proxies.
type plain struct {
	address string // host and port
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	most    int // idle connections

	mu   sync.Mutex
	idle []*plainConn // the one that was used last at the end
	tidy *time.Timer  // runs while there are any
}

const (
	// plainHead bounds what comes before an answer's body.
	plainHead = 1 << 20
	// plainText is how large a connection's buffer stays after a large request.
	plainText = 64 << 10
	// refusedWithin is how long the answer to a request is looked for that could
	// not be written: it is there, or there is none.
	refusedWithin = time.Second
)

func newPlain(server *url.URL, most int, dial func(ctx context.Context, network, address string) (net.Conn, error)) *plain {
	port := server.Port()
	if port == "" {
		port = "80"
	}
	return &plain{address: net.JoinHostPort(server.Hostname(), port), dial: dial, most: most}
}

// plainConn is one connection. It belongs to whoever took it.
type plainConn struct {
	net.Conn
	raw     syscall.RawConn // nil where it is none of the system's
	used    bool            // it carried a request before
	end     time.Time       // of what is waited for
	since   time.Time       // when it became idle
	text    bytes.Buffer
	limited io.LimitedReader
	reader  *bufio.Reader
}

func (p *plain) carry(ctx context.Context, end time.Time, req *http.Request, written *atomic.Bool) (*http.Response, error) {
	if at, ok := ctx.Deadline(); ok && at.Before(end) {
		end = at
	}
	c, err := p.take(ctx, end)
	if err != nil {
		return nil, err
	}
	c.text.Reset()
	if err := req.Write(&c.text); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	for {
		stop := c.endWith(ctx)
		sent, res, err := c.exchange(req, written)
		if err == nil {
			res.Body = &plainBody{ReadCloser: res.Body, pool: p, conn: c, stop: stop, last: res.Close || req.Close}
			return res, nil
		}
		stop()
		if ended := ctx.Err(); ended != nil {
			return nil, errors.Join(ended, c.Close())
		}
		if sent > 0 || !c.used {
			return nil, errors.Join(err, c.Close())
		}
		// The server ended the connection meanwhile and knows nothing of this.
		old := c
		if c, err = p.open(ctx, end); err != nil {
			return nil, errors.Join(err, old.Close())
		}
		c.text, old.text = old.text, c.text
		if err := old.Close(); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
}

// endWith lets what waits for the connection end with ctx, until stop is called;
// stop tells whether that did not happen.
func (c *plainConn) endWith(ctx context.Context) (stop func() bool) {
	if ctx.Done() == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() {
		_ = c.SetDeadline(time.Unix(1, 0)) // it is closed where this fails
	})
}

// exchange writes the request that is in the buffer and reads the head of its
// answer. It returns how many bytes were sent.
func (c *plainConn) exchange(req *http.Request, written *atomic.Bool) (sent int, res *http.Response, err error) {
	c.limited.N = plainHead + maxBody
	if sent, err = c.Write(c.text.Bytes()); err == nil {
		written.Store(true)
		res, err = c.answer(req)
		return sent, res, err
	}
	// Whoever refuses a request need not read all of it: that a picture is too
	// large is said before it is there.
	if sent == 0 || c.SetReadDeadline(time.Now().Add(refusedWithin)) != nil {
		return sent, nil, err
	}
	res, unread := c.answer(req)
	if unread != nil {
		return sent, nil, err
	}
	res.Close = true
	return sent, res, nil
}

// answer reads the head of an answer. What is said before it is of no interest.
func (c *plainConn) answer(req *http.Request) (*http.Response, error) {
	for {
		if res, err := http.ReadResponse(c.reader, req); err != nil || res.StatusCode >= http.StatusOK {
			return res, err
		}
	}
}

// take returns a connection that can be expected to carry a request until end.
func (p *plain) take(ctx context.Context, end time.Time) (*plainConn, error) {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return p.open(ctx, end)
		}
		c := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		idle := time.Since(c.since)
		if idle < idleFor && c.endAt(end) == nil && !ended(c.raw, idle) {
			return c, nil
		}
		_ = c.Close() // nobody is at its other end
	}
}

func (p *plain) open(ctx context.Context, end time.Time) (*plainConn, error) {
	made, err := p.dial(ctx, "tcp", p.address)
	if err != nil {
		return nil, err
	}
	c := &plainConn{Conn: made}
	if err := c.endAt(end); err != nil {
		return nil, errors.Join(err, made.Close())
	}
	if socket, ok := made.(syscall.Conn); ok {
		if c.raw, err = socket.SyscallConn(); err != nil {
			return nil, errors.Join(err, made.Close())
		}
	}
	c.limited.R = made
	c.reader = bufio.NewReader(&c.limited)
	return c, nil
}

// endAt sets when the connection ends; up to a second earlier is as good, and
// spares a call for most requests.
func (c *plainConn) endAt(end time.Time) error {
	if early := end.Sub(c.end); early >= 0 && early < time.Second {
		return nil
	}
	c.end = end
	return c.SetDeadline(end)
}

// put keeps a connection for the next request.
func (p *plain) put(c *plainConn) error {
	if c.text.Cap() > plainText {
		c.text = bytes.Buffer{}
	}
	c.used, c.since = true, time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.idle) >= p.most {
		return c.Close()
	}
	p.idle = append(p.idle, c)
	if p.tidy == nil {
		p.tidy = time.AfterFunc(idleFor, p.sweep)
	}
	return nil
}

// sweep closes what was idle for long.
func (p *plain) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tidy = nil
	p.idle = slices.DeleteFunc(p.idle, func(c *plainConn) bool {
		old := time.Since(c.since) >= idleFor
		if old {
			_ = c.Close() // it is given up
		}
		return old
	})
	if len(p.idle) > 0 {
		p.tidy = time.AfterFunc(idleFor-time.Since(p.idle[0].since), p.sweep)
	}
}

// close closes what is idle.
func (p *plain) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.idle {
		_ = c.Close() // it is given up
	}
	p.idle = nil
	if p.tidy != nil {
		p.tidy.Stop()
		p.tidy = nil
	}
}

// plainBody gives its connection back once it was read to its end.
type plainBody struct {
	io.ReadCloser
	pool *plain
	conn *plainConn
	stop func() bool
	last bool // the connection carries no other request
	read bool // to the end
}

// Read implements io.Reader.
func (b *plainBody) Read(into []byte) (int, error) {
	n, err := b.ReadCloser.Read(into)
	if errors.Is(err, io.EOF) {
		b.read = true
	}
	return n, err
}

// Close ends the answer. What was not read is not waited for.
func (b *plainBody) Close() error {
	c := b.conn
	if c == nil {
		return nil
	}
	b.conn = nil
	// Bytes that follow an answer were not asked for, and would be taken for
	// the next one.
	if !b.stop() || b.last || !b.read || c.reader.Buffered() > 0 {
		return c.Close()
	}
	return b.pool.put(c)
}
