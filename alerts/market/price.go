package market

import (
	"errors"
	"fmt"
	"math/bits"
	"strings"

	"github.com/shopspring/decimal"
)

// Price is an exact decimal number in eight bytes: a signed mantissa of 58
// bits and the number of its decimals. It holds what a venue quotes, in the
// symbol's own unit: dollars, points, pence, or percent for a yield. It may be
// negative (futures and yields have been). The zero value is the number 0.
//
// A price is kept in lowest terms (no trailing zeros), so two equal numbers are
// equal as Go values and a Price may be compared with == and used as a map key.
// Its order is that of Cmp, not that of the underlying integer.
type Price int64

const (
	scaleBits   = 5
	scaleMask   = 1<<scaleBits - 1
	maxScale    = 18
	maxMantissa = 1<<(63-scaleBits) - 1
)

// ErrPriceRange is returned where a number has more digits than a Price holds:
// 17 significant digits, 18 decimals.
var ErrPriceRange = errors.New("number has too many digits")

// ErrPriceSyntax is returned where a text is not a plain decimal number.
var ErrPriceSyntax = errors.New("not a number")

// NewPrice returns mantissa × 10^-scale. Digits beyond what a Price holds are
// rounded half away from zero; a number that is too large gives ErrPriceRange.
func NewPrice(mantissa int64, scale int) (Price, error) {
	for scale < 0 {
		next := mantissa * 10
		if mantissa != 0 && next/10 != mantissa {
			return 0, ErrPriceRange
		}
		mantissa, scale = next, scale+1
	}
	for scale > 0 && mantissa%10 == 0 {
		mantissa, scale = mantissa/10, scale-1
	}
	for scale > maxScale || scale > 0 && abs(mantissa) > maxMantissa {
		half := int64(5)
		if mantissa < 0 {
			half = -half
		}
		mantissa, scale = (mantissa+half)/10, scale-1
	}
	for scale > 0 && mantissa%10 == 0 {
		mantissa, scale = mantissa/10, scale-1
	}
	if abs(mantissa) > maxMantissa {
		return 0, ErrPriceRange
	}
	return Price(mantissa<<scaleBits | int64(scale)), nil
}

// PriceOf returns the price nearest to d; it differs from d only beyond 17
// significant digits or 18 decimals.
func PriceOf(d decimal.Decimal) (Price, error) {
	if d.IsZero() {
		return 0, nil
	}
	if d.Exponent() > 18 {
		return 0, ErrPriceRange
	}
	d = d.Round(maxScale)
	for d.NumDigits() > 18 && d.Exponent() < 0 {
		d = d.Round(-d.Exponent() - 1)
	}
	if !d.Coefficient().IsInt64() {
		return 0, ErrPriceRange
	}
	return NewPrice(d.CoefficientInt64(), int(-d.Exponent()))
}

// ParsePrice reads a plain decimal number as machines write it: an optional
// sign, digits, an optional point and an optional exponent. Separators of
// thousands are refused; what people type is read by the command parser.
func ParsePrice(s string) (Price, error) {
	s = strings.TrimSpace(s)
	if len(s) == 0 || len(s) > 64 {
		return 0, fmt.Errorf("%w: %.64q", ErrPriceSyntax, s)
	}
	d, err := decimal.NewFromString(s)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", ErrPriceSyntax, s)
	}
	p, err := PriceOf(d)
	if err != nil {
		return 0, fmt.Errorf("%w: %q", err, s)
	}
	return p, nil
}

// MustPrice is ParsePrice for constants in tables and tests; it panics where s
// is not a price.
func MustPrice(s string) Price {
	p, err := ParsePrice(s)
	if err != nil {
		panic(err)
	}
	return p
}

func (p Price) mantissa() int64 { return int64(p) >> scaleBits }

// Mantissa returns the price's digits as a whole number: the price is Mantissa
// × 10^-Scale.
func (p Price) Mantissa() int64 { return int64(p) >> scaleBits }

