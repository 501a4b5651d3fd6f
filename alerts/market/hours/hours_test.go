package hours_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"bellwether/alerts/market"
	"bellwether/alerts/market/hours"
)

func calendar(t testing.TB, overrides ...string) *hours.Calendar {
	t.Helper()
	var c *hours.Calendar
	var err error
	if len(overrides) == 0 {
		c, err = hours.Default()
	} else {
		c, err = hours.Default(strings.NewReader(overrides[0]))
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func at(t testing.TB, zone, text string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	out, err := time.ParseInLocation("2006-01-02 15:04", text, z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestStatus(t *testing.T) {
	c := calendar(t)
	const ny = "America/New_York"
	for name, want := range map[string]struct {
		venue, zone, at string
		state           hours.State
		left            string
		next            hours.State
		early           bool
	}{
		"Singapore opens in 2 hours 26 minutes": {"XSES", "Asia/Singapore", "2024-07-03 06:34", hours.Closed, "2h26m", hours.Open, false},
		"Singapore has lunch":                   {"XSES", "Asia/Singapore", "2024-07-03 12:20", hours.Break, "40m", hours.Open, false},
		"Singapore's half day":                  {"XSES", "Asia/Singapore", "2024-12-24 11:30", hours.Open, "30m", hours.Closed, true},
		"Singapore to its break":                {"XSES", "Asia/Singapore", "2024-07-03 11:00", hours.Open, "1h", hours.Break, false},
		"Tokyo closed at 15:00 in 2024":         {"XTKS", "Asia/Tokyo", "2024-11-01 14:30", hours.Open, "30m", hours.Closed, false},
		"Tokyo closes at 15:30 now":             {"XTKS", "Asia/Tokyo", "2024-11-05 14:30", hours.Open, "1h", hours.Closed, false},
		"Jakarta's Friday noon":                 {"XIDX", "Asia/Jakarta", "2024-07-05 13:30", hours.Break, "30m", hours.Open, false},
		"Jakarta's Thursday":                    {"XIDX", "Asia/Jakarta", "2024-07-04 13:30", hours.Open, "2h20m", hours.Closed, false},
		"New York's early close":                {"XNYS", ny, "2024-07-03 12:00", hours.Open, "1h", hours.Closed, true},
		"New York's holiday":                    {"XNYS", ny, "2024-07-04 12:00", hours.Closed, "21h30m", hours.Open, false},
		"over the change to summer time":        {"XNYS", ny, "2024-03-08 17:00", hours.Closed, "63h30m", hours.Open, false},
		"gold halts for an hour":                {"XCEC", ny, "2024-07-02 17:15", hours.Halt, "45m", hours.Open, false},
		"gold on Sunday":                        {"XCEC", ny, "2024-07-07 17:00", hours.Closed, "1h", hours.Open, false},
		"gold on Sunday evening":                {"XCEC", ny, "2024-07-07 19:00", hours.Open, "22h", hours.Halt, false},
		"oil on a US holiday":                   {"XNYM", ny, "2024-09-02 14:00", hours.Open, "30m", hours.Closed, true},
		"index futures end before oil":          {"XCME", ny, "2024-09-02 14:00", hours.Closed, "4h", hours.Open, false},
		"gold on a holiday that is a Friday":    {"XCEC", ny, "2026-06-19 12:30", hours.Open, "30m", hours.Closed, true},
		"oil on the day after Thanksgiving":     {"XNYM", ny, "2025-11-28 14:00", hours.Open, "45m", hours.Closed, true},
		"index futures on Good Friday 2026":     {"XCME", ny, "2026-04-03 09:00", hours.Open, "15m", hours.Closed, true},
		"gold on Good Friday 2026":              {"XCEC", ny, "2026-04-03 09:00", hours.Closed, "57h", hours.Open, false},
		"gold goes on in the evening of Monday": {"XCEC", ny, "2026-09-07 15:00", hours.Closed, "3h", hours.Open, false},
		"gold after the data's end":             {"XCEC", ny, "2027-01-04 12:00", hours.Unknown, "0s", hours.Unknown, false},
		"gold from Singapore in US winter":      {"XCEC", "Asia/Singapore", "2026-01-07 06:30", hours.Halt, "30m", hours.Open, false},
		"gold from Singapore in US summer":      {"XCEC", "Asia/Singapore", "2026-07-08 05:30", hours.Halt, "30m", hours.Open, false},
		"gold from London between the changes":  {"XCEC", "Europe/London", "2026-03-10 21:30", hours.Halt, "30m", hours.Open, false},
		"gold from London in autumn's gap":      {"XCEC", "Europe/London", "2026-10-27 21:30", hours.Halt, "30m", hours.Open, false},
		"New York's day of mourning":            {"XNYS", ny, "2025-01-09 12:00", hours.Closed, "21h30m", hours.Open, false},
		"Sydney in its summer":                  {"XASX", "UTC", "2026-01-06 22:30", hours.Closed, "30m", hours.Open, false},
		"Sydney in its winter":                  {"XASX", "UTC", "2026-07-06 23:30", hours.Closed, "30m", hours.Open, false},
		"Sydney over the end of summer time":    {"XASX", "Australia/Sydney", "2026-04-02 16:00", hours.Closed, "115h", hours.Open, false},
		"Sydney's early close":                  {"XASX", "Australia/Sydney", "2025-12-24 14:00", hours.Open, "10m", hours.Closed, true},
		"Frankfurt's last day of the year":      {"XETR", "Europe/Berlin", "2025-12-30 13:00", hours.Open, "1h", hours.Closed, true},
		"Paris on Christmas Eve":                {"XPAR", "Europe/Paris", "2026-12-24 13:00", hours.Open, "1h5m", hours.Closed, true},
		"Hong Kong lost to a typhoon":           {"XHKG", "Asia/Hong_Kong", "2024-09-06 10:00", hours.Closed, "71h30m", hours.Open, false},
		"Taipei lost to a typhoon":              {"XTAI", "Asia/Taipei", "2024-10-31 10:00", hours.Closed, "23h", hours.Open, false},
		"Manila lost to a storm":                {"XPHS", "Asia/Manila", "2024-07-24 10:00", hours.Closed, "23h30m", hours.Open, false},
		"Kuala Lumpur's extra holiday":          {"XKLS", "Asia/Kuala_Lumpur", "2025-09-15 10:00", hours.Closed, "47h", hours.Open, false},
		"Kuala Lumpur's full festive eve":       {"XKLS", "Asia/Kuala_Lumpur", "2026-02-16 16:00", hours.Open, "1h", hours.Closed, false},
		"Mumbai's festive hour":                 {"XNSE", "Asia/Kolkata", "2025-10-21 14:00", hours.Open, "45m", hours.Closed, true},
		"Mumbai on a Saturday":                  {"XNSE", "Asia/Kolkata", "2024-03-02 10:30", hours.Break, "1h", hours.Open, false},
		"Shanghai on a working Sunday":          {"XSHG", "Asia/Shanghai", "2026-02-15 10:00", hours.Closed, "215h30m", hours.Open, false},
		"ten-year yield":                        {"XCBO", ny, "2024-07-02 08:00", hours.Closed, "20m", hours.Open, false},
		"currencies until Friday":               {hours.Currencies, ny, "2024-07-04 17:00", hours.Open, "24h", hours.Closed, false},
		"Kuala Lumpur's long lunch":             {"XKLS", "Asia/Kuala_Lumpur", "2024-07-03 13:00", hours.Break, "1h30m", hours.Open, false},
		"Manila":                                {"XPHS", "Asia/Manila", "2024-07-03 14:45", hours.Open, "15m", hours.Closed, false},
		"crypto":                                {hours.Always, "UTC", "2024-12-25 00:00", hours.Open, "0s", hours.Unknown, false},
		"after the data's end":                  {"XSES", "Asia/Singapore", "2027-01-04 10:00", hours.Unknown, "0s", hours.Unknown, false},
		"closed, then not known":                {"XSES", "Asia/Singapore", "2026-12-31 18:00", hours.Closed, "0s", hours.Unknown, false},
		"no such venue":                         {"XXXX", "UTC", "2024-07-03 12:00", hours.Unknown, "0s", hours.Unknown, false},
	} {
		t.Run(name, func(t *testing.T) {
			now := at(t, want.zone, want.at)
			got := c.At(want.venue, now)
			left, _ := time.ParseDuration(want.left)
			if got.State != want.state || got.Until(now) != left || got.NextState != want.next || got.Early != want.early || got.Known != (want.state != hours.Unknown) {
				t.Errorf("%+v, left %v", got, got.Until(now))
			}
		})
	}
}

func TestSessionDates(t *testing.T) {
	c := calendar(t)
	for _, want := range []struct{ venue, at, date, before string }{
		{"XCEC", "2024-07-07T23:00:00Z", "2024-07-08", "2024-07-05"},
		{"XCEC", "2024-07-08T20:00:00Z", "2024-07-08", "2024-07-05"},
		{"XNYS", "2024-07-05T12:00:00Z", "2024-07-03", "2024-07-02"},
		{"XNYS", "2024-07-05T14:00:00Z", "2024-07-05", "2024-07-03"},
		{hours.Always, "2024-07-05T00:00:00Z", "2024-07-05", "2024-07-04"},
	} {
		now, _ := time.Parse(time.RFC3339, want.at)
		date, before, ok := c.SessionDate(want.venue, now)
		if !ok || date.Format("2006-01-02") != want.date || before.Format("2006-01-02") != want.before {
			t.Errorf("%s %s: %v %v %v", want.venue, want.at, date, before, ok)
		}
	}
}

func TestTradingTime(t *testing.T) {
	c := calendar(t)
	from, to := at(t, "Asia/Singapore", "2024-07-03 11:30"), at(t, "Asia/Singapore", "2024-07-04 09:30")
	if d, ok := c.TradingTime("XSES", from, to); !ok || d != 5*time.Hour {
		t.Errorf("%v %v", d, ok)
	}
	if back, ok := c.Before("XSES", to, 5*time.Hour); !ok || !back.Equal(from) {
		t.Errorf("%v %v", back, ok)
	}
	if start, regular, ok := c.Session("XSES", at(t, "Asia/Singapore", "2024-07-03 12:30")); !ok || regular || !start.Equal(at(t, "Asia/Singapore", "2024-07-03 09:00")) {
		t.Errorf("%v %v %v", start, regular, ok)
	}
	if _, ok := c.TradingTime("XSES", from, at(t, "UTC", "2027-02-01 00:00")); ok {
		t.Error("trading time beyond the data is known")
	}
}

func TestSessionsAreOrderedAndDisjointAndCountdownsDecrease(t *testing.T) {
	c := calendar(t)
	random := rand.New(rand.NewPCG(3, 4))
	for _, v := range c.Venues() {
		var last hours.Span
		spans := c.Sessions(v.Code, at(t, "UTC", "2023-12-01 00:00"), at(t, "UTC", "2028-02-01 00:00"))
		if len(spans) < 700 {
			t.Errorf("%s: %d spans", v.Code, len(spans))
		}
		for _, s := range spans {
			if !s.From.Before(s.To) || s.From.Before(last.To) || s.Day.Before(last.Day) {
				t.Fatalf("%s: %v after %v", v.Code, s, last)
			}
			last = s
		}
		for range 300 {
			now := at(t, "UTC", "2024-01-10 00:00").Add(time.Duration(random.Int64N(int64(2 * 365 * 24 * time.Hour))))
			a := c.At(v.Code, now)
			b := c.At(v.Code, now.Add(time.Minute))
			if !a.Known || a.State == a.NextState || !a.Next.After(now) || a.Since.After(now) {
				t.Fatalf("%s %v: %+v", v.Code, now, a)
			}
			if a.Next.After(now.Add(time.Minute)) && (!b.Next.Equal(a.Next) || b.State != a.State) {
				t.Fatalf("%s %v: countdown to %v, then to %v", v.Code, now, a.Next, b.Next)
			}
			if after := c.At(v.Code, a.Next); after.Known && after.State != a.NextState {
				t.Fatalf("%s %v: %s promised, %s came", v.Code, now, a.NextState, after.State)
			}
		}
	}
}

func TestOverride(t *testing.T) {
	c := calendar(t, `[{"mic":"xses","holidays":["2024-07-03"],"special":{"2024-12-25":["10:00-11:00"]},"valid_until":"2027-06-30"}]`)
	if s := c.At("XSES", at(t, "Asia/Singapore", "2024-07-03 10:00")); s.State != hours.Closed {
		t.Errorf("%+v", s)
	}
	if s := c.At("XSES", at(t, "Asia/Singapore", "2024-12-25 10:30")); s.State != hours.Open {
		t.Errorf("%+v", s)
	}
	if s := c.At("XSES", at(t, "Asia/Singapore", "2027-03-01 10:30")); s.State != hours.Open {
		t.Errorf("%+v", s)
	}
	for _, bad := range []string{
		`[{"mic":"XSES","valid_until":"2020-01-01"}]`, `[{"mic":"XSES","valid_until":"9999-12-31"}]`, `[] x`, `{"mic":"XSES"}`, `[{"holidays":[]}]`,
		`[{"mic":"XSES","special":{"2024-07-03":["09:00-23:00"],"2024-07-04":["<22:00-12:00"]}}]`,
		`[{"mic":"XSES","weeks":[{"from":"2027-01-01","days":{"monday":["09:00-12:00"]}}]}]`, `{`, `[{"mic":"XNEW"}]`, `[{"mic":"XSES","holidays":["3 July"]}]`, `[{"mic":"XSES","special":{"2024-07-03":["12:00-09:00"]}}]`, `[{"mic":"XSES","closed":[]}]`, `[{"mic":"XSES","zone":"Nowhere"}]`} {
		if _, err := hours.Default(strings.NewReader(bad)); !errors.Is(err, hours.ErrData) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestEndOfDataIsWarnedOf(t *testing.T) {
	c := calendar(t)
	if v := c.Ending(at(t, "UTC", "2026-10-31 00:00")); len(v) != 0 {
		t.Errorf("%v", v)
	}
	if v := c.Ending(at(t, "UTC", "2026-11-02 00:00")); len(v) == 0 {
		t.Error("no warning sixty days before")
	}
}

func TestVenueOfSymbol(t *testing.T) {
	for want, s := range map[string]market.Symbol{
		hours.Always: {Class: market.ClassCrypto}, hours.Currencies: {Class: market.ClassCurrency}, "XSES": {Exchange: "XSES"}, "": {Class: market.ClassEquity},
	} {
		if got := hours.VenueOf(s); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func BenchmarkAt(b *testing.B) {
	c := calendar(b)
	now := at(b, "Asia/Singapore", "2024-07-03 06:34")
	b.ReportAllocs()
	for b.Loop() {
		c.At("XSES", now)
	}
}
