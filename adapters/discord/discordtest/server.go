// Package discordtest is a strict Discord of one's own: the REST API and the
// gateway that a bot uses, with their limits, refusals and deadlines. Decided
// here is what the real one would take and say; it knows nothing of the bot.
package discordtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Ids that the server begins with.
const (
	Application = "100000000000000001" // also the bot's user
	Guild       = "200000000000000001"
	General     = "300000000000000001" // a text channel of Guild
)

// epoch is when Discord's ids begin, in milliseconds of Unix time.
const epoch = 1420070400000

// Options say how strict the server is.
type Options struct {
	// Token is the one that is accepted, without "Bot "; "" for any.
	Token string
	// Spec is what requests are checked against; nil for no check.
	Spec *Spec
	// PerChannel messages in PerChannelSpan are taken by a channel, PerSecond
	// requests in a second by the server; 0 for no limit.
	PerChannel     int
	PerChannelSpan time.Duration
	PerSecond      int
	// Heartbeat is the interval that the gateway asks for; 0 for 41.25 s.
	Heartbeat time.Duration
	// Refused intents close the gateway with 4014.
	Refused int
	// Starts is how many identifications are granted; 0 for 1,000.
	Starts int
	// Lean keeps no requests and no words, for measuring.
	Lean bool
	Now  func() time.Time // nil for time.Now
}

// Channel is a channel or thread.
type Channel struct {
	ID, Guild, Parent, Name string
	Kind                    int // Discord's channel type
	// Permissions are the bot's there; 0 for all.
	Permissions uint64
	Tags        []Tag
	DemandsTag  bool
	Locked      bool
}

// Tag is one of a forum's tags.
type Tag struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Message is a message that was sent.
type Message struct {
	ID, Channel string
	Body        json.RawMessage // as it was asked for, or last changed
	Files       map[string][]byte
	Nonce       string
	Edits       int
	Crossposted bool
	Deleted     bool
	Ephemeral   bool
}

// Request is a request that came in.
type Request struct {
	Method, Path string // the path below "/api/v9"
	Header       http.Header
	Body         json.RawMessage
	Status       int
}

// Server is the fake. It is an http.Handler and safe for concurrent use.
type Server struct {
	options Options
	now     func() time.Time
	spec    *Spec
	mux     *http.ServeMux

	mu           sync.Mutex
	changed      chan struct{} // closed and replaced when something happened
	lastID       uint64
	guilds       map[string]bool // true for unavailable
	channels     map[string]*Channel
	directs      map[string]string // user to channel
	messages     map[string]*Message
	order        []*Message
	nonces       map[string]nonce
	members      map[string]member // guild + " " + user
	closed       map[string]bool   // users that take no direct messages
	commands     map[string]json.RawMessage
	commandPuts  int
	requests     []Request
	faults       []*Fault
	interactions map[string]*Exchange // by token
	limits       limits
	gateway      gateway
	made         int

	listener net.Listener
	http     *http.Server
}

type nonce struct {
	message string
	at      time.Time
}

type member struct {
	roles       []string
	permissions uint64
}

// New returns a server with one guild that has one text channel.
func New(o Options) *Server {
	s := &Server{
		options: o, now: o.Now, spec: o.Spec, changed: make(chan struct{}),
		guilds: map[string]bool{Guild: false}, channels: make(map[string]*Channel), directs: make(map[string]string),
		messages: make(map[string]*Message), nonces: make(map[string]nonce), members: make(map[string]member),
		closed: make(map[string]bool), commands: make(map[string]json.RawMessage),
		interactions: make(map[string]*Exchange), limits: newLimits(),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.options.Heartbeat == 0 {
		s.options.Heartbeat = 41250 * time.Millisecond
	}
	if s.options.Starts == 0 {
		s.options.Starts = 1000
	}
	if s.options.PerChannelSpan == 0 {
		s.options.PerChannelSpan = 5 * time.Second
	}
	s.gateway.sessions = make(map[string]*session)
	s.AddChannel(Channel{ID: General, Guild: Guild, Name: "general"})
	s.mux = s.routes()
	return s
}

// Start listens on a loopback address and returns it as a URL.
func (s *Server) Start() (string, error) { return s.StartAt("127.0.0.1:0") }

// StartAt listens on an address and returns it as a URL.
func (s *Server) StartAt(address string) (string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return "", fmt.Errorf("listen: %w", err)
	}
	s.listener = listener
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }() // it ends with Close
	return "http://" + listener.Addr().String(), nil
}

