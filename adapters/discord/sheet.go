package discord

import (
	"strings"

	"bellwether/bot/message"
)

// Limits of a message in code points (Discord: message and embed limits). The
// parts of an embed are kept below their own limits so that their sum is below
// 6,000 as well.
const (
	maxContent     = 2000
	maxTitle       = 256
	maxDescription = 3500 // Discord: 4,096
	maxFooter      = 500  // Discord: 2,048
	maxFields      = 25
	maxFieldName   = 256
	maxFieldValue  = 1024
	maxFieldsSum   = 1500
	maxAlt         = 1024
)

// sheet is one of Discord's messages before it is sent.
type sheet struct {
	content string
	embed   *embed
	rows    []row
	picture bool   // the message's picture belongs to this sheet
	alt     string // what the picture shows
	mention string // the role that may be notified
	silent  bool
	bare    bool // content with addresses of which no preview is wanted
	name    string
}

type embed struct {
	Title       string       `json:"title,omitempty"`
	URL         string       `json:"url,omitempty"`
	Description string       `json:"description,omitempty"`
	Colour      int          `json:"color,omitempty"`
	Fields      []embedField `json:"fields,omitempty"`
	Footer      *embedFooter `json:"footer,omitempty"`
	Image       *embedImage  `json:"image,omitempty"`
}

type embedField struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Inline bool   `json:"inline,omitempty"`
}

type embedFooter struct {
	Text string `json:"text"`
}

type embedImage struct {
	URL string `json:"url"`
}

// layOut returns the sheets that a message becomes in a form: always the same.
// There is at least one.
func layOut(m *message.Message, form message.Form) []sheet {
	var sheets []sheet
	switch form {
	case message.Flat:
		sheets = flatSheets(m)
	case message.Bare:
		sheets = []sheet{{content: bareContent(m), bare: true}}
	default:
		sheets = richSheets(m)
	}
	first, last := &sheets[0], &sheets[len(sheets)-1]
	if isID(m.Mention) {
		first.mention = m.Mention
	}
	if m.Picture != nil && form != message.Bare {
		first.picture, first.alt = true, m.Picture.Alt
	}
	if form != message.Bare {
		last.rows = makeRows(m.Buttons, form)
	}
	name := threadName(m)
	for i := range sheets {
		sheets[i].silent = m.Quiet
		sheets[i].name = name
	}
	return sheets
}

func richSheets(m *message.Message) []sheet {
	blocks, fields := splitFields(m.Blocks)
	var s script
	for _, b := range blocks {
		s.block(b)
	}
	footer, linked := footerText(m.Footer)
	if linked {
		s.footer(m.Footer)
	}
	pages := paginate(s.pieces, maxDescription)
	sheets := make([]sheet, max(len(pages), 1))
	for i := range sheets {
		e := &embed{Colour: colour(m.Tone)}
		if i < len(pages) {
			e.Description = pages[i]
		}
		sheets[i].embed = e
	}
	first, last := sheets[0].embed, sheets[len(sheets)-1].embed
	first.Title = message.Cut(strings.TrimSpace(defuse(oneLine(m.Title))), maxTitle)
	if isAddress(m.TitleURL) && first.Title != "" {
		first.URL = m.TitleURL
	}
	last.Fields = fields
	if footer != "" && !linked {
		last.Footer = &embedFooter{Text: footer}
	}
	for _, sh := range sheets {
		if e := sh.embed; e.Title == "" && e.Description == "" && len(e.Fields) == 0 && m.Picture == nil {
			// Discord refuses an embed that says nothing.
			e.Description = breaker
		}
	}
	return sheets
}

// splitFields takes the pairs at the end of a message out of its blocks, where
// they are few and short: an embed shows its fields below its words.
func splitFields(blocks []message.Block) ([]message.Block, []embedField) {
	from := len(blocks)
	for from > 0 && blocks[from-1].Kind == message.Fields {
		from--
	}
	var fields []embedField
	sum := 0
	for _, b := range blocks[from:] {
		for _, f := range b.Fields {
			s := script{start: true}
			s.inlines(f.Value)
			made := embedField{Name: strings.TrimSpace(escape(oneLine(f.Name), true)), Value: strings.TrimSpace(join(s.pieces)), Inline: runes(join(s.pieces)) <= 40}
			name, value := runes(made.Name), runes(made.Value)
			sum += name + value
			if name == 0 || value == 0 || name > maxFieldName || value > maxFieldValue || sum > maxFieldsSum || len(fields) == maxFields {
				return blocks, nil
			}
			fields = append(fields, made)
		}
	}
	return blocks[:from], fields
}

func join(pieces []piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.text)
	}
	return b.String()
}

// footerText returns the small print as plain words, and whether it needs
// markup, which an embed's footer does not have.
func footerText(inlines []message.Inline) (text string, linked bool) {
	var b strings.Builder
	for _, in := range inlines {
		linked = linked || in.Kind == message.Link || in.Kind == message.Moment
		b.WriteString(in.Text)
	}
	return message.Cut(strings.TrimSpace(defuse(b.String())), maxFooter), linked
}

