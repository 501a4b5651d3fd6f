package alerts_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// past is a View made of what a test wrote down, and of the path so far.
type past struct {
	path      map[market.Ticker][]market.Quote
	bases     map[market.Ticker]market.Price
	low, high market.Price
	daily     market.Price
}

func newPast() *past {
	return &past{path: map[market.Ticker][]market.Quote{}, bases: map[market.Ticker]market.Price{}}
}

func (p *past) add(q market.Quote) { p.path[q.Ticker] = append(p.path[q.Ticker], q) }

func (p *past) Latest(t market.Ticker) (alerts.Standing, bool) {
	path := p.path[t]
	if len(path) == 0 {
		return alerts.Standing{}, false
	}
	return alerts.Standing{Quote: path[len(path)-1], Base: p.bases[t]}, true
}

func (p *past) At(t market.Ticker, at, since time.Time) (market.Price, time.Time, bool) {
	path := p.path[t]
	for i, quote := range slices.Backward(path) {
		if quote.Time.After(at) {
			continue
		}
		if quote.Time.Before(since) {
			if i+1 == len(path) {
				break
			}
			quote = path[i+1]
		}
		return quote.Price, quote.Time, true
	}
	return 0, time.Time{}, false
}

func (p *past) Extremes(market.Ticker, time.Time, int) (low, high market.Price, ok bool) {
	return p.low, p.high, !p.high.IsZero()
}

func (p *past) Range(market.Ticker) market.Price { return p.daily }

// office trades from 09:00 to 17:00 UTC, Monday to Friday.
type office struct{}

func (office) Session(_ market.Ticker, at time.Time) (start time.Time, regular, ok bool) {
	for d := at.UTC().Truncate(24 * time.Hour); ; d = d.Add(-24 * time.Hour) {
		start = d.Add(9 * time.Hour)
		if weekday := d.Weekday(); weekday == time.Saturday || weekday == time.Sunday || at.Before(start) {
			continue
		}
		return start, at.Before(start.Add(8 * time.Hour)), true
	}
}

func (o office) Before(t market.Ticker, at time.Time, d time.Duration) (time.Time, bool) {
	for {
		start, regular, _ := o.Session(t, at)
		end := at
		if !regular {
			end = start.Add(8 * time.Hour)
		}
		if length := end.Sub(start); d <= length {
			return end.Add(-d), true
		}
		d -= end.Sub(start)
		at = start.Add(-time.Nanosecond)
	}
}

// ruleWalk is one rule on its way along a path of quotes.
type ruleWalk struct {
	t     *testing.T
	rule  alerts.Rule
	state alerts.State
	view  *past
	hours alerts.Hours
	last  market.Quote
	base  market.Price
	now   time.Time
	out   []alerts.Transition
}

// newWalk types a rule and starts at 10:00 UTC on Wednesday.
func newWalk(t *testing.T, text string) *ruleWalk {
	t.Helper()
	draft, err := alerts.Parse(text, env())
	if err != nil {
		t.Fatal(err)
	}
	rule := draft.Rule
	rule.ID = 12
	ticker := rule.Conditions[0].Ticker
	if ticker == "" {
		ticker = "AAPL"
	}
	return &ruleWalk{t: t, rule: rule, state: alerts.NewState(12, ticker), view: newPast(), now: wednesday()}
}

// tick takes the next quote of the rule's first symbol.
func (w *ruleWalk) tick(value string, change ...func(*alerts.Tick)) []alerts.Transition {
	w.t.Helper()
	quote := market.Quote{Ticker: w.state.Ticker, Price: price(value), Time: w.now, Received: w.now}
	tick := alerts.Tick{Ticker: w.state.Ticker, From: w.last, To: quote, Base: w.base, View: w.view, Hours: w.hours}
	for _, f := range change {
		f(&tick)
	}
	var transitions []alerts.Transition
	w.state, transitions = alerts.Evaluate(w.rule, w.state, tick, w.now)
	if !tick.Held {
		w.last = quote
		w.view.add(quote)
	}
	w.out = append(w.out, transitions...)
	return transitions
}

// path takes quotes a minute apart and returns the kinds of what happened, with
// the price at which it did.
func (w *ruleWalk) path(values string) string {
	w.t.Helper()
	var words []string
	for value := range strings.FieldsSeq(values) {
		for _, t := range w.tick(value) {
			words = append(words, string(t.Kind)+"@"+value)
		}
		w.now = w.now.Add(time.Minute)
	}
	return strings.Join(words, " ")
}
