package alerts

import (
	"fmt"
	"strings"
	"time"

	"bellwether/alerts/market"
)

// Env is what the reading of a rule depends on beside its text.
type Env struct {
	// Lookup finds what a word or several stand for. found holds the symbols
	// that the text names exactly (several where it is ambiguous: the metal and
	// the share that are both called gold); near holds similar ones, best first.
	Lookup func(text string) (found, near []market.Symbol)
	// Zone is where "friday" and "15:30" are; nil for UTC.
	Zone *time.Location
	// Now is the time of the text.
	Now time.Time
	// Numbers says how numbers are written where the author is; the zero value
	// is a point before the decimals and commas between thousands.
	Numbers NumberFormat
	// Watchlist is the author's list; 0 where there is none yet.
	Watchlist WatchlistID
}

// NumberFormat says how people write numbers.
type NumberFormat struct {
	Decimal rune // between the whole and its decimals; 0 for a point
	Group   rune // between thousands; 0 for none told
}

func (f NumberFormat) decimal() rune {
	if f.Decimal == 0 {
		return '.'
	}
	return f.Decimal
}

// Draft is a rule as it was typed: it has no ID, no author and no place yet.
type Draft struct {
	Rule Rule
	// Watchlist tells that it is about each symbol of the author's list;
	// Rule.Watchlist is Env.Watchlist and may be 0.
	Watchlist bool
	// Symbols are the symbols of the conditions, in order; the zero Symbol
	// where a condition is about the watchlist.
	Symbols []market.Symbol
}

// ProblemCode names what is wrong with a text, for a message catalogue.
type ProblemCode string

// What can be wrong, with the arguments that come along.
const (
	ProblemEmpty         ProblemCode = "empty"          // nothing was typed
	ProblemLong          ProblemCode = "long"           // Max: code points at most
	ProblemNoSymbol      ProblemCode = "no-symbol"      // a condition without a symbol
	ProblemUnknownSymbol ProblemCode = "unknown-symbol" // Text; ParseError.Near
	ProblemAmbiguous     ProblemCode = "ambiguous"      // Text; ParseError.Choices
	ProblemNoCondition   ProblemCode = "no-condition"   // Symbol: what should happen is not said
	ProblemNoNumber      ProblemCode = "no-number"      // Text: a number is expected
	ProblemSeparator     ProblemCode = "separator"      // Text, First, Second: it can be read in two ways
	ProblemDigits        ProblemCode = "digits"         // Text: more digits than a price has
	ProblemPercentLevel  ProblemCode = "percent-level"  // Text, Symbol: a level in percent of a symbol that has a price
	ProblemPointsOnPrice ProblemCode = "points"         // Text, Symbol: basis points of a symbol that is no yield
	ProblemNegativeLevel ProblemCode = "negative-level" // Text, Symbol: it can't be that low
	ProblemCurrency      ProblemCode = "currency"       // Text, Symbol, Currency: it is quoted in another
	ProblemZeroMove      ProblemCode = "zero-move"      // Text
	ProblemNegativeMove  ProblemCode = "negative-move"  // Text: say up or down
	ProblemHugeMove      ProblemCode = "huge-move"      // Text, Max: percent at most
	ProblemTinyMove      ProblemCode = "tiny-move"      // Text, Min: percent at least
	ProblemDirection     ProblemCode = "direction"      // Text: a fall of 100 percent or more
	ProblemRange         ProblemCode = "range"          // Text: the edges of a range are missing or equal
	ProblemDuration      ProblemCode = "duration"       // Text: a length of time is expected
	ProblemWindow        ProblemCode = "window"         // Text, Min, Max
	ProblemDays          ProblemCode = "days"           // Text, Min, Max
	ProblemCooldown      ProblemCode = "cooldown"       // Text, Min, Max
	ProblemTime          ProblemCode = "time"           // Text: a day or an hour is expected
	ProblemPast          ProblemCode = "past"           // Text: it is over
	ProblemFar           ProblemCode = "far"            // Text, Max: it is too far away
	ProblemNoSession     ProblemCode = "no-session"     // Symbol: it trades round the clock, so has no gap
	ProblemBand          ProblemCode = "band"           // Text: not a band
	ProblemNote          ProblemCode = "note"           // Max: code points at most
	ProblemMention       ProblemCode = "mention"        // Text: exactly one role
	ProblemMany          ProblemCode = "many"           // Max: conditions at most
	ProblemTwice         ProblemCode = "twice"          // Text: an option that was given before
	ProblemUnexpected    ProblemCode = "unexpected"     // Text: not understood here
)

