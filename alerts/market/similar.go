package market

import (
	"math"
	"math/bits"
)

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
	total := make(fits, len(t.symbols))
	for i, word := range typed {
		near := t.nearWord([]rune(word))
		for at, fit := range near {
			switch {
			case i == 0:
				total[at] = fit
			case fit == 0:
				total[at] = 0
			case total[at] > 0:
				total[at] += fit
			}
		}
	}
	for at, fit := range t.completions(key) {
		if fit > 0 {
			total.lower(int32(at), fit)
		}
	}
	return t.pick(total, nearest)
}

// nearWord returns the symbols with a word that is near to another; they fit by
// one more than the number of wrong letters.
func (t *Table) nearWord(letters []rune) fits {
	out := make(fits, len(t.symbols))
	limit := 2
	if len(letters) <= 3 {
		limit = 1
	}
	set := lettersOf(letters)
	var scratch [maxTyped]rune
	for i := range t.spelled {
		s := &t.spelled[i]
		n := int(s.length)
		// One wrong letter changes two of the sets at most.
		if n < len(letters)-limit || n > len(letters)+limit || n <= limit || bits.OnesCount64(set^s.letters) > 2*limit {
			continue
		}
		other := scratch[:0]
		for _, r := range s.word {
			other = append(other, r)
		}
		cost := distance(letters, other, limit)
		if cost > limit {
			continue
		}
		for _, at := range s.symbols {
			out.lower(at, uint8(cost+1))
		}
	}
	return out
}

// spelling is a word of names and aliases, with what tells at a glance that
// another is not like it.
type spelling struct {
	word    string
	letters uint64 // the set of its letters
	length  uint8  // in letters; of what is longer than any typed text, the most
	symbols []int32
}

func spellingOf(word string) spelling {
	letters := []rune(word)
	return spelling{word: word, letters: lettersOf(letters), length: uint8(min(len(letters), math.MaxUint8))}
}

// lettersOf is the set of letters, of which some may share a place.
func lettersOf(letters []rune) (set uint64) {
	for _, r := range letters {
		set |= 1 << (uint32(r) % 64)
	}
	return set
}

// distance counts the letters to put in, leave out, replace or swap with the
// next one to make one word of another; above the limit it is limit + 1.
func distance(a, b []rune, limit int) int {
	var rows [3][maxTyped + 4]int8
	before, last, row := rows[0][:], rows[1][:], rows[2][:]
	if len(b) >= len(row) || len(a) >= len(row) {
		return limit + 1
	}
	for j := range len(b) + 1 {
		last[j] = int8(j)
	}
	for i := 1; i <= len(a); i++ {
		row[0] = int8(i)
		least := int8(i)
		for j := 1; j <= len(b); j++ {
			cost := int8(1)
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
			least = min(least, row[j])
		}
		if int(least) > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return int(last[len(b)])
}
