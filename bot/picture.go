package bot

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/chart"
	"bellwether/bot/message"
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
	words := strings.Fields(c.Text + " " + c.option("symbol"))
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
	return c.chart(ctx, s, back)
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
	p := c.bot.priceChart(c.words, s, back, line, standing, nil, c.place.Settings.Light)
	m := &message.Message{
		Title:   c.words.Say("chart.title", "Symbol", s.Name, "Span", c.words.Say("chart.span."+back.name)),
		Picture: c.bot.draw(c.words, s, back, line, p),
		Tone:    p.Tone,
	}
	m.Blocks = []message.Block{message.P(message.T(m.Picture.Alt))}
	if !standing.Quote.Time.IsZero() {
		m.Footer = quoteFooter(c.words, standing.Quote)
	}
	var buttons []message.Button
	for _, other := range spans() {
		if other.name != back.name {
			buttons = append(buttons, message.Button{Label: c.words.Say("chart." + other.name), Data: message.Data("chart", string(s.Ticker), other.name)})
		}
	}
	m.Buttons = [][]message.Button{buttons}
	return result{answer: Answer{Message: m}}, nil
}

// line reads a symbol's past for a chart; an empty one where there is none.
func (b *Bot) line(ctx context.Context, s market.Symbol, back span, now time.Time) market.Line {
	if b.history == nil {
		return market.Line{}
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	from := now.Add(-back.back)
	if back.step < 24*time.Hour && len(b.hours.Sessions(s, now.Add(-14*24*time.Hour), now)) > 0 {
		// A day of a market with sessions is its last one, be it before a
		// weekend or a holiday.
		sessions := b.hours.Sessions(s, now.Add(-14*24*time.Hour), now)
		days := int(back.back / (24 * time.Hour))
		from = sessions[max(0, len(sessions)-sessionsOf(sessions, days))].From
	}
	line, err := b.history.Line(ctx, s.Ticker, back.step, from)
	if err != nil {
		b.log.Warn("read history", "ticker", s.Ticker, "error", err)
	}
	return line
}

// sessionsOf returns how many of the last stretches of trading make up so many
// days; a lunch break parts a day in two.
func sessionsOf(spans []OpenSpan, days int) int {
	n := 0
	for i := len(spans) - 1; i >= 0; i-- {
		n++
		if i == 0 || spans[i].From.Sub(spans[i-1].To) > 4*time.Hour {
			days--
		}
		if days == 0 {
			break
		}
	}
	return n
}

// priceChart makes the labels of a chart.
func (b *Bot) priceChart(w Words, s market.Symbol, back span, line market.Line, standing alerts.Standing, firing *alerts.Firing, light bool) chart.Price {
	axis := b.axis(s, back, line)
	p := chart.Price{
		Title: s.Name, Subtitle: strings.Trim(string(s.Ticker)+" · "+b.venueName(s.Exchange), " ·"), Dark: !light,
		Seams: axis.Seams(), From: 0, To: axis.Length(),
	}
	last := market.Price(0)
	for _, bar := range line.Bars {
		p.Points = append(p.Points, chart.Point{X: axis.At(bar.Time), Y: bar.Close.Float()})
		last = bar.Close
	}
	if q := standing.Quote; !q.Time.IsZero() && len(line.Bars) > 0 && q.Time.After(line.Bars[len(line.Bars)-1].Time) {
		p.Points = append(p.Points, chart.Point{X: axis.At(q.Time), Y: q.Price.Float()})
		last = q.Price
	}
	base := standing.Base
	if back.step >= 24*time.Hour && len(line.Bars) > 0 {
		base = line.Bars[0].Close
	} else if !base.IsZero() {
		p.Levels = append(p.Levels, chart.Level{Kind: chart.PreviousClose, Y: base.Float(), Label: w.Price(s, base)})
	}
	p.Price, p.Last = w.Price(s, last), w.Price(s, last)
	if !base.IsZero() {
		d := last.Sub(base)
		p.Tone = tone(d)
		p.Change = w.Difference(s, d) + " (" + w.Change(last.ChangePercent(base)) + ")"
	}
	if firing != nil {
		addFiring(&p, w, s, axis, firing)
	}
	p.XTicks = timeTicks(w, axis, line, back)
	lo, hi := p.Range()
	ticks := chart.NiceTicks(lo, hi, 5)
	decimals := chart.TickDecimals(ticks)
	for _, y := range ticks {
		if value, err := market.ParsePrice(fmt.Sprintf("%.*f", decimals, y)); err == nil {
			p.YTicks = append(p.YTicks, chart.Tick{At: y, Label: w.Number(value, decimals)})
		}
	}
	if q := standing.Quote; q.Source != "" {
		p.Footer = strings.TrimSpace(plainInlines(quoteFooter(w, q)))
	}
	return p
}

// addFiring marks where a rule's threshold was reached.
func addFiring(p *chart.Price, w Words, s market.Symbol, axis chart.Axis, f *alerts.Firing) {
	p.Marks = append(p.Marks, chart.Mark{X: axis.At(f.To.Time), Y: f.To.Price.Float()})
	for _, c := range f.Rule.Conditions {
		if c.Ticker != "" && c.Ticker != s.Ticker {
			continue
		}
		for _, level := range []market.Price{c.Level, c.Upper} {
			if !level.IsZero() {
				p.Levels = append(p.Levels, chart.Level{Kind: chart.Threshold, Y: level.Float(), Label: w.Price(s, level)})
			}
		}
	}
}

// axis closes the gaps between sessions.
func (b *Bot) axis(s market.Symbol, back span, line market.Line) chart.Axis {
	if len(line.Bars) == 0 {
		return chart.NewAxis()
	}
	first, last := line.Bars[0].Time, line.Bars[len(line.Bars)-1].Time.Add(back.step)
	if back.step < 24*time.Hour {
		if sessions := b.hours.Sessions(s, first, last); len(sessions) > 0 {
			spans := make([]chart.Span, len(sessions))
			for i, o := range sessions {
				spans[i] = chart.Span{From: o.From, To: o.To}
			}
			return chart.NewAxis(spans...)
		}
	}
	return chart.NewAxis(chart.Span{From: first, To: last})
}

// timeTicks places about six times on the axis, in the chat's zone.
func timeTicks(w Words, axis chart.Axis, line market.Line, back span) []chart.Tick {
	if len(line.Bars) == 0 {
		return nil
	}
	format := "15:04"
	switch back.name {
	case "5d":
		format = "Mon 2"
	case "1m":
		format = "2 Jan"
	case "1y":
		format = "Jan 06"
	}
	var out []chart.Tick
	told := ""
	step := max(1, len(line.Bars)/6)
	for i := step / 2; i < len(line.Bars); i += step {
		at := line.Bars[i].Time.In(w.zone)
		if back.name == "1d" {
			at = at.Round(30 * time.Minute)
		}
		if label := at.Format(format); label != told {
			told = label
			out = append(out, chart.Tick{At: axis.At(at), Label: label})
		}
	}
	return out
}

func plainInlines(list []message.Inline) string {
	var b strings.Builder
	for _, i := range list {
		b.WriteString(i.Text)
	}
	return b.String()
}

// draw names a picture by what it shows, to the minute, and tells it in words.
func (b *Bot) draw(w Words, s market.Symbol, back span, line market.Line, p chart.Price) *message.Picture {
	if b.fonts == nil {
		return nil
	}
	low, high := line.Bars[0].Close, line.Bars[0].Close
	for _, bar := range line.Bars {
		if bar.Close.Less(low) {
			low = bar.Close
		}
		if high.Less(bar.Close) {
			high = bar.Close
		}
	}
	alt := w.Say("chart.alt", "Symbol", s.Name, "From", w.Price(s, line.Bars[0].Close), "To", p.Price,
		"Span", w.Say("chart.span."+back.name), "Low", w.Price(s, low), "High", w.Price(s, high))
	levels := ""
	for _, l := range p.Levels {
		levels += "/" + l.Label
	}
	key := fmt.Sprintf("chart/%s/%s%s/%t/%s/%s/%d", s.Ticker, back.name, levels, p.Dark, w.Say("locale"), w.zone, w.now.Unix()/60)
	return message.NewPicture(key, alt, func() ([]byte, error) {
		var buffer bytes.Buffer
		err := chart.DrawPrice(&buffer, p, b.fonts)
		return buffer.Bytes(), err
	})
}

// firingPicture draws the day in which a rule fired; nil where there is no past
// to draw.
func (b *Bot) firingPicture(ctx context.Context, w Words, e alerts.Event, light bool) *message.Picture {
	f := e.Firing
	s := b.named(f.Ticker)
	back := spans()[0]
	if len(f.Rule.Conditions) > 0 {
		back = spanFor(f.Rule.Conditions[0])
	}
	line := b.line(ctx, s, back, w.now)
	if len(line.Bars) < 2 || b.fonts == nil {
		return nil
	}
	standing := alerts.Standing{Quote: f.To, Base: f.Base, BaseAt: f.BaseAt}
	return b.draw(w, s, back, line, b.priceChart(w, s, back, line, standing, f, light))
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

// stripPicture draws symbols as a strip.
func (b *Bot) stripPicture(ctx context.Context, w Words, symbols []market.Symbol, standings map[market.Ticker]alerts.Standing, light bool) *message.Picture {
	if b.fonts == nil || len(symbols) == 0 {
		return nil
	}
	rows := make([]chart.Row, 0, len(symbols))
	for _, s := range symbols[:min(len(symbols), chart.MaxRows)] {
		rows = append(rows, b.stripRow(ctx, w, s, standings))
	}
	strip := chart.Strip{Title: w.Say("market.title"), Subtitle: w.Moment(w.now), Rows: rows, Dark: !light}
	key := fmt.Sprintf("strip/%d/%t/%s/%s/%d", hashOf(symbols), !light, w.Say("locale"), w.zone, w.now.Unix()/60)
	return message.NewPicture(key, w.Say("strip.alt"), func() ([]byte, error) {
		var buffer bytes.Buffer
		err := chart.DrawStrip(&buffer, strip, b.fonts)
		return buffer.Bytes(), err
	})
}

func hashOf(symbols []market.Symbol) uint32 {
	h := uint32(2166136261) // FNV-1a, 32 bits: names a list, no more
	for _, s := range symbols {
		for _, c := range []byte(s.Ticker) {
			h = (h ^ uint32(c)) * 16777619
		}
		h = (h ^ ',') * 16777619
	}
	return h
}

// stripRow makes the labels of one row of a strip.
func (b *Bot) stripRow(ctx context.Context, w Words, s market.Symbol, standings map[market.Ticker]alerts.Standing) chart.Row {
	row := chart.Row{Name: s.Name}
	session := b.hours.Session(s, w.now)
	row.Session = chart.Session(session.State)
	switch {
	case session.State == MarketOpen && !session.Until.IsZero():
		row.SessionText = w.Say("market.open", "At", w.Clock(session.Until))
	case session.State == MarketBreak:
		row.SessionText = w.Say("market.break", "At", w.Clock(session.Until))
	case session.State == MarketClosed && !session.Until.IsZero():
		row.SessionText = w.Say("market.closed", "Time", w.Span(session.Until.Sub(w.now)))
	case session.State == MarketClosed:
		row.SessionText = w.Say("market.closed.short")
	}
	standing, ok := standings[s.Ticker]
	if !ok {
		row.Price, row.Note = "–", w.Say("market.unread")
		return row
	}
	row.Price = w.Price(s, standing.Quote.Price)
	if standing.Base.IsZero() {
		row.Suspect, row.Note = true, w.Say("market.doubt")
	} else {
		d := standing.Quote.Price.Sub(standing.Base)
		row.Tone, row.Change, row.Percent = tone(d), w.Difference(s, d), w.Change(standing.Quote.Price.ChangePercent(standing.Base))
		row.Base, row.HasBase = standing.Base.Float(), true
	}
	if b.history != nil {
		bars, err := b.store.Bars(ctx, s.Ticker, 5*time.Minute, w.now.Add(-24*time.Hour))
		if err == nil {
			for _, bar := range bars {
				row.Spark = append(row.Spark, chart.Point{X: float64(bar.Time.Unix()), Y: bar.Close.Float()})
			}
		}
	}
	return row
}
