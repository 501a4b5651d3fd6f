package telegram

import (
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
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
