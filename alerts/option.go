package alerts

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"bellwether/alerts/market"
)

// option reads one of the words after the conditions.
func (p *parser) option() *fault {
	start := p.pos
	form, n := p.match(start, optionForms())
	if n == 0 || form.option == noOption {
		f := p.fail(start, 1, "", ProblemUnexpected, "Text", p.at(start).text)
		if _, joined := p.match(start, conditionForms()); joined > 0 {
			f.sample, f.skip = "and", 0
			return f
		}
		if near := nearest(p.at(start).word, optionForms()); near != "" {
			f.sample = near
		}
		return f
	}
	if p.given[form.option] && form.option != mentionOption {
		return p.fail(start, n, "", ProblemTwice, "Text", p.span(start, start+n))
	}
	p.given[form.option] = true
	p.pos += n
	rule := &p.draft.Rule
	switch form.option {
	case everyOption, onceOption:
		return p.repeat(start, form.option)
	case cooldownOption:
		return p.cooldown(start)
	case untilOption:
		return p.until(start)
	case forOption:
		return p.forTime(start)
	case hoursOption:
		rule.RegularHours = true
	case bandOption:
		return p.band()
	case noteOption:
		return p.note(start)
	case mentionOption:
		return p.mention(start)
	}
	return nil
}

func (p *parser) repeat(start int, kind optionKind) *fault {
	if p.given[everyOption] && p.given[onceOption] {
		return p.fail(start, p.pos-start, "", ProblemTwice, "Text", p.span(start, p.pos))
	}
	p.draft.Rule.Repeat = Once
	if kind == everyOption {
		p.draft.Rule.Repeat = EveryTime
	}
	return nil
}

func (p *parser) cooldown(start int) *fault {
	d, f := p.duration("1h")
	if f != nil {
		return f
	}
	if d < minCooldown || d > maxCooldown {
		return p.fail(start, p.pos-start, "cooldown 1h", ProblemCooldown,
			"Text", p.span(start+1, p.pos), "Min", writeDuration(minCooldown), "Max", writeDuration(maxCooldown))
	}
	p.draft.Rule.Cooldown = d
	return nil
}

// band reads the re-arm band in the unit of what the first condition reads.
func (p *parser) band() *fault {
	start := p.pos
	q, f := p.number("0.5")
	if f != nil {
		return f
	}
	first, symbol := p.draft.Rule.Conditions[0], p.draft.Symbols[0]
	level := !first.moves()
	fits := q.value.Sign() > 0 && currencyFits(q.currency, symbol)
	switch q.unit {
	case percentUnit:
		fits = fits && (first.Kind == MovesPercent || first.Kind == GapsAtTheOpen)
	case pointUnit:
		yield := isYield(symbol)
		fits = fits && (first.Kind == MovesPoints || yield && level)
		if level {
			value, err := market.PriceOf(q.value.Decimal().Shift(-2))
			fits = fits && err == nil
			q.value = value
		}
	}
	if first.moves() && q.value.Cmp(first.Change) > 0 {
		fits = false
	}
	if !fits {
		return p.fail(start, p.pos-start, "0.5", ProblemBand, "Text", q.text)
	}
	p.draft.Rule.Band = q.value
	return nil
}

func (p *parser) note(start int) *fault {
	var text string
	if p.peek().quoted {
		text = p.peek().text
		p.pos++
	} else {
		text = p.span(p.pos, len(p.tokens))
		p.pos = len(p.tokens)
	}
	text = cleanNote(text)
	if utf8.RuneCountInString(text) > MaxNote {
		return p.fail(start, p.pos-start, "", ProblemNote, "Max", strconv.Itoa(MaxNote))
	}
	p.draft.Rule.Note = text
	return nil
}

// mention reads exactly one role. Everybody at once is no role.
func (p *parser) mention(start int) *fault {
	t := p.peek()
	role := cleanNote(t.text)
	p.pos = min(p.pos+1, len(p.tokens))
	second := p.peek()
	everybody := strings.ToLower(strings.TrimLeft(role, "@"))
	switch {
	case p.draft.Rule.Mention != "", role == "", utf8.RuneCountInString(role) > 100,
		everybody == "everyone" || everybody == "here" || everybody == "all" || everybody == "",
		!second.quoted && (strings.HasPrefix(second.text, "@") || strings.HasPrefix(second.text, "<@")):
		return p.fail(start, p.pos-start, "", ProblemMention, "Text", p.span(start+1, p.pos))
	}
	p.draft.Rule.Mention = role
	return nil
}
