package chart

import (
	"image/color"
	"io"
	"math"

	"bellwether/bot/message"
)

// The size of a price chart in units; at a scale of 1 a unit is a pixel.
const (
	PriceWidth  = 800
	PriceHeight = 400
)

// LineKind is what a horizontal line means.
type LineKind string

// The kinds of line.
const (
	Threshold     LineKind = "threshold"
	PreviousClose LineKind = "previous-close"
)

// Level is a horizontal line across a chart.
type Level struct {
	Kind  LineKind
	Y     float64
	Label string // the value in the pill at the edge
	Name  string // what it is, in small letters on the line; may be empty
}

// Mark is a spot on the line, such as where it crossed.
type Mark struct {
	X, Y  float64
	Label string // in a bubble beside it; may be empty
}

// Price is what a price chart shows. All labels are ready to be shown.
type Price struct {
	Title    string // the instrument's name
	Subtitle string // symbol and exchange
	Price    string
	Change   string // with its sign: "+12.30 (+0.28%)"; the triangle is drawn
	Tone     message.Tone
	// Points are in rising order of X.
	Points []Point
	// From and To are what the axis spans, so that a session that is not over
	// leaves room; where they are equal the points decide.
	From, To float64
	Levels   []Level
	Marks    []Mark
	XTicks   []Tick // places of X, from left to right
	YTicks   []Tick // values; NiceTicks of Range
	Seams    []float64
	// Last is the label of the pill at the last point; "" for none.
	Last   string
	Empty  string // what is said where there are no points: "No prices yet"
	Footer string // source and delay
	Dark   bool
	Scale  float64 // pixels to a unit, 1 to 3; 0 for 1
}

// Range returns the lowest and the highest value that the chart shows, for
// making its ticks. Levels belong to it unless they are so far away that the
// line would be flat. Without points and levels it is 0 to 1.
func (p Price) Range() (lo, hi float64) { return p.rangeOf(usable(p.Points)) }

func (p Price) rangeOf(points []Point) (lo, hi float64) {
	lo, hi, ok := bounds(points)
	span := hi - lo
	for _, l := range p.Levels {
		if !finite(l.Y) {
			continue
		}
		if !ok {
			lo, hi, ok = l.Y, l.Y, true
		}
		low, high := min(lo, l.Y), max(hi, l.Y)
		if span == 0 || high-low <= 3*span {
			lo, hi = low, high
		}
	}
	if !ok {
		return 0, 1
	}
	if hi == lo {
		pad := math.Abs(hi) * 0.005
		if pad == 0 {
			pad = 1
		}
		return lo - pad, hi + pad
	}
	pad := (hi - lo) * 0.08
	return lo - pad, hi + pad
}

// DrawPrice writes the chart as PNG.
func DrawPrice(w io.Writer, p Price, fonts *Fonts) error {
	t := themeOf(p.Dark)
	c := fonts.canvas(PriceWidth, PriceHeight, scaleOf(p.Scale), t.ground)
	defer c.done()
	d := priceDrawing{canvas: c, Price: p, theme: t, tone: t.tone(p.Tone), points: usable(p.Points)}
	d.header()
	d.plot()
	d.footer()
	return c.encode(w)
}

// priceDrawing is a chart while it is drawn.
type priceDrawing struct {
	*canvas
	Price
	theme  theme
	tone   color.RGBA
	points []Point
	frame  frame
	line   [][]point // where the price was drawn
	taken  []box     // where letters stand in the plot
	pills  []pill
}

// The lines of the layout, in units.
const (
	margin     = 24.0
	plotTop    = 104.0
	plotBottom = 340.0
	xLabels    = 361.0
	footLine   = 385.0
)

func (d *priceDrawing) header() {
	price := d.layout(d.Price.Price, style{30, bold}, 330)
	d.textRight(PriceWidth-margin, 50, price, d.theme.ink)
	change := d.layout(trimSign(d.Change), style{15, medium}, 330)
	left := PriceWidth - margin - max(price.width, change.width+18)
	d.textRight(PriceWidth-margin, 76, change, d.tone)
	if change.width > 0 {
		d.sign(PriceWidth-margin-change.width-12, 70.7, 10, d.Tone, d.tone)
	}
	room := left - margin - 28
	d.text(margin, 47, d.shrunk(d.Title, room, 23, 20, 17), d.theme.ink)
	d.text(margin, 73, d.layout(d.Subtitle, style{14, regular}, room), d.theme.soft)
}

// shrunk returns a bold line in the first size in which it fits, or cut in the
// last.
func (c *canvas) shrunk(s string, room float64, sizes ...float64) line {
	var l line
	for _, size := range sizes {
		if l = c.layout(s, style{size, bold}, 0); l.width <= room {
			return l
		}
	}
	return c.layout(s, l.style, room)
}

// sign draws the shape of a tone: a triangle up or down, a bar for neither.
func (c *canvas) sign(x, y, size float64, tone message.Tone, ink color.RGBA) {
	var s shape
	switch tone {
	case message.Rise:
		s.triangle(x, y, size, true)
	case message.Fall:
		s.triangle(x, y, size, false)
	default:
		s.roundRect(x-size/2, y-size*0.11, size, size*0.22, size*0.11)
	}
	c.fill(&s, ink)
}

// trimSign takes a triangle off a label, because it is drawn.
func trimSign(s string) string {
	for i, r := range s {
		switch r {
		case '▲', '▼', '△', '▽', '▴', '▾', '⏶', '⏷', ' ', '\u00A0':
			continue
		}
		return s[i:]
	}
	return ""
}

func (d *priceDrawing) footer() {
	l := d.layout(d.Footer, style{11.5, regular}, PriceWidth-2*margin)
	d.text(margin, footLine, l, d.theme.faint)
}
