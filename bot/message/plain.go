package message

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// Plain returns the message as words only: the flat form that every platform
// takes, and what records keep. Links are followed by their address.
func (m Message) Plain() string {
	parts := make([]string, 0, len(m.Blocks)+3)
	if m.Title != "" {
		parts = append(parts, m.Title)
	}
	for _, b := range m.Blocks {
		if text := b.Plain(); text != "" {
			parts = append(parts, text)
		}
	}
	if foot := plainInlines(m.Footer); foot != "" {
		parts = append(parts, foot)
	}
	if m.TitleURL != "" {
		parts = append(parts, m.TitleURL)
	}
	return strings.Join(parts, "\n\n")
}

// Length returns the code points of Plain.
func (m Message) Length() int { return count(m.Plain()) }

// Plain returns the block as words only, on one or several lines.
func (b Block) Plain() string {
	var lines []string
	switch b.Kind {
	case Fields:
		for _, f := range b.Fields {
			lines = append(lines, f.Name+": "+plainInlines(f.Value))
		}
	case List:
		for _, item := range b.Items {
			lines = append(lines, "• "+plainInlines(item))
		}
	case Table:
		lines = AlignRows(b.Rows)
	default:
		return plainInlines(b.Inlines)
	}
	return strings.Join(lines, "\n")
}

func plainInlines(inlines []Inline) string {
	var b strings.Builder
	for _, in := range inlines {
		b.WriteString(in.plain())
	}
	return b.String()
}

func (in Inline) plain() string {
	if in.Kind != Link || in.URL == "" || in.URL == in.Text {
		return in.Text
	}
	if in.Text == "" {
		return in.URL
	}
	return in.Text + " (" + in.URL + ")"
}

// AlignRows returns a line for each row, padded with spaces for a fixed-width
// face: the first cell to the left, the others to the right, two spaces
// between. East Asian characters count as two columns.
func AlignRows(rows [][]string) []string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], uniseg.StringWidth(cell))
		}
	}
	lines := make([]string, 0, len(rows))
	for _, row := range rows {
		var b strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-uniseg.StringWidth(cell))
			if i == 0 {
				b.WriteString(cell + pad)
			} else {
				b.WriteString("  " + pad + cell)
			}
		}
		lines = append(lines, strings.TrimRight(b.String(), " "))
	}
	return slices.Clip(lines)
}
