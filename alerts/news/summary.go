package news

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// The lengths of an article's words, in code points. A summary is what may be
// quoted beside a link: one or two sentences.
const (
	maxTitle   = 300
	maxSummary = 320
	maxName    = 80
)

const ellipsis = "…"

// Summary returns the first sentence or two of a story, at most limit code
// points. It is empty where they say no more than the title.
func Summary(story []string, title string, limit int) string {
	var out string
	for n, s := range sentences(strings.Join(story, "\n\n")) {
		if n == 0 && sameWords(s, title) {
			continue
		}
		if out == "" {
			out = cut(s, limit)
			continue
		}
		if utf8.RuneCountInString(out)+1+utf8.RuneCountInString(s) <= limit {
			out += space(out) + s
		}
		break
	}
	return out
}

// space returns what stands between two sentences: nothing where the first one
// ends in a full-width stop.
func space(before string) string {
	if last, _ := utf8.DecodeLastRuneInString(before); last > 0x3000 {
		return ""
	}
	return " "
}

// enough sentences for a summary, whatever was skipped.
const enough = 4

// sentences splits the beginning of a text.
func sentences(text string) []string {
	var out []string
	var open string
	state := -1
	for text != "" && len(out) < enough {
		var s string
		s, text, state = uniseg.FirstSentenceInString(text, state)
		ends := strings.Contains(s, "\n\n")
		open += s
		trimmed := strings.Join(strings.Fields(open), " ")
		if trimmed == "" {
			open = ""
			continue
		}
		if !ends && text != "" && abbreviated(trimmed) {
			continue
		}
		out = append(out, trimmed)
		open = ""
	}
	if rest := strings.Join(strings.Fields(open), " "); rest != "" && len(out) < enough {
		out = append(out, rest)
	}
	return out
}

// abbreviated tells whether a text ends in an abbreviation, not in a full stop.
func abbreviated(s string) bool {
	if !strings.HasSuffix(s, ".") {
		return false
	}
	word := strings.TrimSuffix(s[strings.LastIndexByte(s, ' ')+1:], ".")
	word = strings.TrimLeft(word, "(\"'“‘[")
	if utf8.RuneCountInString(word) == 1 {
		return unicode.IsUpper([]rune(word)[0])
	}
	switch strings.ToLower(word) {
	case "mr", "mrs", "ms", "dr", "prof", "gov", "sen", "rep", "gen", "inc", "corp", "ltd", "co", "plc", "bhd", "tbk",
		"pte", "u.s", "u.k", "u.n", "e.u", "vs", "no", "st", "jr", "sr", "jan", "feb", "mar", "apr", "jun", "jul", "aug",
		"sep", "sept", "oct", "nov", "dec", "approx", "est", "e.g", "i.e":
		return true
	}
	return false
}

func sameWords(a, b string) bool {
	return b != "" && strings.Join(words(a), " ") == strings.Join(words(b), " ")
}

// cut returns s with at most n code points. What is longer ends in "…", which
// counts, after a whole word where one ends in the last third, and never within
// a character as people see it.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 0 {
		return ""
	}
	end, used, state := 0, 1, -1
	for rest := s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used += utf8.RuneCountInString(cluster); used > n {
			break
		}
		end += len(cluster)
	}
	short := s[:end]
	if space := strings.LastIndexByte(short, ' '); space > len(short)*2/3 && s[end] != ' ' {
		short = short[:space]
	}
	return strings.TrimRight(short, " ,;:.–—-") + ellipsis
}
