package telegram

import (
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/message"
)

// htmlMode is the parse mode of marked words. It is the one in which
// everything from outside can be escaped safely.
const htmlMode = "HTML"

// sheet is one of Telegram's messages before it is sent.
type sheet struct {
	body    string
	mode    string // "" for plain words
	visible int    // code points after entities parsing
	photo   bool   // the message's picture, with body as its caption
}

func (s sheet) fitsCaption() bool { return s.visible <= maxCaption }

// text puts the sheet as a text; only the first of several shows a preview.
func (s sheet) text(params tgbotapi.Params, part int, preview string) {
	params["text"] = s.body
	if s.mode != "" {
		params["parse_mode"] = s.mode
	}
	params["link_preview_options"] = `{"is_disabled":true}`
	if address, ok := linkAddress(preview); ok && part == 0 {
		params["link_preview_options"] = `{"url":` + quote(address) + `}`
	}
}

// caption puts the sheet as a photo's caption.
func (s sheet) caption(params tgbotapi.Params) {
	if s.body == "" {
		return
	}
	params["caption"] = s.body
	if s.mode != "" {
		params["parse_mode"] = s.mode
	}
}

// layOut returns the sheets that a message becomes in a form: always the same.
func layOut(m *message.Message, form message.Form) []sheet {
	if form == message.Bare {
		return []sheet{bare(m)}
	}
	w := words{plain: form == message.Flat, spans: make([]span, 0, spansOfMessage)}
	w.title(m)
	if m.Picture == nil {
		w.body(m)
		return dressAll(pages(w.spans, maxText), w.plain)
	}
	head := w.spans
	w.spans = append(make([]span, 0, spansOfMessage), head...)
	w.body(m)
	if fits(w.spans, maxCaption) {
		s := dress(w.spans, w.plain)
		s.photo = true
		return []sheet{s}
	}
	// The picture goes first with the title; the words follow as a text.
	captions := pages(head, maxCaption)
	rest := words{plain: w.plain}
	for _, page := range captions[1:] {
		rest.spans = append(rest.spans, page...)
	}
	rest.body(m)
	first := dress(captions[0], w.plain)
	first.photo = true
	return append([]sheet{first}, dressAll(pages(rest.spans, maxText), w.plain)...)
}

// bare returns a title and its link.
func bare(m *message.Message) sheet {
	title := clean(m.Title, true)
	if strings.TrimSpace(title) == "" {
		w := words{plain: true}
		w.body(m)
		title = dress(w.spans, true).body
	}
	body := strings.TrimSpace(clip(title, maxCaption))
	address, ok := linkAddress(m.TitleURL)
	if !ok {
		address, ok = linkAddress(m.Preview)
	}
	if ok {
		body = strings.TrimSpace(body + "\n" + address)
	}
	return sheet{body: body, visible: utf8.RuneCountInString(body)}
}

func dressAll(runs [][]span, plain bool) []sheet {
	sheets := make([]sheet, len(runs))
	for i, run := range runs {
		sheets[i] = dress(run, plain)
	}
	return sheets
}

// dress writes spans as Telegram reads them. Tags come only from here, and each
// is closed before the next span begins, so they are always balanced.
func dress(spans []span, plain bool) sheet {
	s := sheet{visible: length(spans)}
	size := 0
	for i := range spans {
		size += len(spans[i].text) + len(spans[i].url) + 24
	}
	var b strings.Builder
	b.Grow(size)
	if plain {
		for i := range spans {
			b.WriteString(spans[i].text)
		}
		s.body = b.String()
		return s
	}
	open := unframed
	for i := range spans {
		if spans[i].frame != open {
			b.WriteString(open.end())
			open = spans[i].frame
			b.WriteString(open.begin())
		}
		spans[i].write(&b)
	}
	b.WriteString(open.end())
	s.body, s.mode = b.String(), htmlMode
	return s
}

// write writes the span's tags and its escaped text.
func (s span) write(b *strings.Builder) {
	if s.code {
		b.WriteString("<code>")
		escape(b, s.text)
		b.WriteString("</code>")
		return
	}
	if s.url != "" {
		b.WriteString(`<a href="`)
		escape(b, s.url)
		b.WriteString(`">`)
	}
	if s.moment != "" {
		b.WriteString(`<tg-time unix="` + s.moment + `">`)
	}
	if s.bold {
		b.WriteString("<b>")
	}
	if s.italic {
		b.WriteString("<i>")
	}
	escape(b, s.text)
	if s.italic {
		b.WriteString("</i>")
	}
	if s.bold {
		b.WriteString("</b>")
	}
	if s.moment != "" {
		b.WriteString("</tg-time>")
	}
	if s.url != "" {
		b.WriteString("</a>")
	}
}

// escape writes text for Telegram's HTML, also within double quotes.
func escape(b *strings.Builder, text string) {
	from := 0
	for i := range len(text) {
		var entity string
		switch text[i] {
		case '&':
			entity = "&amp;"
		case '<':
			entity = "&lt;"
		case '>':
			entity = "&gt;"
		case '"':
			entity = "&quot;"
		default:
			continue
		}
		b.WriteString(text[from:i])
		b.WriteString(entity)
		from = i + 1
	}
	b.WriteString(text[from:])
}

// clean drops what Telegram would drop or what turns the direction of others'
// words, and, where guard is set, keeps names behind an "@" from becoming
// mentions. Most texts come back as they are.
func clean(text string, guard bool) string {
	if !needsCleaning(text, guard) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	for i, r := range text {
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r == '@' && guard:
			b.WriteByte('@')
			if i+1 < len(text) && namesSomeone(text[i+1]) {
				b.WriteString("\u200c")
			}
		case unseen(r):
		default:
			b.WriteRune(r) // an invalid byte becomes U+FFFD
		}
	}
	return b.String()
}

func needsCleaning(text string, guard bool) bool {
	for i := range len(text) {
		c := text[i]
		if c < ' ' && c != '\n' || c >= 0x7F || c == '@' && guard {
			return true
		}
	}
	return false
}

func namesSomeone(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

// unseen tells whether a character is a control, a line separator, an embedding
// or an override of direction, or a byte order mark. Isolates stay: they are
// ours, around words that run from right to left.
func unseen(r rune) bool {
	switch {
	case r < ' ':
		return r != '\n'
	case r >= 0x7F && r <= 0x9F, r >= 0x2028 && r <= 0x202E, r == 0xFEFF, r >= 0xE0000 && r <= 0xE007F:
		return true
	}
	return false
}

// clip returns at most so many code points of text.
func clip(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return text[:prefix(text, limit-1, len(text))] + "…"
}

// linkAddress returns an address that Telegram takes in a link or a button
// (tdlib, LinkManager: it parses, and its host has a dot).
func linkAddress(address string) (string, bool) {
	if address == "" || len(address) > message.MaxURL || !utf8.ValidString(address) {
		return "", false
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	host := strings.Trim(u.Hostname(), ".")
	if !strings.Contains(host, ".") || strings.ContainsAny(address, " \n\t<>\"") {
		return "", false
	}
	return address, true
}

func unixTime(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
