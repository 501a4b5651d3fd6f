package bot

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// card shows one rule with all that can be done with it.
func (c *call) card(ctx context.Context, owned subscriptions.OwnedRule) *message.Message {
	m := &message.Message{Blocks: []message.Block{
		message.P(c.shown(owned.Rule)...),
		message.P(message.T(c.phase(owned))),
	}}
	if fields := c.ruleFacts(ctx, owned); len(fields) > 0 {
		m.Blocks = append(m.Blocks, message.Pairs(fields...))
	}
	m.Buttons = [][]message.Button{c.ruleButtons(owned), c.thresholdButtons(owned)}
	m.Buttons = append(m.Buttons, c.moveButtons(owned)...)
	m.Buttons = append(m.Buttons, []message.Button{{Label: c.words.Say("alerts.all"), Data: message.Data("rules", "0")}})
	return m
}

// aftermath shows what was done to a rule in the message whose button was
// pressed: an alert stays an alert with a line above it, anything else becomes
// the rule's card.
func (c *call) aftermath(ctx context.Context, owned subscriptions.OwnedRule, line string) (result, error) {
	lead := message.P(message.B(line))
	m, err := c.alertHere(ctx, owned.Rule)
	if err != nil {
		return result{}, err
	}
	if m == nil {
		m = c.card(ctx, owned)
		if c.resting(owned.Rule) != "" {
			m.Blocks = slices.Delete(m.Blocks, 1, 2) // the line says it
		}
	}
	m.Blocks = slices.Insert(m.Blocks, 0, lead)
	return result{answer: Answer{Message: m, Edit: c.Button != ""}}, nil
}

// alertHere makes the alert again whose button was pressed; nil where the
// button was not on an alert of that rule.
func (c *call) alertHere(ctx context.Context, rule alerts.Rule) (*message.Message, error) {
	if c.Button == "" || c.Message == "" {
		return nil, nil
	}
	send, err := c.bot.store.SendByPart(ctx, c.chat.Address, c.Message)
	if errors.Is(err, subscriptions.ErrNotFound) || err == nil && send.Event == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k, err := c.bot.composition(ctx, []*outbox.Send{&send})
	if err != nil {
		return nil, err
	}
	e, ok := k.events[alerts.EventID(send.Event)]
	if !ok || e.Firing == nil || e.Firing.Rule.ID != rule.ID {
		return nil, nil
	}
	d := dressOf(e, c.place)
	m := k.message(ctx, e, d)
	m.Buttons = k.firingButtons(c.words, rule, d)
	m.Mention, m.Quiet = "", true
	return m, nil
}

// handleRuleShow shows one rule in place of the list that named it.
func handleRuleShow(ctx context.Context, c *call) (result, error) {
	id, err := strconv.ParseInt(c.arg(0), 36, 64)
	if err != nil {
		return result{}, refuse("button.unknown")
	}
	rules, err := c.visibleRules(ctx)
	if err != nil {
		return result{}, err
	}
	for _, owned := range rules {
		if int64(owned.Rule.ID) == id {
			return result{answer: Answer{Message: c.card(ctx, owned), Edit: true, Ephemeral: true}}, nil
		}
	}
	return result{}, errNotYours
}

// thresholdButtons arm a rule again and put it off.
func (c *call) thresholdButtons(owned subscriptions.OwnedRule) []message.Button {
	id := id36(int64(owned.Rule.ID))
	return []message.Button{
		{Label: c.words.Say("rule.rearm"), Data: message.Data("rule.rearm", id)},
		{Label: c.words.Say("rule.snooze.hour"), Data: message.Data("rule.snooze", id, "1h")},
		{Label: c.words.Say("rule.snooze.tomorrow"), Data: message.Data("rule.snooze", id, "tomorrow")},
	}
}

// moveButtons move a rule's threshold by a step; none where it has none.
func (c *call) moveButtons(owned subscriptions.OwnedRule) [][]message.Button {
	return c.bot.moveButtons(c.words, owned.Rule)
}

func (b *Bot) moveButtons(w Words, r alerts.Rule) [][]message.Button {
	id := id36(int64(r.ID))
	var row []message.Button
	if down, ok := stepped(r, false); ok {
		row = append(row, message.Button{Label: "▼ " + b.threshold(w, down), Data: message.Data("rule.move", id, "down")})
	}
	if up, ok := stepped(r, true); ok {
		row = append(row, message.Button{Label: "▲ " + b.threshold(w, up), Data: message.Data("rule.move", id, "up")})
	}
	if len(row) == 0 {
		return nil
	}
	return [][]message.Button{row}
}

// threshold prints the first threshold of a rule.
func (b *Bot) threshold(w Words, r alerts.Rule) string {
	for _, k := range r.Conditions {
		switch {
		case !k.Upper.IsZero():
			return w.Say("rule.range", "Level", w.Price(b.named(k.Ticker), k.Level), "Upper", w.Price(b.named(k.Ticker), k.Upper))
		case !k.Level.IsZero():
			return w.Price(b.named(k.Ticker), k.Level)
		case k.Change.IsZero():
			continue
		case k.Kind == alerts.MovesPercent || k.Kind == alerts.GapsAtTheOpen:
			return w.Exact(k.Change) + " %"
		case k.Kind == alerts.MovesPoints:
			return w.Exact(k.Change) + " bp"
		}
		return w.Exact(k.Change)
	}
	return ""
}
