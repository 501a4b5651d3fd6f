package alerts

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

// unit is what a typed number counts.
type unit int

const (
	plainUnit unit = iota
	percentUnit
	pointUnit // basis points
)

// quantity is a number as people type it.
type quantity struct {
	value    market.Price
	unit     unit
	currency string // as typed: "$", "EUR"; "" for none
	text     string
}

// ambiguity is a number that can be read in two ways.
type ambiguity struct{ first, second string }

func (a *ambiguity) Error() string { return a.first + " or " + a.second }

var errNoNumber = errors.New("no number")

// parseQuantity reads "70k", "$70000", "3%", "10bp", "-5", "170USD".
func parseQuantity(text string, format NumberFormat) (quantity, error) {
	q := quantity{text: text}
	rest := text
	q.currency, rest = cutCurrency(rest)
	sign := ""
	for _, s := range []string{"+", "-", "−"} {
		if after, ok := strings.CutPrefix(rest, s); ok {
			rest = after
			if s != "+" {
				sign = "-"
			}
			break
		}
	}
	if q.currency == "" {
		q.currency, rest = cutCurrency(rest)
	}
	end := strings.IndexFunc(rest, func(r rune) bool {
		return !unicode.IsDigit(r) && !strings.ContainsRune(".,'’_", r)
	})
	number, suffix := rest, ""
	if end >= 0 {
		number, suffix = rest[:end], strings.ToLower(rest[end:])
	}
	digits, err := readDigits(number, format)
	if err != nil {
		return q, err
	}
	power, ok := q.suffix(suffix)
	if !ok {
		return q, errNoNumber
	}
	d, err := decimal.NewFromString(sign + digits)
	if err != nil {
		return q, errNoNumber
	}
	q.value, err = market.PriceOf(d.Shift(power))
	if err == nil && !q.value.Decimal().Equal(d.Shift(power)) {
		err = market.ErrPriceRange
	}
	return q, err
}

// suffix reads what follows the digits and returns the power of ten.
func (q *quantity) suffix(s string) (power int32, ok bool) {
	powers := []struct {
		word  string
		power int32
	}{{"bn", 9}, {"mn", 6}, {"mio", 6}, {"k", 3}, {"m", 6}, {"b", 9}}
	if u, ok := unitWord(s); ok {
		q.unit = u
		return 0, true
	}
	for _, p := range powers {
		if after, found := strings.CutPrefix(s, p.word); found && !strings.HasPrefix(s, "bp") {
			s, power = after, p.power
			break
		}
	}
	if u, ok := unitWord(s); ok {
		q.unit = u
		return power, true
	}
	if q.currency == "" && isCurrencyWord(s) {
		q.currency = strings.ToUpper(s)
		return power, true
	}
	if sign, rest := cutCurrency(strings.ToUpper(s)); q.currency == "" && sign != "" && rest == "" {
		q.currency = sign // 170$
		return power, true
	}
	return power, s == ""
}

func unitWord(s string) (unit, bool) {
	switch s {
	case "%", "pct", "percent", "pp":
		return percentUnit, true
	case "bp", "bps", "basispoints":
		return pointUnit, true
	}
	return plainUnit, false
}

// cutCurrency takes a sign of a currency from the front: "$", "S$", "€".
func cutCurrency(s string) (currency, rest string) {
	for i, r := range s {
		switch {
		case unicode.Is(unicode.Sc, r):
			end := i + utf8.RuneLen(r)
			return s[:end], s[end:]
		case i > 2 || !unicode.IsLetter(r):
			return "", s
		}
	}
	return "", s
}

// isCurrencyWord tells whether a word is the code of a currency as far as one
// can tell without a list: those that our sources quote in.
func isCurrencyWord(s string) bool {
	codes := "usd sgd eur gbp gbx jpy hkd cny aud cad chf myr idr php inr krw twd thb nzd sek nok dkk zar usdt"
	return len(s) >= 3 && strings.Contains(" "+codes+" ", " "+s+" ")
}

// readDigits turns typed digits into plain ones. A number that people of
// different places read differently is refused with both readings.
func readDigits(s string, format NumberFormat) (string, error) {
	foreign := strings.ContainsFunc(s, func(r rune) bool { return r > '9' && unicode.IsDigit(r) })
	if foreign || !strings.ContainsAny(s, "0123456789") || len(s) > 64 {
		return "", errNoNumber
	}
	s = strings.ReplaceAll(s, "’", "'")
	marks := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
	switch {
	case marks == "":
		return s, nil
	case len(marks) == 1 && (marks == "." || marks == ","):
		return readOneMark(s, marks, format)
	case strings.Count(marks, marks[:1]) == len(marks):
		return readGroups(s, marks[:1], "")
	case strings.Count(marks, marks[:1]) == len(marks)-1 && marks[len(marks)-1] != marks[0]:
		return readGroups(s, marks[:1], marks[len(marks)-1:])
	}
	return "", errNoNumber
}

// readOneMark reads a number with one point or comma.
func readOneMark(s, mark string, format NumberFormat) (string, error) {
	whole, part, _ := strings.Cut(s, mark)
	small, large := whole+"."+part, whole+part
	if part == "" {
		return "", errNoNumber
	}
	if whole == "" {
		whole, small = "0", "0."+part
	}
	grouped := len(part) == 3 && len(whole) <= 3 && whole[0] != '0'
	isDecimal := mark == string(format.decimal())
	if isDecimal && (mark == "." && format.Group != '.' || !grouped) {
		return small, nil
	}
	if grouped {
		return "", &ambiguity{large, trimZeros(small)}
	}
	if mark == "." {
		return small, nil
	}
	return "", &ambiguity{trimZeros(small), large}
}

// readGroups reads thousands: in full groups, with a different sign before the
// decimals, there is only one way to read them.
func readGroups(s, group, point string) (string, error) {
	whole, part := s, ""
	if point != "" {
		whole, part, _ = strings.Cut(s, point)
		if part == "" || point != "." && point != "," {
			return "", errNoNumber
		}
	}
	pieces := strings.Split(whole, group)
	for i, piece := range pieces {
		if len(piece) != 3 && (i > 0 || piece == "" || len(piece) > 3) {
			return "", errNoNumber
		}
	}
	plain := strings.Join(pieces, "")
	if point != "" {
		plain += "." + part
	}
	return plain, nil
}

func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
