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

// ladder holds rungs in the order of their keys.
type ladder []rung

// search returns the place of the first rung at or after a key.
func (l ladder) search(key int64) int {
	low, high := 0, len(l)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if l[middle].key < key {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

func (l *ladder) insert(r rung) {
	*l = slices.Insert(*l, l.search(r.key), r)
}

// merge adds many rungs and drops those of some rules, in one pass.
func (l *ladder) merge(added []rung, dropped map[RuleID]bool) {
	slices.SortFunc(added, func(a, b rung) int { return cmp.Compare(a.key, b.key) })
	kept := *l
	if len(dropped) > 0 {
		kept = slices.DeleteFunc(kept, func(r rung) bool { return dropped[r.rule] })
	}
	if len(added) == 0 {
		*l = kept
		return
	}
	old := len(kept)
	out := slices.Grow(kept, len(added))[:old+len(added)]
	i, j := old-1, len(added)-1
	for k := len(out) - 1; j >= 0; k-- {
		if i >= 0 && out[i].key > added[j].key {
			out[k] = out[i]
			i--
		} else {
			out[k] = added[j]
			j--
		}
	}
	*l = out
}

func (l *ladder) drop(rule RuleID) {
	*l = slices.DeleteFunc(*l, func(r rung) bool { return r.rule == rule })
}

// between appends the rules of rungs with low < key <= high.
func (l ladder) between(out []RuleID, low, high int64) []RuleID {
	if low >= high {
		return out
	}
	for i := l.search(low + 1); i < len(l) && l[i].key <= high; i++ {
		out = append(out, l[i].rule)
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
var powers = [...]uint64{
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
