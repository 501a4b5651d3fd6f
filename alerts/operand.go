package alerts

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

// level reads a threshold.
func (p *parser) level(symbol market.Symbol) (market.Price, *fault) {
	start := p.pos
	q, f := p.number("100")
	if f != nil {
		return 0, f
	}
	return p.checkLevel(start, q, symbol)
}

// checkLevel refuses a number that can't be a level of the symbol.
func (p *parser) checkLevel(start int, q quantity, symbol market.Symbol) (market.Price, *fault) {
	skip, name := p.pos-start, string(symbol.Ticker)
	yield := isYield(symbol)
	bare := strings.TrimPrefix(q.value.String(), "-")
	switch {
	case q.unit == percentUnit && !yield:
		return 0, p.fail(start, skip, bare, ProblemPercentLevel, "Text", q.text, "Symbol", p.orList(name))
	case q.unit == pointUnit && yield:
		level, err := market.PriceOf(q.value.Decimal().Shift(-2))
		if err != nil {
			return 0, p.fail(start, skip, bare, ProblemDigits, "Text", q.text)
		}
		return level, nil
	case q.unit == pointUnit:
		return 0, p.fail(start, skip, bare, ProblemPointsOnPrice, "Text", q.text, "Symbol", p.orList(name))
	case !currencyFits(q.currency, symbol):
		return 0, p.fail(start, skip, bare, ProblemCurrency, "Text", q.text, "Symbol", name, "Currency", quotedIn(symbol))
	case q.value.Sign() <= 0 && !yield && symbol.Class != market.ClassFuture:
		if q.value.IsZero() {
			bare = "100"
		}
		return 0, p.fail(start, skip, bare, ProblemNegativeLevel, "Text", q.text, "Symbol", p.orList(name))
	}
	return q.value, nil
}

func isYield(s market.Symbol) bool {
	return s.Class == market.ClassYield || s.Unit == market.UnitPercent
}

func (p *parser) orList(name string) string {
	if name == "" {
		return "watchlist"
	}
	return name
}

func quotedIn(s market.Symbol) string {
	if s.Unit == market.UnitPence {
		return s.Currency + " pence"
	}
	return s.Currency
}

// currencyFits tells whether a typed currency can be the symbol's own. A symbol
// without one (an index, a watchlist) takes any sign.
func currencyFits(typed string, s market.Symbol) bool {
	own := strings.ToUpper(s.Currency)
	if typed == "" || own == "" {
		return true
	}
	if s.Unit == market.UnitPence {
		return typed == "GBX"
	}
	signs := map[string]string{
		"$": "USD SGD HKD AUD CAD NZD TWD USDT", "€": "EUR", "£": "GBP", "¥": "JPY CNY", "₹": "INR", "USDT": "USD USDT",
		"S$": "SGD", "US$": "USD", "HK$": "HKD", "A$": "AUD", "C$": "CAD",
	}
	if codes, ok := signs[typed]; ok {
		return slices.Contains(strings.Fields(codes), own)
	}
	return len(typed) != 3 || typed == own
}

// edges reads a range: 40..42, 10-12, 40 to 42.
func (p *parser) edges(symbol market.Symbol) (low, high market.Price, f *fault) {
	start := p.pos
	bad := func() *fault {
		return p.fail(start, max(1, p.pos-start), "40..42", ProblemRange, "Text", p.span(start, max(start+1, p.pos)))
	}
	if start >= len(p.tokens) {
		return 0, 0, p.fail(start, 0, "40..42", ProblemRange, "Text", "")
	}
	var a, b quantity
	if first, second, ok := cutRange(p.peek().text); ok {
		var err1, err2 error
		a, err1 = parseQuantity(first, p.env.Numbers)
		b, err2 = parseQuantity(second, p.env.Numbers)
		var two *ambiguity
		if err := errors.Join(err1, err2); errors.As(err, &two) {
			return 0, 0, p.fail(start, 1, "", ProblemSeparator, "Text", p.peek().text, "First", two.first, "Second", two.second)
		} else if err != nil {
			return 0, 0, bad()
		}
		p.pos++
		p.unitWords(&b)
	} else {
		if a, f = p.number("40"); f != nil {
			return 0, 0, f
		}
		switch p.peek().word {
		case "to", "-", "–", "..", "...", "…":
			p.pos++
		default:
			return 0, 0, bad()
		}
		if b, f = p.number("42"); f != nil {
			return 0, 0, f
		}
	}
	if a.unit == plainUnit {
		a.unit = b.unit
	}
	a.text, b.text = p.span(start, p.pos), p.span(start, p.pos)
	if low, f = p.checkLevel(start, a, symbol); f != nil {
		return 0, 0, rangeSample(f)
	}
	if high, f = p.checkLevel(start, b, symbol); f != nil {
		return 0, 0, rangeSample(f)
	}
	switch low.Cmp(high) {
	case 0:
		return 0, 0, bad()
	case 1:
		low, high = high, low
	}
	return low, high, nil
}

func rangeSample(f *fault) *fault {
	f.sample = "40..42"
	return f
}

