package bot

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/market/hours"
	"bellwether/bot/chart"
)

// realHours are the calendars that come with the program.
type realHours struct{ calendar *hours.Calendar }

func (h realHours) Session(s market.Symbol, at time.Time) MarketSession {
	status := h.calendar.AtSymbol(s, at)
	return MarketSession{State: SessionState(status.State), Until: status.Next}
}

func (h realHours) Sessions(s market.Symbol, from, to time.Time) []OpenSpan {
	var out []OpenSpan
	for _, o := range h.calendar.Sessions(hours.VenueOf(s), from, to) {
		out = append(out, OpenSpan{From: o.From, To: o.To, Day: o.Day})
	}
	return out
}

func (h realHours) Venues() []Venue {
	return []Venue{{MIC: "XHKG", Name: "Hong Kong"}, {MIC: "XNYS", Name: "New York"}, {MIC: "XCEC", Name: "COMEX"}}
}

func (realHours) Rings(string, time.Time, time.Time) []Ring { return nil }

// pastOf is a history of one bar every step, in the sessions of a symbol or
// around the clock.
type pastOf struct {
	hours  Hours
	symbol market.Symbol
	until  time.Time
	price  func(i int) string
}

func (p pastOf) Line(_ context.Context, ticker market.Ticker, step time.Duration, from time.Time) (market.Line, error) {
	line := market.Line{Ticker: ticker, Step: step}
	sessions := p.hours.Sessions(p.symbol, from, p.until)
	for at := from.Truncate(step); at.Before(p.until); at = at.Add(step) {
		if at.Before(from) || len(sessions) > 0 && step < 24*time.Hour && !slices.ContainsFunc(sessions, func(o OpenSpan) bool {
			return !at.Before(o.From) && at.Before(o.To)
		}) {
			continue
		}
		price := market.MustPrice(p.price(len(line.Bars)))
		line.Bars = append(line.Bars, market.Bar{Time: at, Open: price, High: price, Low: price, Close: price})
	}
	return line, nil
}

func swing(i int) string { return fmt.Sprintf("%.2f", 100+3*math.Sin(float64(i)/9)+float64(i%3)*0.1) }

func chartBot(t *testing.T) *Bot {
	t.Helper()
	calendar, err := hours.Default()
	if err != nil {
		t.Fatal(err)
	}
	fonts, err := chart.NewFonts()
	if err != nil {
		t.Fatal(err)
	}
	catalogue, err := NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return &Bot{hours: realHours{calendar}, fonts: fonts, catalogue: catalogue, log: slog.New(slog.DiscardHandler)}
}

