package bot

import (
	"context"
	"strconv"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

const rulesOnPage = 5

// handleAlerts lists rules: where each stands, how far away its threshold is.
func handleAlerts(ctx context.Context, c *call) (result, error) { return c.rulesPage(ctx, 0, false) }

func handleRulesPage(ctx context.Context, c *call) (result, error) {
	page, _ := strconv.Atoi(c.arg(0))
	return c.rulesPage(ctx, page, true)
}

func (c *call) rulesPage(ctx context.Context, page int, edit bool) (result, error) {
	rules, err := c.visibleRules(ctx)
	if err != nil {
		return result{}, err
	}
	if len(rules) == 0 {
		out := c.say("alerts.none")
		out.answer.Edit, out.answer.Ephemeral = edit, true
		return out, nil
	}
	from, to, pager := c.pages("rules", page, len(rules), rulesOnPage)
	records, err := c.recordsOf(ctx, rules[from:to])
	if err != nil {
		return result{}, err
	}
	m := &message.Message{Title: c.words.Say("alerts.title", "Count", len(rules))}
	items := make([][]message.Inline, 0, rulesOnPage)
	var show []message.Button
	for i, owned := range rules[from:to] {
		number := strconv.Itoa(from + i + 1)
		item := message.Item(message.B(number+". "), message.C(c.sentence(owned.Rule)), message.T(" · "+c.standing(owned, records)))
		if owned.Destination != c.place.ID {
			item = append(item, message.T(" · "+c.words.Say("alerts.private")))
		}
		items = append(items, item)
		show = append(show, message.Button{
			Label: c.words.Say("alerts.show", "Number", number),
			Data:  message.Data("rule.show", strconv.FormatInt(int64(owned.Rule.ID), 36)),
		})
	}
	m.Blocks = []message.Block{message.Items(items...), c.words.P("alerts.how")}
	m.Buttons = append(rows(show, 5), pager...)
	return result{answer: Answer{Message: m, Edit: edit, Ephemeral: true}}, nil
}

// recordsOf reads what is known of the rules' symbols.
func (c *call) recordsOf(ctx context.Context, rules []subscriptions.OwnedRule) (map[market.Ticker]alerts.Standing, error) {
	var tickers []market.Ticker
	for _, owned := range rules {
		more, err := c.bot.tickersOf(ctx, owned.Rule)
		if err != nil {
			return nil, err
		}
		tickers = append(tickers, more...)
	}
	return c.bot.store.Standings(ctx, tickers)
}

// standing says in words where a rule stands, with the distance to its
// threshold.
func (c *call) standing(owned subscriptions.OwnedRule, records map[market.Ticker]alerts.Standing) string {
	r, w := owned.Rule, c.words
	switch {
	case r.HeldFor != "":
		return w.Say("phase.held", "Why", w.Say("held."+r.HeldFor))
	case r.Paused:
		return w.Say("phase.paused")
	case !r.Expires.IsZero() && !r.Expires.After(c.now):
		return w.Say("phase.expired", "When", w.Clock(r.Expires))
	case r.SnoozedUntil.After(c.now):
		return w.Say("phase.snoozed", "Until", w.Clock(r.SnoozedUntil))
	case len(owned.States) != 1:
		return w.Say("phase.list", "Count", len(owned.States))
	}
	st := owned.States[0]
	text := w.Say("phase."+string(st.Phase), "When", w.Clock(st.FiredAt))
	if record, ok := records[st.Ticker]; ok && st.Phase != alerts.Done {
		if d := c.away(r, st.Ticker, record.Quote.Price); d != "" {
			text += ", " + d
		}
	}
	if every := c.bot.cadence(st.Ticker); every > 0 && st.Phase != alerts.Done {
		text += ", " + w.Say("phase.read", "Every", w.Span(every))
	}
	return text
}

// handleRuleShow shows one rule with all that can be done with it.
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
		if int64(owned.Rule.ID) != id {
			continue
		}
		records, err := c.recordsOf(ctx, []subscriptions.OwnedRule{owned})
		if err != nil {
			return result{}, err
		}
		m := &message.Message{Blocks: []message.Block{
			message.P(message.C(c.sentence(owned.Rule))),
			message.P(message.T(c.standing(owned, records))),
		}}
		if fields := c.ruleFacts(ctx, owned); len(fields) > 0 {
			m.Blocks = append(m.Blocks, message.Pairs(fields...))
		}
		m.Buttons = [][]message.Button{c.ruleButtons(owned), c.thresholdButtons(owned)}
		return result{answer: Answer{Message: m, Ephemeral: true}}, nil
	}
	return result{}, errNotYours
}

// thresholdButtons arm a rule again, put it off and move its threshold.
func (c *call) thresholdButtons(owned subscriptions.OwnedRule) []message.Button {
	id := strconv.FormatInt(int64(owned.Rule.ID), 36)
	buttons := []message.Button{
		{Label: c.words.Say("rule.rearm"), Data: message.Data("rule.rearm", id)},
		{Label: c.words.Say("rule.snooze.hour"), Data: message.Data("rule.snooze", id, "1h")},
	}
	if len(owned.Rule.Conditions) > 0 {
		if down, ok := stepped(owned.Rule, false); ok {
			buttons = append(buttons, message.Button{Label: "▼ " + c.threshold(down), Data: message.Data("rule.move", id, "down")})
		}
		if up, ok := stepped(owned.Rule, true); ok {
			buttons = append(buttons, message.Button{Label: "▲ " + c.threshold(up), Data: message.Data("rule.move", id, "up")})
		}
	}
	return buttons
}

// threshold prints the first threshold of a rule.
func (c *call) threshold(r alerts.Rule) string {
	for _, k := range r.Conditions {
		if !k.Level.IsZero() {
			return c.words.Price(c.bot.named(k.Ticker), k.Level)
		}
		if !k.Change.IsZero() {
			return c.words.Exact(k.Change)
		}
	}
	return ""
}
