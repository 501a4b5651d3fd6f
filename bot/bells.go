package bot

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// bellTopic names what a subscription to bells asks for: the market and how
// long before its bell.
func bellTopic(mic string, before time.Duration) alerts.Topic {
	return alerts.Topic{Kind: alerts.TopicBell, ID: int64(before / time.Minute), Name: mic}
}

// handleBells subscribes to a market's openings and closes.
func handleBells(ctx context.Context, c *call) (result, error) {
	text := c.subject("market")
	if text == "" {
		return c.ask("bells.ask", "bells", "", "Markets", c.bot.venueNames()), nil
	}
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	asked, err := c.bellAsked(strings.Fields(text + " " + c.option("before")))
	if err != nil {
		return result{}, err
	}
	venue, before := asked.venue, asked.before
	if asked.off {
		return c.bellsOff(ctx, asked)
	}
	if err := c.canPost(); err != nil {
		return result{}, err
	}
	id, err := c.bot.store.NewID(ctx)
	if err != nil {
		return result{}, err
	}
	out := c.say("bells.on", "Market", venue.Name)
	if before > 0 {
		out = c.say("bells.on.before", "Market", venue.Name, "Time", c.words.Span(before))
	}
	out.answer.Message.Buttons = [][]message.Button{{{
		Label: c.words.Say("bells.drop"), Data: message.Data("bell.drop", venue.MIC),
	}}}
	if text := c.hoursEnd(venue); text != "" {
		out.answer.Message.Blocks = append(out.answer.Message.Blocks, message.P(message.T(text)))
	}
	out.effects = []Effect{Subscribe{Subscription: subscriptions.Subscription{
		ID: subscriptions.SubscriptionID(id), Destination: c.place.ID, Owner: c.person, Created: c.now, Topic: bellTopic(venue.MIC, before),
	}}}
	out.changes = []subscriptions.Change{c.change("bells", "", venue.Name)}
	return out, nil
}

// hoursSoon is how long before the end of what is known of a market's hours
// people who ask for its bells are told of it.
const hoursSoon = 60 * 24 * time.Hour

// hoursEnd says until when a market's hours are known, where that is soon.
func (c *call) hoursEnd(venue Venue) string {
	if venue.Until.IsZero() || venue.Until.Sub(c.now) > hoursSoon {
		return ""
	}
	last := venue.Until.Format("2 January 2006")
	if c.now.After(venue.Until.Add(24 * time.Hour)) {
		return c.words.Say("bells.ended", "Market", venue.Name, "Day", last)
	}
	return c.words.Say("bells.ending", "Market", venue.Name, "Day", last)
}

// bellAsk is what somebody asks of a market's bells.
type bellAsk struct {
	venue  Venue
	before time.Duration // 0 at the bell
	off    bool
}

// mostBefore is the longest time before a bell that can be asked for.
const mostBefore = 12 * time.Hour

// bellAsked reads "hong kong 10m off": a market, how long before, and whether
// that is to end.
func (c *call) bellAsked(words []string) (bellAsk, error) {
	var asked bellAsk
	n := len(words)
	for ; n > 0; n-- {
		if venue, ok := c.bot.venue(strings.Join(words[:n], " ")); ok {
			asked.venue = venue
			break
		}
	}
	if n == 0 {
		return asked, refuse("bells.unknown", "Typed", message.Cut(strings.Join(words, " "), 40), "Markets", c.bot.venueNames())
	}
	rest := words[n:]
	if last := len(rest) - 1; last >= 0 && strings.EqualFold(rest[last], "off") {
		rest, asked.off = rest[:last], true
	}
	if len(rest) == 0 {
		return asked, nil
	}
	before, ok := bellTime(strings.ToLower(strings.Join(rest, "")))
	if !ok {
		return asked, refuse("bells.before", "Typed", message.Cut(strings.Join(rest, " "), 40), "Market", asked.venue.Name)
	}
	asked.before = before
	return asked, nil
}

// bellTime reads how long before a bell: "10m", "1h30m", "10", "10minutes".
func bellTime(typed string) (time.Duration, bool) {
	for _, unit := range []struct{ long, short string }{
		{"minutes", "m"}, {"minute", "m"}, {"mins", "m"}, {"min", "m"}, {"hours", "h"}, {"hour", "h"},
	} {
		typed = strings.ReplaceAll(typed, unit.long, unit.short)
	}
	if minutes, err := strconv.Atoi(typed); err == nil && minutes > 0 {
		typed += "m"
	}
	d, err := time.ParseDuration(typed)
	if err != nil || d < time.Minute || d > mostBefore {
		return 0, false
	}
	return d.Round(time.Minute), true
}

