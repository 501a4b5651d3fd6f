package discord

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"bellwether/bot/message"
)

// breaker is put behind an "@" that would call people: U+200B shows nothing.
const breaker = "\u200b"

// maxLink is how long an address within words may be; a longer one is left out,
// so that no piece of markup is longer than half a message.
const maxLink = 900

// frame is what surrounds lines.
type frame int

const (
	unframed frame = iota
	quoted         // each line begins with "> "
	coded          // between two lines of three backticks
)

// piece is a run of finished markup that is not divided, or the end of a line.
type piece struct {
	text  string
	size  int // code points
	frame frame
	line  bool // the line ends here
	gap   bool // between two blocks: a good place to divide a message
}

// script writes a message's words as Discord reads them. Words from outside
// are escaped, and what would call people is broken.
type script struct {
	pieces []piece
	plain  bool // the same words without markup
	frame  frame
	start  bool // at the start of a line
}

func (s *script) put(text string) {
	if text == "" {
		return
	}
	if n := len(s.pieces); n > 0 && strings.HasSuffix(s.pieces[n-1].text, "@") && callsAll(text) {
		text = breaker + text
	}
	s.pieces = append(s.pieces, piece{text: text, size: runes(text), frame: s.frame})
	s.start = false
}

func (s *script) newLine() {
	s.pieces = append(s.pieces, piece{text: "\n", size: 1, frame: s.frame, line: true})
	s.start = true
}

// gap ends a block.
func (s *script) gap() {
	if len(s.pieces) == 0 {
		s.start = true
		return
	}
	s.frame = unframed
	s.pieces = append(s.pieces, piece{text: "\n", size: 1, line: true, gap: true})
	s.start = true
}

func (s *script) block(b message.Block) {
	if strings.TrimSpace(b.Plain()) == "" {
		return
	}
	if len(s.pieces) > 0 {
		s.newLine()
		s.gap()
	}
	s.start = true
	switch b.Kind {
	case message.Fields:
		for n, f := range b.Fields {
			if n > 0 {
				s.newLine()
			}
			s.inlines(append([]message.Inline{message.B(f.Name), message.T(": ")}, f.Value...))
		}
	case message.List:
		for n, item := range b.Items {
			if n > 0 {
				s.newLine()
			}
			s.put("• ")
			s.inlines(item)
		}
	case message.Table:
		s.table(b.Rows)
	case message.Quote:
		if !s.plain {
			s.frame = quoted
		}
		s.inlines(b.Inlines)
		s.frame = unframed
	default:
		s.inlines(b.Inlines)
	}
}

func (s *script) table(rows [][]string) {
	if !s.plain {
		s.frame = coded
	}
	for n, line := range message.AlignRows(rows) {
		if n > 0 {
			s.newLine()
		}
		if s.plain {
			s.words(line)
			continue
		}
		for _, part := range cutUp(unfence(defuse(line))) {
			s.put(part)
		}
	}
	s.frame = unframed
}

func (s *script) inlines(inlines []message.Inline) {
	for _, in := range inlines {
		s.inline(in)
	}
}

func (s *script) inline(in message.Inline) {
	switch in.Kind {
	case message.Bold:
		s.wrapped(in.Text, "**")
	case message.Italic:
		s.wrapped(in.Text, "*")
	case message.Code:
		s.code(in.Text)
	case message.Link:
		s.link(in)
	case message.Moment:
		if s.plain || in.Time.IsZero() {
			s.words(in.Text)
			return
		}
		s.put("<t:" + strconv.FormatInt(in.Time.Unix(), 10) + ":f>")
	case message.Role:
		if !isID(in.Text) {
			s.words(in.Text)
			return
		}
		s.put("<@&" + in.Text + ">")
	default:
		s.words(in.Text)
	}
}

// maxPiece bounds the words in one piece.
const maxPiece = 400

// words writes plain words: each may stand in another message than the next.
func (s *script) words(text string) {
	for n, line := range strings.Split(text, "\n") {
		if n > 0 {
			s.newLine()
		}
		for line != "" {
			end := strings.IndexByte(line, ' ') + 1
			if end == 0 {
				end = len(line)
			}
			s.word(line[:end])
			line = line[end:]
		}
	}
}

// word writes a word and the space behind it.
func (s *script) word(word string) {
	if bare := strings.TrimRight(word, " "); strings.HasPrefix(bare, "https://") || strings.HasPrefix(bare, "http://") {
		if address, ok := message.CleanURL(bare); ok && len(address) <= maxLink {
			s.put("<" + linkable(address) + ">" + word[len(bare):])
			return
		}
	}
	for _, part := range cutUp(word) {
		s.put(escape(part, s.start))
	}
}

