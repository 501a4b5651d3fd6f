package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"bellwether/bot/outbox"
)

// Rules of connecting. A connection costs one of 1,000 identifications a day;
// beyond them Discord resets the token.
const (
	firstPause  = time.Second
	longPause   = 2 * time.Minute
	steadyAfter = 5 * time.Minute // a connection that lasted so long starts the pauses anew

	burstConnects = 5
	burstSpan     = 10 * time.Minute
	coolDown      = 5 * time.Minute
	dailyConnects = 300
	leastStarts   = 20 // of the identifications that Discord still grants

	goodbye = 3 * time.Second // for the library to close a connection; it takes one
)

// ErrTooManyConnects is returned by Run when 300 connections in a day did not last.
var ErrTooManyConnects = errors.New("discord ended 300 connections within a day")

// ClosedError is returned by Run when Discord ended the connection for a reason
// that connecting again does not mend.
type ClosedError struct {
	Code   int // 4010 to 4014
	Reason string
}

// Error says why.
func (e *ClosedError) Error() string {
	return fmt.Sprintf("discord closed the connection for good (%d): %s", e.Code, e.Reason)
}

// startLimit ends an attempt to connect since Discord grants hardly any further
// identification today: the next ones would reset the token.
type startLimit struct {
	remaining int
	reset     time.Duration // until there are new ones
}

// Error says when there are new ones.
func (e *startLimit) Error() string {
	return fmt.Sprintf("discord grants only %d more connections; new ones in %v", e.remaining, e.reset.Round(time.Minute))
}

// fatalClose returns the error for a close code after which connecting again is
// of no use (Discord: gateway close event codes, reconnect false).
func fatalClose(code int) error {
	switch code {
	case 4004:
		return ErrCredential
	case 4010:
		return &ClosedError{code, "the shard is not valid"}
	case 4011:
		return &ClosedError{code, "the bot is in so many servers that it needs shards"}
	case 4012:
		return &ClosedError{code, "the version of the gateway is not valid"}
	case 4013:
		return &ClosedError{code, "an intent is not valid"}
	case 4014:
		return &ClosedError{code, "an intent is not allowed for the bot"}
	}
	return nil
}

