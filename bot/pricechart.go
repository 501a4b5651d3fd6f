package bot

import (
	"context"
	"fmt"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/chart"
	"bellwether/bot/message"
)

// view is what a chart of a price is made of.
type view struct {
	symbol   market.Symbol
	back     span
	line     market.Line
	standing alerts.Standing
	firing   *alerts.Firing // the alert that it belongs to
	rule     *alerts.Rule   // or the rule that is tried,
	fired    []alerts.Mark  // and where that would have fired
	light    bool
	last     market.Price // the price at the end of the line
}

// line reads a symbol's past for a chart; an empty one where there is none.
func (b *Bot) line(ctx context.Context, s market.Symbol, back span, now time.Time) market.Line {
	if b.history == nil {
		return market.Line{}
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	from := now.Add(-back.back)
	if back.step < 24*time.Hour {
		from = b.daysBack(s, int(back.back/(24*time.Hour)), now)
	}
	line, err := b.history.Line(ctx, s.Ticker, back.step, from)
	if err != nil {
		b.log.Warn("read history", "ticker", s.Ticker, "error", err)
	}
	return line
}

// daysBack returns when the last days of trading began. A day of a market with
// sessions is its last one, be it before a weekend or a holiday; elsewhere it is
// 24 hours.
func (b *Bot) daysBack(s market.Symbol, days int, now time.Time) time.Time {
	sessions := b.hours.Sessions(s, now.Add(-14*24*time.Hour), now)
	if len(sessions) == 0 {
		return now.Add(-time.Duration(days) * 24 * time.Hour)
	}
	first := len(sessions) - 1
	for ; first > 0; first-- {
		if newDay(sessions[first-1], sessions[first]) {
			if days--; days == 0 {
				break
			}
		}
	}
	return sessions[first].From
}

// newDay tells whether a stretch of trading begins another day; a lunch break
// parts a day in two.
func newDay(before, next OpenSpan) bool {
	if !next.Day.IsZero() {
		return !next.Day.Equal(before.Day)
	}
	return next.From.Sub(before.To) > 4*time.Hour
}

// priceChart makes the labels of a chart. It drops from the view's line what
// the chart doesn't show.
func (b *Bot) priceChart(w Words, v *view) chart.Price {
	if v.firing != nil {
		v.line.Bars = barsUntil(v.line, v.firing.To.Time)
	}
	axis := b.axis(v)
	s := v.symbol
	p := chart.Price{
		Title: s.Name, Subtitle: strings.Trim(string(s.Ticker)+" · "+b.venueName(s.Exchange), " ·"), Dark: !v.light,
		Scale: sharpness, To: axis.Length(), Empty: w.Say("chart.none.short"),
	}
	if v.line.Step < 24*time.Hour {
		p.Seams = axis.Seams()
	}
	v.addPoints(&p, axis)
	if len(p.Points) == 0 {
		return p
	}
	v.addChange(&p, w)
	v.addThresholds(&p, w)
	v.addMarks(&p, w, axis)
	p.XTicks = timeTicks(w, axis, v)
	p.YTicks = valueTicks(w, p)
	if q := v.standing.Quote; q.Source != "" {
		p.Footer = strings.TrimSpace(plainInlines(quoteFooter(w, q)))
	}
	if v.rule != nil {
		p.Footer = w.Say("chart.would")
	}
	return p
}

// barsUntil returns the bars that were over at a time.
func barsUntil(line market.Line, at time.Time) []market.Bar {
	n := len(line.Bars)
	for n > 1 && line.Bars[n-1].Time.Add(line.Step).After(at) {
		n--
	}
	return line.Bars[:n]
}

// addPoints lays the line out, and the price of now at its end.
func (v *view) addPoints(p *chart.Price, axis chart.Axis) {
	bars, q := v.line.Bars, v.standing.Quote
	if len(bars) == 0 {
		return
	}
	p.Points = make([]chart.Point, 0, len(bars)+2)
	daily := v.line.Step >= 24*time.Hour
	if open := bars[0].Open; !daily && !open.IsZero() {
		p.Points = append(p.Points, chart.Point{X: axis.At(bars[0].Time), Y: open.Float()})
	}
	for _, bar := range bars {
		at := bar.Time
		if !daily { // its close is the price at its end
			at = at.Add(v.line.Step)
			if !q.Time.IsZero() && at.After(q.Time) && !bar.Time.After(q.Time) {
				at = q.Time
			}
		}
		p.Points = append(p.Points, chart.Point{X: axis.At(at), Y: bar.Close.Float()})
		v.last = bar.Close
	}
	if !q.Time.IsZero() && q.Time.After(bars[len(bars)-1].Time) {
		v.last = q.Price
		last := chart.Point{X: axis.At(q.Time), Y: q.Price.Float()}
		if n := len(p.Points); p.Points[n-1].X >= last.X || daily && q.Time.Before(bars[len(bars)-1].Time.Add(v.line.Step)) {
			last.X = p.Points[n-1].X
			p.Points = p.Points[:n-1]
		}
		p.Points = append(p.Points, last)
	}
	if daily {
		p.To = p.Points[len(p.Points)-1].X
	}
}

// addChange tells how the price changed: on a chart of a day since the previous
// close, which is drawn, on others since their beginning.
func (v *view) addChange(p *chart.Price, w Words) {
	p.Price, p.Last = w.Price(v.symbol, v.last), w.Price(v.symbol, v.last)
	base := v.standing.Base
	switch {
	case v.back.name != "1d":
		if base = v.line.Bars[0].Close; v.line.Step < 24*time.Hour && !v.line.Bars[0].Open.IsZero() {
			base = v.line.Bars[0].Open
		}
	case base.IsZero():
		p.Tone = message.Neutral
		if v.firing == nil && !v.standing.Quote.Time.IsZero() {
			p.Tone, p.Change = message.Warning, w.Say("market.doubt")
		}
		return
	default:
		p.Levels = append(p.Levels, chart.Level{
			Kind: chart.PreviousClose, Y: base.Float(), Label: w.Price(v.symbol, base), Name: w.Say("chart.previous"),
		})
	}
	d := v.last.Sub(base)
	p.Tone = tone(d)
	p.Change = move(w, v.symbol, d) + " (" + w.Change(v.last.ChangePercent(base)) + ")"
}

// move returns a change as it is spoken of: of a yield in basis points, of
// others in their unit.
func move(w Words, s market.Symbol, d market.Price) string {
	if s.Class != market.ClassYield && s.Unit != market.UnitPercent {
		return w.Difference(s, d)
	}
	points, err := market.PriceOf(d.Decimal().Shift(2))
	if err != nil {
		return w.Difference(s, d)
	}
	sign := ""
	if points.Sign() > 0 {
		sign = "+"
	}
	return w.Say("chart.points", "Points", sign+w.Number(points, 1))
}

// addThresholds draws what the rule waits for.
func (v *view) addThresholds(p *chart.Price, w Words) {
	rule := v.rule
	if v.firing != nil {
		rule = &v.firing.Rule
	}
	if rule == nil {
		return
	}
	for _, c := range rule.Conditions {
		if c.Ticker != "" && c.Ticker != v.symbol.Ticker {
			continue
		}
		for _, level := range []market.Price{c.Level, c.Upper} {
			if !level.IsZero() {
				p.Levels = append(p.Levels, chart.Level{
					Kind: chart.Threshold, Y: level.Float(), Label: w.Price(v.symbol, level), Name: w.Say("chart.threshold"),
				})
			}
		}
	}
}

// addMarks marks where a rule fired, and where its window began; or where it
// would have fired.
func (v *view) addMarks(p *chart.Price, w Words, axis chart.Axis) {
	if f := v.firing; f != nil {
		if !f.Base.IsZero() && !f.BaseAt.IsZero() && axis.At(f.BaseAt) > 0 {
			p.Marks = append(p.Marks, chart.Mark{X: axis.At(f.BaseAt), Y: f.Base.Float(), Label: w.Price(v.symbol, f.Base) + " · " + w.Clock(f.BaseAt)})
		}
		p.Marks = append(p.Marks, chart.Mark{X: axis.At(f.To.Time), Y: f.To.Price.Float(), Label: w.Price(v.symbol, f.To.Price) + " · " + w.Clock(f.To.Time)})
	}
	for _, mark := range v.fired {
		if mark.Ticker == v.symbol.Ticker {
			p.Marks = append(p.Marks, chart.Mark{X: axis.At(mark.Time), Y: mark.Price.Float()})
		}
	}
}

// valueTicks places round values beside the chart.
func valueTicks(w Words, p chart.Price) []chart.Tick {
	lo, hi := p.Range()
	ticks := chart.NiceTicks(lo, hi, 5)
	decimals := chart.TickDecimals(ticks)
	var out []chart.Tick
	for _, y := range ticks {
		if value, err := market.ParsePrice(fmt.Sprintf("%.*f", decimals, y)); err == nil {
			out = append(out, chart.Tick{At: y, Label: w.Number(value, decimals)})
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
