package httpjson

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// cut cuts a path into its words.
func cut(path string) []string {
	if path == "" {
		return nil
	}
	var words []string
	var word strings.Builder
	for i := 0; i < len(path); i++ {
		switch {
		case path[i] == '\\' && i+1 < len(path):
			i++
			word.WriteByte(path[i])
		case path[i] == '.':
			words = append(words, word.String())
			word.Reset()
		default:
			word.WriteByte(path[i])
		}
	}
	return append(words, word.String())
}

// at follows a path; nil where it leads nowhere.
func at(value any, path []string) any {
	for _, word := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[word]
		case []any:
			i, err := strconv.Atoi(word)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// text returns a number or a text as it is written; "" for anything else.
func text(value any) string {
	switch v := value.(type) {
	case json.Number:
		return v.String()
	case string:
		return strings.TrimSpace(v)
	}
	return ""
}

// items reads an answer into the quotes' parts, by the API's names of symbols.
func (s *Source) items(body []byte, asked []string) (map[string]any, error) {
	var root any
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber() // A float would change the price.
	if err := dec.Decode(&root); err != nil {
		return nil, s.failure("its answer has an unknown form")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, s.failure("its answer has an unknown form")
	}
	if len(s.path.failed) > 0 && told(at(root, s.path.failed)) {
		return nil, s.failure("it reports an error of its own")
	}
	found := at(root, s.path.items)
	if strings.Contains(s.o.URL, "{symbol}") {
		if found == nil {
			return nil, nil
		}
		return map[string]any{asked[0]: found}, nil
	}
	switch v := found.(type) {
	case map[string]any:
		if len(asked) == 1 && v[asked[0]] == nil && at(v, s.path.price) != nil {
			// Some answer for a single symbol without the object around it.
			return map[string]any{asked[0]: v}, nil
		}
		return v, nil
	case []any:
		items := make(map[string]any, len(v))
		for _, item := range v {
			if name := text(at(item, s.path.symbol)); name != "" {
				items[name] = item
			}
		}
		return items, nil
	case nil:
		return nil, nil
	}
	return nil, s.failure("its answer has an unknown form")
}

// told tells whether a value says that something is wrong.
func told(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case json.Number:
		return v != "0"
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// quote reads one symbol's part; ok is false where it has no price or its time
// cannot be read.
func (s *Source) quote(item any) (market.Quote, bool) {
	price, err := market.ParsePrice(text(at(item, s.path.price)))
	if err != nil {
		return market.Quote{}, false
	}
	now := s.o.Now().UTC()
	q := market.Quote{
		Price: price, Time: now, Received: now, Unit: s.o.Fields.Unit, Source: s.o.Name, Delay: s.o.Delay, Fix: s.o.Fix,
	}
	if s.path.previous != nil {
		q.PreviousClose, _ = market.ParsePrice(text(at(item, s.path.previous)))
	}
	if code := text(at(item, s.path.currency)); s.path.currency != nil && len(code) == 3 && code == strings.ToUpper(code) {
		q.Currency = code
	}
	if s.path.time != nil {
		var ok bool
		if q.Time, ok = readTime(text(at(item, s.path.time)), s.o.Fields.TimeFormat); !ok {
			return market.Quote{}, false
		}
	}
	return q, true
}

func readTime(value, format string) (time.Time, bool) {
	switch format {
	case "", "unix", "unix_ms":
		whole, _, _ := strings.Cut(value, ".")
		n, err := strconv.ParseInt(whole, 10, 64)
		if err != nil || n <= 0 {
			return time.Time{}, false
		}
		if format == "unix_ms" {
			return time.UnixMilli(n).UTC(), true
		}
		return time.Unix(n, 0).UTC(), n < 1<<40
	case "rfc3339":
		format = time.RFC3339
	}
	t, err := time.Parse(format, value)
	return t.UTC(), err == nil
}

func (s *Source) failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: s.o.Name, Reason: reason}
}
