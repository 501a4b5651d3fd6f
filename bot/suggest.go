package bot

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
)

const maxChoices = 25 // Discord: at most 25 choices of autocomplete

// Suggest implements Desk.
func (b *Bot) Suggest(ctx context.Context, r Request, option, typed string) ([]Choice, error) {
	typed = strings.TrimSpace(typed)
	switch option {
	case "symbol":
		return b.suggestSymbols(typed), nil
	case "zone":
		var out []Choice
		for _, zone := range b.zones.find(typed, maxChoices) {
			out = append(out, Choice{Label: city(zone) + " · " + zone, Value: zone})
		}
		if typed == "" {
			for _, zone := range b.zones.names[:min(maxChoices, len(b.zones.names))] {
				out = append(out, Choice{Label: city(zone) + " · " + zone, Value: zone})
			}
		}
		return out, nil
	case "condition":
		return b.suggestConditions(r, typed), nil
	case "market":
		return b.suggestVenues(typed), nil
	case "tags":
		return suggestTags(r.Tags, typed), nil
	}
	c, err := b.open(ctx, r)
	if err != nil {
		return nil, err
	}
	switch option {
	case "alert":
		return c.suggestRules(ctx, typed)
	case "feed":
		if r.Sub == "remove" || r.Command == "unfollow" {
			return c.suggestFeeds(ctx, typed)
		}
		return b.suggestTopics(typed), nil
	}
	return nil, nil
}

func (b *Bot) suggestSymbols(typed string) []Choice {
	var found []market.Symbol
	if typed == "" {
		found = b.strip
	} else {
		found = b.symbols.Search(typed, maxChoices)
	}
	out := make([]Choice, 0, len(found))
	for _, s := range found[:min(len(found), maxChoices)] {
		label := string(s.Ticker) + " · " + s.Name
		if s.Exchange != "" {
			label += " · " + s.Exchange
		}
		out = append(out, Choice{Label: message.Cut(label, 100), Value: string(s.Ticker)})
	}
	return out
}

// suggestConditions offers the forms of the grammar for what is being typed.
func (b *Bot) suggestConditions(r Request, typed string) []Choice {
	var out []Choice
	if typed != "" {
		out = append(out, Choice{Label: message.Cut(typed, 100), Value: message.Cut(typed, 100)})
	}
	if symbol := strings.TrimSpace(r.Options["symbol"]); symbol != "" {
		for _, text := range alerts.Complete(symbol+" "+typed, alerts.Env{Lookup: b.symbols.Lookup, Now: b.now()}) {
			rest, ok := strings.CutPrefix(text, symbol+" ")
			if ok && rest != typed && len(out) < maxChoices && utf8.RuneCountInString(rest) <= 100 {
				out = append(out, Choice{Label: rest, Value: rest})
			}
		}
	}
	if len(out) > 1 {
		return out
	}
	for _, form := range alerts.Grammar() {
		_, rest, ok := strings.Cut(form.Example, " ")
		if form.Option || !ok || typed != "" && !strings.HasPrefix(strings.ToLower(rest), strings.ToLower(typed)) {
			continue
		}
		if len(out) < maxChoices {
			out = append(out, Choice{Label: message.Cut(rest+" · "+form.Meaning, 100), Value: rest})
		}
	}
	return out
}

func (c *call) suggestRules(ctx context.Context, typed string) ([]Choice, error) {
	rules, err := c.visibleRules(ctx)
	if err != nil {
		return nil, err
	}
	var out []Choice
	for i, owned := range rules {
		label := strconv.Itoa(i+1) + ". " + c.sentence(owned.Rule)
		if owned.Destination != c.place.ID {
			label += " · " + c.words.Say("alerts.private")
		}
		if len(out) < maxChoices && strings.Contains(strings.ToLower(label), strings.ToLower(typed)) {
			out = append(out, Choice{Label: message.Cut(label, 100), Value: "#" + strconv.FormatInt(int64(owned.Rule.ID), 36)})
		}
	}
	return out, nil
}

func (c *call) suggestFeeds(ctx context.Context, typed string) ([]Choice, error) {
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return nil, err
	}
	var out []Choice
	for i, f := range following {
		if len(out) < maxChoices && strings.Contains(strings.ToLower(title(f)+f.URL), strings.ToLower(typed)) {
			out = append(out, Choice{Label: message.Cut(title(f), 100), Value: strconv.Itoa(i + 1)})
		}
	}
	return out, nil
}

// suggestTags completes the last of the tags that are being typed.
func suggestTags(tags []string, typed string) []Choice {
	before, last := "", typed
	if i := strings.LastIndexByte(typed, ','); i >= 0 {
		before, last = typed[:i+1]+" ", strings.TrimSpace(typed[i+1:])
	}
	var out []Choice
	for _, tag := range tags {
		value := before + tag
		if len(out) < maxChoices && utf8.RuneCountInString(value) <= 100 && strings.HasPrefix(strings.ToLower(tag), strings.ToLower(last)) {
			out = append(out, Choice{Label: value, Value: value})
		}
	}
	return out
}

func (b *Bot) suggestTopics(typed string) []Choice {
	var out []Choice
	if u, err := url.Parse(typed); err == nil && u.Host != "" && len(typed) <= 100 {
		out = append(out, Choice{Label: typed, Value: typed})
	}
	for _, t := range b.topics {
		if strings.HasPrefix(strings.ToLower(t.Name), strings.ToLower(typed)) && len(out) < maxChoices {
			out = append(out, Choice{Label: t.Name, Value: t.Name})
		}
	}
	return out
}
