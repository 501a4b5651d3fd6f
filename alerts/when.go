package alerts

import (
	"strconv"
	"strings"
	"time"
	"unicode"
)

// timeUnit returns how long a word's unit of time is. A month is 30 days and a
// year 365: windows and cooldowns are lengths, not dates.
func timeUnit(word string) (time.Duration, bool) {
	switch word {
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute, true
	case "h", "hr", "hrs", "hour", "hours":
		return time.Hour, true
	case "d", "day", "days":
		return day, true
	case "w", "wk", "week", "weeks":
		return 7 * day, true
	case "mo", "month", "months":
		return 30 * day, true
	case "y", "yr", "year", "years":
		return 365 * day, true
	}
	return 0, false
}

// duration reads 30min, "2 days", 1h30m, "a week". It is of whole minutes.
func (p *parser) duration(sample string) (time.Duration, *fault) {
	start := p.pos
	d, n := p.durationAt(start)
	if n == 0 || d <= 0 {
		return 0, p.fail(start, 1, sample, ProblemDuration, "Text", p.at(start).text)
	}
	p.pos += n
	return d, nil
}

// durationAt returns the length of time at a token and how many tokens it
// takes; none where it is not one.
func (p *parser) durationAt(i int) (time.Duration, int) {
	word := p.at(i).word
	if unit, ok := timeUnit(p.at(i + 1).word); ok && !p.at(i+1).quoted {
		if word == "a" || word == "an" || word == "one" {
			return unit, 2
		}
		if n, err := strconv.Atoi(word); err == nil && n > 0 && n <= 100_000 {
			return time.Duration(n) * unit, 2
		}
	}
	if unit, ok := timeUnit(word); ok && len(word) > 2 {
		return unit, 1 // "in week"
	}
	if d, ok := joinedDuration(word); ok {
		return d, 1
	}
	return 0, 0
}

// joinedDuration reads 30min and 1h30m.
func joinedDuration(word string) (time.Duration, bool) {
	total := time.Duration(0)
	for word != "" {
		digits := strings.IndexFunc(word, func(r rune) bool { return r < '0' || r > '9' })
		if digits < 1 || digits > 6 {
			return 0, false
		}
		n, err := strconv.Atoi(word[:digits])
		word = word[digits:]
		letters := strings.IndexFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
		if letters < 0 {
			letters = len(word)
		}
		unit, ok := timeUnit(word[:letters])
		if err != nil || !ok || total > 100*maxWindow {
			return 0, false
		}
		total += time.Duration(n) * unit
		word = word[letters:]
	}
	return total, total > 0
}

// writeDuration writes a length of whole minutes as duration reads it.
func writeDuration(d time.Duration) string {
	switch {
	case d%day == 0:
		return strconv.FormatInt(int64(d/day), 10) + "d"
	case d%time.Hour == 0:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h"
	case d > time.Hour:
		return strconv.FormatInt(int64(d/time.Hour), 10) + "h" + strconv.FormatInt(int64(d%time.Hour/time.Minute), 10) + "m"
	}
	return strconv.FormatInt(int64(d/time.Minute), 10) + "m"
}

func (p *parser) zone() *time.Location {
	if p.env.Zone == nil {
		return time.UTC
	}
	return p.env.Zone
}

// forTime reads "for 2w", to the next whole minute.
func (p *parser) forTime(start int) *fault {
	d, f := p.duration("2w")
	if f != nil {
		return f
	}
	if d > maxExpiry {
		return p.far(start)
	}
	return p.expire(start, p.env.Now.Add(d+time.Minute-time.Nanosecond).Truncate(time.Minute))
}

func (p *parser) far(start int) *fault {
	return p.fail(start, p.pos-start, "until friday", ProblemFar, "Text", p.span(start+1, p.pos), "Max", "5 years")
}

func (p *parser) expire(start int, at time.Time) *fault {
	at = at.UTC()
	switch {
	case !p.draft.Rule.Expires.IsZero():
		return p.fail(start, p.pos-start, "", ProblemTwice, "Text", p.span(start, start+1))
	case !at.After(p.env.Now):
		return p.fail(start, p.pos-start, "until friday", ProblemPast, "Text", p.span(start+1, p.pos))
	case at.Sub(p.env.Now) > maxExpiry:
		return p.far(start)
	}
	p.draft.Rule.Expires = at
	return nil
}

