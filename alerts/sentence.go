package alerts

import (
	"strconv"
	"strings"
	"time"

	"bellwether/alerts/market"
)

// Canonical writes a rule as text that Parse reads back to an equal one, with
// symbols by their tickers, times in UTC and numbers without separators. It is
// how a rule is shown to be edited, and two rules that ask for the same have
// the same text but for their notes.
func Canonical(rule Rule) string {
	return write(rule, rule.Expires.UTC().Format(time.RFC3339))
}

// CanonicalIn is Canonical for the people of a time zone: Parse reads it back
// in that zone. A rule that ends with a day names only the day.
func CanonicalIn(rule Rule, zone *time.Location) string {
	end := rule.Expires.In(zone)
	switch {
	case end.Second() != 0:
		return write(rule, end.Format(time.RFC3339))
	case end.Hour() == 0 && end.Minute() == 0:
		return write(rule, end.AddDate(0, 0, -1).Format("2 Jan 2006"))
	}
	return write(rule, end.Format("2 Jan 2006 15:04"))
}

func write(rule Rule, end string) string {
	parts := make([]string, len(rule.Conditions))
	for i, c := range rule.Conditions {
		parts[i] = c.canonical()
	}
	words := []string{strings.Join(parts, " and ")}
	add := func(ok bool, text ...string) {
		if ok {
			words = append(words, text...)
		}
	}
	add(rule.Repeat == EveryTime, "every time")
	add(rule.Repeat != EveryTime && rule.Cooldown > 0, "once")
	add(rule.Cooldown > 0, "cooldown", writeDuration(rule.Cooldown))
	add(rule.Band.Sign() > 0, "band", rule.Band.String())
	add(rule.RegularHours, "hours regular")
	add(!rule.Expires.IsZero(), "until", end)
	add(rule.Note != "", "note", quote(rule.Note))
	add(rule.Mention != "", "mention", quote(rule.Mention))
	return strings.Join(words, " ")
}

func (c Condition) canonical() string {
	subject := string(c.Ticker)
	if subject == "" {
		subject = "watchlist"
	}
	return subject + " " + c.predicate()
}

// predicate writes what should happen.
func (c Condition) predicate() string {
	switch c.Kind {
	case CrossesAbove:
		return "> " + c.Level.String()
	case CrossesBelow:
		return "< " + c.Level.String()
	case Crosses:
		return "crosses " + c.Level.String()
	case IsAbove:
		return "is above " + c.Level.String()
	case IsBelow:
		return "is below " + c.Level.String()
	case EntersRange:
		return "enters " + c.Level.String() + ".." + c.Upper.String()
	case LeavesRange:
		return "leaves " + c.Level.String() + ".." + c.Upper.String()
	case NewHigh:
		return "new high " + strconv.Itoa(c.Days) + "d"
	case NewLow:
		return "new low " + strconv.Itoa(c.Days) + "d"
	case GapsAtTheOpen:
		return strings.TrimSpace("gaps "+string(c.Direction)) + " " + c.Change.String() + "%"
	}
	verb := "moves"
	if c.Direction != Either {
		verb = string(c.Direction)
	}
	text := verb + " " + c.Change.String() + c.changeUnit()
	if c.Window > 0 {
		text += " in " + writeDuration(c.Window)
	}
	return text
}

// SizeOf writes the size of a move with its unit as it is typed: "2.4%", "10bp".
func SizeOf(c Condition) string { return c.Change.String() + c.changeUnit() }

func (c Condition) changeUnit() string {
	switch c.Kind {
	case MovesPercent, GapsAtTheOpen:
		return "%"
	case MovesPoints:
		return "bp"
	}
	return ""
}

// Phrase is a part of the sentence in which a rule is shown, for a message
// catalogue: the ID names the sentence, the other fields fill it in.
type Phrase struct {
	// ID is "condition.crosses-above", "condition.moves-percent.up.window",
	// "option.cooldown" and so on; SentenceWords lists them all.
	ID     string
	Ticker market.Ticker // "" for each symbol of the watchlist
	// Level and Upper are in the symbol's unit; Change in the unit that ID says.
	Level, Upper, Change market.Price
	Time                 time.Duration // a window, a cooldown
	Until                time.Time     // UTC
	Days                 int
	Text                 string // a note, a role
}