// footer writes the small print under the words.
func (s *script) footer(inlines []message.Inline) {
	if len(s.pieces) > 0 {
		s.newLine()
	}
	s.put("-# ")
	for _, in := range message.CutInlines(inlines, maxFooter) {
		in.Text = strings.ReplaceAll(in.Text, "\n", " ")
		s.inline(in)
	}
}

// colour returns the colour of a tone; the signs and words say the same.
func colour(t message.Tone) int {
	switch t {
	case message.Rise:
		return 0x2E9E5B
	case message.Fall:
		return 0xC9413B
	case message.Warning:
		return 0xC98A1B
	}
	return 0x4A6FA5
}

func flatSheets(m *message.Message) []sheet {
	s := script{plain: true, start: true}
	if title := oneLine(m.Title); title != "" {
		s.words(title)
	}
	for _, b := range m.Blocks {
		s.block(b)
	}
	if len(m.Footer) > 0 {
		s.newLine()
		s.gap()
		s.inlines(m.Footer)
	}
	if address := linkable(m.TitleURL); isAddress(address) && len(address) <= maxLink {
		s.newLine()
		s.put("<" + address + ">")
	}
	pages := paginate(s.pieces, maxContent-mentionRoom)
	if len(pages) == 0 {
		pages = []string{breaker}
	}
	sheets := make([]sheet, len(pages))
	for i, page := range pages {
		sheets[i] = sheet{content: page, bare: true}
	}
	return sheets
}

// mentionRoom is kept for the role that is notified: "<@&" + 20 digits + ">\n".
const mentionRoom = 30

// bareContent returns a title and its link.
func bareContent(m *message.Message) string {
	title := oneLine(m.Title)
	if title == "" {
		title = oneLine(m.Plain())
	}
	// Escaped words may be twice as long.
	body := strings.TrimSpace(escape(message.Cut(title, 400), true))
	address := linkable(m.TitleURL)
	if !isAddress(address) {
		address = linkable(m.Preview)
	}
	if isAddress(address) && len(address) <= maxLink {
		body = strings.TrimSpace(body + "\n<" + address + ">")
	}
	if body == "" {
		return breaker
	}
	return body
}

// threadName returns the name of a forum's post (Discord: 1 to 100 code points).
func threadName(m *message.Message) string {
	const longest = 100
	name := oneLine(m.Title)
	if name == "" {
		name = oneLine(m.Plain())
	}
	name = strings.TrimSpace(message.Cut(defuse(name), longest))
	if name == "" {
		return "News"
	}
	return name
}

const (
	fence      = "```"
	quoteMark  = "> "
	fenceSpace = 8 // a fence and a line's end before and after
)

// paginate divides finished markup into texts of at most limit code points. A
// text is divided between blocks, else between lines, else between words; what
// frames the lines is closed and opened again.
func paginate(pieces []piece, limit int) []string {
	var pages []string
	for from := 0; from < len(pieces); {
		end := pageEnd(pieces, from, limit)
		if page := writePage(pieces[from:end]); page != "" {
			pages = append(pages, page)
		}
		from = end
	}
	return pages
}

// pageEnd returns where a page that begins at from ends.
func pageEnd(pieces []piece, from, limit int) int {
	used, lineEnd, gapEnd := 0, 0, 0
	open := unframed
	start := true
	for i := from; i < len(pieces); i++ {
		p := pieces[i]
		cost := p.size
		if p.frame == quoted && start {
			cost += len(quoteMark)
		}
		if p.frame == coded && open != coded {
			cost += fenceSpace
		}
		if used+cost > limit && i > from {
			switch {
			case gapEnd > from && used-sizeOf(pieces[gapEnd:i]) >= limit/2:
				return gapEnd
			case lineEnd > from && used-sizeOf(pieces[lineEnd:i]) >= limit/2:
				return lineEnd
			}
			return i
		}
		used += cost
		open, start = p.frame, p.line
		if p.line {
			lineEnd = i + 1
			if p.gap {
				gapEnd = i + 1
			}
		}
	}
	return len(pieces)
}

func sizeOf(pieces []piece) int {
	n := 0
	for _, p := range pieces {
		n += p.size
	}
	return n
}

// writePage writes one page, without empty lines around it.
func writePage(pieces []piece) string {
	for len(pieces) > 0 && pieces[0].line {
		pieces = pieces[1:]
	}
	for len(pieces) > 0 && pieces[len(pieces)-1].line {
		pieces = pieces[:len(pieces)-1]
	}
	var b strings.Builder
	open, start := unframed, true
	for _, p := range pieces {
		if p.frame != open {
			if open == coded {
				b.WriteString("\n" + fence)
			}
			if p.frame == coded {
				b.WriteString(fence + "\n")
			}
			open = p.frame
		}
		if p.frame == quoted && start {
			b.WriteString(quoteMark)
		}
		b.WriteString(p.text)
		start = p.line
	}
	if open == coded {
		b.WriteString("\n" + fence)
	}
	return strings.TrimSpace(b.String())
}
