package telegram_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

const (
	testToken = "4242424242:AAsecretSecretSecretSecretSecret"
	patience  = 20 * time.Second
)

// fakeDesk keeps what it is handed, each request once.
type fakeDesk struct {
	mu       sync.Mutex
	requests []bot.Request
	signals  []bot.Signal
	known    map[string]bool
	calls    int
	changed  chan struct{}
	// refuse fails Submit for what it is given; answer answers buttons.
	refuse func(call int, requests []bot.Request) error
	answer func(bot.Request) (bot.Answer, error)
}

func newDesk() *fakeDesk {
	return &fakeDesk{known: make(map[string]bool), changed: make(chan struct{})}
}

func (d *fakeDesk) Submit(_ context.Context, requests ...bot.Request) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls++
	if d.refuse != nil {
		if err := d.refuse(d.calls, requests); err != nil {
			return err
		}
	}
	for _, r := range requests {
		if !d.known[r.ID] {
			d.known[r.ID] = true
			d.requests = append(d.requests, r)
		}
	}
	d.wake()
	return nil
}

func (d *fakeDesk) Report(_ context.Context, signals ...bot.Signal) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.signals = append(d.signals, signals...)
	d.wake()
	return nil
}

func (d *fakeDesk) Answer(_ context.Context, r bot.Request) (bot.Answer, error) {
	if d.answer == nil {
		return bot.Answer{}, bot.ErrSubmit
	}
	return d.answer(r)
}

func (d *fakeDesk) Suggest(context.Context, bot.Request, string, string) ([]bot.Choice, error) {
	return nil, nil
}

func (d *fakeDesk) wake() {
	close(d.changed)
	d.changed = make(chan struct{})
}

// await returns the requests when there are n, or what there is in the end.
func (d *fakeDesk) await(ctx context.Context, n int) []bot.Request {
	for {
		d.mu.Lock()
		changed, have := d.changed, append([]bot.Request(nil), d.requests...)
		d.mu.Unlock()
		if len(have) >= n {
			return have
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return have
		}
	}
}

func (d *fakeDesk) awaitSignals(ctx context.Context, n int) []bot.Signal {
	for {
		d.mu.Lock()
		changed, have := d.changed, append([]bot.Signal(nil), d.signals...)
		d.mu.Unlock()
		if len(have) >= n {
			return have
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return have
		}
	}
}

// fakeMemory remembers in a map.
type fakeMemory struct {
	mu     sync.Mutex
	kept   map[string]string
	locked bool
}

func (m *fakeMemory) lock(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.locked = on
}

func (m *fakeMemory) Recall(_ context.Context, name string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.kept[name], nil
}

func (m *fakeMemory) Keep(_ context.Context, name, value string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.locked {
		return errors.New("database is locked")
	}
	m.kept[name] = value
	return nil
}

func (m *fakeMemory) get(name string) string {
	value, _ := m.Recall(context.Background(), name)
	return value
}

// journal is a log that can be read while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// rig is a client at a stand-in for Telegram.
type rig struct {
	server *telegramtest.Server
	client *telegram.Client
	desk   *fakeDesk
	memory *fakeMemory
	log    *journal
	stop   func() error
	wire   *telegramtest.Wire
}

// newRig returns a client and a server on loopback.
func newRig(t testing.TB, o telegramtest.Options) *rig {
	t.Helper()
	r := bareRig(t, o)
	server := httptest.NewServer(r.server)
	t.Cleanup(server.Close)
	r.connect(t, server.URL, nil)
	return r
}

// newWiredRig returns a client and a server that are connected in memory, for
// time that is not the world's.
func newWiredRig(t *testing.T, o telegramtest.Options) *rig {
	t.Helper()
	r := bareRig(t, o)
	wire := telegramtest.NewWire()
	server := &http.Server{Handler: r.server, ReadHeaderTimeout: time.Hour}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(wire)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	r.wire = wire
	r.connect(t, "http://telegram.invalid", wire)
	return r
}

func bareRig(t testing.TB, o telegramtest.Options) *rig {
	t.Helper()
	server, err := telegramtest.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{
		server: server, desk: newDesk(), log: &journal{},
		memory: &fakeMemory{kept: make(map[string]string)},
	}
}

func (r *rig) connect(t testing.TB, address string, wire *telegramtest.Wire) {
	t.Helper()
	made, err := telegram.New(telegram.Options{
		Account: "main", Token: testToken, APIURL: address, Desk: r.desk, Memory: r.memory,
		Commands: []bot.Command{
			{Name: "quote", Brief: "Show a price"},
			{Name: "alert", Brief: "Tell me when a price is reached", Moderator: true},
			{Name: "start", Brief: "Begin"},
		},
		Log: slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.client = made
	if wire != nil {
		t.Cleanup(made.DialBy(wire.Dial))
	}
}

// run starts Run; stop ends it and returns its error.
func (r *rig) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.client.Run(ctx) }()
	r.stop = func() error {
		cancel()
		return <-ended
	}
	t.Cleanup(cancel)
}

func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func addressOf(chat int64, thread string) subscriptions.Address {
	return subscriptions.Address{
		Platform: subscriptions.Telegram, Account: "main", Chat: fmt.Sprint(chat), Thread: thread,
	}
}

// failure returns the outbox's failure in an error.
func failure(t *testing.T, err error) *outbox.Failure {
	t.Helper()
	var f *outbox.Failure
	if !errors.As(err, &f) {
		t.Fatalf("got error %v, want a failure", err)
	}
	return f
}

// holdsSecret tells whether the token, or its secret half, is in a text.
func holdsSecret(text string) bool {
	_, secret, _ := strings.Cut(testToken, ":")
	return strings.Contains(text, secret)
}
