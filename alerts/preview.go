package alerts

import (
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

// Mark is a moment at which a rule would have fired.
type Mark struct {
	Ticker market.Ticker
	Time   time.Time // UTC; within a bar, where the path is not known exactly
	Price  market.Price
}

// Preview tells how often a rule would have fired.
type Preview struct {
	From, To time.Time // UTC; what the bars cover
	// Step is that of the coarsest bars that were used. Bars of a day don't say
	// at what hour; and what happens within a bar is a guess at its path.
	Step  time.Duration
	Count int
	Last  time.Time // UTC; zero where it never fired
	Marks []Mark
	// Blind tells that the bars can't show what the rule looks for: a window
	// shorter than they are long.
	Blind bool
	// Noisy tells that Count is more than anybody wants to be told: over three a
	// week.
	Noisy bool
	// Suggestions are quieter forms of the rule, where it is noisy: with a
	// cooldown and, for a move, of a larger size; each the first that is no
	// longer noisy, or the quietest that still fires; none that would fire more
	// than two thirds as often.
	Suggestions []Suggestion
}

// Suggestion is a quieter form of a rule.
type Suggestion struct {
	Rule  Rule
	Count int
}

// noisy is how many firings a week are too many.
const noisy = 3

// Replay finds out how often a rule would have fired over the given bars, by
// the very evaluation that judges live quotes. The rule is taken to fire every
// time, with its cooldown and its band; whether it is paused, snoozed or
// expires is left out. Each line is one symbol's bars, the finest there are; on
// a watchlist, each of its symbols.
func Replay(rule Rule, hours Hours, lines ...market.Line) Preview {
	preview := replay(rule, hours, lines)
	days := preview.To.Sub(preview.From).Hours() / 24
	if preview.Blind || preview.Count < 2 || !often(preview.Count, days) {
		return preview
	}
	preview.Noisy = true
	for _, forms := range [][]Rule{rarer(rule, preview.Step), larger(rule)} {
		best := Suggestion{Count: preview.Count}
		for _, quieter := range forms {
			count := replay(quieter, hours, lines).Count
			if count == 0 {
				break
			}
			if count < best.Count {
				best = Suggestion{quieter, count}
			}
			if !often(count, days) {
				break
			}
		}
		if best.Count*3 <= preview.Count*2 { // what hardly differs is no choice
			preview.Suggestions = append(preview.Suggestions, best)
		}
	}
	return preview
}

func often(count int, days float64) bool { return float64(count)*7 > noisy*max(days, 7) }

func replay(rule Rule, hours Hours, lines []market.Line) Preview {
	rule.Repeat, rule.Paused, rule.HeldFor = EveryTime, false, ""
	rule.Expires, rule.SnoozedUntil = time.Time{}, time.Time{}
	preview := Preview{}
	trail := NewTrail(hours)
	var ticks []Tick
	daily := false
	tickers := make([]market.Ticker, 0, len(lines))
	for _, line := range lines {
		tickers = append(tickers, line.Ticker)
		preview.Step = max(preview.Step, line.Step)
		ticks = append(ticks, barTicks(Standing{}, line)...)
		daily = daily || line.Step >= day
	}
	slices.SortStableFunc(ticks, func(a, b Tick) int { return a.To.Time.Compare(b.To.Time) })
	if len(ticks) == 0 {
		return preview
	}
	if daily {
		hours = nil // a day's bar has no hours
		trail.hours = nil
		rule.RegularHours = false
	}
	preview.From, preview.To = ticks[0].To.Time, ticks[len(ticks)-1].To.Time
	for _, c := range rule.Conditions {
		preview.Blind = preview.Blind || c.Window > 0 && c.Window < preview.Step
	}
	states := map[market.Ticker]State{}
	for _, ticker := range Standpoints(rule, tickers) {
		states[ticker] = NewState(rule.ID, ticker)
	}
	for _, tick := range ticks {
		tick.View, tick.Hours = trail, hours
		if daily {
			tick.Hours = barDays{}
		}
		for _, ticker := range Standpoints(rule, tickers) {
			state, transitions := Evaluate(rule, states[ticker], tick, tick.To.Time)
			states[ticker] = state
			for _, t := range transitions {
				if t.Kind == EventFired {
					preview.Marks = append(preview.Marks, Mark{tick.Ticker, t.At, tick.To.Price})
					preview.Last = t.At
				}
			}
		}
		trail.Note(Standing{Quote: tick.To, Base: tick.Base, BaseAt: tick.BaseAt})
	}
	preview.Count = len(preview.Marks)
	return preview
}

// barDays takes each date of daily bars for a session that is open all day, so
// that gaps are found on them.
type barDays struct{}

// Session returns the date's beginning.
func (barDays) Session(_ market.Ticker, at time.Time) (start time.Time, regular, ok bool) {
	return at.UTC().Truncate(day), true, true
}

// Before runs by the clock.
func (barDays) Before(_ market.Ticker, at time.Time, d time.Duration) (time.Time, bool) {
	return at.Add(-d), true
}

// rarer returns a rule as it is with at most one alert an hour, a day or a
// week, as far as the bars can show that.
func rarer(rule Rule, step time.Duration) []Rule {
	var out []Rule
	for _, cooldown := range []time.Duration{time.Hour, day, 7 * day} {
		if cooldown > rule.Cooldown && cooldown >= 2*step {
			quieter := rule
			quieter.Repeat, quieter.Cooldown = EveryTime, cooldown
			out = append(out, quieter)
		}
	}
	return out
}

// larger returns a rule on a move as it is for larger ones.
func larger(rule Rule) []Rule {
	i := slices.IndexFunc(rule.Conditions, Condition.moves)
	if i < 0 {
		return nil
	}
	var out []Rule
	for _, times := range []string{"1.25", "1.5", "2", "2.5", "3", "4", "6"} {
		size, err := market.PriceOf(rule.Conditions[i].Change.Decimal().Mul(decimal.RequireFromString(times)).Round(2))
		if err != nil {
			continue
		}
		quieter := rule
		quieter.Conditions = slices.Clone(rule.Conditions)
		quieter.Conditions[i].Change = size
		out = append(out, quieter)
	}
	return out
}
