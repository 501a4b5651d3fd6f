package hours

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ErrData is wrapped by the errors of files that cannot be used.
var ErrData = errors.New("bad market hours")

const dateLayout = "2006-01-02"

// maxFile bounds an override file.
const maxFile = 4 << 20

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
