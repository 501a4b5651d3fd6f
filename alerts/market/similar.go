package market

import "unicode/utf8"

// maxTyped bounds the text for which similar symbols are looked for, in bytes,
// and its words.
const (
	maxTyped      = 64
	maxTypedWords = 6
)

// similar returns the symbols each of whose words is near to one of the text's,
// and those that the text begins.
func (t *Table) similar(key string) []Symbol {
	typed := words(key)
	if len(key) > maxTyped || len(typed) == 0 || len(typed) > maxTypedWords {
		return nil
	}
	var fits map[int32]int
	for _, word := range typed {
		costs := t.nearWord(word)
		if fits == nil {
			fits = costs
			continue
		}
		for at, cost := range fits {
			if more, ok := costs[at]; ok {
				fits[at] = cost + more
			} else {
				delete(fits, at)
			}
		}
	}
	for at, fit := range t.completions(key) {
		if old, ok := fits[at]; !ok || fit < old {
			fits[at] = fit
		}
	}
	return t.pick(fits, nearest)
}

// nearWord returns the symbols with a word that is near to another, and how many
// letters are wrong.
func (t *Table) nearWord(word string) map[int32]int {
	costs := make(map[int32]int)
	letters := []rune(word)
	limit := 2
	if len(letters) <= 3 {
		limit = 1
	}
	for token, symbols := range t.tokens {
		n := utf8.RuneCountInString(token)
		if n < len(letters)-limit || n > len(letters)+limit || n <= limit {
			continue
		}
		cost := distance(letters, []rune(token), limit)
		if cost > limit {
			continue
		}
		for _, at := range symbols {
			if old, ok := costs[at]; !ok || cost < old {
				costs[at] = cost
			}
		}
	}
	return costs
}

// distance counts the letters to put in, leave out, replace or swap with the
// next one to make one word of another; above the limit it is limit + 1.
func distance(a, b []rune, limit int) int {
	var rows [3][maxTyped + 4]int
	before, last, row := rows[0][:], rows[1][:], rows[2][:]
	if len(b) >= len(row) || len(a) >= len(row) {
		return limit + 1
	}
	for j := range len(b) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
