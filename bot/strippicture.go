package bot

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/chart"
	"bellwether/bot/message"
)

// stripPicture draws symbols as a strip.
func (b *Bot) stripPicture(ctx context.Context, w Words, title string, symbols []market.Symbol, standings map[market.Ticker]alerts.Standing, light bool) *message.Picture {
	if b.fonts == nil || len(symbols) == 0 {
		return nil
	}
	symbols = symbols[:min(len(symbols), chart.MaxRows)]
	rows := make([]chart.Row, 0, len(symbols))
	for _, s := range symbols {
		rows = append(rows, b.stripRow(ctx, w, s, standings))
	}
	strip := chart.Strip{Title: title, Subtitle: w.Moment(w.now), Rows: rows, Footer: stripFooter(w, symbols, standings), Dark: !light, Scale: sharpness}
	key := fmt.Sprintf("strip/%d/%t/%s/%s/%d", hashOf(title, symbols), !light, w.Say("locale"), w.zone, w.now.Unix()/60)
	return message.NewPicture(key, stripAlt(title, rows), func() ([]byte, error) {
		var buffer bytes.Buffer
		err := chart.DrawStrip(&buffer, strip, b.fonts)
		return buffer.Bytes(), err
	})
}

// showList adds a list's prices to a message, in rows and as a picture.
func (c *call) showList(ctx context.Context, m *message.Message, tickers []market.Ticker) error {
	if len(tickers) == 0 {
		return nil
	}
	c.bot.readNow(ctx, tickers)
	standings, err := c.bot.store.Standings(ctx, tickers)
	if err != nil {
		return err
	}
	symbols := make([]market.Symbol, len(tickers))
	for i, t := range tickers {
		symbols[i] = c.bot.named(t)
	}
	table := c.table("", symbols, standings)
	m.Blocks, m.Footer = append(m.Blocks, table.Blocks...), table.Footer
	m.Blocks = append(m.Blocks, c.lateBlocks(symbols, standings)...)
	m.Picture = c.bot.stripPicture(ctx, c.words, c.words.Say("watch.title"), symbols, standings, c.place.Settings.Light)
	return nil
}

// stripAlt tells the rows in words: "Markets: Gold 2,340.00 +0.28 %; …".
func stripAlt(title string, rows []chart.Row) string {
	parts := make([]string, len(rows))
	for i, r := range rows {
		how := r.Percent
		if how == "" {
			how = r.Note
		}
		parts[i] = strings.TrimSpace(r.Name + " " + r.Price + " " + how)
	}
	return message.Cut(title+": "+strings.Join(parts, "; ")+".", maxAlt)
}

// maxAlt bounds the words for a picture. Discord: a description of an attachment
// has at most 1024 characters.
const maxAlt = 1000

// stripFooter says whose prices they are and how late each source is.
func stripFooter(w Words, symbols []market.Symbol, standings map[market.Ticker]alerts.Standing) string {
	var sources []string
	late := make(map[string]time.Duration)
	for _, s := range symbols {
		q := standings[s.Ticker].Quote
		if q.Source == "" {
			continue
		}
		if !slices.Contains(sources, q.Source) {
			sources = append(sources, q.Source)
		}
		late[q.Source] = max(late[q.Source], q.Delay)
	}
	for i, source := range sources {
		if d := late[source]; d > 0 {
			sources[i] = w.Say("footer.delayed", "Source", source, "Delay", w.Span(d))
		} else {
			sources[i] = w.Say("footer.live", "Source", source)
		}
	}
	return strings.Join(sources, " · ")
}

func hashOf(title string, symbols []market.Symbol) uint32 {
	h := uint32(2166136261) // FNV-1a, 32 bits: names a list, no more
	add := func(text string) {
		for _, c := range []byte(text) {
			h = (h ^ uint32(c)) * 16777619
		}
		h = (h ^ ',') * 16777619
	}
	add(title)
	for _, s := range symbols {
		add(string(s.Ticker))
	}
	return h
}

// stripRow makes the labels of one row of a strip.
func (b *Bot) stripRow(ctx context.Context, w Words, s market.Symbol, standings map[market.Ticker]alerts.Standing) chart.Row {
	session := b.hours.Session(s, w.now)
	row := chart.Row{Name: s.Name, Session: chart.Session(session.State), SessionText: sessionText(w, session)}
	standing, ok := standings[s.Ticker]
	if !ok {
		row.Price, row.Note = "–", w.Say("market.unread")
		return row
	}
	if n, late := b.late(s, standing.Quote, w.now); late {
		row.SessionText = w.Say("market.late.since", "Since", w.Clock(n.Since))
	}
	row.Price = w.Price(s, standing.Quote.Price)
	if standing.Base.IsZero() {
		row.Suspect, row.Note, row.Tone = true, w.Say("market.doubt"), message.Warning
	} else {
		d := standing.Quote.Price.Sub(standing.Base)
		row.Tone, row.Change, row.Percent = tone(d), move(w, s, d), w.Change(standing.Quote.Price.ChangePercent(standing.Base))
		row.Base, row.HasBase = standing.Base.Float(), true
	}
	row.Spark = b.spark(ctx, s, standing.Quote, w.now)
	return row
}

// spark is the path of a symbol's last day of trading as far as it is kept; a
// strip of fifteen asks no source.
func (b *Bot) spark(ctx context.Context, s market.Symbol, q market.Quote, now time.Time) []chart.Point {
	if b.history == nil {
		return nil
	}
	day := spans()[0]
	bars, err := b.store.Bars(ctx, s.Ticker, day.step, b.daysBack(s, 1, now))
	if err != nil {
		b.log.Warn("read history", "ticker", s.Ticker, "error", err)
		return nil
	}
	v := view{symbol: s, back: day, line: market.Line{Ticker: s.Ticker, Step: day.step, Bars: bars}, standing: alerts.Standing{Quote: q}}
	var p chart.Price
	v.addPoints(&p, b.axis(&v))
	return p.Points
}
