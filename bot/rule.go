package bot

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// errNotYours hides rules of other destinations: to the asker they don't exist.
var errNotYours = subscriptions.ErrNotFound

// owned finds a rule by the id that a button carries, where the caller may
// change it.
func (c *call) owned(ctx context.Context, text string) (subscriptions.OwnedRule, error) {
	id, err := strconv.ParseInt(text, 36, 64)
	if err != nil || id <= 0 {
		return subscriptions.OwnedRule{}, refuse("button.unknown")
	}
	owned, err := c.bot.store.Rule(ctx, alerts.RuleID(id))
	if err != nil {
		return owned, err
	}
	_, err = c.at(ctx, owned.Destination, owned.Owner)
	return owned, err
}

// at returns the call as one about the destination that something belongs to,
// where the caller may change it: in that place, those who may; and of a
// private chat, its owner.
func (c *call) at(ctx context.Context, d subscriptions.DestinationID, owner subscriptions.PersonID) (*call, error) {
	if d == c.place.ID {
		if owner == c.person && c.place.Settings.OpenTo != "" {
			return c, nil
		}
		return c, c.mayChange(ctx)
	}
	place, err := c.bot.store.Destination(ctx, d)
	if err != nil {
		return nil, err
	}
	home := *c
	home.place = place
	home.words = c.bot.catalogue.Words(c.words.Say("locale"), place.Zone, c.now)
	if place.Kind == subscriptions.Private && owner == c.person {
		return &home, nil
	}
	if place.Kind == subscriptions.Broadcast && c.chat.Kind == subscriptions.Private && place.Address.Platform == c.chat.Address.Platform {
		// The button is from when the channel was set up here.
		home.remote = true
		if home.mayChange(ctx) == nil {
			return &home, nil
		}
	}
	return nil, errNotYours
}

// putChanged stores a changed rule and has the memory follow. States replace
// those of the rule; nil leaves them to the checks, which may be changing them.
func (c *call) putChanged(owned subscriptions.OwnedRule, states []alerts.State, before string, out result) (result, error) {
	owned.Rule.Revision++
	out.effects = append(out.effects, PutRule{Rule: owned.Rule, Destination: owned.Destination, Owner: owned.Owner, States: states})
	change := c.change("rule", before, c.stateSentence(owned))
	change.Destination = owned.Destination
	out.changes = append(out.changes, change)
	out.after = func() { c.bot.followRule(owned.Rule.ID) }
	return out, nil
}

// restMark stands between a rule and why it rests, in the record of changes.
const restMark = " (now "

// stateSentence says a rule and whether it rests, for the record of changes.
func (c *call) stateSentence(owned subscriptions.OwnedRule) string {
	text := alerts.Canonical(owned.Rule)
	switch {
	case owned.Rule.Paused:
		return text + restMark + "paused)"
	case owned.Rule.SnoozedUntil.After(c.now):
		return text + restMark + "snoozed until " + owned.Rule.SnoozedUntil.UTC().Format(time.RFC3339) + ")"
	}
	return text
}

func handleRulePause(ctx context.Context, c *call) (result, error)  { return c.pause(ctx, true) }
func handleRuleResume(ctx context.Context, c *call) (result, error) { return c.pause(ctx, false) }

func (c *call) pause(ctx context.Context, paused bool) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	before := c.stateSentence(owned)
	id := "rule.resumed"
	if paused {
		id = "rule.paused"
	}
	was := owned.Rule.Paused
	owned.Rule.Paused = paused
	out, err := c.aftermath(ctx, owned, c.words.Say(id))
	if err != nil || was == paused {
		return out, err
	}
	return c.putChanged(owned, nil, before, out)
}

