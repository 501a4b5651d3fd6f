package telegram

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"bellwether/bot/message"
)

// Limits of a message (Telegram: 1-4096 and 0-1024 code points after entities
// parsing; about 100 entities and 9,500 characters of entities; input is cut at
// 35,000 bytes).
const (
	maxText     = 4096
	maxCaption  = 1024
	maxEntities = 100
	maxAddress  = 8000  // bytes of all addresses in a message
	maxInput    = 30000 // bytes of text before markup
)

// foldedQuote is how long a quote is before it is folded, in code points.
const foldedQuote = 600

// frame is what stands around a run of spans.
type frame uint8

const (
	unframed frame = iota
	quoted
	folded // a quote of which only the beginning is shown
	fixed  // a fixed-width face
)

func (f frame) begin() string {
	switch f {
	case quoted:
		return "<blockquote>"
	case folded:
		return "<blockquote expandable>"
	case fixed:
		return "<pre>"
	}
	return ""
}

func (f frame) end() string {
	switch f {
	case quoted, folded:
		return "</blockquote>"
	case fixed:
		return "</pre>"
	}
	return ""
}

// span is a run of words in one dress. Its text is clean.
type span struct {
	text               string
	url                string
	moment             string // Unix time
	bold, italic, code bool
	frame              frame
}

// entities returns how many of Telegram's entities the span makes.
func (s span) entities() int {
	n := 0
	for _, has := range []bool{s.bold, s.italic, s.code, s.url != "", s.moment != ""} {
		if has {
			n++
		}
	}
	return n
}

// Rooms for the spans of a usual block and a usual message.
const (
	spansOfBlock   = 8
	spansOfMessage = 24
)

// words collects a message's spans.
type words struct {
	spans []span
	plain bool // links are followed by their address
}

// title writes the first line.
func (w *words) title(m *message.Message) {
	text := clean(m.Title, true)
	if strings.TrimSpace(text) == "" {
		return
	}
	s := span{text: text, bold: true}
	if address, ok := linkAddress(m.TitleURL); ok && !w.plain {
		s.url = address
	}
	w.spans = append(w.spans, s)
}

// body writes all that follows the title.
func (w *words) body(m *message.Message) {
	before := unframed
	first := true
	made := words{plain: w.plain, spans: make([]span, 0, spansOfBlock)}
	for _, b := range m.Blocks {
		made.spans = made.spans[:0]
		made.block(b)
		if len(made.spans) == 0 {
			continue
		}
		now := made.spans[0].frame
		switch {
		case len(w.spans) == 0:
		case first, before != unframed, now != unframed:
			w.put("\n")
		default:
			w.put("\n\n")
		}
		w.spans = append(w.spans, made.spans...)
		before, first = now, false
	}
	w.footer(m)
}

// footer writes the small print, and in plain words the title's address.
func (w *words) footer(m *message.Message) {
	made := words{plain: w.plain}
	for _, in := range m.Footer {
		made.inline(in)
	}
	if len(made.spans) > 0 {
		if len(w.spans) > 0 {
			w.put("\n\n")
		}
		for _, s := range made.spans {
			s.italic = !s.code && s.moment == ""
			w.spans = append(w.spans, s)
		}
	}
	if !w.plain {
		return
	}
	if address, ok := linkAddress(m.TitleURL); ok {
		if len(w.spans) > 0 {
			w.put("\n\n")
		}
		w.put(address)
	}
}

func (w *words) put(text string) { w.spans = append(w.spans, span{text: text}) }

func (w *words) block(b message.Block) {
	switch b.Kind {
	case message.Fields:
		for _, f := range b.Fields {
			w.newLine()
			w.spans = append(w.spans, span{text: clean(f.Name, true), bold: true})
			w.put(": ")
			w.inlines(f.Value)
		}
	case message.List:
		for _, item := range b.Items {
			w.newLine()
			w.put("• ")
			w.inlines(item)
		}
	case message.Table:
		text := clean(strings.Join(message.AlignRows(b.Rows), "\n"), true)
		if strings.TrimSpace(text) != "" {
			w.spans = append(w.spans, span{text: text, frame: fixed})
		}
	case message.Quote:
		w.inlines(b.Inlines)
		f := quoted
		if length(w.spans) > foldedQuote {
			f = folded
		}
		for i := range w.spans {
			w.spans[i].frame = f
		}
	default:
		w.inlines(b.Inlines)
	}
}

func (w *words) newLine() {
	if len(w.spans) > 0 {
		w.put("\n")
	}
}

func (w *words) inlines(inlines []message.Inline) {
	for _, in := range inlines {
		w.inline(in)
	}
}

