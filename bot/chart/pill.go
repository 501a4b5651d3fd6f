package chart

import (
	"cmp"
	"image/color"
	"math"
	"slices"
)

const (
	pillHeight = 21.0
	pillPad    = 14.0 // left and right of the letters together
)

// pill is a value at the right edge. Where it would cover another it is moved,
// and a leader shows where it belongs.
type pill struct {
	label     line
	y         float64 // where it belongs
	at        float64 // where it stands
	beyond    int     // -1, 1: its value lies above or below the plot
	fill, ink color.RGBA
	outline   bool
}

// gatherPills finds the pills and their places before anything is drawn, so
// that the axis can leave out the labels under them.
func (d *priceDrawing) gatherPills() {
	for _, l := range d.Levels {
		if l.Label == "" || !finite(l.Y) {
			continue
		}
		p := pill{label: d.layout(l.Label, style{12.5, medium}, 150), y: d.frame.yAt(l.Y)}
		p.fill, p.ink = d.levelInk(l.Kind), d.theme.ground
		p.outline = l.Kind != Threshold
		switch {
		case l.Y > d.frame.upper:
			p.beyond = -1
		case l.Y < d.frame.lower:
			p.beyond = 1
		}
		d.pills = append(d.pills, p)
	}
	if n := len(d.points); n > 0 && d.Last != "" {
		d.pills = append(d.pills, pill{
			label: d.layout(d.Last, style{12.5, bold}, 150), y: d.frame.yAt(d.points[n-1].Y),
			fill: d.tone, ink: d.theme.onTone,
		})
	}
	slices.SortStableFunc(d.pills, func(a, b pill) int { return cmp.Compare(a.y, b.y) })
	spread(d.pills, d.frame.y, d.frame.y+d.frame.h)
}

// spread moves pills apart as little as it takes: pills that touch form a
// group, which stands around the middle of where its members belong.
func spread(pills []pill, top, bottom float64) {
	const need = pillHeight + 2
	type group struct {
		from, to int
		middle   float64
	}
	var groups []group
	height := func(g group) float64 { return float64(g.to-g.from) * need }
	place := func(from, to int) group {
		sum := 0.0
		for _, p := range pills[from:to] {
			sum += p.y
		}
		g := group{from, to, sum / float64(to-from)}
		half := height(g) / 2
		g.middle = max(min(g.middle, bottom-half+pillHeight/2), top+half-pillHeight/2)
		return g
	}
	for i := range pills {
		g := place(i, i+1)
		for len(groups) > 0 {
			before := groups[len(groups)-1]
			if before.middle+height(before)/2 <= g.middle-height(g)/2 {
				break
			}
			groups = groups[:len(groups)-1]
			g = place(before.from, g.to)
		}
		groups = append(groups, g)
	}
	for _, g := range groups {
		for i := g.from; i < g.to; i++ {
			pills[i].at = g.middle - height(g)/2 + (float64(i-g.from)+0.5)*need
		}
	}
}

// pillNear tells whether a pill covers the axis label at y.
func (d *priceDrawing) pillNear(y float64) bool {
	for _, p := range d.pills {
		if math.Abs(p.at-y) < pillHeight/2+7 {
			return true
		}
	}
	return false
}

func (d *priceDrawing) drawPills(edge float64) {
	x := d.frame.x + d.frame.w
	width := edge - 8
	for _, p := range d.pills {
		w := min(p.label.width+pillPad, width)
		if math.Abs(p.at-p.y) > 1 {
			var s shape
			s.stroke([]point{{x, p.y}, {x + 8, p.at}}, 1.2)
			d.fill(&s, fade(p.fill, 0.8))
		}
		var s shape
		s.roundRect(x+8, p.at-pillHeight/2, w, pillHeight, 5)
		d.fill(&s, p.fill)
		ink := p.ink
		if p.outline {
			s.roundRect(x+9.2, p.at-pillHeight/2+1.2, w-2.4, pillHeight-2.4, 4)
			d.fill(&s, d.theme.ground)
			ink = p.fill
		}
		d.text(x+8+pillPad/2, p.at+4.4, p.label, ink)
		if p.beyond != 0 {
			s.triangle(x+3, p.at, 7, p.beyond < 0)
			d.fill(&s, p.fill)
		}
	}
}
