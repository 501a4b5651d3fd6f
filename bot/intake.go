package bot

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// Submit implements Desk.
func (b *Bot) Submit(ctx context.Context, requests ...Request) error {
	if err := b.submissions.put(ctx, requests); err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	return nil
}

// Answer implements Desk.
func (b *Bot) Answer(ctx context.Context, r Request) (Answer, error) {
	toast := r.Button != "" && r.Place.Address.Platform == subscriptions.Telegram
	if b.changes(r) && !toast {
		return Answer{}, ErrSubmit
	}
	c, err := b.open(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	if b.changes(r) {
		if name, _, _ := message.ParseData(r.Button); name == copyVerb && c.place.Kind != subscriptions.Private {
			return c.copyNote(ctx)
		}
		return c.pressedInVain(ctx)
	}
	out, err := b.respond(ctx, c)
	if err != nil {
		b.log.Error("answer", "request", r.ID, "command", r.Command, "error", err)
		return c.say("error.ours").answer, nil
	}
	if toast && out.refused != "" && len(out.effects) == 0 {
		return Answer{Toast: message.Cut(out.refused, maxToast)}, nil
	}
	if len(out.effects) > 0 || len(out.more) > 0 {
		return Answer{}, ErrSubmit
	}
	return out.answer, nil
}

// maxToast is how long a note over the chat may be (Telegram: 0-200 code points
// of answerCallbackQuery's text).
const maxToast = 200

// pressedInVain answers somebody who may not press a button that changes a
// shared place, by a note that only they see. For all others the request has to
// be submitted.
func (c *call) pressedInVain(ctx context.Context) (Answer, error) {
	if c.place.Kind == subscriptions.Private || c.remote || c.place.Settings.OpenTo != "" {
		return Answer{}, ErrSubmit
	}
	out, err := c.explain(ctx, result{}, c.mayChange(ctx))
	if err != nil || out.refused == "" {
		return Answer{}, ErrSubmit
	}
	return Answer{Toast: message.Cut(out.refused, maxToast)}, nil
}

// handle does what a request of the inbox asks for, and stores all that follows
// from it at once.
func (b *Bot) handle(ctx context.Context, r Request) error {
	err := b.handleOnce(ctx, r)
	if errors.Is(err, ErrFeedKnown) {
		// Nothing was stored, and this time it is found.
		err = b.handleOnce(ctx, r)
	}
	return err
}

func (b *Bot) handleOnce(ctx context.Context, r Request) error {
	c, err := b.open(ctx, r)
	if err != nil {
		return err
	}
	out, err := b.respond(ctx, c)
	if err != nil {
		return err
	}
	if err := c.moveOn(ctx, &out); err != nil {
		return err
	}
	err = b.apply(ctx, c, out)
	if again, ok := c.retry(ctx, err); ok {
		err = b.apply(ctx, c, again)
	}
	return err
}

// moveOn ends a conversation where somebody typed another command instead of
// an answer.
func (c *call) moveOn(ctx context.Context, out *result) error {
	if c.Command == "" {
		return nil
	}
	for _, e := range out.effects {
		if _, ok := e.(PutStep); ok {
			return nil
		}
	}
	step, err := c.bot.store.Step(ctx, c.place.ID, c.person)
	if err == nil && step != "" && !strings.HasPrefix(step, remoteStep) {
		out.effects = append(out.effects, PutStep{Destination: c.place.ID, Person: c.person})
	}
	return err
}

// retry tells whether an outcome was refused for a reason that the person is to
// hear; nothing was stored then.
func (c *call) retry(ctx context.Context, err error) (result, bool) {
	if err == nil {
		return result{}, false
	}
	out, explained := c.explain(ctx, result{}, err)
	return out, explained == nil
}

// apply stores an outcome with the answer to it, and wakes who waits for it.
func (b *Bot) apply(ctx context.Context, c *call, out result) error {
	o := Outcome{Request: c.ID, Effects: out.effects, Changes: out.changes, Answers: append(c.answers(out.answer), out.more...)}
	b.keepPictures(ctx, o.Answers)
	if err := b.store.Apply(ctx, o); err != nil {
		return err
	}
	if out.after != nil {
		out.after()
	}
	b.wake()
	return nil
}