// handleBellDrop ends all bells of a market: the button stands below what says
// that they ring.
func handleBellDrop(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	venue, ok := c.bot.venue(c.arg(0))
	if !ok {
		return result{}, refuse("button.unknown")
	}
	out, err := c.bellsOff(ctx, bellAsk{venue: venue})
	out.answer.Edit = true
	return out, err
}

// bellsOff ends the bells of a market, all of them where no time is named.
func (c *call) bellsOff(ctx context.Context, asked bellAsk) (result, error) {
	if asked.before > 0 {
		out := c.say("bells.off.before", "Market", asked.venue.Name, "Time", c.words.Span(asked.before))
		out.effects = []Effect{Unsubscribe{Destination: c.place.ID, Topic: bellTopic(asked.venue.MIC, asked.before)}}
		out.changes = []subscriptions.Change{c.change("bells", asked.venue.Name, "")}
		return out, nil
	}
	topics, err := c.bot.store.BellTopics(ctx)
	if err != nil {
		return result{}, err
	}
	out := c.say("bells.off", "Market", asked.venue.Name)
	for _, topic := range topics {
		if topic.Name == asked.venue.MIC {
			out.effects = append(out.effects, Unsubscribe{Destination: c.place.ID, Topic: topic})
		}
	}
	out.changes = []subscriptions.Change{c.change("bells", asked.venue.Name, "")}
	return out, nil
}

// bellsLate is how old a bell may be and still be told, as one that is late:
// who was not told that a market opened has found out after an hour.
const bellsLate = time.Hour

// bellSlack is how late a bell may be told without saying so: a minute between
// two looks, and the time to send it.
const bellSlack = 90 * time.Second

// checkBells states the bells that rang since the last look.
func (b *Bot) checkBells(ctx context.Context) error {
	topics, err := b.store.BellTopics(ctx)
	if err != nil || len(topics) == 0 {
		return err
	}
	now := b.now().UTC()
	var events []alerts.Event
	for _, topic := range topics {
		before := time.Duration(topic.ID) * time.Minute
		for _, ring := range b.hours.Rings(topic.Name, now.Add(before-bellsLate), now.Add(before)) {
			events = append(events, alerts.Event{
				Kind: alerts.EventBell, Topic: topic, At: ring.At.Add(-before), Detected: now,
				Key:  fmt.Sprintf("bell/%s/%d/%d", topic.Name, topic.ID, ring.At.Unix()),
				Bell: &alerts.Bell{Venue: topic.Name, Open: ring.Open, In: before, Last: ring.Last},
			})
		}
	}
	if len(events) == 0 {
		return nil
	}
	if err := b.store.PutEvents(ctx, events); err != nil {
		return err
	}
	b.spread()
	return nil
}

// bell tells that a venue opens or closes; one that comes late, after a stop or
// at the end of a silence, says what is true by then, and that it is late.
func (k *composition) bell(w Words, e alerts.Event) *message.Message {
	ring := e.At.Add(e.Bell.In)
	late, left := k.now.Sub(e.At), ring.Sub(k.now)
	now, past, when := "bell.closes", "bell.closes.past", w.Say("bell.now")
	if e.Bell.Open {
		now, past = "bell.opens", "bell.opens.past"
	}
	switch {
	case late <= bellSlack && e.Bell.In > 0:
		when = w.Say("bell.in", "Time", w.Span(e.Bell.In))
	case late > bellSlack && left >= time.Minute:
		when = w.Say("bell.in", "Time", w.Span(left))
	case late > bellSlack:
		now, when = past, w.Clock(ring)
	}
	m := &message.Message{
		Title:  w.Say(now, "Venue", k.bot.venueName(e.Bell.Venue), "When", when),
		Footer: []message.Inline{message.T(w.Moment(ring))},
	}
	if late > bellSlack {
		m.Footer = append(m.Footer, message.T(" · "+w.Say("bell.late", "Time", w.Span(late))))
	}
	if e.Bell.Last {
		m.Blocks = []message.Block{w.P("bell.last")}
	}
	return m
}
