package alerts

import (
	"time"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

// side is where a condition stands on one quote.
type side = int8

const (
	unknown side = 0
	apart   side = -1 // not reached; of Crosses: below
	reached side = +1 // reached; of Crosses: above
)

// baseline is the price that a move is measured from.
type baseline struct {
	price market.Price
	at    time.Time
}

// point is a quote that a condition is read at.
type point struct {
	quote market.Quote
	base  market.Price
	made  time.Time // of base
}

func (p point) known() bool { return !p.quote.Time.IsZero() }

// reading reads one condition of a rule on one symbol.
type reading struct {
	tick   Tick
	cond   Condition
	ticker market.Ticker
}

// side tells where the condition stands at a point. opening tells whether the
// point is the first of a session.
func (r reading) side(p point, opening bool) side {
	if !p.known() {
		return unknown
	}
	price, level := p.quote.Price, r.cond.Level
	switch r.cond.Kind {
	case CrossesAbove, IsAbove:
		return when(price.Cmp(level) >= 0)
	case CrossesBelow, IsBelow:
		return when(price.Cmp(level) <= 0)
	case Crosses:
		return side(price.Cmp(level))
	case EntersRange:
		return when(r.inside(price))
	case LeavesRange:
		return when(!r.inside(price))
	case NewHigh, NewLow:
		return r.beyond(price)
	case MovesPercent, MovesAmount, MovesPoints:
		base, ok := r.baseline(p)
		if !ok {
			return unknown
		}
		return when(r.move(price, base.price).GreaterThanOrEqual(r.cond.Change.Decimal()))
	case GapsAtTheOpen:
		return r.gap(p, opening)
	}
	return unknown
}

func when(b bool) side {
	if b {
		return reached
	}
	return apart
}

func (r reading) inside(price market.Price) bool {
	return price.Cmp(r.cond.Level) >= 0 && price.Cmp(r.cond.Upper) <= 0
}

// extreme returns the price that a new high or low must pass. Both quotes of a
// tick are read against the days before the newer one.
func (r reading) extreme() (market.Price, bool) {
	if r.tick.View == nil {
		return 0, false
	}
	at := r.tick.To.Time
	if r.ticker != r.tick.Ticker {
		other, ok := r.tick.latest(r.ticker)
		if !ok {
			return 0, false
		}
		at = other.Quote.Time
	}
	low, high, ok := r.tick.View.Extremes(r.ticker, at, r.cond.Days)
	if r.cond.Kind == NewLow {
		return low, ok
	}
	return high, ok
}

func (r reading) beyond(price market.Price) side {
	edge, ok := r.extreme()
	if !ok {
		return unknown
	}
	if r.cond.Kind == NewLow {
		return when(price.Cmp(edge) < 0)
	}
	return when(price.Cmp(edge) > 0)
}

func (r reading) gap(p point, opening bool) side {
	if !opening {
		return apart
	}
	if p.base.IsZero() {
		return unknown
	}
	return when(r.move(p.quote.Price, p.base).GreaterThanOrEqual(r.cond.Change.Decimal()))
}

// baseline returns the price that a move at p is measured from.
func (r reading) baseline(p point) (baseline, bool) {
	if r.cond.Window == 0 || r.cond.Kind == GapsAtTheOpen {
		return baseline{p.base, p.made}, !p.base.IsZero()
	}
	if r.tick.View == nil {
		return baseline{}, false
	}
	start := r.tick.windowStart(r.ticker, p.quote.Time, r.cond.Window)
	price, made, ok := r.tick.View.At(r.ticker, start, r.oldest(start))
	if !ok || price.IsZero() && r.cond.Kind == MovesPercent {
		return baseline{}, false
	}
	return baseline{price, made}, true
}

// By how much a baseline may be older than the start of any window, and of one of
// a day or more: a weekend with a day beside it on which nothing was to be had.
const (
	oldBaseline    = 2 * time.Hour
	oldDayBaseline = 4 * day
)

// oldest returns how old the last price before a window's start may be to say
// something of the start: where there was none for long, though the symbol traded,
// the first one within the window is measured from instead.
func (r reading) oldest(start time.Time) time.Time {
	allowed := max(r.cond.Window/4, oldBaseline)
	if r.cond.Window >= day {
		allowed = max(allowed, oldDayBaseline)
	}
	oldest := start.Add(-allowed)
	if r.tick.Hours == nil {
		return oldest
	}
	if session, _, ok := r.tick.Hours.Session(r.ticker, start); ok && session.Before(oldest) {
		return session
	}
	return oldest
}

// move returns how far price is from base in the asked direction, in the unit
// of the condition's Change. It is exact but for the division by base, which is
// kept to 16 decimals.
func (r reading) move(price, base market.Price) decimal.Decimal {
	diff := price.Decimal().Sub(base.Decimal())
	switch r.cond.Kind {
	case MovesPercent, GapsAtTheOpen:
		diff = diff.Mul(hundred()).DivRound(base.Decimal().Abs(), 16)
	case MovesPoints:
		diff = diff.Mul(hundred())
	}
	switch r.cond.Direction {
	case Up:
		return diff
	case Down:
		return diff.Neg()
	}
	return diff.Abs()
}

func hundred() decimal.Decimal { return decimal.New(1, 2) }

// clear tells whether the price has moved back by the band.
func (r reading) clear(p point, opening bool, band market.Price) bool {
	if !p.known() {
		return false
	}
	price, level := p.quote.Price, r.cond.Level
	switch r.cond.Kind {
	case CrossesAbove, IsAbove:
		return price.Cmp(level.Sub(band)) <= 0
	case CrossesBelow, IsBelow:
		return price.Cmp(plus(level, band)) >= 0
	case Crosses:
		return price.Cmp(level.Sub(band)) <= 0 || price.Cmp(plus(level, band)) >= 0
	case EntersRange:
		return price.Cmp(level.Sub(band)) <= 0 || price.Cmp(plus(r.cond.Upper, band)) >= 0
	case LeavesRange:
		return price.Cmp(plus(level, band)) >= 0 && price.Cmp(r.cond.Upper.Sub(band)) <= 0
	case NewHigh, NewLow:
		return r.clearOfExtreme(price, band)
	case MovesPercent, MovesAmount, MovesPoints:
		base, ok := r.baseline(p)
		return ok && r.move(price, base.price).LessThanOrEqual(r.cond.Change.Sub(band).Decimal())
	case GapsAtTheOpen:
		return !opening
	}
	return false
}

func (r reading) clearOfExtreme(price, band market.Price) bool {
	edge, ok := r.extreme()
	if r.cond.Kind == NewLow {
		return ok && price.Cmp(plus(edge, band)) >= 0
	}
	return ok && price.Cmp(edge.Sub(band)) <= 0
}

func plus(p, q market.Price) market.Price { return p.Sub(q.Neg()) }

// Band returns the re-arm band of a condition where the rule names none: for a
// level a quarter of the symbol's median daily range (a thousandth of the level
// where that is unknown), for a move a quarter of the move. It is in the unit
// of what the condition reads and never zero.
func (c Condition) Band(dailyRange market.Price) market.Price {
	quarter := decimal.New(25, -2)
	switch c.Kind {
	case MovesPercent, MovesAmount, MovesPoints, GapsAtTheOpen:
		return rounded(c.Change.Decimal().Mul(quarter))
	}
	band := dailyRange.Decimal().Abs().Mul(quarter)
	if band.IsZero() {
		band = c.Level.Decimal().Abs().Mul(decimal.New(1, -3))
	}
	if c.Kind == LeavesRange || c.Kind == EntersRange {
		if most := c.Upper.Decimal().Sub(c.Level.Decimal()).Mul(quarter); band.GreaterThan(most) {
			band = most
		}
	}
	return rounded(band)
}

// rounded keeps four significant digits, so that bands are readable.
func rounded(d decimal.Decimal) market.Price {
	if places := int32(4 - d.NumDigits()); !d.IsZero() && d.NumDigits() > 4 {
		d = d.Round(places - d.Exponent())
	}
	p, err := market.PriceOf(d)
	if err != nil || p.Sign() <= 0 {
		return market.MustPrice("0.01")
	}
	return p
}
