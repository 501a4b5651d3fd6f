package alerts

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

// rung is a price at which something may happen to a rule: twice a number of
// units of the shelf's scale, so that "just above" and "just below" a level are
// numbers, too.
type rung struct {
	key  int64
	rule RuleID
}

// ladder holds rungs in the order of their keys. Keys and rules lie apart, so
// that a search reads few lines of memory.
type ladder struct {
	keys  []int64
	rules []RuleID
}

// search returns the place of the first rung at or after a key.
func (l *ladder) search(key int64) int {
	low, high := 0, len(l.keys)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if l.keys[middle] < key {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (l *ladder) insert(r rung) {
	i := l.search(r.key)
	l.keys = slices.Insert(l.keys, i, r.key)
	l.rules = slices.Insert(l.rules, i, r.rule)
}

// merge adds many rungs, in one pass.
func (l *ladder) merge(added []rung) {
	if len(added) == 0 {
		return
	}
	slices.SortFunc(added, func(a, b rung) int { return cmp.Compare(a.key, b.key) })
	i, j := len(l.keys)-1, len(added)-1
	size := len(l.keys) + len(added)
	l.keys = slices.Grow(l.keys, len(added))[:size]
	l.rules = slices.Grow(l.rules, len(added))[:size]
	for k := size - 1; j >= 0; k-- {
		if i >= 0 && l.keys[i] > added[j].key {
			l.keys[k], l.rules[k] = l.keys[i], l.rules[i]
			i--
		} else {
			l.keys[k], l.rules[k] = added[j].key, added[j].rule
			j--
		}
	}
}

// drop takes the rungs of some rules out, in one pass.
func (l *ladder) drop(gone func(RuleID) bool) {
	first := slices.IndexFunc(l.rules, gone)
	if first < 0 {
		return
	}
	kept := first
	for i := first; i < len(l.rules); i++ {
		if !gone(l.rules[i]) {
			l.keys[kept], l.rules[kept] = l.keys[i], l.rules[i]
			kept++
		}
	}
	l.keys, l.rules = l.keys[:kept], l.rules[:kept]
}

// between appends the rules of rungs with low < key <= high.
func (l *ladder) between(out []RuleID, low, high int64) []RuleID {
	if low >= high {
		return out
	}
	for i := l.search(low + 1); i < len(l.keys) && l.keys[i] <= high; i++ {
		out = append(out, l.rules[i])
	}
	return out
}

// maxKey bounds keys, so that their neighbours are numbers, too.
const maxKey = math.MaxInt64/4 - 2

// levelKey returns the key of a level; ok is false where the level is finer or
// larger than the scale can tell.
func levelKey(level market.Price, scale int) (key int64, ok bool) {
	units, ok := unitsOf(level, scale)
	return 2 * units, ok
}

// unitsOf returns a price as a whole number of 10^-scale within ±maxKey; ok is
// false where it is none. It is Price.Units without its loop.
func unitsOf(p market.Price, scale int) (units int64, ok bool) {
	digits, places := p.Mantissa(), p.Scale()
	if places > scale {
		return 0, false
	}
	high, low := bits.Mul64(uint64(max(digits, -digits)), powers[scale-places])
	units = int64(low)
	if digits < 0 {
		units = -units
	}
	return units, high == 0 && low <= maxKey
}

// powers are the powers of ten that a scale may ask for.
var powers = [...]uint64{ //nolint:gochecknoglobals // Read only; Go has no constants of this kind.
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
}

// priceKey returns the key of a price: twice its units, and one more where it
// lies between two of them.
func priceKey(price market.Price, scale int) int64 {
	if units, ok := unitsOf(price, scale); ok {
		return 2 * units
	}
	exact := price.Decimal().Shift(int32(scale))
	whole := exact.Floor()
	switch {
	case whole.GreaterThan(decimal.NewFromInt(maxKey)):
		return 2*maxKey + 1
	case whole.LessThan(decimal.NewFromInt(-maxKey)):
		return -2*maxKey - 1
	}
	key := 2 * whole.IntPart()
	if !whole.Equal(exact) {
		key++
	}
	return key
}

// scaleFor chooses a symbol's scale from its first level: about twelve digits,
// never fewer decimals than the level has.
func scaleFor(level market.Price) int {
	d := level.Decimal()
	whole := d.NumDigits() + int(d.Exponent())
	return min(max(12-whole, level.Scale(), 2), 18)
}
