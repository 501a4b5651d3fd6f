// Package telegram connects one Telegram bot account: it hands what people do
// to the desk and makes the outbox's messages. Decided here are Telegram's own
// matters: the long poll and its offset, what an update means, the markup, the
// keyboards, the menus, and what each refusal means. It knows neither what the
// commands do nor how their answers are worded, and it waits for no rate.
package telegram

import (
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot"
	"bellwether/subscriptions"
)

// DefaultAPIURL is where Telegram itself serves bots.
const DefaultAPIURL = "https://api.telegram.org"

// Options say which account is connected and to what.
type Options struct {
	// Account is the account's name in the configuration.
	Account string
	// Token is the account's secret. It reaches no error and no log.
	Token string
	// APIURL is the server's address, with or without "/bot" or a slash at its
	// end; "" for DefaultAPIURL.
	APIURL string
	Desk   bot.Desk
	Memory bot.Memory
	// Commands are shown in the menus.
	Commands []bot.Command
	// InFlight is how many requests run at once without a new connection; 0 for 32.
	InFlight int
	Now      func() time.Time // nil for time.Now
	Log      *slog.Logger     // nil for silence
	// Transport makes the requests; nil for one with a pool of InFlight connections.
	Transport http.RoundTripper
}

// Client is one bot account. It is an outbox.Messenger and bot.Rights, safe for
// concurrent use; sends need no running Run.
type Client struct {
	account  string
	token    string
	endpoint string
	desk     bot.Desk
	memory   bot.Memory
	commands []bot.Command
	known    map[string]bool // names of commands
	now      func() time.Time
	log      *slog.Logger
	carrier  carrier

	self    atomic.Pointer[user] // what getMe said
	pending pending
	press   press
	photos  pictured
	behind  sync.WaitGroup // requests that run beside the poll: answers to callback queries, menus
}

// New returns the client of an account. It makes no request.
func New(o Options) (*Client, error) {
	if o.Desk == nil || o.Memory == nil {
		return nil, errors.New("telegram: desk and memory are needed")
	}
	if err := checkToken(o.Token); err != nil {
		return nil, fmt.Errorf("telegram account %q: %w", o.Account, err)
	}
	server, endpoint, err := endpointFormat(o.APIURL)
	if err != nil {
		return nil, fmt.Errorf("telegram account %q: %w", o.Account, err)
	}
	if err := silence(); err != nil {
		return nil, fmt.Errorf("silence library: %w", err)
	}
	c := &Client{
		account: o.Account, token: o.Token, endpoint: endpoint,
		desk: o.Desk, memory: o.Memory, commands: o.Commands,
		known: make(map[string]bool, len(o.Commands)),
		now:   o.Now, log: o.Log, carrier: transport{o.Transport},
	}
	if o.Transport == nil {
		c.carrier = newCarrier(server, o.InFlight)
	}
	for _, command := range o.Commands {
		c.known[command.Name] = true
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.log = c.log.With("platform", "telegram", "account", o.Account)
	c.pending.timers = make(map[subscriptions.Address]*time.Timer)
	return c, nil
}

// String names the account. A client is never printed with its token.
func (c *Client) String() string { return fmt.Sprintf("telegram account %q", c.account) }

// GoString is String.
func (c *Client) GoString() string { return c.String() }

// silence stops the library's log, which would show the token. The library
// keeps its logger in a package variable without a lock, so it is set once.
var silence = sync.OnceValue(func() error { //nolint:gochecknoglobals // It guards the library's own.
	return tgbotapi.SetLogger(stdlog.New(io.Discard, "", 0))
})

// checkToken refuses a token that would not arrive as it is in a URL. It never
// shows it.
func checkToken(token string) error {
	if token == "" {
		return errors.New("the token is missing")
	}
	for _, r := range token {
		if r <= ' ' || r > '~' || strings.ContainsRune(`/\?#%"<>`, r) {
			return errors.New("the token has characters that no token has")
		}
	}
	return nil
}

// endpointFormat returns the server of an address and the library's pattern for
// the address of a method.
func endpointFormat(address string) (*url.URL, string, error) {
	if address == "" {
		address = DefaultAPIURL
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "", errors.New("the API address is not an http or https URL")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, "", errors.New("the API address has more than scheme, host and path")
	}
	path := strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/bot")
	base := u.Scheme + "://" + u.Host + strings.TrimRight(path, "/")
	return u, strings.ReplaceAll(base, "%", "%%") + "/bot%s/%s", nil
}

// address returns the address of a place of this account.
func (c *Client) address(chat, thread string) subscriptions.Address {
	return subscriptions.Address{
		Platform: subscriptions.Telegram, Account: c.account, Chat: chat, Thread: thread,
	}
}
