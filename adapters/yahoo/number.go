package yahoo

import (
	"strconv"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

const (
	unknownHint = -1
	maxHint     = 8
	// leastDigits is kept of a small number, even where the hint is coarser.
	leastDigits = 5
	// doubleDigits are those of a double that survive being written and read.
	doubleDigits = 15
)

// readPrice reads a number as Yahoo writes it: a 32-bit float that was widened
// to a double, so that 333.69 comes as 333.69000244140625. Where the symbol's
// price hint (its decimals) is known, the number is rounded to it, or to five
// significant digits where that is finer. Otherwise a number that is exactly a
// 32-bit float becomes the shortest decimal that names this float, and any other
// is kept up to 15 significant digits. ok is false where text is no number.
func readPrice(text string, hint int) (price market.Price, ok bool) {
	if text == "" || len(text) > 64 {
		return 0, false
	}
	exact, err := decimal.NewFromString(text)
	if err != nil {
		return 0, false
	}
	short := shortest(exact, text)
	if hint >= 0 && hint <= maxHint {
		short = short.Round(int32(max(hint, leastDigits-whole(short))))
	}
	price, err = market.PriceOf(short)
	return price, err == nil
}

// shortest undoes the widening of a float. The float serves only to name the
// decimal that was meant; the result is that decimal, exactly.
func shortest(exact decimal.Decimal, text string) decimal.Decimal {
	single, err := strconv.ParseFloat(text, 32)
	if err == nil {
		widened, err := decimal.NewFromString(strconv.FormatFloat(single, 'f', -1, 64))
		if err == nil && widened.Equal(exact) {
			if meant, err := decimal.NewFromString(strconv.FormatFloat(single, 'f', -1, 32)); err == nil {
				return meant
			}
		}
	}
	return exact.Round(int32(doubleDigits - whole(exact)))
}

// whole returns how many digits stand before the point; 0 or less for a number
// below 1, counting the zeros after the point.
func whole(d decimal.Decimal) int {
	if d.IsZero() {
		return 1
	}
	return d.NumDigits() + int(d.Exponent())
}
