package market

import (
	"math"
	"slices"
)

// Believable returns the bars of a class that are no errors, oldest first as
// they came. Left out are bars in another unit than the longest run of bars that
// go together, and single bars far from both neighbours, which agree. A high, a
// low or an open that is an error by the bar's own close is replaced.
func Believable(class Class, bars []Bar) []Bar {
	bars = slices.DeleteFunc(slices.Clone(bars), func(b Bar) bool { return impossible(class, b.Close) != ReasonNone })
	start, end := longestRun(class, bars)
	kept := slices.Clone(bars[start:end])
	for i := start - 1; i >= 0; i-- {
		if !otherUnit(class, bars[i], kept[0]) {
			kept = slices.Insert(kept, 0, bars[i])
		}
	}
	for _, b := range bars[end:] {
		if !otherUnit(class, b, kept[len(kept)-1]) {
			kept = append(kept, b)
		}
	}
	out := kept[:0]
	for i, b := range kept {
		if i > 0 && i+1 < len(kept) && alone(class, out[len(out)-1].Close, b.Close, kept[i+1].Close) {
			continue
		}
		out = append(out, b.mended(class))
	}
	return out
}

func otherUnit(class Class, a, b Bar) bool {
	return unitRatio(class, a.Close, b.Close, b.Time.Sub(a.Time).Abs())
}

// longestRun returns the longest run of bars without a change of unit.
func longestRun(class Class, bars []Bar) (start, end int) {
	from := 0
	for i := range bars {
		if i > 0 && otherUnit(class, bars[i], bars[i-1]) {
			from = i
		}
		if i+1-from > end-start {
			start, end = from, i+1
		}
	}
	return start, end
}

// alone tells that a close is far from two that agree.
func alone(class Class, before, at, after Price) bool {
	limit := classCap(class)
	return math.Abs(move(class, at, before)) > limit/2 && math.Abs(move(class, after, before)) < limit/8
}

// mended returns the bar with its open, high and low within what its close
// allows.
func (b Bar) mended(class Class) Bar {
	wrong := func(p Price) bool {
		return impossible(class, p) != ReasonNone || unitRatio(class, p, b.Close, 0) || doubleRatio(class, p, b.Close)
	}
	if wrong(b.Open) {
		b.Open = b.Close
	}
	if wrong(b.High) {
		b.High = b.Open
	}
	if wrong(b.Low) {
		b.Low = b.Open
	}
	for _, p := range []Price{b.Open, b.Close} {
		if b.High.Less(p) {
			b.High = p
		}
		if p.Less(b.Low) {
			b.Low = p
		}
	}
	return b
}