func (w *words) inline(in message.Inline) {
	s := span{text: clean(in.Text, in.Kind != message.Code)}
	address, linked := "", false
	if in.Kind == message.Link {
		address, linked = linkAddress(in.URL)
		if s.text == "" && linked {
			s.text = address
		}
	}
	if s.text == "" {
		return
	}
	switch in.Kind {
	case message.Bold:
		s.bold = true
	case message.Italic:
		s.italic = true
	case message.Code:
		s.code = true
	case message.Moment:
		s.moment = unixTime(in.Time)
	case message.Link:
		switch {
		case !linked || w.plain && s.text == address:
		case w.plain:
			s.text += " (" + address + ")"
		default:
			s.url = address
		}
	}
	w.spans = append(w.spans, s)
}

// length returns the visible code points of spans.
func length(spans []span) int {
	n := 0
	for _, s := range spans {
		n += utf8.RuneCountInString(s.text)
	}
	return n
}

// measure is how much of a message's limits spans use.
type measure struct{ runes, entities, address, input int }

func (m measure) add(s span, before frame) measure {
	m.runes += utf8.RuneCountInString(s.text)
	m.entities += s.entities()
	m.address += len(s.url)
	m.input += len(s.text)
	if s.frame != unframed && s.frame != before {
		m.entities++
	}
	return m
}

func (m measure) fits(limit int) bool {
	return m.runes <= limit && m.entities <= maxEntities && m.address <= maxAddress && m.input <= maxInput
}

func fits(spans []span, limit int) bool {
	var m measure
	before := unframed
	for _, s := range spans {
		m, before = m.add(s, before), s.frame
	}
	return m.fits(limit)
}

// pages splits spans into runs that fit, at the ends of paragraphs, lines and
// words where there are some, and never inside of what is seen as a character.
func pages(spans []span, limit int) [][]span {
	var out [][]span
	for !fits(spans, limit) {
		head, tail := cut(spans, limit)
		if head = trimmed(head); len(head) > 0 {
			out = append(out, head)
		}
		spans = trimmed(tail)
	}
	if len(spans) > 0 || len(out) == 0 {
		out = append(out, spans)
	}
	return out
}

// cut splits spans, which don't fit, where the first part is as long as it may be.
func cut(spans []span, limit int) (head, tail []span) {
	var m measure
	before := unframed
	i := 0
	for ; i < len(spans); i++ {
		next := m.add(spans[i], before)
		if !next.fits(limit) {
			break
		}
		m, before = next, spans[i].frame
	}
	bare := spans[i]
	bare.text = ""
	room := 0
	if m.add(bare, before).fits(limit) {
		room = prefix(spans[i].text, limit-m.runes, maxInput-m.input)
	}
	if i == 0 && room == 0 {
		// A single character beyond the limit: break it rather than stand still.
		for j := range spans[0].text {
			if j > 0 && utf8.RuneCountInString(spans[0].text[:j]) >= limit {
				room = j
				break
			}
		}
	}
	var text strings.Builder
	for _, s := range spans[:i] {
		text.WriteString(s.text)
	}
	text.WriteString(spans[i].text[:room])
	return splitAt(spans, seam(text.String()))
}

// prefix returns the bytes of the longest run of whole characters, as people
// see them, of at most runes code points and size bytes.
func prefix(text string, runes, size int) int {
	at, state := 0, -1
	for rest := text; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		runes -= utf8.RuneCountInString(cluster)
		if runes < 0 || at+len(cluster) > size {
			break
		}
		at += len(cluster)
	}
	return at
}

// seam returns where a text is best cut, in its second half.
func seam(text string) int {
	for _, mark := range []string{"\n\n", "\n", " "} {
		if i := strings.LastIndex(text, mark); i > len(text)/2 {
			return i
		}
	}
	return len(text)
}

// splitAt splits spans after so many bytes of text.
func splitAt(spans []span, at int) (head, tail []span) {
	for i, s := range spans {
		if at >= len(s.text) {
			at -= len(s.text)
			continue
		}
		head = append(head, spans[:i]...)
		first, second := s, s
		first.text, second.text = s.text[:at], s.text[at:]
		if first.text != "" {
			head = append(head, first)
		}
		return head, append([]span{second}, spans[i+1:]...)
	}
	return spans, nil
}

// trimmed returns spans without white space at their ends, as Telegram would
// show them.
func trimmed(spans []span) []span {
	spans = append([]span(nil), spans...)
	for len(spans) > 0 {
		if spans[0].text = strings.TrimLeft(spans[0].text, " \n"); spans[0].text != "" {
			break
		}
		spans = spans[1:]
	}
	for len(spans) > 0 {
		last := &spans[len(spans)-1]
		if last.text = strings.TrimRight(last.text, " \n"); last.text != "" {
			break
		}
		spans = spans[:len(spans)-1]
	}
	return spans
}
