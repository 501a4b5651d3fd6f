package news

import (
	"math"
	"math/bits"
	"strings"
	"sync"
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
// each other, one address, or the same words in titles, summaries or texts. To
// compare many, use a Comparer.
func SameStory(a, b Article) bool {
	return same(&a, &b, newGist)
}

func same(a, b *Article, gistOf func(*Article) *gist) bool {
	if d := a.Published.Sub(b.Published); d > storySpan || d < -storySpan {
		return false
	}
	if a.Canonical != "" && a.Canonical == b.Canonical {
		return true
	}
	if a.Print != 0 && b.Print != 0 && bits.OnesCount64(a.Print^b.Print) <= nearPrint {
		return true
	}
	x, y := gistOf(a), gistOf(b)
	return x.alike(y) || x.contained(y)
}

// Comparer is SameStory for one article beside thousands: it remembers what it
// needs of each. It is safe for concurrent use.
type Comparer struct {
	mu    sync.Mutex
	gists map[string]*gist
}

// remembered is how many articles a Comparer remembers, about 1 kB for each.
const remembered = 20_000

// NewComparer returns a Comparer that remembers nothing yet.
func NewComparer() *Comparer { return &Comparer{gists: make(map[string]*gist)} }

// Same tells whether two articles tell the same story.
func (c *Comparer) Same(a, b Article) bool { return same(&a, &b, c.gist) }

func (c *Comparer) gist(a *Article) *gist {
	key := a.Title + "\x00" + a.Summary
	c.mu.Lock()
	defer c.mu.Unlock()
	g := c.gists[key]
	if g == nil {
		if len(c.gists) >= remembered {
			clear(c.gists)
		}
		g = newGist(a)
		c.gists[key] = g
	}
	return g
}

// gist is what of an article is compared.
type gist struct {
	title    map[string]bool
	numbers  bool // the title has one
	up, down bool // the title speaks of rising, of falling
	summary  map[uint64]int
}

func newGist(a *Article) *gist {
	g := &gist{title: make(map[string]bool), summary: shingles(a.Summary)}
	for _, w := range words(a.Title) {
		g.title[w] = true
		g.numbers = g.numbers || isNumber(w)
		g.up = g.up || direction(w) > 0
		g.down = g.down || direction(w) < 0
	}
	return g
}

// alike compares titles. Two that differ in a number or a direction tell of two
// days, not of one: "STI ends 0.3% higher", "STI ends 0.4% lower".
func (g *gist) alike(other *gist) bool {
	if len(g.title) < leastTitle || len(other.title) < leastTitle {
		return false
	}
	shared := 0
	for w := range g.title {
		if other.title[w] {
			shared++
		}
	}
	if float64(shared) < likeTitle*float64(len(g.title)+len(other.title)-shared) {
		return false
	}
	for w := range g.title {
		if other.title[w] {
			continue
		}
		way := direction(w)
		if isNumber(w) && other.numbers || way > 0 && other.down || way < 0 && other.up {
			return false
		}
	}
	return true
}

// contained tells whether one summary is found in the other.
func (g *gist) contained(other *gist) bool {
	small, large := g.summary, other.summary
	if len(small) > len(large) {
		small, large = large, small
	}
	if len(small) < leastShared {
		return false
	}
	spare := len(small) - int(math.Ceil(mostlyIn*float64(len(small))))
	for h := range small {
		if large[h] > 0 {
			continue
		}
		if spare--; spare < 0 {
			return false
		}
	}
	return true
}

func isNumber(w string) bool { return strings.IndexFunc(w, unicode.IsDigit) >= 0 }

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
