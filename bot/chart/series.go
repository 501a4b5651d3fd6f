package chart

import (
	"cmp"
	"math"
	"slices"
)

// farthest bounds what is drawn, so that no difference of two values overflows.
const farthest = 1e150

// usable returns the points that can be drawn, in order of X. A point after one
// that cannot be drawn has a gap before it.
func usable(points []Point) []Point {
	out := make([]Point, 0, len(points))
	gap := false
	for _, p := range points {
		if !finite(p.X) || !finite(p.Y) {
			gap = true
			continue
		}
		p.Gap = p.Gap || gap
		gap = false
		out = append(out, p)
	}
	byX := func(a, b Point) int { return cmp.Compare(a.X, b.X) }
	if !slices.IsSortedFunc(out, byX) {
		slices.SortStableFunc(out, byX)
	}
	return out
}

func finite(v float64) bool { return math.Abs(v) <= farthest }

// bounds returns the lowest and highest Y.
func bounds(points []Point) (lo, hi float64, ok bool) {
	for i, p := range points {
		if i == 0 {
			lo, hi = p.Y, p.Y
		}
		lo, hi = min(lo, p.Y), max(hi, p.Y)
	}
	return lo, hi, len(points) > 0
}

// frame maps values into a box of the picture.
type frame struct {
	x, y, w, h   float64
	left, right  float64 // values of X at the edges
	lower, upper float64 // values of Y at the edges
}

func (f frame) at(x, y float64) point { return point{f.xAt(x), f.yAt(y)} }

func (f frame) xAt(x float64) float64 {
	if !(f.right > f.left) {
		return f.x + f.w/2
	}
	return f.x + f.w*min(max((x-f.left)/(f.right-f.left), 0), 1)
}

func (f frame) yAt(y float64) float64 {
	if !(f.upper > f.lower) {
		return f.y + f.h/2
	}
	return f.y + f.h*min(max((f.upper-y)/(f.upper-f.lower), 0), 1)
}

// pieces returns the lines that join the points, placed in the frame. Where
// many points share a column of the given width, only the first, the lowest,
// the highest and the last of them are kept: the picture is the same.
func (f frame) pieces(points []Point, column float64) [][]point {
	var all [][]point
	var now []point
	var col bucket
	for _, p := range points {
		at := f.at(p.X, p.Y)
		n := int((at.x - f.x) / column)
		if p.Gap || n != col.number || col.count == 0 {
			now = col.empty(now)
			col.number = n
		}
		if p.Gap && len(now) > 0 {
			all, now = append(all, now), nil
		}
		col.add(at)
	}
	if now = col.empty(now); len(now) > 0 {
		all = append(all, now)
	}
	return all
}

// bucket holds the points of one column.
type bucket struct {
	number, count          int
	first, last, low, high point
	lowFirst               bool
}

func (b *bucket) add(p point) {
	if b.count == 0 {
		b.first, b.low, b.high = p, p, p
	}
	if p.y < b.low.y {
		b.low, b.lowFirst = p, false
	}
	if p.y > b.high.y {
		b.high, b.lowFirst = p, true
	}
	b.last = p
	b.count++
}

// empty appends what the column keeps to a line.
func (b *bucket) empty(line []point) []point {
	mid := [2]point{b.high, b.low}
	if b.lowFirst {
		mid = [2]point{b.low, b.high}
	}
	if b.count > 0 {
		line = append(line, b.first)
		for _, p := range []point{mid[0], mid[1], b.last} {
			if p != line[len(line)-1] {
				line = append(line, p)
			}
		}
	}
	b.count = 0
	return line
}
