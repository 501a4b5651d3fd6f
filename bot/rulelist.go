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
// Those that come to the person by direct message are shown from anywhere, and
// are told again to who asks for them.
func handleAlerts(ctx context.Context, c *call) (result, error) {
	out, err := c.rulesPage(ctx, 0, false)
	if err != nil || c.place.Kind == subscriptions.Private || c.place.Address.Platform != subscriptions.Discord || c.Identity.User == "" {
		return out, err
	}
	home := *c
	if home.place, err = c.mine(ctx); err != nil {
		return result{}, err
	}
	if err := home.knock(ctx); err != nil {
		return result{}, err
	}
	if home.shut {
		out.answer.Message.Blocks = append(out.answer.Message.Blocks, c.words.P("alert.private.shut"))
	}
	return out, nil
}

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
		item := append(message.Item(message.B(number+". ")), c.shown(owned.Rule)...)
		item = append(item, message.T(" · "+c.standing(owned, records)))
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
	if c.resting(r) != "" || r.Watchlist != 0 || len(owned.States) != 1 {
		return c.phase(owned)
	}
	st := owned.States[0]
	text := c.phase(owned)
	if record, ok := records[st.Ticker]; ok && st.Phase != alerts.Done {
		if d := c.away(r, st.Ticker, record); d != "" {
			text += ", " + d
		}
	}
	if every := c.bot.cadence(st.Ticker); every > 0 && st.Phase != alerts.Done && c.stale(st) == "" {
		text += ", " + w.Say("phase.read", "Every", w.Span(every))
	}
	return text
}

// resting says why a rule looks at nothing now; "" where it does.
func (c *call) resting(r alerts.Rule) string {
	w := c.words
	switch {
	case r.HeldFor != "":
		return w.Say("phase.held", "Why", w.Say("held."+r.HeldFor))
	case r.Paused:
		return w.Say("phase.paused")
	case !r.Expires.IsZero() && !r.Expires.After(c.now):
		return w.Say("phase.expired", "When", w.Clock(r.Expires))
	case r.SnoozedUntil.After(c.now):
		return w.Say("phase.snoozed", "Until", w.Clock(r.SnoozedUntil))
	}
	return ""
}

// phase says where a rule stands, without the distance to its threshold.
func (c *call) phase(owned subscriptions.OwnedRule) string {
	if text := c.resting(owned.Rule); text != "" {
		return text
	}
	if owned.Rule.Watchlist != 0 || len(owned.States) != 1 {
		return c.words.Say("phase.list", "Count", c.watched(owned))
	}
	st := owned.States[0]
	if text := c.stale(st); text != "" {
		return text
	}
	if st.Phase == alerts.Fired && owned.Rule.Repeat != alerts.EveryTime {
		return c.words.Say("phase.told", "When", c.words.Clock(st.FiredAt))
	}
	return c.words.Say("phase."+string(st.Phase), "When", c.words.Clock(st.FiredAt))
}

// stale says that a rule looks at nothing since its symbol's source fails; ""
// where quotes come, or need not.
func (c *call) stale(st alerts.State) string {
	if st.Phase == alerts.Done {
		return ""
	}
	records, err := c.bot.store.Standings(c.bot.working(), []market.Ticker{st.Ticker})
	if err != nil {
		return ""
	}
	late, ok := c.bot.late(c.bot.named(st.Ticker), records[st.Ticker].Quote, c.now)
	if !ok {
		return ""
	}
	return c.words.Say("phase.stale", "Source", late.Source, "Since", c.words.Clock(late.Since))
}

// watched counts the symbols that a rule looks at.
func (c *call) watched(owned subscriptions.OwnedRule) int {
	if tickers, err := c.bot.tickersOf(c.bot.working(), owned.Rule); err == nil {
		return len(tickers)
	}
	return len(owned.States)
}
