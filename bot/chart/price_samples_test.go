package chart_test

import (
	"fmt"
	"time"

	"bellwether/bot/chart"
	"bellwether/bot/message"
)

// walk returns n made-up values that begin at from and end at to.
func walk(n int, from, to, wild float64, seed uint64) []float64 {
	values := make([]float64, n)
	at, state := 0.0, seed*2654435761+1
	for i := range values {
		state = state*6364136223846793005 + 1442695040888963407
		at += (float64(state>>40)/float64(1<<24) - 0.5) * wild
		values[i] = at
	}
	start, end := values[0], values[n-1]
	for i := range values {
		part := float64(i) / float64(max(n-1, 1))
		values[i] = from + (to-from)*part + values[i] - end*part - start*(1-part)
	}
	return values
}

func pointsOf(values []float64, to float64) []chart.Point {
	points := make([]chart.Point, len(values))
	for i, v := range values {
		points[i] = chart.Point{X: to * float64(i) / float64(max(len(values)-1, 1)), Y: v}
	}
	return points
}

func priceLabel(decimals int) func(float64) string {
	return func(v float64) string { return group(fmt.Sprintf("%.*f", decimals, v)) }
}

func group(s string) string {
	whole, frac := s, ""
	for i := range s {
		if s[i] == '.' {
			whole, frac = s[:i], s[i:]
			break
		}
	}
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	return whole + frac
}

func withTicks(p chart.Price) chart.Price {
	lo, hi := p.Range()
	ticks := chart.NiceTicks(lo, hi, 5)
	label := priceLabel(chart.TickDecimals(ticks))
	for _, v := range ticks {
		p.YTicks = append(p.YTicks, chart.Tick{At: v, Label: label(v)})
	}
	return p
}

func hours(from, to float64, start, step int) []chart.Tick {
	var ticks []chart.Tick
	for i := 0; from+float64(i*step)*3600 <= to; i++ {
		ticks = append(ticks, chart.Tick{At: from + float64(i*step)*3600, Label: fmt.Sprintf("%02d:00", (start+i*step)%24)})
	}
	return ticks
}

func bitcoin(dark bool) chart.Price {
	points := pointsOf(walk(288, 67912, 70412, 240, 7), 86400)
	cross := 0
	for i := range points {
		if points[i].Y < 70000 {
			cross = min(i+1, len(points)-1)
		}
	}
	return withTicks(chart.Price{
		Title: "Bitcoin", Subtitle: "BTC-USD · Kraken", Price: "$70,412.50", Change: "▲ +2,500.40 (+3.68%)", Tone: message.Rise,
		Points: points,
		Levels: []chart.Level{
			{Kind: chart.Threshold, Y: 70000, Label: "70,000.00", Name: "Alert above"},
			{Kind: chart.PreviousClose, Y: 67912.1, Label: "67,912.10", Name: "24 h ago"},
		},
		Marks:  []chart.Mark{{X: points[cross].X, Y: 70000, Label: "crossed at 14:25"}},
		XTicks: hours(0, 86400, 16, 4), Last: "70,412.50",
		Footer: "Kraken, live · 25 Nov 2026, 16:02 SGT", Dark: dark,
	})
}

func nikkei(dark bool) chart.Price {
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	axis := chart.NewAxis(
		chart.Span{From: day, To: day.Add(150 * time.Minute)},
		chart.Span{From: day.Add(210 * time.Minute), To: day.Add(390 * time.Minute)},
	)
	values := walk(240, 49500.13, 48659.52, 130, 3)
	points := pointsOf(values, axis.At(day.Add(310*time.Minute)))
	ticks := make([]chart.Tick, 0, 7)
	for m := 0; m <= 390; m += 60 {
		at := day.Add(time.Duration(m) * time.Minute)
		ticks = append(ticks, chart.Tick{At: axis.At(at), Label: at.Add(9 * time.Hour).Format("15:04")})
	}
	return withTicks(chart.Price{
		Title: "日経平均株価", Subtitle: "^N225 · 東京証券取引所", Price: "48,659.52", Change: "−840.61 (−1.70%)", Tone: message.Fall,
		Points: points, To: axis.Length(), Seams: axis.Seams(), XTicks: ticks, Last: "48,659.52",
		Levels: []chart.Level{
			{Kind: chart.PreviousClose, Y: 49500.13, Label: "49,500.13", Name: "前日終値"},
			{Kind: chart.Threshold, Y: 48700, Label: "48,700.00", Name: "アラート"},
		},
		Marks:  []chart.Mark{{X: points[236].X, Y: 48700}},
		Footer: "Yahoo、20分遅れ · 2026/11/25 14:10 JST", Dark: dark,
	})
}
