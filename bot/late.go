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

// oldAfter is from what age on a price is said to be old though no source is known
// to fail: it trades seldom, stands still, or what came since is not believed.
const oldAfter = 5 * time.Minute

// old tells that a price is older than it would be if its market were busy.
func (b *Bot) old(s market.Symbol, q market.Quote, now time.Time) bool {
	session := b.hours.Session(s, now)
	if q.Fix || q.Time.IsZero() || session.State != MarketOpen && !session.Always {
		return false
	}
	since := q.Time
	for _, open := range b.hours.Sessions(s, now.Add(-24*time.Hour), now) {
		if open.From.After(since) && !open.From.After(now) {
			since = open.From
		}
	}
	return now.Sub(since) > q.Delay+max(oldAfter, lateReads*b.cadence(s.Ticker))
}

// lateBlock says of the one price that is shown how old it is, and why.
func (c *call) lateBlock(s market.Symbol, q market.Quote) []message.Block {
	n, ok := c.bot.late(s, q, c.now)
	age := c.words.Span(c.now.Sub(q.Time))
	switch {
	case !ok && c.bot.old(s, q, c.now):
		return []message.Block{c.words.P("quote.old", "Age", age)}
	case !ok:
		return nil
	}
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
