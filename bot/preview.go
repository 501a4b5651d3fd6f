package bot

import (
	"context"
	"slices"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
)

// previewDays is how far back a rule is tried before it is kept.
const previewDays = 30

// trialSymbols is how many symbols a rule is tried on at most: each is a
// request to a source, and somebody waits for the answer.
const trialSymbols = 10

// trial is what a rule would have done, as far as that can be known.
type trial struct {
	found alerts.Preview
	lines []market.Line // of each of its symbols
	// lack says why it could not be tried, as a sentence's id; "" where it was.
	lack string
}

// asksFirst tells whether a rule is shown before it is made. What repeats, and a
// move, whose size is easily taken too small, asks when it would be noisy. A
// price that is to be told once is made at once: it is told once, and nobody
// who forgot to press a button misses it.
func (t trial) asksFirst(r alerts.Rule) bool {
	return t.found.Noisy && (r.Repeat == alerts.EveryTime ||
		slices.ContainsFunc(r.Conditions, func(k alerts.Condition) bool { return !k.Change.IsZero() }))
}

// try replays the last days of a rule's symbols.
func (c *call) try(ctx context.Context, rule alerts.Rule) trial {
	if c.bot.history == nil {
		return trial{lack: "preview.unknown"}
	}
	tickers, err := c.bot.allTickers(ctx, rule)
	if err != nil || len(tickers) == 0 {
		return trial{lack: "preview.unknown"}
	}
	if len(tickers) > trialSymbols {
		return trial{lack: "preview.many"}
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	from := c.now.Add(-previewDays * 24 * time.Hour)
	lines := make([]market.Line, 0, len(tickers))
	for _, t := range tickers {
		line, err := c.bot.history.Line(ctx, t, 15*time.Minute, from)
		if err != nil || len(line.Bars) < 10 || line.Bars[0].Time.After(from.Add(trialSlack)) || c.endsEarly(line) {
			line, err = c.bot.history.Line(ctx, t, 24*time.Hour, from)
		}
		if err != nil || len(line.Bars) < 5 || c.endsEarly(line) {
			return trial{lack: "preview.unknown"}
		}
		lines = append(lines, line)
	}
	t := trial{found: alerts.Replay(rule, c.bot.tradingHours, lines...), lines: lines}
	if t.found.Blind {
		t.lack = "preview.blind"
	}
	return t
}

// trialSlack is how much later than asked for a past may begin and still count
// as the whole of it: a weekend and holidays lie between.
const trialSlack = 5 * 24 * time.Hour

// endsEarly tells that a past misses the last days, so that it says nothing of
// what a rule would have done in them: it was kept, and its source gives no more.
func (c *call) endsEarly(line market.Line) bool {
	return line.Bars[len(line.Bars)-1].Time.Before(c.now.Add(-trialSlack))
}

// account says how often a rule would have fired.
func (c *call) account(t trial) []message.Block {
	w, found := c.words, t.found
	if t.lack != "" {
		return []message.Block{w.P(t.lack, "Max", trialSymbols)}
	}
	days := previewDays
	if tried := c.now.Sub(found.From); tried < previewDays*24*time.Hour-trialSlack {
		days = int(tried.Hours()/24 + 0.5)
	}
	var blocks []message.Block
	if found.Count == 0 {
		blocks = append(blocks, w.P("preview.none", "Days", days))
	} else {
		blocks = append(blocks, w.P("preview.count", "Days", days, "Count", found.Count, "Last", c.lastly(found)))
	}
	if found.Step >= 24*time.Hour {
		blocks = append(blocks, w.P("preview.daily"))
	}
	return blocks
}

// lastly says when a rule would have fired last: "on Tuesday 15:20". Bars of a
// day don't tell the hour, and their date is a date everywhere.
func (c *call) lastly(found alerts.Preview) string {
	last, hour := found.Last.In(c.words.zone), " 15:04"
	if found.Step >= 24*time.Hour {
		last, hour = found.Last.UTC(), ""
	}
	layout := "2 Jan" + hour
	if c.now.Sub(found.Last) < 6*24*time.Hour {
		layout = "Monday" + hour
	}
	return last.Format(layout)
}

// quieterForms are the buttons that make the rule, or the draft, with an id a
// quieter one.
func (c *call) quieterForms(rule alerts.Rule, t trial, verb string, id alerts.RuleID) [][]message.Button {
	var buttons [][]message.Button
	for _, s := range t.found.Suggestions {
		label, change := c.suggestion(rule, s.Rule)
		if data := message.Data(verb, id36(int64(id)), change); data != "" {
			buttons = append(buttons, []message.Button{{
				Label: message.Cut(c.words.Say("preview.times", "Change", label, "Count", s.Count), 40), Data: data,
			}})
		}
	}
	return buttons
}

// trialPicture shows what a rule on one symbol would have done.
func (c *call) trialPicture(rule alerts.Rule, t trial) *message.Picture {
	if t.lack != "" || len(t.lines) != 1 {
		return nil
	}
	return c.bot.previewPicture(c.words, rule, t.lines[0], t.found, c.place.Settings.Light)
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
