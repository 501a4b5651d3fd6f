package bot

import (
	"slices"
	"time"

	"bellwether/alerts/market"
	"bellwether/bot/chart"
)

// axis closes the gaps between sessions, and between the days of a line of
// days. What the line has outside of sessions is dropped from it.
func (b *Bot) axis(v *view) chart.Axis {
	bars, step := v.line.Bars, v.line.Step
	if len(bars) == 0 {
		return chart.NewAxis()
	}
	if step >= 24*time.Hour {
		spans := make([]chart.Span, len(bars))
		for i, bar := range bars {
			spans[i] = chart.Span{From: bar.Time, To: bar.Time.Add(step)}
			if i+1 < len(bars) && bars[i+1].Time.Before(spans[i].To) {
				spans[i].To = bars[i+1].Time
			}
		}
		return chart.NewAxis(spans...)
	}
	first, last := bars[0].Time, bars[len(bars)-1].Time.Add(step)
	sessions := b.hours.Sessions(v.symbol, first, last)
	var spans []chart.Span
	for _, o := range sessions {
		spans = append(spans, chart.Span{From: o.From, To: o.To})
	}
	inside := slices.DeleteFunc(slices.Clone(bars), func(bar market.Bar) bool {
		return !slices.ContainsFunc(sessions, func(o OpenSpan) bool { return !bar.Time.Before(o.From) && !bar.Time.After(o.To) })
	})
	if len(inside) == 0 {
		if q := v.standing.Quote.Time; q.After(last) && q.Sub(last) < 24*time.Hour {
			last = q
		}
		return chart.NewAxis(chart.Span{From: first, To: last})
	}
	v.line.Bars = inside
	return chart.NewAxis(spans...)
}

// mostTicks is how many times there is room for under a chart.
const mostTicks = 8

// timeTicks names round times on the axis, in the chat's zone: hours of a day,
// the days of a few, days of a month, months of a year.
func timeTicks(w Words, axis chart.Axis, v *view) []chart.Tick {
	if len(v.line.Bars) == 0 {
		return nil
	}
	first := v.line.Bars[0].Time.In(w.zone)
	last := v.line.Bars[len(v.line.Bars)-1].Time.Add(v.line.Step).In(w.zone)
	if v.line.Step >= 24*time.Hour {
		return dayTicks(axis, v.line.Bars, last.Sub(first) > 100*24*time.Hour)
	}
	if last.Sub(first) > 36*time.Hour {
		format := "Mon 2"
		if last.Sub(first) > 8*24*time.Hour {
			format = "2 Jan"
		}
		return dateTicks(w, axis, v.line.Bars, format)
	}
	for _, step := range []time.Duration{15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour} {
		if ticks := clockTicks(axis, first, last, step); len(ticks) <= mostTicks {
			return ticks
		}
	}
	return clockTicks(axis, first, last, 12*time.Hour)
}

// clockTicks names the multiples of a step by the wall clock.
func clockTicks(axis chart.Axis, first, last time.Time, step time.Duration) []chart.Tick {
	var out []chart.Tick
	midnight := time.Date(first.Year(), first.Month(), first.Day(), 0, 0, 0, 0, first.Location())
	before := -1.0
	for day := midnight; !day.After(last); day = day.AddDate(0, 0, 1) {
		for since := time.Duration(0); since < 24*time.Hour; since += step {
			at := time.Date(day.Year(), day.Month(), day.Day(), int(since/time.Hour), int(since%time.Hour/time.Minute), 0, 0, day.Location())
			// What falls into a closed gap has no place of its own.
			if x := axis.At(at); !at.Before(first) && x > before && !axis.Closed(at) {
				out = append(out, chart.Tick{At: x, Label: at.Format("15:04")})
				before = x
			}
		}
	}
	return out
}

// dateTicks names each day where it begins.
func dateTicks(w Words, axis chart.Axis, bars []market.Bar, format string) []chart.Tick {
	var all []chart.Tick
	told := ""
	for i, bar := range bars {
		at := bar.Time.In(w.zone)
		label := at.Format(format)
		if label != told && (i > 0 || at.Hour() < 18) {
			all = append(all, chart.Tick{At: axis.At(at), Label: label})
		}
		told = label
	}
	return thin(all)
}

// dayTicks names days, or the months where there are many.
func dayTicks(axis chart.Axis, bars []market.Bar, months bool) []chart.Tick {
	var all []chart.Tick
	told := ""
	for i, bar := range bars {
		// A day is the day of its market: bars of days begin at its midnight or
		// at its opening, and neither moves with the reader.
		at := bar.Time.UTC()
		label := at.Format("2 Jan")
		if months {
			if label = at.Format("Jan"); at.Month() == time.January {
				label = at.Format("Jan 2006")
			}
			if i == 0 && at.Day() > 7 {
				told = label
			}
		}
		if label != told {
			all = append(all, chart.Tick{At: axis.At(bar.Time), Label: label})
		}
		told = label
	}
	return thin(all)
}

// thin keeps as many ticks as there is room for, evenly.
func thin(all []chart.Tick) []chart.Tick {
	every := (len(all) + mostTicks - 1) / mostTicks
	if every < 2 {
		return all
	}
	var out []chart.Tick
	for i := 0; i < len(all); i += every {
		out = append(out, all[i])
	}
	return out
}