// wrapped writes words between two marks, line by line: a mark beside a space
// is none.
func (s *script) wrapped(text, mark string) {
	if s.plain {
		s.words(text)
		return
	}
	for n, line := range strings.Split(text, "\n") {
		if n > 0 {
			s.newLine()
		}
		body := strings.TrimSpace(line)
		if body == "" {
			s.words(line)
			continue
		}
		lead, _, _ := strings.Cut(line, body)
		s.put(lead)
		for _, part := range cutUp(body) {
			if part = strings.TrimSpace(part); part != "" {
				s.put(mark + escape(part, false) + mark)
			}
		}
		s.put(line[len(lead)+len(body):])
	}
}

func (s *script) code(text string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\n", " "))
	if s.plain {
		s.words(text)
		return
	}
	for _, part := range cutUp(unfence(defuse(text))) {
		if part = strings.TrimSpace(part); part != "" {
			s.put("`" + part + "`")
		}
	}
}

// link writes words that lead somewhere. They never show another address than
// the one they lead to.
func (s *script) link(in message.Inline) {
	address := linkable(in.URL)
	label := message.SafeLinkText(in.Text, in.URL)
	if !isAddress(address) || len(address) > maxLink {
		s.words(in.Text)
		return
	}
	if s.plain {
		if label != address {
			s.words(label + " ")
		}
		s.put("<" + address + ">")
		return
	}
	label = strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]()\\\n", r) {
			return -1
		}
		return r
	}, label)
	label = strings.TrimSpace(message.Cut(label, maxPiece))
	if label == "" || strings.Contains(label, "://") {
		label = message.Host(in.URL)
	}
	s.put("[" + escape(label, false) + "](<" + address + ">)")
}

// linkable returns an address in which nothing ends a link.
func linkable(address string) string {
	const ends = "()<>\"' \n\\"
	if !strings.ContainsAny(address, ends) {
		return address
	}
	var b strings.Builder
	for i := range len(address) {
		if strings.IndexByte(ends, address[i]) >= 0 {
			fmt.Fprintf(&b, "%%%02X", address[i])
			continue
		}
		b.WriteByte(address[i])
	}
	return b.String()
}

// isAddress tells whether Discord takes an address: http or https, well formed.
func isAddress(address string) bool {
	clean, ok := message.CleanLocalURL(address)
	return ok && clean != ""
}

// escape writes words so that Discord shows them as they are. At the start of a
// line more characters are markup than elsewhere.
func escape(text string, start bool) string {
	text = defuse(text)
	var b strings.Builder
	b.Grow(len(text) + 8)
	if start {
		digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
		switch {
		case text == "":
		case text[0] == '-', text[0] == '+':
			b.WriteByte('\\')
		case digits > 0 && digits < len(text) && text[digits] == '.':
			b.WriteString(text[:digits] + `\`)
			text = text[digits:]
		}
	}
	for _, r := range text {
		if r < utf8.RuneSelf && strings.IndexByte("\\*_~|`<>[]()#", byte(r)) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// defuse breaks what would call people: "@everyone", "@here" and "<@".
func defuse(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	var b strings.Builder
	b.Grow(len(text) + 8)
	for i, r := range text {
		if r == '@' && i > 0 && text[i-1] == '<' {
			b.WriteString(breaker)
		}
		b.WriteRune(r)
		if r == '@' && callsAll(text[i+1:]) {
			b.WriteString(breaker)
		}
	}
	return b.String()
}

// callsAll tells whether words behind an "@" call everybody.
func callsAll(rest string) bool {
	rest = strings.ToLower(rest[:min(len(rest), len("everyone"))])
	return strings.HasPrefix(rest, "everyone") || strings.HasPrefix(rest, "here")
}

// unfence replaces backticks, which end code and cannot be escaped in it, and
// breaks what is read as an id in spite of the code.
func unfence(text string) string {
	return strings.ReplaceAll(text, "`", "'")
}

// cutUp divides text into parts of about maxPiece code points, between characters.
func cutUp(text string) []string {
	if text == "" {
		return nil
	}
	if len(text) <= maxPiece || runes(text) <= maxPiece {
		return []string{text}
	}
	var parts []string
	from, used := 0, 0
	for i, r := range text {
		// A mark belongs to what stands before it.
		if used >= maxPiece && !unicode.Is(unicode.M, r) && r != 0x200D {
			parts = append(parts, text[from:i])
			from, used = i, 0
		}
		used++
	}
	return append(parts, text[from:])
}

// runes counts code points, in which Discord counts everything.
func runes(s string) int { return utf8.RuneCountInString(s) }

func clip(s string, n int) string { return message.Cut(s, n) }

func oneLine(s string) string { return message.Label(s) }
