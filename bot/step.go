package bot

import (
	"github.com/shopspring/decimal"

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

func decimalOf(n int64) decimal.Decimal { return decimal.NewFromInt(n) }
