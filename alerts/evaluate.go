package alerts

import (
	"slices"
	"time"

	"bellwether/alerts/market"
)

// NewState returns where a rule stands on a symbol before its first quote.
func NewState(rule RuleID, ticker market.Ticker) State {
	return State{Rule: rule, Ticker: ticker, Phase: Armed, Arming: 1}
}

// Evaluate judges one tick for one rule on one symbol and returns where the
// rule stands after it and what happened, in order. It is pure: the same
// arguments give the same answer, and a State that was stored and read back
// goes on as if nothing had happened. State.Version is left as it is.
//
// What is exact here:
//   - A crossing lies between two accepted quotes: Tick.From had not reached the
//     level, Tick.To has. An exact touch counts as reached. So a rule that is
//     already true when it is made waits for its next crossing. IsAbove and
//     IsBelow are the exception that their names ask for: armed, they tell at
//     the first accepted quote at which they hold, whatever the one before was.
//   - A range is entered or left between two accepted quotes; both edges are
//     inside. A jump across the whole range enters nothing.
//   - A move since the previous close is measured from Tick.Base alone and
//     starts anew with each session: the last quote of yesterday counts as no
//     move. Without a believed base nothing happens.
//   - A move within a window is measured, at each accepted quote, from the last
//     accepted price at or before the window's start, and fires when it reaches
//     its size between two quotes. Where prices are known for less time than the
//     window, or there was none for long before its start, it is measured from
//     the first of them within it: a move within a part of the window is one
//     within it. Under a day the window runs in trading time where the symbol has
//     sessions, so the first hour after a night, a weekend or a holiday reaches
//     back into the session before; else, and from a day on, by the clock. After
//     an outage the baseline may be some hours older than the window, from a day
//     on four days; Firing.BaseAt says how old. One that is older still (than a
//     quarter of the window, too, and from before the session of the window's
//     start) says nothing.
//   - A new high or low is compared with the days before the day of the quote.
//   - A gap is the first quote of a session against the believed base.
//   - Of several conditions all must hold, on the last accepted quotes of their
//     symbols, and not all did before. A crossing holds as long as its level is
//     reached, Crosses and GapsAtTheOpen only at the quote that makes it so.
//   - A fired rule is armed again when the price has moved back by the band
//     (of one of its conditions) and the cooldown is over. The band is settled
//     when the rule fires.
//   - At the first quote after an outage rules fire on the step over it (Early);
//     what the missed time and that quote mean beside is judged when its bars
//     are there (Late), from the states of before.
//   - A state that was settled at a quote later than Tick.From (a process ended
//     between two parts of a check) remembers on which side it was.
//   - A snoozed rule fires nothing but follows the price; a paused, held or
//     expired one stands still. With RegularHours, quotes outside the regular
//     session do not exist: the first one inside is compared with the last one
//     inside.
func Evaluate(rule Rule, state State, tick Tick, now time.Time) (State, []Transition) {
	if state.Phase == "" {
		state.Phase, state.Arming = Armed, max(state.Arming, 1)
	}
	e := evaluation{rule: rule, state: state, given: state, tick: tick, now: now}
	e.memory = readMemory(state.Memory)
	if !e.sees() {
		return state, nil
	}
	e.stale = !tick.Retracted && e.from().known() && tick.From.Time.Before(e.memory.at)
	before, after := e.sides()
	crossed := e.crossed(before, after)
	if tick.Held {
		e.hold(crossed)
		return e.state, nil
	}
	if !e.stale {
		e.release(true)
	}
	e.warm()
	switch {
	case e.waits() && crossed && !now.Before(rule.SnoozedUntil):
		e.fire()
	case e.state.Phase == Pending:
		e.state.Phase = Armed
	default:
		e.release(false)
	}
	e.remember(after)
	return e.state, e.out
}

// Wake returns where a rule stands when time has passed without a quote: a rule
// whose cooldown is over is armed again. Evaluate does the same at the next quote.
func Wake(rule Rule, state State, ticker market.Ticker, now time.Time) (State, []Transition) {
	if !rule.awake(now) {
		return state, nil
	}
	e := evaluation{rule: rule, state: state, tick: Tick{Ticker: ticker}, now: now}
	e.warm()
	return e.state, e.out
}

// Rearm returns the state of a rule that somebody armed again by hand. The
// rule waits for its next crossing.
func Rearm(state State) State {
	if state.Phase == Armed {
		return state
	}
	state.Phase, state.Memory = Armed, ""
	state.Arming++
	return state
}

// Correct takes a firing back whose quote turned out false: the rule is armed
// again, whether or not it fires once.
func Correct(firing Firing, state State, reason string, now time.Time) (State, Transition) {
	firing.Reason = reason
	if state.Arming == firing.Arming {
		state = Rearm(state)
	}
	return state, Transition{Kind: EventCorrected, Firing: firing, At: now}
}

// evaluation is the work of one Evaluate.
type evaluation struct {
	rule  Rule
	state State
	given State // as it was
	tick  Tick
	now   time.Time
	out   []Transition
	// memory is what State.Memory says.
	memory memory
	// stale tells that the state was settled at a quote later than tick.From: a
	// part of a check was saved before the process ended.
	stale bool
	// last is the condition about the tick's symbol that came true.
	last int
}

