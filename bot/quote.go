package bot

import (
	"context"
	"slices"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
)

// handleQuote tells the price of one symbol or several.
func handleQuote(ctx context.Context, c *call) (result, error) {
	text := c.subject("symbol")
	if text == "" {
		return c.ask("quote.ask", "quote", ""), nil
	}
	symbols, err := c.symbolList(ctx, text, "quote {}")
	if err != nil {
		return result{}, err
	}
	symbols = symbols[:min(len(symbols), 10)]
	tickers := make([]market.Ticker, len(symbols))
	for i, s := range symbols {
		tickers[i] = s.Ticker
	}
	c.bot.readNow(ctx, tickers)
	standings, err := c.bot.store.Standings(ctx, tickers)
	if err != nil {
		return result{}, err
	}
	if len(symbols) == 1 {
		return c.oneQuote(symbols[0], standings), nil
	}
	m := c.table("", symbols, standings)
	m.Blocks = append(m.Blocks, c.lateBlocks(symbols, standings)...)
	return result{answer: Answer{Message: m}}, nil
}

// oneQuote shows a symbol's price with all that is known of it.
func (c *call) oneQuote(s market.Symbol, standings map[market.Ticker]alerts.Standing) result {
	standing, ok := standings[s.Ticker]
	if !ok {
		return c.say("quote.none", "Symbol", s.Name, "Ticker", string(s.Ticker))
	}
	w, q := c.words, standing.Quote
	m := &message.Message{Title: w.Say("quote.title", "Symbol", s.Name, "Price", w.Price(s, q.Price))}
	var fields []message.Field
	if !standing.Base.IsZero() {
		m.Tone = tone(q.Price.Sub(standing.Base))
		m.Title = arrow(q.Price.Sub(standing.Base)) + m.Title
		fields = append(fields, message.Pair(w.Say("firing.change"), message.T(w.Say("quote.change",
			"Difference", w.Difference(s, q.Price.Sub(standing.Base)), "Percent", w.Change(q.Price.ChangePercent(standing.Base)),
			"Base", w.Price(s, standing.Base)))))
	} else {
		fields = append(fields, message.Pair(w.Say("firing.change"), message.T(w.Say("quote.unbelieved"))))
	}
	fields = append(fields, message.Pair(w.Say("quote.symbol"), message.T(string(s.Ticker)+" · "+c.describe(s))))
	if text := c.hours(s); text != "" {
		fields = append(fields, message.Pair(w.Say("quote.market"), message.T(text)))
	}
	m.Blocks = append(c.lateBlock(s, q), message.Pairs(fields...))
	m.Footer = quoteFooter(w, q)
	m.Buttons = [][]message.Button{{
		{Label: w.Say("quote.alert.up"), Data: message.Data("do", "alert "+string(s.Ticker)+" > "+roundAway(q.Price, true).String())},
		{Label: w.Say("quote.alert.down"), Data: message.Data("do", "alert "+string(s.Ticker)+" < "+roundAway(q.Price, false).String())},
		{Label: w.Say("quote.watch"), Data: message.Data("do", "watch "+string(s.Ticker))},
		{Label: w.Say("quote.chart"), Data: message.Data("chart", string(s.Ticker), "1d")},
	}}
	return result{answer: Answer{Message: m}}
}

// quoteFooter says whose price it is, of when, and how late.
func quoteFooter(w Words, q market.Quote) []message.Inline {
	id, pairs := "footer.live", []any{"Source", q.Source}
	switch {
	case q.Fix:
		id = "footer.fix"
	case q.Delay > 0:
		id, pairs = "footer.delayed", append(pairs, "Delay", w.Span(q.Delay))
	}
	return []message.Inline{message.T(w.Say(id, pairs...) + " · "), message.When(q.Time, w.Moment(q.Time))}
}

func tone(difference market.Price) message.Tone {
	switch difference.Sign() {
	case 1:
		return message.Rise
	case -1:
		return message.Fall
	}
	return message.Neutral
}

func arrow(difference market.Price) string {
	switch difference.Sign() {
	case 1:
		return "▲ "
	case -1:
		return "▼ "
	}
	return "● "
}

// roundAway returns a round price about one or two percent away.
func roundAway(p market.Price, up bool) market.Price {
	step := roundStep(p).Decimal()
	n := p.Decimal().Div(step).Floor()
	if up {
		n = n.Add(decimalOf(2))
	} else {
		n = n.Sub(decimalOf(1))
	}
	out, err := market.PriceOf(n.Mul(step))
	if err != nil {
		return p
	}
	return out
}

// handleMarket shows the market strip and the place's own list.
func handleMarket(ctx context.Context, c *call) (result, error) {
	strip := c.bot.strip
	list, err := c.bot.store.Watchlist(ctx, alerts.WatchlistID(c.place.Watch))
	if err != nil {
		return result{}, err
	}
	var own []market.Symbol
	for _, t := range list.Tickers {
		if !slices.ContainsFunc(strip, func(s market.Symbol) bool { return s.Ticker == t }) {
			own = append(own, c.bot.named(t))
		}
	}
	all := append(slices.Clone(strip), own...)
	tickers := make([]market.Ticker, len(all))
	for i, s := range all {
		tickers[i] = s.Ticker
	}
	standings, err := c.bot.store.Standings(ctx, tickers)
	if err != nil {
		return result{}, err
	}
	m := c.table(c.words.Say("market.title"), strip, standings)
	if len(own) > 0 {
		m.Blocks = append(m.Blocks, c.words.P("market.watchlist"))
		m.Blocks = append(m.Blocks, c.table("", own, standings).Blocks...)
	}
	m.Blocks = append(m.Blocks, c.lateBlocks(all, standings)...)
	if text := c.nextOpen(); text != "" {
		m.Blocks = append(m.Blocks, message.P(message.T(text)))
	}
	m.Picture = c.bot.stripPicture(ctx, c.words, c.words.Say("market.title"), all, standings, c.place.Settings.Light)
	return result{answer: Answer{Message: m}}, nil
}

// table shows symbols in rows: name, price, change, percent. What is not
// believed is said, not shown as truth.
func (c *call) table(title string, symbols []market.Symbol, standings map[market.Ticker]alerts.Standing) *message.Message {
	w := c.words
	m := &message.Message{Title: title}
	rows := make([][]string, 0, len(symbols))
	var newest time.Time
	source, doubt := "", false
	for _, s := range symbols {
		standing, ok := standings[s.Ticker]
		if !ok {
			rows = append(rows, []string{s.Name, "–", w.Say("market.unread")})
			continue
		}
		q := standing.Quote
		if q.Time.After(newest) {
			newest, source = q.Time, q.Source
		}
		row := []string{s.Name, w.Price(s, q.Price)}
		if standing.Base.IsZero() {
			doubt = true
			rows = append(rows, append(row, w.Say("market.doubt")))
			continue
		}
		d := q.Price.Sub(standing.Base)
		change := strings.TrimSpace(arrow(d)) + " " + w.Change(q.Price.ChangePercent(standing.Base))
		if _, late := c.bot.late(s, q, c.now); late {
			change = w.Say("market.late", "Change", change)
		}
		rows = append(rows, append(row, change))
	}
	m.Blocks = []message.Block{message.Rows(rows...)}
	if doubt {
		m.Blocks = append(m.Blocks, w.P("market.doubt.why"))
	}
	if source != "" {
		m.Footer = []message.Inline{message.T(w.Say("footer.live", "Source", source) + " · "), message.When(newest, w.Moment(newest))}
	}
	return m
}
