package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"sync"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// press keeps what was laid out lately: a fan-out sends one message, which never
// changes, to thousands of chats.
type press struct {
	mu   sync.Mutex
	kept map[plate]*printed
}

type plate struct {
	message *message.Message
	form    message.Form
}

// printed is a message as it is sent.
type printed struct {
	sheets []sheet
	forms  []tgbotapi.Params // of each sheet that is a text: all parameters but those of the chat
}

// platesKept bounds the press.
const platesKept = 64

// lay returns a message laid out in a form.
func (c *Client) lay(m *message.Message, form message.Form) *printed {
	p := &c.press
	p.mu.Lock()
	defer p.mu.Unlock()
	k := plate{m, form}
	if known := p.kept[k]; known != nil {
		return known
	}
	made := &printed{sheets: layOut(m, form)}
	made.forms = make([]tgbotapi.Params, len(made.sheets))
	for i, s := range made.sheets {
		if s.photo {
			continue
		}
		params := tgbotapi.Params{}
		s.text(params, i, m.Preview)
		if m.Quiet {
			params["disable_notification"] = "true"
		}
		if i == len(made.sheets)-1 {
			c.addKeyboard(params, m.Buttons, form)
		}
		made.forms[i] = params
	}
	if p.kept == nil || len(p.kept) >= platesKept {
		p.kept = make(map[plate]*printed)
	}
	p.kept[k] = made
	return made
}

// postText sends a text whose parameters were made before.
func (c *Client) postText(ctx context.Context, d outbox.Delivery, form tgbotapi.Params) (outbox.Receipt, error) {
	params := maps.Clone(form)
	params["chat_id"] = d.Address.Chat
	addThread(params, d.Address.Thread)
	raw, err := c.call(ctx, "sendMessage", params)
	if id, ok := leadingID(raw); ok {
		return outbox.Receipt{ID: id}, nil
	}
	return c.receive(raw, err)
}

// leadingID returns the number of a message that begins with it, as Telegram's
// do. Nothing else of a text is of interest.
func leadingID(raw json.RawMessage) (id string, ok bool) {
	rest, ok := bytes.CutPrefix(raw, []byte(`{"message_id":`))
	if !ok {
		return "", false
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 1 || end > 18 || rest[0] == '0' || rest[end] != ',' && rest[end] != '}' {
		return "", false
	}
	return string(rest[:end]), true
}
