package alerts

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bellwether/alerts/market"
)

// Parse reads a typed rule as the table of Grammar describes it. What can't be
// read is told by a *ParseError. Case does not matter but in notes and roles;
// symbols may be of several words, and a condition without a symbol is about
// that of the one before.
func Parse(text string, env Env) (Draft, error) {
	p := &parser{text: text, env: env, tokens: tokens(text)}
	if err := p.run(); err != nil {
		return Draft{}, p.explain(err)
	}
	return p.draft, nil
}

// fault is a problem at a place of the text.
type fault struct {
	at      int // the token where the understood part ends
	skip    int // tokens that the sample would replace
	sample  string
	problem Problem
	choices []market.Symbol
	near    []market.Symbol
}

type parser struct {
	text   string
	tokens []token
	pos    int
	env    Env
	draft  Draft
	given  map[optionKind]bool
	moved  bool // the last condition is a move, which may have a window
}

func (p *parser) run() *fault {
	p.given = map[optionKind]bool{}
	if len(p.tokens) == 0 {
		return &fault{sample: "BTC-USD > 70000", problem: problem(ProblemEmpty)}
	}
	if utf8.RuneCountInString(p.text) > MaxRuleText {
		return &fault{problem: problem(ProblemLong, "Max", strconv.Itoa(MaxRuleText))}
	}
	for {
		if f := p.condition(); f != nil {
			return f
		}
		if p.peek().word != "and" {
			break
		}
		if len(p.draft.Rule.Conditions) == MaxConditions {
			return p.fail(p.pos, len(p.tokens), "", ProblemMany, "Max", strconv.Itoa(MaxConditions))
		}
		p.pos++
	}
	for p.pos < len(p.tokens) {
		if f := p.option(); f != nil {
			return f
		}
	}
	return p.finish()
}

// finish sets what was not said.
func (p *parser) finish() *fault {
	rule := &p.draft.Rule
	for _, c := range rule.Conditions {
		if c.Ticker == "" {
			p.draft.Watchlist, rule.Watchlist = true, p.env.Watchlist
		}
	}
	if rule.Repeat == "" {
		rule.Repeat = Once
		if rule.Cooldown > 0 {
			rule.Repeat = EveryTime
		}
	}
	return nil
}

func (p *parser) at(i int) token {
	if i < len(p.tokens) {
		return p.tokens[i]
	}
	return token{start: len(p.text), end: len(p.text)}
}

func (p *parser) peek() token { return p.at(p.pos) }

// span returns what was typed from one token to before another.
func (p *parser) span(from, to int) string {
	if from >= to || from >= len(p.tokens) {
		return ""
	}
	return p.text[p.at(from).start:p.at(min(to, len(p.tokens))-1).end]
}

func problem(code ProblemCode, args ...string) Problem {
	out := Problem{Code: code}
	for i := 0; i+1 < len(args); i += 2 {
		if out.Args == nil {
			out.Args = map[string]string{}
		}
		out.Args[args[i]] = args[i+1]
	}
	return out
}

// fail states a problem at a token; the sample is what would be valid in place
// of the next skip tokens.
func (p *parser) fail(at, skip int, sample string, code ProblemCode, args ...string) *fault {
	return &fault{at: at, skip: skip, sample: sample, problem: problem(code, args...)}
}

// phrase returns how many tokens of the text at i are one of the phrases of a
// form, the longest; 0 for none.
func (p *parser) phrase(i int, f Form) int {
	best := 0
	for _, words := range f.words {
		n := 0
		for word := range strings.FieldsSeq(words) {
			if p.at(i+n).word != word || p.at(i+n).quoted {
				n = 0
				break
			}
			n++
		}
		best = max(best, n)
	}
	return best
}

// match returns the form whose phrase at i is the longest.
func (p *parser) match(i int, forms []Form) (Form, int) {
	var best Form
	length := 0
	for _, f := range forms {
		if n := p.phrase(i, f); n > length {
			best, length = f, n
		}
	}
	return best, length
}

// condition reads a symbol and what it should do.
func (p *parser) condition() *fault {
	symbol, f := p.symbol()
	if f != nil {
		return f
	}
	form, n := p.match(p.pos, conditionForms())
	verb := p.pos
	p.pos += n
	c := Condition{Kind: form.kind, Ticker: symbol.Ticker, Direction: form.dir}
	switch form.operand {
	case levelOperand:
		c.Level, f = p.level(symbol)
	case rangeOperand:
		c.Level, c.Upper, f = p.edges(symbol)
	case moveOperand, gapOperand:
		f = p.change(verb, form, symbol, &c)
	case daysOperand:
		c.Days, f = p.days()
	}
	if f != nil {
		return f
	}
	p.moved = form.operand == moveOperand
	if c.Kind == GapsAtTheOpen && symbol.Class == market.ClassCrypto {
		return p.fail(verb, p.pos-verb, "moves 3%", ProblemNoSession, "Symbol", string(symbol.Ticker))
	}
	p.draft.Rule.Conditions = append(p.draft.Rule.Conditions, c)
	p.draft.Symbols = append(p.draft.Symbols, symbol)
	return nil
}

