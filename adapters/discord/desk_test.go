package discord_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"bellwether/adapters/discord"
	"bellwether/adapters/discord/discordtest"
	"bellwether/bot"
	"bellwether/bot/message"
)

// desk is a hand-made desk: it answers by script and keeps what it was given.
type desk struct {
	answer  func(ctx context.Context, r bot.Request) (bot.Answer, error)
	suggest func(ctx context.Context, r bot.Request, option, typed string) ([]bot.Choice, error)
	submit  func(r bot.Request) error

	mu        sync.Mutex
	asked     []bot.Request
	submitted []bot.Request
	signals   []bot.Signal
	changed   chan struct{}
}

func (d *desk) Submit(_ context.Context, requests ...bot.Request) error {
	for _, r := range requests {
		if d.submit != nil {
			if err := d.submit(r); err != nil {
				return err
			}
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.submitted = append(d.submitted, requests...)
	d.tell()
	return nil
}

func (d *desk) Answer(ctx context.Context, r bot.Request) (bot.Answer, error) {
	d.mu.Lock()
	d.asked = append(d.asked, r)
	d.tell()
	d.mu.Unlock()
	if d.answer == nil {
		return bot.Answer{}, bot.ErrSubmit
	}
	return d.answer(ctx, r)
}

func (d *desk) Suggest(ctx context.Context, r bot.Request, option, typed string) ([]bot.Choice, error) {
	if d.suggest == nil {
		return nil, nil
	}
	return d.suggest(ctx, r, option, typed)
}

func (d *desk) Report(_ context.Context, signals ...bot.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signals = append(d.signals, signals...)
	d.tell()
	return nil
}

func (d *desk) tell() {
	if d.changed != nil {
		close(d.changed)
	}
	d.changed = make(chan struct{})
}

// await returns when come holds; it is asked with the desk's lock held.
func (d *desk) await(t *testing.T, what string, come func() bool) {
	t.Helper()
	for {
		d.mu.Lock()
		if d.changed == nil {
			d.changed = make(chan struct{})
		}
		ok, changed := come(), d.changed
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-within(t).Done():
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// memory keeps things in a map.
type memory struct {
	mu   sync.Mutex
	kept map[string]string
}

func (m *memory) Recall(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[name], nil
}

func (m *memory) Keep(_ context.Context, name, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept == nil {
		m.kept = make(map[string]string)
	}
	m.kept[name] = value
	return nil
}

const token = "token.of.the.bot"

// rig is a client at a server of its own.
type rig struct {
	server *discordtest.Server
	client *discord.Client
	desk   *desk
	memory *memory
	url    string
}

// described reads Discord's description once, where there is one.
var described = sync.OnceValues(func() (*discordtest.Spec, error) { //nolint:gochecknoglobals // It takes seconds and is the same for all tests.
	specs := os.Getenv("BELLWETHER_SPECS")
	if specs == "" {
		return nil, nil
	}
	return discordtest.LoadSpec(filepath.Join(specs, "discord-openapi.json"))
})

// build makes a rig; change may be nil.
func build(t *testing.T, so discordtest.Options, change func(*discord.Options)) *rig {
	t.Helper()
	if so.Token == "" {
		so.Token = token
	}
	spec, err := described()
	if err != nil {
		t.Fatal(err)
	}
	so.Spec = spec
	server := discordtest.New(so)
	address, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	r := &rig{server: server, desk: &desk{}, memory: &memory{}, url: address}
	o := discord.Options{Account: "main", Token: token, APIURL: address, Desk: r.desk, Memory: r.memory}
	if change != nil {
		change(&o)
	}
	if r.client, err = discord.New(o); err != nil {
		t.Fatal(err)
	}
	return r
}

// run connects the client until the test ends.
func (r *rig) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.client.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	if err := r.server.AwaitReady(within(t)); err != nil {
		t.Fatalf("client did not connect: %v", err)
	}
}

func (r *rig) interact(t *testing.T, d discordtest.Deed) *discordtest.Exchange {
	t.Helper()
	e, err := r.server.Interact(d)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func sentence(text string) *message.Message {
	return &message.Message{Title: "Title", Blocks: []message.Block{message.P(message.T(text))}}
}

// errDesk is what a desk in trouble returns.
var errDesk = errors.New("the database is away")
