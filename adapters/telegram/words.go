package telegram

import (
	"strings"

	"bellwether/bot/message"
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
