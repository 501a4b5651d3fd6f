package bot

import (
	"slices"

	"github.com/shopspring/decimal"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// roundStep returns a round number of about one percent of a price: 700 of
// 70,000, 0.02 of 1.53.
func roundStep(p market.Price) market.Price {
	want := p.Decimal().Abs().Div(decimal.NewFromInt(100))
	step := decimal.New(1, int32(want.NumDigits())+want.Exponent()-1)
	for _, factor := range []int64{5, 2} {
		if bigger := step.Mul(decimal.NewFromInt(factor)); bigger.LessThanOrEqual(want) {
			step = bigger
			break
		}
	}
	out, err := market.PriceOf(step)
	if err != nil || out.IsZero() {
		return market.MustPrice("0.000000000000000001")
	}
	return out
}

// leastPercent and mostPercent bound the size of a move in percent, as the
// grammar does.
const (
	leastPercent = "0.01"
	mostPercent  = "1000"
)

// stepped moves the first threshold of a rule by a step: a level, or both edges
// of a range, by about one percent of it, the size of a move by about a tenth of
// that. ok is false where there is nothing to move, or no further.
func stepped(r alerts.Rule, up bool) (moved alerts.Rule, ok bool) {
	i := slices.IndexFunc(r.Conditions, func(k alerts.Condition) bool { return !k.Level.IsZero() || !k.Change.IsZero() })
	if i < 0 {
		return r, false
	}
	r.Conditions = slices.Clone(r.Conditions)
	k := &r.Conditions[i]
	if !k.Level.IsZero() {
		return r, shift(k, up)
	}
	fits := resize(k, up)
	if i == 0 && k.Change.Less(r.Band) {
		r.Band = k.Change // a move can't go back by more than it was
	}
	return r, fits
}

// shift moves a level, or both edges of a range.
func shift(k *alerts.Condition, up bool) bool {
	step := roundStep(k.Level)
	if !up {
		step = step.Neg()
	}
	level, ok := added(k.Level, step)
	if !k.Upper.IsZero() && ok {
		k.Upper, ok = added(k.Upper, step)
	}
	k.Level = level
	return ok && !level.IsZero()
}

// resize makes a move larger or smaller.
func resize(k *alerts.Condition, up bool) bool {
	tenfold, err := market.PriceOf(k.Change.Decimal().Shift(1))
	if err != nil {
		return false
	}
	step := roundStep(tenfold)
	if !up {
		step = step.Neg()
	}
	size, ok := added(k.Change, step)
	k.Change = size
	if k.Kind != alerts.MovesPercent && k.Kind != alerts.GapsAtTheOpen {
		return ok && size.Sign() > 0
	}
	most := market.MustPrice(mostPercent)
	if k.Direction == alerts.Down {
		most = market.MustPrice("99.99") // nothing falls by all that it is
	}
	return ok && !size.Less(market.MustPrice(leastPercent)) && !most.Less(size)
}

func added(p, step market.Price) (market.Price, bool) {
	sum, err := market.PriceOf(p.Decimal().Add(step.Decimal()))
	return sum, err == nil
}

func decimalOf(n int64) decimal.Decimal { return decimal.NewFromInt(n) }
