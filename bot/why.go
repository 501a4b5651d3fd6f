package bot

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// handleWhy explains the message that is answered, or the last one that came.
func handleWhy(ctx context.Context, c *call) (result, error) {
	send, err := c.explained(ctx)
	switch {
	case !errors.Is(err, subscriptions.ErrNotFound):
	case c.option("message") != "":
		return result{}, refuse("why.message", "Kept", c.kept())
	case c.Message != "":
		return c.say("why.unknown", "Kept", c.kept()), nil
	case c.chat.Address.Platform == subscriptions.Discord:
		return c.say("why.nothing.link"), nil
	default:
		return c.say("why.nothing"), nil
	}
	if err != nil {
		return result{}, err
	}
	if send.Kind == outbox.Collapse {
		id := "why.backlog"
		if send.Priority == outbox.PriorityAlert {
			id = "why.storm"
		}
		return c.say(id, "Fate", c.fate(send, nil)), nil
	}
	events, err := c.bot.store.Events(ctx, alerts.EventID(send.Event))
	if err != nil {
		return result{}, err
	}
	event, ok := events[alerts.EventID(send.Event)]
	if !ok {
		return c.say("why.answer"), nil
	}
	told, err := c.toldIn(ctx, send)
	if err != nil {
		return result{}, err
	}
	m := &message.Message{Title: c.words.Say("why.title"), Blocks: []message.Block{message.P(message.T(c.cause(ctx, event)))}}
	fields := []message.Field{
		message.Pair(c.words.Say("why.happened"), message.T(c.words.Moment(event.At))),
		message.Pair(c.words.Say("why.seen"), message.T(c.words.Moment(event.Detected))),
		message.Pair(c.words.Say("why.state"), message.T(c.fate(send, told))),
	}
	m.Blocks = append(m.Blocks, message.Pairs(fields...))
	return result{answer: Answer{Message: m, Ephemeral: true}}, nil
}

// kept is how long what was sent is remembered, in words; "" for ever.
func (c *call) kept() string {
	if c.bot.keep.Sends == 0 {
		return ""
	}
	return c.words.Span(c.bot.keep.Sends)
}

// explained finds the send that a caller asks about.
func (c *call) explained(ctx context.Context) (outbox.Send, error) {
	if c.Message != "" {
		return c.sentHere(ctx, c.Message)
	}
	if link := c.option("message"); link != "" {
		// A link to a message ends with its id.
		return c.sentHere(ctx, link[strings.LastIndexByte(link, '/')+1:])
	}
	sends, err := c.bot.store.SendsOf(ctx, c.place.ID, 50)
	if err != nil {
		return outbox.Send{}, err
	}
	for _, s := range sends {
		if s.Event != 0 {
			return s, nil
		}
	}
	return c.sentHere(ctx, c.chat.Address.Thread)
}

// sentHere finds the send that became a message of this chat. That which opened
// a post is the forum's, and has the post's id.
func (c *call) sentHere(ctx context.Context, message string) (outbox.Send, error) {
	if message == "" {
		return outbox.Send{}, subscriptions.ErrNotFound
	}
	send, err := c.bot.store.SendByPart(ctx, c.chat.Address, message)
	if parent := parentOf(c.chat.Address); errors.Is(err, subscriptions.ErrNotFound) && parent != c.chat.Address {
		return c.bot.store.SendByPart(ctx, parent, message)
	}
	return send, err
}

// cause says in words why there is an event.
func (c *call) cause(ctx context.Context, e alerts.Event) string {
	switch {
	case e.Firing != nil:
		author := ""
		if owned, err := c.bot.store.Rule(ctx, e.Firing.Rule.ID); err == nil {
			author, _ = c.bot.store.Name(ctx, owned.Owner)
		}
		symbol := c.bot.named(e.Firing.Symbol())
		id := "why.rule"
		if author != "" && c.place.Kind != subscriptions.Private {
			id = "why.rule.by"
		}
		return c.words.Say(id, "Rule", c.sentence(e.Firing.Rule), "Author", author,
			"From", c.words.Price(symbol, e.Firing.From.Price), "FromAt", c.words.Moment(e.Firing.From.Time),
			"To", c.words.Price(symbol, e.Firing.To.Price), "ToAt", c.words.Moment(e.Firing.To.Time), "Source", e.Firing.To.Source)
	case e.Article != nil:
		name := ""
		if feed, err := c.bot.store.Feed(ctx, e.Article.Feed); err == nil {
			name = title(feed)
		}
		return c.words.Say("why.feed", "Feed", name, "Published", c.words.Moment(e.Article.Published))
	case e.Bell != nil:
		return c.words.Say("why.bell")
	}
	return c.words.Say("why.notice")
}

