package storage_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/storage"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

var (
	telegramMain = outbox.Account{Platform: subscriptions.Telegram, Name: "main"} //nolint:gochecknoglobals // Read only; Go has no constants of this kind.
	discordMain  = outbox.Account{Platform: subscriptions.Discord, Name: "main"}  //nolint:gochecknoglobals // Read only; Go has no constants of this kind.
)

// call is one request that the fake platform got.
type call struct {
	at time.Time
	outbox.Delivery
}

// fakePlatform answers requests as a script says.
type fakePlatform struct {
	mu      sync.Mutex
	calls   []call
	latency time.Duration
	script  func(n int, d outbox.Delivery) (outbox.Receipt, error)
	ids     int
	busy    int
	peak    int
}

func (p *fakePlatform) Deliver(ctx context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	p.mu.Lock()
	p.calls = append(p.calls, call{time.Now(), d})
	n := len(p.calls)
	p.busy++
	p.peak = max(p.peak, p.busy)
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.busy--
		p.mu.Unlock()
	}()
	if p.latency > 0 {
		time.Sleep(p.latency)
	}
	if p.script != nil {
		if r, err := p.script(n, d); err != nil || r != (outbox.Receipt{}) {
			return r, err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ids++
	return outbox.Receipt{ID: fmt.Sprint(1000 + p.ids)}, nil
}

func (p *fakePlatform) got() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

// fakeWords writes messages.
type fakeWords struct {
	mu       sync.Mutex
	composed int
	fail     func(s outbox.Send) error
	picture  func(s outbox.Send) *message.Picture
	shared   *message.Message
}

func (w *fakeWords) Compose(_ context.Context, sends []*outbox.Send) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range sends {
		if w.fail != nil {
			if err := w.fail(*s); err != nil {
				return err
			}
		}
		w.composed++
		if s.Message = w.shared; w.shared == nil {
			s.Message = &message.Message{Title: fmt.Sprintf("event %d", s.Event)}
		}
		if w.picture != nil {
			s.Message.Picture = w.picture(*s)
		}
	}
	return nil
}

func (w *fakeWords) Repeat(_ context.Context, s outbox.Send) (*message.Message, error) {
	m := *s.Message
	m.Footer = append(slices.Clip(m.Footer), message.Inline{Text: "possibly repeated"})
	return &m, nil
}

func (w *fakeWords) Collapse(_ context.Context, b outbox.Backlog) (*message.Message, error) {
	return &message.Message{Title: fmt.Sprintf("%d more, newest %d", b.Total, b.Newest[0].Event)}, nil
}

// rig is a store, a fake platform and an outbox between them.
type rig struct {
	t     testing.TB
	store *storage.Store
	words *fakeWords
	chat  *fakePlatform
	opts  outbox.Options
	box   *outbox.Outbox
	stop  func() error
	next  int64
}

