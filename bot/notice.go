package bot

import (
	"context"
	"errors"
	"slices"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// NoticeKind is what became of a place.
type NoticeKind string

// What people are told of a place.
const (
	NoticeParked  NoticeKind = "parked"  // it cannot be reached; its authors are told
	NoticeGone    NoticeKind = "gone"    // it is not there any more; its authors are told
	NoticeMoved   NoticeKind = "moved"   // it has a new address and is told there
	NoticeRevived NoticeKind = "revived" // it can be reached again and is told there
)

// sentence names what is said.
func (k NoticeKind) sentence() string {
	switch k {
	case NoticeGone:
		return "gone.notice"
	case NoticeMoved:
		return "moved.notice"
	case NoticeRevived:
		return "revived.notice"
	}
	return "parked.notice"
}

// Notice is what is still to be said of a place. It is stored with the change
// itself, whoever brought the word of it, and goes with the sends that say it:
// neither a kill nor a second word of the same loses or repeats it.
type Notice struct {
	ID   int64
	Kind NoticeKind
	// First is the ID of the first of those that one deed left: a chat that is
	// lost with its topics is one piece of news.
	First       int64
	Destination subscriptions.DestinationID
	Reason      string // plain words
}

// TellNotices says what is still to be said of places.
func (b *Bot) TellNotices(ctx context.Context) error {
	owed, err := b.store.Notices(ctx)
	for len(owed) > 0 {
		n := 1
		for n < len(owed) && owed[n].First == owed[0].First {
			n++
		}
		err = errors.Join(err, b.tellNotice(ctx, owed[:n]))
		owed = owed[n:]
	}
	return err
}

// tellNotice says one piece of news, and only once where several try to.
func (b *Bot) tellNotice(ctx context.Context, deed []Notice) error {
	var o Outcome
	var places []subscriptions.Destination
	kind := deed[0].Kind
	for _, notice := range deed {
		o.Effects = append(o.Effects, SettleNotice{ID: notice.ID})
		d, err := b.store.Destination(ctx, notice.Destination)
		if errors.Is(err, subscriptions.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		lost := kind == NoticeParked || kind == NoticeGone
		if lost == (d.Standing != subscriptions.Active) { // else it is so no more
			places = append(places, d)
		}
	}
	var err error
	switch {
	case len(places) == 0:
	case kind == NoticeMoved || kind == NoticeRevived:
		o.Answers = []outbox.Send{b.notice(places[0], kind.sentence())}
	default:
		o.Answers, err = b.toAuthors(ctx, places, kind.sentence(), deed[0].Reason)
	}
	if err != nil {
		return err
	}
	if err := b.store.Apply(ctx, o); err != nil && !errors.Is(err, ErrHandled) {
		return err
	}
	b.wake()
	return nil
}

// maxAuthors is how many people are told that a place cannot be reached.
const maxAuthors = 5

// toAuthors tells in private those who changed something in the places last.
func (b *Bot) toAuthors(ctx context.Context, places []subscriptions.Destination, notice, reason string) ([]outbox.Send, error) {
	var authors []subscriptions.PersonID
	for _, d := range places {
		changes, err := b.store.Changes(ctx, d.ID, 50)
		if err != nil {
			return nil, err
		}
		for _, change := range changes {
			if change.Author != 0 && len(authors) < maxAuthors && !slices.Contains(authors, change.Author) {
				authors = append(authors, change.Author)
			}
		}
	}
	var sends []outbox.Send
	for _, author := range authors {
		who, ok, err := b.store.IdentityOf(ctx, author, places[0].Address.Platform)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		home, err := b.homeOf(ctx, places[0], who)
		if err != nil {
			return nil, err
		}
		sends = append(sends, b.notice(home, notice, "Place", places[0].Title, "Why", reason))
	}
	return sends, nil
}

// homeOf returns the private destination of a person of a place's platform.
func (b *Bot) homeOf(ctx context.Context, place subscriptions.Destination, who subscriptions.Identity) (subscriptions.Destination, error) {
	return b.store.Place(ctx, subscriptions.Destination{
		Address: homeAddress(place, who), Kind: subscriptions.Private, Title: who.Name, Zone: place.Zone, Locale: place.Locale,
	})
}

func homeAddress(place subscriptions.Destination, who subscriptions.Identity) subscriptions.Address {
	chat := who.User
	if place.Address.Platform == subscriptions.Discord {
		chat = "dm:" + who.User
	}
	return subscriptions.Address{Platform: place.Address.Platform, Account: place.Address.Account, Chat: chat}
}

// notice is a sentence to a place that nobody there asked for.
func (b *Bot) notice(d subscriptions.Destination, id string, pairs ...any) outbox.Send {
	now := b.now().UTC()
	w := b.catalogue.Words(d.Locale, d.Zone, now)
	return outbox.Send{
		Destination: d.ID, Address: d.Address, Place: d.Kind, Kind: outbox.New, Priority: outbox.PriorityDigest,
		State: outbox.Waiting, Form: message.Rich, Happened: now, Created: now, Due: now,
		Message: &message.Message{Blocks: []message.Block{w.P(id, pairs...)}},
	}
}
