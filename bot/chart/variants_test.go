package chart_test

import (
	"io"
	"math"
	"strings"

	"bellwether/bot/chart"
	"bellwether/bot/message"
)

// variant is a picture of the gallery. Each is compared with the one that was
// looked at and found right.
type variant struct {
	name string
	what string
	draw func(io.Writer, *chart.Fonts) error
}

func ofPrice(name, what string, p chart.Price) variant {
	return variant{name, what, func(w io.Writer, f *chart.Fonts) error { return chart.DrawPrice(w, p, f) }}
}

func ofStrip(name, what string, s chart.Strip) variant {
	return variant{name, what, func(w io.Writer, f *chart.Fonts) error { return chart.DrawStrip(w, s, f) }}
}

// plain is a chart of the values without further ado.
func plain(title, price string, decimals int, values ...float64) chart.Price {
	p := withTicks(chart.Price{
		Title: title, Subtitle: "TEST · Exchange", Price: price, Change: "+1.00 (+1.00%)", Tone: message.Rise,
		Points: pointsOf(values, 3600), To: 3600, Empty: "No prices yet", Footer: "Source · late",
		XTicks: []chart.Tick{{At: 0, Label: "09:00"}, {At: 1800, Label: "09:30"}, {At: 3600, Label: "10:00"}},
	})
	if n := len(values); n > 0 {
		p.Last = priceLabel(decimals)(values[n-1])
	}
	return p
}

func gaps() chart.Price {
	p := plain("Gaps between sessions", "101.90", 2, walk(120, 100, 101.9, 0.3, 5)...)
	for i := range p.Points {
		switch {
		case i == 40 || i == 82:
			p.Points[i].Gap = true
		case i > 60 && i < 70:
			p.Points[i].Y = math.NaN()
		}
	}
	p.Points[81].Gap = true // a point alone
	return p
}

func crowded() chart.Price {
	p := plain("Lines close together", "100.05", 2, walk(200, 99.2, 100.05, 0.2, 11)...)
	p.Levels = []chart.Level{
		{Kind: chart.Threshold, Y: 100.04, Label: "100.04", Name: "Alert above"},
		{Kind: chart.Threshold, Y: 100.02, Label: "100.02", Name: "Alert above"},
		{Kind: chart.PreviousClose, Y: 100, Label: "100.00", Name: "Previous close"},
		{Kind: chart.Threshold, Y: 250, Label: "250.00", Name: "Far away"},
	}
	p.Marks = []chart.Mark{{X: 3600, Y: 100.04, Label: "crossed now"}}
	return p
}

func falling(dark bool) chart.Price {
	p := plain("Brent crude", "63.37", 2, walk(160, 64.2, 63.37, 0.12, 4)...)
	p.Subtitle, p.Change, p.Tone, p.Dark = "BZ=F · ICE", "−0.83 (−1.29%)", message.Fall, dark
	p.Levels = []chart.Level{{Kind: chart.PreviousClose, Y: 64.2, Label: "64.20", Name: "Previous close"}}
	return p
}

func flat() chart.Price {
	p := plain("Nothing moves", "100.00", 2, 100, 100, 100, 100)
	p.Change, p.Tone = "0.00 (0.00%)", message.Neutral
	p.Levels = []chart.Level{{Kind: chart.PreviousClose, Y: 100, Label: "100.00"}}
	return p
}

func variants() []variant {
	long := strings.Repeat("International Holding and Trading Company of the Northern Provinces ", 3)
	twoColumns := strip(true)
	twoColumns.Columns = 2
	twoColumns.Rows[0].Name = long
	few := strip(false)
	few.Rows = few.Rows[5:8]
	few.Rows[0].Spark, few.Rows[0].Session = nil, chart.SessionUnknown
	double := falling(false)
	double.Scale = 2
	negative := plain("Crude oil, April 2020", "−37.63", 2, walk(150, 18, -37.63, 4, 9)...)
	negative.Tone = message.Fall
	return []variant{
		ofPrice("rise-dark", "A threshold crossed", bitcoin(true)),
		ofPrice("rise-light", "A threshold crossed", bitcoin(false)),
		ofPrice("lunch-light", "A lunch break closed, an unfinished day, characters without a font", nikkei(false)),
		ofPrice("fall-dark", "A fall", falling(true)),
		ofPrice("fall-double", "A fall at a scale of 2", double),
		ofPrice("crowded", "Pills that would cover each other, a level out of sight", crowded()),
		ofPrice("gaps", "Gaps and a point alone", gaps()),
		ofPrice("one-point", "One point", plain("One point", "100.00", 2, 100)),
		ofPrice("no-points", "No points", plain("No points", "–", 2)),
		ofPrice("equal", "Equal points", flat()),
		ofPrice("dense", "50,000 points", plain("50,000 points", "104.20", 2, walk(50000, 100, 104.2, 0.3, 2)...)),
		ofPrice("negative", "Below zero", negative),
		ofPrice("eleven-digits", "Eleven digits", plain("Large", "98,765,432,101.25", 2, walk(90, 98.7e9, 98765432101.25, 2e7, 8)...)),
		ofPrice("tiny", "0.00000712", plain("Small", "0.00000712", 8, walk(90, 0.00000698, 0.00000712, 4e-8, 6)...)),
		ofPrice("long-name", "A name of 200 characters", plain(long[:200], "98,765,432,101.25", 2, 1, 2, 1.5, 2.2)),
		ofPrice("right-to-left", "From right to left, without a font", plain("טבע תעשיות (TEVA) 35", "17.20", 2, 17, 17.1, 17.2)),
		ofStrip("strip-dark", "The strip", strip(true)),
		ofStrip("strip-two", "Two columns, a long name", twoColumns),
		ofStrip("strip-light", "A few rows, one unknown", few),
		ofStrip("strip-empty", "No rows", chart.Strip{Title: "Watchlist", Empty: "Nothing on the list yet", Footer: "–"}),
	}
}
