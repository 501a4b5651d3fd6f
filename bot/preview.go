package bot

import (
	"context"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// previewDays is how far back a rule is tried before it is kept.
const previewDays = 30

// preview tries a rule on history and says how often it would have fired; where
// that is often, it offers quieter forms by buttons. A rule on one symbol is
// shown as a picture, too.
func (c *call) preview(ctx context.Context, owned subscriptions.OwnedRule) ([]message.Block, [][]message.Button, *message.Picture) {
	found, lines, ok := c.tryOnHistory(ctx, owned)
	w := c.words
	if !ok || found.Blind {
		return []message.Block{w.P("preview.blind")}, nil, nil
	}
	days := int(found.To.Sub(found.From).Hours()/24 + 0.5)
	var blocks []message.Block
	if found.Count == 0 {
		blocks = append(blocks, w.P("preview.none", "Days", days))
	} else {
		last := w.Clock(found.Last)
		if found.Step >= 24*time.Hour {
			last = found.Last.In(w.zone).Format("Mon 2 Jan")
		}
		blocks = append(blocks, w.P("preview.count", "Days", days, "Count", found.Count, "Last", last))
	}
	if found.Step >= 24*time.Hour {
		blocks = append(blocks, w.P("preview.daily"))
	}
	var buttons [][]message.Button
	for _, s := range found.Suggestions {
		label, data := c.suggestion(owned.Rule, s.Rule)
		if data = message.Data("rule.set", id36(int64(owned.Rule.ID)), data); data != "" {
			buttons = append(buttons, []message.Button{{
				Label: message.Cut(w.Say("preview.times", "Change", label, "Count", s.Count), 40), Data: data,
			}})
		}
	}
	if len(buttons) > 0 {
		blocks = append(blocks, w.P("preview.noisy"))
	}
	if len(lines) != 1 {
		return blocks, buttons, nil
	}
	return blocks, buttons, c.bot.previewPicture(w, owned.Rule, lines[0], found, c.place.Settings.Light)
}

// suggestion says in what a quieter rule differs, and how a button names that.
func (c *call) suggestion(from, to alerts.Rule) (label, data string) {
	for i, k := range to.Conditions {
		if k.Change.Cmp(from.Conditions[i].Change) != 0 {
			return alerts.SizeOf(k), sizeMark + k.Change.String()
		}
	}
	return c.words.Say("preview.cooldown", "Time", c.words.Span(to.Cooldown)), cooldownMark + to.Cooldown.String()
}

// tryOnHistory replays the last days of a rule's symbols, which it returns; ok
// is false where there is no history of one of them.
func (c *call) tryOnHistory(ctx context.Context, owned subscriptions.OwnedRule) (alerts.Preview, []market.Line, bool) {
	if c.bot.history == nil {
		return alerts.Preview{}, nil, false
	}
	tickers, err := c.bot.allTickers(ctx, owned.Rule)
	if err != nil || len(tickers) == 0 || len(tickers) > 10 {
		return alerts.Preview{}, nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	from := c.now.Add(-previewDays * 24 * time.Hour)
	lines := make([]market.Line, 0, len(tickers))
	for _, t := range tickers {
		line, err := c.bot.history.Line(ctx, t, 15*time.Minute, from)
		if err != nil || len(line.Bars) < 10 || line.Bars[0].Time.After(from.Add(5*24*time.Hour)) {
			line, err = c.bot.history.Line(ctx, t, 24*time.Hour, from)
		}
		if err != nil || len(line.Bars) < 5 {
			return alerts.Preview{}, nil, false
		}
		lines = append(lines, line)
	}
	return alerts.Replay(owned.Rule, c.bot.tradingHours, lines...), lines, true
}

// allTickers returns every symbol that a rule looks at.
func (b *Bot) allTickers(ctx context.Context, r alerts.Rule) ([]market.Ticker, error) {
	tickers, err := b.tickersOf(ctx, r)
	if err != nil {
		return nil, err
	}
	seen := make(map[market.Ticker]bool)
	for _, t := range tickers {
		seen[t] = true
	}
	for _, k := range r.Conditions {
		if k.Ticker != "" && !seen[k.Ticker] {
			seen[k.Ticker] = true
			tickers = append(tickers, k.Ticker)
		}
	}
	return tickers, nil
}
