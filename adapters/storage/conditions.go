package storage

import (
	"strconv"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// decodeConditions reads the conditions of a rule. A start reads those of every
// rule, and what encode wrote is read in a tenth of the time that a decoder of
// any JSON takes.
func decodeConditions(text string) ([]alerts.Condition, error) {
	if conditions, ok := conditionsAsEncoded(text); ok {
		return conditions, nil
	}
	return decode[[]alerts.Condition](text)
}

// conditionsAsEncoded reads conditions whose fields are those of today, in
// their order and without escapes; ok is false for all else.
func conditionsAsEncoded(text string) (out []alerts.Condition, ok bool) {
	s := encoded{rest: text}
	s.skip("[")
	for {
		var c alerts.Condition
		c.Kind = alerts.ConditionKind(s.word(`{"Kind":"`))
		c.Ticker = market.Ticker(s.word(`,"Ticker":"`))
		c.Level = market.PriceFromPacked(s.number(`,"Level":`))
		c.Upper = market.PriceFromPacked(s.number(`,"Upper":`))
		c.Change = market.PriceFromPacked(s.number(`,"Change":`))
		c.Direction = alerts.Direction(s.word(`,"Direction":"`))
		c.Window = time.Duration(s.number(`,"Window":`))
		c.Days = int(s.number(`,"Days":`))
		s.skip("}")
		out = append(out, c)
		if s.failed || !strings.HasPrefix(s.rest, ",") {
			break
		}
		s.skip(",")
	}
	s.skip("]")
	return out, !s.failed && s.rest == ""
}

// encoded is JSON of a known form that is read from its beginning.
type encoded struct {
	rest   string
	failed bool
}

func (s *encoded) skip(what string) {
	rest, ok := strings.CutPrefix(s.rest, what)
	s.rest, s.failed = rest, s.failed || !ok
}

// word reads what follows key, up to a quotation mark.
func (s *encoded) word(key string) string {
	s.skip(key)
	end := strings.IndexByte(s.rest, '"')
	if s.failed || end < 0 {
		s.failed = true
		return ""
	}
	word := s.rest[:end]
	for i := range len(word) {
		if word[i] == '\\' || word[i] < ' ' || word[i] > '~' {
			s.failed = true
			return ""
		}
	}
	s.rest = s.rest[end+1:]
	return word
}

// number reads the whole number that follows key.
func (s *encoded) number(key string) int64 {
	s.skip(key)
	end := 0
	for end < len(s.rest) && (s.rest[end] >= '0' && s.rest[end] <= '9' || s.rest[end] == '-') {
		end++
	}
	n, err := strconv.ParseInt(s.rest[:end], 10, 64)
	// JSON knows no leading zeros.
	if err != nil || strconv.FormatInt(n, 10) != s.rest[:end] {
		s.failed = true
	}
	s.rest = s.rest[end:]
	return n
}
