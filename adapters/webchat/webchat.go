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
	"fmt"
	"io"
	"log/slog"
	"strconv"
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
	// life differs from one start of the program to the next, so that a page
	// that was open all along notices and reads its transcript again.
	life string

	mu    sync.Mutex
	pages map[string][]*stream // by visitor, in the order of their arrival
	paces map[string]*pace     // by visitor
}

var _ outbox.Messenger = (*Chat)(nil)

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
	return &Chat{
		o: o, life: strconv.FormatInt(o.Now().UnixNano(), 36),
		pages: make(map[string][]*stream), paces: make(map[string]*pace),
	}
}

// Address returns the destination of a visitor.
func Address(visitor string) subscriptions.Address {
	return subscriptions.Address{Platform: subscriptions.WebChat, Account: Account, Chat: visitor}
}

// newVisitor returns a name that cannot be guessed.
func (c *Chat) newVisitor() (string, error) {
	raw := make([]byte, 15)
	if _, err := io.ReadFull(c.o.Random, raw); err != nil {
		return "", fmt.Errorf("draw a random name: %w", err)
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw)), nil
}

// isVisitor tells whether s has the form of a name that newVisitor returns.
func isVisitor(s string) bool {
	return len(s) == 24 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}
