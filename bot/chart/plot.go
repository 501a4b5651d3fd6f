package chart

import (
	"image/color"
	"math"
)

// maxTicks bounds the labels of an axis, maxSeams its separators: more is a
// mistake, not a picture.
const (
	maxTicks  = 24
	maxSeams  = 64
	maxLevels = 8
	maxMarks  = 64
)

// plot draws everything between header and footer.
func (d *priceDrawing) plot() {
	d.Levels = d.Levels[:min(len(d.Levels), maxLevels)]
	d.Marks = d.Marks[max(0, len(d.Marks)-maxMarks):]
	lo, hi := d.rangeOf(d.points)
	edge := d.edgeWidth()
	d.frame = frame{
		x: margin, y: plotTop, w: PriceWidth - 2*margin - edge, h: plotBottom - plotTop,
		left: d.From, right: d.To, lower: lo, upper: hi,
	}
	if !(d.To > d.From) || !finite(d.From) || !finite(d.To) {
		d.frame.left, d.frame.right = 0, 0
		if n := len(d.points); n > 0 {
			d.frame.left, d.frame.right = d.points[0].X, d.points[n-1].X
		}
	}
	d.gatherPills()
	d.grid()
	if len(d.points) == 0 {
		d.nothing()
		d.levels()
	} else {
		last := d.series()
		d.levels()
		d.marks()
		d.dot(last)
	}
	d.drawPills(edge)
}

// edgeWidth returns the room that labels and pills need on the right.
func (d *priceDrawing) edgeWidth() float64 {
	widest := d.layout(d.Last, style{12.5, bold}, 150).width + pillPad
	for _, l := range d.Levels {
		widest = max(widest, d.layout(l.Label, style{12.5, medium}, 150).width+pillPad)
	}
	for _, t := range d.YTicks[:min(len(d.YTicks), maxTicks)] {
		widest = max(widest, d.layout(t.Label, style{12, regular}, 150).width+pillPad/2)
	}
	return min(max(widest+10, 48), 176)
}

func (d *priceDrawing) grid() {
	f := d.frame
	right := f.x + f.w
	ticks := d.YTicks[:min(len(d.YTicks), maxTicks)]
	if len(d.points) == 0 && len(d.Levels) == 0 {
		ticks = nil // values of what is not there
	}
	for _, t := range ticks {
		if !(t.At >= f.lower && t.At <= f.upper) {
			continue
		}
		y := f.yAt(t.At)
		d.rect(f.x, y, f.w, 0, d.theme.grid)
		if d.pillNear(y) {
			continue
		}
		l := d.layout(t.Label, style{12, regular}, 150)
		d.text(right+10+pillPad/2, y+4.2, l, d.theme.soft)
	}
	for _, x := range d.Seams[:min(len(d.Seams), maxSeams)] {
		if x > f.left && x < f.right {
			d.rect(f.xAt(x), f.y, 0, f.h, d.theme.grid)
		}
	}
	d.rect(f.x, f.y+f.h, f.w, 0, d.theme.edge)
	d.xTicks()
}

// xTicks draws the labels under the plot; one that would touch its neighbour is
// left out.
func (d *priceDrawing) xTicks() {
	f := d.frame
	free := f.x - 4
	for _, t := range d.XTicks[:min(len(d.XTicks), 4*maxTicks)] {
		if !(t.At >= f.left && t.At <= f.right) {
			continue
		}
		l := d.layout(t.Label, style{12, regular}, 160)
		x := f.xAt(t.At)
		from := min(max(x-l.width/2, f.x), f.x+f.w-l.width+4)
		if l.width == 0 || from < free {
			continue
		}
		d.text(from, xLabels, l, d.theme.soft)
		d.rect(x, f.y+f.h, 0, 5, d.theme.edge)
		free = from + l.width + 14
	}
}

func (d *priceDrawing) nothing() {
	l := d.layout(d.Empty, style{16, medium}, d.frame.w-40)
	d.textMiddle(d.frame.x+d.frame.w/2, d.frame.y+d.frame.h/2+5, l, d.theme.faint)
}

// series draws area and line and returns where the line ends.
func (d *priceDrawing) series() point {
	var area, line shape
	base := d.frame.y + d.frame.h
	top := base
	d.line = d.frame.pieces(d.points, 1/d.k)
	for _, p := range d.line {
		if len(p) == 1 {
			area.circle(p[0].x, p[0].y, 0.1)
			line.circle(p[0].x, p[0].y, 1.6)
			continue
		}
		for _, at := range p {
			top = min(top, at.y)
		}
		area.points = append(area.points, point{p[0].x, base})
		area.add(append(p, point{p[len(p)-1].x, base})...)
		line.stroke(p, 2)
	}
	d.fillFade(&area, d.tone, top, base, d.theme.shade)
	d.fill(&line, d.tone)
	last := d.line[len(d.line)-1]
	return last[len(last)-1]
}

// levels draws the broken lines and their names.
func (d *priceDrawing) levels() {
	f := d.frame
	for _, l := range d.Levels {
		if !(l.Y >= f.lower && l.Y <= f.upper) {
			continue
		}
		y := f.yAt(l.Y)
		ink := d.levelInk(l.Kind)
		if l.Kind == Threshold {
			d.dashes(f.x, f.x+f.w, y, 8, 5, 1.6, ink)
		} else {
			d.dashes(f.x, f.x+f.w, y, 2, 4, 1.2, ink)
		}
		d.levelName(l, y, ink)
	}
}

