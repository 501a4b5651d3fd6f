package discordtest

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Greeting says what the gateway does with a client that identifies.
type Greeting struct {
	// Op is sent in place of READY: 7 (reconnect) or 9 (invalid session).
	Op int
	// Silent sends nothing.
	Silent bool
	// Close ends the connection with this code in place of READY, CloseAfter
	// with READY sent.
	Close, CloseAfter int
	// Deaf acknowledges no heartbeat.
	Deaf bool
}

// gateway is the state of all connections.
type gateway struct {
	identifies int
	resumes    int
	script     func(n int) Greeting
	current    *conn
	sessions   map[string]*session
}

// session is what can be resumed.
type session struct {
	id     string
	seq    int
	events []packet // what was dispatched, the oldest first
	over   bool
}

// maxEvents bounds what is kept of a session.
const maxEvents = 1000

type packet struct {
	Op   int    `json:"op"`
	Data any    `json:"d"`
	Seq  *int   `json:"s"`
	Kind string `json:"t,omitempty"`
}

// conn is one connection of a client.
type conn struct {
	socket  *websocket.Conn
	write   sync.Mutex
	session *session
	ready   bool
	deaf    bool
}

func (c *conn) send(p packet) {
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.socket.WriteJSON(p) // a lost connection is seen by its reader
}

func (c *conn) close(code int) {
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.socket.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	_ = c.socket.Close() // the client is told already
}

// Script decides how each identification is greeted, counted from 1.
func (s *Server) Script(greet func(n int) Greeting) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gateway.script = greet
}

// Identifies returns how often a client identified.
func (s *Server) Identifies() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.identifies
}

// Resumes returns how often a client resumed.
func (s *Server) Resumes() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.resumes
}

// AwaitReady returns when a client is connected, or ctx ended.
func (s *Server) AwaitReady(ctx context.Context) error {
	return s.await(ctx, func() bool { return s.gateway.current != nil && s.gateway.current.ready })
}

// AwaitIdentifies returns when clients identified so often, or ctx ended.
func (s *Server) AwaitIdentifies(ctx context.Context, n int) error {
	return s.await(ctx, func() bool { return s.gateway.identifies >= n })
}

// Dispatch sends an event to the connected client.
func (s *Server) Dispatch(kind string, data any) {
	s.mu.Lock()
	c := s.gateway.current
	var p packet
	if c != nil && c.session != nil {
		p = c.session.next(kind, data)
	}
	s.mu.Unlock()
	if c != nil && p.Kind != "" {
		c.send(p)
	}
}

// next numbers an event and keeps it.
func (s *session) next(kind string, data any) packet {
	s.seq++
	seq := s.seq
	p := packet{Data: data, Seq: &seq, Kind: kind}
	s.events = append(s.events, p)
	if len(s.events) > maxEvents {
		s.events = s.events[1:]
	}
	return p
}

// SendOp sends an opcode to the connected client: 1, 7, 9.
func (s *Server) SendOp(op int, data any) {
	if c := s.connection(); c != nil {
		c.send(packet{Op: op, Data: data})
	}
}

// CloseGateway ends the connection with a code.
func (s *Server) CloseGateway(code int) {
	if c := s.leave(); c != nil {
		c.close(code)
	}
}

// Drop cuts the connection without a word.
func (s *Server) Drop() {
	if c := s.leave(); c != nil {
		_ = c.socket.Close() // that is what was asked for
	}
}

func (s *Server) connection() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gateway.current
}

func (s *Server) leave() *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.gateway.current
	s.gateway.current = nil
	return c
}

func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	socket, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	c := &conn{socket: socket}
	defer func() {
		_ = socket.Close() // its reader ended
		s.mu.Lock()
		if s.gateway.current == c {
			s.gateway.current = nil
			s.tell()
		}
		s.mu.Unlock()
	}()
	c.send(packet{Op: 10, Data: map[string]any{"heartbeat_interval": s.options.Heartbeat.Milliseconds()}})
	for {
		var in struct {
			Op   int             `json:"op"`
			Data json.RawMessage `json:"d"`
		}
		_, raw, err := socket.ReadMessage()
		if err != nil {
			s.ended(c, err)
			return
		}
		if json.Unmarshal(raw, &in) != nil {
			c.close(4002)
			return
		}
		if !s.receive(c, in.Op, in.Data) {
			return
		}
	}
}

