package message

import (
	"slices"
	"sort"
	"strings"

	"github.com/rivo/uniseg"
)

const ellipsis = "…"

// Cut returns s with at most n code points. What is longer ends, between two
// characters as people see them, with "…", which counts.
func Cut(s string, n int) string {
	if n <= 0 {
		return ""
	}
	if len(s) <= n || count(s) <= n {
		return s
	}
	end, used, state := 0, 1, -1
	for rest := s; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used += count(cluster); used > n {
			break
		}
		end += len(cluster)
	}
	return strings.TrimRight(s[:end], " \n") + ellipsis
}

// CutInlines returns the inlines with at most budget code points of Plain
// words; the last that fits in part ends with "…". The input is not changed.
func CutInlines(inlines []Inline, budget int) []Inline {
	used := 0
	for i, in := range inlines {
		n := count(in.plain())
		if used+n <= budget {
			used += n
			continue
		}
		return append(slices.Clone(inlines[:i]), cutInline(in, budget-used)...)
	}
	return inlines
}

// cutInline returns what of an inline fits, or nothing. A link keeps its
// address whole.
func cutInline(in Inline, budget int) []Inline {
	room := budget - (count(in.plain()) - count(in.Text))
	switch {
	case in.Kind == Moment, in.Kind == Role, room < 2: // half a time is a wrong time
		if budget < 1 {
			return nil
		}
		return []Inline{T(ellipsis)}
	}
	in.Text = Cut(in.Text, room)
	return []Inline{in}
}

// CutBlocks returns the blocks with at most budget code points of Plain words,
// the empty lines between them counted. Blocks at the end are left out; the
// last one that fits in part is cut between its rows, items or words and shows
// it by "…". What fits is returned as it is; the input is not changed.
func CutBlocks(blocks []Block, budget int) []Block {
	used := 0
	for i, b := range blocks {
		gap := 0
		if used > 0 {
			gap = 2
		}
		n := count(b.Plain())
		if n == 0 {
			continue
		}
		if used+gap+n <= budget {
			used += gap + n
			continue
		}
		out := slices.Clone(blocks[:i])
		if part, ok := b.cut(budget - used - gap); ok {
			out = append(out, part)
		}
		return out
	}
	return blocks
}

// cut returns the part of a block that fits; ok is false where none does.
func (b Block) cut(budget int) (part Block, ok bool) {
	if budget < 2 {
		return Block{}, false
	}
	switch b.Kind {
	case Fields:
		n := b.longest(len(b.Fields), budget, func(p *Block, n int) { p.Fields = b.Fields[:n] })
		b.Fields = b.Fields[:n]
		return b, n > 0
	case Table:
		n := b.longest(len(b.Rows), budget-2, func(p *Block, n int) { p.Rows = b.Rows[:n] })
		b.Rows = append(slices.Clone(b.Rows[:n]), []string{ellipsis})
		return b, n > 0
	case List:
		n := b.longest(len(b.Items), budget-4, func(p *Block, n int) { p.Items = b.Items[:n] })
		b.Items = append(slices.Clone(b.Items[:n]), Item(T(ellipsis)))
		return b, n > 0
	default:
		b.Inlines = CutInlines(b.Inlines, budget)
		return b, len(b.Inlines) > 0
	}
}

// longest returns how many of the block's parts fit.
func (b Block) longest(parts, budget int, keep func(*Block, int)) int {
	return sort.Search(parts, func(i int) bool {
		p := b
		keep(&p, i+1)
		return count(p.Plain()) > budget
	})
}

// Fit returns the message as long as fits allows: the blocks are cut first,
// then the footer, at last the title. fits is asked about ever shorter
// messages, as a platform dresses and measures them; it must not refuse a
// message that is shorter than one it takes.
func Fit(m Message, fits func(Message) bool) Message {
	if fits(m) {
		return m
	}
	whole := m
	if m, ok := largest(blocksLength(m.Blocks), func(n int) Message {
		m := whole
		m.Blocks = CutBlocks(whole.Blocks, n)
		return m
	}, fits); ok {
		return m
	}
	whole.Blocks = nil
	if m, ok := largest(count(plainInlines(m.Footer)), func(n int) Message {
		m := whole
		m.Footer = CutInlines(whole.Footer, n)
		return m
	}, fits); ok {
		return m
	}
	whole.Footer = nil
	short, _ := largest(count(m.Title), func(n int) Message {
		m := whole
		m.Title = Cut(whole.Title, n)
		return m
	}, fits)
	return short
}

// largest returns the message for the greatest n up to limit that fits.
func largest(limit int, cut func(int) Message, fits func(Message) bool) (Message, bool) {
	n := sort.Search(limit+1, func(n int) bool { return !fits(cut(n)) }) - 1
	if n < 0 {
		return cut(0), false
	}
	return cut(n), true
}

func blocksLength(blocks []Block) int { return Message{Blocks: blocks}.Length() }
