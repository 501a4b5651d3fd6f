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
	opDispatch       = 0
	opReconnect      = 7
	opInvalidSession = 9
	opHello          = 10
)

// maxFrame bounds a message of the gateway: the largest, a server's description,
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
	kind    int  // of the message that is being put together
	message []byte

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
	first, body, err := f.readFrame()
	if err != nil {
		return err
	}
	if first&0x08 != 0 { // a control frame, which may come within a message
		f.noteClose(first, body)
		f.pending = writeFrame(first, body)
		return nil
	}
	if len(f.message)+len(body) > maxFrame {
		return errors.New("gateway message is too large")
	}
	if first&0x0F != 0 {
		f.kind, f.message = int(first&0x0F), nil
	}
	f.message = append(f.message, body...)
	if first&0x80 == 0 {
		return nil
	}
	return f.pass()
}

// pass hands a whole message over to the library, if it is one that the library
// survives: it ends the process at "null", and at servers that are not described
// as it expects.
func (f *frameConn) pass() error {
	if f.kind != websocket.TextMessage {
		return nil // nothing compressed was asked for
	}
	var packet *gatewayPacket
	if json.Unmarshal(f.message, &packet) != nil || packet == nil {
		return nil
	}
	switch packet.Op {
	case opReconnect, opInvalidSession:
		return errReconnect
	case opHello:
		var hello struct {
			Interval int64 `json:"heartbeat_interval"`
		}
		if json.Unmarshal(packet.Data, &hello) != nil || hello.Interval <= 0 {
			return errors.New("gateway named no heartbeat interval") // the library's ticker would panic
		}
		f.mu.Lock()
		f.interval = time.Duration(hello.Interval) * time.Millisecond
		f.mu.Unlock()
	case opDispatch:
		// Under a name that it does not know, the library decodes nothing and
		// hands over the data as it is.
		packet.Kind = rawPrefix + packet.Kind
	}
	clean, err := json.Marshal(packet)
	if err != nil {
		return fmt.Errorf("write gateway packet: %w", err)
	}
	f.pending = writeFrame(0x80|websocket.TextMessage, clean)
	return nil
}

// rawPrefix stands before the names of events on their way through the library.
const rawPrefix = "raw."

type gatewayPacket struct {
	Op   int             `json:"op"`
	Seq  int64           `json:"s"`
	Kind string          `json:"t"`
	Data json.RawMessage `json:"d"`
}

// writeFrame returns an unmasked frame.
func writeFrame(first byte, body []byte) []byte {
	frame := make([]byte, 0, len(body)+10)
	switch n := len(body); {
	case n < 126:
		frame = append(frame, first, byte(n))
	case n < 1<<16:
		frame = binary.BigEndian.AppendUint16(append(frame, first, 126), uint16(n))
	default:
		frame = binary.BigEndian.AppendUint64(append(frame, first, 127), uint64(n))
	}
	return append(frame, body...)
}

// noteClose keeps the code of a close frame, which ends the connection.
func (f *frameConn) noteClose(first byte, body []byte) {
	if int(first&0x0F) != websocket.CloseMessage {
		return
	}
	if len(body) >= 2 {
		f.mu.Lock()
		f.code = int(binary.BigEndian.Uint16(body))
		f.mu.Unlock()
	}
	f.end(io.EOF) // the library reads no further and takes a second to say so
}

// readFrame reads a frame (RFC 6455, 5.2); servers mask nothing.
func (f *frameConn) readFrame() (first byte, body []byte, err error) {
	var head [10]byte
	if _, err := io.ReadFull(f.in, head[:2]); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1] & 0x7F)
	switch size {
	case 126:
		if _, err := io.ReadFull(f.in, head[2:4]); err != nil {
			return 0, nil, err
		}
		size = uint64(binary.BigEndian.Uint16(head[2:]))
	case 127:
		if _, err := io.ReadFull(f.in, head[2:10]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(head[2:])
	}
	if size > maxFrame {
		return 0, nil, fmt.Errorf("gateway frame of %d bytes", size)
	}
	body = make([]byte, size)
	_, err = io.ReadFull(f.in, body)
	return head[0], body, err
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
