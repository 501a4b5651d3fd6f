package telegram_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot/message"
)

func TestLongQuoteIsFolded(t *testing.T) {
	for n, tag := range map[int]string{600: "<blockquote>", 601: "<blockquote expandable>"} {
		m := &message.Message{Blocks: []message.Block{{Kind: message.Quote, Inlines: words(strings.Repeat("q", n))}}}
		if got := telegram.LayOut(m, message.Rich)[0].Body; !strings.HasPrefix(got, tag) {
			t.Errorf("%d: got %.40s, want %s", n, got, tag)
		}
	}
}

func TestCharactersAreNotTornApart(t *testing.T) {
	family := "👩‍👩‍👧‍👦"
	m := &message.Message{Blocks: []message.Block{{Inlines: words(strings.Repeat(family, 1000))}}}
	for i, s := range telegram.LayOut(m, message.Rich) {
		if strings.ReplaceAll(s.Body, family, "") != "" {
			t.Errorf("sheet %d has a torn character", i)
		}
	}
}

func TestEmptyMessageIsOneSheet(t *testing.T) {
	for _, form := range []message.Form{message.Rich, message.Flat, message.Bare} {
		if got := telegram.LayOut(&message.Message{}, form); len(got) != 1 || got[0].Body != "" {
			t.Errorf("%s: got %+v", form, got)
		}
	}
}

// FuzzLayOut checks that whatever is said, Telegram can read it.
func FuzzLayOut(f *testing.F) {
	f.Add("Title <b>", "https://example.com/?a=\"", "text & @name \u202e", uint16(1), false)
	f.Add("", "javascript:x", "a\xffb\n\n"+strings.Repeat("long ", 50), uint16(40), true)
	f.Add("😀", "https://e.co", "é\u0301\u200d", uint16(900), true)
	f.Fuzz(func(t *testing.T, title, address, text string, times uint16, pictured bool) {
		if len(text)*int(times) > 9_000 {
			t.Skip("more than a message ever has")
		}
		long := strings.Repeat(text, int(times))
		inlines := []message.Inline{
			{Text: long}, {Kind: message.Bold, Text: text}, {Kind: message.Code, Text: text},
			{Kind: message.Link, Text: text, URL: address}, {Kind: message.Moment, Text: text, Time: time.Unix(1, 0)},
			{Kind: message.Italic, Text: text},
		}
		m := &message.Message{
			Title: title, TitleURL: address, Footer: inlines,
			Blocks: []message.Block{
				{Inlines: inlines}, {Kind: message.Quote, Inlines: inlines},
				{Kind: message.Fields, Fields: []message.Field{{Name: title, Value: inlines}}},
				{Kind: message.List, Items: [][]message.Inline{inlines, inlines}},
				{Kind: message.Table, Rows: [][]string{{title, text}, {text}}},
			},
		}
		if pictured {
			m.Picture = message.NewPicture("k", "a", nil)
		}
		for _, form := range []message.Form{message.Rich, message.Flat, message.Bare} {
			sheets := telegram.LayOut(m, form)
			if !reflect.DeepEqual(sheets, telegram.LayOut(m, form)) {
				t.Fatalf("%s: laid out differently", form)
			}
			for i, s := range sheets {
				checkSheet(t, form, i, s)
			}
		}
	})
}

func checkSheet(t *testing.T, form message.Form, i int, s telegram.Sheet) {
	t.Helper()
	seen, entities := s.Body, []telegramtest.Entity(nil)
	if s.Mode != "" {
		var err error
		if seen, entities, err = telegramtest.ParseHTML(s.Body); err != nil {
			t.Fatalf("%s sheet %d: %v in %q", form, i, err, s.Body)
		}
	}
	limit := 4096
	if s.Photo {
		limit = 1024
	}
	if n := utf8.RuneCountInString(seen); n > limit || n != s.Visible {
		t.Errorf("%s sheet %d: %d code points, said %d", form, i, n, s.Visible)
	}
	if len(entities) > 100 {
		t.Errorf("%s sheet %d: %d entities", form, i, len(entities))
	}
	if !utf8.ValidString(s.Body) || len(s.Body) > 65536 {
		t.Errorf("%s sheet %d: invalid or of %d bytes", form, i, len(s.Body))
	}
	if strings.ContainsAny(s.Body, "\x00\t\r\u202e\u2028") {
		t.Errorf("%s sheet %d: controls in %q", form, i, s.Body)
	}
}