// cutRange cuts 40..42, 40-42 and 40–42 in two.
func cutRange(s string) (first, second string, ok bool) {
	for _, sign := range []string{"...", "..", "…", "–"} {
		if first, second, ok = strings.Cut(s, sign); ok && first != "" && second != "" {
			return first, second, true
		}
	}
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '-' && s[i-1] != '$' {
			return s[:i], s[i+1:], true
		}
	}
	return "", "", false
}

// change reads the size of a move and its window.
func (p *parser) change(verb int, form Form, symbol market.Symbol, c *Condition) *fault {
	start := p.pos
	q, f := p.number("5%")
	if f != nil {
		return f
	}
	if form.operand == gapOperand && q.unit == plainUnit {
		q.unit = percentUnit
	}
	if f := p.checkMove(start, verb, form, q, symbol); f != nil {
		return f
	}
	c.Change = q.value
	gap := form.operand == gapOperand
	switch q.unit {
	case percentUnit:
		if !gap {
			c.Kind = MovesPercent
		}
		if f := p.checkPercent(start, q, symbol, c.Direction); f != nil {
			return f
		}
	case pointUnit:
		c.Kind = MovesPoints
	default:
		c.Kind = MovesAmount
	}
	if gap {
		return nil
	}
	return p.window(c)
}

// checkMove refuses what can't be the size of a move.
func (p *parser) checkMove(start, verb int, form Form, q quantity, symbol market.Symbol) *fault {
	skip, name, gap := p.pos-start, string(symbol.Ticker), form.operand == gapOperand
	switch {
	case q.unit == pointUnit && !isYield(symbol) && symbol.Ticker != "":
		return p.fail(start, skip, "5%", ProblemPointsOnPrice, "Text", q.text, "Symbol", name)
	case q.unit == pointUnit && gap:
		return p.fail(start, skip, "3%", ProblemPointsOnPrice, "Text", q.text, "Symbol", p.orList(name))
	case q.value.IsZero():
		return p.fail(start, skip, "5%", ProblemZeroMove, "Text", q.text)
	case q.value.Sign() < 0:
		down := map[bool]string{false: "down ", true: "gaps down "}[gap]
		unit := map[unit]string{percentUnit: "%", pointUnit: "bp"}[q.unit]
		return p.fail(verb, p.pos-verb, down+q.value.Neg().String()+unit, ProblemNegativeMove, "Text", q.text)
	case !currencyFits(q.currency, symbol):
		return p.fail(start, skip, q.value.String(), ProblemCurrency, "Text", q.text, "Symbol", name, "Currency", quotedIn(symbol))
	}
	return nil
}

func (p *parser) checkPercent(start int, q quantity, symbol market.Symbol, dir Direction) *fault {
	skip := p.pos - start
	negative := symbol.Class == market.ClassFuture || symbol.Class == market.ClassYield
	switch {
	case q.value.Cmp(market.MustPrice("0.01")) < 0:
		return p.fail(start, skip, "1%", ProblemTinyMove, "Text", q.text, "Min", "0.01")
	case q.value.Decimal().GreaterThan(decimal.NewFromInt(maxMove)):
		return p.fail(start, skip, "5%", ProblemHugeMove, "Text", q.text, "Max", strconv.Itoa(maxMove))
	case dir == Down && !negative && q.value.Decimal().GreaterThanOrEqual(hundred()):
		return p.fail(start, skip, "5%", ProblemDirection, "Text", q.text)
	}
	return nil
}

// window reads "in 1h"; without one the move is from the previous close.
func (p *parser) window(c *Condition) *fault {
	start := p.pos
	switch p.peek().word {
	case "today":
		p.pos++
		return nil
	case "in", "within", "over":
		p.pos++
	default:
		return nil
	}
	for _, word := range []string{"the", "last"} {
		if p.peek().word == word {
			p.pos++
		}
	}
	d, f := p.duration("1h")
	if f != nil {
		return f
	}
	if d < minWindow || d > maxWindow {
		return p.fail(start, p.pos-start, "in 1h", ProblemWindow,
			"Text", p.span(start+1, p.pos), "Min", writeDuration(minWindow), "Max", writeDuration(maxWindow))
	}
	c.Window = d
	return nil
}

// days reads the reach of a new high or low: 20d, 20, 4w.
func (p *parser) days() (int, *fault) {
	start := p.pos
	for _, word := range []string{"of", "in"} {
		if p.peek().word == word {
			p.pos++
		}
	}
	at := p.pos
	if n, err := strconv.Atoi(p.peek().text); err == nil {
		if _, isUnit := timeUnit(p.at(p.pos + 1).word); !isUnit {
			p.pos++
			return p.checkDays(start, n)
		}
	}
	d, f := p.duration("20d")
	if f != nil || d%day != 0 {
		return 0, p.fail(start, max(1, p.pos-start), "20d", ProblemDays,
			"Text", p.span(at, max(at+1, p.pos)), "Min", "1", "Max", strconv.Itoa(maxDays))
	}
	return p.checkDays(start, int(d/day))
}

func (p *parser) checkDays(start, n int) (int, *fault) {
	if n < 1 || n > maxDays {
		return 0, p.fail(start, p.pos-start, "20d", ProblemDays,
			"Text", p.span(start, p.pos), "Min", "1", "Max", strconv.Itoa(maxDays))
	}
	return n, nil
}
