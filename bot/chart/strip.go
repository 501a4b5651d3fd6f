package chart

import (
	"io"
	"math"

	"bellwether/bot/message"
)

// Session is whether a market trades.
type Session string

// The sessions; the zero value is unknown and shows no dot.
const (
	SessionUnknown Session = ""
	SessionOpen    Session = "open"
	SessionBreak   Session = "break"
	SessionHalt    Session = "halt"
	SessionClosed  Session = "closed"
)

// Row is one instrument of a strip. All labels are ready to be shown.
type Row struct {
	Name    string
	Session Session
	// SessionText says the same as the dot: "Open · closes in 2 h".
	SessionText string
	Price       string
	Change      string // with its sign
	Percent     string // with its sign
	Tone        message.Tone
	// Spark is the recent path; Base, where HasBase, the previous close, drawn
	// as a broken line through it.
	Spark   []Point
	Base    float64
	HasBase bool
	// Suspect marks a value that is not believed: it is hatched and carries a
	// question mark, and Note says why in the place of SessionText.
	Suspect bool
	Note    string
}

// Strip is a list of instruments as one picture.
type Strip struct {
	Title    string
	Subtitle string // beside the title: the time it shows
	Rows     []Row  // at most MaxRows are drawn
	Columns  int    // 1 or 2; 0 for one up to 20 rows and two beyond
	Empty    string // what is said where there are no rows
	Footer   string
	Dark     bool
	Scale    float64 // pixels to a unit, 1 to 3; 0 for 1
}

// MaxRows is how many rows a strip has: more would not be legible.
const MaxRows = 40

// The layout of a strip, in units.
const (
	columnWidth = 640.0
	rowHeight   = 48.0
	stripTop    = 70.0
	stripFoot   = 36.0
)

// columns returns in how many columns the rows stand and how many are in each.
func (s Strip) columns() (columns, rows int) {
	n := min(len(s.Rows), MaxRows)
	columns = 1
	if s.Columns >= 2 || s.Columns <= 0 && n > 20 {
		columns = 2
	}
	return columns, max((n+columns-1)/columns, 1)
}

// Size returns the width and height of the picture in units.
func (s Strip) Size() (w, h float64) {
	columns, rows := s.columns()
	return columnWidth * float64(columns), stripTop + rowHeight*float64(rows) + stripFoot
}

// DrawStrip writes the strip as PNG.
func DrawStrip(w io.Writer, s Strip, fonts *Fonts) error {
	t := themeOf(s.Dark)
	width, height := s.Size()
	c := fonts.canvas(width, height, scaleOf(s.Scale), t.ground)
	defer c.done()
	d := stripDrawing{canvas: c, theme: t}
	when := d.layout(s.Subtitle, style{13, regular}, width/2)
	d.textRight(width-margin, 43, when, t.soft)
	d.text(margin, 44, d.layout(s.Title, style{22, bold}, width-2*margin-when.width-20), t.ink)
	columns, rows := s.columns()
	for i, row := range s.Rows[:min(len(s.Rows), MaxRows)] {
		x := columnWidth * float64(i/rows)
		d.row(x, stripTop+rowHeight*float64(i%rows), row)
	}
	if columns == 2 {
		d.rect(columnWidth, stripTop, 0, rowHeight*float64(rows), t.grid)
	}
	if len(s.Rows) == 0 {
		d.textMiddle(width/2, stripTop+rowHeight/2+5, d.layout(s.Empty, style{15, medium}, width-2*margin), t.faint)
	}
	d.rect(margin, height-stripFoot, width-2*margin, 0, t.grid)
	d.text(margin, height-13, d.layout(s.Footer, style{11.5, regular}, width-2*margin), t.faint)
	return c.encode(w)
}

// stripDrawing is a strip while it is drawn.
type stripDrawing struct {
	*canvas
	theme theme
}

// The places of a row's parts from its column's left edge.
const (
	nameLeft   = margin + 18
	nameWidth  = 208.0
	sparkLeft  = 264.0
	sparkWidth = 112.0
	priceRight = 508.0
	priceWidth = 122.0
	badgeLeft  = 522.0
	badgeWidth = columnWidth - margin - badgeLeft
)

func (d *stripDrawing) row(x, y float64, r Row) {
	t := d.theme
	d.rect(x+margin, y, columnWidth-2*margin, 0, t.grid)
	if r.Suspect {
		d.rect(x+margin-8, y+1, columnWidth-2*margin+16, rowHeight-2, fade(t.warn, 0.08))
	}
	d.session(x+margin+5, y+rowHeight/2, r.Session)
	d.text(x+nameLeft, y+21.5, d.layout(r.Name, style{15, bold}, nameWidth), t.ink)
	under, ink := r.SessionText, t.soft
	if r.Suspect && r.Note != "" {
		under, ink = r.Note, t.warn
	}
	d.text(x+nameLeft, y+38, d.layout(under, style{11.5, regular}, nameWidth), ink)
	d.spark(x+sparkLeft, y+10, r)
	price, change := t.ink, t.soft
	if r.Suspect {
		price, change = t.faint, t.faint
	}
	l := d.layout(r.Price, style{15.5, medium}, priceWidth)
	d.textRight(x+priceRight, y+21.5, l, price)
	d.textRight(x+priceRight, y+38, d.layout(trimSign(r.Change), style{12, regular}, priceWidth), change)
	d.badge(x+badgeLeft, y+11, r)
}

