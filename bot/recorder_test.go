package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing/synctest"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// recorder is a platform that takes everything and remembers what it shows.
type recorder struct {
	mu    sync.Mutex
	calls []outbox.Delivery
	shown []shown
	fail  func(d outbox.Delivery) error
	next  int
}

// shown is a message as it looks now.
type shown struct {
	id        string
	at        subscriptions.Address
	message   *message.Message
	ephemeral bool
}

// plain is the message as words with its buttons below.
func (s shown) plain() string { return plain(s.message, s.ephemeral) }

func plain(m *message.Message, ephemeral bool) string {
	text := m.Plain()
	if ephemeral {
		text = "(only you) " + text
	}
	for _, row := range m.Buttons {
		text += "\n"
		for _, b := range row {
			text += "[" + b.Label + "]"
		}
	}
	if m.Mention != "" {
		text += "\n(mentions " + m.Mention + ")"
	}
	return text + "\n"
}

// Deliver implements outbox.Messenger.
func (p *recorder) Deliver(_ context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		if err := p.fail(d); err != nil {
			return outbox.Receipt{}, err
		}
	}
	p.calls = append(p.calls, d)
	if d.Kind == outbox.Edit {
		target := d.Target
		if len(d.Parts) > 0 {
			target = d.Parts[d.Part].ID
		}
		for i := range p.shown {
			if p.shown[i].id == target {
				p.shown[i].message = d.Message
			}
		}
		return outbox.Receipt{ID: target}, nil
	}
	p.next++
	id := fmt.Sprint(p.next)
	p.shown = append(p.shown, shown{id, d.Address, d.Message, d.Ephemeral})
	return outbox.Receipt{ID: id}, nil
}

// immediate records what an adapter shows at once.
func (p *recorder) immediate(at subscriptions.Address, r bot.Request, a bot.Answer) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case a.Modal != nil:
		return fmt.Sprintf("(form) %s: %s [%s]\n", a.Modal.Title, a.Modal.Fields[0].Label, a.Modal.Fields[0].Value)
	case a.Message == nil:
		return a.Toast
	case a.Edit && r.Message != "":
		for i := range p.shown {
			if p.shown[i].id == r.Message {
				p.shown[i].message = a.Message
			}
		}
		return "(edit) " + plain(a.Message, a.Ephemeral)
	}
	p.next++
	p.shown = append(p.shown, shown{fmt.Sprint(p.next), at, a.Message, a.Ephemeral})
	return plain(a.Message, a.Ephemeral)
}

func (p *recorder) mark(at subscriptions.Address, n *int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*n = 0
	for _, d := range p.calls {
		if d.Address == at {
			*n++
		}
	}
}

// since returns what was delivered to a place after the first n.
func (p *recorder) since(at subscriptions.Address, n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, d := range p.calls {
		if d.Address != at {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		if d.Kind == outbox.Edit {
			b.WriteString("(edit) ")
		}
		b.WriteString(plain(d.Message, d.Ephemeral) + "\n")
	}
	return b.String()
}

func (p *recorder) screen(at subscriptions.Address) []shown {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []shown
	for _, s := range p.shown {
		if s.at == at {
			out = append(out, s)
		}
	}
	return out
}

func (p *recorder) settle() { synctest.Wait() }