// keep writes a picture where BELLWETHER_PICTURES says, to be looked at.
func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	if folder := os.Getenv("BELLWETHER_PICTURES"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func labels(ticks []chart.Tick) string {
	var out []string
	for _, tick := range ticks {
		out = append(out, tick.Label)
	}
	return strings.Join(out, " ")
}

func TestChartsCloseTheGapsBetweenSessions(t *testing.T) {
	const hour = 3600.0
	hongKong := market.Symbol{Ticker: "^HSI", Name: "Hang Seng", Exchange: "XHKG", Class: market.ClassIndex, Decimals: 2}
	newYork := market.Symbol{Ticker: "NVDA", Name: "NVIDIA", Exchange: "XNYS", Class: market.ClassEquity, Decimals: 2}
	gold := market.Symbol{Ticker: "GC=F", Name: "Gold", Exchange: "XCEC", Class: market.ClassFuture, Decimals: 2}
	coin := market.Symbol{Ticker: "BTC-USD", Name: "Bitcoin", Class: market.ClassCrypto, Decimals: 2}
	utc := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, time.UTC) }
	for _, tt := range []struct {
		name   string
		symbol market.Symbol
		span   string
		zone   string
		now    time.Time
		length float64
		seams  []float64
		ticks  string
	}{
		{"a lunch break is a seam", hongKong, "1d", "Asia/Singapore", utc(25, 9, 0), 5.5 * hour, []float64{2.5 * hour}, "10:00 11:00 12:00 14:00 15:00 16:00"},
		{"before the weekend", hongKong, "1d", "Asia/Singapore", utc(29, 3, 0), 5.5 * hour, []float64{2.5 * hour}, ""},
		{"a day that is not over leaves room", hongKong, "1d", "Asia/Singapore", utc(25, 2, 30), 2.5 * hour, nil, ""},
		{"a holiday takes no room, an early close no more than it lasts", newYork, "5d", "UTC", utc(29, 12, 0), 29.5 * hour,
			[]float64{6.5 * hour, 13 * hour, 19.5 * hour, 26 * hour}, "Fri 20 Mon 23 Tue 24 Wed 25 Fri 27"},
		{"a future's day begins on the evening before", gold, "1d", "UTC", utc(25, 21, 30), 23 * hour, nil, ""},
		{"crypto has no sessions", coin, "1d", "UTC", utc(25, 12, 0), 24 * hour, nil, "12:00 16:00 20:00 00:00 04:00 08:00 12:00"},
		{"a month of days", newYork, "1m", "UTC", utc(25, 12, 0), 30 * 24 * hour, nil, ""},
		{"a year of days", newYork, "1y", "UTC", utc(25, 12, 0), 365 * 24 * hour, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := chartBot(t)
			b.history = pastOf{b.hours, tt.symbol, tt.now, swing}
			w := b.catalogue.Words("en", tt.zone, tt.now)
			back, _ := spanNamed(tt.span)
			v := view{symbol: tt.symbol, back: back, line: b.line(t.Context(), tt.symbol, back, tt.now)}
			v.standing = alerts.Standing{Base: market.MustPrice("99.5"), Quote: market.Quote{
				Ticker: tt.symbol.Ticker, Price: v.line.Bars[len(v.line.Bars)-1].Close, Time: tt.now.Add(-time.Minute), Source: "Test", Delay: 15 * time.Minute,
			}}
			p := b.priceChart(w, &v)
			if p.To != tt.length || !slices.Equal(p.Seams, tt.seams) {
				t.Errorf("the axis is %v hours long with seams at %v, want %v and %v", p.To/hour, p.Seams, tt.length/hour, tt.seams)
			}
			if got := labels(p.XTicks); tt.ticks != "" && got != tt.ticks || len(p.XTicks) < 2 || len(p.XTicks) > mostTicks {
				t.Errorf("the axis says %q, want %q", got, tt.ticks)
			}
			for i, at := range p.Points {
				if at.X < 0 || at.X > p.To || i > 0 && at.X < p.Points[i-1].X {
					t.Fatalf("point %d stands at %v of %v", i, at.X, p.To)
				}
			}
			content, err := b.draw(w, v, p).Draw()
			if err != nil {
				t.Fatal(err)
			}
			keep(t, "sessions "+tt.name, content)
		})
	}
}

