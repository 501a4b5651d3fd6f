package telegramtest_test

import (
	"testing"
	"unicode/utf8"

	"bellwether/adapters/telegram/telegramtest"
)

func TestParseHTMLReadsMarkup(t *testing.T) {
	tests := map[string]struct {
		markup, text string
		want         []telegramtest.Entity
	}{
		"plain":                  {"a & b", "a & b", nil},
		"references":             {"&lt;&gt;&amp;&quot;&#39;&#x41;&nbsp;&", "<>&\"'A&nbsp;&", nil},
		"bold":                   {"😀<b>x</b>", "😀x", []telegramtest.Entity{{Type: "bold", Offset: 2, Length: 1}}},
		"nested":                 {"<a href=\"https://e.co/?a=1&amp;b=2\"><b>x</b></a>", "x", []telegramtest.Entity{{Type: "bold", Length: 1}, {Type: "text_link", Length: 1, URL: "https://e.co/?a=1&b=2"}}},
		"bad address is dropped": {`<a href="http://localhost">x</a>`, "x", nil},
		"empty tag is dropped":   {"<b></b>x", "x", nil},
		"folded quote":           {"<blockquote expandable>x</blockquote>", "x", []telegramtest.Entity{{Type: "expandable_blockquote", Length: 1}}},
		"time":                   {`<tg-time unix="5">x</tg-time>`, "x", []telegramtest.Entity{{Type: "date_time", Length: 1, Unix: 5}}},
		"nameless end":           {"<b>x</>", "x", []telegramtest.Entity{{Type: "bold", Length: 1}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text, got, err := telegramtest.ParseHTML(test.markup)
			if err != nil || text != test.text {
				t.Fatalf("got %q, %v, want %q", text, err, test.text)
			}
			if len(got) != len(test.want) {
				t.Fatalf("got %+v, want %+v", got, test.want)
			}
			for i := range got {
				if got[i] != test.want[i] {
					t.Errorf("got %+v, want %+v", got[i], test.want[i])
				}
			}
		})
	}
}

func TestParseHTMLRefusesBadMarkup(t *testing.T) {
	tests := map[string]string{
		"<x>":               `Unsupported start tag "x" at byte offset 0`,
		"a<b":               `Unclosed start tag at byte offset 1`,
		"<b>x":              `Can't find end tag corresponding to start tag "b"`,
		"x</b>":             `Unexpected end tag at byte offset 1`,
		"<b>x</i>":          `Unmatched end tag at byte offset 4, expected "</b>", found "</i>"`,
		"<a =x>y</a>":       `Empty attribute name in the tag "a" at byte offset 0`,
		"<a href=a:b>y</a>": `Unexpected end of name token at byte offset 9`,
		`<a href="x>y</a>`:  `Unclosed start tag "a" at byte offset 0`,
		"<span>x</span>":    `Tag "span" must have class "tg-spoiler" at byte offset 0`,
		"<b>x</b":           `Unclosed end tag at byte offset 4`,
	}
	for markup, want := range tests {
		if _, _, err := telegramtest.ParseHTML(markup); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", markup, err, want)
		}
	}
}

func FuzzParseHTML(f *testing.F) {
	f.Add("<b>x</b> &lt; <a href='https://e.co'>y</a>")
	f.Add("<blockquote expandable>&#x1F600;</blockquote>")
	f.Fuzz(func(t *testing.T, markup string) {
		text, entities, err := telegramtest.ParseHTML(markup)
		if err != nil {
			return
		}
		if !utf8.ValidString(text) {
			t.Errorf("text of %q is not valid UTF-8", markup)
		}
		for _, e := range entities {
			if e.Offset < 0 || e.Length <= 0 {
				t.Errorf("entity %+v of %q", e, markup)
			}
		}
	})
}
