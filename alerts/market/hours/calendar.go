package hours

import (
	"embed"
	"encoding/json"
	"errors"
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

// ErrData is wrapped by the errors of files that cannot be used.
var ErrData = errors.New("bad market hours")

const dateLayout = "2006-01-02"

// maxFile bounds an override file.
const maxFile = 4 << 20

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

// file is a venue as it is written down. An override file is a list of them, in
// which all but the code may be left out.
type file struct {
	MIC        string              `json:"mic"`
	Name       string              `json:"name"`
	Words      []string            `json:"words"`
	Zone       string              `json:"zone"`
	ValidFrom  string              `json:"valid_from"`
	ValidUntil string              `json:"valid_until"`
	Note       string              `json:"note"`
	Weeks      []fileWeek          `json:"weeks"`
	Holidays   []string            `json:"holidays"`
	Special    map[string][]string `json:"special"`
}

type fileWeek struct {
	From string              `json:"from"`
	Days map[string][]string `json:"days"`
}

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

func decode(r io.Reader, into any) error {
	d := json.NewDecoder(io.LimitReader(r, maxFile))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%w: %w; write a list in [ ] of venues in { } that have %s", ErrData, err, keys)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the end of the list", ErrData)
	}
	return nil
}

// keys are what a venue is written with.
const keys = "mic, and what changes of name, words, zone, valid_from, valid_until, note, weeks, holidays and special"

// longest is for how long hours can be known: an override that says more is
// mistyped.
const longest = 20 // years

// check finds what an operator's file can make wrong although each of its lines
// is right.
func (v *venue) check() error {
	if v.until.Before(v.from) || v.until.After(v.from.AddDate(longest, 0, 0)) {
		return fmt.Errorf("%w: %s: valid_until %s has to follow valid_from %s, by %d years at most",
			ErrData, v.Code, v.until.Format(dateLayout), v.from.Format(dateLayout), longest)
	}
	var last Span
	for day := v.from; !day.After(v.until); day = day.AddDate(0, 0, 1) {
		for _, s := range v.spans(day) {
			if s.From.Before(last.To) {
				return fmt.Errorf("%w: %s: the hours of %s begin before those of %s end",
					ErrData, v.Code, day.Format(dateLayout), last.Day.Format(dateLayout))
			}
			last = s
		}
	}
	return nil
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

func (v *venue) change(f file) error {
	if f.Name != "" {
		v.Name = f.Name
	}
	if f.Words != nil {
		v.Words = f.Words
	}
	if f.Zone != "" {
		zone, err := time.LoadLocation(f.Zone)
		if err != nil || f.Zone == "Local" {
			return fmt.Errorf("%w: no time zone %.40q; write one such as \"Asia/Singapore\"", ErrData, f.Zone)
		}
		v.Zone = zone
	}
	for _, bound := range []struct {
		text string
		into *time.Time
	}{{f.ValidFrom, &v.from}, {f.ValidUntil, &v.until}} {
		if bound.text == "" {
			continue
		}
		day, err := parseDay(bound.text)
		if err != nil {
			return err
		}
		*bound.into = day
	}
	v.Until = v.until
	if err := v.changeDays(f); err != nil {
		return err
	}
	return v.changeWeeks(f.Weeks)
}

func (v *venue) changeDays(f file) error {
	for _, text := range f.Holidays {
		day, err := parseDay(text)
		if err != nil {
			return err
		}
		v.special[day] = nil
	}
	for text, spans := range f.Special {
		day, err := parseDay(text)
		if err != nil {
			return err
		}
		if v.special[day], err = parseSpans(spans); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	return nil
}

func (v *venue) changeWeeks(weeks []fileWeek) error {
	for _, w := range weeks {
		from, err := parseDay(w.From)
		if err != nil {
			return err
		}
		parsed := week{from: from}
		for name, texts := range w.Days {
			spans, err := parseSpans(texts)
			if err != nil {
				return err
			}
			first, last, ok := weekdays(name)
			if !ok {
				return fmt.Errorf("%w: no weekdays %.20q; write \"mon\" or \"mon-fri\"", ErrData, name)
			}
			for d := first; d <= last; d++ {
				parsed.days[d] = spans
			}
		}
		v.weeks = append(slices.DeleteFunc(v.weeks, func(old week) bool { return old.from.Equal(from) }), parsed)
	}
	slices.SortFunc(v.weeks, func(a, b week) int { return a.from.Compare(b.from) })
	return nil
}

// weekdays reads "mon" or "mon-fri".
func weekdays(s string) (first, last int, ok bool) {
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	a, b, two := strings.Cut(s, "-")
	if !two {
		b = a
	}
	first, last = slices.Index(names, a), slices.Index(names, b)
	return first, last, first >= 0 && last >= first
}

func parseDay(s string) (time.Time, error) {
	day, err := time.Parse(dateLayout, s)
	if err != nil {
		return day, fmt.Errorf("%w: no date %.20q; write one such as \"2027-01-31\"", ErrData, s)
	}
	return day, nil
}

// parseSpans reads "09:00-12:00" or, beginning on the day before,
// "<18:00-17:00". Spans are in order and disjoint.
func parseSpans(texts []string) ([]hourSpan, error) {
	spans := make([]hourSpan, 0, len(texts))
	for _, text := range texts {
		rest, before := strings.CutPrefix(text, "<")
		from, to, ok := strings.Cut(rest, "-")
		a, errA := time.Parse("15:04", from)
		b, errB := time.Parse("15:04", to)
		s := hourSpan{a.Hour()*60 + a.Minute(), b.Hour()*60 + b.Minute()}
		if before {
			s.from -= 24 * 60
		}
		if !ok || errA != nil || errB != nil || s.from >= s.to || len(spans) > 0 && spans[len(spans)-1].to > s.from {
			return nil, fmt.Errorf("%w: no hours %.40q; write \"09:00-12:00\", or \"<18:00-17:00\" from the evening before, one after another", ErrData, text)
		}
		spans = append(spans, s)
	}
	return spans, nil
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
