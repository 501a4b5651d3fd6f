package news

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"bellwether/alerts/market"
)

const (
	maxMentions = 8
	maxPhrase   = 4 // words of a name
)

var (
	// marked is how the press writes a symbol as one: $NVDA, (NASDAQ: AAPL),
	// (D05.SI), (SGX:D05).
	marked = regexp.MustCompile(`\$([A-Za-z]{1,5})\b|\(\s*(?:[A-Za-z]{2,8}\s*:\s*)?(\^?[A-Z0-9]{1,6}(?:[.=-][A-Z0-9]{1,4})?)\s*\)`)
	token  = regexp.MustCompile(`[\pL\pN&][\pL\pN&'’.=^/-]*`)
)

// Mentioned returns the symbols that a text speaks of, in its order, at most
// eight. Lookup returns what a name, an alias or a ticker stands for; where it
// stands for several, what is not a share goes first, unless it is written as a
// ticker. A common word that is also a company's name ("target", "visa") needs
// to be written as a symbol.
func Mentioned(text string, lookup func(string) []market.Symbol) []market.Ticker {
	m := &mentions{lookup: lookup, have: make(map[market.Ticker]bool)}
	for _, found := range marked.FindAllStringSubmatch(text, 2*maxMentions) {
		m.add(m.named(strings.ToUpper(found[1]+found[2]), true))
	}
	text = marked.ReplaceAllString(text, "\n")
	for sentence := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune("!?;:()“”\"\n", r) }) {
		m.read(token.FindAllString(sentence, 200))
	}
	return m.out
}

type mentions struct {
	lookup func(string) []market.Symbol
	have   map[market.Ticker]bool
	out    []market.Ticker
}

func (m *mentions) add(t market.Ticker) bool {
	if t == "" {
		return false
	}
	if !m.have[t] && len(m.out) < maxMentions {
		m.have[t] = true
		m.out = append(m.out, t)
	}
	return true
}

// read finds the longest names first.
func (m *mentions) read(list []string) {
	for i, w := range list {
		list[i] = strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(w, "'s"), "’s"), ".'’-/")
	}
	for i := 0; i < len(list); {
		taken := 1
		for n := min(maxPhrase, len(list)-i); n > 0; n-- {
			if m.add(m.phrase(list[i : i+n])) {
				taken = n
				break
			}
		}
		i += taken
	}
}

func (m *mentions) phrase(list []string) market.Ticker {
	phrase := strings.Join(list, " ")
	if len(list) > 1 {
		// Names of several words begin with a capital, but for "crude oil".
		return m.named(phrase, false)
	}
	if utf8.RuneCountInString(phrase) < 2 {
		return ""
	}
	return m.named(phrase, false)
}

// named returns what a phrase stands for; "" for nothing, or nothing certain.
func (m *mentions) named(phrase string, certain bool) market.Ticker {
	best := choose(m.lookup(phrase), phrase, certain)
	switch {
	case best.Ticker == "" || certain:
		return best.Ticker
	case strings.Contains(phrase, " "):
		if share(best) && !capital(phrase) {
			return ""
		}
	case !plain(phrase, best):
		return ""
	}
	return best.Ticker
}

// choose returns one of the meanings of a phrase.
func choose(found []market.Symbol, phrase string, certain bool) market.Symbol {
	var best market.Symbol
	for _, s := range found {
		switch {
		case best.Ticker == "":
			best = s
		case certain && string(s.Ticker) == phrase:
			best = s
		case !certain && share(best) && !share(s):
			best = s
		}
	}
	return best
}

// plain tells whether a single word surely means a symbol.
func plain(word string, s market.Symbol) bool {
	upper := strings.ToUpper(word) == word
	if utf8.RuneCountInString(word) <= 3 && !upper {
		return false
	}
	if !share(s) {
		return true
	}
	if !capital(word) || common(word) {
		return false
	}
	// A word that happens to be a ticker: "Now", "All".
	return upper || !strings.EqualFold(word, string(s.Ticker)) || isAlias(word, s)
}

func share(s market.Symbol) bool {
	return s.Class == market.ClassEquity || s.Class == market.ClassETF
}

func capital(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(r) || unicode.IsDigit(r) || unicode.In(r, unicode.Lo)
}

func isAlias(phrase string, s market.Symbol) bool {
	if strings.EqualFold(phrase, s.Name) {
		return true
	}
	for _, a := range s.Aliases {
		if strings.EqualFold(phrase, a) {
			return true
		}
	}
	return false
}

// common lists words that are companies' names too.
func common(word string) bool {
	switch strings.ToLower(word) {
	case "target", "gap", "visa", "block", "snap", "shell", "key", "ball", "best", "open", "square", "match", "zoom",
		"unity", "carnival", "progressive", "southern", "dollar", "general", "public", "international", "national",
		"now", "all", "it", "on", "are", "low", "cost", "fast", "play", "real", "so", "any", "can", "has", "a", "an",
		"ceo", "cfo", "ipo", "us", "uk", "eu", "ai", "gdp", "cpi", "etf", "fed", "imf", "esg", "ev":
		return true
	}
	return false
}