// Sentence takes a rule apart into the phrases in which it is shown, in order:
// its conditions, then what restricts it.
func Sentence(rule Rule) []Phrase {
	out := make([]Phrase, 0, len(rule.Conditions)+4)
	for _, c := range rule.Conditions {
		id := "condition." + string(c.Kind)
		if c.moves() && c.Direction != Either {
			id += "." + string(c.Direction)
		}
		if c.moves() && c.Window > 0 {
			id += ".window"
		}
		out = append(out, Phrase{
			ID: id, Ticker: c.Ticker, Level: c.Level, Upper: c.Upper,
			Change: c.Change, Time: c.Window, Days: c.Days,
		})
	}
	add := func(ok bool, p Phrase) {
		if ok {
			out = append(out, p)
		}
	}
	add(rule.Repeat != EveryTime, Phrase{ID: "option.once"})
	add(rule.Repeat == EveryTime, Phrase{ID: "option.every"})
	add(rule.Cooldown > 0, Phrase{ID: "option.cooldown", Time: rule.Cooldown})
	add(rule.Band.Sign() > 0, Phrase{ID: "option.band", Level: rule.Band})
	add(rule.RegularHours, Phrase{ID: "option.hours"})
	add(!rule.Expires.IsZero(), Phrase{ID: "option.until", Until: rule.Expires})
	add(rule.Note != "", Phrase{ID: "option.note", Text: rule.Note})
	add(rule.Mention != "", Phrase{ID: "option.mention", Text: rule.Mention})
	return out
}

// SentenceWords returns the English sentence of each phrase, with {{.Symbol}},
// {{.Level}}, {{.Upper}}, {{.Change}}, {{.Time}}, {{.Days}}, {{.Until}} and
// {{.Text}} to be filled in, as the first translation of a catalogue.
func SentenceWords() map[string]string {
	words := map[string]string{
		"condition.crosses-above": "{{.Symbol}} rises to {{.Level}} or higher",
		"condition.crosses-below": "{{.Symbol}} falls to {{.Level}} or lower",
		"condition.crosses":       "{{.Symbol}} crosses {{.Level}}",
		"condition.is-above":      "{{.Symbol}} is at {{.Level}} or higher",
		"condition.is-below":      "{{.Symbol}} is at {{.Level}} or lower",
		"condition.enters-range":  "{{.Symbol}} enters {{.Level}} to {{.Upper}}",
		"condition.leaves-range":  "{{.Symbol}} leaves {{.Level}} to {{.Upper}}",
		"condition.new-high":      "{{.Symbol}} is higher than in the {{.Days}} days before",
		"condition.new-low":       "{{.Symbol}} is lower than in the {{.Days}} days before",
		"option.once":             "once",
		"option.every":            "every time",
		"option.cooldown":         "at most once in {{.Time}}",
		"option.band":             "again after moving back by {{.Level}}",
		"option.hours":            "in regular hours only",
		"option.until":            "until {{.Until}}",
		"option.note":             "note: {{.Text}}",
		"option.mention":          "notifies {{.Text}}",
	}
	units := map[ConditionKind]string{MovesPercent: "{{.Change}} %", MovesAmount: "{{.Change}}", MovesPoints: "{{.Change}} bp", GapsAtTheOpen: "{{.Change}} %"}
	verbs := map[Direction]string{Either: "moves", Up: "rises by", Down: "falls by"}
	for kind, unit := range units {
		for dir, verb := range verbs {
			id := "condition." + string(kind)
			if dir != Either {
				id += "." + string(dir)
			}
			if kind == GapsAtTheOpen {
				words[id] = "{{.Symbol}} opens " + map[Direction]string{Either: unit + " away from", Up: unit + " above", Down: unit + " below"}[dir] + " the close"
				continue
			}
			words[id] = "{{.Symbol}} " + verb + " " + unit + " from the previous close"
			words[id+".window"] = "{{.Symbol}} " + verb + " " + unit + " within {{.Time}}"
		}
	}
	return words
}
