package discord

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Gateway opcodes that are looked for (Discord: gateway opcodes).
const (
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
)

// maxFrame bounds a frame of the gateway: the largest, a server's description,
// takes a few megabytes.
const maxFrame = 64 << 20

// errReconnect ends a connection because Discord asked for a new one.
var errReconnect = errors.New("discord asked for a new connection")

// frameConn is a gateway connection that looks at the frames on their way to
// the library, which tells neither the code with which a connection was closed
// nor the interval of the heartbeat, and which never returns when it is asked
// to reconnect before it is ready. A connection that has to be made anew is
// ended here instead.
type frameConn struct {
	net.Conn
	in      *bufio.Reader
	pending []byte
	shook   bool // the answer to the upgrade has passed

	mu       sync.Mutex
	code     int // of the close frame; 0 for none
	err      error
	interval time.Duration
	once     sync.Once
	ended    chan struct{}
}

func newFrameConn(conn net.Conn) *frameConn {
	return &frameConn{Conn: conn, in: bufio.NewReaderSize(conn, 32<<10), ended: make(chan struct{})}
}

// Read hands over what arrived, frame by frame.
func (f *frameConn) Read(p []byte) (int, error) {
	for len(f.pending) == 0 {
		if err := f.fill(); err != nil {
			f.end(err)
			return 0, err
		}
	}
	n := copy(p, f.pending)
	f.pending = f.pending[n:]
	return n, nil
}

// Close ends the connection.
func (f *frameConn) Close() error {
	f.end(net.ErrClosed)
	return f.Conn.Close()
}

func (f *frameConn) end(err error) {
	f.once.Do(func() {
		f.mu.Lock()
		f.err = err
		f.mu.Unlock()
		close(f.ended)
	})
}

// why returns the code and the error with which the connection ended.
func (f *frameConn) why() (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.code, f.err
}

// heartbeat returns the interval that the server asked for; 0 before it did.
func (f *frameConn) heartbeat() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.interval
}

func (f *frameConn) fill() error {
	if !f.shook {
		line, err := f.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		f.pending = append(f.pending[:0], line...)
		f.shook = len(bytes.TrimRight(line, "\r\n")) == 0
		return nil
	}
	head, size, err := f.readHead()
	if err != nil {
		return err
	}
	if size > maxFrame {
		return fmt.Errorf("gateway frame of %d bytes", size)
	}
	frame := make([]byte, len(head)+int(size))
	copy(frame, head)
	body := frame[len(head):]
	if _, err := io.ReadFull(f.in, body); err != nil {
		return err
	}
	if err := f.look(head[0], body); err != nil {
		return err
	}
	f.pending = frame
	return nil
}

// readHead reads a frame's head (RFC 6455, 5.2); servers mask nothing.
func (f *frameConn) readHead() (head []byte, size uint64, err error) {
	head = make([]byte, 2, 10)
	if _, err := io.ReadFull(f.in, head); err != nil {
		return nil, 0, err
	}
	size = uint64(head[1] & 0x7F)
	more := 0
	switch size {
	case 126:
		more = 2
	case 127:
		more = 8
	}
	head = head[:2+more]
	if _, err := io.ReadFull(f.in, head[2:]); err != nil {
		return nil, 0, err
	}
	switch more {
	case 2:
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 8:
		size = binary.BigEndian.Uint64(head[2:])
	}
	return head, size, nil
}

// look notes what a frame tells of the connection, and ends it where Discord
// wants another.
func (f *frameConn) look(first byte, body []byte) error {
	const finalText, finalClose = 0x80 | websocket.TextMessage, 0x80 | websocket.CloseMessage
	switch int(first) {
	case finalClose:
		if len(body) >= 2 {
			f.mu.Lock()
			f.code = int(binary.BigEndian.Uint16(body))
			f.mu.Unlock()
		}
	case finalText:
		var packet struct {
			Op   int             `json:"op"`
			Data json.RawMessage `json:"d"`
		}
		if json.Unmarshal(body, &packet) != nil {
			return nil // the library passes it over as well
		}
		switch packet.Op {
		case opReconnect, opInvalidSession:
			return errReconnect
		case opHello:
			var hello struct {
				Interval int64 `json:"heartbeat_interval"`
			}
			if json.Unmarshal(packet.Data, &hello) == nil {
				f.mu.Lock()
				f.interval = time.Duration(hello.Interval) * time.Millisecond
				f.mu.Unlock()
			}
			if hello.Interval <= 0 {
				return errors.New("gateway named no heartbeat interval") // the library's ticker would panic
			}
		}
	}
	return nil
}

// frameDialer connects to a gateway and keeps the connection that it made.
type frameDialer struct {
	mu   sync.Mutex
	conn *frameConn
	over bool
}

func (d *frameDialer) websocket() *websocket.Dialer {
	return &websocket.Dialer{
		HandshakeTimeout:  20 * time.Second,
		NetDialContext:    d.dial,
		NetDialTLSContext: d.dialTLS,
	}
}

func (d *frameDialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var plain net.Dialer
	conn, err := plain.DialContext(ctx, network, address)
	return d.keep(conn, err)
}

func (d *frameDialer) dialTLS(ctx context.Context, network, address string) (net.Conn, error) {
	secure := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	conn, err := secure.DialContext(ctx, network, address)
	return d.keep(conn, err)
}

func (d *frameDialer) keep(conn net.Conn, err error) (net.Conn, error) {
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		_ = conn.Close() // nothing was said on it
		return nil, net.ErrClosed
	}
	d.conn = newFrameConn(conn)
	return d.conn, nil
}

func (d *frameDialer) connection() *frameConn {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.conn
}

// abandon cuts the connection and lets no other be made.
func (d *frameDialer) abandon() {
	d.mu.Lock()
	d.over = true
	conn := d.conn
	d.mu.Unlock()
	if conn != nil {
		_ = conn.Close() // it is given up
	}
}
