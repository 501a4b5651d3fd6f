package alerts

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is a word of a typed rule; start and end are its bytes in the text.
type token struct {
	text       string // unquoted
	word       string // lower case; "" of what was quoted
	start, end int
	quoted     bool
}

// tokens cuts a text into words. Signs of comparison are words of their own even
// where no space sets them apart; a platform's mention (<@&1>) is one word.
func tokens(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			i += size
			continue
		case r == '"' || r == '“' || r == '”':
			out = append(out, quotedToken(text, i, size))
		case r == '<' && strings.HasPrefix(text[i:], "<@") && strings.Contains(text[i:], ">"):
			end := i + strings.IndexByte(text[i:], '>') + 1
			out = append(out, plainToken(text, i, end))
		case isComparison(r):
			end := i + size
			if end < len(text) && text[end] == '=' {
				end++
			}
			t := plainToken(text, i, end)
			t.word = strings.NewReplacer("≥", ">=", "≤", "<=").Replace(t.word)
			out = append(out, t)
		default:
			end := i + strings.IndexFunc(text[i:], endsWord)
			if end < i {
				end = len(text)
			}
			out = append(out, plainToken(text, i, end))
		}
		i = out[len(out)-1].end
	}
	return out
}

func endsWord(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || isComparison(r) || r == '"' || r == '“' || r == '”'
}

func isComparison(r rune) bool { return r == '<' || r == '>' || r == '≤' || r == '≥' }

func plainToken(text string, start, end int) token {
	return token{text: text[start:end], word: strings.ToLower(text[start:end]), start: start, end: end}
}

// quotedToken reads up to the closing quotation mark, or to the end where there
// is none; a backslash keeps the next sign as it is.
func quotedToken(text string, start, size int) token {
	var b strings.Builder
	i := start + size
	for i < len(text) {
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		if r == '"' || r == '“' || r == '”' {
			return token{text: b.String(), start: start, end: i, quoted: true}
		}
		if r == '\\' && i < len(text) {
			r, n = utf8.DecodeRuneInString(text[i:])
			i += n
		}
		b.WriteRune(r)
	}
	return token{text: b.String(), start: start, end: len(text), quoted: true}
}

// quote writes a text as one quoted word that tokens reads back.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r == '"' || r == '“' || r == '”' || r == '\\' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	b.WriteByte('"')
	return b.String()
}

// cleanNote makes words fit for one line: no control signs, single spaces.
func cleanNote(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.IsSpace(r) {
			return ' '
		}
		if r == utf8.RuneError || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}