// Run keeps the account connected until ctx ends, which returns nil, or until
// Discord makes clear that it is of no use: ErrCredential, a *ClosedError,
// ErrTooManyConnects. Interactions in hand are finished first.
func (c *Client) Run(ctx context.Context) error {
	events := newEvents(c)
	worker := make(chan struct{})
	go func() {
		defer close(worker)
		events.work(context.WithoutCancel(ctx))
	}()
	err := c.supervise(ctx, events)
	events.stop()
	<-worker
	c.handling.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// supervise connects again and again, ever slower.
func (c *Client) supervise(ctx context.Context, events *events) error {
	burst := window{limit: burstConnects, span: burstSpan}
	day := window{limit: dailyConnects, span: 24 * time.Hour}
	failures := 0
	for ctx.Err() == nil {
		if day.full(c.now()) {
			return ErrTooManyConnects
		}
		if burst.full(c.now()) {
			c.log.Warn("gateway_cool_down", "connections", burstConnects, "pause", coolDown)
			if err := c.timing.Wait(ctx, coolDown); err != nil {
				return err
			}
		}
		began := c.now()
		identified, err := c.connect(ctx, events)
		if identified {
			burst.add(began)
			day.add(began)
		}
		if isFatal(err) || ctx.Err() != nil {
			return err
		}
		if c.now().Sub(began) >= steadyAfter {
			failures = 0
		}
		pause, level := c.pause(failures), slog.LevelWarn
		if limit, ok := errors.AsType[*startLimit](err); ok {
			// Nobody is answered until then: messages are still sent.
			pause, level = max(limit.reset, longPause), slog.LevelError
		}
		failures++
		c.log.Log(ctx, level, "gateway_connection_ended", "reason", err.Error(), "pause", pause)
		if err := c.timing.Wait(ctx, pause); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// pause returns how long to wait before the next connection: growing, and
// different for everyone that an outage ended.
func (c *Client) pause(failures int) time.Duration {
	full := min(firstPause<<min(failures, 10), longPause)
	return full/2 + time.Duration(c.timing.Random()*float64(full))
}

func isFatal(err error) bool {
	var closed *ClosedError
	return errors.Is(err, ErrCredential) || errors.As(err, &closed)
}

// mayIdentify asks Discord how many identifications it still grants.
func (c *Client) mayIdentify(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var g struct {
		Shards int `json:"shards"`
		Limit  *struct {
			Remaining  int   `json:"remaining"`
			ResetAfter int64 `json:"reset_after"` // milliseconds
		} `json:"session_start_limit"`
	}
	err := c.ask(ctx, request{method: http.MethodGet, path: "gateway/bot"}, nil, &g)
	if f := asFailure(err); f != nil {
		if f.Class == outbox.Credential {
			return ErrCredential
		}
		if f.Code == "404" { // a server without this part of the API
			return nil
		}
		return fmt.Errorf("ask for the gateway: %w", err)
	}
	if g.Limit != nil && g.Limit.Remaining < leastStarts {
		return &startLimit{remaining: g.Limit.Remaining, reset: time.Duration(g.Limit.ResetAfter) * time.Millisecond}
	}
	if g.Shards > 1 {
		c.log.Warn("gateway_shards_advised", "shards", g.Shards)
	}
	return nil
}

// connect makes one connection and returns why it ended, and whether it cost an
// identification. The library's session is used once: it may hang for ever.
func (c *Client) connect(ctx context.Context, events *events) (identified bool, err error) {
	if err := c.mayIdentify(ctx); err != nil {
		return false, err
	}
	session, err := c.newSession()
	if err != nil {
		return false, err
	}
	dialer := new(frameDialer)
	session.Dialer = dialer.websocket()
	session.AddHandler(func(_ *discordgo.Session, e *discordgo.Event) {
		events.take(strings.TrimPrefix(e.Type, rawPrefix), e.RawData)
	})
	defer dialer.abandon()

	opened := make(chan error, 1)
	go func() { opened <- session.Open() }()
	patience := time.NewTimer(c.timing.Open)
	defer patience.Stop()
	select {
	case err = <-opened:
	case <-patience.C:
		return true, errors.New("the gateway did not become ready in time")
	case <-ctx.Done():
		return true, ctx.Err()
	}
	conn := dialer.connection()
	if err != nil {
		return conn != nil && conn.heartbeat() > 0, c.endOf(conn, err)
	}
	c.log.Info("gateway_connected")
	err = c.watch(ctx, session, conn)
	if ctx.Err() != nil {
		c.closeSession(session)
	}
	return true, err
}

// endOf returns why a connection ended: by its close code, where it has one.
func (c *Client) endOf(conn *frameConn, err error) error {
	if c.wire.dead.Load() {
		return ErrCredential
	}
	if conn == nil {
		return fmt.Errorf("connect to the gateway: %w", bareCause(err))
	}
	code, why := conn.why()
	if fatal := fatalClose(code); fatal != nil {
		return fatal
	}
	if code != 0 {
		return fmt.Errorf("discord closed the connection (%d)", code)
	}
	if why == nil {
		why = err
	}
	if why == nil {
		why = errors.New("the connection ended")
	}
	return why
}

// watch returns when a connection ended or when nothing answers on it any more.
func (c *Client) watch(ctx context.Context, session *discordgo.Session, conn *frameConn) error {
	silence := 2*conn.heartbeat() + c.timing.AckSlack
	look := time.NewTicker(c.timing.Check)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-conn.ended:
			return c.endOf(conn, nil)
		case <-look.C:
		}
		// A session that hangs holds its lock; then it is as good as silent.
		if session.TryRLock() {
			ack := session.LastHeartbeatAck
			session.RUnlock()
			if time.Since(ack) > silence {
				return errors.New("the gateway stopped answering")
			}
		} else if hung := c.hangs(session); hung {
			return errors.New("the gateway's session hangs")
		}
	}
}

// hangs tells whether the session's lock stays held.
func (c *Client) hangs(session *discordgo.Session) bool {
	const looks = 40
	for range looks {
		if session.TryRLock() {
			session.RUnlock()
			return false
		}
		if wait(context.Background(), c.timing.AckSlack/looks) != nil {
			return true
		}
	}
	return true
}

// closeSession lets the library say goodbye, but not for ever.
func (c *Client) closeSession(session *discordgo.Session) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = session.Close() // the connection is given up either way
	}()
	patience := time.NewTimer(goodbye)
	defer patience.Stop()
	select {
	case <-done:
	case <-patience.C:
	}
}