// ended notes that a session which the client closed cannot be resumed
// (Discord: close codes 1000 and 1001).
func (s *Server) ended(c *conn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.session != nil && websocket.IsCloseError(err, websocket.CloseNormalClosure, websocket.CloseGoingAway) {
		c.session.over = true
	}
}

// receive handles what a client sent and tells whether the connection goes on.
func (s *Server) receive(c *conn, op int, data json.RawMessage) bool {
	switch op {
	case 1:
		if !c.deaf {
			c.send(packet{Op: 11})
		}
		return true
	case 2:
		return s.identify(c, data)
	case 6:
		return s.resume(c, data)
	case 3, 4, 8:
		return true
	}
	c.close(4001)
	return false
}

func (s *Server) identify(c *conn, data json.RawMessage) bool {
	var in struct {
		Token   string `json:"token"`
		Intents int    `json:"intents"`
	}
	if json.Unmarshal(data, &in) != nil {
		c.close(4002)
		return false
	}
	if c.session != nil {
		c.close(4005)
		return false
	}
	s.mu.Lock()
	s.gateway.identifies++
	n, script := s.gateway.identifies, s.gateway.script
	s.tell()
	s.mu.Unlock()
	var g Greeting
	if script != nil {
		g = script(n)
	}
	switch {
	case !s.accepts(trimBot(in.Token)):
		g.Close = 4004
	case in.Intents&s.options.Refused != 0:
		g.Close = 4014
	}
	switch {
	case g.Close != 0:
		c.close(g.Close)
		return false
	case g.Op != 0:
		c.send(packet{Op: g.Op, Data: false})
		return true
	case g.Silent:
		return true
	}
	c.deaf = g.Deaf
	s.welcome(c)
	if g.CloseAfter != 0 {
		c.close(g.CloseAfter)
		return false
	}
	return true
}

func trimBot(token string) string {
	if len(token) > 4 && token[:4] == "Bot " {
		return token[4:]
	}
	return token
}

// welcome sends READY and the guilds.
func (s *Server) welcome(c *conn) {
	s.mu.Lock()
	c.session = &session{id: newToken()}
	s.gateway.sessions[c.session.id] = c.session
	var guilds []any
	var ids []string
	for id, outage := range s.guilds {
		guilds = append(guilds, map[string]any{"id": id, "unavailable": true})
		if !outage {
			ids = append(ids, id)
		}
	}
	packets := []packet{c.session.next("READY", map[string]any{
		"v": 9, "user": me(), "guilds": guilds, "session_id": c.session.id, "resume_gateway_url": "ws://127.0.0.1/ws",
		"application": map[string]any{"id": Application, "flags": 0},
	})}
	s.mu.Unlock()
	for _, id := range ids {
		described := s.guildJSON(id)
		s.mu.Lock()
		packets = append(packets, c.session.next("GUILD_CREATE", described))
		s.mu.Unlock()
	}
	for _, p := range packets {
		c.send(p)
	}
	s.mu.Lock()
	c.ready = true
	s.gateway.current = c
	s.tell()
	s.mu.Unlock()
}

func (s *Server) resume(c *conn, data json.RawMessage) bool {
	var in struct {
		Token   string `json:"token"`
		Session string `json:"session_id"`
		Seq     int    `json:"seq"`
	}
	if json.Unmarshal(data, &in) != nil || !s.accepts(trimBot(in.Token)) {
		c.close(4004)
		return false
	}
	s.mu.Lock()
	known := s.gateway.sessions[in.Session]
	if known == nil || known.over || in.Seq > known.seq {
		s.mu.Unlock()
		c.send(packet{Op: 9, Data: false})
		return true
	}
	s.gateway.resumes++
	c.session = known
	var missed []packet
	for _, p := range known.events {
		if *p.Seq > in.Seq {
			missed = append(missed, p)
		}
	}
	missed = append(missed, known.next("RESUMED", map[string]any{}))
	s.mu.Unlock()
	for _, p := range missed {
		c.send(p)
	}
	s.mu.Lock()
	c.ready = true
	s.gateway.current = c
	s.tell()
	s.mu.Unlock()
	return true
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }
