package news

import (
	"math/bits"
	"strings"
	"time"
	"unicode"
)

// When two articles are one story. Measured on a syndicated article, its
// original, an edited copy and another story on the same topic: copies differ
// in up to 9 bits, the other story in 32; titles alone miss edited copies.
const (
	storySpan   = 72 * time.Hour
	nearPrint   = 10  // bits
	likeTitle   = 0.6 // of the words of both titles
	mostlyIn    = 0.8 // of the shorter summary
	leastTitle  = 4   // words, for titles to be compared
	leastShared = 10  // shingles, for summaries to be compared
)

// SameStory tells whether two articles tell the same story: within 72 hours of
// each other, one address, or the same words in titles, summaries or texts.
func SameStory(a, b Article) bool {
	if d := a.Published.Sub(b.Published); d > storySpan || d < -storySpan {
		return false
	}
	if a.Canonical != "" && a.Canonical == b.Canonical {
		return true
	}
	if a.Print != 0 && b.Print != 0 && bits.OnesCount64(a.Print^b.Print) <= nearPrint {
		return true
	}
	return alike(words(a.Title), words(b.Title)) || contained(a.Summary, b.Summary)
}

// alike compares titles. Two that differ in a number or a direction tell of two
// days, not of one: "STI ends 0.3% higher", "STI ends 0.4% lower".
func alike(a, b []string) bool {
	setA, setB := setOf(a), setOf(b)
	if len(setA) < leastTitle || len(setB) < leastTitle {
		return false
	}
	shared := 0
	for w := range setA {
		if setB[w] {
			shared++
			continue
		}
		if isNumber(w) && hasNumber(setB) || direction(w) != 0 && opposed(setB, direction(w)) {
			return false
		}
	}
	return float64(shared) >= likeTitle*float64(len(setA)+len(setB)-shared)
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, w := range list {
		set[w] = true
	}
	return set
}

func isNumber(w string) bool { return strings.IndexFunc(w, unicode.IsDigit) >= 0 }

func hasNumber(set map[string]bool) bool {
	for w := range set {
		if isNumber(w) {
			return true
		}
	}
	return false
}

func opposed(set map[string]bool, way int) bool {
	for w := range set {
		if direction(w) == -way {
			return true
		}
	}
	return false
}

// direction returns 1 for words of rising, -1 for words of falling.
func direction(w string) int {
	switch w {
	case "up", "rise", "rises", "rose", "gain", "gains", "gained", "higher", "climbs", "jumps", "jump", "rally", "rallies",
		"above", "beats", "surge", "surges", "opens", "open", "buy", "raises":
		return 1
	case "down", "fall", "falls", "fell", "lose", "loses", "lost", "lower", "slides", "drops", "drop", "slump", "slumps",
		"below", "misses", "plunge", "plunges", "closes", "close", "sell", "cuts":
		return -1
	}
	return 0
}

// contained tells whether one summary is found in the other.
func contained(a, b string) bool {
	small, large := shingles(a), shingles(b)
	if len(small) > len(large) {
		small, large = large, small
	}
	if len(small) < leastShared {
		return false
	}
	shared := 0
	for h := range small {
		if large[h] > 0 {
			shared++
		}
	}
	return float64(shared) >= mostlyIn*float64(len(small))
}
