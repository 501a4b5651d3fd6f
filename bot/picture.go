package bot

import (
	"bytes"
	"context"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/chart"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// span is how far back a chart looks.
type span struct {
	name string
	back time.Duration
	step time.Duration
}

func spans() []span {
	day := 24 * time.Hour
	return []span{
		{"1d", day, 5 * time.Minute}, {"5d", 5 * day, 15 * time.Minute}, {"1m", 31 * day, day}, {"1y", 366 * day, day},
	}
}

func spanNamed(name string) (span, bool) {
	for _, s := range spans() {
		if s.name == strings.ToLower(name) {
			return s, true
		}
	}
	return spans()[0], false
}

// handleChart shows a symbol's past as a picture.
func handleChart(ctx context.Context, c *call) (result, error) {
	words := strings.Fields(c.subject("symbol"))
	back, _ := spanNamed(c.option("span"))
	if len(words) > 1 {
		if named, ok := spanNamed(words[len(words)-1]); ok {
			back, words = named, words[:len(words)-1]
		}
	}
	if len(words) == 0 {
		return c.ask("chart.ask", "chart", ""), nil
	}
	s, err := c.symbol(ctx, strings.Join(words, " "), "chart {} "+back.name)
	if err != nil {
		return result{}, err
	}
	return c.chart(ctx, s, back)
}

func handleChartButton(ctx context.Context, c *call) (result, error) {
	back, ok := spanNamed(c.arg(1))
	s, known := c.bot.symbols.Get(market.Ticker(c.arg(0)))
	if !ok || !known {
		return result{}, refuse("button.unknown")
	}
	out, err := c.chart(ctx, s, back)
	out.answer.Edit, out.answer.Ephemeral = c.arg(2) == "again", c.chat.Kind != subscriptions.Private
	return out, err
}

func (c *call) chart(ctx context.Context, s market.Symbol, back span) (result, error) {
	c.bot.readNow(ctx, []market.Ticker{s.Ticker})
	standings, err := c.bot.store.Standings(ctx, []market.Ticker{s.Ticker})
	if err != nil {
		return result{}, err
	}
	line := c.bot.line(ctx, s, back, c.now)
	if len(line.Bars) == 0 {
		return c.say("chart.none", "Symbol", s.Name), nil
	}
	standing := standings[s.Ticker]
	v := view{symbol: s, back: back, line: line, standing: standing, light: c.place.Settings.Light}
	p := c.bot.priceChart(c.words, &v)
	m := &message.Message{
		Title:   c.words.Say("chart.title", "Symbol", s.Name, "Span", c.words.Say("chart.span."+back.name)),
		Picture: c.bot.draw(c.words, v, p),
		Tone:    p.Tone,
	}
	if m.Picture == nil {
		return c.oneQuote(s, standings), nil
	}
	m.Blocks = append(c.lateBlock(s, standing.Quote), message.P(message.T(m.Picture.Alt)))
	if !standing.Quote.Time.IsZero() {
		m.Footer = quoteFooter(c.words, standing.Quote)
	}
	var buttons []message.Button
	for _, other := range spans() {
		if other.name != back.name {
			buttons = append(buttons, message.Button{Label: c.words.Say("chart." + other.name), Data: message.Data("chart", string(s.Ticker), other.name, "again")})
		}
	}
	m.Buttons = [][]message.Button{buttons}
	return result{answer: Answer{Message: m}}, nil
}

// sharpness is the pixels to a unit: phones and most screens have two or more
// to a point. Telegram scales photos down to 1280 pixels, so that more is lost
// there.
const sharpness = 2

// draw names a picture by what it shows, to the minute, and tells it in words.
func (b *Bot) draw(w Words, v view, p chart.Price) *message.Picture {
	if b.fonts == nil || len(v.line.Bars) == 0 {
		return nil
	}
	bars := v.line.Bars
	low, high := v.last, v.last
	for _, bar := range bars {
		if bar.Close.Less(low) {
			low = bar.Close
		}
		if high.Less(bar.Close) {
			high = bar.Close
		}
	}
	alt := []string{w.Say("chart.alt", "Symbol", v.symbol.Name, "From", w.Price(v.symbol, bars[0].Close), "To", p.Price,
		"Span", w.Say("chart.span."+v.back.name), "Low", w.Price(v.symbol, low), "High", w.Price(v.symbol, high))}
	var levels strings.Builder
	for _, l := range p.Levels {
		levels.WriteString("/" + l.Label)
		if l.Kind == chart.Threshold {
			alt = append(alt, w.Say("chart.alt.level", "Level", l.Label))
		}
	}
	// Rules of as many marks differ in where those are.
	marks := fnv.New32a()
	for _, mark := range v.fired {
		_, _ = fmt.Fprintln(marks, mark.Time.Unix(), mark.Price)
	}
	// An alert shows the moment at which it fired, whenever it is composed.
	minute := strconv.FormatInt(w.now.Unix()/60, 10)
	if f := v.firing; f != nil {
		minute = f.To.Price.String() + "@" + strconv.FormatInt(f.To.Time.Unix(), 10)
	}
	key := fmt.Sprintf("chart/%s/%s%s/%d-%x/%t/%s/%s/%s", v.symbol.Ticker, v.back.name, levels.String(), len(p.Marks), marks.Sum32(), p.Dark,
		w.Say("locale"), w.zone, minute)
	return message.NewPicture(key, strings.Join(alt, " "), func() ([]byte, error) {
		var buffer bytes.Buffer
		err := chart.DrawPrice(&buffer, p, b.fonts)
		return buffer.Bytes(), err
	})
}

// firingPicture draws the time in which a rule fired, up to that moment; nil
// where there is no past to draw. Standing is the symbol's as it is now.
func (b *Bot) firingPicture(ctx context.Context, w Words, e alerts.Event, standing alerts.Standing, light bool) *message.Picture {
	f := e.Firing
	s := b.named(f.Symbol())
	back := spans()[0]
	if len(f.Rule.Conditions) > 0 {
		back = spanFor(f.Rule.Conditions[0])
	}
	line := b.line(ctx, s, back, f.To.Time)
	if len(line.Bars) < 2 || b.fonts == nil {
		return nil
	}
	then := alerts.Standing{Quote: f.To}
	switch {
	case !f.Base.IsZero() && f.BaseAt.IsZero():
		then.Base = f.Base
	case standing.Quote.Time.Sub(f.To.Time).Abs() < 12*time.Hour:
		then.Base = standing.Base // still of the same day
	}
	v := view{symbol: s, back: back, line: line, standing: then, firing: f, light: light}
	p := b.priceChart(w, &v)
	return b.draw(w, v, p)
}

// spanFor returns how far back the chart of a condition looks.
func spanFor(c alerts.Condition) span {
	all := spans()
	switch {
	case c.Days > 31 || c.Window > 31*24*time.Hour:
		return all[3]
	case c.Days > 5 || c.Window > 5*24*time.Hour:
		return all[2]
	case c.Days > 1 || c.Window > 24*time.Hour:
		return all[1]
	}
	return all[0]
}

// previewPicture draws the days on which a rule was tried, with its threshold
// and a mark wherever it would have fired; nil for a rule on several symbols.
func (b *Bot) previewPicture(w Words, rule alerts.Rule, line market.Line, found alerts.Preview, light bool) *message.Picture {
	if b.fonts == nil || len(line.Bars) < 2 {
		return nil
	}
	back := span{name: "30d", back: previewDays * 24 * time.Hour, step: line.Step}
	v := view{symbol: b.named(line.Ticker), back: back, line: line, rule: &rule, fired: found.Marks, light: light}
	p := b.priceChart(w, &v)
	return b.draw(w, v, p)
}
