package bot

import (
	"context"
	"strconv"
	"strings"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// split tells that a rule waits for its owner since its share was split, and
// proposes the rescaled threshold.
func (k *composition) split(w Words, e alerts.Event) *message.Message {
	f, s := e.Firing, *e.Split
	symbol := k.bot.named(f.Ticker)
	id := id36(int64(f.Rule.ID))
	m := &message.Message{
		Tone:   message.Warning,
		Title:  w.Say("split.title", "Symbol", symbol.Name, "New", s.New, "Old", s.Old),
		Blocks: []message.Block{w.P("split.path", "From", w.Price(symbol, f.From.Price), "To", w.Price(symbol, f.To.Price))},
	}
	fields := []message.Field{message.Pair(w.Say("split.rule"), message.C(alerts.CanonicalIn(f.Rule, w.zone)))}
	first := []message.Button{{Label: w.Say("split.keep"), Data: message.Data("rule.scale", id, "keep")}}
	if scaled, ok := f.Rule.Scaled(f.Ticker, s); ok {
		fields = append(fields, message.Pair(w.Say("split.scaled"), message.C(alerts.CanonicalIn(scaled, w.zone))))
		data := message.Data("rule.scale", id, string(f.Ticker), strconv.FormatInt(s.Old, 10)+":"+strconv.FormatInt(s.New, 10))
		if data != "" {
			first = append([]message.Button{{Label: w.Say("split.move"), Data: data, Style: message.Primary}}, first...)
		}
	}
	m.Blocks = append(m.Blocks, message.Pairs(fields...), w.P("split.ask"))
	m.Buttons = [][]message.Button{first, {
		{Label: w.Say("rule.edit"), Data: message.Data("rule.edit", id)},
		{Label: w.Say("rule.drop"), Data: message.Data("rule.drop", id), Style: message.Danger},
	}}
	return m
}

// handleRuleScale lets a rule go on that waited because of a split: with its
// prices rescaled, or as it was.
func handleRuleScale(ctx context.Context, c *call) (result, error) {
	owned, err := c.owned(ctx, c.arg(0))
	if err != nil {
		return result{}, err
	}
	if owned.Rule.HeldFor != alerts.HeldForSplit {
		return c.decided(ctx, owned, c.words.Say("split.decided")), nil
	}
	before := c.stateSentence(owned)
	line := c.words.Say("split.kept")
	if c.arg(1) != "keep" {
		s, ok := splitOf(c.arg(2))
		if !ok {
			return result{}, refuse("button.unknown")
		}
		if owned.Rule, ok = owned.Rule.Scaled(market.Ticker(c.arg(1)), s); !ok {
			return result{}, refuse("button.unknown")
		}
		line = c.words.Say("rule.moved", "Rule", c.sentence(owned.Rule))
	}
	owned.Rule.HeldFor = ""
	owned.States = c.armed(owned)
	return c.putChanged(owned, owned.States, before, c.decided(ctx, owned, line))
}

// decided shows the rule in place of the question.
func (c *call) decided(ctx context.Context, owned subscriptions.OwnedRule, line string) result {
	m := c.card(ctx, owned)
	m.Blocks = append([]message.Block{message.P(message.B(line))}, m.Blocks...)
	return result{answer: Answer{Message: m, Edit: c.Button != ""}}
}

// splitOf reads the two numbers of a split as a button carries them: "1:4" where
// four shares came of one.
func splitOf(text string) (market.Split, bool) {
	left, right, ok := strings.Cut(text, ":")
	before, errOld := strconv.ParseInt(left, 10, 64)
	after, errNew := strconv.ParseInt(right, 10, 64)
	s := market.Split{Old: before, New: after}
	return s, ok && errOld == nil && errNew == nil && s.Factor() != 0
}

// marketNotice tells what of prices is doubted, missing or was not seen; nil for
// other notices.
func (k *composition) marketNotice(w Words, e alerts.Event) *message.Message {
	n := e.Notice
	if len(n.Tickers) == 0 {
		return nil
	}
	names := make([]string, len(n.Tickers))
	for i, t := range n.Tickers {
		names[i] = k.bot.named(t).Name
	}
	first := k.bot.named(n.Tickers[0])
	m := &message.Message{Tone: message.Warning}
	switch n.Kind {
	case alerts.NoticeDoubted:
		m.Blocks = []message.Block{w.P("notice.doubted", "Symbol", first.Name, "Source", n.Source, "Price", w.Price(first, n.Price),
			"Last", w.Price(first, n.Last), "Why", n.Reason)}
	case alerts.NoticeStopped:
		m.Blocks = []message.Block{w.P("notice.stopped", "Symbol", first.Name, "Since", w.Moment(n.Since), "Last", w.Price(first, n.Last))}
	case alerts.NoticePartly:
		id := "notice.partly"
		if n.Over {
			id = "notice.partly.well"
		}
		m.Blocks = []message.Block{w.P(id, "Symbols", strings.Join(names, ", "), "Source", n.Source, "Since", w.Clock(n.Since), "Why", n.Reason)}
	case alerts.NoticeRescued:
		m.Blocks = []message.Block{w.P("notice.rescued", "Symbols", strings.Join(names, ", "), "By", n.By, "From", w.Clock(n.Until),
			"Source", n.Source, "Since", w.Clock(n.Since), "Why", n.Reason)}
	case alerts.NoticeUnseen:
		m.Blocks = []message.Block{w.P("notice.unseen", "Symbols", strings.Join(names, ", "), "Since", w.Moment(n.Since), "Until", w.Moment(n.Until))}
	default:
		return nil
	}
	return m
}
