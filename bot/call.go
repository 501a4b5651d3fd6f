package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// call is a request on its way through a handler, with what every handler needs.
type call struct {
	Request
	bot    *Bot
	place  subscriptions.Destination // what it is about
	chat   subscriptions.Destination // where it was done and is answered
	remote bool                      // place is set up from another chat
	// granted is the place set up from afar whose platform has said, for this
	// call, that the person may.
	granted subscriptions.DestinationID
	// exact tells that the text is of our own making: a ticker in it is that
	// symbol, even where people may mean another by the word (GOLD, the share).
	exact bool
	// looks tells that nothing is to be set, only shown.
	looks bool
	// sure tells that who asks knows what the rule would do, or has it set
	// again: it is set without a question.
	sure bool
	// shut tells that the platform refused the last message to the person's
	// private destination.
	shut bool
	// draft is what was decided on; zero for what was typed.
	draft  subscriptions.Draft
	person subscriptions.PersonID
	words  Words
	now    time.Time
}

// result is what a handler decided.
type result struct {
	answer Answer
	// outcome holds what changes; its Request and Answers are filled in by the
	// bot. A handler without effects leaves it empty.
	effects []Effect
	changes []subscriptions.Change
	// after runs when the outcome is stored: what is kept in memory follows.
	after func()
	// more are further messages than the answer, to other places.
	more []outbox.Send
	// refused is the sentence of a refusal; "" where there was none.
	refused string
}

// refusal is bad input: a sentence that says what to type instead.
type refusal struct {
	id    string
	pairs []any
	msg   *message.Message
	// more is remembered all the same: where the conversation goes on.
	more []Effect
}

// Error names the sentence.
func (r *refusal) Error() string { return "refused: " + r.id }

// refuse ends a handler with a sentence of the catalogue.
func refuse(id string, pairs ...any) error { return &refusal{id: id, pairs: pairs} }

// refuseWith ends a handler with a whole message.
func refuseWith(m *message.Message) error { return &refusal{id: "message", msg: m} }

// say returns an answer of one sentence.
func (c *call) say(id string, pairs ...any) result {
	return result{answer: Answer{Message: &message.Message{Blocks: []message.Block{c.words.P(id, pairs...)}}}}
}

// change notes a change for the record.
func (c *call) change(what, before, after string) subscriptions.Change {
	return subscriptions.Change{
		Request: c.ID, Author: c.person, Destination: c.place.ID, At: c.now, What: what, Before: before, After: after,
	}
}

// open begins a call: it finds who asks and where.
func (b *Bot) open(ctx context.Context, r Request) (*call, error) {
	person, err := b.store.Person(ctx, r.Identity)
	if err != nil {
		return nil, err
	}
	place, err := b.placeOf(ctx, r)
	if err != nil {
		return nil, err
	}
	now := b.now().UTC()
	c := &call{
		Request: r, bot: b, place: place, chat: place, person: person, now: now,
		words: b.catalogue.Words(place.Locale, place.Zone, now),
	}
	return c, c.goRemote(ctx)
}

// placeOf returns the place that a request is about. A button under a forum's
// message is pressed in the post that the message opened, and is the forum's; of
// an old message in a topic Telegram tells no more than the chat.
func (b *Bot) placeOf(ctx context.Context, r Request) (subscriptions.Destination, error) {
	if r.Button != "" && r.Message != "" {
		if send, err := b.store.SendByPart(ctx, parentOf(r.Place.Address), r.Message); err == nil && (send.Place == subscriptions.Forum || inSomeTopic(r.Place)) {
			return b.store.Destination(ctx, send.Destination)
		}
	}
	place := r.Place
	if place.Zone == "" {
		place.Zone = b.zone
	}
	if place.Locale == "" {
		place.Locale = r.Locale
	}
	return b.store.Place(ctx, place)
}

// inSomeTopic tells whether what happened in a place may have in one of its topics.
func inSomeTopic(d subscriptions.Destination) bool {
	return d.Address.Platform == subscriptions.Telegram && d.Kind == subscriptions.Group && d.Address.Thread == ""
}

// parentOf returns the channel or forum that a thread of Discord's is in; of
// anything else, itself.
func parentOf(a subscriptions.Address) subscriptions.Address {
	if a.Platform == subscriptions.Discord {
		a.Thread = ""
	}
	return a
}

