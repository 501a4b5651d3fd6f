package chart

// joining is how an Arabic letter joins: the code of its isolated form among
// Unicode's presentation forms, which the final and, where it joins on both
// sides, the initial and the medial form follow.
type joining struct {
	isolated rune
	both     bool
}

// joinings holds the letters of Arabic and those that Persian adds. Fonts have
// the forms of others only in tables that are not read here.
var joinings = map[rune]joining{ //nolint:gochecknoglobals // a table that is only read
	0x0622: {0xFE81, false}, 0x0623: {0xFE83, false}, 0x0624: {0xFE85, false}, 0x0625: {0xFE87, false},
	0x0626: {0xFE89, true}, 0x0627: {0xFE8D, false}, 0x0628: {0xFE8F, true}, 0x0629: {0xFE93, false},
	0x062A: {0xFE95, true}, 0x062B: {0xFE99, true}, 0x062C: {0xFE9D, true}, 0x062D: {0xFEA1, true},
	0x062E: {0xFEA5, true}, 0x062F: {0xFEA9, false}, 0x0630: {0xFEAB, false}, 0x0631: {0xFEAD, false},
	0x0632: {0xFEAF, false}, 0x0633: {0xFEB1, true}, 0x0634: {0xFEB5, true}, 0x0635: {0xFEB9, true},
	0x0636: {0xFEBD, true}, 0x0637: {0xFEC1, true}, 0x0638: {0xFEC5, true}, 0x0639: {0xFEC9, true},
	0x063A: {0xFECD, true}, 0x0641: {0xFED1, true}, 0x0642: {0xFED5, true}, 0x0643: {0xFED9, true},
	0x0644: {0xFEDD, true}, 0x0645: {0xFEE1, true}, 0x0646: {0xFEE5, true}, 0x0647: {0xFEE9, true},
	0x0648: {0xFEED, false}, 0x0649: {0xFEEF, false}, 0x064A: {0xFEF1, true},
	0x067E: {0xFB56, true}, 0x0686: {0xFB7A, true}, 0x0698: {0xFB8A, false}, 0x06A9: {0xFB8E, true},
	0x06AF: {0xFB92, true}, 0x06CC: {0xFBFC, true},
}

const (
	lam     = 0x0644
	tatweel = 0x0640
)

// lamAlef holds the isolated forms of lam with the alef that follows it, which
// are one letter to the eye.
var lamAlef = map[rune]rune{0x0622: 0xFEF5, 0x0623: 0xFEF7, 0x0625: 0xFEF9, 0x0627: 0xFEFB} //nolint:gochecknoglobals // a table that is only read

// join gives Arabic letters the form that their neighbours ask for, where has
// tells that a font has it. The clusters are in the order in which they are
// read.
func join(all []cluster, has func(rune) bool) []cluster {
	out := all[:0:len(all)]
	before := false // whether the letter before reaches out to this one
	for i := 0; i < len(all); i++ {
		cl := all[i]
		letter, known := joinings[cl.runes[0]]
		if !known {
			before = cl.runes[0] == tatweel
			out = append(out, cl)
			continue
		}
		if pair, ok := ligature(all[i:]); ok && has(pair) {
			if before {
				pair++
			}
			cl.runes = append([]rune{pair}, all[i+1].runes[1:]...)
			out = append(out, cl)
			before = false
			i++
			continue
		}
		after := letter.both && !cl.apart && i+1 < len(all) && receives(all[i+1].runes[0])
		form := letter.isolated
		if before {
			form++
		}
		if after {
			form += 2
		}
		if form != letter.isolated && has(form) {
			cl.runes = append([]rune{form}, cl.runes[1:]...)
		}
		out = append(out, cl)
		before = after
	}
	return out
}

func ligature(all []cluster) (rune, bool) {
	if len(all) < 2 || all[0].runes[0] != lam || all[0].apart || len(all[0].runes) > 1 {
		return 0, false
	}
	pair, ok := lamAlef[all[1].runes[0]]
	return pair, ok
}

func receives(r rune) bool {
	_, ok := joinings[r]
	return ok || r == tatweel
}
