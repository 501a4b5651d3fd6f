package message_test

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"bellwether/bot/message"
)

func TestCut(t *testing.T) {
	for _, tt := range []struct {
		in   string
		n    int
		want string
	}{
		{"price", 5, "price"},
		{"prices", 5, "pric…"},
		{"a b c", 3, "a…"},
		{"日経平均株価", 4, "日経平…"},
		{"go 👩\u200D💻 go", 5, "go…"}, // never half of a person
		{"e\u0301e\u0301", 3, "e\u0301…"},
		{"abc", 1, "…"},
		{"abc", 0, ""},
		{"", 3, ""},
	} {
		if got := message.Cut(tt.in, tt.n); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
	}
}

func blocks() []message.Block {
	return []message.Block{
		message.P(message.T("Gold rose above "), message.B("$4,000"), message.T(" for the first time.")),
		message.Pairs(message.Pair("Price", message.B("4,001.20")), message.Pair("Change", message.T("▲ 1.2%"))),
		message.Items(message.Item(message.A("Fed cuts", "https://example.com/fed")), message.Item(message.T("Dollar falls"))),
		message.Rows([]string{"STI", "4,431.20", "▲ 0.4%"}, []string{"恒生指数", "25,901.77", "▼ 1.4%"}),
		message.Said(message.I("We will see.")),
	}
}

func TestCutBlocksKeepsEveryBudget(t *testing.T) {
	all := blocks()
	whole := message.Message{Blocks: all}.Length()
	for budget := range whole + 2 {
		got := message.CutBlocks(all, budget)
		if n := (message.Message{Blocks: got}).Length(); n > budget {
			t.Errorf("CutBlocks to %d has %d code points", budget, n)
		}
		for _, b := range got {
			for _, row := range b.Rows[:min(len(b.Rows), 1)] {
				if len(row) != 3 {
					t.Errorf("CutBlocks to %d broke a row: %q", budget, row)
				}
			}
		}
	}
	if got := message.CutBlocks(all, whole); !reflect.DeepEqual(got, all) {
		t.Error("CutBlocks changed blocks that fit")
	}
	if !reflect.DeepEqual(all, blocks()) {
		t.Error("CutBlocks changed its input")
	}
}

func TestCutBlocksShowsWhereItCut(t *testing.T) {
	got := message.CutBlocks([]message.Block{message.P(message.T("abc "), message.B("defghi"))}, 8)
	if text := got[0].Plain(); text != "abc def…" {
		t.Errorf("cut to %q", text)
	}
	if got[0].Inlines[1].Kind != message.Bold {
		t.Error("the cut words lost their dress")
	}
}

func TestFitCutsBlocksThenFooterThenTitle(t *testing.T) {
	m := message.Message{Title: "Gold above $4,000", Blocks: blocks(), Footer: []message.Inline{message.T("Yahoo · 15 min late")}}
	for limit := m.Length() + 1; limit >= 1; limit-- {
		got := message.Fit(m, func(m message.Message) bool { return m.Length() <= limit })
		if n := got.Length(); n > limit {
			t.Fatalf("Fit to %d has %d code points: %q", limit, n, got.Plain())
		}
		if limit > 40 && (got.Title != m.Title || len(got.Footer) != 1) {
			t.Fatalf("Fit to %d lost title or footer: %q", limit, got.Plain())
		}
	}
}

func TestPlain(t *testing.T) {
	m := message.Message{Title: "Gold", TitleURL: "https://example.com/", Blocks: blocks(), Footer: []message.Inline{message.T("Yahoo")}}
	want := strings.Join([]string{
		"Gold",
		"Gold rose above $4,000 for the first time.",
		"Price: 4,001.20\nChange: ▲ 1.2%",
		"• Fed cuts (https://example.com/fed)\n• Dollar falls",
		"STI        4,431.20  ▲ 0.4%\n恒生指数  25,901.77  ▼ 1.4%",
		"We will see.",
		"Yahoo",
		"https://example.com/",
	}, "\n\n")
	if got := m.Plain(); got != want {
		t.Errorf("Plain:\n%s\nwant:\n%s", got, want)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("👩\u200D💻 e\u0301 日経", 4)
	f.Fuzz(func(t *testing.T, s string, n int) {
		if !utf8.ValidString(s) {
			return
		}
		got := message.Cut(s, n)
		if c := utf8.RuneCountInString(got); c > max(n, 0) || !utf8.ValidString(got) {
			t.Fatalf("Cut(%q, %d) = %q", s, n, got)
		}
		if !strings.HasPrefix(s, strings.TrimSuffix(got, "…")) {
			t.Fatalf("Cut(%q, %d) = %q is not its beginning", s, n, got)
		}
	})
}
