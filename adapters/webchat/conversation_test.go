package webchat_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"bellwether/bot/chart"
	"bellwether/bot/message"
)

// series returns made-up prices that begin at from and end at to.
func series(n int, from, to, wild float64) []chart.Point {
	points := make([]chart.Point, n)
	for i := range points {
		part := float64(i) / float64(n-1)
		wave := math.Sin(part*19) + 0.6*math.Sin(part*47+1) + 0.35*math.Sin(part*131)
		points[i] = chart.Point{X: part * 86400, Y: from + (to-from)*part + wild*wave*math.Sin(part*math.Pi)}
	}
	return points
}

func drawPrice(t *testing.T, dark bool) []byte {
	t.Helper()
	p := chart.Price{
		Title: "Bitcoin", Subtitle: "BTC-USD · Kraken", Price: "$70,412.50", Change: "+2,500.40 (+3.68%)", Tone: message.Rise,
		Points: series(288, 67912, 70412, 320), Last: "70,412.50", Footer: "Kraken, live · 25 Nov 2026, 16:02 SGT", Dark: dark, Scale: 2,
		Levels: []chart.Level{
			{Kind: chart.Threshold, Y: 70000, Label: "70,000.00", Name: "Alert above"},
			{Kind: chart.PreviousClose, Y: 67912.1, Label: "67,912.10", Name: "24 h ago"},
		},
		Marks: []chart.Mark{{X: 80300, Y: 70000, Label: "crossed at 14:25"}},
	}
	for h := 0; h <= 24; h += 4 {
		p.XTicks = append(p.XTicks, chart.Tick{At: float64(h) * 3600, Label: fmt.Sprintf("%02d:00", (h+16)%24)})
	}
	lo, hi := p.Range()
	for _, v := range chart.NiceTicks(lo, hi, 5) {
		p.YTicks = append(p.YTicks, chart.Tick{At: v, Label: fmt.Sprintf("%d,%03d", int(v)/1000, int(v)%1000)})
	}
	return draw(t, func(out *bytes.Buffer, fonts *chart.Fonts) error { return chart.DrawPrice(out, p, fonts) })
}

type quoted struct {
	name, price, change, percent string
	from, to                     float64
}

func markets() []quoted {
	return []quoted{
		{"Straits Times Index", "5,012.74", "+21.33", "▲ +0.43%", 4991, 5012},
		{"Hang Seng Index", "26,127.09", "−214.80", "▼ −0.82%", 26341, 26127},
		{"Nikkei 225", "48,659.52", "−840.61", "▼ −1.70%", 49500, 48659},
		{"ASX 200", "8,612.40", "0.00", "● 0.00%", 8612, 8612.4},
		{"Jakarta Composite", "8,467.31", "", "not confirmed", 8467, 8470},
		{"S&P 500", "6,705.12", "+102.13", "▲ +1.55%", 6602, 6705},
		{"Gold", "4,137.60", "+27.90", "▲ +0.68%", 4109, 4137},
		{"Bitcoin", "70,412.50", "+2,500.40", "▲ +3.68%", 67912, 70412},
	}
}

func drawStrip(t *testing.T, dark bool) []byte {
	t.Helper()
	s := chart.Strip{Title: "Markets", Subtitle: "Wed 25 Nov 2026, 16:02 SGT", Footer: "Yahoo, up to 20 min late · Kraken, live", Dark: dark}
	for _, m := range markets() {
		row := chart.Row{Name: m.name, Price: m.price, Change: m.change, Session: chart.SessionOpen, SessionText: "Open · closes in 1 h",
			Spark: series(64, m.from, m.to, m.from*0.002), Base: m.from, HasBase: true}
		switch m.percent[:3] {
		case "▲":
			row.Tone, row.Percent = message.Rise, m.percent[4:]
		case "▼":
			row.Tone, row.Percent = message.Fall, m.percent[4:]
		case "●":
			row.Percent = m.percent[4:]
		default:
			row.Suspect, row.Note, row.Tone = true, "Not confirmed: a tenth of its close", message.Warning
		}
		s.Rows = append(s.Rows, row)
	}
	return draw(t, func(out *bytes.Buffer, fonts *chart.Fonts) error { return chart.DrawStrip(out, s, fonts) })
}

func draw(t *testing.T, how func(*bytes.Buffer, *chart.Fonts) error) []byte {
	t.Helper()
	fonts, err := chart.NewFonts()
	if err != nil {
		t.Error(err)
		return nil
	}
	var out bytes.Buffer
	if err := how(&out, fonts); err != nil {
		t.Error(err)
	}
	return out.Bytes()
}