// symbol reads the words before what should happen. Words of a name may be
// words of the grammar, too ("Marks and Spencer"): the first place where a
// known symbol ends and a form begins is taken.
func (p *parser) symbol() (market.Symbol, *fault) {
	start := p.pos
	if start >= len(p.tokens) {
		return market.Symbol{}, p.fail(start, 0, "AAPL > 100", ProblemNoSymbol)
	}
	_, here := p.match(start, conditionForms())
	_, next := p.match(start+1, conditionForms())
	if here > 0 && (next == 0 || isComparisonWord(p.at(start).word)) {
		if n := len(p.draft.Symbols); n > 0 {
			return p.draft.Symbols[n-1], nil
		}
		return market.Symbol{}, p.fail(start, 0, "AAPL", ProblemNoSymbol)
	}
	var first *fault
	for end := start + 1; end < len(p.tokens); end++ {
		if _, n := p.match(end, conditionForms()); n == 0 {
			continue
		}
		symbol, f := p.lookup(start, end)
		if f == nil {
			p.pos = end
			return symbol, nil
		}
		if first == nil || first.problem.Code == ProblemUnknownSymbol && f.problem.Code == ProblemAmbiguous {
			first = f
		}
	}
	if first != nil {
		return market.Symbol{}, first
	}
	return market.Symbol{}, p.noCondition(start)
}

func isComparisonWord(word string) bool { return strings.ContainsAny(word, "<>") }

// lookup finds the symbol that some tokens name.
func (p *parser) lookup(start, end int) (market.Symbol, *fault) {
	text := p.span(start, end)
	if word := strings.ToLower(text); word == "watchlist" || word == "my watchlist" {
		return market.Symbol{}, nil
	}
	if end == start+1 && p.at(start).quoted {
		text = p.at(start).text
	}
	var found, near []market.Symbol
	if p.env.Lookup != nil {
		found, near = p.env.Lookup(text)
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		f := p.fail(start, end-start, "", ProblemUnknownSymbol, "Text", text)
		if f.near = near; len(near) > 0 {
			f.sample = string(near[0].Ticker)
		}
		return market.Symbol{}, f
	}
	f := p.fail(start, end-start, string(found[0].Ticker), ProblemAmbiguous, "Text", p.span(start, end))
	f.choices = found
	return market.Symbol{}, f
}

// noCondition explains a text in which no form is found.
func (p *parser) noCondition(start int) *fault {
	end := start + 1
	for end < len(p.tokens) && !p.ends(end) {
		end++
	}
	var best *fault
	for ; end > start; end-- {
		symbol, f := p.lookup(start, end)
		if f != nil {
			if best == nil || f.problem.Code == ProblemAmbiguous {
				best = f
				best.sample = strings.TrimSpace(best.sample + " > 100")
				best.skip = len(p.tokens)
			}
			continue
		}
		name := string(symbol.Ticker)
		if name == "" {
			name = "watchlist"
		}
		f = p.fail(end, 0, "moves 5%", ProblemNoCondition, "Symbol", name)
		if near := nearest(p.at(end).word, conditionForms()); near != "" {
			f.sample, f.skip = near, 1
		} else if _, err := parseQuantity(p.at(end).text, p.env.Numbers); err == nil {
			f.sample = ">"
		}
		return f
	}
	return best
}

// ends tells whether a token can't belong to a symbol's name.
func (p *parser) ends(i int) bool {
	_, option := p.match(i, optionForms())
	_, err := parseQuantity(p.at(i).text, p.env.Numbers)
	return option > 0 || err == nil || p.at(i).quoted
}

// explain turns a fault into what people are told.
func (p *parser) explain(f *fault) *ParseError {
	at := p.at(f.at)
	out := &ParseError{
		Understood: strings.TrimSpace(p.text[:at.start]), Rest: strings.TrimSpace(p.text[at.start:]),
		Problem: f.problem, Choices: f.choices, Near: f.near,
	}
	head := out.Understood
	if f.sample != "" {
		head = strings.TrimSpace(head + " " + f.sample)
	}
	tail := ""
	if next := f.at + f.skip; next < len(p.tokens) {
		tail = p.text[p.at(next).start:]
	}
	for _, suggestion := range []string{head + " " + tail, head, head + " 100", head + " 5%"} {
		suggestion = strings.TrimSpace(suggestion)
		again := &parser{text: suggestion, env: p.env, tokens: tokens(suggestion)}
		if again.run() == nil {
			out.Suggest = suggestion
			break
		}
	}
	return out
}

// With returns the text with a symbol in place of the ambiguous or unknown words.
func (e *ParseError) With(ticker market.Ticker) string {
	rest := strings.TrimPrefix(e.Rest, e.Problem.Args["Text"])
	return strings.Join(strings.Fields(e.Understood+" "+string(ticker)+" "+rest), " ")
}

// nearest returns the phrase of a form that is a slip of the pen away from a word.
func nearest(word string, forms []Form) string {
	if len(word) < 3 {
		return ""
	}
	best, least := "", 3
	for _, f := range forms {
		for _, phrase := range f.words {
			first, _, _ := strings.Cut(phrase, " ")
			d := distance(word, first)
			if d < len(first)-1 && (d < least || d == least && strings.Contains(best, " ") && phrase == first) {
				best, least = phrase, d
			}
		}
	}
	return best
}

// distance counts the letters to change, add or drop.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost = 1 + min(last, row[j], row[j+1])
			}
			last, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}

// span of time that a rule may last, and the limits of windows and cooldowns.
const (
	minWindow   = time.Minute
	maxWindow   = 366 * day
	minCooldown = time.Minute
	maxCooldown = 31 * day
	maxExpiry   = 5 * 366 * day
)
