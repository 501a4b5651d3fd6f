// Package discord connects one Discord bot account: it hands what people do to
// the desk and makes the outbox's messages. Decided here are Discord's own
// matters: the gateway and when to connect again, what an interaction means and
// in which time it is acknowledged, the markup and its limits, the registered
// commands, and what each refusal means. It knows neither what the commands do
// nor how their answers are worded, and it waits for no rate in a send.
//
// A person's direct messages have the address Chat "dm:<user id>"; the channel
// behind it is opened when it is first written to. A thread, a forum's post
// included, has its channel as Chat and its own id as Thread. A signal that
// concerns all places of a server has its Community and no Chat.
package discord

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// DefaultAPIURL is where Discord itself serves bots.
const DefaultAPIURL = "https://discord.com"

// userAgent is what requests are signed with (Discord: "DiscordBot (url,
// version)"; others are refused).
const userAgent = "DiscordBot (https://bellwether.invalid, 1.0)"

// Options say which account is connected and to what.
type Options struct {
	// Account is the account's name in the configuration.
	Account string
	// Token is the account's secret, without "Bot ". It reaches no error and no log.
	Token string
	// APIURL is the server's address, with or without "/api" or "/api/v10" at
	// its end; "" for DefaultAPIURL.
	APIURL string
	// Guild is the one community that gets the commands, for trying; "" for all.
	Guild  string
	Desk   bot.Desk
	Memory bot.Memory
	// Commands are registered as slash commands.
	Commands []bot.Command
	Now      func() time.Time // nil for time.Now
	Log      *slog.Logger     // nil for silence
	// Transport makes the requests; nil for one with a pool of connections.
	Transport http.RoundTripper
	Timing    Timing
}

// Timing says how patient the client is. Zero values stand for the defaults.
type Timing struct {
	Open     time.Duration // for a connection to become ready; 60 s
	AckSlack time.Duration // beyond two heartbeats without an acknowledgement; 30 s
	Check    time.Duration // between two looks at the heartbeat; 5 s
	Defer    time.Duration // before a slow answer is announced; 1.5 s (Discord: 3 s, its ways included)
	Suggest  time.Duration // for the choices of an option; 1 s (Discord: 3 s)
	// Wait returns when the time is over or ctx ended; nil for a timer.
	Wait func(ctx context.Context, d time.Duration) error
	// Random returns a number in [0, 1) for jitter; nil for a random one.
	Random func() float64
}

func (t *Timing) fill() {
	for _, d := range []struct {
		value *time.Duration
		usual time.Duration
	}{
		{&t.Open, 60 * time.Second}, {&t.AckSlack, 30 * time.Second}, {&t.Check, 5 * time.Second},
		{&t.Defer, 1500 * time.Millisecond}, {&t.Suggest, time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.usual
		}
	}
	if t.Wait == nil {
		t.Wait = wait
	}
	if t.Random == nil {
		t.Random = rand.Float64
	}
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// Client is one bot account. It is an outbox.Messenger and bot.Rights, safe for
// concurrent use; sends need no running Run.
type Client struct {
	account  string
	token    string
	guild    string
	desk     bot.Desk
	memory   bot.Memory
	commands []bot.Command
	known    map[string]bot.Command
	now      func() time.Time
	log      *slog.Logger
	timing   Timing

	wire *transport
	rest *discordgo.Session // makes requests; never opened

	roles    roleCache
	places   channelMap
	direct   directChannels
	acks     pendingAcks
	drawings *drawings

	pictureless pictureless
	seen        recent
	slots       chan struct{}  // bounds the interactions that are handled at once
	handling    sync.WaitGroup // interactions on their way, and the registering of commands
	enrol       sync.Mutex     // one registering at a time
}

// maxHandling bounds how many interactions are handled at once. Those that wait
// for more are not acknowledged meanwhile, so it is more than any crowd.
const maxHandling = 1024

// New returns the client of an account. It makes no request.
func New(o Options) (*Client, error) {
	if o.Desk == nil || o.Memory == nil {
		return nil, errors.New("discord: desk and memory are needed")
	}
	if err := checkToken(o.Token); err != nil {
		return nil, fmt.Errorf("discord account %q: %w", o.Account, err)
	}
	if o.Guild != "" && !isID(o.Guild) {
		return nil, fmt.Errorf("discord account %q: the guild is not an id", o.Account)
	}
	c := &Client{
		account: o.Account, token: "Bot " + o.Token, guild: o.Guild,
		desk: o.Desk, memory: o.Memory, commands: o.Commands,
		known: make(map[string]bot.Command, len(o.Commands)),
		now:   o.Now, log: o.Log, timing: o.Timing,
		slots: make(chan struct{}, maxHandling), drawings: newDrawings(),
	}
	for _, command := range o.Commands {
		c.known[command.Name] = command
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.log = c.log.With("platform", "discord", "account", o.Account)
	c.timing.fill()
	var err error
	if c.wire, err = newTransport(o.APIURL, o.Transport, c.now, c.timing.Wait); err != nil {
		return nil, fmt.Errorf("discord account %q: %w", o.Account, err)
	}
	if c.rest, err = c.newSession(); err != nil {
		return nil, fmt.Errorf("discord account %q: %w", o.Account, err)
	}
	c.roles.entries = make(map[roleKey]roleEntry)
	c.places.channels = make(map[string]channel)
	c.direct.open = make(map[string]string)
	c.acks.open = make(map[string]chan struct{})
	return c, nil
}

// newSession returns the library's session with everything off that it would
// do on its own: its reconnects, its retries, its sleeps, its cache, its log.
func (c *Client) newSession() (*discordgo.Session, error) {
	s, err := discordgo.New(c.token)
	if err != nil {
		return nil, errors.New("the library refused the token")
	}
	s.Identify.Intents = discordgo.IntentsGuilds
	// The frames are looked at on their way in.
	s.Compress, s.Identify.Compress = false, false
	s.StateEnabled = false
	s.ShouldReconnectOnError = false
	s.ShouldReconnectVoiceOnSessionError = false
	s.ShouldRetryOnRateLimit = false
	s.MaxRestRetries = 0
	s.SyncEvents = true
	s.LogLevel = -1 // below errors, which tell URLs
	s.UserAgent = userAgent
	s.Client = &http.Client{
		Transport: c.wire,
		Timeout:   20 * time.Second,
		// A redirect would carry the token elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

// checkToken refuses a token that would not arrive as it is in a header. It
// never shows it.
func checkToken(token string) error {
	if token == "" {
		return errors.New("the token is missing")
	}
	for _, r := range token {
		if r <= ' ' || r > '~' {
			return errors.New("the token has characters that no token has")
		}
	}
	return nil
}

// address returns the address of a place of this account.
func (c *Client) address(chat, thread string) subscriptions.Address {
	return subscriptions.Address{Platform: subscriptions.Discord, Account: c.account, Chat: chat, Thread: thread}
}

// The client is what the outbox and the bot ask for.
var (
	_ outbox.Messenger = (*Client)(nil)
	_ bot.Rights       = (*Client)(nil)
)
