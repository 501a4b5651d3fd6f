package webchat_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"bellwether/adapters/webchat"
	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// clock is a time that a test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// memory is a transcript that is kept in memory.
type memory struct {
	mu      sync.Mutex
	change  int64
	entries map[string][]webchat.Entry // by visitor, in the order of change
	err     error
}

func newMemory() *memory { return &memory{entries: make(map[string][]webchat.Entry)} }

func (m *memory) PutEntry(_ context.Context, visitor, id, body string) (webchat.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return webchat.Entry{}, m.err
	}
	m.change++
	e := webchat.Entry{ID: id, Change: m.change, Body: body}
	kept := slices.DeleteFunc(m.entries[visitor], func(e webchat.Entry) bool { return e.ID == id })
	m.entries[visitor] = append(kept, e)
	return e, nil
}

func (m *memory) Entry(_ context.Context, visitor, id string) (webchat.Entry, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i := slices.IndexFunc(m.entries[visitor], func(e webchat.Entry) bool { return e.ID == id })
	if i < 0 || m.err != nil {
		return webchat.Entry{}, false, m.err
	}
	return m.entries[visitor][i], true, nil
}

func (m *memory) EntriesAfter(_ context.Context, visitor string, change int64, limit int) ([]webchat.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []webchat.Entry
	for _, e := range m.entries[visitor] {
		if e.Change > change {
			out = append(out, e)
		}
	}
	return slices.Clone(out[max(0, len(out)-limit):]), m.err
}

func (m *memory) of(visitor string) []webchat.Entry {
	out, _ := m.EntriesAfter(context.Background(), visitor, 0, 1000)
	return out
}

func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.err = err
}

func (m *memory) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries, m.change = make(map[string][]webchat.Entry), 0
}

// desk takes requests. What it is told to answer at once it answers; the rest
// is submitted, and answered by a delivery.
type desk struct {
	mu      sync.Mutex
	taken   []bot.Request // submitted, each once
	asked   []bot.Request // answered at once
	suggest []string      // what was asked for: command/option/typed
	answer  func(bot.Request) (bot.Answer, error)
	reply   func(bot.Request) (*message.Message, string) // and the entry to edit
	choices []bot.Choice
	chat    *webchat.Chat
	sends   int64
	err     error
}

func (d *desk) Submit(ctx context.Context, requests ...bot.Request) error {
	for _, r := range requests {
		d.mu.Lock()
		known := slices.ContainsFunc(d.taken, func(t bot.Request) bool { return t.ID == r.ID })
		err, reply := d.err, d.reply
		if err == nil && !known {
			d.taken = append(d.taken, r)
		}
		d.mu.Unlock()
		if err != nil {
			return err
		}
		if known || reply == nil {
			continue
		}
		if m, target := reply(r); m != nil {
			if target == "" {
				d.say(ctx, r.Identity.User, m)
			} else {
				d.edit(ctx, r.Identity.User, target, m)
			}
		}
	}
	return nil
}

func (d *desk) nextSend() outbox.SendID {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sends++
	return outbox.SendID(d.sends)
}

func (d *desk) say(ctx context.Context, visitor string, m *message.Message) string {
	r, err := d.chat.Deliver(ctx, outbox.Delivery{Send: d.nextSend(), Address: webchat.Address(visitor), Kind: outbox.New, Message: m})
	if err != nil {
		panic(err)
	}
	return r.ID
}

func (d *desk) edit(ctx context.Context, visitor, target string, m *message.Message) {
	_, err := d.chat.Deliver(ctx, outbox.Delivery{Send: d.nextSend(), Address: webchat.Address(visitor), Kind: outbox.Edit, Target: target, Message: m})
	if err != nil {
		panic(err)
	}
}

func (d *desk) Answer(_ context.Context, r bot.Request) (bot.Answer, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return bot.Answer{}, d.err
	}
	if d.answer == nil {
		return bot.Answer{}, bot.ErrSubmit
	}
	a, err := d.answer(r)
	if err == nil {
		d.asked = append(d.asked, r)
	}
	return a, err
}

func (d *desk) Suggest(_ context.Context, r bot.Request, option, typed string) ([]bot.Choice, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.suggest = append(d.suggest, r.Command+"/"+option+"/"+typed)
	var out []bot.Choice
	for _, c := range d.choices {
		if strings.HasPrefix(strings.ToLower(c.Value), strings.ToLower(typed)) {
			out = append(out, c)
		}
	}
	return out, nil
}

func (d *desk) Report(context.Context, ...bot.Signal) error {
	return errors.New("a web chat reports nothing")
}

func (d *desk) requests() []bot.Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.taken)
}

// room is a chat with all that it stands on.
type room struct {
	t      *testing.T
	desk   *desk
	memory *memory
	clock  *clock
	chat   *webchat.Chat
	server *httptest.Server
}

func newRoom(t *testing.T, change func(*webchat.Options)) *room {
	t.Helper()
	r := &room{t: t, desk: &desk{}, memory: newMemory(), clock: newClock()}
	o := webchat.Options{
		Desk: r.desk, Transcript: r.memory, Now: r.clock.now, Commands: bot.Commands(),
		Suggestions: []string{"/market", "/alert BTC-USD > 70000", "/follow markets"},
	}
	if change != nil {
		change(&o)
	}
	r.chat = webchat.New(o)
	r.desk.chat = r.chat
	r.server = httptest.NewServer(r.chat.Handler())
	t.Cleanup(func() { r.server.CloseClientConnections(); r.server.Close() })
	return r
}

const (
	cookieName = "bellwether_visitor"
	visitor    = "abcdefghijklmnopqrstuvwx"
)

// do makes a request of the page as visitor.
func (r *room) do(method, path, body string, change func(*http.Request)) *http.Response {
	r.t.Helper()
	req, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: cookieName, Value: visitor})
	req.Header.Set("X-Bellwether", "1")
	if change != nil {
		change(req)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { res.Body.Close() })
	return res
}
