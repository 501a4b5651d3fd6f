package alerts

// Form is a row of the grammar: one thing that can be typed, with an example
// that is valid as it stands and what it means in plain words.
type Form struct {
	// ID names the row for a message catalogue: "crosses-above", "cooldown".
	ID string
	// Form is how it is written: SYMBOL > PRICE. Capitals stand for a value.
	Form    string
	Example string
	Meaning string
	// Option tells that it follows the conditions.
	Option bool

	words   []string // the phrases that begin it
	operand operand
	kind    ConditionKind
	dir     Direction
	option  optionKind
}

// operand is what follows the words of a form.
type operand int

const (
	noOperand operand = iota
	levelOperand
	rangeOperand
	moveOperand // percent, basis points or an amount; then perhaps a window
	gapOperand  // percent
	daysOperand
)

type optionKind int

const (
	noOption optionKind = iota
	everyOption
	onceOption
	cooldownOption
	untilOption
	forOption
	hoursOption
	bandOption
	noteOption
	mentionOption
)

// Limits of what a rule may ask for.
const (
	MaxConditions = 5
	MaxRuleText   = 500 // code points typed
	MaxNote       = 200 // code points
	maxDays       = 366 // of a new high or low: a year
	maxMove       = 1000
)

// Grammar returns everything that a rule can say, in the order in which help
// shows it: the conditions, then what may follow them. The parser, help,
// autocomplete and the tests all work from this table.
//
// Several conditions are joined by "and". Room is kept for more: a condition on
// an indicator, on volume or on a ratio of two symbols is a further row whose
// words come after the symbol ("AAPL rsi 14 > 70", "AAPL volume > 2x 20d") or
// whose symbol is written as a ratio ("AAPL/MSFT > 1.2": "/" is no part of any
// ticker here), with a condition kind of its own.
func Grammar() []Form { return append(conditionForms(), optionForms()...) }

func conditionForms() []Form {
	return []Form{
		{ID: "crosses-above", Form: "SYMBOL > PRICE", Example: "BTC-USD > 70000",
			Meaning: "the price comes from below and reaches 70000 (also: above, over, rises above)",
			words:   []string{">", ">=", "above", "over", "crosses above", "crossing above", "crosses over", "rises above", "goes above", "breaks above"},
			operand: levelOperand, kind: CrossesAbove},
		{ID: "crosses-below", Form: "SYMBOL < PRICE", Example: "AAPL < 170",
			Meaning: "the price comes from above and reaches 170 (also: below, under, falls below)",
			words:   []string{"<", "<=", "below", "under", "crosses below", "crossing below", "crosses under", "falls below", "drops below", "goes below", "breaks below"},
			operand: levelOperand, kind: CrossesBelow},
		{ID: "crosses", Form: "SYMBOL crosses PRICE", Example: "^STI crosses 3400",
			Meaning: "the price reaches 3400 from either side (also: hits, reaches)",
			words:   []string{"crosses", "crossing", "cross", "hits", "reaches", "touches"}, operand: levelOperand, kind: Crosses},
		{ID: "is-above", Form: "SYMBOL is above PRICE", Example: "BTC-USD is above 70000",
			Meaning: "the price is 70000 or higher, told at once even if it is so already",
			words:   []string{"is above", "is over", "stays above", "is at least"}, operand: levelOperand, kind: IsAbove},
		{ID: "is-below", Form: "SYMBOL is below PRICE", Example: "AAPL is below 170",
			Meaning: "the price is 170 or lower, told at once even if it is so already",
			words:   []string{"is below", "is under", "stays below", "is at most"}, operand: levelOperand, kind: IsBelow},
		{ID: "enters-range", Form: "SYMBOL enters PRICE..PRICE", Example: "D05.SI enters 40..42",
			Meaning: "the price comes from outside into the range, edges included",
			words:   []string{"enters", "entering", "comes into"}, operand: rangeOperand, kind: EntersRange},
		{ID: "leaves-range", Form: "SYMBOL leaves PRICE..PRICE", Example: "D05.SI leaves 40..42",
			Meaning: "the price goes out of the range",
			words:   []string{"leaves", "leaving", "exits"}, operand: rangeOperand, kind: LeavesRange},
		{ID: "moves", Form: "SYMBOL moves CHANGE [in TIME]", Example: "NVDA moves 5%",
			Meaning: "the price is 5 % up or down from the previous close, or from where it was TIME ago; CHANGE is 5%, an amount like 12.5, or 10bp for a yield",
			words:   []string{"moves", "moving", "move", "changes by", "changes"}, operand: moveOperand},
		{ID: "up", Form: "SYMBOL up CHANGE [in TIME]", Example: "NVDA up 5% in 1h",
			Meaning: "the same, upwards only (also: rises, gains)",
			words:   []string{"up", "rises by", "rises", "gains", "is up", "moves up"}, operand: moveOperand, dir: Up},
		{ID: "down", Form: "SYMBOL down CHANGE [in TIME]", Example: "^TNX down 10bp in 1d",
			Meaning: "the same, downwards only (also: falls, drops, loses)",
			words:   []string{"down", "falls by", "falls", "drops by", "drops", "loses", "is down", "moves down"}, operand: moveOperand, dir: Down},
		{ID: "new-high", Form: "SYMBOL new high DAYS", Example: "AAPL new high 20d",
			Meaning: "the price is above every price of the 20 days before today",
			words:   []string{"new high", "makes a new high", "at a new high"}, operand: daysOperand, kind: NewHigh},
		{ID: "new-low", Form: "SYMBOL new low DAYS", Example: "AAPL new low 20d",
			Meaning: "the price is below every price of the 20 days before today",
			words:   []string{"new low", "makes a new low", "at a new low"}, operand: daysOperand, kind: NewLow},
		{ID: "gaps", Form: "SYMBOL gaps PERCENT", Example: "AAPL gaps 3%",
			Meaning: "the first price of a session is 3 % away from the close before (also: gaps up, gaps down)",
			words:   []string{"gaps", "gap"}, operand: gapOperand, kind: GapsAtTheOpen},
		{ID: "gaps-up", Form: "SYMBOL gaps up PERCENT", Example: "AAPL gaps up 3%",
			Meaning: "the first price of a session is 3 % above the close before",
			words:   []string{"gaps up", "gap up"}, operand: gapOperand, kind: GapsAtTheOpen, dir: Up},
		{ID: "gaps-down", Form: "SYMBOL gaps down PERCENT", Example: "AAPL gaps down 3%",
			Meaning: "the first price of a session is 3 % below the close before",
			words:   []string{"gaps down", "gap down"}, operand: gapOperand, kind: GapsAtTheOpen, dir: Down},
	}
}

