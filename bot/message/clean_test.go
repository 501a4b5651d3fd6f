package message_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"bellwether/bot/message"
)

func TestClean(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"keeps plain words":             {"Nikkei 225 rose", "Nikkei 225 rose"},
		"repairs broken UTF-8":          {"a\xffb", "a\uFFFDb"},
		"composes":                      {"e\u0301", "é"},
		"drops controls":                {"a\x00\x1b[31mb\u009bc", "a[31mbc"},
		"drops overrides":               {"gpj.\u202Eexe\u2066x\u2069", "gpj.exex"},
		"drops invisible":               {"pa\u200By\u00ADpal\uFEFF", "paypal"},
		"keeps emoji joined":            {"👩\u200D💻", "👩\u200D💻"},
		"keeps one joiner":              {"a\u200D\u200D\u200C\u200Eb", "a\u200Db"},
		"limits marks":                  {"Z" + strings.Repeat("\u0335", 40), "Z" + strings.Repeat("\u0335", 4)},
		"limits marks across joiners":   {"q" + strings.Repeat("\u0335\u200D", 40), "q" + strings.Repeat("\u0335\u200D", 3) + "\u0335"},
		"collapses spaces":              {"  a \t\u00A0 b  ", "a b"},
		"keeps a narrow space":          {"1\u202F234", "1\u202F234"},
		"keeps one empty line":          {"a\r\n\r\n\n \nb\n", "a\n\nb"},
		"ends a line at its separators": {"a\u2028b\u2029c\vd", "a\nb\nc\nd"},
		"empties what shows nothing":    {"\u3164\u2800\n", ""},
		"drops tags":                    {"🏴\U000E0067\U000E007F", "🏴"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := message.Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%+q) = %+q, want %+q", tt.in, got, tt.want)
			}
		})
	}
}

func TestLabelIsOneLine(t *testing.T) {
	if got := message.Label(" a\n\n b\tc\n"); got != "a b c" {
		t.Errorf("Label = %q", got)
	}
}

func TestIsolateWrapsOnlyRightToLeft(t *testing.T) {
	if got := message.Isolate("12 שלום"); got != "\u206812 שלום\u2069" {
		t.Errorf("Isolate = %+q", got)
	}
	if got := message.Isolate("Teva (טבע)"); got != "Teva (טבע)" {
		t.Errorf("Isolate = %+q", got)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\u0301\u200D\u0301 \n\n\n b\xff\u202E")
	f.Add("ᄀ\u0300\u0300\u0300\u0300\u0300ᅡ \u0344\u0F73")
	f.Fuzz(func(t *testing.T, s string) {
		got := message.Clean(s)
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Fatalf("Clean(%+q) = %+q is not valid NFC", s, got)
		}
		if again := message.Clean(got); again != got {
			t.Fatalf("Clean(%+q) = %+q, then %+q", s, got, again)
		}
		if strings.ContainsAny(got, "\u202E\u2066\x00\x1b\t\r") || strings.Contains(got, "\n\n\n") {
			t.Fatalf("Clean(%+q) = %+q", s, got)
		}
		if label := message.Label(s); strings.Contains(label, "\n") || message.Label(label) != label {
			t.Fatalf("Label(%+q) = %+q", s, label)
		}
	})
}