// looksBack tells whether the rule needs more of the past than the quote before
// and the previous close.
func (r Rule) looksBack() bool {
	return slices.ContainsFunc(r.Conditions, func(c Condition) bool {
		return c.Window > 0 || c.Kind == NewHigh || c.Kind == NewLow || c.Kind == GapsAtTheOpen
	})
}

// awake tells whether the rule follows the price.
func (r Rule) awake(now time.Time) bool {
	return !r.Paused && r.HeldFor == "" && (r.Expires.IsZero() || now.Before(r.Expires))
}

// subject returns the symbol that a condition is about, for a state on a symbol.
func (c Condition) subject(stateOf market.Ticker) market.Ticker {
	if c.Ticker == "" {
		return stateOf
	}
	return c.Ticker
}

// sees tells whether the tick means anything to the rule.
func (e *evaluation) sees() bool {
	t := e.tick
	switch {
	case !e.rule.awake(e.now), !e.concerned(), e.rule.RegularHours && !t.regular(t.Ticker, t.To.Time):
		return false
	case t.Missed && t.To.Time.Before(e.rule.Created), t.Early && e.rule.looksBack(), t.Late && !t.To.Time.After(e.memory.at), t.Missed && e.mixed():
		return false
	}
	return true
}

func (e *evaluation) concerned() bool {
	for _, c := range e.rule.Conditions {
		if c.subject(e.state.Ticker) == e.tick.Ticker {
			return true
		}
	}
	return false
}

// mixed tells that another symbol has a part in the rule. Where that one was
// at a time that we missed is not known.
func (e *evaluation) mixed() bool {
	return slices.ContainsFunc(e.rule.Conditions, func(c Condition) bool { return c.subject(e.state.Ticker) != e.tick.Ticker })
}

func (e *evaluation) reading(i int) reading {
	c := e.rule.Conditions[i]
	return reading{tick: e.tick, cond: c, ticker: c.subject(e.state.Ticker)}
}

func (e *evaluation) from() point { return point{e.tick.From, e.tick.Base, e.tick.BaseAt} }
func (e *evaluation) to() point   { return point{e.tick.To, e.tick.Base, e.tick.BaseAt} }

// sides returns where the whole rule stood before the tick and stands after it.
func (e *evaluation) sides() (before, after side) {
	before, after = reached, reached
	for i := range e.rule.Conditions {
		b, a := e.sidesOf(i)
		if b != reached && a == reached {
			e.last = i
		}
		before, after = both(before, b), both(after, a)
	}
	if e.stale || e.rule.RegularHours && !e.tick.regular(e.tick.Ticker, e.tick.From.Time) {
		before = e.state.Side
	}
	return before, after
}

// both joins two sides: unknown wins over everything, apart over reached.
func both(a, b side) side {
	if a == unknown || b == unknown {
		return unknown
	}
	return min(a, b)
}

func (e *evaluation) sidesOf(i int) (before, after side) {
	r := e.reading(i)
	if r.ticker != e.tick.Ticker {
		other, ok := e.tick.latest(r.ticker)
		if !ok || r.cond.Kind == GapsAtTheOpen || r.cond.Kind == Crosses {
			return apart, when(false)
		}
		s := r.side(point{other.Quote, other.Base, other.BaseAt}, false)
		return s, s
	}
	opening := false
	if r.cond.Kind == GapsAtTheOpen {
		var known bool
		if opening, known = e.tick.opens(r.ticker, e.tick.From.Time, e.tick.To.Time); !known || !e.from().known() {
			return unknown, unknown
		}
	}
	before, after = r.side(e.from(), false), r.side(e.to(), opening)
	if r.cond.Kind != Crosses || len(e.rule.Conditions) == 1 {
		return before, after
	}
	return apart, when(passes(before, after))
}

// passes tells whether a level was crossed or touched, either way.
func passes(before, after side) bool { return before != 0 && after != before }

// crossed tells whether the tick makes the rule true.
func (e *evaluation) crossed(before, after side) bool {
	if len(e.rule.Conditions) == 1 && e.rule.Conditions[0].Kind == Crosses {
		return passes(before, after)
	}
	return after == reached && (before == apart || e.rule.lasting())
}

// lasting tells whether the rule needs no crossing.
func (r Rule) lasting() bool {
	for _, c := range r.Conditions {
		if c.Kind != IsAbove && c.Kind != IsBelow {
			return false
		}
	}
	return true
}

// Holds tells whether a rule is true now on a symbol, on the last accepted
// quotes, for the answer to who makes it: it then waits for its next crossing.
func Holds(rule Rule, ticker market.Ticker, view View, hours Hours) bool {
	if view == nil || len(rule.Conditions) == 0 {
		return false
	}
	standing, ok := view.Latest(rule.Conditions[0].subject(ticker))
	if !ok {
		return false
	}
	e := evaluation{rule: rule, state: NewState(rule.ID, ticker), tick: Tick{
		Ticker: standing.Quote.Ticker, From: standing.Quote, To: standing.Quote,
		Base: standing.Base, BaseAt: standing.BaseAt, View: view, Hours: hours,
	}}
	for i, c := range rule.Conditions {
		if c.Kind == Crosses || c.Kind == GapsAtTheOpen {
			return false
		}
		if _, after := e.sidesOf(i); after != reached {
			return false
		}
	}
	return true
}
