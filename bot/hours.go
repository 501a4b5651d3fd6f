package bot

import (
	"slices"
	"strings"
	"time"

	"bellwether/alerts/market"
)

// SessionState is what a market does now.
type SessionState string

// The states of a market.
const (
	MarketUnknown SessionState = ""
	MarketOpen    SessionState = "open"
	MarketBreak   SessionState = "break" // within a session: lunch
	MarketHalt    SessionState = "halt"  // between two sessions of futures
	MarketClosed  SessionState = "closed"
)

// MarketSession is what a market does at a moment, and until when.
type MarketSession struct {
	State SessionState
	// Until is when the state ends, UTC; zero where that is not known, or never
	// comes.
	Until time.Time
	// Always tells that it never closes.
	Always bool
}

// Hours knows when markets trade.
type Hours interface {
	// Session returns what a symbol's market does at a time.
	Session(s market.Symbol, at time.Time) MarketSession
	// Sessions returns the stretches of trading of a symbol's market that
	// overlap a span, in order; none where it has no sessions or its hours are
	// not known.
	Sessions(s market.Symbol, from, to time.Time) []OpenSpan
	// Venues returns the markets whose bells can be asked for.
	Venues() []Venue
	// Rings returns the bells of a market after one time and up to another.
	Rings(venue string, after, until time.Time) []Ring
}

// OpenSpan is a stretch of trading, in UTC.
type OpenSpan struct {
	From, To time.Time
	Day      time.Time // the trading day that it belongs to; zero where that is not told
}

// Venue is a market with bells.
type Venue struct {
	MIC   string   // ISO 10383
	Name  string   // as people call it: "Singapore"
	Words []string // what people type for it: "sgx"
	// Until is the last day on which its hours are known, at 00:00 UTC; zero for
	// ever.
	Until time.Time
}

// Ring is an opening or a close.
type Ring struct {
	At   time.Time // UTC
	Open bool
	Last bool // when the next one rings is not known
}

// hours says in words what a symbol's market does; nothing of one that never
// closes.
func (c *call) hours(s market.Symbol) string {
	session := c.bot.hours.Session(s, c.now)
	if session.Always {
		return ""
	}
	return sessionText(c.words, session)
}

// sessionText says what a market does and until when, and where that is not
// known, says so.
func sessionText(w Words, session MarketSession) string {
	switch {
	case session.State == MarketOpen && session.Until.IsZero():
		return w.Say("market.open.short")
	case session.State == MarketOpen:
		return w.Say("market.open", "At", w.Clock(session.Until))
	case session.State == MarketBreak:
		return w.Say("market.break", "At", w.Clock(session.Until))
	case session.State == MarketHalt:
		return w.Say("market.halt", "At", w.Clock(session.Until))
	case session.State == MarketClosed && !session.Until.IsZero():
		return w.Say("market.closed", "Time", w.Span(session.Until.Sub(w.now)))
	case session.State == MarketClosed:
		return w.Say("market.closed.short")
	}
	return w.Say("market.unknown")
}

// nextOpen says what the market at the head of the strip does: "Singapore opens
// in 2 hours 26 minutes.".
func (c *call) nextOpen() string {
	if len(c.bot.strip) == 0 {
		return ""
	}
	s := c.bot.strip[0]
	session := c.bot.hours.Session(s, c.now)
	w, name := c.words, c.bot.venueName(s.Exchange)
	known := !session.Until.IsZero()
	switch {
	case session.State == MarketOpen && known:
		return w.Say("market.open.now", "Market", name, "At", w.Clock(session.Until))
	case session.State == MarketBreak:
		return w.Say("market.break.now", "Market", name, "At", w.Clock(session.Until))
	case session.State == MarketHalt:
		return w.Say("market.halt.now", "Market", name, "At", w.Clock(session.Until))
	case session.State == MarketClosed && known:
		return w.Say("market.opens", "Market", name, "Time", w.Span(session.Until.Sub(c.now)))
	case session.State == MarketClosed:
		return w.Say("market.closed.now", "Market", name)
	case session.State == MarketUnknown:
		return w.Say("market.unknown.now", "Market", name)
	}
	return ""
}

// venueName returns how people call a market; its code where no name is known.
func (b *Bot) venueName(mic string) string {
	for _, v := range b.hours.Venues() {
		if v.MIC == mic {
			return v.Name
		}
	}
	return mic
}

func (b *Bot) venue(typed string) (Venue, bool) {
	typed = strings.ToLower(strings.TrimSpace(typed))
	for _, v := range b.hours.Venues() {
		if strings.ToLower(v.MIC) == typed || strings.ToLower(v.Name) == typed || slices.Contains(v.Words, typed) {
			return v, true
		}
	}
	return Venue{}, false
}

func (b *Bot) venueNames() string {
	var names []string
	for _, v := range b.hours.Venues() {
		names = append(names, v.Name)
	}
	return strings.Join(names, ", ")
}

func (b *Bot) suggestVenues(typed string) []Choice {
	var out []Choice
	for _, v := range b.hours.Venues() {
		if len(out) < maxChoices && strings.Contains(strings.ToLower(v.Name+" "+v.MIC+" "+strings.Join(v.Words, " ")), strings.ToLower(typed)) {
			out = append(out, Choice{Label: v.Name + " · " + v.MIC, Value: v.Name})
		}
	}
	return out
}
