package alerts

import (
	"errors"
	"strings"

	"bellwether/alerts/market"
)

// number reads a number with its unit, which may be words of their own.
func (p *parser) number(sample string) (quantity, *fault) {
	start := p.pos
	if start >= len(p.tokens) {
		return quantity{}, p.fail(start, 0, sample, ProblemNoNumber, "Text", p.span(start-1, start))
	}
	q, err := p.numberAt(start)
	for err != nil && p.pos == start && p.pos+1 < len(p.tokens) {
		// "$ 70000"
		if sign, rest := cutCurrency(p.at(start).text); sign == "" || rest != "" {
			break
		}
		p.pos++
		var bare quantity
		if bare, err = p.numberAt(p.pos); err == nil {
			bare.currency = p.at(start).text
			q = bare
		}
	}
	text := p.span(start, p.pos+1)
	var two *ambiguity
	switch {
	case errors.As(err, &two):
		return q, p.fail(start, p.pos+1-start, two.first, ProblemSeparator, "Text", text, "First", two.first, "Second", two.second)
	case errors.Is(err, market.ErrPriceRange):
		return q, p.fail(start, p.pos+1-start, sample, ProblemDigits, "Text", text)
	case err != nil:
		p.pos = start
		return q, p.fail(start, 1, sample, ProblemNoNumber, "Text", p.at(start).text)
	}
	p.pos++
	if next := p.peek(); isGroup(next.text) && isHead(p.at(p.pos-1).text) {
		whole := p.at(p.pos-1).text + next.text
		return q, p.fail(start, p.pos+1-start, whole, ProblemSeparator,
			"Text", p.span(start, p.pos+1), "First", whole, "Second", p.at(p.pos-1).text)
	}
	p.unitWords(&q)
	q.text = p.span(start, p.pos)
	return q, nil
}

func (p *parser) numberAt(i int) (quantity, error) {
	if p.at(i).quoted {
		return quantity{}, errNoNumber
	}
	return parseQuantity(p.at(i).text, p.env.Numbers)
}

// isHead and isGroup recognise "70 000".
func isHead(s string) bool { return len(s) >= 1 && len(s) <= 3 && digitsOnly(s) && s[0] != '0' }

func isGroup(s string) bool { return len(s) == 3 && digitsOnly(s) }

func digitsOnly(s string) bool { return strings.Trim(s, "0123456789") == "" }

// unitWords reads "3 %", "10 bp", "170 USD", "10 basis points".
func (p *parser) unitWords(q *quantity) {
	if q.unit != plainUnit {
		return
	}
	word := p.peek().word
	if u, ok := unitWord(word); ok {
		q.unit = u
		p.pos++
		return
	}
	if word == "basis" && strings.HasPrefix(p.at(p.pos+1).word, "point") {
		q.unit = pointUnit
		p.pos += 2
		return
	}
	switch {
	case q.currency == "" && isCurrencyWord(word):
		q.currency = strings.ToUpper(word)
		p.pos++
	case word == "dollars" || word == "points" || word == "euros" || word == "pence":
		p.pos++
	}
}