func TestBadInputBecomesAPicture(t *testing.T) {
	constant := func(price string) func(int) string { return func(int) string { return price } }
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name, called string
		bars         int
		price        func(i int) string
		price1       string // as it is shown
	}{
		{"one point", "", 1, swing, ""},
		{"equal points", "", 100, constant("5"), "5.00"},
		{"50,000 points", "", 50_000, swing, ""},
		{"negative", "", 90, func(i int) string { return fmt.Sprintf("%.2f", 18-float64(i)*0.6182) }, "−37.02"},
		{"eleven digits", "", 90, func(i int) string { return fmt.Sprintf("%.2f", 98765432101.25-float64(i)) }, "98,765,432,012.25"},
		{"tiny", "", 90, func(i int) string { return fmt.Sprintf("%.8f", 0.00000623+float64(i)*1e-8) }, "0.00000712"},
		{"200 characters", strings.Repeat("Holding of the North ", 10)[:200], 90, swing, ""},
		{"from right to left", "טבע תעשיות (TEVA) 35", 90, swing, ""},
		{"han", "騰訊控股有限公司", 90, swing, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := chartBot(t)
			s := market.Symbol{Ticker: "X-TEST", Name: tt.called, Class: market.ClassCrypto, Decimals: 2}
			if s.Name == "" {
				s.Name = "Test"
			}
			line := market.Line{Ticker: s.Ticker, Step: 5 * time.Minute}
			for i := range tt.bars {
				price := market.MustPrice(tt.price(i))
				line.Bars = append(line.Bars, market.Bar{Time: now.Add(time.Duration(i-tt.bars) * line.Step), Open: price, High: price, Low: price, Close: price})
			}
			w := b.catalogue.Words("en", "Asia/Tokyo", now)
			v := view{symbol: s, back: spans()[0], line: line}
			p := b.priceChart(w, &v)
			if tt.price1 != "" && p.Price != tt.price1 {
				t.Errorf("the price is shown as %q, want %q", p.Price, tt.price1)
			}
			picture := b.draw(w, v, p)
			content, err := picture.Draw()
			if err != nil {
				t.Fatal(err)
			}
			keep(t, "bad "+tt.name, content)
			if picture.Alt == "" || len(picture.Key) > 300 {
				t.Errorf("alternative text %q, key %q", picture.Alt, picture.Key)
			}
			if shape, err := png.DecodeConfig(bytes.NewReader(content)); err != nil || shape.Width != sharpness*chart.PriceWidth || shape.Height != sharpness*chart.PriceHeight {
				t.Errorf("the picture is %v, %v", shape, err)
			}
		})
	}
	b := chartBot(t)
	v := view{symbol: market.Symbol{Ticker: "X"}, back: spans()[0]}
	w := b.catalogue.Words("en", "UTC", now)
	if p := b.priceChart(w, &v); len(p.Points) != 0 || b.draw(w, v, p) != nil {
		t.Error("a picture of nothing")
	}
}

func TestAlertChartsEndWhereTheRuleFired(t *testing.T) {
	b := chartBot(t)
	s := market.Symbol{Ticker: "^TNX", Name: "US 10-year yield", Class: market.ClassYield, Unit: market.UnitPercent, Decimals: 3}
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	b.history = pastOf{b.hours, s, now, func(i int) string { return fmt.Sprintf("%.3f", 4.4+float64(i)*0.0005) }}
	level := market.MustPrice("4.5")
	f := &alerts.Firing{
		Ticker: s.Ticker, To: market.Quote{Ticker: s.Ticker, Price: market.MustPrice("4.502"), Time: now.Add(-6 * time.Hour), Source: "Test"},
		Base: market.MustPrice("4.479"), Rule: alerts.Rule{Conditions: []alerts.Condition{{Kind: alerts.CrossesAbove, Ticker: s.Ticker, Level: level}}},
	}
	view := view{symbol: s, back: spans()[0], firing: f, standing: alerts.Standing{Quote: f.To, Base: f.Base}, line: b.line(t.Context(), s, spans()[0], now)}
	w := b.catalogue.Words("en", "Asia/Singapore", now)
	p := b.priceChart(w, &view)
	last := p.Points[len(p.Points)-1]
	if len(p.Marks) != 1 || p.Marks[0].X != last.X || p.Marks[0].Y != last.Y || p.Marks[0].Label != "4.502 % · 14:00" {
		t.Errorf("marks %+v, the line ends at %+v", p.Marks, last)
	}
	if p.Price != "4.502 %" || p.Change != "+2.3 bp (+0.51 %)" || len(p.Levels) != 2 || p.Levels[0].Name != "previous close" || p.Levels[1].Label != "4.500 %" {
		t.Errorf("price %q, change %q, levels %+v", p.Price, p.Change, p.Levels)
	}
	later := b.draw(b.catalogue.Words("en", "Asia/Singapore", now.Add(3*time.Minute)), view, p)
	if first := b.draw(w, view, p); later.Key != first.Key || !strings.Contains(first.Alt, "The alert is at 4.500 %.") {
		t.Errorf("key %q, then %q; %q", first.Key, later.Key, first.Alt)
	}
	if content, err := later.Draw(); err == nil {
		keep(t, "alert", content)
	}
}