func handleRuleDrop(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	out := c.say("rule.dropped", "Rule", c.sentence(owned.Rule))
	out.answer.Edit = c.Button != ""
	if data := message.Data("rule.undo", c.ID); data != "" {
		out.answer.Message.Buttons = [][]message.Button{{{Label: c.words.Say("rule.undo"), Data: data}}}
	}
	if shown, err := c.alertHere(ctx, owned.Rule); err == nil && shown != nil {
		// What happened stays to be read, though the rule is gone.
		shown.Blocks = slices.Insert(shown.Blocks, 0, message.P(message.B(c.words.Say("rule.gone"))))
		shown.Buttons = out.answer.Message.Buttons
		out.answer.Message = shown
	}
	out.effects = []Effect{DropRule{Rule: owned.Rule.ID}}
	change := c.change("rule", c.stateSentence(owned), "")
	change.Destination = owned.Destination
	out.changes = []subscriptions.Change{change}
	out.after = func() { c.bot.dropRule(owned.Rule.ID) }
	return out, nil
}

// handleRuleUndo makes a rule again that was deleted by the request that the
// button names.
func handleRuleUndo(ctx context.Context, c *call) (result, error) {
	if err := c.mayMakeRules(ctx); err != nil {
		return result{}, err
	}
	changes, err := c.bot.store.Changes(ctx, c.place.ID, 200)
	if err != nil {
		return result{}, err
	}
	for _, change := range changes {
		if change.Request == c.arg(0) && change.What == "rule" && change.After == "" {
			text, _, _ := strings.Cut(change.Before, restMark)
			again := *c
			again.exact, again.sure = true, true
			out, err := again.makeRule(ctx, text)
			out.answer.Edit = true
			return out, err
		}
	}
	return result{}, refuse("rule.undo.gone")
}

func handleRuleSnooze(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	until, err := c.until(c.arg(1))
	if err != nil {
		return result{}, err
	}
	before := c.stateSentence(owned)
	owned.Rule.SnoozedUntil = until
	out, err := c.aftermath(ctx, owned, c.words.Say("rule.snoozed", "Until", c.words.Clock(until)))
	if err != nil {
		return result{}, err
	}
	return c.putChanged(owned, nil, before, out)
}

func handleRuleRearm(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	before := c.stateSentence(owned)
	owned.Rule.Paused, owned.Rule.SnoozedUntil, owned.Rule.HeldFor = false, time.Time{}, ""
	owned.States = c.armed(owned)
	out, err := c.aftermath(ctx, owned, c.words.Say("rule.rearmed"))
	if err != nil {
		return result{}, err
	}
	return c.putChanged(owned, owned.States, before, out)
}

// armed returns a rule's states as they are when it is armed by hand. Each gets
// a new arming, since a check may be using up the present one at this moment.
func (c *call) armed(owned subscriptions.OwnedRule) []alerts.State {
	states := make([]alerts.State, len(owned.States))
	for i, st := range owned.States {
		fresh := alerts.NewState(owned.Rule.ID, st.Ticker)
		fresh.Arming, fresh.FiredAt, fresh.Version = st.Arming+1, st.FiredAt, st.Version+1
		states[i] = fresh
	}
	return states
}

// handleRuleMove moves a rule's threshold by a step up or down.
func handleRuleMove(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	rule, ok := stepped(owned.Rule, c.arg(1) == "up")
	if !ok {
		return result{}, refuse("rule.move.none")
	}
	home, err := c.at(ctx, owned.Destination, owned.Owner)
	if err != nil {
		return result{}, err
	}
	if have, ok, err := home.identical(ctx, rule, rule.ID); err != nil || ok {
		return home.twice(ctx, have), err
	}
	before := c.stateSentence(owned)
	owned.Rule = rule
	owned.States = c.armed(owned)
	out, err := c.aftermath(ctx, owned, c.words.Say("rule.moved", "Rule", c.sentence(owned.Rule)))
	if err != nil {
		return result{}, err
	}
	return c.putChanged(owned, owned.States, before, out)
}

// handleRuleEdit asks for a new condition: in a modal where the platform has
// them, else in words.
func handleRuleEdit(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	text := alerts.CanonicalIn(owned.Rule, c.words.zone)
	if c.place.Address.Platform == subscriptions.Telegram {
		out := c.say("rule.edit.ask", "Rule", text)
		out.effects = []Effect{PutStep{Destination: c.place.ID, Person: c.person, Step: "edit " + c.arg(0)}}
		return out, nil
	}
	return result{answer: Answer{Modal: &Modal{
		Data: message.Data("rule.edited", c.arg(0)), Title: c.words.Say("rule.edit.title"),
		Fields: []ModalField{{Name: "rule", Label: c.words.Say("rule.edit.label"), Value: text, Required: true, Long: true, Max: alerts.MaxRuleText}},
	}}}, nil
}

