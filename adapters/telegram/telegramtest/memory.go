package telegramtest

import (
	"context"
	"net"
	"sync"
)

// Wire is a listener in memory with the way to it: for tests whose
// time is not the world's.
type Wire struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

// NewWire returns a listener in memory.
func NewWire() *Wire {
	return &Wire{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Accept returns the next connection.
func (w *Wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listening.
func (w *Wire) Close() error {
	w.once.Do(func() { close(w.closed) })
	return nil
}

// Addr returns an address that is none.
func (w *Wire) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// Dial connects to the listener, whatever the address.
func (w *Wire) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case w.conns <- far:
		return near, nil
	case <-w.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
