package bot

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// copyVerb is the verb of the button that makes a rule of a shared place the
// presser's own, told in private.
const copyVerb = "rule.copy"

// copyPrefix is what follows /start of who pressed it before they ever spoke to
// the bot: on Telegram nobody can be written to who did not begin.
const copyPrefix = "copy-"

// copyable tells whether a rule means the same elsewhere.
func copyable(r alerts.Rule) bool {
	return !slices.ContainsFunc(r.Conditions, func(k alerts.Condition) bool { return k.Ticker == "" })
}

// handleRuleCopy makes a rule of a shared place the caller's own, told by
// direct message.
func handleRuleCopy(ctx context.Context, c *call) (result, error) {
	home, err := c.mine(ctx)
	if err != nil {
		return result{}, err
	}
	if c.place.Address.Platform == subscriptions.Telegram && c.Identity.User != "" {
		c.goHome(home) // what is said in the group all would read
	}
	source, err := c.toCopy(ctx)
	if err != nil {
		return result{}, err
	}
	c.place = home
	if err := c.knock(ctx); err != nil {
		return result{}, err
	}
	out, err := c.copyRule(ctx, source.Rule)
	out.answer.Ephemeral = true
	return out, err
}

// goHome has all that is said go to the person's private chat.
func (c *call) goHome(home subscriptions.Destination) {
	c.chat, c.Place = home, home
	c.Reply, c.Message, c.Via = "", "", ""
	c.words = c.bot.catalogue.Words(home.Locale, home.Zone, c.now)
}

// toCopy finds the rule that the button names, which is one of this place and
// may be read by the caller.
func (c *call) toCopy(ctx context.Context) (subscriptions.OwnedRule, error) {
	source, err := c.ruleBy(ctx, c.arg(0))
	if err != nil {
		return source, err
	}
	if source.Destination != c.place.ID {
		return source, errNotYours
	}
	shown := c.place.Address.Platform == subscriptions.Discord || c.place.Address.Platform == subscriptions.Telegram
	if c.Identity.User == "" || !shown {
		return source, refuse("moderator.only")
	}
	// Who presses a button was shown the alert: it is enough that the platform
	// does not say that they are no member.
	role, err := c.role(ctx)
	if err == nil && role == subscriptions.RoleNobody {
		err = refuse("rule.copy.member")
	}
	return source, err
}

func (c *call) ruleBy(ctx context.Context, text string) (subscriptions.OwnedRule, error) {
	id, err := strconv.ParseInt(text, 36, 64)
	if err != nil || id <= 0 {
		return subscriptions.OwnedRule{}, refuse("button.unknown")
	}
	return c.bot.store.Rule(ctx, alerts.RuleID(id))
}

// copyRule makes the same rule in the call's place.
func (c *call) copyRule(ctx context.Context, r alerts.Rule) (result, error) {
	if !copyable(r) {
		return result{}, refuse("rule.copy.watchlist")
	}
	r.Mention, r.Note, r.Watchlist = "", "", 0
	c.exact, c.sure = true, true
	return c.makeRule(ctx, alerts.Canonical(r))
}

// copyNote is what is shown at once over the chat where the button was pressed
// on Telegram: where the answer is, or the way to the private chat that the
// person has to begin.
func (c *call) copyNote(ctx context.Context) (Answer, error) {
	if _, err := c.toCopy(ctx); err != nil {
		out, err := c.explain(ctx, result{}, err)
		if err != nil || out.answer.Message == nil {
			return Answer{}, err
		}
		return Answer{Toast: message.Cut(out.answer.Message.Plain(), maxToast)}, nil
	}
	reached, err := c.bot.store.Reached(ctx, homeAddress(c.place, c.Identity))
	if err != nil {
		return Answer{}, err
	}
	if !reached {
		return Answer{Open: copyPrefix + c.arg(0)}, nil
	}
	return Answer{Toast: c.words.Say("rule.copy.there")}, ErrSubmit
}

// copyFrom makes a rule the caller's own who came by the button's address. It
// can be made up by anybody: the platform is asked whether they are in the
// place of the rule, and nothing is said of it to others.
func (c *call) copyFrom(ctx context.Context, payload string) (result, error) {
	source, err := c.ruleBy(ctx, strings.TrimPrefix(payload, copyPrefix))
	var no *refusal
	if errors.As(err, &no) || errors.Is(err, subscriptions.ErrNotFound) {
		return result{}, refuse("rule.copy.gone")
	}
	if err != nil {
		return result{}, err
	}
	place, err := c.bot.store.Destination(ctx, source.Destination)
	if err != nil {
		return result{}, err
	}
	if place.Kind == subscriptions.Private || place.Address.Platform != c.chat.Address.Platform || place.Address.Account != c.chat.Address.Account {
		return result{}, refuse("rule.copy.gone")
	}
	there := *c
	there.remote, there.place = true, place
	switch role, err := there.role(ctx); {
	case err != nil:
		return result{}, err
	case role == subscriptions.RoleUnknown:
		return result{}, refuse("rule.copy.unsure")
	case role == subscriptions.RoleNobody:
		return result{}, refuse("rule.copy.gone")
	}
	return c.copyRule(ctx, source.Rule)
}
