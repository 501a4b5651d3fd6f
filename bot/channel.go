package bot

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// A Telegram channel has nobody to type in it: its administrators set it up from
// their private chat. They choose it there, or come from a group by its button,
// and their commands are about that place until they are done. Their right is asked for at each change.

// PickChannel is the data of a button by which a platform lets the person choose
// a channel; what they chose comes as a request with these options.
const (
	PickChannel       = "pick:channel"
	optionSharedChat  = "shared_chat"
	optionSharedTitle = "shared_title"
)

// remoteStep is where a private conversation stands while it is about another place:
// "remote 3f".
const remoteStep = "remote "

// goRemote makes the call one about the place that the person sets up from
// their private chat, where they do.
func (c *call) goRemote(ctx context.Context) error {
	if c.chat.Kind != subscriptions.Private || c.chat.Address.Platform != subscriptions.Telegram {
		return nil
	}
	step, err := c.bot.store.Step(ctx, c.chat.ID, c.person)
	if err != nil {
		return err
	}
	text, ok := strings.CutPrefix(step, remoteStep)
	id, parseErr := strconv.ParseInt(text, 36, 64)
	if !ok || parseErr != nil || aboutChat(c.Command) || c.option(optionSharedChat) != "" {
		return nil
	}
	place, err := c.bot.store.Destination(ctx, subscriptions.DestinationID(id))
	if errors.Is(err, subscriptions.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	c.place, c.remote = place, true
	c.words = c.bot.catalogue.Words(c.chat.Locale, place.Zone, c.now)
	return nil
}

// stillRemote ends the setting up from afar where the person may not any more:
// what a place gets is shown to none but those who may change it.
func (c *call) stillRemote(ctx context.Context) error {
	err := c.mayChange(ctx)
	if err == nil {
		c.granted = c.place.ID
		return nil
	}
	var no *refusal
	if !errors.As(err, &no) || no.id != "moderator.only" {
		return err
	}
	lost := c.place.Title
	c.remote, c.place = false, c.chat
	return &refusal{
		id: "channels.no-more", pairs: []any{"Channel", lost},
		more: []Effect{PutStep{Destination: c.chat.ID, Person: c.person}},
	}
}

// aboutChat tells whether a command is always about the chat where it is typed.
func aboutChat(command string) bool {
	return command == "start" || command == "channels" || command == "done"
}

// handleChannels lets an administrator choose a channel to set up.
func handleChannels(_ context.Context, c *call) (result, error) {
	if c.chat.Kind != subscriptions.Private || c.chat.Address.Platform != subscriptions.Telegram {
		return result{}, refuse("channels.private")
	}
	out := c.say("channels.ask")
	out.answer.Message.Buttons = [][]message.Button{{{Label: c.words.Say("channels.pick"), Data: PickChannel}}}
	return out, nil
}

// chosen begins to set up the channel that was chosen.
func (c *call) chosen(ctx context.Context) (result, error) {
	chat := c.option(optionSharedChat)
	if id, err := strconv.ParseInt(chat, 10, 64); err != nil || id >= 0 || c.chat.Kind != subscriptions.Private {
		return result{}, refuse("button.unknown")
	}
	title := message.Label(c.option(optionSharedTitle))
	return c.beginRemote(ctx, subscriptions.Destination{
		Address: subscriptions.Address{Platform: c.chat.Address.Platform, Account: c.chat.Address.Account, Chat: chat},
		Kind:    subscriptions.Broadcast, Title: title, Community: chat, Zone: c.chat.Zone, Locale: c.chat.Locale,
	})
}

// VerbOpen is the verb of a button that leads to the private chat with the bot.
// A platform that has no such address leaves it out. Its argument comes back as
// what follows /start there.
const VerbOpen = "open"

// openPrefix is what follows /start where a shared place is to be set up.
const openPrefix = "set-"

// openButtons leads from a group to the private chat in which it is set up,
// where the platform shows answers in the group to all who are there.
func openButtons(w Words, d subscriptions.Destination) [][]message.Button {
	if d.Address.Platform != subscriptions.Telegram || d.Kind != subscriptions.Group {
		return nil
	}
	return [][]message.Button{{{Label: w.Say("start.group.open"), Data: message.Data(VerbOpen, openPrefix+id36(int64(d.ID)))}}}
}

// openPlace begins to set up the group that the person came from. The address
// can be made up by anybody: it names the place and authorises nothing.
func (c *call) openPlace(ctx context.Context, payload string) (result, error) {
	id, err := strconv.ParseInt(strings.TrimPrefix(payload, openPrefix), 36, 64)
	if err != nil {
		return c.startAsk(startWatch, false), nil
	}
	place, err := c.bot.store.Destination(ctx, subscriptions.DestinationID(id))
	if errors.Is(err, subscriptions.ErrNotFound) || err == nil && (place.Kind == subscriptions.Private ||
		place.Address.Platform != c.chat.Address.Platform || place.Address.Account != c.chat.Address.Account) {
		return c.startAsk(startWatch, false), nil
	}
	if err != nil {
		return result{}, err
	}
	return c.beginRemote(ctx, place)
}

// beginRemote makes the commands of a private chat those of another place, where
// the person may set it up.
func (c *call) beginRemote(ctx context.Context, place subscriptions.Destination) (result, error) {
	there := *c
	there.remote, there.place = true, place
	if err := there.mayChange(ctx); err != nil {
		var no *refusal
		if errors.As(err, &no) && no.id == "moderator.only" {
			return result{}, refuse("channels.not-yours", "Channel", place.Title)
		}
		return result{}, err
	}
	place, err := c.bot.store.Place(ctx, place)
	if err != nil {
		return result{}, err
	}
	out := c.say("channels.on", "Channel", place.Title)
	out.effects = []Effect{PutStep{Destination: c.chat.ID, Person: c.person, Step: remoteStep + id36(int64(place.ID))}}
	return out, nil
}

// handleDone ends the setting up of a channel.
func handleDone(ctx context.Context, c *call) (result, error) {
	step, err := c.bot.store.Step(ctx, c.chat.ID, c.person)
	if err != nil {
		return result{}, err
	}
	if !strings.HasPrefix(step, remoteStep) {
		return c.say("channels.none"), nil
	}
	out := c.say("channels.off")
	out.effects = []Effect{PutStep{Destination: c.chat.ID, Person: c.person}}
	return out, nil
}
