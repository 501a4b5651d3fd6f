package telegramtest

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Entity is a marked run of a text.
type Entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"` // UTF-16 units
	Length int    `json:"length"` // UTF-16 units
	URL    string `json:"url,omitempty"`
	Unix   int64  `json:"unix_time,omitempty"`
}

// markupError is Telegram's own sentence about bad markup.
type markupError string

func (e markupError) Error() string { return string(e) }

func markupErrorf(format string, args ...any) error { return markupError(fmt.Sprintf(format, args...)) }

// entityOf returns the type of the entity that a tag makes; false for a tag
// that Telegram does not know.
func entityOf(tag string) (string, bool) {
	switch tag {
	case "a":
		return "text_link", true
	case "b", "strong":
		return "bold", true
	case "i", "em":
		return "italic", true
	case "u", "ins":
		return "underline", true
	case "s", "strike", "del":
		return "strikethrough", true
	case "span", "tg-spoiler":
		return "spoiler", true
	case "tg-emoji":
		return "custom_emoji", true
	case "tg-time":
		return "date_time", true
	case "code", "pre", "blockquote":
		return tag, true
	}
	return "", false
}

// openTag is a tag that waits for its end.
type openTag struct {
	name      string
	attribute map[string]string
	offset    int // UTF-16 units
	start     int // bytes of visible text
}

// markupParser reads Telegram's HTML: no tags but the known ones, each closed in
// order, attributes quoted or of plain letters; "&" without a known name is itself.
type markupParser struct {
	in       string
	at       int
	out      strings.Builder
	utf16    int
	open     []openTag
	entities []Entity
}

// ParseHTML returns the visible text and the entities of Telegram's HTML. Its
// errors say what Telegram says behind "can't parse entities: ".
func ParseHTML(markup string) (string, []Entity, error) {
	p := markupParser{in: markup}
	for p.at < len(p.in) {
		var err error
		switch p.in[p.at] {
		case '&':
			p.write(p.reference())
		case '<':
			err = p.tag()
		default:
			r, size := utf8.DecodeRuneInString(p.in[p.at:])
			p.at += size
			p.write(r)
		}
		if err != nil {
			return "", nil, err
		}
	}
	if n := len(p.open); n > 0 {
		return "", nil, markupErrorf("Can't find end tag corresponding to start tag %q", p.open[n-1].name)
	}
	slices.SortStableFunc(p.entities, func(a, b Entity) int {
		if a.Offset != b.Offset {
			return a.Offset - b.Offset
		}
		return b.Length - a.Length
	})
	return p.out.String(), p.entities, nil
}

func (p *markupParser) write(r rune) {
	p.out.WriteRune(r)
	p.utf16++
	if r > 0xFFFF {
		p.utf16++
	}
}

// reference reads what an "&" begins: a numeric or one of four named
// references, or the character itself.
func (p *markupParser) reference() rune {
	rest := p.in[p.at+1:]
	if strings.HasPrefix(rest, "#") {
		digits, base, skip := rest[1:], 10, 2
		if strings.HasPrefix(digits, "x") {
			digits, base, skip = digits[1:], 16, 3
		}
		n := 0
		for n < len(digits) && isDigit(digits[n], base) {
			n++
		}
		code, err := strconv.ParseInt(digits[:n], base, 32)
		if n > 0 && err == nil && code > 0 && code < 0x10FFFF && utf8.ValidRune(rune(code)) {
			p.at += skip + n
			p.skipSemicolon()
			return rune(code)
		}
		p.at++
		return '&'
	}
	n := 0
	for n < len(rest) && isLetter(rest[n]) {
		n++
	}
	named := map[string]rune{"lt": '<', "gt": '>', "amp": '&', "quot": '"'}
	if r, ok := named[rest[:n]]; ok {
		p.at += 1 + n
		p.skipSemicolon()
		return r
	}
	p.at++
	return '&'
}

