package chart_test

import (
	"bellwether/bot/chart"
	"bellwether/bot/message"
)

func strip(dark bool) chart.Strip {
	type row struct {
		name, price, change, percent string
		session                      chart.Session
		text                         string
		from, to                     float64
	}
	rows := []row{
		{"Straits Times Index", "5,012.74", "+21.33", "+0.43%", chart.SessionOpen, "Open · closes in 3 h 15 min", 4991, 5012},
		{"Hang Seng Index", "26,127.09", "−214.80", "−0.82%", chart.SessionBreak, "Lunch break · back in 12 min", 26341, 26127},
		{"Nikkei 225", "48,659.52", "−840.61", "−1.70%", chart.SessionOpen, "Open · closes in 45 min", 49500, 48659},
		{"Shanghai Composite", "3,941.20", "+5.12", "+0.13%", chart.SessionBreak, "Lunch break · back in 12 min", 3936, 3941},
		{"KOSPI", "4,012.88", "+47.01", "+1.19%", chart.SessionOpen, "Open · closes in 1 h 15 min", 3965, 4012},
		{"ASX 200", "8,612.40", "0.00", "0.00%", chart.SessionOpen, "Open · closes in 45 min", 8612, 8612.4},
		{"Jakarta Composite", "854.11", "−7,613.20", "−89.91%", chart.SessionOpen, "", 8467, 8470},
		{"S&P 500", "6,705.12", "+102.13", "+1.55%", chart.SessionClosed, "Closed · opens in 12 h 15 min", 6602, 6705},
		{"Nasdaq 100", "24,873.85", "+634.30", "+2.62%", chart.SessionClosed, "Closed · opens in 12 h 15 min", 24239, 24873},
		{"FTSE 100", "9,534.91", "−4.80", "−0.05%", chart.SessionClosed, "Closed · opens in 5 h 45 min", 9539, 9534},
		{"DAX", "23,239.18", "+147.31", "+0.64%", chart.SessionClosed, "Closed · opens in 4 h 45 min", 23091, 23239},
		{"Gold", "4,137.60", "+27.90", "+0.68%", chart.SessionOpen, "Open", 4109, 4137},
		{"Brent crude", "63.37", "−0.83", "−1.29%", chart.SessionOpen, "Open", 64.2, 63.37},
		{"US 10-year yield", "4.036%", "−2.7 bp", "−0.66%", chart.SessionClosed, "Closed", 4.063, 4.036},
		{"Bitcoin", "87,412.50", "−1,120.44", "−1.27%", chart.SessionOpen, "Always open", 88532, 87412},
	}
	s := chart.Strip{Title: "Markets", Subtitle: "Wed 25 Nov 2026, 13:45 SGT", Footer: "Yahoo, up to 20 min late · Kraken, live", Dark: dark}
	for i, r := range rows {
		out := chart.Row{
			Name: r.name, Price: r.price, Change: r.change, Percent: r.percent, Session: r.session, SessionText: r.text,
			Spark: pointsOf(walk(64, r.from, r.to, r.from*0.004, uint64(i+3)), 63), Base: r.from, HasBase: true,
		}
		switch {
		case r.to > r.from && r.percent != "0.00%":
			out.Tone = message.Rise
		case r.to < r.from:
			out.Tone = message.Fall
		}
		if i == 6 {
			out.Suspect, out.Note, out.Tone = true, "Not confirmed: a tenth of its close", message.Warning
		}
		s.Rows = append(s.Rows, out)
	}
	return s
}
