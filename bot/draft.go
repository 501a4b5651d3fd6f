package bot

import (
	"context"
	"errors"
	"strconv"
	"time"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// draftLife is how long a shown rule waits for a decision.
const draftLife = 30 * 24 * time.Hour

// askFirst shows what a rule would have done and keeps it as a draft, to be
// decided on by buttons; changes is the rule that it would change, 0 for a new
// one.
func (c *call) askFirst(ctx context.Context, owned subscriptions.OwnedRule, changes alerts.RuleID, t trial) result {
	w, id := c.words, id36(int64(owned.Rule.ID))
	title, keep, why := "draft.new", "draft.keep", "draft.noisy"
	switch {
	case changes != 0:
		title, keep, why = "draft.change", "draft.keep.change", "draft.noisy.change"
	case c.looks:
		title, keep, why = "draft.look", "draft.keep.look", "draft.looked"
	}
	m := &message.Message{
		Title:   w.Say(title),
		Blocks:  []message.Block{message.P(c.shown(owned.Rule)...)},
		Picture: c.trialPicture(owned.Rule, t),
	}
	m.Blocks = append(m.Blocks, c.account(t)...)
	m.Blocks = append(m.Blocks, w.P(why))
	if fields := c.ruleFacts(ctx, owned); len(fields) > 0 {
		m.Blocks = append(m.Blocks, message.Pairs(fields...))
	}
	if c.elsewhere() {
		m.Blocks = append(m.Blocks, w.P("draft.private"))
	}
	m.Buttons = append(m.Buttons, []message.Button{{Label: w.Say(keep), Data: message.Data("draft.keep", id)}})
	m.Buttons = append(m.Buttons, c.quieterForms(owned.Rule, t, "draft.keep", owned.Rule.ID)...)
	m.Buttons = append(m.Buttons, []message.Button{{Label: w.Say("draft.drop"), Data: message.Data("draft.drop", id)}})
	return result{answer: Answer{Message: m}, effects: []Effect{PutDraft{Draft: subscriptions.Draft{
		ID: owned.Rule.ID, Changes: changes, Destination: owned.Destination, Owner: owned.Owner,
		Text: alerts.Canonical(owned.Rule), Created: c.now,
	}}}}
}

// drafted finds the draft that a button names, and the call as one about its
// place, where the caller may decide on it.
func (c *call) drafted(ctx context.Context) (subscriptions.Draft, *call, error) {
	id, err := strconv.ParseInt(c.arg(0), 36, 64)
	if err != nil || id <= 0 {
		return subscriptions.Draft{}, nil, refuse("button.unknown")
	}
	draft, err := c.bot.store.Draft(ctx, alerts.RuleID(id))
	if err != nil {
		return draft, nil, err
	}
	home, err := c.at(ctx, draft.Destination, draft.Owner)
	return draft, home, err
}

// handleDraftKeep makes the rule of a draft, or the change, as it was shown or
// quieter. Rights, limits and doubles are looked at now, whatever was so when it
// was shown.
func handleDraftKeep(ctx context.Context, c *call) (result, error) {
	draft, home, err := c.drafted(ctx)
	if errors.Is(err, subscriptions.ErrNotFound) {
		return c.draftGone(ctx)
	}
	if err != nil {
		return result{}, err
	}
	home.exact, home.sure, home.draft = true, true, draft
	text, err := home.draftText(ctx, draft, c.arg(1))
	if err != nil {
		return result{}, err
	}
	var out result
	if draft.Changes != 0 {
		out, err = home.editRule(ctx, id36(int64(draft.Changes)), text)
	} else {
		if err := home.mayMakeRules(ctx); err != nil {
			return result{}, err
		}
		out, err = home.makeRule(ctx, text)
	}
	out.effects = append([]Effect{DropDraft{ID: draft.ID}}, out.effects...)
	out.answer.Edit = true
	return out, err
}

// draftText is the draft's rule, or the quieter form of it that a button names.
func (c *call) draftText(ctx context.Context, draft subscriptions.Draft, change string) (string, error) {
	if change == "" {
		return draft.Text, nil
	}
	read, err := c.parseRule(ctx, draft.Text)
	if err != nil {
		return "", err
	}
	text, ok := quieter(read.Rule, change)
	if !ok {
		return "", refuse("button.unknown")
	}
	return text, nil
}

// draftGone answers a button of a draft that is not there any more: pressed
// twice, it shows what was made the first time.
func (c *call) draftGone(ctx context.Context) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if errors.Is(err, subscriptions.ErrNotFound) {
		return result{}, refuse("draft.gone")
	}
	if err != nil {
		return result{}, err
	}
	home, err := c.at(ctx, owned.Destination, owned.Owner)
	if err != nil {
		return result{}, err
	}
	made := *home
	made.draft.ID = owned.Rule.ID
	home = &made
	return result{answer: Answer{Message: home.ruleMade(ctx, owned, home.try(ctx, owned.Rule)), Edit: true}}, nil
}

// handleDraftDrop ends a draft: nothing is made or changed.
func handleDraftDrop(ctx context.Context, c *call) (result, error) {
	draft, home, err := c.drafted(ctx)
	if errors.Is(err, subscriptions.ErrNotFound) {
		return c.draftGone(ctx)
	}
	if err != nil {
		return result{}, err
	}
	id := "draft.dropped"
	if draft.Changes != 0 {
		id = "draft.dropped.change"
	}
	out := home.say(id, "Rule", draft.Text)
	out.answer.Edit, out.effects = true, []Effect{DropDraft{ID: draft.ID}}
	return out, nil
}
