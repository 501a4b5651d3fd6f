package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// editNamed edits a rule that is named by its number in /alerts.
func (c *call) editNamed(ctx context.Context) (result, error) {
	name, text := c.option("alert"), c.option("condition")
	if name == "" {
		name, text, _ = strings.Cut(strings.TrimSpace(c.Text), " ")
	}
	owned, err := c.ruleNamed(ctx, name)
	if err != nil {
		return result{}, err
	}
	id := strconv.FormatInt(int64(owned.Rule.ID), 36)
	if text == "" {
		again := *c
		again.Button = message.Data("rule.edit", id)
		return handleRuleEdit(ctx, &again)
	}
	if _, err := alerts.Parse(text, c.env()); err != nil && len(owned.Rule.Conditions) > 0 && owned.Rule.Conditions[0].Ticker != "" {
		text = string(owned.Rule.Conditions[0].Ticker) + " " + text
		if draft, err := alerts.Parse(text, c.env()); err == nil {
			text = alerts.Canonical(c.keepsRest(draft.Rule, owned.Rule, text))
		}
	}
	return c.editRule(ctx, id, text)
}

// keepsRest gives a rule what it does not say itself and the one before it had:
// who names a new condition and no symbol means no other note, repeat or end.
func (c *call) keepsRest(next, old alerts.Rule, text string) alerts.Rule {
	once := slices.Contains(strings.Fields(strings.ToLower(text)), "once")
	if next.Repeat != alerts.EveryTime && next.Cooldown == 0 && !once {
		next.Repeat, next.Cooldown = old.Repeat, old.Cooldown
	}
	if next.Expires.IsZero() && old.Expires.After(c.now) {
		next.Expires = old.Expires
	}
	if next.Note == "" {
		next.Note = old.Note
	}
	if next.Mention == "" {
		next.Mention = old.Mention
	}
	next.RegularHours = next.RegularHours || old.RegularHours
	return next
}

// byName runs a button's handler on a rule that is named by its number or id.
func (c *call) byName(ctx context.Context, h handler) (result, error) {
	name := c.option("alert")
	if name == "" {
		name = strings.TrimSpace(c.Text)
	}
	owned, err := c.ruleNamed(ctx, name)
	if err != nil {
		return result{}, err
	}
	again := *c
	again.Button = message.Data("rule", strconv.FormatInt(int64(owned.Rule.ID), 36))
	if owned.Rule.Paused && c.Sub == "pause" {
		h = handleRuleResume
	}
	return h(ctx, &again)
}

// ruleNamed finds a rule by its number in /alerts, or by "#" and its id.
func (c *call) ruleNamed(ctx context.Context, name string) (subscriptions.OwnedRule, error) {
	if id, ok := strings.CutPrefix(name, "#"); ok {
		return c.owned(ctx, id)
	}
	n, err := strconv.Atoi(name)
	rules, listErr := c.visibleRules(ctx)
	if listErr != nil {
		return subscriptions.OwnedRule{}, listErr
	}
	if len(rules) == 0 {
		return subscriptions.OwnedRule{}, refuse("alerts.none")
	}
	if err != nil || n < 1 || n > len(rules) {
		return subscriptions.OwnedRule{}, refuse("rule.unnamed", "Count", len(rules))
	}
	return rules[n-1], nil
}

// visibleRules are the rules that a caller may see here: those of the place,
// and on Discord their own private ones too.
func (c *call) visibleRules(ctx context.Context) ([]subscriptions.OwnedRule, error) {
	rules, err := c.bot.store.RulesOf(ctx, c.place.ID)
	if err != nil || c.place.Kind == subscriptions.Private || c.place.Address.Platform != subscriptions.Discord {
		return rules, err
	}
	if c.Identity.User == "" {
		return rules, nil
	}
	home, err := c.mine(ctx)
	if err != nil {
		return rules, err
	}
	own, err := c.bot.store.RulesOf(ctx, home.ID)
	return append(rules, own...), err
}