// Scale returns the number of decimals that the price needs, 0 to 18.
func (p Price) Scale() int { return int(int64(p) & scaleMask) }

// Decimal returns the same number for arithmetic.
func (p Price) Decimal() decimal.Decimal {
	return decimal.New(p.mantissa(), -int32(p.Scale()))
}

// Packed returns the price as the integer that is stored.
func (p Price) Packed() int64 { return int64(p) }

// PriceFromPacked returns the price that Packed gave.
func PriceFromPacked(v int64) Price { return Price(v) }

// Units returns the price as a whole number of 10^-scale, for code that
// compares many prices of one symbol; ok is false where the price does not fit.
func (p Price) Units(scale int) (units int64, ok bool) {
	m, s := p.mantissa(), p.Scale()
	if s > scale {
		return 0, false
	}
	for ; s < scale; s++ {
		next := m * 10
		if next/10 != m {
			return 0, false
		}
		m = next
	}
	return m, true
}

// exactFloat bounds the integers that a float64 holds exactly.
const exactFloat = 1 << 53

// Float returns the nearest float, for drawing and statistics only.
func (p Price) Float() float64 {
	if m := p.mantissa(); abs(m) < exactFloat {
		return float64(m) / float64(pow10(p.Scale()))
	}
	return p.Decimal().InexactFloat64()
}

// IsZero tells whether the number is 0.
func (p Price) IsZero() bool { return p == 0 }

// Sign returns -1, 0 or +1.
func (p Price) Sign() int {
	switch m := p.mantissa(); {
	case m < 0:
		return -1
	case m > 0:
		return 1
	}
	return 0
}

// Cmp returns -1, 0 or +1 where p is below, equal to or above q.
func (p Price) Cmp(q Price) int {
	if p == q {
		return 0
	}
	a, b := p.Sign(), q.Sign()
	if a != b {
		if a < b {
			return -1
		}
		return 1
	}
	less := cmpScaled(uint64(abs(p.mantissa())), p.Scale(), uint64(abs(q.mantissa())), q.Scale())
	return less * a
}

// cmpScaled compares a×10^-sa with b×10^-sb.
func cmpScaled(a uint64, sa int, b uint64, sb int) int {
	ah, al := bits.Mul64(a, pow10(max(0, sb-sa)))
	bh, bl := bits.Mul64(b, pow10(max(0, sa-sb)))
	switch {
	case ah != bh && ah < bh, ah == bh && al < bl:
		return -1
	case ah == bh && al == bl:
		return 0
	}
	return 1
}

func pow10(n int) uint64 {
	p := uint64(1)
	for range n {
		p *= 10
	}
	return p
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
}

// Less tells whether p is below q.
func (p Price) Less(q Price) bool { return p.Cmp(q) < 0 }

// Neg returns -p.
func (p Price) Neg() Price {
	return Price(-p.mantissa()<<scaleBits | int64(p.Scale()))
}

// Sub returns p - q, rounded as PriceOf rounds; a difference too large to hold
// is 0, which no two prices of one symbol give.
func (p Price) Sub(q Price) Price {
	d, err := PriceOf(p.Decimal().Sub(q.Decimal()))
	if err != nil {
		return 0
	}
	return d
}

// ChangePercent returns how far p is from base in percent of base's size:
// +3 for a rise of three percent. It is 0 where base is 0. It is rounded to six
// decimals.
func (p Price) ChangePercent(base Price) Price {
	if base.IsZero() {
		return 0
	}
	diff := p.Decimal().Sub(base.Decimal())
	d, err := PriceOf(diff.Mul(decimal.NewFromInt(100)).DivRound(base.Decimal().Abs(), 6))
	if err != nil {
		return 0
	}
	return d
}

// String prints the number as it is, without trailing zeros or separators.
func (p Price) String() string { return p.Decimal().String() }

// StringFixed prints the number with exactly places decimals.
func (p Price) StringFixed(places int) string { return p.Decimal().StringFixed(int32(places)) }
