package message

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// maxMarks is how many combining marks one base may carry: enough for every
// living script, too few to paint over the lines above.
const maxMarks = 4

// Clean returns text from outside as it may be shown: valid UTF-8 in NFC,
// without controls, direction overrides and invisible characters, with at most
// four combining marks on a base, no runs of spaces and no more than one empty
// line in a row. It may have several lines. Cleaning twice changes nothing.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return tidy(norm.NFC.String(strings.Map(admit, s)))
}

// Label returns Clean text on one line, for titles, names and buttons.
func Label(s string) string {
	return strings.Join(strings.FieldsFunc(Clean(s), func(r rune) bool { return r == '\n' }), " ")
}

// Isolate returns s so that its direction does not disturb the words around
// it: a segment that reads from right to left is wrapped in the isolates
// U+2068 and U+2069, every other is returned as it is. Call it after Clean,
// which drops the isolates of others.
func Isolate(s string) string {
	for _, r := range s {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.L:
			return s
		case bidi.R, bidi.AL:
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// admit maps a character to what takes its place, -1 for nothing.
func admit(r rune) rune {
	switch r {
	case '\n', '\r', '\v', '\f', 0x85, 0x2028, 0x2029:
		return '\n'
	case '\t', 0x2800, 0x3164, 0xFFA0: // the last three are letters that show nothing
		return ' '
	}
	if unicode.IsControl(r) || unicode.Is(unseen, r) || isNoncharacter(r) {
		return -1
	}
	return r
}

// unseen holds what is invisible or turns the direction of others' words.
var unseen = &unicode.RangeTable{ //nolint:gochecknoglobals // a table that is only read
	R16: []unicode.Range16{
		{Lo: 0x00AD, Hi: 0x00AD, Stride: 1}, // soft hyphen
		{Lo: 0x034F, Hi: 0x034F, Stride: 1}, // grapheme joiner
		{Lo: 0x180E, Hi: 0x180E, Stride: 1}, // Mongolian vowel separator
		{Lo: 0x200B, Hi: 0x200B, Stride: 1}, // zero width space
		{Lo: 0x202A, Hi: 0x202E, Stride: 1}, // embeddings, overrides
		{Lo: 0x2060, Hi: 0x206F, Stride: 1}, // word joiner, isolates, deprecated shapers
		{Lo: 0xFEFF, Hi: 0xFEFF, Stride: 1}, // byte order mark
		{Lo: 0xFFF9, Hi: 0xFFFB, Stride: 1}, // interlinear annotation
	},
	R32: []unicode.Range32{
		{Lo: 0xE0000, Hi: 0xE007F, Stride: 1}, // tags
	},
	LatinOffset: 1,
}

func isNoncharacter(r rune) bool {
	return r&0xFFFE == 0xFFFE || r >= 0xFDD0 && r <= 0xFDEF
}

// tidier writes text while it collapses spaces, lines, marks and joiners.
type tidier struct {
	out    strings.Builder
	marks  int
	joiner rune // the invisible character just written, 0 for none
	space  rune // a space that waits for what follows, 0 for none
	lines  int  // line ends that wait for what follows
}

func tidy(s string) string {
	var t tidier
	t.out.Grow(len(s))
	for _, r := range s {
		t.add(r)
	}
	return t.out.String()
}

func (t *tidier) add(r rune) {
	switch {
	case r == '\n':
		t.lines, t.space, t.marks, t.joiner = t.lines+1, 0, 0, 0
		return
	case unicode.Is(unicode.Zs, r):
		if t.space != 0 {
			r = ' '
		}
		t.space, t.marks, t.joiner = r, 0, 0
		return
	case unicode.Is(unicode.M, r):
		if t.marks++; t.marks > maxMarks {
			return
		}
		t.joiner = 0
	case isJoiner(r):
		if t.joiner != 0 || t.marks >= maxMarks {
			return
		}
		t.joiner = r
	default:
		t.marks, t.joiner = 0, 0
	}
	t.flush()
	t.out.WriteRune(r)
}

// flush writes the white space that waited, unless nothing stands before it.
func (t *tidier) flush() {
	if t.out.Len() > 0 {
		for range min(t.lines, 2) {
			t.out.WriteByte('\n')
		}
		if t.lines == 0 && t.space != 0 {
			t.out.WriteRune(t.space)
		}
	}
	t.lines, t.space = 0, 0
}

// isJoiner tells whether r is one of the invisible characters that scripts
// need: the joiners and the marks of direction.
func isJoiner(r rune) bool {
	return r >= 0x200C && r <= 0x200F || r == 0x061C
}

// count returns the code points of s.
func count(s string) int { return utf8.RuneCountInString(s) }
