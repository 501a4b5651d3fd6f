package chart

import "testing"

func TestLettersStandInTheOrderTheEyeMeetsThem(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"left to right", "Nikkei 225 (N225)", "Nikkei 225 (N225)"},
		{"right to left", "אבג", "גבא"},
		{"a number keeps its order", "אבג 125 דהו", "והד 125 גבא"},
		{"a number within words from the right", "Teva אבג 35 דה Ltd", "Teva הד 35 גבא Ltd"},
		{"a number after words from the right", "Teva אבג 35 Ltd", "Teva 35 גבא Ltd"},
		{"words from the left within the right", "אבג Teva דהו", "והד Teva גבא"},
		{"brackets turn with their words", "אבג (דה)", "(הד) גבא"},
		{"brackets around the other direction", "אבג (TEVA) 35", "35 (TEVA) גבא"},
		{"brackets in a line from the left", "Bank (אבג) Ltd", "Bank (גבא) Ltd"},
		{"marks stay on their letter", "בָג", "גבָ"},
		{"isolates show nothing", "\u2068אב\u2069 x", "x בא"},
		{"lines become one", "a\nb\u2029c", "a b c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, cl := range visual(clusters(tt.in)) {
				for _, r := range cl.runes {
					if cl.level%2 == 1 {
						r = mirror(r)
					}
					got += string(r)
				}
			}
			if got != tt.want {
				t.Errorf("%q is shown as %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzClusters(f *testing.F) {
	f.Add("אבג (TEVA) 35 [x} \u202Ey\u2069 👩\u200D💻")
	f.Fuzz(func(t *testing.T, s string) {
		all := clusters(s)
		if len(all) > maxLetters || len(visual(all)) != len(all) {
			t.Fatalf("%q became %d clusters", s, len(all))
		}
	})
}

func TestArabicLettersJoin(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"first, middle, last", "ببب", "\uFE91\uFE92\uFE90"},
		{"alone", "ب", "ب"},
		{"a letter that does not reach out", "دار", "دار"},
		{"after one that does not reach out", "دب", "دب"},
		{"lam and alef are one", "لا", "\uFEFB"},
		{"lam and alef after a letter", "بلا", "\uFE91\uFEFC"},
		{"kept apart", "می\u200Cم", "\uFEE3\uFBFDم"},
		{"not across a space", "بب بب", "\uFE91\uFE90 \uFE91\uFE90"},
		{"marks stay", "بَب", "\uFE91\u064E\uFE90"},
		{"other scripts", "אב ab", "אב ab"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, cl := range join(clusters(tt.in), func(rune) bool { return true }) {
				got += string(cl.runes)
			}
			if got != tt.want {
				t.Errorf("%q is shown as %+q, want %+q", tt.in, got, tt.want)
			}
		})
	}
	for _, cl := range join(clusters("ببلا"), func(rune) bool { return false }) {
		if cl.runes[0] > 0xFB00 {
			t.Errorf("a form that no font has was taken: %+q", cl.runes)
		}
	}
}
