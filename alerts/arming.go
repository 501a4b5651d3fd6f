package alerts

import (
	"time"

	"bellwether/alerts/market"
)

// recoveryWatch is how long after firing a rule that fires once still looks for
// the price's return, so that its message can be completed.
const recoveryWatch = 24 * time.Hour

func (e *evaluation) waits() bool {
	return e.state.Phase == Armed || e.state.Phase == Pending
}

// hold marks a rule that a quote would fire if it were believed.
func (e *evaluation) hold(crossed bool) {
	if e.state.Phase == Armed && crossed && !e.now.Before(e.rule.SnoozedUntil) {
		e.state.Phase = Pending
	}
}

func (e *evaluation) fire() {
	firing := Firing{
		Rule: e.rule, Ticker: e.state.Ticker, Arming: e.state.Arming,
		From: e.tick.From, To: e.tick.To, Condition: e.last, Missed: e.tick.Missed,
	}
	if e.state.Phase == Pending {
		firing.Confirmed = e.tick.Confirmed
		if firing.Confirmed.IsZero() {
			firing.Confirmed = e.tick.To.Received
		}
	}
	r := e.reading(e.last)
	if r.cond.moves() {
		if base, ok := r.baseline(e.to()); ok {
			firing.Base, firing.BaseAt = base.price, base.at
			r.cond.Direction = Up // to keep the sign
			if move, err := market.PriceOf(r.move(e.tick.To.Price, base.price).Round(6)); err == nil {
				firing.Change = move
			}
		}
	}
	e.state.Phase, e.state.FiredAt = Fired, e.now
	e.memory.bands = e.bands()
	e.out = append(e.out, Transition{Kind: EventFired, Firing: firing, At: e.tick.To.Time})
	if e.rule.Repeat == EveryTime && r.cond.Kind == Crosses && e.isClear(false) {
		e.cool()
	}
}

// moves tells whether the condition is measured from a baseline.
func (c Condition) moves() bool {
	switch c.Kind {
	case MovesPercent, MovesAmount, MovesPoints, GapsAtTheOpen:
		return true
	}
	return false
}

// bands settles the band of each condition.
func (e *evaluation) bands() []market.Price {
	out := make([]market.Price, len(e.rule.Conditions))
	for i, c := range e.rule.Conditions {
		out[i] = e.rule.Band
		if i > 0 || e.rule.Band.Sign() <= 0 {
			var daily market.Price
			if e.tick.View != nil && !c.moves() {
				daily = e.tick.View.Range(c.subject(e.state.Ticker))
			}
			out[i] = c.Band(daily)
		}
	}
	return out
}

// isClear tells whether one of the conditions has moved back by its band, read
// before the tick or after it.
func (e *evaluation) isClear(before bool) bool {
	for i, band := range e.memory.bands {
		if i >= len(e.rule.Conditions) {
			break
		}
		r, p := e.reading(i), e.to()
		if r.ticker != e.tick.Ticker {
			other, ok := e.tick.latest(r.ticker)
			if !ok {
				continue
			}
			p = point{other.Quote, other.Base, other.BaseAt}
		} else if before {
			p = e.from()
		}
		opening := false
		if r.cond.Kind == GapsAtTheOpen && !before {
			opening, _ = e.tick.opens(r.ticker, e.tick.From.Time, e.tick.To.Time)
		}
		if r.clear(p, opening, band) {
			return true
		}
	}
	return false
}

// release lets go of a fired rule whose price has moved back. It looks at the
// quote before the tick, too: with a new session's base it may be clear already.
func (e *evaluation) release(before bool) {
	fired := e.state.Phase == Fired || e.state.Phase == Done
	if !fired || len(e.memory.bands) == 0 {
		return
	}
	if e.rule.Repeat != EveryTime && e.now.Sub(e.state.FiredAt) > recoveryWatch {
		e.memory.bands = nil
		return
	}
	if !e.isClear(before) {
		return
	}
	quote := e.tick.To
	if before {
		quote = e.tick.From
	}
	firing := e.past(quote)
	if e.rule.returns() {
		e.out = append(e.out, Transition{Kind: EventRecovered, Firing: firing, At: quote.Time})
	}
	if e.rule.Repeat != EveryTime {
		e.memory.bands = nil
		return
	}
	e.cool()
	e.warm()
}

// past describes the firing that is over.
func (e *evaluation) past(quote market.Quote) Firing {
	return Firing{
		Rule: e.rule, Ticker: e.state.Ticker, Arming: e.state.Arming, To: quote,
		After: max(0, e.now.Sub(e.state.FiredAt)),
	}
}

// returns tells whether "back again" means something for the rule.
func (r Rule) returns() bool {
	for _, c := range r.Conditions {
		switch c.Kind {
		case Crosses, GapsAtTheOpen, NewHigh, NewLow:
			return false
		}
	}
	return true
}

// cool ends a firing; the rule waits for its cooldown, if there is one left.
func (e *evaluation) cool() {
	e.state.Phase, e.memory.bands = Cooling, nil
	if e.rule.Cooldown <= 0 && len(e.out) > 0 && e.out[len(e.out)-1].Kind == EventFired {
		// Passed right through the band: armed again with the firing itself.
		e.state.Phase = Armed
		e.state.Arming++
	}
}

// warm arms a cooling rule whose cooldown is over.
func (e *evaluation) warm() {
	if e.state.Phase != Cooling || e.now.Before(e.state.FiredAt.Add(e.rule.Cooldown)) {
		return
	}
	e.out = append(e.out, Transition{Kind: EventRearmed, Firing: e.past(e.tick.To), At: e.now})
	e.state.Phase = Armed
	e.state.Arming++
}
