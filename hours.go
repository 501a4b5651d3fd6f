package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/market/hours"
	"bellwether/bot"
)

// marketHours is what the parts need of market hours. All but the first are nil
// where everything always trades.
type marketHours struct {
	shown    bot.Hours
	trading  alerts.Hours
	sessions alerts.Sessions
	day      func(ticker market.Ticker, at time.Time) (day, before time.Time, open bool)
	warn     func(now time.Time)
}

// newMarketHours reads the hours that come with the program, changed by the
// operator's file where there is one, and warns of venues whose data ends.
func newMarketHours(override string, alwaysOpen bool, symbol func(market.Ticker) market.Symbol, log *slog.Logger, now time.Time) (marketHours, error) {
	if alwaysOpen {
		calendar, err := hours.Default()
		return marketHours{shown: roundTheClock{shownHours{calendar}}}, err
	}
	calendar, err := readCalendar(override)
	if err != nil {
		return marketHours{}, fmt.Errorf("%w: calendar.override: %w", errConfig, err)
	}
	warnOfEnd(calendar, now, log)
	s := symbolHours{calendar: calendar, symbol: symbol}
	return marketHours{
		shown: shownHours{calendar}, trading: s, sessions: s, day: s.day,
		warn: func(now time.Time) { warnOfEnd(calendar, now, log) },
	}, nil
}

// warnOfEnd says which markets' hours end within sixty days or have ended.
func warnOfEnd(calendar *hours.Calendar, now time.Time, log *slog.Logger) {
	for _, v := range calendar.Ending(now) {
		end := []any{"venue", v.Code, "last_day", v.Until.Format(time.DateOnly)}
		if now.After(v.Until.AddDate(0, 0, 1)) {
			log.Warn("market hours have ended and are not known any more", end...)
		} else {
			log.Warn("market hours end soon; what follows is not known", end...)
		}
	}
}

// keepWarning warns once a day of what ends, until ctx ends: a bot that runs for
// months is not told by its start alone.
func (h marketHours) keepWarning(ctx context.Context, now func() time.Time) {
	if h.warn == nil {
		return
	}
	ticker := time.NewTicker(24 * time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			h.warn(now())
		}
	}
}

func readCalendar(override string) (*hours.Calendar, error) {
	if override == "" {
		return hours.Default()
	}
	file, err := os.Open(override) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return hours.Default(file)
}

// symbolHours answers by ticker what the calendar knows by venue.
type symbolHours struct {
	calendar *hours.Calendar
	symbol   func(market.Ticker) market.Symbol
}

func (s symbolHours) venue(t market.Ticker) string { return hours.VenueOf(s.symbol(t)) }

// Before implements alerts.Hours.
func (s symbolHours) Before(t market.Ticker, at time.Time, d time.Duration) (time.Time, bool) {
	code := s.venue(t)
	if code == hours.Always {
		return time.Time{}, false
	}
	return s.calendar.Before(code, at, d)
}

// Session implements alerts.Hours.
func (s symbolHours) Session(t market.Ticker, at time.Time) (start time.Time, regular, ok bool) {
	code := s.venue(t)
	if code == hours.Always {
		return time.Time{}, false, false
	}
	return s.calendar.Session(code, at)
}

// Open implements alerts.Sessions.
func (s symbolHours) Open(t market.Ticker, at time.Time) (open bool, since time.Time) {
	status := s.calendar.At(s.venue(t), at)
	return !status.Known || status.State == hours.Open, status.Since
}

// day tells the guard which session a price belongs to.
func (s symbolHours) day(t market.Ticker, at time.Time) (day, before time.Time, open bool) {
	code := s.venue(t)
	day, before, _ = s.calendar.SessionDate(code, at)
	status := s.calendar.At(code, at)
	return day, before, status.Known && status.State == hours.Open
}

// shownHours tells people what markets do.
type shownHours struct{ calendar *hours.Calendar }

// Session implements bot.Hours.
func (h shownHours) Session(s market.Symbol, at time.Time) bot.MarketSession {
	status := h.calendar.AtSymbol(s, at)
	return bot.MarketSession{
		State: bot.SessionState(status.State), Until: status.Next, Always: hours.VenueOf(s) == hours.Always,
	}
}

// Sessions implements bot.Hours.
func (h shownHours) Sessions(s market.Symbol, from, to time.Time) []bot.OpenSpan {
	return openSpans(h.calendar.Sessions(hours.VenueOf(s), from, to))
}

func openSpans(spans []hours.Span) []bot.OpenSpan {
	out := make([]bot.OpenSpan, len(spans))
	for i, s := range spans {
		out[i] = bot.OpenSpan{From: s.From, To: s.To, Day: s.Day}
	}
	return out
}

// Venues implements bot.Hours.
func (h shownHours) Venues() []bot.Venue {
	known := h.calendar.Venues()
	out := make([]bot.Venue, len(known))
	for i, v := range known {
		out[i] = bot.Venue{MIC: v.Code, Name: v.Name, Words: v.Words, Until: v.Until}
	}
	return out
}

// Rings implements bot.Hours: a day's first opening and its last close, where
// the market does not go over into the next day without a pause.
func (h shownHours) Rings(venue string, after, until time.Time) []bot.Ring {
	spans := h.calendar.Sessions(venue, after.Add(-36*time.Hour), until.Add(36*time.Hour))
	var out []bot.Ring
	add := func(at time.Time, open bool) {
		if at.After(after) && !at.After(until) {
			last := !open && h.calendar.At(venue, at).Next.IsZero()
			out = append(out, bot.Ring{At: at, Open: open, Last: last})
		}
	}
	for i, s := range spans {
		if i == 0 || !spans[i-1].Day.Equal(s.Day) && spans[i-1].To.Before(s.From) {
			add(s.From, true)
		}
		if i == len(spans)-1 || !spans[i+1].Day.Equal(s.Day) && s.To.Before(spans[i+1].From) {
			add(s.To, false)
		}
	}
	return out
}

// roundTheClock is the hours of a market that never closes, the demo's. Its
// venues have their names, and their bells ring when those of the world do.
type roundTheClock struct{ shownHours }

// Session implements bot.Hours.
func (roundTheClock) Session(market.Symbol, time.Time) bot.MarketSession {
	return bot.MarketSession{State: bot.MarketOpen, Always: true}
}

// Sessions implements bot.Hours: nothing parts one day from another.
func (roundTheClock) Sessions(market.Symbol, time.Time, time.Time) []bot.OpenSpan { return nil }