// session draws the dot: full where open, half where it pauses, a ring where
// closed, so that colour alone says nothing.
func (d *stripDrawing) session(x, y float64, s Session) {
	var dot shape
	switch s {
	case SessionOpen:
		dot.circle(x, y, 7)
		d.fill(&dot, fade(d.theme.rise, 0.22))
		dot.circle(x, y, 4.5)
		d.fill(&dot, d.theme.rise)
	case SessionBreak, SessionHalt:
		dot.roundRect(x-4, y-4.5, 3, 9, 1)
		dot.roundRect(x+1, y-4.5, 3, 9, 1)
		d.fill(&dot, d.theme.warn)
	case SessionClosed:
		dot.roundRect(x-4.5, y-4.5, 9, 9, 4.5)
		dot.hole(x-3, y-3, 6, 6, 3)
		d.fill(&dot, d.theme.faint)
	}
}

// badge draws the percent on its tone; of a suspect value hatched, with a
// question mark.
func (d *stripDrawing) badge(x, y float64, r Row) {
	const h = 26.0
	t := d.theme
	var s shape
	if r.Suspect {
		d.hatch(x, y, badgeWidth, h, 2)
		l := d.layout("? "+trimSign(r.Percent), style{13.5, bold}, badgeWidth-12)
		if r.Percent == "" {
			l = d.layout("?", style{15, bold}, badgeWidth-12)
		}
		d.textMiddle(x+badgeWidth/2, y+17.8, l, t.warn)
		return
	}
	if r.Percent == "" {
		return
	}
	tone := t.tone(r.Tone)
	if r.Tone == message.Neutral {
		tone = t.soft
	}
	s.roundRect(x, y, badgeWidth, h, 6)
	d.fill(&s, tone)
	l := d.layout(trimSign(r.Percent), style{13.5, bold}, badgeWidth-28)
	right := x + badgeWidth - 9
	d.textRight(right, y+17.8, l, t.onTone)
	d.sign(x+13, y+h/2, 9, r.Tone, t.onTone)
}

// hatch draws a box of slanted stripes, which end inset units before its edge,
// with an outline.
func (d *stripDrawing) hatch(x, y, w, h, inset float64) {
	var s shape
	const gap = 7.0
	left, right, foot := x+inset, x+w-inset, y+h-inset
	tall := h - 2*inset
	for at := left - tall + 3; at < right; at += gap {
		// Each stripe is cut to the box by hand: from its foot to its head.
		from, to := max(at, left), min(at+tall, right)
		if to-from >= 1 {
			s.stroke([]point{{from, foot - (from - at)}, {to, foot - (to - at)}}, 1.3)
		}
	}
	d.fill(&s, fade(d.theme.warn, 0.38))
	s.roundRect(x, y, w, h, 6)
	s.hole(x+1.2, y+1.2, w-2.4, h-2.4, 5)
	d.fill(&s, d.theme.warn)
	s.roundRect(x+11, y+4, w-22, h-8, 4)
	d.fill(&s, fade(d.theme.ground, 0.86))
}

// spark draws the recent path.
func (d *stripDrawing) spark(x, y float64, r Row) {
	points := usable(r.Spark)
	lo, hi, ok := bounds(points)
	if !ok {
		return
	}
	based := r.HasBase && finite(r.Base)
	if span := hi - lo; based && math.Max(hi, r.Base)-math.Min(lo, r.Base) <= 4*span || based && span == 0 {
		lo, hi = min(lo, r.Base), max(hi, r.Base)
	} else {
		based = false
	}
	f := frame{
		x: x, y: y, w: sparkWidth, h: rowHeight - 20, lower: lo, upper: hi,
		left: points[0].X, right: points[len(points)-1].X,
	}
	ink := d.theme.tone(r.Tone)
	switch {
	case r.Suspect:
		ink = d.theme.faint
	case r.Tone == message.Neutral:
		ink = d.theme.soft
	}
	var area, path shape
	for _, p := range f.pieces(points, 1/d.k) {
		if len(p) == 1 {
			path.circle(p[0].x, p[0].y, 1.6)
			continue
		}
		path.stroke(p, 1.6)
		area.points = append(area.points, point{p[0].x, y + f.h + 4})
		area.add(append(p, point{p[len(p)-1].x, y + f.h + 4})...)
	}
	d.fillFade(&area, ink, y, y+f.h+4, d.theme.shade*0.8)
	if based {
		d.dashes(x, x+f.w, f.yAt(r.Base), 2, 3, 1, d.theme.faint)
	}
	d.fill(&path, ink)
}