func (d *priceDrawing) levelInk(kind LineKind) color.RGBA {
	if kind == Threshold {
		return d.theme.warn
	}
	return d.theme.soft
}

// levelName writes what a line is, where it hides least of the price and no
// other name.
func (d *priceDrawing) levelName(l Level, y float64, ink color.RGBA) {
	name := d.layout(l.Name, style{11.5, medium}, d.frame.w/2)
	if name.width == 0 {
		return
	}
	f := d.frame
	w, h := name.width+6, 14.5
	best, least := box{}, math.MaxInt
	for _, part := range []float64{0, 1, 0.33, 0.66} {
		for _, top := range []float64{y - 2 - h, y + 2.5} {
			b := box{f.x + 1 + (f.w-w-12)*part, top, w, h}
			if b.y < f.y-6 || b.y+h > f.y+f.h {
				continue
			}
			if n := d.hidden(b) + d.crossed(b, l); n < least {
				best, least = b, n
			}
		}
	}
	if least >= unreadable {
		return
	}
	d.taken = append(d.taken, best)
	if least > 0 {
		d.plate(best)
	}
	d.text(best.x+3, best.y+11, name, ink)
}

// box is a place for letters in the plot.
type box struct{ x, y, w, h float64 }

func (b box) touches(o box) bool {
	return b.x < o.x+o.w && o.x < b.x+b.w && b.y < o.y+o.h && o.y < b.y+b.h
}

// unreadable is what crossed and hidden return for letters on letters or on
// another level.
const unreadable = 1 << 24

// crossed tells whether another level goes through a box.
func (d *priceDrawing) crossed(b box, own Level) int {
	for _, l := range d.Levels {
		if y := d.frame.yAt(l.Y); l != own && y > b.y-1 && y < b.y+b.h+1 {
			return unreadable
		}
	}
	return 0
}

// hidden tells how much a box would cover: points of the line, and what was
// written before, which counts for all of them.
func (d *priceDrawing) hidden(b box) int {
	n := 0
	for _, o := range d.taken {
		if b.touches(o) {
			n += unreadable
		}
	}
	for _, piece := range d.line {
		for i, p := range piece {
			q := p
			if i > 0 {
				q = piece[i-1]
			}
			if b.touches(box{q.x, min(p.y, q.y) - 1, p.x - q.x + 0.01, math.Abs(p.y-q.y) + 2}) {
				n++
			}
		}
	}
	return n
}

// plate dims what lies under small letters.
func (d *priceDrawing) plate(b box) {
	var s shape
	s.roundRect(b.x, b.y, b.w, b.h, 4)
	d.fill(&s, fade(d.theme.ground, 0.72))
}

// manyMarks is how many marks are drawn in full size.
const manyMarks = 6

// marks draws the spots and their bubbles.
func (d *priceDrawing) marks() {
	f := d.frame
	size := 1.0
	if len(d.Marks) > manyMarks {
		size = 0.75
	}
	for _, m := range d.Marks {
		if !finite(m.X) || !finite(m.Y) || m.X < f.left || m.X > f.right {
			continue
		}
		at := f.at(m.X, m.Y)
		var s shape
		s.circle(at.x, at.y, 11*size)
		d.fill(&s, fade(d.theme.warn, 0.25))
		s.circle(at.x, at.y, 6.2*size)
		d.fill(&s, d.theme.ground)
		s.circle(at.x, at.y, 4.4*size)
		d.fill(&s, d.theme.warn)
		d.bubble(at, m.Label)
	}
}

// bubble writes a mark's label above or below it, inside the plot.
func (d *priceDrawing) bubble(at point, label string) {
	l := d.layout(label, style{12.5, medium}, 240)
	if l.width == 0 {
		return
	}
	w, h := l.width+18, 23.0
	best, least := box{}, math.MaxInt
	for _, shift := range []float64{-0.5, -1, 0} {
		for _, y := range []float64{at.y - 18 - h, at.y + 18} {
			x := min(max(at.x+w*shift, d.frame.x+2), d.frame.x+d.frame.w-w-2)
			b := box{x, y, w, h}
			n := d.hidden(b)
			if n < least && y > d.frame.y-10 && y+h < d.frame.y+d.frame.h {
				best, least = b, n
			}
		}
	}
	if least == math.MaxInt {
		return
	}
	d.taken = append(d.taken, best)
	var s shape
	s.roundRect(best.x, best.y, w, h, 6)
	d.fill(&s, d.theme.edge)
	s.roundRect(best.x+1, best.y+1, w-2, h-2, 5)
	d.fill(&s, d.theme.band)
	d.text(best.x+9, best.y+15.8, l, d.theme.ink)
}

// dot draws the end of the line.
func (d *priceDrawing) dot(at point) {
	for _, m := range d.Marks { // the mark says more
		if p := d.frame.at(m.X, m.Y); math.Hypot(p.x-at.x, p.y-at.y) < 8 {
			return
		}
	}
	var s shape
	s.circle(at.x, at.y, 8)
	d.fill(&s, fade(d.tone, 0.25))
	s.circle(at.x, at.y, 5)
	d.fill(&s, d.theme.ground)
	s.circle(at.x, at.y, 3.6)
	d.fill(&s, d.tone)
}
