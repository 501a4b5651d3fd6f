package bot

import (
	"slices"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
)

// lateReads is how many readings of a symbol may fail before its price is late.
const lateReads = 3

// late tells which source does not give a new price of a symbol, since when and
// why; ok is false where prices come, or need not since the market is closed.
func (b *Bot) late(s market.Symbol, q market.Quote, now time.Time) (n alerts.Notice, ok bool) {
	every := b.cadence(s.Ticker)
	n, fails := b.checks.Failing(s.Ticker)
	if every <= 0 || !fails || q.Time.IsZero() {
		return n, false
	}
	switch b.hours.Session(s, now).State {
	case MarketClosed, MarketBreak, MarketHalt:
		return n, false
	}
	if !q.Fix { // A rate that is set once a day is no new price, whenever it is read.
		n.Since = q.Received
	}
	return n, now.Sub(n.Since) > lateReads*every
}

// lateBlock says of the one price that is shown how old it is, and why.
func (c *call) lateBlock(s market.Symbol, q market.Quote) []message.Block {
	n, ok := c.bot.late(s, q, c.now)
	if !ok {
		return nil
	}
	age := c.words.Span(c.now.Sub(q.Time))
	return []message.Block{c.words.P("quote.late", "Age", age, "Source", n.Source, "Since", c.words.Clock(n.Since), "Why", n.Reason)}
}

// lateBlocks says of a list of prices why some are old, once for each source and
// fault.
func (c *call) lateBlocks(symbols []market.Symbol, standings map[market.Ticker]alerts.Standing) []message.Block {
	var faults []alerts.Notice
	for _, s := range symbols {
		n, ok := c.bot.late(s, standings[s.Ticker].Quote, c.now)
		if !ok {
			continue
		}
		i := slices.IndexFunc(faults, func(f alerts.Notice) bool { return f.Source == n.Source && f.Reason == n.Reason })
		switch {
		case i < 0:
			faults = append(faults, n)
		case n.Since.Before(faults[i].Since):
			faults[i].Since = n.Since
		}
	}
	var out []message.Block
	for _, n := range faults {
		out = append(out, c.words.P("market.late.why", "Source", n.Source, "Since", c.words.Clock(n.Since), "Why", n.Reason))
	}
	return out
}