// until reads a day, an hour or both, in the chat's zone. A day lasts to its
// end; an hour alone is the next such hour.
func (p *parser) until(start int) *fault {
	if stamp, err := time.Parse(time.RFC3339, strings.ToUpper(p.peek().text)); err == nil {
		p.pos++
		return p.expire(start, stamp)
	}
	now := p.env.Now.In(p.zone())
	year, month, dayOf, n := p.dateAt(p.pos, now)
	p.pos += n
	if p.peek().word == "at" {
		if _, ok := clockAt(p.at(p.pos + 1).word); ok {
			p.pos++
		}
	}
	clock, ok := clockAt(p.peek().word)
	if ok {
		p.pos++
	}
	at := func(days int) time.Time {
		hour, minute := int(clock/time.Hour), int(clock%time.Hour/time.Minute)
		return time.Date(year, month, dayOf+days, hour, minute, 0, 0, p.zone())
	}
	switch {
	case n == 0 && !ok:
		return p.fail(p.pos, 1, "friday", ProblemTime, "Text", p.peek().text)
	case !ok:
		return p.expire(start, at(1))
	case n == 0:
		year, month, dayOf = now.Date()
		if moment := at(0); moment.After(now) {
			return p.expire(start, moment)
		}
		return p.expire(start, at(1))
	}
	return p.expire(start, at(0))
}

// dateAt reads a day and returns how many tokens it takes; none where it is not one.
func (p *parser) dateAt(i int, now time.Time) (year int, month time.Month, dayOf, n int) {
	word := p.at(i).word
	year, month, dayOf = now.Date()
	switch word {
	case "today", "tonight":
		return year, month, dayOf, 1
	case "tomorrow":
		return year, month, dayOf + 1, 1
	case "next":
		if weekday, ok := weekdayOf(p.at(i + 1).word); ok {
			ahead := (int(weekday)-int(now.Weekday())+6)%7 + 1
			return year, month, dayOf + ahead, 2
		}
	}
	if weekday, ok := weekdayOf(word); ok {
		return year, month, dayOf + (int(weekday)-int(now.Weekday())+7)%7, 1
	}
	if date, err := time.Parse(time.DateOnly, word); err == nil {
		year, month, dayOf = date.Date()
		return year, month, dayOf, 1
	}
	return p.namedDate(i, now)
}

// namedDate reads "24 dec", "dec 24", "24 december 2030".
func (p *parser) namedDate(i int, now time.Time) (year int, month time.Month, dayOf, n int) {
	first, second := p.at(i).word, strings.TrimSuffix(p.at(i+1).word, ",")
	month, ok := monthOf(second)
	number := first
	if !ok {
		month, ok = monthOf(first)
		number = second
	}
	for _, suffix := range []string{".", "st", "nd", "rd", "th"} {
		number = strings.TrimSuffix(number, suffix)
	}
	dayOf, err := strconv.Atoi(number)
	if !ok || err != nil || dayOf < 1 || dayOf > 31 {
		return 0, 0, 0, 0
	}
	if year, err = strconv.Atoi(p.at(i + 2).word); err == nil && year >= 2000 && year < 3000 {
		return year, month, dayOf, 3
	}
	year = now.Year()
	if time.Date(year, month, dayOf+1, 0, 0, 0, 0, now.Location()).Before(now) {
		year++
	}
	return year, month, dayOf, 2
}

func weekdayOf(word string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if isName(word, d.String()) {
			return d, true
		}
	}
	return 0, false
}

func monthOf(word string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		if isName(word, m.String()) {
			return m, true
		}
	}
	return 0, false
}

// isName tells whether a word is a name or its beginning, of three letters or more.
func isName(word, name string) bool {
	word = strings.TrimSuffix(word, ".")
	return len(word) >= 3 && strings.HasPrefix(strings.ToLower(name), word)
}

// clockAt reads 15:30, 9am, 3:30pm as the time since midnight.
func clockAt(word string) (time.Duration, bool) {
	half := ""
	for _, suffix := range []string{"am", "pm"} {
		if rest, ok := strings.CutSuffix(word, suffix); ok {
			word, half = rest, suffix
		}
	}
	hours, minutes, found := strings.Cut(word, ":")
	if !found && half == "" {
		return 0, false
	}
	h, err := strconv.Atoi(hours)
	if err != nil || found && len(minutes) != 2 {
		return 0, false
	}
	m := 0
	if found {
		if m, err = strconv.Atoi(minutes); err != nil {
			return 0, false
		}
	}
	return timeOfDay(h, m, half)
}

// timeOfDay returns the time since midnight; half is "am", "pm" or "".
func timeOfDay(h, m int, half string) (time.Duration, bool) {
	if h < 0 || m < 0 || m > 59 || h > 23 || half != "" && (h < 1 || h > 12) {
		return 0, false
	}
	if half != "" {
		h %= 12
	}
	if half == "pm" {
		h += 12
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, true
}
