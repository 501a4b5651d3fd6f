package bot

import (
	"context"
	"slices"
	"strings"
	"time"

	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// handleSettings shows or changes what a destination chose.
func handleSettings(ctx context.Context, c *call) (result, error) {
	asked := c.Options
	if len(asked) == 0 {
		name, value, _ := strings.Cut(strings.TrimSpace(c.Text), " ")
		if name != "" {
			asked = map[string]string{strings.ToLower(name): strings.TrimSpace(value)}
		}
	}
	if len(asked) == 0 {
		out := result{answer: Answer{Message: c.settings(), Ephemeral: true}}
		if c.chat.Kind == subscriptions.Private && c.chat.Address.Platform == subscriptions.Telegram && !c.remote {
			out.answer.Message.Buttons = [][]message.Button{{{Label: c.words.Say("channels.button"), Data: message.Data("ask", "channels")}}}
		}
		if !c.remote {
			out.answer.Message.Buttons = append(out.answer.Message.Buttons, openButtons(c.words, c.place)...)
		}
		return out, nil
	}
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	if value, ok := asked["zone"]; ok && value == "" && len(asked) == 1 {
		return c.ask("settings.zone.ask", "settings", "zone"), nil
	}
	next := c.place
	next.Settings.Moderators = slices.Clone(next.Settings.Moderators)
	next.Settings.Mentions = slices.Clone(next.Settings.Mentions)
	var out result
	names := make([]string, 0, len(asked))
	for name := range asked {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		before, after, err := c.setting(&next, name, strings.TrimSpace(asked[name]))
		if err != nil {
			return result{}, err
		}
		change := c.change("settings", name+": "+before, name+": "+after)
		change.Ordinal = len(out.changes)
		out.changes = append(out.changes, change)
	}
	next.Revision++
	out.effects = []Effect{PutDestination{Destination: next}}
	changed := *c
	changed.place = next
	changed.words = c.bot.catalogue.Words(next.Locale, next.Zone, c.now)
	out.answer = Answer{Message: changed.settings(), Ephemeral: true}
	return out, nil
}

// setting changes one setting and tells what it was and is.
func (c *call) setting(d *subscriptions.Destination, name, value string) (before, after string, err error) {
	switch name {
	case "zone":
		zone, err := c.zone(value)
		before, d.Zone = d.Zone, zone
		return before, zone, err
	case "language":
		if value != "en" && !strings.EqualFold(value, "english") {
			return "", "", refuse("settings.language")
		}
		before, d.Locale = d.Locale, "en"
		return before, "en", nil
	case "pictures":
		before = map[bool]string{true: "light", false: "dark"}[d.Settings.Light]
		if value != "light" && value != "dark" {
			return "", "", refuse("settings.pictures")
		}
		d.Settings.Light = value == "light"
		return before, value, nil
	}
	if d.Kind != subscriptions.Private {
		return c.sharedSetting(d, name, value)
	}
	return "", "", refuse("settings.unknown.private", "Name", message.Cut(name, 20))
}

// sharedSetting changes one of the settings that only a shared place has.
func (c *call) sharedSetting(d *subscriptions.Destination, name, value string) (before, after string, err error) {
	switch name {
	case "moderators":
		d.Settings.Moderators, before, after = toggled(d.Settings.Moderators, value)
		return before, after, nil
	case "mention":
		d.Settings.Mentions, before, after = toggled(d.Settings.Mentions, value)
		return before, after, nil
	case "open", "open_role":
		before = d.Settings.OpenTo
		if value == "" {
			return "", "", refuse("settings.open")
		}
		d.Settings.OpenTo = value
		if value == "moderators" {
			d.Settings.OpenTo = ""
		}
		return before, value, nil
	case "crosspost":
		if value != "on" && value != "off" {
			return "", "", refuse("settings.crosspost")
		}
		if value == "on" && d.Kind != subscriptions.Broadcast {
			return "", "", refuse("settings.crosspost.place")
		}
		before = map[bool]string{true: "on", false: "off"}[d.Settings.Crosspost]
		d.Settings.Crosspost = value == "on"
		return before, value, nil
	case "tags":
		before = strings.Join(d.Settings.Tags, ", ")
		d.Settings.Tags, err = c.tags(d.Kind, value)
		return before, strings.Join(d.Settings.Tags, ", "), err
	}
	return "", "", refuse("settings.unknown", "Name", message.Cut(name, 20))
}

// openToAll is Settings.OpenTo where everyone may make alerts of their own.
const openToAll = "everyone"

// mostTags is how many tags a forum's post may have (Discord: 5).
const mostTags = 5

// tags reads the tags that a forum's posts are to have, "none" for none, and
// refuses those that the forum does not have: Discord would refuse the post.
func (c *call) tags(kind subscriptions.DestinationKind, typed string) ([]string, error) {
	if kind != subscriptions.Forum {
		return nil, refuse("settings.tags.place")
	}
	if typed == "" || strings.EqualFold(typed, "none") {
		return nil, nil
	}
	var tags []string
	for tag := range strings.SplitSeq(typed, ",") {
		tag = strings.TrimSpace(tag)
		i := slices.IndexFunc(c.Tags, func(have string) bool { return strings.EqualFold(have, tag) })
		switch {
		case tag == "":
		case i >= 0:
			tags = append(tags, c.Tags[i])
		case len(c.Tags) == 0: // they are not known, which is no reason to refuse
			tags = append(tags, tag)
		default:
			return nil, refuse("settings.tags.unknown", "Typed", message.Cut(tag, 40), "Tags", strings.Join(c.Tags, ", "))
		}
	}
	if len(tags) > mostTags {
		return nil, refuse("settings.tags.many", "Most", mostTags)
	}
	return tags, nil
}

// toggled adds a role to a list, or takes it off where it is there.
func toggled(list []string, role string) (next []string, before, after string) {
	before = strings.Join(list, ", ")
	if i := slices.Index(list, role); i >= 0 {
		list = slices.Delete(list, i, i+1)
	} else if role != "" {
		list = append(list, role)
	}
	return list, before, strings.Join(list, ", ")
}

// zone finds the time zone that was meant: a zone's name, or a city's.
func (c *call) zone(typed string) (string, error) {
	if found := c.bot.zones.find(typed, 3); len(found) == 1 {
		return found[0], nil
	} else if len(found) > 1 {
		if strings.EqualFold(found[0], typed) || strings.EqualFold(city(found[0]), typed) {
			return found[0], nil
		}
		return "", refuse("settings.zone.which", "Typed", message.Cut(typed, 40), "Near", strings.Join(found, ", "))
	}
	return "", refuse("settings.zone.unknown", "Typed", message.Cut(typed, 40))
}

// settings shows what a destination chose.
func (c *call) settings() *message.Message {
	d, w := c.place, c.words
	who := w.Say("settings.who.private")
	if d.Kind != subscriptions.Private {
		who = w.Say("settings.who.moderators")
		if d.Settings.OpenTo == openToAll {
			who = w.Say("settings.who.everyone")
		}
	}
	var fields []message.Field
	if d.Kind != subscriptions.Private && d.Title != "" {
		fields = append(fields, message.Pair(w.Say("settings.place"), message.T(d.Title)))
	}
	fields = append(fields,
		message.Pair(w.Say("settings.zone"), message.T(d.Zone+", "+w.Clock(c.now))),
		message.Pair(w.Say("settings.language.name"), message.T(w.Say("language"))),
		message.Pair(w.Say("settings.who"), message.T(who)),
	)
	var openTo []string
	if d.Settings.OpenTo != "" && d.Settings.OpenTo != openToAll {
		openTo = []string{d.Settings.OpenTo}
	}
	for _, list := range []struct {
		name  string
		roles []string
	}{{"settings.moderators", d.Settings.Moderators}, {"settings.open.role", openTo}, {"settings.mentions", d.Settings.Mentions}} {
		if len(list.roles) > 0 {
			fields = append(fields, message.Pair(w.Say(list.name), named(list.roles)...))
		}
	}
	if len(d.Settings.Tags) > 0 {
		fields = append(fields, message.Pair(w.Say("settings.tags"), message.T(strings.Join(d.Settings.Tags, ", "))))
	}
	if d.Settings.Crosspost {
		fields = append(fields, message.Pair(w.Say("settings.crosspost.name"), message.T(w.Say("settings.crosspost.on"))))
	}
	if d.MutedUntil.After(c.now) {
		fields = append(fields, message.Pair(w.Say("settings.muted"), message.T(w.Clock(d.MutedUntil))))
	}
	if lacks := slices.Concat(c.Lacks, c.Wants); len(lacks) > 0 {
		fields = append(fields, message.Pair(w.Say("settings.lacks"), message.T(strings.Join(lacks, ", "))))
	}
	return &message.Message{
		Title:  w.Say("settings.title"),
		Blocks: []message.Block{message.Pairs(fields...), w.P("settings.how")},
	}
}

// named lists roles.
func named(roles []string) []message.Inline {
	var out []message.Inline
	for i, role := range roles {
		if i > 0 {
			out = append(out, message.T(", "))
		}
		out = append(out, message.R(role))
	}
	return out
}

// handleMute keeps alerts and news back for a while.
func handleMute(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	typed := strings.ToLower(strings.TrimSpace(c.Text))
	if v := c.option("time"); v != "" {
		typed = strings.ToLower(v)
	}
	until, err := c.until(typed)
	if err != nil {
		return result{}, err
	}
	next := c.place
	next.MutedUntil = until
	next.Revision++
	out := c.say("mute.off")
	if !until.IsZero() {
		out = c.say("mute.on", "Until", c.words.Clock(until))
	}
	out.effects = []Effect{PutDestination{Destination: next}, Postpone{Destination: next.ID, Until: until}}
	out.changes = []subscriptions.Change{c.change("mute", stampText(c.place.MutedUntil), stampText(until))}
	return out, nil
}

func stampText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// until reads how long something is to be kept back: "1h", "30m", "2d",
// "tomorrow" (8 in the morning), "off". Nothing typed is an hour.
func (c *call) until(typed string) (time.Time, error) {
	switch typed {
	case "off":
		return time.Time{}, nil
	case "":
		return c.now.Add(time.Hour), nil
	case "tomorrow":
		local := c.now.In(c.words.zone)
		return time.Date(local.Year(), local.Month(), local.Day()+1, 8, 0, 0, 0, c.words.zone).UTC(), nil
	}
	d, err := time.ParseDuration(typed)
	if days, ok := strings.CutSuffix(typed, "d"); ok && err != nil {
		d, err = time.ParseDuration(days + "h")
		d *= 24
	}
	if err != nil || d < time.Minute || d > 366*24*time.Hour {
		return time.Time{}, refuse("mute.bad", "Typed", message.Cut(typed, 20))
	}
	return c.now.Add(d), nil
}

// handleStop asks before everything here is ended.
func handleStop(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	rules, err := c.bot.store.RulesOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	feeds, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	out := c.say("stop.ask", "Rules", c.words.Say("count.alerts", "Count", len(rules)), "Feeds", c.words.Say("count.feeds", "Count", len(feeds)))
	out.answer.Message.Buttons = [][]message.Button{{
		{Label: c.words.Say("stop.yes"), Data: message.Data("stop.yes"), Style: message.Danger},
		{Label: c.words.Say("stop.no"), Data: message.Data("stop.no")},
	}}
	return out, nil
}

func handleStopYes(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	rules, err := c.bot.store.RulesOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	out := c.say("stop.done")
	out.answer.Edit = true
	out.effects = []Effect{Forget{Destination: c.place.ID}}
	out.changes = []subscriptions.Change{c.change("everything", c.words.Say("count.alerts", "Count", len(rules)), "")}
	out.after = func() {
		for _, r := range rules {
			c.bot.dropRule(r.Rule.ID)
		}
	}
	return out, nil
}

func handleStopNo(_ context.Context, c *call) (result, error) {
	out := c.say("stop.kept")
	out.answer.Edit = true
	return out, nil
}
