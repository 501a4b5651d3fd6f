package chart

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/bidi"
)

// maxLetters bounds the characters of a text that are looked at: no line of our
// pictures holds more.
const maxLetters = 240

// maxBytes bounds the text that is split into letters at all.
const maxBytes = 16 * maxLetters

// style is how a text looks. Size is in units of the picture.
type style struct {
	size   float64
	weight weight
}

// line is a text laid out from left to right as the eye meets it.
type line struct {
	runes []rune
	style style
	// width is in units of the picture.
	width float64
}

// cluster is a character as people see it.
type cluster struct {
	runes []rune
	level int  // of direction: odd from right to left
	apart bool // it must not join the next one (U+200C)
}

// layout returns a text that is at most limit units wide; what is longer ends
// with "…". A limit of 0 is none.
func (c *canvas) layout(s string, st style, limit float64) line {
	size := c.ppem(st.size)
	all := join(clusters(s), func(r rune) bool {
		return !c.fonts.glyph(glyphKey{r: r, size: size, weight: st.weight}).missing
	})
	l := c.arrange(all, st)
	if limit <= 0 || l.width <= limit {
		return l
	}
	dots := cluster{runes: []rune{'…'}}
	room := limit - c.measure(dots.runes, st)
	used, n := 0.0, 0
	for ; n < len(all); n++ {
		if used += c.measure(all[n].runes, st); used > room {
			break
		}
	}
	for n > 0 && unicode.IsSpace(all[n-1].runes[0]) {
		n--
	}
	if n == 0 && room < 0 {
		return line{style: st}
	}
	return c.arrange(append(slices.Clip(all[:n]), dots), st)
}

// arrange puts the clusters in the order in which they are seen.
func (c *canvas) arrange(all []cluster, st style) line {
	l := line{style: st}
	for _, cl := range visual(all) {
		for _, r := range cl.runes {
			if cl.level%2 == 1 {
				r = mirror(r)
			}
			l.runes = append(l.runes, r)
		}
	}
	l.width = c.measure(l.runes, st)
	return l
}

// measure returns the width of runes in units of the picture.
func (c *canvas) measure(runes []rune, st style) float64 {
	var sum fixed.Int26_6
	size := c.ppem(st.size)
	for _, r := range runes {
		sum += c.fonts.glyph(glyphKey{r: r, size: size, weight: st.weight}).advance
	}
	return float64(sum) / 64 / c.k
}

// clusters splits the first characters of a text and finds their direction.
// What shows nothing is left out.
func clusters(s string) []cluster {
	s = strings.ToValidUTF8(s[:min(len(s), maxBytes)], "\uFFFD")
	var all []cluster
	state := -1
	for s != "" && len(all) < maxLetters {
		var text string
		text, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		var runes []rune
		for _, r := range text {
			switch {
			case len(runes) == 6:
			case unicode.IsSpace(r):
				runes = append(runes, ' ')
			case shows(r):
				runes = append(runes, r)
			}
		}
		if len(runes) > 0 {
			all = append(all, cluster{runes: runes, apart: strings.ContainsRune(text, 0x200C)})
		}
	}
	setLevels(all)
	return all
}

func shows(r rune) bool {
	return !unicode.Is(unicode.Cf, r) && !unicode.IsControl(r) && !unicode.Is(unicode.Variation_Selector, r)
}

// setLevels finds the levels of direction. The library tells apart only odd
// and even runs, so that a number within words from right to left has to be
// told from words from left to right here.
func setLevels(all []cluster) {
	runes := make([]rune, len(all))
	class := make([]bidi.Class, len(all))
	base, mixed := -1, false
	for i, cl := range all {
		runes[i] = cl.runes[0]
		p, _ := bidi.LookupRune(runes[i])
		class[i] = p.Class()
		d := strong(class[i])
		mixed = mixed || d == 1
		if base < 0 {
			base = d
		}
	}
	if !mixed {
		return
	}
	pairBrackets(runes, class, base)
	var p bidi.Paragraph
	if _, err := p.SetString(string(runes)); err != nil {
		return
	}
	order, err := p.Order()
	if err != nil {
		return
	}
	for n := range order.NumRuns() {
		run := order.Run(n)
		from, to := run.Pos()
		levelRun(all[from:min(to+1, len(all))], class[from:], run.Direction(), base, n > 0)
	}
}

// strong returns the direction of a class: 0 from left to right, 1 from right
// to left, -1 for those that take their neighbours'.
func strong(c bidi.Class) int {
	switch c {
	case bidi.L:
		return 0
	case bidi.R, bidi.AL:
		return 1
	}
	return -1
}

// pairBrackets puts a letter of the right direction in the place of each
// bracket of a pair (rule N0), because the library does not find pairs: it
// compares an opening with a closing bracket and never finds them equal.
func pairBrackets(runes []rune, class []bidi.Class, base int) {
	letters := [2]rune{'a', 'א'}
	var open []int
	for i, r := range runes {
		p, _ := bidi.LookupRune(r)
		if !p.IsBracket() {
			continue
		}
		if p.IsOpeningBracket() {
			open = append(open, i)
			continue
		}
		if len(open) == 0 || mirror(runes[open[len(open)-1]]) != r {
			continue
		}
		from := open[len(open)-1]
		open = open[:len(open)-1]
		if d := pairDirection(class, from, i, base); d >= 0 {
			runes[from], runes[i] = letters[d], letters[d]
			class[from], class[i] = []bidi.Class{bidi.L, bidi.R}[d], []bidi.Class{bidi.L, bidi.R}[d]
		}
	}
}

// pairDirection returns the direction of a pair of brackets: that of the line
// where a word within has it, else that of the words before, if those within
// have it too.
func pairDirection(class []bidi.Class, from, to, base int) int {
	within := -1
	for _, c := range class[from+1 : to] {
		d := strong(c)
		if d == base {
			return base
		}
		if d >= 0 {
			within = d
		}
	}
	if within < 0 {
		return -1
	}
	for i := from - 1; i >= 0; i-- {
		if d := strong(class[i]); d >= 0 {
			return d
		}
	}
	return base
}

// levelRun sets the levels of one run. In a line that begins from left to
// right, a number that follows words from right to left belongs to them.
func levelRun(run []cluster, class []bidi.Class, d bidi.Direction, base int, follows bool) {
	number := 0
	if base == 1 {
		number = len(run)
	} else if follows {
		for i := range run {
			if class[i] == bidi.L {
				break
			}
			if class[i] == bidi.EN || class[i] == bidi.AN {
				number = i + 1
			}
		}
	}
	for i := range run {
		switch {
		case d == bidi.RightToLeft:
			run[i].level = 1
		case i < number:
			run[i].level = 2
		}
	}
}

// visual reverses every stretch at or above each level, from the highest down
// (rule L2 of the Unicode bidirectional algorithm).
func visual(all []cluster) []cluster {
	out := slices.Clone(all)
	for level := 2; level >= 1; level-- {
		for i := 0; i < len(out); i++ {
			j := i
			for j < len(out) && out[j].level >= level {
				j++
			}
			slices.Reverse(out[i:j])
			i = max(i, j-1)
		}
	}
	return out
}

func mirror(r rune) rune {
	if p, _ := bidi.LookupRune(r); p.IsBracket() {
		for _, m := range bidi.ReverseString(string(r)) {
			return m
		}
	}
	return r
}
