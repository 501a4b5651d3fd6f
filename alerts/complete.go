package alerts

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxChoices is how many continuations Complete offers at most, and maxChoice
// how long one may be, in code points (Discord: 25 choices of 100 characters).
const (
	MaxChoices = 25
	maxChoice  = 100
)

// Complete returns texts that continue what is typed so far, the likeliest
// first; each is the whole text. Most of them are valid rules as they stand.
func Complete(text string, env Env) []string {
	c := completion{env: env, seen: map[string]bool{}}
	words := tokens(text)
	head, partial := text, ""
	if n := len(words); n > 0 && !endsInSpace(text) {
		head, partial = text[:words[n-1].start], strings.ToLower(text[words[n-1].start:])
	}
	head = strings.TrimSpace(head)
	whole := &parser{text: text, env: env, tokens: words}
	if len(words) > 0 && whole.run() == nil {
		c.add(strings.TrimSpace(text))
	}
	c.continueAfter(head, partial)
	if len(c.out) == 0 && partial != "" {
		c.continueAfter(strings.TrimSpace(text), "")
	}
	return c.out
}

func endsInSpace(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return s != "" && unicode.IsSpace(r)
}

type completion struct {
	env  Env
	seen map[string]bool
	out  []string
}

func (c *completion) add(text string) {
	if text == "" || c.seen[text] || len(c.out) >= MaxChoices || utf8.RuneCountInString(text) > maxChoice {
		return
	}
	c.seen[text] = true
	c.out = append(c.out, text)
}

// continueAfter offers what may follow a text, beginning with a partial word.
func (c *completion) continueAfter(head, partial string) {
	p := &parser{text: head, env: c.env, tokens: tokens(head)}
	f := p.run()
	if f == nil {
		c.options(p, head, partial)
		return
	}
	if f.at < len(p.tokens) && f.problem.Code != ProblemUnknownSymbol && f.problem.Code != ProblemAmbiguous {
		return
	}
	switch f.problem.Code {
	case ProblemEmpty, ProblemNoSymbol, ProblemUnknownSymbol, ProblemAmbiguous:
		at := p.at(f.at).start
		c.symbols(strings.TrimSpace(head[:min(at, len(head))]), strings.TrimSpace(head[min(at, len(head)):]+" "+partial))
	case ProblemNoCondition:
		c.verbs(head, partial)
	default:
		if partial == "" && f.sample != "" {
			c.add(head + " " + f.sample)
		}
	}
}

// symbols offers symbols like what is typed of one.
func (c *completion) symbols(head, typed string) {
	if c.env.Lookup != nil && typed != "" {
		found, near := c.env.Lookup(typed)
		for _, s := range append(found, near...) {
			c.add(join(head, string(s.Ticker)))
		}
	}
	if isBeginning(typed, "watchlist") {
		c.add(join(head, "watchlist moves 3%"))
	}
}

// verbs offers the conditions with values that can be overwritten.
func (c *completion) verbs(head, partial string) {
	for _, f := range conditionForms() {
		sample := map[operand]string{levelOperand: "100", rangeOperand: "40..42", moveOperand: "5%", gapOperand: "3%", daysOperand: "20d"}[f.operand]
		for i, phrase := range f.words {
			if strings.HasPrefix(phrase, partial) && (i == 0 || partial != "") {
				c.addValid(join(head, phrase, sample))
				break
			}
		}
	}
}

// options offers what may follow complete conditions.
func (c *completion) options(p *parser, head, partial string) {
	if p.moved && len(p.given) == 0 && p.draft.Rule.Conditions[len(p.draft.Rule.Conditions)-1].Window == 0 {
		for _, window := range []string{"in 1h", "in 1d", "in 7d"} {
			if strings.HasPrefix(window, partial) {
				c.addValid(join(head, window))
			}
		}
	}
	samples := map[optionKind]string{cooldownOption: "1h", untilOption: "friday", forOption: "2w", bandOption: "0.5", noteOption: `"..."`, mentionOption: "@role"}
	for _, f := range optionForms() {
		if f.option == noOption && len(p.given) == 0 && isBeginning(partial, "and") {
			c.add(join(head, "and"))
		}
		if f.option == noOption || p.given[f.option] || !strings.HasPrefix(f.words[0], partial) {
			continue
		}
		c.addValid(join(head, f.words[0], samples[f.option]))
	}
}

func (c *completion) addValid(text string) {
	p := &parser{text: text, env: c.env, tokens: tokens(text)}
	if p.run() == nil {
		c.add(text)
	}
}

// join puts a space between words that are not empty.
func join(words ...string) string {
	words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
	return strings.Join(words, " ")
}

// isBeginning tells whether what was typed begins a word.
func isBeginning(typed, word string) bool { return strings.HasPrefix(word, typed) }