func optionForms() []Form {
	return []Form{
		{ID: "and", Form: "... and ...", Example: "AAPL < 170 and ^VIX > 25", Option: true,
			Meaning: "both must hold; up to five conditions, each on any symbol or on \"watchlist\"", words: []string{"and"}},
		{ID: "every", Form: "every time", Example: "gold below 2300 every time", Option: true,
			Meaning: "tell each time it happens anew, not only once", words: []string{"every time", "every", "always", "repeat"}, option: everyOption},
		{ID: "once", Form: "once", Example: "gold below 2300 once", Option: true,
			Meaning: "tell once and be done (this is so unless you say otherwise)", words: []string{"once", "only once", "one time"}, option: onceOption},
		{ID: "cooldown", Form: "cooldown TIME", Example: "gold below 2300 every time cooldown 1h", Option: true,
			Meaning: "tell no more often than that", words: []string{"cooldown"}, option: cooldownOption},
		{ID: "until", Form: "until DAY [HOUR]", Example: "AAPL < 170 until friday", Option: true,
			Meaning: "end then: friday, tomorrow, 2030-12-24, 24 dec, 15:30, friday 15:30", words: []string{"until", "till"}, option: untilOption},
		{ID: "for", Form: "for TIME", Example: "AAPL < 170 for 2w", Option: true,
			Meaning: "end after that time", words: []string{"for"}, option: forOption},
		{ID: "hours", Form: "hours regular", Example: "watchlist moves 3% hours regular", Option: true,
			Meaning: "look only while the regular session is open; always, where its hours are not known", words: []string{"hours regular", "regular hours", "regular"}, option: hoursOption},
		{ID: "band", Form: "band NUMBER", Example: "AAPL > 200 every time band 0.5", Option: true,
			Meaning: "how far the price must move back before it is told again; 2bp for a yield, 0.5% for a move in percent", words: []string{"band"}, option: bandOption},
		{ID: "note", Form: `note "WORDS"`, Example: `gold below 2300 note "add"`, Option: true,
			Meaning: "your own words, shown with the alert", words: []string{"note"}, option: noteOption},
		{ID: "mention", Form: "mention ROLE", Example: "AAPL < 170 mention @traders", Option: true,
			Meaning: "notify exactly one role", words: []string{"mention", "ping", "notify"}, option: mentionOption},
	}
}
