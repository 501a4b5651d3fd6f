package chart

import "math"

// shape is a set of closed outlines in units of the picture. Outlines that turn
// the same way add up, those that turn the other way are holes. It is empty
// again once it was drawn.
type shape struct {
	points []point
	ends   []int
}

func (s *shape) add(points ...point) {
	s.points = append(s.points, points...)
	s.end()
}

func (s *shape) end() { s.ends = append(s.ends, len(s.points)) }

// arc adds the points of a circle's part from angle a to b, in radians.
func (s *shape) arc(x, y, r, a, b float64) {
	const steps = 8
	for i := range steps + 1 {
		t := a + (b-a)*float64(i)/steps
		s.points = append(s.points, point{x + r*math.Cos(t), y + r*math.Sin(t)})
	}
}

func (s *shape) circle(x, y, r float64) {
	for i := range 32 {
		t := math.Pi * float64(i) / 16
		s.points = append(s.points, point{x + r*math.Cos(t), y + r*math.Sin(t)})
	}
	s.end()
}

// roundRect adds a box with round corners.
func (s *shape) roundRect(x, y, w, h, r float64) {
	r = max(min(r, w/2, h/2), 0)
	s.arc(x+r, y+r, r, math.Pi, 1.5*math.Pi)
	s.arc(x+w-r, y+r, r, 1.5*math.Pi, 2*math.Pi)
	s.arc(x+w-r, y+h-r, r, 0, 0.5*math.Pi)
	s.arc(x+r, y+h-r, r, 0.5*math.Pi, math.Pi)
	s.end()
}

// hole adds a box with round corners that is cut out of what was added before.
func (s *shape) hole(x, y, w, h, r float64) {
	from := len(s.points)
	s.roundRect(x, y, w, h, r)
	hole := s.points[from:]
	for i, j := 0, len(hole)-1; i < j; i, j = i+1, j-1 {
		hole[i], hole[j] = hole[j], hole[i]
	}
}

// triangle adds the sign of a rise (up) or a fall, size units wide, with its
// middle at x, y.
func (s *shape) triangle(x, y, size float64, up bool) {
	h := size * 0.43
	if up {
		s.add(point{x, y - h}, point{x + size/2, y + h}, point{x - size/2, y + h})
		return
	}
	s.add(point{x - size/2, y - h}, point{x + size/2, y - h}, point{x, y + h})
}

// stroke adds a line of the given width through the points, with round joins
// and ends. Each piece turns the same way, so that overlaps add up.
func (s *shape) stroke(points []point, width float64) {
	r := width / 2
	var before point
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		length := math.Hypot(b.x-a.x, b.y-a.y)
		if length == 0 {
			continue
		}
		d := point{(b.x - a.x) / length, (b.y - a.y) / length}
		n := point{-d.y * r, d.x * r}
		s.add(point{a.x - n.x, a.y - n.y}, point{b.x - n.x, b.y - n.y}, point{b.x + n.x, b.y + n.y}, point{a.x + n.x, a.y + n.y})
		if before != (point{}) {
			s.join(a, before, d, r)
		}
		before = d
	}
}

// join fills the outer side of a turn at p from direction d to e.
func (s *shape) join(p, d, e point, r float64) {
	turn := d.x*e.y - d.y*e.x
	angle := math.Atan2(turn, d.x*e.x+d.y*e.y)
	if math.Abs(angle) < 0.05 {
		return
	}
	side := -1.0 // the outer side lies to the left of a turn to the right
	if turn < 0 {
		side = 1
	}
	from := math.Atan2(d.x*side, -d.y*side)
	steps := 1 + int(math.Abs(angle)/0.6)
	s.points = append(s.points, p)
	first, last := 0, steps
	step := 1
	if angle < 0 { // keep the way in which it turns
		first, last, step = steps, 0, -1
	}
	for i := first; ; i += step {
		t := from + angle*float64(i)/float64(steps)
		s.points = append(s.points, point{p.x + r*math.Cos(t), p.y + r*math.Sin(t)})
		if i == last {
			break
		}
	}
	s.end()
}