func isDigit(c byte, base int) bool {
	if c >= '0' && c <= '9' {
		return true
	}
	return base == 16 && (c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F')
}

func (p *markupParser) skipSemicolon() {
	if p.at < len(p.in) && p.in[p.at] == ';' {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func endsName(c byte) bool { return isSpace(c) || c == '>' }

func endsKey(c byte) bool { return endsName(c) || c == '=' }

// tag reads a start or an end tag.
func (p *markupParser) tag() error {
	begin := p.at
	p.at++
	if p.at < len(p.in) && p.in[p.at] == '/' {
		p.at++
		return p.endTag(begin)
	}
	name := strings.ToLower(p.until(endsName))
	if p.at >= len(p.in) {
		return markupErrorf("Unclosed start tag at byte offset %d", begin)
	}
	if _, ok := entityOf(name); !ok {
		return markupErrorf("Unsupported start tag %q at byte offset %d", name, begin)
	}
	attributes := make(map[string]string)
	for {
		p.spaces()
		if p.at >= len(p.in) {
			return markupErrorf("Unclosed start tag %q at byte offset %d", name, begin)
		}
		if p.in[p.at] == '>' {
			p.at++
			break
		}
		key, value, err := p.attribute(name, begin)
		if err != nil {
			return err
		}
		attributes[key] = value
	}
	if name == "span" && attributes["class"] != "tg-spoiler" {
		return markupErrorf("Tag \"span\" must have class \"tg-spoiler\" at byte offset %d", begin)
	}
	p.open = append(p.open, openTag{name, attributes, p.utf16, p.out.Len()})
	return nil
}

// until reads up to the first byte that ends it.
func (p *markupParser) until(ends func(byte) bool) string {
	from := p.at
	for p.at < len(p.in) && !ends(p.in[p.at]) {
		p.at++
	}
	return p.in[from:p.at]
}

func (p *markupParser) spaces() { p.until(func(c byte) bool { return !isSpace(c) }) }

// attribute reads a name and its value; a value may be missing only behind
// "expandable".
func (p *markupParser) attribute(tag string, begin int) (key, value string, err error) {
	unclosed := func() error { return markupErrorf("Unclosed start tag %q at byte offset %d", tag, begin) }
	key = strings.ToLower(p.until(endsKey))
	if key == "" {
		return "", "", markupErrorf("Empty attribute name in the tag %q at byte offset %d", tag, begin)
	}
	p.spaces()
	if p.at >= len(p.in) {
		return "", "", unclosed()
	}
	if p.in[p.at] != '=' {
		if tag == "blockquote" && key == "expandable" {
			return key, "", nil
		}
		return "", "", markupErrorf("Expected equal sign in declaration of an attribute of the tag %q at byte offset %d", tag, begin)
	}
	p.at++
	p.spaces()
	if p.at >= len(p.in) {
		return "", "", unclosed()
	}
	if c := p.in[p.at]; c == '"' || c == '\'' {
		p.at++
		return p.quoted(key, c, unclosed)
	}
	value = p.until(func(c byte) bool { return !isLetter(c) && !isDigit(c, 10) && c != '.' && c != '-' })
	if p.at >= len(p.in) || !endsName(p.in[p.at]) {
		return "", "", markupErrorf("Unexpected end of name token at byte offset %d", p.at)
	}
	return key, strings.ToLower(value), nil
}

func (p *markupParser) quoted(key string, mark byte, unclosed func() error) (string, string, error) {
	var value strings.Builder
	for p.at < len(p.in) && p.in[p.at] != mark {
		if p.in[p.at] == '&' {
			value.WriteRune(p.reference())
			continue
		}
		value.WriteByte(p.in[p.at])
		p.at++
	}
	if p.at >= len(p.in) {
		return "", "", unclosed()
	}
	p.at++
	return key, value.String(), nil
}

func (p *markupParser) endTag(begin int) error {
	if len(p.open) == 0 {
		return markupErrorf("Unexpected end tag at byte offset %d", begin)
	}
	name := strings.ToLower(p.until(endsName))
	p.spaces()
	if p.at >= len(p.in) || p.in[p.at] != '>' {
		return markupErrorf("Unclosed end tag at byte offset %d", begin)
	}
	p.at++
	last := p.open[len(p.open)-1]
	if name != "" && name != last.name {
		return markupErrorf("Unmatched end tag at byte offset %d, expected \"</%s>\", found \"</%s>\"", begin, last.name, name)
	}
	p.open = p.open[:len(p.open)-1]
	p.close(last)
	return nil
}

// close makes the entity of a tag, unless it holds nothing or says nothing.
func (p *markupParser) close(t openTag) {
	if p.utf16 == t.offset {
		return
	}
	kind, _ := entityOf(t.name)
	e := Entity{Type: kind, Offset: t.offset, Length: p.utf16 - t.offset}
	switch t.name {
	case "a":
		address, ok := t.attribute["href"]
		if !ok {
			address = p.out.String()[t.start:]
		}
		if !linkTaken(address) {
			return
		}
		e.URL = address
	case "blockquote":
		if _, ok := t.attribute["expandable"]; ok {
			e.Type = "expandable_blockquote"
		}
	case "tg-time":
		unix, err := strconv.ParseInt(t.attribute["unix"], 10, 64)
		if err != nil {
			return
		}
		e.Unix = unix
	}
	p.entities = append(p.entities, e)
}

// linkTaken tells whether Telegram takes an address in a link or a button: it
// parses, its scheme is known and its host has a dot.
func linkTaken(address string) bool {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return false
	}
	switch strings.ToLower(u.Scheme) {
	case "tg", "ton":
		return true
	case "http", "https", "":
	default:
		return false
	}
	host := u.Hostname()
	if u.Scheme == "" {
		host, _, _ = strings.Cut(u.Path, "/")
	}
	dot := strings.IndexByte(host, '.')
	return dot > 0 && dot < len(host)-1 && u.User == nil
}

// cleanInput drops and replaces what Telegram's server does before it counts:
// controls and tabs become spaces, carriage returns and U+2028-202E go.
func cleanInput(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r', r >= 0x2028 && r <= 0x202E, r == 0x0333, r == 0x033F, r == 0x030A:
			return -1
		case r < ' ' && r != '\n':
			return ' '
		}
		return r
	}, text)
}
