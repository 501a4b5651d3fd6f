package bot

import (
	"context"
	"fmt"
	"slices"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

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
	if s.Kind == SignalMoved {
		return b.moved(ctx, s)
	}
	places, err := b.concerned(ctx, s)
	if err != nil {
		return err
	}
	switch s.Kind {
	case SignalRemoved, SignalNoRights, SignalCommunity:
		if !s.Topic {
			places = slices.DeleteFunc(places, topicLost) // that is known, and why
		}
		return b.park(ctx, places, subscriptions.Parked, s.Reason)
	case SignalGone:
		return b.park(ctx, places, subscriptions.Gone, s.Reason)
	case SignalAdded, SignalRights:
		return b.revive(ctx, s, places)
	case SignalRenamed:
		if len(places) == 0 {
			return nil
		}
		return b.store.Rename(ctx, places[0].ID, s.Place.Title)
	}
	return nil
}

// concerned returns the places that a signal is about: one, a whole chat with
// its topics, or all of a community.
func (b *Bot) concerned(ctx context.Context, s Signal) ([]subscriptions.Destination, error) {
	if s.Place.Address.Chat == "" {
		return b.store.PlacesOf(ctx, s.Place.Address.Platform, s.Place.Address.Account, s.Place.Community)
	}
	if s.Place.Address.Platform == subscriptions.Discord && s.Place.Community != "" {
		return b.setUp(ctx, s.Place)
	}
	known := s.Place
	if known.Zone == "" {
		known.Zone = b.zone
	}
	place, err := b.store.Place(ctx, known)
	if err != nil {
		return nil, err
	}
	if s.Topic {
		return []subscriptions.Destination{place}, nil
	}
	return b.within(ctx, place)
}

// topicLost tells whether a topic is parked for a reason of its own, which what
// becomes of its chat does not change.
func topicLost(d subscriptions.Destination) bool {
	return d.Address.Thread != "" && d.Standing == subscriptions.Parked &&
		(d.Reason == outbox.ReasonTopicClosed || d.Reason == outbox.ReasonTopicDeleted)
}

// setUp returns a channel of a community where somebody set it up. Discord tells
// of every channel, and most of them are nobody's here.
func (b *Bot) setUp(ctx context.Context, at subscriptions.Destination) ([]subscriptions.Destination, error) {
	all, err := b.store.PlacesOf(ctx, at.Address.Platform, at.Address.Account, at.Community)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(d subscriptions.Destination) bool { return d.Address != at.Address }), nil
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

// park keeps what is set up in places and tells those who set it up, once.
func (b *Bot) park(ctx context.Context, places []subscriptions.Destination, standing subscriptions.Standing, reason string) error {
	ids := make([]subscriptions.DestinationID, len(places))
	for i, d := range places {
		ids[i] = d.ID
	}
	if _, err := b.store.Park(ctx, ids, standing, reason); err != nil {
		return err
	}
	return b.TellNotices(ctx)
}

func (b *Bot) send(ctx context.Context, sends []outbox.Send) error {
	if len(sends) == 0 {
		return nil
	}
	err := b.store.Apply(ctx, Outcome{Answers: sends})
	b.wake()
	return err
}

// revive sends again to places. On Telegram a signal says that the bot may
// write there, and the chat is told that everything goes on; elsewhere rights
// only may have changed.
func (b *Bot) revive(ctx context.Context, s Signal, places []subscriptions.Destination) error {
	told := false
	for i, d := range places {
		if !s.Topic && topicLost(d) {
			continue // the chat's rights open no topic
		}
		tell := i == 0 && d.Address.Platform == subscriptions.Telegram && d.Kind == subscriptions.Group
		changed, err := b.store.Revive(ctx, d.ID, tell)
		if err != nil {
			return err
		}
		told = told || changed && tell
	}
	err := b.TellNotices(ctx) // it is read before what waited
	b.wake()
	if err != nil || told || s.Kind != SignalAdded || len(places) == 0 {
		return err
	}
	greeting, err := b.greeting(ctx, places[0])
	if err != nil {
		return err
	}
	return b.send(ctx, greeting)
}

// greeting says in a group that the bot has just come to how it is set up. A
// place where anything was said or set up is not greeted again.
func (b *Bot) greeting(ctx context.Context, d subscriptions.Destination) ([]outbox.Send, error) {
	if d.Address.Platform != subscriptions.Telegram || d.Kind != subscriptions.Group {
		return nil, nil
	}
	sends, err := b.store.SendsOf(ctx, d.ID, 1)
	if err != nil || len(sends) > 0 {
		return nil, err
	}
	changes, err := b.store.Changes(ctx, d.ID, 1)
	if err != nil || len(changes) > 0 {
		return nil, err
	}
	hello := b.notice(d, "start.group")
	hello.Message.Buttons = openButtons(b.catalogue.Words(d.Locale, d.Zone, b.now().UTC()), d)
	return []outbox.Send{hello}, nil
}

// moved gives a chat its new id, and says so there once.
func (b *Bot) moved(ctx context.Context, s Signal) error {
	if _, err := b.store.Move(ctx, s.Place.Address, s.MovedTo); err != nil {
		return err
	}
	err := b.TellNotices(ctx)
	b.wake()
	return err
}
