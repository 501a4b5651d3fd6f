package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// SessionState is what a market does now.
type SessionState string

// The states of a market.
const (
	MarketUnknown SessionState = ""
	MarketOpen    SessionState = "open"
	MarketBreak   SessionState = "break"
	MarketClosed  SessionState = "closed"
)

// MarketSession is what a market does at a moment, and until when.
type MarketSession struct {
	State SessionState
	// Until is when the state ends, UTC; zero where that is not known, or never
	// comes.
	Until time.Time
}

// Hours knows when markets trade.
type Hours interface {
	// Session returns what a symbol's market does at a time.
	Session(s market.Symbol, at time.Time) MarketSession
	// Sessions returns the stretches of trading of a symbol's market that
	// overlap a span, in order; none where it has no sessions or its hours are
	// not known.
	Sessions(s market.Symbol, from, to time.Time) []OpenSpan
	// Venues returns the markets whose bells can be asked for.
	Venues() []Venue
	// Rings returns the bells of a market after one time and up to another.
	Rings(venue string, after, until time.Time) []Ring
}

// OpenSpan is a stretch of trading, in UTC.
type OpenSpan struct {
	From, To time.Time
	Day      time.Time // the trading day that it belongs to; zero where that is not told
}

// Venue is a market with bells.
type Venue struct {
	MIC   string   // ISO 10383
	Name  string   // as people call it: "Singapore"
	Words []string // what people type for it: "sgx"
}

// Ring is an opening or a close.
type Ring struct {
	At   time.Time // UTC
	Open bool
}

// hours says in words what a symbol's market does.
func (c *call) hours(s market.Symbol) string {
	session := c.bot.hours.Session(s, c.now)
	w := c.words
	switch {
	case session.State == MarketOpen && !session.Until.IsZero():
		return w.Say("market.open", "At", w.Clock(session.Until))
	case session.State == MarketBreak:
		return w.Say("market.break", "At", w.Clock(session.Until))
	case session.State == MarketClosed && !session.Until.IsZero():
		return w.Say("market.closed", "Time", w.Span(session.Until.Sub(c.now)))
	case session.State == MarketClosed:
		return w.Say("market.closed.short")
	}
	return ""
}

// nextOpen says what the market at the head of the strip does: "Singapore opens
// in 2 hours 26 minutes.".
func (c *call) nextOpen() string {
	if len(c.bot.strip) == 0 {
		return ""
	}
	s := c.bot.strip[0]
	session := c.bot.hours.Session(s, c.now)
	w, name := c.words, c.bot.venueName(s.Exchange)
	switch {
	case session.Until.IsZero():
		return ""
	case session.State == MarketOpen:
		return w.Say("market.open.now", "Market", name, "At", w.Clock(session.Until))
	case session.State == MarketBreak:
		return w.Say("market.break.now", "Market", name, "At", w.Clock(session.Until))
	case session.State == MarketClosed:
		return w.Say("market.opens", "Market", name, "Time", w.Span(session.Until.Sub(c.now)))
	}
	return ""
}

// venueName returns how people call a market; its code where no name is known.
func (b *Bot) venueName(mic string) string {
	for _, v := range b.hours.Venues() {
		if v.MIC == mic {
			return v.Name
		}
	}
	return mic
}

func (b *Bot) venue(typed string) (Venue, bool) {
	typed = strings.ToLower(strings.TrimSpace(typed))
	for _, v := range b.hours.Venues() {
		if strings.ToLower(v.MIC) == typed || strings.ToLower(v.Name) == typed || slices.Contains(v.Words, typed) {
			return v, true
		}
	}
	return Venue{}, false
}

func (b *Bot) venueNames() string {
	var names []string
	for _, v := range b.hours.Venues() {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

func (b *Bot) suggestVenues(typed string) []Choice {
	var out []Choice
	for _, v := range b.hours.Venues() {
		if len(out) < maxChoices && strings.Contains(strings.ToLower(v.Name+" "+v.MIC+" "+strings.Join(v.Words, " ")), strings.ToLower(typed)) {
			out = append(out, Choice{Label: v.Name + " · " + v.MIC, Value: v.Name})
		}
	}
	return out
}

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
	out.effects = []Effect{Subscribe{Subscription: subscriptions.Subscription{
		ID: subscriptions.SubscriptionID(id), Destination: c.place.ID, Owner: c.person, Created: c.now, Topic: bellTopic(venue.MIC, before),
	}}}
	out.changes = []subscriptions.Change{c.change("bells", "", venue.Name)}
	return out, nil
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

// bellsLate is how old a bell may be and still be told: a bell is for now.
const bellsLate = 10 * time.Minute

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
				Bell: &alerts.Bell{Venue: topic.Name, Open: ring.Open, In: before},
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