// toldIn returns the sends in which those that are told together with others
// are told.
func (c *call) toldIn(ctx context.Context, sends ...outbox.Send) (map[outbox.SendID]outbox.Send, error) {
	var ids []outbox.SendID
	for _, s := range sends {
		if s.Into != 0 && !slices.Contains(ids, s.Into) {
			ids = append(ids, s.Into)
		}
	}
	found, err := c.bot.store.SendsByID(ctx, ids...)
	told := make(map[outbox.SendID]outbox.Send, len(found))
	for _, s := range found {
		told[s.ID] = s
	}
	return told, err
}

// fate says in words what became of a send, which may be told in another one.
func (c *call) fate(s outbox.Send, told map[outbox.SendID]outbox.Send) string {
	w := c.words
	if into, ok := told[s.Into]; ok && s.State == outbox.Merged {
		return w.Say("send.merged", "How", c.fate(into, nil))
	}
	when := s.Ended
	if len(s.Parts) > 0 {
		when = s.Parts[0].Sent
	}
	if s.State == outbox.Waiting || s.State == outbox.Sending {
		when = s.Due
	}
	text := w.Say("send."+string(s.State), "When", w.Moment(when), "Why", s.Reason)
	if s.Repeated {
		text += ". " + w.Say("send.repeated")
	}
	if s.Attempts > 1 {
		text += ". " + w.Say("send.attempts", "Count", s.Attempts)
	}
	return text
}

// handleDeliveries lists what was sent here lately, what waits, and what was
// dropped and why. It is for those who may change the place.
func handleDeliveries(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	sends, err := c.bot.store.SendsOf(ctx, c.place.ID, 60)
	if err != nil {
		return result{}, err
	}
	told, err := c.toldIn(ctx, sends...)
	if err != nil {
		return result{}, err
	}
	m := &message.Message{Title: c.words.Say("deliveries.title")}
	var items [][]message.Inline
	counts := map[outbox.State]int{}
	for _, s := range sends {
		if s.Event == 0 || s.Kind == outbox.Edit {
			continue // what was changed in a message is none of its own
		}
		state := s.State
		if into, ok := told[s.Into]; ok && state == outbox.Merged {
			state = into.State
		}
		counts[state]++
		if len(items) < 12 {
			items = append(items, message.Item(message.B(c.headline(ctx, s)), message.T(" · "+c.fate(s, told))))
		}
	}
	if len(items) == 0 {
		return c.say("deliveries.none"), nil
	}
	summary := c.words.Say("deliveries.counts", "Delivered", strconv.Itoa(counts[outbox.Delivered]),
		"Waiting", strconv.Itoa(counts[outbox.Waiting]+counts[outbox.Sending]+counts[outbox.Parked]),
		"Dropped", strconv.Itoa(counts[outbox.Discarded]+counts[outbox.SetAside]+counts[outbox.Unknown]))
	m.Blocks = []message.Block{message.P(message.T(summary)), message.Items(items...)}
	return result{answer: Answer{Message: m, Ephemeral: true}}, nil
}

// headline names what a send tells.
func (c *call) headline(ctx context.Context, s outbox.Send) string {
	if s.Message != nil && s.Message.Title != "" {
		return message.Cut(s.Message.Title, 80)
	}
	events, err := c.bot.store.Events(ctx, alerts.EventID(s.Event))
	if e, ok := events[alerts.EventID(s.Event)]; err == nil && ok {
		if e.Article != nil {
			return message.Cut(e.Article.Title, 80)
		}
		if e.Firing != nil {
			return message.Cut(c.sentence(e.Firing.Rule), 80)
		}
	}
	return c.words.Say("deliveries.untitled")
}
