package news

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fromFuture is how far a date may lie ahead before it is taken for wrong:
// clocks differ by minutes, zones by hours.
const fromFuture = 10 * time.Minute

// earliest is the year before which no article in a feed was written.
const earliest = 1990

// Published returns when an article was published, from what its feed says; the
// time of reading where that is nothing, nonsense or the future.
func Published(text string, seen time.Time) time.Time {
	seen = seen.UTC()
	t, ok := ParseDate(text)
	if !ok || t.After(seen.Add(fromFuture)) || t.Year() < earliest {
		return seen
	}
	return t
}

var (
	zoneOffset = regexp.MustCompile(`(?i)\s*(?:(?:gmt|utc)\s*)?([+-])(\d{1,2}):?(\d{2})?(?:\s*\([A-Za-z ]{1,40}\))?$`)
	zoneName   = regexp.MustCompile(`[^A-Za-z]\(?([A-Z]{1,5})\)?$`)
	weekday    = regexp.MustCompile(`(?i)^(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+`)
	halfDay    = regexp.MustCompile(`(?i)(\d)\s*([ap])\.?\s?m\b\.?`)
	ordinal    = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th)\b`)
	fraction   = regexp.MustCompile(`(:\d{2})[.,]\d+`)
	clockOnly  = regexp.MustCompile(`\d:\d{2}`)
	unixTime   = regexp.MustCompile(`^\d{10}(?:\d{3})?$`)
)

// ParseDate reads a date as feeds write it: RFC 822 and 3339 with their many
// misspellings, words, unix seconds and milliseconds. Where it names no zone it
// is read as UTC; where it names one that nobody knows, it cannot be read.
func ParseDate(text string) (time.Time, bool) {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > 80 {
		return time.Time{}, false
	}
	if unixTime.MatchString(text) {
		n, err := strconv.ParseInt(text, 10, 64)
		if len(text) == 13 {
			return time.UnixMilli(n).UTC(), err == nil
		}
		return time.Unix(n, 0).UTC(), err == nil
	}
	text, zone, ok := takeZone(text)
	if !ok {
		return time.Time{}, false
	}
	text = weekday.ReplaceAllString(text, "")
	text = ordinal.ReplaceAllString(text, "$1")
	text = fraction.ReplaceAllString(text, "$1")
	text = halfDay.ReplaceAllString(text, "$1 ${2}M")
	text = strings.NewReplacer(",", " ", " at ", " ", " | ", " ", " - ", " ", "Sept ", "Sep ", "sept ", "sep ", ". ", " ").Replace(text)
	text = strings.Join(strings.Fields(text), " ")
	text = strings.NewReplacer(" aM", " AM", " pM", " PM").Replace(text)
	for _, layout := range layouts() {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func layouts() []string {
	days := []string{
		"2 Jan 2006", "2 January 2006", "Jan 2 2006", "January 2 2006", "2006-1-2", "2006/1/2", "2-Jan-2006", "2 Jan 06",
		"2006 Jan 2", "20060102",
	}
	var out []string
	for _, day := range days {
		for _, clock := range []string{" 15:04:05", " 15:04", " 3:04:05 PM", " 3:04 PM", " 3 PM", ""} {
			out = append(out, day+clock)
		}
	}
	for _, clock := range []string{"T15:04:05", "T15:04", "T15"} {
		out = append(out, "2006-1-2"+clock)
	}
	// "15:04, 18 Jun 2024" and the form of C's asctime.
	return append(out, "15:04 2 Jan 2006", "15:04 2 January 2006", "Jan 2 15:04:05 2006", "2006-1", "20060102T150405")
}

// takeZone takes the zone off the end of a date.
func takeZone(text string) (rest string, zone *time.Location, ok bool) {
	if !clockOnly.MatchString(text) && !strings.Contains(text, "T") {
		return text, time.UTC, true
	}
	if m := zoneOffset.FindStringSubmatchIndex(text); m != nil && clockOnly.MatchString(text[:m[0]]) {
		sign := 1
		if text[m[2]:m[3]] == "-" {
			sign = -1
		}
		hours, _ := strconv.Atoi(text[m[4]:m[5]])
		minutes := 0
		if m[6] >= 0 {
			minutes, _ = strconv.Atoi(text[m[6]:m[7]])
		}
		if hours > 14 || minutes > 59 {
			return "", nil, false
		}
		return text[:m[0]], time.FixedZone("", sign*(hours*3600+minutes*60)), true
	}
	m := zoneName.FindStringSubmatchIndex(text)
	if m == nil {
		return text, time.UTC, true
	}
	name := text[m[2]:m[3]]
	if name == "AM" || name == "PM" || name == "M" {
		return text, time.UTC, true
	}
	offset, known := zones()[name]
	if !known {
		return "", nil, false
	}
	return strings.TrimRight(text[:m[2]], " ("), time.FixedZone(name, int(offset*3600)), true
}

// zones gives the offsets from UTC, in hours, of the abbreviations that feeds
// use. Go knows none of them: it reads SGT as UTC, which puts an article eight
// hours into the future. Where an abbreviation has several meanings it is that
// of the markets that we follow: IST is India's, CST and AST are America's, BST
// Britain's. Military letters other than Z were never used as they were meant.
func zones() map[string]float64 {
	return map[string]float64{
		"UTC": 0, "GMT": 0, "UT": 0, "Z": 0, "WET": 0,
		"BST": 1, "WEST": 1, "CET": 1, "MET": 1, "WAT": 1, "CEST": 2, "MEST": 2, "EET": 2, "SAST": 2, "CAT": 2,
		"EEST": 3, "MSK": 3, "EAT": 3, "TRT": 3, "GST": 4, "PKT": 5, "IST": 5.5, "NPT": 5.75,
		"ICT": 7, "WIB": 7, "SGT": 8, "HKT": 8, "MYT": 8, "PHT": 8, "PHST": 8, "WITA": 8, "AWST": 8,
		"JST": 9, "KST": 9, "WIT": 9, "ACST": 9.5, "AEST": 10, "ACDT": 10.5, "AEDT": 11, "NZST": 12, "NZDT": 13,
		"BRT": -3, "ART": -3, "AST": -4, "ADT": -3, "EDT": -4, "EST": -5, "CDT": -5, "CST": -6, "MDT": -6, "MST": -7,
		"PDT": -7, "PST": -8, "AKDT": -8, "AKST": -9, "HST": -10,
	}
}