func openTest(t testing.TB) *storage.Store {
	t.Helper()
	s, err := storage.Open(t.Context(), storage.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// newRig is to be called inside a bubble, with a store that was opened outside
// of it: GORM keeps a goroutine for its prepared statements that never ends.
func newRig(t testing.TB, store *storage.Store) *rig {
	t.Helper()
	r := &rig{t: t, store: store, words: &fakeWords{}, chat: &fakePlatform{}}
	kept := r.store.Outbox()
	r.opts = outbox.Options{
		Store: kept, Pictures: kept, Composer: r.words, Collapser: r.words,
		Messengers: map[outbox.Account]outbox.Messenger{telegramMain: r.chat},
		Jitter:     func() float64 { return 0.5 },
	}
	if os.Getenv("OUTBOX_TEST_LOG") != "" {
		r.opts.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	return r
}

func (r *rig) start() {
	r.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r.box = outbox.NewOutbox(r.opts)
	done := make(chan error, 1)
	box := r.box
	go func() { done <- box.Run(ctx) }()
	var once sync.Once
	var err error
	r.stop = func() error {
		once.Do(func() {
			cancel()
			err = <-done
		})
		return err
	}
	r.t.Cleanup(func() { _ = r.stop() })
}

func (r *rig) place(a outbox.Account, chat string, kind subscriptions.DestinationKind) subscriptions.Destination {
	r.t.Helper()
	d, err := r.store.Place(context.Background(), subscriptions.Destination{
		Address: subscriptions.Address{Platform: a.Platform, Account: a.Name, Chat: chat}, Kind: kind,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func (r *rig) private(chat string) subscriptions.Destination {
	return r.place(telegramMain, chat, subscriptions.Private)
}

// news returns a send that tells a new event.
func (r *rig) news(d subscriptions.Destination) outbox.Send {
	r.next++
	return outbox.Send{
		Destination: d.ID, Address: d.Address, Place: d.Kind, Kind: outbox.New, Priority: outbox.PriorityNews,
		Event: r.next, Subject: fmt.Sprintf("story/%d", r.next), Happened: time.Now(), Created: time.Now(), Due: time.Now(),
	}
}

func (r *rig) alert(d subscriptions.Destination) outbox.Send {
	s := r.news(d)
	s.Priority = outbox.PriorityAlert
	return s
}

func (r *rig) answer(d subscriptions.Destination, who subscriptions.PersonID) outbox.Send {
	s := r.news(d)
	s.Priority, s.Event, s.Subject, s.Person = outbox.PriorityAnswer, 0, "", who
	s.Message = &message.Message{Title: fmt.Sprintf("answer %d to %d", r.next, who)}
	return s
}

func (r *rig) add(sends ...outbox.Send) {
	r.t.Helper()
	if _, err := r.store.InsertSends(context.Background(), sends...); err != nil {
		r.t.Fatal(err)
	}
	if r.box != nil {
		r.box.Wake()
	}
}

// one returns the only send of a destination, or the newest.
func (r *rig) one(d subscriptions.Destination) outbox.Send {
	r.t.Helper()
	sends, err := r.store.SendsOf(context.Background(), d.ID, 10)
	if err != nil || len(sends) == 0 {
		r.t.Fatalf("sends of %s: %v, %v", d.Address.Chat, sends, err)
	}
	return sends[0]
}

// count returns how many sends are in a state.
func (r *rig) count(state outbox.State) int {
	r.t.Helper()
	var n int
	if err := r.store.Query(&n, "SELECT count(*) FROM sends WHERE state = ?", string(state)); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// wait lets time pass.
func (r *rig) wait(d time.Duration) {
	r.t.Helper()
	time.Sleep(d)
	synctest.Wait()
}

// until lets time pass until nothing waits any more.
func (r *rig) until(limit time.Duration) time.Duration {
	r.t.Helper()
	from := time.Now()
	for time.Since(from) < limit {
		if r.count(outbox.Waiting)+r.count(outbox.Sending) == 0 {
			return time.Since(from)
		}
		r.wait(time.Second)
	}
	r.t.Fatalf("after %s %d wait and %d are being sent", limit, r.count(outbox.Waiting), r.count(outbox.Sending))
	return 0
}

func (r *rig) counters() outbox.AccountCounters {
	r.t.Helper()
	c, err := r.box.Counters(context.Background())
	if err != nil {
		r.t.Fatal(err)
	}
	return c.Accounts[0]
}

func titles(calls []call) string {
	var out []string
	for _, c := range calls {
		out = append(out, c.Message.Title)
	}
	return strings.Join(out, ", ")
}

func bubble(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Helper()
	store := openTest(t)
	synctest.Test(t, func(t *testing.T) { f(t, newRig(t, store)) })
}

func fail(class outbox.Class) *outbox.Failure {
	return &outbox.Failure{Class: class, Reason: "the platform said " + string(class), Code: "7"}
}

// trouble is an answer of a platform that most likely did nothing.
func trouble() *outbox.Failure {
	f := fail(outbox.Ambiguous)
	f.Unlikely = true
	return f
}

var errLost = errors.New("connection lost")
