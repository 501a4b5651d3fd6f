package market

import (
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// classCap is the largest move in one session that is believed without
// evidence, as a part of the price; of yields in percentage points.
func classCap(class Class) float64 {
	switch class {
	case ClassIndex:
		return 0.12
	case ClassCurrency:
		return 0.06
	case ClassFuture:
		return 0.20
	case ClassCrypto:
		return 0.50
	case ClassYield:
		return 0.60
	}
	return 0.40
}

// quietStep is a step that nobody need look at twice, however quiet the symbol
// was, in the units of classCap.
func quietStep(class Class) float64 { return classCap(class) / 16 }

// move is how far a price is from a base, as a part of the base; of yields in
// percentage points, as they may be about nought.
func move(class Class, p, base Price) float64 {
	a, b := p.Float(), base.Float()
	switch {
	case class == ClassYield:
		return a - b
	case b == 0:
		return math.Inf(1)
	}
	return (a - b) / math.Abs(b)
}

// sameLevel tells whether two reads may be of the same market.
func sameLevel(class Class, a, b Price) bool {
	return math.Abs(move(class, a, b)) <= classCap(class)/4 && math.Abs(move(class, b, a)) <= classCap(class)/4
}

// ratio returns the natural logarithm of a ÷ b; ok is false where one is not
// above nought.
func ratio(a, b Price) (log float64, ok bool) {
	if a.Sign() <= 0 || b.Sign() <= 0 {
		return 0, false
	}
	return math.Log(a.Float() / b.Float()), true
}

// Nearer tells whether a price is nearer to one than to another by the ratio; it is
// not where one of them is not above nought.
func Nearer(p, to, than Price) bool {
	a, okA := ratio(p, to)
	b, okB := ratio(p, than)
	return okA && okB && math.Abs(a) < math.Abs(b)
}

// largestRatio is the ratio between two prices in a row from which on nothing
// but an error explains it. Indices and currencies are not split; the largest
// step of an index, that of a fear gauge, was below three.
func largestRatio(class Class) float64 {
	if class == ClassIndex || class == ClassCurrency {
		return 4
	}
	return 30
}

// unitRatio tells whether two prices differ as if one were in another unit: by
// about 10, 100 or 1,000, or by more than anything moves. The older the base,
// the more the price may have moved beside.
func unitRatio(class Class, a, b Price, gap time.Duration) bool {
	log, ok := ratio(a, b)
	if !ok {
		return false
	}
	if class == ClassYield && math.Abs(a.Float()-b.Float()) < classCap(class) {
		return false // A yield near nought may well double.
	}
	log = math.Abs(log)
	if log >= math.Log(largestRatio(class)) {
		return true
	}
	slack := 0.20 + math.Min(0.10, 0.02*math.Sqrt(max(0, gap.Hours()/24)))
	return math.Abs(log-math.Ln10) <= slack
}

// doubleRatio tells whether two prices differ as a split makes them: by about 2
// or 3.
func doubleRatio(class Class, a, b Price) bool {
	log, ok := ratio(a, b)
	if !ok || class == ClassYield && math.Abs(a.Float()-b.Float()) < classCap(class) {
		return false
	}
	log = math.Abs(log)
	return math.Abs(log-math.Ln2) <= 0.06 || math.Abs(log-math.Log(3)) <= 0.06
}

// Scale returns what a price of before the split is after it.
func (s Split) Scale(p Price) Price {
	if s.Factor() == 0 {
		return p
	}
	out, err := PriceOf(p.Decimal().Mul(decimal.NewFromInt(s.Old)).DivRound(decimal.NewFromInt(s.New), maxScale))
	if err != nil {
		return p
	}
	return out
}

// minutes is the time between two quotes for the growth of moves: at least one
// minute, at most five days.
func minutes(gap time.Duration) float64 {
	return min(max(gap.Minutes(), 1), 5*24*60)
}

// remember puts the move to an accepted price into the ring.
func (r *Record) remember(class Class, p Price, at time.Time) {
	size := math.Abs(move(class, p, r.Last.Price)) / math.Sqrt(minutes(at.Sub(r.Last.Time)))
	r.Moves[r.Seen%keptMoves] = int32(min(size*1e6, math.MaxInt32))
	r.Seen++
}

// stepLimit is the step above which a second read is asked for: ten robust
// deviations (1.4826 × the median of the moves) for the time between the
// quotes, within bounds of the class. It is in the units of classCap.
func (r *Record) stepLimit(class Class, gap time.Duration) float64 {
	n := min(r.Seen, keptMoves)
	if n < 12 {
		return classCap(class) / 4
	}
	sorted := r.Moves
	slices.Sort(sorted[:n])
	deviation := 1.4826 * float64(sorted[n/2]) / 1e6
	return min(max(10*deviation*math.Sqrt(minutes(gap)), quietStep(class)), classCap(class)*0.4)
}

// MedianRange returns the median of the daily ranges (high less low) of daily
// bars, in the price's own unit; 0 where there are none. Bars whose high is
// below their low are left out.
func MedianRange(bars []Bar) Price {
	ranges := make([]Price, 0, len(bars))
	for _, b := range bars {
		if !b.High.Less(b.Low) {
			ranges = append(ranges, b.High.Sub(b.Low))
		}
	}
	if len(ranges) == 0 {
		return 0
	}
	slices.SortFunc(ranges, Price.Cmp)
	return ranges[len(ranges)/2]
}

// DefaultBand returns how far a price must go back before a rule arms again
// where its owner does not say: a quarter of its median daily range.
func DefaultBand(bars []Bar) Price {
	p, err := PriceOf(MedianRange(bars).Decimal().Div(decimal.NewFromInt(4)))
	if err != nil {
		return 0
	}
	return p
}
