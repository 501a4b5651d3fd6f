package news

import (
	"hash/fnv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

const (
	wordShingle = 3
	hanShingle  = 4
	// fewest is how many shingles a text needs to have a fingerprint: the
	// fingerprints of two short texts are close by chance.
	fewest = 24
	// readWords bounds what is looked at; a story says what it is about early.
	readWords = 4000
)

// words splits a text into lower-case words. A run of Chinese, Japanese or
// Korean characters, which puts no spaces between words, is split into
// characters.
func words(text string) []string {
	var out []string
	var open strings.Builder
	flush := func() {
		if open.Len() > 0 {
			out = append(out, open.String())
			open.Reset()
		}
	}
	var before rune
	for _, r := range norm.NFKC.String(text) {
		switch {
		case unspaced(r):
			flush()
			out = append(out, string(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r):
			open.WriteRune(unicode.ToLower(r))
		case (r == '.' || r == ',') && unicode.IsDigit(before):
			// Decimals and thousands belong to their number; a full stop at
			// its end is cut off below.
			if r == '.' {
				open.WriteRune(r)
			}
		case r == '\'' || r == '’':
		default:
			flush()
		}
		before = r
		if len(out) >= readWords {
			break
		}
	}
	flush()
	for i, w := range out {
		out[i] = strings.TrimRight(w, ".")
	}
	return out
}

func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai)
}

// shingles returns the hashes of the overlapping runs of words of a text.
func shingles(text string) map[uint64]int {
	list := words(text)
	out := make(map[uint64]int, len(list))
	for i := range list {
		size := wordShingle
		if first := []rune(list[i]); len(first) == 1 && unspaced(first[0]) {
			size = hanShingle
		}
		if i+size > len(list) {
			continue
		}
		h := fnv.New64a()
		for _, w := range list[i : i+size] {
			_, _ = h.Write([]byte(w))
			_, _ = h.Write([]byte{0})
		}
		out[mix(h.Sum64())]++
	}
	return out
}

// mix spreads a hash over all bits: those of short inputs to FNV are uneven.
func mix(x uint64) uint64 {
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	return x ^ x>>33
}

// Fingerprint returns the SimHash of a text: texts that share most of their
// words differ in few bits. It is 0 for a text that is too short to tell.
func Fingerprint(text string) uint64 {
	set := shingles(text)
	if len(set) < fewest {
		return 0
	}
	var weight [64]int
	for h, times := range set {
		for bit := range weight {
			if h>>bit&1 == 1 {
				weight[bit] += times
			} else {
				weight[bit] -= times
			}
		}
	}
	var print uint64
	for bit, w := range weight {
		if w > 0 {
			print |= 1 << bit
		}
	}
	return print
}