// role asks what the person may do in the place.
func (c *call) role(ctx context.Context) (subscriptions.Role, error) {
	if c.place.Kind == subscriptions.Private {
		return subscriptions.RoleModerator, nil
	}
	if c.Role != subscriptions.RoleUnknown && !c.remote {
		return c.Role, nil
	}
	rights, ok := c.bot.rights[c.place.Address.Platform]
	if !ok || c.Identity.User == "" {
		return subscriptions.RoleMember, nil
	}
	role, err := rights.Role(ctx, c.place.Address, c.Identity.User)
	if err != nil {
		c.bot.log.Warn("ask for a person's role", "platform", c.place.Address.Platform, "error", err)
		return role, refuse("moderator.unknown", "Why", err.Error())
	}
	return role, nil
}

// mayChange ends the handler where the person may not change what the place
// gets. It is asked at every change, whatever was shown before.
func (c *call) mayChange(ctx context.Context) error {
	if c.Anonymous {
		return c.proof()
	}
	if c.remote && c.granted != 0 && c.granted == c.place.ID {
		return nil
	}
	role, err := c.role(ctx)
	if err != nil {
		return err
	}
	if c.place.May(role, c.Roles) {
		return nil
	}
	return refuse("moderator.only")
}

// canPost refuses to set up a shared place in which the bot lacks a permission
// that it needs to write: nothing would come.
func (c *call) canPost() error {
	if c.place.Kind == subscriptions.Private || len(c.Lacks) == 0 {
		return nil
	}
	return refuse("place.lacks", "Lacks", strings.Join(c.Lacks, ", "))
}

// respond runs a handler and turns what went wrong into words.
func (b *Bot) respond(ctx context.Context, c *call) (out result, err error) {
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("handler panicked", "request", c.ID, "command", c.Command, "panic", fmt.Sprint(p))
			b.counters.panics.Add(1)
			out, err = c.say("error.ours"), nil
		}
	}()
	out, err = b.route(ctx, c)
	return c.explain(ctx, out, err)
}

// explain turns an error that a person can do something about into an answer.
func (c *call) explain(ctx context.Context, out result, err error) (result, error) {
	var no *refusal
	var limit *subscriptions.LimitError
	var twice *subscriptions.TwiceError
	switch {
	case err == nil:
		return out, nil
	case errors.As(err, &no) && no.msg != nil:
		return result{answer: Answer{Message: no.msg, Ephemeral: true}, effects: no.more}, nil
	case errors.As(err, &no):
		out = c.say(no.id, no.pairs...)
		out.effects = no.more
		out.answer.Ephemeral, out.refused = true, c.words.Say(no.id, no.pairs...)
		return out, nil
	case errors.As(err, &limit):
		out = c.say("limit."+limit.What+"."+limit.Scope, "Count", limit.Limit)
	case errors.As(err, &twice):
		have, err := c.bot.store.Rule(ctx, twice.Have)
		if err != nil {
			out = c.say("error.changed") // it was deleted a moment later
			break
		}
		out = c.twice(ctx, have)
	case errors.Is(err, subscriptions.ErrNotFound):
		out = c.say("error.gone")
	case errors.Is(err, subscriptions.ErrChanged):
		out = c.say("error.changed")
	default:
		return result{}, err
	}
	out.answer.Ephemeral = true
	return out, nil
}

// answers makes the sends that carry an answer.
func (c *call) answers(a Answer) []outbox.Send {
	if a.Message == nil {
		return nil
	}
	if c.remote {
		about := *a.Message
		about.Footer = append(slices.Clone(about.Footer), message.T(strings.Repeat(" · ", min(1, len(about.Footer)))+c.words.Say("channels.about", "Channel", c.place.Title)))
		a.Message = &about
	}
	send := outbox.Send{
		Destination: c.chat.ID, Address: c.chat.Address, Place: c.chat.Kind, Kind: outbox.New,
		Priority: outbox.PriorityAnswer, State: outbox.Waiting, Person: c.person, User: c.Identity.User,
		Message: a.Message, Form: message.Rich, Via: c.Via, Ephemeral: a.Ephemeral,
		Happened: c.now, Created: c.now, Due: c.now,
	}
	switch {
	case a.Edit && c.Message != "":
		send.Kind, send.Target = outbox.Edit, c.Message
	case c.Reply != "" && c.chat.Kind != subscriptions.Private:
		send.Kind, send.Target = outbox.Reply, c.Reply
	}
	return []outbox.Send{send}
}
