package chart

import (
	"math"
	"strconv"
	"time"
)

// Span is a stretch of time that is drawn: a session, or a part of one.
type Span struct{ From, To time.Time }

// Axis places times beside each other with the time between its spans closed,
// so that nights and weekends take no room.
type Axis struct {
	spans  []Span
	starts []float64
	length float64
}

// NewAxis returns the axis of spans, which are in order and do not overlap;
// spans that are empty or begin before the end of the one before are passed
// over.
func NewAxis(spans ...Span) Axis {
	var a Axis
	for _, s := range spans {
		if !s.To.After(s.From) || len(a.spans) > 0 && s.From.Before(a.spans[len(a.spans)-1].To) {
			continue
		}
		a.spans = append(a.spans, s)
		a.starts = append(a.starts, a.length)
		a.length += s.To.Sub(s.From).Seconds()
	}
	return a
}

// At returns the place of a time in seconds of drawn time. A time between two
// spans is at their seam, one outside at the nearer end.
func (a Axis) At(t time.Time) float64 {
	x := 0.0
	for i, s := range a.spans {
		if t.Before(s.From) {
			break
		}
		x = a.starts[i] + min(t.Sub(s.From), s.To.Sub(s.From)).Seconds()
	}
	return x
}

// Closed tells whether a time has no place of its own: it lies between two
// spans, or before the first or after the last.
func (a Axis) Closed(t time.Time) bool {
	for _, s := range a.spans {
		if !t.Before(s.From) && !t.After(s.To) {
			return false
		}
	}
	return true
}

// Length returns the place of the end.
func (a Axis) Length() float64 { return a.length }

// Seams returns the places where two spans meet.
func (a Axis) Seams() []float64 {
	if len(a.starts) < 2 {
		return nil
	}
	return a.starts[1:]
}

// NiceTicks returns about n round values from lo to hi: multiples of 1, 2, 2.5
// or 5 times a power of ten, in rising order. It returns none where lo and hi
// are not finite or hold no room for two, and never more than 2n.
func NiceTicks(lo, hi float64, n int) []float64 {
	span := hi - lo
	if !(span > 0) || math.IsInf(span, 0) || n < 1 {
		return nil
	}
	step := niceStep(span / float64(n))
	first := math.Ceil(lo/step-1e-9) * step
	// Beyond 15 digits neighbouring steps are the same number.
	if step == 0 || math.IsInf(first, 0) || first+step == first {
		return nil
	}
	var ticks []float64
	for i := 0; i < 2*n; i++ {
		v := first + float64(i)*step
		if v > hi+step*1e-9 {
			break
		}
		v = tidy(v, step)
		if i > 0 && v <= ticks[i-1] {
			break
		}
		ticks = append(ticks, v)
	}
	return ticks
}

func niceStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 2.5, 5} {
		if raw <= m*power*1.0001 {
			return m * power
		}
	}
	return 10 * power
}

// tidy takes away what adding steps left behind the last digit that a step
// changes.
func tidy(v, step float64) float64 {
	if math.Abs(v) < step*1e-9 {
		return 0
	}
	digits := 4 + int(math.Ceil(math.Log10(math.Abs(v)/step)))
	t, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', min(max(digits, 4), 17), 64), 64)
	if err != nil {
		return v
	}
	return t
}

// TickDecimals returns how many decimals tell the ticks apart and show each in
// full: 0 to 12.
func TickDecimals(ticks []float64) int {
	most := 0
	for _, v := range ticks {
		s := strconv.FormatFloat(v, 'f', 12, 64)
		n := 12
		for n > 0 && s[len(s)-1] == '0' {
			s, n = s[:len(s)-1], n-1
		}
		most = max(most, n)
	}
	return most
}
