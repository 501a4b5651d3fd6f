package alerts

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"bellwether/alerts/market"
)

// errBusy is returned where rules changed under every try to save a check.
var errBusy = errors.New("rules changed during each of several tries")

// tries is how often a part of a check is evaluated anew when rules changed
// while it was evaluated.
const tries = 5

// work is one rule to be looked at: for a tick, because its cooldown is over,
// or because its firing was wrong.
type work struct {
	rule   RuleID
	tick   Tick
	wake   bool
	firing *Firing
	reason string
}

// run is one check at work. It gathers works and saves them in batches; a
// symbol's quote is saved in the last batch that it made necessary, so that
// after a crash the rest of its rules still see the step from the quote before.
type run struct {
	checker   *Checker
	now       time.Time
	out       *Outcome
	works     []work
	standings []Standing // of ticks whose works are all in works or saved
	events    []Event    // that no rule made
	ticks     []Tick     // whose works are not in works yet
}

// tick gathers one tick.
func (r *run) tick(ctx context.Context, tick Tick) error {
	r.ticks = append(r.ticks, tick)
	if len(r.ticks) < MaxBatch {
		return nil
	}
	return r.spread(ctx)
}

// spread turns the gathered ticks into works, in their order.
func (r *run) spread(ctx context.Context) error {
	ticks := r.ticks
	r.ticks = nil
	steps, rules := make([]Step, len(ticks)), make([][]RuleID, len(ticks))
	for i := range ticks {
		steps[i] = Step{Ticker: ticks[i].Ticker, To: ticks[i].To.Price}
		if !ticks[i].From.Time.IsZero() {
			steps[i].From = &ticks[i].From.Price
		}
	}
	r.checker.Book.EachTouched(steps, func(i int, ids []RuleID) { rules[i] = slices.Clone(ids) })
	for i, tick := range ticks {
		for _, id := range rules[i] {
			if err := r.add(ctx, work{rule: id, tick: tick}); err != nil {
				return err
			}
		}
		if tick.Held || tick.Late {
			continue
		}
		if err := r.stand(ctx, Standing{Quote: tick.To, Base: tick.Base, BaseAt: tick.BaseAt}); err != nil {
			return err
		}
	}
	return nil
}

// stand makes a quote the last accepted one.
func (r *run) stand(ctx context.Context, s Standing) error {
	r.standings = append(r.standings, s)
	if len(r.standings) >= MaxBatch {
		return r.flush(ctx)
	}
	return nil
}

func (r *run) add(ctx context.Context, w work) error {
	r.works = append(r.works, w)
	if len(r.works) >= MaxBatch {
		return r.flush(ctx)
	}
	return nil
}

// latest returns a symbol's last accepted quote, of this run or before; its
// Time is zero where there is none.
func (r *run) latest(ticker market.Ticker) Standing {
	for _, tick := range slices.Backward(r.ticks) {
		if tick.Ticker == ticker && !tick.Held {
			return Standing{Quote: tick.To, Base: tick.Base, BaseAt: tick.BaseAt}
		}
	}
	for _, s := range slices.Backward(r.standings) {
		if s.Quote.Ticker == ticker {
			return s
		}
	}
	last, _ := r.checker.Latest(ticker)
	return last
}

// flush evaluates and saves what was gathered.
func (r *run) flush(ctx context.Context) error {
	if err := r.spread(ctx); err != nil {
		return err
	}
	if err := r.checker.away.keep(ctx, r.checker.Keep); err != nil {
		return err
	}
	for range tries {
		records, batch, err := r.evaluate(ctx)
		if err != nil {
			return err
		}
		conflict, err := r.checker.commit(ctx, batch)
		if err != nil {
			return err
		}
		if !conflict {
			r.saved(ctx, records, batch)
			return nil
		}
	}
	return errBusy
}

// saved brings the index in step with the store.
func (r *run) saved(ctx context.Context, records map[RuleID]Record, batch Batch) {
	c := r.checker
	c.mu.Lock()
	if c.last == nil {
		c.last = map[market.Ticker]Standing{}
	}
	for _, s := range batch.Standings {
		c.last[s.Quote.Ticker] = s
	}
	c.mu.Unlock()
	c.Book.Seen(batch.Standings...)
	if c.Told != nil && len(batch.Standings) > 0 {
		c.Told(ctx, batch.Standings)
	}
	put := make([]Record, 0, len(records))
	for _, record := range records {
		if record.Rule.simple() {
			put = append(put, record)
		}
	}
	c.Book.Put(put...)
	r.out.Events += len(batch.Events)
	r.works, r.standings, r.events = r.works[:0], r.standings[:0], r.events[:0]
}

