package telegram

import (
	"context"
	"encoding/json"
	"net"

	"bellwether/bot"
	"bellwether/bot/message"
)

// Read exposes what an update means.
func (c *Client) Read(raw []byte) (request *bot.Request, signals []bot.Signal, err error) {
	i, err := c.decode(json.RawMessage(raw))
	return i.deed.request, i.deed.signals, err
}

// DialBy lets the client reach its server another way; end closes what is idle
// then.
func (c *Client) DialBy(dial func(ctx context.Context, network, address string) (net.Conn, error)) (end func()) {
	p := &plain{address: "memory", dial: dial, most: 40}
	c.carrier = p
	return p.close
}

// CloseIdle closes the connections that are idle.
func (c *Client) CloseIdle() {
	if p, ok := c.carrier.(*plain); ok {
		p.close()
	}
}

// Sheet is a laid out part of a message.
type Sheet struct {
	Body    string
	Mode    string
	Visible int
	Photo   bool
}

// LayOut exposes how a message becomes Telegram's.
func LayOut(m *message.Message, form message.Form) []Sheet {
	made := layOut(m, form)
	out := make([]Sheet, len(made))
	for i, s := range made {
		out[i] = Sheet{s.body, s.mode, s.visible, s.photo}
	}
	return out
}
