package bot

import (
	"context"
	"fmt"
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
	before := time.Duration(0)
	words := strings.Fields(text)
	off := len(words) > 1 && strings.EqualFold(words[len(words)-1], "off")
	if off {
		words = words[:len(words)-1]
		text = strings.Join(words, " ")
	}
	if d, err := time.ParseDuration(words[len(words)-1]); err == nil && d > 0 && d <= 12*time.Hour && len(words) > 1 {
		before = d.Round(time.Minute)
		text = strings.Join(words[:len(words)-1], " ")
	}
	venue, ok := c.bot.venue(text)
	if !ok {
		return result{}, refuse("bells.unknown", "Typed", message.Cut(text, 40), "Markets", c.bot.venueNames())
	}
	if off {
		return c.bellsOff(venue, before), nil
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
		Label: c.words.Say("bells.drop"), Data: message.Data("bell.drop", venue.MIC, fmt.Sprint(int64(before/time.Minute))),
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

func handleBellDrop(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	venue, ok := c.bot.venue(c.arg(0))
	minutes, err := time.ParseDuration(c.arg(1) + "m")
	if !ok || err != nil {
		return result{}, refuse("button.unknown")
	}
	out := c.bellsOff(venue, minutes)
	out.answer.Edit = true
	return out, nil
}

// bellsOff ends the bells of a market, those that ring so long before.
func (c *call) bellsOff(venue Venue, before time.Duration) result {
	out := c.say("bells.off", "Market", venue.Name)
	out.effects = []Effect{Unsubscribe{Destination: c.place.ID, Topic: bellTopic(venue.MIC, before)}}
	out.changes = []subscriptions.Change{c.change("bells", venue.Name, "")}
	return out
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
	return b.fanOut(ctx)
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