// Problem is what is wrong, for a message catalogue: a code and its arguments
// by name.
type Problem struct {
	Code ProblemCode
	Args map[string]string
}

// ParseError tells what of a text was understood, what was not, and the nearest
// text that would be.
type ParseError struct {
	Understood string // as typed, up to the problem
	Rest       string // as typed, from the problem on
	Problem    Problem
	// Suggest is the nearest valid text; "" where none is near.
	Suggest string
	// Choices are the symbols that an ambiguous word may mean.
	Choices []market.Symbol
	// Near are symbols like the unknown one, best first.
	Near []market.Symbol
}

// Error says it in English.
func (e *ParseError) Error() string {
	text := e.Problem.String()
	if e.Suggest != "" {
		text += fmt.Sprintf(`; try "%s"`, e.Suggest)
	}
	return text
}

// String says it in English, with the arguments filled in.
func (p Problem) String() string {
	text, ok := problemWords()[p.Code]
	if !ok {
		return string(p.Code)
	}
	pairs := make([]string, 0, 2*len(p.Args))
	for name, value := range p.Args {
		pairs = append(pairs, "{{."+name+"}}", value)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// ProblemWords returns the English sentence of each code, with its arguments as
// {{.Name}}, as the first translation of a catalogue.
func ProblemWords() map[ProblemCode]string { return problemWords() }

func problemWords() map[ProblemCode]string {
	return map[ProblemCode]string{
		ProblemEmpty:         `say what should happen`,
		ProblemLong:          `that is too long: at most {{.Max}} characters`,
		ProblemNoSymbol:      `which symbol?`,
		ProblemUnknownSymbol: `I know no symbol "{{.Text}}"`,
		ProblemAmbiguous:     `"{{.Text}}" can mean several symbols`,
		ProblemNoCondition:   `what should {{.Symbol}} do?`,
		ProblemNoNumber:      `a number is missing where it says "{{.Text}}"`,
		ProblemSeparator:     `"{{.Text}}" can be read as {{.First}} and as {{.Second}}; write it without separators`,
		ProblemDigits:        `"{{.Text}}" has too many digits`,
		ProblemPercentLevel:  `{{.Symbol}} has a price, so its level can't be {{.Text}}`,
		ProblemPointsOnPrice: `basis points ({{.Text}}) are for yields; {{.Symbol}} is none`,
		ProblemNegativeLevel: `{{.Symbol}} can't be as low as {{.Text}}`,
		ProblemCurrency:      `{{.Symbol}} is quoted in {{.Currency}}, not as {{.Text}}`,
		ProblemZeroMove:      `a move of {{.Text}} is no move`,
		ProblemNegativeMove:  `a move has no sign ({{.Text}}); say up or down`,
		ProblemHugeMove:      `a move of {{.Text}} is too large: at most {{.Max}} %`,
		ProblemTinyMove:      `a move of {{.Text}} is too small: at least {{.Min}} %`,
		ProblemDirection:     `nothing falls by {{.Text}}`,
		ProblemRange:         `a range has two different edges, like 40..42, not "{{.Text}}"`,
		ProblemDuration:      `"{{.Text}}" is not a length of time like 30min, 4h or 2d`,
		ProblemWindow:        `{{.Text}} is too short or too long: {{.Min}} to {{.Max}}`,
		ProblemDays:          `"{{.Text}}" is not a number of days from {{.Min}} to {{.Max}}`,
		ProblemCooldown:      `a cooldown of {{.Text}} is too short or too long: {{.Min}} to {{.Max}}`,
		ProblemTime:          `"{{.Text}}" is not a day or an hour like friday, 2026-12-24 or 15:30`,
		ProblemPast:          `{{.Text}} is over`,
		ProblemFar:           `{{.Text}} is too far away: at most {{.Max}}`,
		ProblemNoSession:     `{{.Symbol}} trades round the clock, so it has no gap at the open`,
		ProblemBand:          `"{{.Text}}" is not a band: a number above 0, in the unit of the condition`,
		ProblemNote:          `the note is too long: at most {{.Max}} characters`,
		ProblemMention:       `"{{.Text}}" is not one role, like @traders`,
		ProblemMany:          `at most {{.Max}} conditions`,
		ProblemTwice:         `{{.Text}} is said twice`,
		ProblemUnexpected:    `I don't understand "{{.Text}}" here`,
	}
}
