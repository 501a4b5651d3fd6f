package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// handleAlert makes a rule, or runs one of the sub-commands.
func handleAlert(ctx context.Context, c *call) (result, error) {
	c.looks = c.option("preview") == "yes"
	switch c.subCommand("add", "edit", "list", "pause", "preview", "remove", "delete", "resume") {
	case "list":
		return handleAlerts(ctx, c)
	case "edit":
		return c.editNamed(ctx)
	case "pause", "resume":
		return c.byName(ctx, handleRulePause)
	case "remove", "delete":
		return c.byName(ctx, handleRuleDrop)
	case "preview":
		c.looks = true
	}
	text := c.ruleText()
	if text == "" {
		before := ""
		if c.looks {
			before = "preview"
		}
		return c.ask("alert.ask", "alert", before), nil
	}
	home := *c
	if c.option("to") == "me" || c.option("to") == "" && c.place.Kind != subscriptions.Private && len(c.Options) > 0 {
		if err := c.homeFor(ctx, &home); err != nil {
			return result{}, err
		}
	}
	if err := home.mayMakeRules(ctx); err != nil {
		return result{}, err
	}
	return home.makeRule(ctx, text)
}

// ruleText is what was typed, or what a platform's options add up to.
func (c *call) ruleText() string {
	if len(c.Options) == 0 {
		return strings.TrimSpace(c.Text)
	}
	parts := []string{c.option("symbol"), c.option("condition"), c.option("repeat")}
	if v := c.option("cooldown"); v != "" {
		parts = append(parts, "cooldown "+v)
	}
	if v := c.option("until"); v != "" {
		parts = append(parts, "until "+v)
	}
	if v := c.option("mention"); v != "" {
		parts = append(parts, "mention "+v)
	}
	if v := c.option("note"); v != "" {
		parts = append(parts, `note "`+strings.ReplaceAll(v, `"`, "'")+`"`)
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// homeFor turns a call in a shared place into one at the person's private
// destination, where it is wanted there or where the person may not decide here.
func (c *call) homeFor(ctx context.Context, home *call) error {
	role, err := c.role(ctx)
	if err != nil {
		return err
	}
	if c.option("to") == "" && c.place.May(role, c.Roles) {
		return nil
	}
	if home.place, err = c.mine(ctx); err != nil {
		return err
	}
	return home.knock(ctx)
}

// knock has a person's private destination tried again, though the platform
// refused the last message: they ask for something there.
func (c *call) knock(ctx context.Context) error {
	if c.place.Standing != subscriptions.Parked {
		return nil
	}
	c.shut = true
	_, err := c.bot.store.Revive(ctx, c.place.ID, false)
	return err
}

// mine returns the person's private destination on a platform that lets one
// write to people from a shared place.
func (c *call) mine(ctx context.Context) (subscriptions.Destination, error) {
	here := c.place
	here.Locale = c.words.Say("locale")
	return c.bot.homeOf(ctx, here, c.Identity)
}

// mayMakeRules lets moderators make rules for a place, and others where it is
// open to them.
func (c *call) mayMakeRules(ctx context.Context) error {
	open := c.place.Settings.OpenTo
	if c.place.Kind != subscriptions.Private && (open == "everyone" || slices.Contains(c.Roles, open)) &&
		c.Role != subscriptions.RoleNobody {
		return nil
	}
	return c.mayChange(ctx)
}

// makeRule reads the text of a rule, tries it on history, and stores it, or
// asks first where it would be noisy.
func (c *call) makeRule(ctx context.Context, text string) (result, error) {
	if err := c.canPost(); err != nil && !c.looks {
		return result{}, err
	}
	draft, err := c.readRule(ctx, text)
	if err != nil {
		return result{}, err
	}
	if have, ok, err := c.identical(ctx, draft.Rule, 0); err != nil || ok {
		return c.twice(ctx, have), err
	}
	owned, err := c.newRule(ctx, draft)
	if err != nil {
		return result{}, err
	}
	t := c.try(ctx, owned.Rule)
	if c.looks || !c.sure && t.asksFirst(owned.Rule) {
		return c.askFirst(ctx, owned, 0, t), nil
	}
	out := result{answer: Answer{Message: c.ruleMade(ctx, owned, t)}}
	out.effects, err = c.putNewRule(ctx, owned)
	out.changes = []subscriptions.Change{c.change("rule", "", alerts.Canonical(draft.Rule))}
	out.after = func() { c.bot.followRule(owned.Rule.ID) }
	return out, err
}

// readRule reads the text of a rule and refuses what this place may not have.
func (c *call) readRule(ctx context.Context, text string) (alerts.Draft, error) {
	draft, err := c.parseRule(ctx, text)
	if err != nil {
		return draft, err
	}
	if draft.Watchlist && c.place.Watch == 0 {
		return draft, refuse("alert.no-watchlist")
	}
	return draft, c.mayMention(draft.Rule.Mention)
}

// identical finds a rule of the place that says the same, beside the one with
// an id.
func (c *call) identical(ctx context.Context, rule alerts.Rule, beside alerts.RuleID) (subscriptions.OwnedRule, bool, error) {
	mine, err := c.bot.store.RulesOf(ctx, c.place.ID)
	if err != nil {
		return subscriptions.OwnedRule{}, false, err
	}
	canonical := alerts.Canonical(rule)
	for _, have := range mine {
		if have.Rule.ID != beside && alerts.Canonical(have.Rule) == canonical {
			return have, true, nil
		}
	}
	return subscriptions.OwnedRule{}, false, nil
}

// twice says that there is such a rule already, and in a shared place who set it.
func (c *call) twice(ctx context.Context, have subscriptions.OwnedRule) result {
	out := c.say("alert.twice", "Rule", c.sentence(have.Rule))
	if have.Owner != 0 && have.Owner != c.person && c.place.Kind != subscriptions.Private {
		if name, err := c.bot.store.Name(ctx, have.Owner); err == nil && name != "" {
			out = c.say("alert.twice.by", "Rule", c.sentence(have.Rule), "Name", name)
		}
	}
	out.answer.Message.Buttons = [][]message.Button{c.ruleButtons(have)}
	return out
}

// newRule gives a draft its id and its first states. Prices are read first, so
// that the next crossing is measured from now on; where no source answers, from
// the first quote that comes.
func (c *call) newRule(ctx context.Context, draft alerts.Draft) (subscriptions.OwnedRule, error) {
	id, owner := int64(c.draft.ID), c.draft.Owner
	if id == 0 {
		var err error
		if id, err = c.bot.store.NewID(ctx); err != nil {
			return subscriptions.OwnedRule{}, err
		}
		owner = c.person
	}
	rule := draft.Rule
	rule.ID, rule.Revision, rule.Created = alerts.RuleID(id), 1, c.now
	if draft.Watchlist {
		rule.Watchlist = alerts.WatchlistID(c.place.Watch)
	}
	owned := subscriptions.OwnedRule{Rule: rule, Destination: c.place.ID, Owner: owner}
	tickers, err := c.bot.tickersOf(ctx, rule)
	if err != nil {
		return owned, err
	}
	if missing, silent := c.bot.readNow(ctx, tickers); len(missing) > 0 && !silent {
		return owned, refuse("alert.no-quote", "Symbol", c.bot.named(missing[0]).Name, "Ticker", string(missing[0]))
	}
	for _, t := range tickers {
		state := alerts.NewState(rule.ID, t)
		state.Version = 1 // 0 would mean that none is stored
		owned.States = append(owned.States, state)
	}
	return owned, nil
}

func (c *call) putNewRule(ctx context.Context, owned subscriptions.OwnedRule) ([]Effect, error) {
	id, err := c.bot.store.NewID(ctx)
	return []Effect{
		PutRule{Rule: owned.Rule, Destination: owned.Destination, Owner: owned.Owner, States: owned.States, Limits: c.bot.limits},
		Subscribe{Subscription: subscriptions.Subscription{
			ID: subscriptions.SubscriptionID(id), Destination: owned.Destination, Owner: owned.Owner, Created: c.now,
			Topic: alerts.Topic{Kind: alerts.TopicRule, ID: int64(owned.Rule.ID)},
		}},
	}, err
}

// mayMention lets alerts notify only a role that a moderator allowed.
func (c *call) mayMention(role string) error {
	if role == "" || slices.Contains(c.place.Settings.Mentions, role) {
		return nil
	}
	return refuse("alert.mention")
}

// sentence says a rule as it is shown: in the form in which it can be typed,
// but for the role that it notifies, of which only a number is known here.
func (c *call) sentence(r alerts.Rule) string { return c.words.rule(r) }

func (w Words) rule(r alerts.Rule) string {
	r.Mention = ""
	return alerts.CanonicalIn(r, w.zone)
}

// shown says a rule, and whom it notifies.
func (c *call) shown(r alerts.Rule) []message.Inline {
	out := []message.Inline{message.C(c.sentence(r))}
	if r.Mention != "" {
		out = append(out, message.T(" "), message.R(r.Mention))
	}
	return out
}

// ruleMade shows a rule that was made: where the price stands, how often it is
// read, and what the rule would have done.
func (c *call) ruleMade(ctx context.Context, owned subscriptions.OwnedRule, t trial) *message.Message {
	m := &message.Message{Title: c.words.Say("alert.made"), Blocks: []message.Block{message.P(c.shown(owned.Rule)...)}}
	fields := c.ruleFacts(ctx, owned)
	if len(fields) > 0 {
		m.Blocks = append(m.Blocks, message.Pairs(fields...))
	}
	if len(fields) == 0 && owned.Rule.Watchlist == 0 || len(owned.States) > 0 && !c.known(ctx, owned.States[0].Ticker) {
		m.Blocks = append(m.Blocks, c.words.P("alert.unread"))
	}
	if c.alreadyTrue(ctx, owned.Rule) {
		m.Blocks = append(m.Blocks, c.words.P("alert.already"))
	}
	m.Picture = c.trialPicture(owned.Rule, t)
	m.Blocks = append(m.Blocks, c.account(t)...)
	if quieter := c.quieterForms(owned.Rule, t, "rule.set", owned.Rule.ID); len(quieter) > 0 && c.draft.ID == 0 {
		id := "preview.noisy"
		if owned.Rule.Repeat != alerts.EveryTime {
			id = "preview.noisy.once"
		}
		m.Blocks = append(m.Blocks, c.words.P(id))
		m.Buttons = append(m.Buttons, quieter...)
	}
	m.Buttons = append(m.Buttons, c.ruleButtons(owned))
	if c.elsewhere() {
		m.Blocks = append(m.Blocks, c.words.P("alert.private"))
		if c.shut {
			m.Blocks = append(m.Blocks, c.words.P("alert.private.shut"))
		}
	}
	return m
}

// elsewhere tells that what is made belongs to the person's private chat, and
// is made in a shared place.
func (c *call) elsewhere() bool { return c.Place.Kind != c.place.Kind && !c.remote }

// ruleFacts tells where the price stands and how it is read.
func (c *call) ruleFacts(ctx context.Context, owned subscriptions.OwnedRule) []message.Field {
	var fields []message.Field
	tickers, err := c.bot.tickersOf(ctx, owned.Rule)
	if err != nil {
		return nil
	}
	records, err := c.bot.store.Standings(ctx, tickers)
	if err != nil {
		return nil
	}
	for _, t := range tickers[:min(len(tickers), 5)] {
		record, ok := records[t]
		if !ok {
			continue
		}
		s := c.bot.named(t)
		text := c.words.Price(s, record.Quote.Price)
		if d := c.away(owned.Rule, t, record); d != "" {
			text += " · " + d
		}
		if n, late := c.bot.late(s, record.Quote, c.now); late {
			text += " · " + c.words.Say("market.late.since", "Since", c.words.Clock(n.Since))
		}
		fields = append(fields, message.Pair(c.words.Say("alert.now", "Symbol", s.Name), message.T(text)))
	}
	if len(tickers) > 0 {
		if every := c.bot.cadence(tickers[0]); every > 0 {
			text := c.words.Say("alert.read.live", "Every", c.words.Span(every))
			if record, ok := records[tickers[0]]; ok {
				if record.Quote.Delay > 0 {
					text = c.words.Say("alert.read.late", "Every", c.words.Span(every), "Source", record.Quote.Source, "Delay", c.words.Span(record.Quote.Delay))
				} else if record.Quote.Source != "" {
					text = c.words.Say("alert.read", "Every", c.words.Span(every), "Source", record.Quote.Source)
				}
			}
			fields = append(fields, message.Pair(c.words.Say("alert.read.name"), message.T(text)))
		}
	}
	return fields
}

// away tells how far a price is from a rule's threshold; "" where that is no
// one number.
func (c *call) away(r alerts.Rule, t market.Ticker, now alerts.Standing) string {
	for _, k := range r.Conditions {
		if k.Ticker != "" && k.Ticker != t {
			continue
		}
		s, price := c.bot.named(t), now.Quote.Price
		switch {
		case !k.Level.IsZero() && k.Upper.IsZero():
			return c.words.Say("alert.away", "Level", c.words.Price(s, k.Level), "Distance", c.words.Difference(s, k.Level.Sub(price)),
				"Percent", c.words.Change(k.Level.ChangePercent(price)))
		case k.Kind == alerts.MovesPercent && k.Window == 0 && !now.Base.IsZero():
			return c.words.Say("alert.away.move", "Now", c.words.Change(price.ChangePercent(now.Base)), "Change", c.words.Exact(k.Change)+" %")
		}
	}
	return ""
}

// known tells whether a price of a symbol was ever read.
func (c *call) known(ctx context.Context, t market.Ticker) bool {
	records, err := c.bot.store.Standings(ctx, []market.Ticker{t})
	return err != nil || len(records) > 0
}

func (c *call) alreadyTrue(ctx context.Context, r alerts.Rule) bool {
	if len(r.Conditions) != 1 || r.Conditions[0].Ticker == "" {
		return false
	}
	k := r.Conditions[0]
	records, err := c.bot.store.Standings(ctx, []market.Ticker{k.Ticker})
	if err != nil {
		return false
	}
	now, ok := records[k.Ticker]
	return ok && holds(k, now)
}

// holds tells whether a price is where a condition wants it.
func holds(k alerts.Condition, now alerts.Standing) bool {
	price := now.Quote.Price
	switch k.Kind {
	case alerts.CrossesAbove:
		return price.Cmp(k.Level) >= 0
	case alerts.CrossesBelow:
		return price.Cmp(k.Level) <= 0
	case alerts.EntersRange, alerts.LeavesRange:
		inside := price.Cmp(k.Level) >= 0 && price.Cmp(k.Upper) <= 0
		return inside == (k.Kind == alerts.EntersRange)
	case alerts.MovesPercent:
		return k.Window == 0 && !now.Base.IsZero() && far(k, price.ChangePercent(now.Base))
	case alerts.MovesAmount:
		return k.Window == 0 && !now.Base.IsZero() && far(k, price.Sub(now.Base))
	}
	return false
}

// far tells whether a change is as large as a condition asks, in its direction.
func far(k alerts.Condition, change market.Price) bool {
	return k.Direction != alerts.Down && change.Cmp(k.Change) >= 0 || k.Direction != alerts.Up && change.Neg().Cmp(k.Change) >= 0
}

// ruleButtons are what can be done with a rule.
func (c *call) ruleButtons(owned subscriptions.OwnedRule) []message.Button {
	id := strconv.FormatInt(int64(owned.Rule.ID), 36)
	first := message.Button{Label: c.words.Say("rule.pause"), Data: message.Data("rule.pause", id)}
	if owned.Rule.Paused {
		first = message.Button{Label: c.words.Say("rule.resume"), Data: message.Data("rule.resume", id), Style: message.Primary}
	}
	return []message.Button{
		first,
		{Label: c.words.Say("rule.edit"), Data: message.Data("rule.edit", id)},
		{Label: c.words.Say("rule.drop"), Data: message.Data("rule.drop", id), Style: message.Danger},
	}
}