// evaluate judges the gathered works, in order, on the rules as they are stored.
func (r *run) evaluate(ctx context.Context) (map[RuleID]Record, Batch, error) {
	records, err := r.load(ctx)
	if err != nil {
		return nil, Batch{}, err
	}
	view := &runView{checker: r.checker, passed: map[market.Ticker]Standing{}}
	changed := map[stateKey]int{}
	var batch Batch
	batch.Standings = append(batch.Standings, r.standings...)
	batch.Events = append(batch.Events, r.events...)
	for _, w := range r.works {
		view.reach(w.tick)
		record, ok := records[w.rule]
		if !ok {
			continue
		}
		w.tick.View = view
		for _, ticker := range w.tickers(record) {
			before := record.state(ticker)
			after, transitions := w.judge(record.Rule, before, r.now)
			if w.tick.Early && !w.tick.Held && !slices.ContainsFunc(transitions, fires) {
				continue
			}
			for _, t := range transitions {
				batch.Events = append(batch.Events, t.Event(r.now))
			}
			if after == before {
				continue
			}
			record = record.with(after)
			records[w.rule] = record
			key := stateKey{w.rule, ticker}
			if i, ok := changed[key]; ok {
				batch.States[i] = after
			} else {
				changed[key] = len(batch.States)
				batch.States = append(batch.States, after)
			}
		}
	}
	batch.Revisions = make(map[RuleID]int64, len(changed))
	for key, i := range changed {
		state := batch.States[i]
		state.Version++
		records[key.rule] = records[key.rule].with(state)
		batch.Revisions[key.rule] = records[key.rule].Rule.Revision
	}
	return records, batch, nil
}

func fires(t Transition) bool { return t.Kind == EventFired }

type stateKey struct {
	rule   RuleID
	ticker market.Ticker
}

func (r *run) load(ctx context.Context) (map[RuleID]Record, error) {
	seen := make(map[RuleID]Record, len(r.works))
	ids := make([]RuleID, 0, len(r.works))
	for _, w := range r.works {
		if _, ok := seen[w.rule]; !ok {
			seen[w.rule] = Record{}
			ids = append(ids, w.rule)
		}
	}
	clear(seen)
	if len(ids) == 0 {
		return seen, nil
	}
	records, err := r.checker.Store.Records(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("load rules: %w", err)
	}
	for _, record := range records {
		seen[record.Rule.ID] = record
	}
	return seen, nil
}

// tickers returns the symbols on which the rule has a state that the work is about.
func (w work) tickers(record Record) []market.Ticker {
	switch {
	case w.firing != nil:
		return []market.Ticker{w.firing.Ticker}
	case w.wake:
		return record.Tickers
	}
	var out []market.Ticker
	for _, ticker := range record.Tickers {
		for _, c := range record.Rule.Conditions {
			if c.subject(ticker) == w.tick.Ticker {
				out = append(out, ticker)
				break
			}
		}
	}
	return out
}

func (w work) judge(rule Rule, state State, now time.Time) (State, []Transition) {
	switch {
	case w.firing != nil:
		after, transition := Correct(*w.firing, state, w.reason, now)
		return after, []Transition{transition}
	case w.wake:
		return Wake(rule, state, state.Ticker, now)
	}
	return Evaluate(rule, state, w.tick, now)
}

// runView answers what is known at one tick of a run: of other symbols the
// quotes that were accepted before it.
type runView struct {
	checker *Checker
	passed  map[market.Ticker]Standing
	current Tick
}

// reach moves on to a tick.
func (v *runView) reach(tick Tick) {
	before := v.current
	if !before.To.Time.IsZero() && !before.Held &&
		(before.Ticker != tick.Ticker || !before.To.Time.Equal(tick.To.Time)) {
		v.passed[before.Ticker] = Standing{Quote: before.To, Base: before.Base, BaseAt: before.BaseAt}
	}
	v.current = tick
}

// Latest returns the symbol's last quote accepted before the current tick.
func (v *runView) Latest(ticker market.Ticker) (Standing, bool) {
	s, ok := v.passed[ticker]
	if !ok {
		s, ok = v.checker.Latest(ticker)
	}
	s = s.forRules()
	return s, ok && !s.Quote.Time.IsZero()
}

// At looks into the past.
func (v *runView) At(ticker market.Ticker, at, since time.Time) (market.Price, time.Time, bool) {
	if v.checker.View == nil {
		return 0, time.Time{}, false
	}
	return v.checker.View.At(ticker, at, since)
}

// Extremes looks into the past.
func (v *runView) Extremes(ticker market.Ticker, before time.Time, days int) (low, high market.Price, ok bool) {
	if v.checker.View == nil {
		return 0, 0, false
	}
	return v.checker.View.Extremes(ticker, before, days)
}

// Range looks into the past.
func (v *runView) Range(ticker market.Ticker) market.Price {
	if v.checker.View == nil {
		return 0
	}
	return v.checker.View.Range(ticker)
}
