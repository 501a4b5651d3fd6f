package bot

import (
	"context"
	"slices"
	"strings"

	"bellwether/bot/message"
)

// An anonymous administrator writes in the group's name, and anybody's program
// could claim to. Whoever presses the button under the answer has a name, and
// that person's right is checked. What was typed is carried by the button where
// it fits, and kept as a step of nobody's conversation there where it does not.

const (
	// provedMark begins an argument that names what is kept.
	provedMark = "#"
	proofStep  = "prove "
)

// proof asks an anonymous administrator to press a button.
func (c *call) proof() error {
	typed := strings.TrimSpace("/" + c.Command + " " + c.Text)
	m := &message.Message{Blocks: []message.Block{c.words.P("moderator.prove", "Typed", message.Cut(typed, 300))}}
	no := &refusal{id: "message", msg: m}
	data := message.Data("prove", c.Command, c.Text)
	if data == "" {
		ref := c.ID[strings.LastIndexByte(c.ID, '/')+1:]
		data = message.Data("prove", provedMark+ref)
		no.more = []Effect{PutStep{Destination: c.place.ID, Step: proofStep + ref + " " + c.Command + " " + c.Text}}
	}
	m.Buttons = [][]message.Button{{{Label: c.words.Say("moderator.prove.button"), Data: data, Style: message.Primary}}}
	return no
}

// provedLater runs what is kept, where nothing anonymous was typed since.
func (c *call) provedLater(ctx context.Context, ref string) (result, error) {
	step, err := c.bot.store.Step(ctx, c.place.ID, 0)
	if err != nil {
		return result{}, err
	}
	typed, ok := strings.CutPrefix(step, proofStep+ref+" ")
	if !ok {
		return result{}, refuse("moderator.prove.gone")
	}
	command, text, _ := strings.Cut(typed, " ")
	out, err := c.proved(ctx, command, text)
	if err == nil {
		out.effects = append(out.effects, PutStep{Destination: c.place.ID})
	}
	return out, err
}

// proved runs what was typed as the deed of who pressed the button.
func (c *call) proved(ctx context.Context, command, text string) (result, error) {
	if !slices.ContainsFunc(c.bot.commands, func(k Command) bool { return k.Name == command }) {
		return result{}, refuse("button.unknown")
	}
	out, err := c.typed(ctx, command, text)
	out.answer.Edit = true
	return out, err
}

// handleProof runs what an anonymous administrator typed, now that a named
// person pressed the button; their right is checked as for any other.
func handleProof(ctx context.Context, c *call) (result, error) {
	if ref, kept := strings.CutPrefix(c.arg(0), provedMark); kept {
		return c.provedLater(ctx, ref)
	}
	return c.proved(ctx, c.arg(0), c.arg(1))
}
