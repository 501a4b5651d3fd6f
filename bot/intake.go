package bot

import (
	"context"
	"fmt"

	"bellwether/subscriptions"
)

// Submit implements Desk.
func (b *Bot) Submit(ctx context.Context, requests ...Request) error {
	fresh, err := b.store.PutRequests(ctx, requests)
	if err != nil {
		return fmt.Errorf("submit: %w", err)
	}
	b.dispatcher.add(b.working(), fresh...)
	return nil
}

// Answer implements Desk.
func (b *Bot) Answer(ctx context.Context, r Request) (Answer, error) {
	if b.changes(r) {
		return Answer{}, ErrSubmit
	}
	c, err := b.open(ctx, r)
	if err != nil {
		return Answer{}, err
	}
	out, err := b.respond(ctx, c)
	if err != nil {
		b.log.Error("answer", "request", r.ID, "command", r.Command, "error", err)
		return c.say("error.ours").answer, nil
	}
	if len(out.effects) > 0 || len(out.more) > 0 {
		return Answer{}, ErrSubmit
	}
	return out.answer, nil
}

// handle does what a request of the inbox asks for, and stores all that follows
// from it at once.
func (b *Bot) handle(ctx context.Context, r Request) error {
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
	if again, ok := c.retry(err); ok {
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
	if err == nil && step != "" {
		out.effects = append(out.effects, PutStep{Destination: c.place.ID, Person: c.person})
	}
	return err
}

// retry tells whether an outcome was refused for a reason that the person is to
// hear; nothing was stored then.
func (c *call) retry(err error) (result, bool) {
	if err == nil {
		return result{}, false
	}
	out, explained := c.explain(result{}, err)
	return out, explained == nil
}

// apply stores an outcome with the answer to it, and wakes who waits for it.
func (b *Bot) apply(ctx context.Context, c *call, out result) error {
	o := Outcome{Request: c.ID, Effects: out.effects, Changes: out.changes, Answers: append(c.answers(out.answer), out.more...)}
	if err := b.store.Apply(ctx, o); err != nil {
		return err
	}
	if out.after != nil {
		out.after()
	}
	b.wake()
	return nil
}

// Report implements Desk.
func (b *Bot) Report(ctx context.Context, signals ...Signal) error {
	for _, s := range signals {
		if err := b.report(ctx, s); err != nil {
			return fmt.Errorf("report %s: %w", s.Kind, err)
		}
	}
	return nil
}

func (b *Bot) report(ctx context.Context, s Signal) error {
	if s.Kind == SignalCommunity {
		places, err := b.store.PlacesOf(ctx, s.Place.Address.Platform, s.Place.Address.Account, s.Place.Community)
		if err != nil {
			return err
		}
		for _, d := range places {
			if _, err := b.store.Park(ctx, d.ID, subscriptions.Parked, s.Reason); err != nil {
				return err
			}
		}
		return nil
	}
	if s.Kind == SignalMoved {
		_, err := b.store.Move(ctx, s.Place.Address, s.MovedTo)
		b.wake()
		return err
	}
	known := s.Place
	if known.Zone == "" {
		known.Zone = b.zone
	}
	place, err := b.store.Place(ctx, known)
	if err != nil {
		return err
	}
	switch s.Kind {
	case SignalRemoved, SignalNoRights:
		_, err = b.parkAll(ctx, place, subscriptions.Parked, s.Reason)
	case SignalGone:
		_, err = b.parkAll(ctx, place, subscriptions.Gone, s.Reason)
	case SignalAdded, SignalRights:
		err = b.reviveAll(ctx, place)
	case SignalRenamed:
		err = b.store.Rename(ctx, place.ID, s.Place.Title)
	}
	return err
}

// parkAll parks a place, and its topics with it where it is a whole chat.
func (b *Bot) parkAll(ctx context.Context, place subscriptions.Destination, standing subscriptions.Standing, reason string) (changed bool, err error) {
	places, err := b.within(ctx, place)
	if err != nil {
		return false, err
	}
	for _, d := range places {
		parked, err := b.store.Park(ctx, d.ID, standing, reason)
		if err != nil {
			return changed, err
		}
		changed = changed || parked
	}
	return changed, nil
}

func (b *Bot) reviveAll(ctx context.Context, place subscriptions.Destination) error {
	places, err := b.within(ctx, place)
	if err != nil {
		return err
	}
	for _, d := range places {
		if _, err := b.store.Revive(ctx, d.ID); err != nil {
			return err
		}
	}
	b.wake()
	return nil
}

// within returns a place and, where it is a whole chat, its topics.
func (b *Bot) within(ctx context.Context, place subscriptions.Destination) ([]subscriptions.Destination, error) {
	out := []subscriptions.Destination{place}
	if place.Address.Thread != "" || place.Community == "" || place.Address.Platform != subscriptions.Telegram {
		return out, nil
	}
	all, err := b.store.PlacesOf(ctx, place.Address.Platform, place.Address.Account, place.Community)
	if err != nil {
		return nil, err
	}
	for _, d := range all {
		if d.ID != place.ID {
			out = append(out, d)
		}
	}
	return out, nil
}