// Close ends the server and its connections.
func (s *Server) Close() {
	s.Drop()
	if s.http != nil {
		_ = s.http.Close() // nothing more is asked of it
	}
}

// AddGuild adds a server of which the bot is a member, and tells the gateway.
func (s *Server) AddGuild(id string) {
	s.mu.Lock()
	s.guilds[id] = false
	s.mu.Unlock()
	s.Dispatch("GUILD_CREATE", s.guildJSON(id))
}

// RemoveGuild removes the bot from a server; with an outage it only becomes
// unavailable.
func (s *Server) RemoveGuild(id string, outage bool) {
	s.mu.Lock()
	if outage {
		s.guilds[id] = true
	} else {
		delete(s.guilds, id)
	}
	s.mu.Unlock()
	gone := map[string]any{"id": id}
	if outage {
		gone["unavailable"] = true
	}
	s.Dispatch("GUILD_DELETE", gone)
}

// AddChannel adds a channel or replaces it, without telling the gateway.
func (s *Server) AddChannel(c Channel) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.channels[c.ID] = &c
}

// DeleteChannel deletes a channel, without telling the gateway.
func (s *Server) DeleteChannel(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.channels, id)
}

// DeleteMessage deletes a message, without telling the gateway.
func (s *Server) DeleteMessage(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if m, ok := s.messages[id]; ok {
		m.Deleted = true
	}
}

// SetMember gives a person permissions in a server, by a role.
func (s *Server) SetMember(guild, user string, permissions uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.members[guild+" "+user] = member{roles: []string{"9" + user[1:]}, permissions: permissions}
}

// CloseDirect lets a person take no direct messages.
func (s *Server) CloseDirect(user string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed[user] = true
}

// Messages returns what was sent to a channel or thread and is there, in order.
func (s *Server) Messages(channel string) []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []Message
	for _, m := range s.order {
		if m.Channel == channel && !m.Deleted {
			list = append(list, *m)
		}
	}
	return list
}

// Made returns how many messages were made.
func (s *Server) Made() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made
}

// Direct returns the channel of a person's direct messages; "" for none.
func (s *Server) Direct(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.directs[user]
}

// Requests returns what was asked, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Commands returns the registered commands of a guild, or the global ones for
// "", and how often they were written.
func (s *Server) Commands(guild string) (json.RawMessage, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.commands[guild], s.commandPuts
}

// await returns when what is asked for has come true, or ctx ended. It is asked
// again whenever something happened; it must not call the server.
func (s *Server) await(ctx context.Context, come func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := come(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// AwaitMade returns when so many messages were made, or ctx ended.
func (s *Server) AwaitMade(ctx context.Context, n int) error {
	return s.await(ctx, func() bool { return s.made >= n })
}

// AwaitRequest returns when so many requests with a method and the end of a
// path were answered, or ctx ended.
func (s *Server) AwaitRequest(ctx context.Context, method, pathEnd string, n int) error {
	return s.await(ctx, func() bool {
		count := 0
		for _, r := range s.requests {
			if r.Method == method && hasEnd(r.Path, pathEnd) {
				count++
			}
		}
		return count >= n
	})
}

func hasEnd(path, end string) bool { return len(path) >= len(end) && path[len(path)-len(end):] == end }

// tell wakes those that wait. mu is held.
func (s *Server) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// newID returns an id that holds the time. mu is held.
func (s *Server) newID() string {
	id := uint64(s.now().UnixMilli()-epoch) << 22
	s.lastID = max(s.lastID+1, id)
	return strconv.FormatUint(s.lastID, 10)
}

func newToken() string {
	var b [24]byte
	_, _ = rand.Read(b[:]) // it never fails
	return hex.EncodeToString(b[:])
}

// Grant grants so many further identifications.
func (s *Server) Grant(starts int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Starts += starts
}
