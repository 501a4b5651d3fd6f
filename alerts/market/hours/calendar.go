package hours

import (
	"embed"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"
)

//go:embed venues/*.json
var shipped embed.FS

// warnBefore is how long before the end of its data a venue is warned about.
const warnBefore = 60 * 24 * time.Hour

// Calendar knows the hours of venues. It is read only.
type Calendar struct{ venues map[string]*venue }

// Venue describes a market whose hours are known.
type Venue struct {
	Code  string   // ISO 10383, or Currencies
	Name  string   // as people call it: "Singapore"
	Words []string // what people type for it, lower case
	Zone  *time.Location
	Until time.Time // the last day that its data covers, at 00:00 UTC
}

// venue is a market's hours. Days are dates at 00:00 UTC.
type venue struct {
	Venue
	from, until time.Time
	weeks       []week
	special     map[time.Time][]hourSpan // no spans: closed
}

// week is the regular hours from a day on.
type week struct {
	from time.Time
	days [7][]hourSpan // by time.Weekday
}

// hourSpan is a stretch of trading in the venue's time, as minutes from
// midnight; below 0 on the day before.
type hourSpan struct{ from, to int }

// Default returns the hours that are shipped, changed by an operator's override
// files: each a JSON list of venues, of which mic is needed; holidays and
// special days are added, weeks and valid_until replace what was known. A file
// that cannot be used wraps ErrData and says what to write instead.
func Default(overrides ...io.Reader) (*Calendar, error) {
	names, err := fs.Glob(shipped, "venues/*.json")
	if err != nil {
		return nil, fmt.Errorf("list market hours: %w", err)
	}
	c := &Calendar{venues: make(map[string]*venue, len(names))}
	for _, name := range names {
		text, err := shipped.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read market hours: %w", err)
		}
		var f file
		if err := decode(strings.NewReader(string(text)), &f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if err := c.apply(f); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, override := range overrides {
		var files []file
		if err := decode(override, &files); err != nil {
			return nil, fmt.Errorf("override of market hours: %w", err)
		}
		for _, f := range files {
			f.MIC = strings.ToUpper(strings.TrimSpace(f.MIC))
			if err := c.apply(f); err != nil {
				return nil, fmt.Errorf("override of market hours: %w", err)
			}
			if err := c.venues[f.MIC].check(); err != nil {
				return nil, fmt.Errorf("override of market hours: %w", err)
			}
		}
	}
	return c, nil
}

// apply adds a venue or changes it.
func (c *Calendar) apply(f file) error {
	if f.MIC == "" || f.MIC == Always {
		return fmt.Errorf("%w: mic is missing; write the market's code, such as \"mic\": \"XSES\"", ErrData)
	}
	v, known := c.venues[f.MIC]
	if !known {
		v = &venue{Venue: Venue{Code: f.MIC, Name: f.MIC}, special: make(map[time.Time][]hourSpan)}
	}
	if err := v.change(f); err != nil {
		return fmt.Errorf("%s: %w", f.MIC, err)
	}
	if v.Zone == nil || len(v.weeks) == 0 || v.from.IsZero() || v.until.IsZero() {
		return fmt.Errorf("%w: %.20q is not known; a new venue needs zone, weeks, valid_from and valid_until", ErrData, f.MIC)
	}
	c.venues[f.MIC] = v
	return nil
}

// localDay is the date in the venue's zone.
func (v *venue) localDay(t time.Time) time.Time {
	y, m, d := t.In(v.Zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

func (v *venue) knows(day time.Time) bool { return !day.Before(v.from) && !day.After(v.until) }

// regular returns the hours of a day that is nothing special.
func (v *venue) regular(day time.Time) []hourSpan {
	var spans []hourSpan
	for _, w := range v.weeks {
		if !w.from.After(day) {
			spans = w.days[day.Weekday()]
		}
	}
	return spans
}

// spans returns the trading of the session of a day; none outside the data.
func (v *venue) spans(day time.Time) []Span {
	if !v.knows(day) {
		return nil
	}
	regular := v.regular(day)
	hours, special := v.special[day]
	if !special {
		hours = regular
	}
	if len(hours) == 0 {
		return nil
	}
	early := special && len(regular) > 0 && hours[len(hours)-1].to < regular[len(regular)-1].to
	out := make([]Span, len(hours))
	for i, h := range hours {
		out[i] = Span{From: v.moment(day, h.from), To: v.moment(day, h.to), Day: day, Early: early}
	}
	return out
}

// moment is a time of a day in the venue's zone.
func (v *venue) moment(day time.Time, minute int) time.Time {
	y, m, d := day.Date()
	return time.Date(y, m, d, 0, minute, 0, 0, v.Zone).UTC()
}

// Venues returns the venues whose hours are known, by code.
func (c *Calendar) Venues() []Venue {
	out := make([]Venue, 0, len(c.venues))
	for _, code := range slices.Sorted(maps.Keys(c.venues)) {
		out = append(out, c.venues[code].Venue)
	}
	return out
}

// Ending returns the venues whose data ends within sixty days or has ended.
func (c *Calendar) Ending(now time.Time) []Venue {
	return slices.DeleteFunc(c.Venues(), func(v Venue) bool { return v.Until.Sub(now) > warnBefore })
}