func handleRuleEdited(ctx context.Context, c *call) (result, error) {
	return c.editRule(ctx, c.arg(0), c.Form["rule"])
}

// The data of a suggestion says only what it changes, which fits on a button
// where the whole rule would not: the size of a move, or a cooldown with which
// the rule fires every time. What begins with neither is a whole rule.
const (
	sizeMark     = "size "
	cooldownMark = "cooldown "
)

// quieter returns a rule as a suggestion on a button changes it.
func quieter(r alerts.Rule, suggestion string) (string, bool) {
	if typed, ok := strings.CutPrefix(suggestion, sizeMark); ok {
		size, err := market.ParsePrice(typed)
		i := slices.IndexFunc(r.Conditions, func(k alerts.Condition) bool { return !k.Change.IsZero() })
		if err != nil || i < 0 {
			return "", false
		}
		r.Conditions = slices.Clone(r.Conditions)
		r.Conditions[i].Change = size
		return alerts.Canonical(r), true
	}
	if typed, ok := strings.CutPrefix(suggestion, cooldownMark); ok {
		d, err := time.ParseDuration(typed)
		if err != nil {
			return "", false
		}
		r.Repeat, r.Cooldown = alerts.EveryTime, d
		return alerts.Canonical(r), true
	}
	return suggestion, true
}

// handleRuleSet replaces a rule by one of the suggestions of its preview.
func handleRuleSet(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	text, ok := quieter(owned.Rule, c.arg(1))
	if !ok {
		return result{}, refuse("button.unknown")
	}
	chosen := *c
	chosen.sure = true
	out, err := chosen.editRule(ctx, c.arg(0), text)
	out.answer.Edit = true
	return out, err
}

// firesLike tells whether two rules fire at the same moments: they differ at
// most in what they say and in when they end.
func firesLike(a, b alerts.Rule) bool {
	for _, r := range []*alerts.Rule{&a, &b} {
		r.Note, r.Mention, r.Expires = "", "", time.Time{}
	}
	return alerts.Canonical(a) == alerts.Canonical(b)
}

// editRule gives a rule a new text; what it is about may change too. It asks
// first where the rule would become noisy.
func (c *call) editRule(ctx context.Context, id, text string) (result, error) {
	owned, err := c.owned(ctx, id)
	if err != nil {
		return result{}, err
	}
	home, err := c.at(ctx, owned.Destination, owned.Owner)
	if err != nil {
		return result{}, err
	}
	ours := *home
	ours.exact = true
	draft, err := ours.readRule(ctx, text)
	if err != nil {
		return result{}, err
	}
	if have, ok, err := ours.identical(ctx, draft.Rule, owned.Rule.ID); err != nil || ok {
		return ours.twice(ctx, have), err
	}
	next, err := ours.newRule(ctx, draft)
	if err != nil {
		return result{}, err
	}
	next.Destination, next.Owner = owned.Destination, owned.Owner
	t := ours.try(ctx, next.Rule)
	if !c.sure && t.asksFirst(next.Rule) && !firesLike(next.Rule, owned.Rule) {
		return ours.askFirst(ctx, next, owned.Rule.ID, t), nil
	}
	next.Rule.ID, next.Rule.Revision, next.Rule.Created = owned.Rule.ID, owned.Rule.Revision, owned.Rule.Created
	arming, version := int64(1), int64(1)
	for _, st := range owned.States {
		arming, version = max(arming, st.Arming+1), max(version, st.Version+1)
	}
	for i := range next.States {
		// What fired before keeps its name for ever: a changed rule goes on
		// counting.
		next.States[i].Rule, next.States[i].Arming, next.States[i].Version = owned.Rule.ID, arming, version
	}
	out := result{answer: Answer{Message: ours.ruleMade(ctx, next, t)}}
	out.answer.Message.Title = ours.words.Say("rule.edited")
	return ours.putChanged(next, next.States, ours.stateSentence(owned), out)
}
