// Package webchat is a chat in the browser, served on this machine: an adapter
// like the others. It decides how a page and the bot talk: what a visitor
// typed becomes a request, what the bot says becomes an entry of the visitor's
// transcript, which open pages follow live. It knows no command and no store.
package webchat

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

//go:embed page
var page embed.FS

// Account is the only account that there is.
const Account = "web"

// Entry is one line of a visitor's transcript.
type Entry struct {
	ID     string // the bot's or the page's id of it
	Change int64  // rises with each entry and each change of one, over all visitors
	Body   string // JSON, for the page
}

// Transcript keeps what was said to and by each visitor.
type Transcript interface {
	// PutEntry adds an entry, or replaces the one with its id, and returns it
	// with its change number.
	PutEntry(ctx context.Context, visitor, id, body string) (Entry, error)
	// Entry returns one entry; found is false where there is none.
	Entry(ctx context.Context, visitor, id string) (entry Entry, found bool, err error)
	// EntriesAfter returns what was added or changed after a change number, in
	// the order of the changes, at most limit of the latest.
	EntriesAfter(ctx context.Context, visitor string, change int64, limit int) ([]Entry, error)
}

// Options are what a web chat is made of.
type Options struct {
	Desk       bot.Desk
	Transcript Transcript
	// Draw keeps a picture under its key; Pictures returns it. nil where there
	// are none.
	Draw     func(ctx context.Context, p *message.Picture) error
	Pictures func(ctx context.Context, key string) ([]byte, error)
	Commands []bot.Command
	// Suggestions are shown to a new visitor, to be clicked.
	Suggestions []string
	// Hosts are names under which the page may be reached, beside this
	// machine's own; another one may belong to a stranger's page.
	Hosts  []string
	Random io.Reader // crypto/rand where nil
	Now    func() time.Time
	Log    *slog.Logger
}

// Chat serves the page and delivers to it.
type Chat struct {
	o Options

	mu    sync.Mutex
	pages map[string]map[*stream]struct{} // by visitor
	last  map[string]time.Time            // of a visitor's requests, for their rate
}

// stream is one open page.
type stream struct{ news chan struct{} }

// New returns a web chat.
func New(o Options) *Chat {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Chat{o: o, pages: make(map[string]map[*stream]struct{}), last: make(map[string]time.Time)}
}

// Address returns the destination of a visitor.
func Address(visitor string) subscriptions.Address {
	return subscriptions.Address{Platform: subscriptions.WebChat, Account: Account, Chat: visitor}
}

// newID returns a name that cannot be guessed.
func (c *Chat) newID() (string, error) {
	raw := make([]byte, 15)
	if _, err := io.ReadFull(c.o.Random, raw); err != nil {
		return "", fmt.Errorf("draw a random name: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw)), nil
}

var _ outbox.Messenger = (*Chat)(nil)

// Deliver implements outbox.Messenger: it writes into the visitor's transcript,
// which is all that a page shows.
func (c *Chat) Deliver(ctx context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	if d.Message == nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.Refused, Reason: "there is nothing to say"}
	}
	visitor, id := d.Address.Chat, "b"+strings.ToLower(d.Key)
	at := c.o.Now().UTC()
	if d.Kind == outbox.Edit {
		target := d.Target
		if target == "" && len(d.Parts) > 0 {
			target = d.Parts[0].ID
		}
		before, found, err := c.o.Transcript.Entry(ctx, visitor, target)
		if err != nil {
			return outbox.Receipt{}, &outbox.Failure{Class: outbox.NotSent, Reason: "the transcript cannot be read", Err: err}
		}
		if !found {
			return outbox.Receipt{}, &outbox.Failure{Class: outbox.LostTarget, Reason: "the message is not in the transcript any more"}
		}
		id, at = target, entryTime(before, at)
	}
	if d.Picture != nil && d.Message.Picture != nil {
		// Drawn now, so that the page finds it under its key.
		if _, _, err := d.Picture(); err != nil {
			c.o.Log.Warn("draw a picture", "error", err)
		}
	}
	body, err := botBody(d, at)
	if err != nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.BadMessage, Reason: "the message cannot be shown", Err: err}
	}
	if _, err := c.o.Transcript.PutEntry(ctx, visitor, id, body); err != nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.NotSent, Reason: "the transcript cannot be written", Err: err}
	}
	c.nudge(visitor)
	return outbox.Receipt{ID: id}, nil
}

// nudge tells a visitor's open pages that there is something new.
func (c *Chat) nudge(visitor string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for s := range c.pages[visitor] {
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
}

// join opens a stream for a page; leave closes it.
func (c *Chat) join(visitor string) (s *stream, leave func()) {
	s = &stream{news: make(chan struct{}, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages[visitor] == nil {
		c.pages[visitor] = make(map[*stream]struct{})
	}
	c.pages[visitor][s] = struct{}{}
	return s, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.pages[visitor], s)
		if len(c.pages[visitor]) == 0 {
			delete(c.pages, visitor)
		}
	}
}

// errTooFast is returned where a visitor asks more often than a person can.
var errTooFast = errors.New("too many requests")

// pace lets a visitor ask about twenty times a second.
func (c *Chat) pace(visitor string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.o.Now()
	if now.Sub(c.last[visitor]) < 50*time.Millisecond && len(c.last) > 0 {
		return errTooFast
	}
	if len(c.last) > 10_000 {
		clear(c.last)
	}
	c.last[visitor] = now
	return nil
}