// conversation is what a day brings. A title that begins with ">" is typed by
// the visitor; after a quiet message the page is looked at.
func conversation() []*message.Message {
	now := time.Now()
	market := &message.Message{Title: "Markets", Picture: message.NewPicture("strip/1", "Eight markets, five of them up", nil), Quiet: true,
		Footer: []message.Inline{message.T("Yahoo, live · "), message.When(now, "16:02")}}
	var rows [][]string
	for _, m := range markets() {
		rows = append(rows, []string{m.name, m.price, m.percent})
	}
	market.Blocks = []message.Block{message.Rows(rows...), message.P(message.T("Jakarta's change is not shown: its previous close contradicts our own."))}
	return []*message.Message{
		{Title: "Welcome back"},
		{Title: ">/market"},
		market,
		{Title: ">/alert BTC-USD > 70000 every time"},
		{Blocks: []message.Block{message.P(message.T("I will tell you every time "), message.B("Bitcoin"), message.T(" crosses above "), message.B("$70,000.00"), message.T(". It is 0.4% away. I read it every 30 seconds; Kraken is live.")), message.P(message.C("BTC-USD > 70000 every time, cooldown 1h"))},
			Buttons: [][]message.Button{{{Label: "Edit", Data: "1:e"}, {Label: "Pause", Data: "1:p"}, {Label: "Delete", Data: "1:d", Style: message.Danger}}}},
		{Title: "▲ Bitcoin crossed above $70,000.00", Tone: message.Rise, Quiet: true,
			Blocks: []message.Block{
				message.P(message.T("From $69,982.10 at 14:24 to $70,031.50 at "), message.When(now, "14:25"), message.T(".")),
				message.Pairs(message.Pair("Change", message.T("+$2,119.40 (+3.12%) since $67,912.10, 24 h ago")), message.Pair("Rule", message.C("BTC-USD > 70000 every time"))),
				message.P(message.T("In the news:")),
				message.Items(message.Item(message.A("Bitcoin climbs past 70,000 as funds return", "https://example.com/a")), message.Item(message.A("Exchanges report the busiest morning since March", "https://example.com/b"))),
			},
			Footer:  []message.Inline{message.T("Kraken, live · "), message.When(now, "14:25")},
			Picture: message.NewPicture("chart/1", "Bitcoin over a day: up 3.68% to $70,412.50", nil),
			Buttons: [][]message.Button{
				{{Label: "Snooze 1 h", Data: "1:a"}, {Label: "Until tomorrow", Data: "1:b"}, {Label: "Pause", Data: "1:c"}, {Label: "Delete", Data: "1:d", Style: message.Danger}},
				{{Label: "Arm again", Data: "1:e"}, {Label: "Edit", Data: "1:f"}, {Label: "1 day", Data: "1:g"}, {Label: "1 month", Data: "1:h"}, {Label: "1 year", Data: "1:i"}},
			}},
		{Title: "▼ Nikkei 225 fell by 1.70%", Tone: message.Fall, Blocks: []message.Block{
			message.P(message.T("From 49,500.13 to 48,659.52 since the previous close.")), message.Said(message.T("Sell half of it if this comes."))},
			Footer: []message.Inline{message.T("Yahoo, 20 min late · Tokyo")}},
		{Title: "Central bank keeps its rate, and says why it will wait until spring", TitleURL: "https://example.com/rate", Blocks: []message.Block{
			message.P(message.T("The bank left its rate at 3.75% for the third time. Two of nine members voted for a cut; the others want to see wages settle first.")),
			message.Said(message.T("“We have time, and we are going to use it.”"))},
			Footer:  []message.Inline{message.T("Example Wire · "), message.When(now.Add(-40*time.Hour), "24 Nov, 22:10"), message.T(" · also in Daily Example")},
			Buttons: [][]message.Button{{{Label: "Read", URL: "https://example.com/rate"}, {Label: "Less like this", Data: "1:l"}}}, Quiet: true},
		{Title: ">/settings"},
		{Title: "Settings", Blocks: []message.Block{message.Pairs(
			message.Pair("Time zone", message.T("Asia/Singapore, now 16:02")), message.Pair("Language", message.T("English")),
			message.Pair("Pictures", message.T("dark")), message.Pair("Quiet hours", message.T("22:00 to 07:00, urgent alerts excepted"))),
			message.P(message.T("Change one by typing, for example, "), message.C("/settings zone Tokyo"), message.T("."))},
			Buttons: [][]message.Button{{{Label: "Light pictures", Data: "1:li"}, {Label: "Change zone", Data: "1:z"}}}},
		{Title: "Your alerts: 3", Blocks: []message.Block{message.Items(
			message.Item(message.B("1. "), message.C("BTC-USD > 70000 every time, cooldown 1h"), message.T(" · waits, 0.4% away, read every 30 seconds")),
			message.Item(message.B("2. "), message.C("(^STI moves 2% and ^HSI below 26000) or GC=F above 4200 within 1h, note \"sell half of it\""), message.T(" · paused")),
			message.Item(message.B("3. "), message.C("NVDA moves 5%"), message.T(" · market closed"))), message.P(message.T("Type a number to see one, or try "), message.C("/alert gold below 2300"), message.T("."))},
			Buttons: [][]message.Button{{{Label: "Show 1", Data: "1:1"}, {Label: "Show 2", Data: "1:2"}, {Label: "Show 3", Data: "1:3"}}, {{Label: "‹ Back", Data: "1:x"}, {Label: "More ›", Data: "1:y", Style: message.Primary}}}, Quiet: true},
	}
}
