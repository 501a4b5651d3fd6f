package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/alerts/market"
	"bellwether/bot"
)

func openHours(t *testing.T, override string, log *slog.Logger, now time.Time) marketHours {
	t.Helper()
	table, err := market.DefaultTable()
	if err != nil {
		t.Fatal(err)
	}
	file := ""
	if override != "" {
		file = filepath.Join(t.TempDir(), "hours.json")
		if err := os.WriteFile(file, []byte(override), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h, err := newMarketHours(file, false, func(t market.Ticker) market.Symbol { s, _ := table.Get(t); return s }, log, now)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestBellsRingAtTheRightMinute(t *testing.T) {
	h := openHours(t, "", slog.New(slog.DiscardHandler), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	for name, want := range map[string]struct{ venue, from, to, rings string }{
		"Singapore, whose lunch is no bell":      {"XSES", "2024-07-03T00:00", "2024-07-04T00:00", "+01:00 -09:00"},
		"Singapore's half day":                   {"XSES", "2024-12-24T00:00", "2024-12-25T00:00", "+01:00 -04:00"},
		"Singapore's holiday":                    {"XSES", "2024-12-25T00:00", "2024-12-26T00:00", ""},
		"Singapore's last known day":             {"XSES", "2026-12-31T00:00", "2027-01-20T00:00", "+01:00 -04:00 and no more"},
		"New York on the Friday before a change": {"XNYS", "2026-03-06T12:00", "2026-03-07T12:00", "+14:30 -21:00"},
		"New York on the Monday after a change":  {"XNYS", "2026-03-09T12:00", "2026-03-10T12:00", "+13:30 -20:00"},
		"New York's early close":                 {"XNYS", "2026-11-27T12:00", "2026-11-28T12:00", "+14:30 -18:00"},
		"London when only New York has changed":  {"XLON", "2026-03-10T00:00", "2026-03-11T00:00", "+08:00 -16:30"},
		"gold when only New York has changed":    {"XCEC", "2026-03-10T20:30", "2026-03-10T22:30", "-21:00 +22:00"},
		"gold before New York has changed":       {"XCEC", "2026-03-05T20:30", "2026-03-05T23:30", "-22:00 +23:00"},
		"Sydney in its summer":                   {"XASX", "2026-01-06T12:00", "2026-01-07T12:00", "+23:00 -05:00"},
		"currencies on a Wednesday":              {"FX", "2026-07-08T00:00", "2026-07-09T00:00", ""},
		"currencies over a weekend":              {"FX", "2026-07-10T00:00", "2026-07-13T00:00", "-21:00 +21:00"},
	} {
		t.Run(name, func(t *testing.T) {
			after, _ := time.Parse("2006-01-02T15:04", want.from)
			until, _ := time.Parse("2006-01-02T15:04", want.to)
			var got []string
			for _, r := range h.shown.Rings(want.venue, after, until) {
				text := "-" + r.At.Format("15:04")
				if r.Open {
					text = "+" + r.At.Format("15:04")
				}
				if r.Last {
					text += " and no more"
				}
				got = append(got, text)
			}
			if strings.Join(got, " ") != want.rings {
				t.Errorf("rings %q, want %q", strings.Join(got, " "), want.rings)
			}
		})
	}
}

func TestHoursThatAreNotKnownAreShownAsThat(t *testing.T) {
	h := openHours(t, "", slog.New(slog.DiscardHandler), time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC))
	after := time.Date(2027, 2, 1, 6, 0, 0, 0, time.UTC)
	for ticker, want := range map[market.Ticker]bot.MarketSession{
		"^STI": {}, "GC=F": {}, "BTC-USD": {State: bot.MarketOpen, Always: true},
		"^GSPC": {State: bot.MarketClosed, Until: time.Date(2027, 2, 1, 14, 30, 0, 0, time.UTC)},
	} {
		table, _ := market.DefaultTable()
		s, _ := table.Get(ticker)
		if got := h.shown.Session(s, after); got != want {
			t.Errorf("%s: %+v, want %+v", ticker, got, want)
		}
	}
	// Where nobody knows, prices are read, and rules on regular hours look.
	if open, _ := h.sessions.Open("^STI", after); !open {
		t.Error("the planner takes Singapore for closed")
	}
	if _, _, ok := h.trading.Session("^STI", after); ok {
		t.Error("a rule is told of a session that nobody knows")
	}
}

func TestEndOfMarketHoursIsWarnedOfEachDay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := &output{}
		start := time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC)
		began := time.Now()
		now := func() time.Time { return start.Add(time.Since(began)) }
		h := openHours(t, `[{"mic":"XKLS","valid_until":"2027-12-31"}]`, slog.New(slog.NewTextHandler(text, nil)), now())
		if text.String() != "" {
			t.Errorf("warned more than sixty days before: %s", text)
		}
		go h.keepWarning(t.Context(), now)
		time.Sleep(3 * 24 * time.Hour)
		synctest.Wait()
		if got := text.String(); strings.Count(got, "venue=XSES") != 3 || !strings.Contains(got, "end soon") || strings.Contains(got, "XKLS") {
			t.Errorf("three days before, with Kuala Lumpur's hours entered: %s", got)
		}
		time.Sleep(62 * 24 * time.Hour)
		synctest.Wait()
		if got := text.String(); !strings.Contains(got, `msg="market hours have ended and are not known any more" venue=XSES last_day=2026-12-31`) {
			t.Errorf("after the end: %s", got)
		}
	})
}
