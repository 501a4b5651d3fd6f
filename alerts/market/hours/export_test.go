package hours_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts/market/hours"
)

// exported is what a public export of calendars says of an exchange.
type exported struct {
	Last     string      `json:"last_session"`
	Regular  []*string   `json:"regular"` // open, close, begin and end of a break
	Holidays []string    `json:"holidays"`
	Special  [][]*string `json:"special"` // day, open, close
}

func export(t *testing.T) map[string]exported {
	t.Helper()
	folder := os.Getenv("BELLWETHER_TESTDATA")
	if folder == "" {
		t.Skip("BELLWETHER_TESTDATA is not set: the calendars are not compared")
	}
	text, err := os.ReadFile(filepath.Join(folder, "calendars", "calendars-xc-export.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]exported
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	delete(out, "XBKK") // Not among our venues.
	return out
}

// explanations are the rows of the document, by exchange and day.
func explanations(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("CALENDARS.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if cells := strings.Split(line, "|"); len(cells) == 5 && !strings.Contains(line, "---") && !strings.Contains(line, "Export") {
			out[strings.TrimSpace(cells[1])+" "+strings.TrimSpace(cells[2])] = strings.TrimSpace(cells[3])
		}
	}
	return out
}

// ours is a venue as the export writes it: the hours of each day, as
// "09:00-17:00", without breaks.
func ours(t *testing.T, c *hours.Calendar, code string) (days map[string]string, until time.Time) {
	t.Helper()
	venues := c.Venues()
	i := slices.IndexFunc(venues, func(v hours.Venue) bool { return v.Code == code })
	if i < 0 {
		t.Fatalf("no venue %s", code)
	}
	days = map[string]string{}
	for _, s := range c.Sessions(code, at(t, "UTC", "2023-12-25 00:00"), at(t, "UTC", "2028-01-10 00:00")) {
		key, zone := s.Day.Format(time.DateOnly), venues[i].Zone
		from, _, found := strings.Cut(days[key], "-")
		if !found {
			from = s.From.In(zone).Format("15:04")
		}
		days[key] = from + "-" + s.To.In(zone).Format("15:04")
	}
	return days, venues[i].Until
}

// days are those of an export until one, as ours. A day that is nothing special
// has the hours that are given for it.
func (e exported) days(until time.Time, regular func(day time.Time) string) map[string]string {
	out := map[string]string{}
	for day := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); !day.After(until); day = day.AddDate(0, 0, 1) {
		if weekday := day.Weekday(); weekday != time.Saturday && weekday != time.Sunday {
			out[day.Format(time.DateOnly)] = regular(day)
		}
	}
	for _, s := range e.Special {
		if _, ok := out[*s[0]]; ok {
			out[*s[0]] = *s[1] + "-" + *s[2]
		}
	}
	for _, day := range e.Holidays {
		delete(out, day)
	}
	return out
}

// TestExportDiffersOnlyWhereExplained holds each day of ours against a public
// export, and each row of the document that explains the differences against
// there being one.
func TestExportDiffersOnlyWhereExplained(t *testing.T) {
	c, why := calendar(t), explanations(t)
	codes := map[string]string{"CMES": "XCME", "XBOM": "XNSE", "XFRA": "XETR"}
	differs := func(name, day, ours, theirs string) {
		if ours != theirs && why[name+" "+day] == "" {
			t.Errorf("%s %s: ours %q, export %q, not explained", name, day, ours, theirs)
		} else if ours != theirs {
			delete(why, name+" "+day)
		}
	}
	for name, e := range export(t) {
		code := name
		if codes[code] != "" {
			code = codes[code]
		}
		days, until := ours(t, c, code)
		last, _ := time.Parse(time.DateOnly, e.Last)
		if last.Before(until) {
			until = last
		}
		usual := func(day time.Time) string { return usual(days, day) }
		theirs := e.days(until, usual)
		for day, h := range theirs {
			if name == "CMES" && days[day] != "" {
				h = days[day] // Its early closes are not those of a product.
			}
			differs(name, day, days[day], h)
		}
		for day, h := range days {
			date, _ := time.Parse(time.DateOnly, day)
			if _, both := theirs[day]; !both && !date.After(until) && date.Year() >= 2024 {
				differs(name, day, h, "")
			}
		}
		differs(name, "regular", wednesday(t, c, code), e.regular())
	}
	for row := range why {
		t.Errorf("%s is explained, but no difference", row)
	}
}

// usual is the hours that most of the same weekdays around a day have. The
// hours themselves are compared once, on a Wednesday.
func usual(days map[string]string, day time.Time) string {
	best, count := "", map[string]int{}
	for _, offset := range []int{7, 14, 21, 28, 35, -7, -14, -21} {
		h := days[day.AddDate(0, 0, offset).Format(time.DateOnly)]
		if count[h]++; h != "" && (best == "" || count[h] > count[best]) {
			best = h
		}
	}
	return best
}

// wednesday is the hours of a day without anything special.
func wednesday(t *testing.T, c *hours.Calendar, code string) string {
	t.Helper()
	var out []string
	for _, v := range c.Venues() {
		for _, s := range c.Sessions(code, at(t, v.Zone.String(), "2025-07-16 00:00"), at(t, v.Zone.String(), "2025-07-16 23:59")) {
			if v.Code == code {
				out = append(out, s.From.In(v.Zone).Format("15:04")+"-"+s.To.In(v.Zone).Format("15:04"))
			}
		}
	}
	return strings.Join(out, " ")
}

func (e exported) regular() string {
	if e.Regular[2] == nil {
		return *e.Regular[0] + "-" + *e.Regular[1]
	}
	return *e.Regular[0] + "-" + *e.Regular[2] + " " + *e.Regular[3] + "-" + *e.Regular[1]
}
