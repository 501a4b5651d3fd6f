package alerts

import (
	"cmp"
	"context"
	"slices"
	"time"

	"bellwether/alerts/market"
)

// judge takes the quotes in the order of their times.
func (c *Checker) judge(ctx context.Context, run *run, quotes []market.Quote) error {
	slices.SortStableFunc(quotes, func(a, b market.Quote) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Ticker, b.Ticker))
	})
	mixed := c.mixed(run, quotes)
	for _, quote := range quotes {
		if err := c.take(ctx, run, quote, mixed[quote.Ticker]); err != nil {
			return err
		}
	}
	return run.flush(ctx)
}

// take judges one quote, which may be mixed up with another symbol's, and has the
// rules see it.
func (c *Checker) take(ctx context.Context, run *run, quote market.Quote, other market.Ticker) error {
	last := run.latest(quote.Ticker)
	quote = quote.Like(last.Quote)
	verdict := c.Guard.Judge(last, quote, other, run.now)
	if verdict.Split.Factor() != 0 {
		if err := run.split(ctx, quote, verdict.Split); err != nil {
			return err
		}
		last = run.latest(quote.Ticker)
	}
	if err := c.believeHeld(ctx, run, last, quote, verdict); err != nil {
		return err
	}
	last = run.latest(quote.Ticker)
	if verdict.Doubt != nil {
		run.doubt(quote, *verdict.Doubt)
	}
	if verdict.Repeat && (last.Quote.Time.IsZero() || quote.Time.After(last.Quote.Time)) {
		verdict.Accepted = true
	}
	if !verdict.Accepted && !verdict.Held {
		c.passedOver(quote, verdict)
		return nil
	}
	delete(c.refused, quote.Ticker)
	if verdict.Accepted {
		c.wasAway(last, quote)
	}
	if quote.Fix {
		return run.fix(ctx, last, quote, verdict)
	}
	return c.step(ctx, run, last, quote, verdict)
}

// step has the rules see the step from the last accepted quote to the next one.
func (c *Checker) step(ctx context.Context, run *run, last Standing, quote market.Quote, verdict Verdict) error {
	tick := Tick{
		Ticker: quote.Ticker, From: last.forRules().Quote, To: quote, Base: verdict.Base, BaseAt: verdict.BaseAt,
		Held: verdict.Held, Confirmed: verdict.Confirmed, Hours: c.Hours,
	}
	if err := run.retract(ctx, &tick, verdict); err != nil {
		return err
	}
	if err := c.second(ctx, run, &tick); err != nil {
		return err
	}
	if tick.Held {
		if verdict.Held {
			c.held[quote.Ticker] = tick
		}
		run.out.Held++
	} else {
		run.out.Accepted++
	}
	c.away.hold(&tick)
	return run.tick(ctx, tick)
}

// believeHeld has rules see a quote that was held, where it is believed by now:
// what it reached was reached, though the price has come back a part of the way.
func (c *Checker) believeHeld(ctx context.Context, run *run, last Standing, quote market.Quote, verdict Verdict) error {
	held, waits := c.held[quote.Ticker]
	if !waits || !verdict.Accepted && !verdict.Held && !verdict.Bears {
		return nil
	}
	delete(c.held, quote.Ticker)
	held.From = last.forRules().Quote
	if !verdict.Bears || !verdict.Undone.None() || !held.To.Time.After(held.From.Time) || !quote.Time.After(held.To.Time) {
		return nil
	}
	held.Held, held.Confirmed = false, run.now
	c.away.hold(&held)
	if err := run.tick(ctx, held); err != nil {
		return err
	}
	return run.flush(ctx) // What comes next looks back to it.
}

// passedOver logs why a quote is not believed, where that was not said before.
func (c *Checker) passedOver(quote market.Quote, verdict Verdict) {
	if verdict.Reason != "" && c.refused[quote.Ticker] != verdict.Reason {
		c.refused[quote.Ticker] = verdict.Reason
		c.Log.Info("quote not accepted", "ticker", quote.Ticker, "price", quote.Price.String(),
			"source", quote.Source, "reason", verdict.Reason)
	}
}

// fix notes a rate that is set once a day. It is shown as a price, but no rule
// is judged on it: it is not where anybody traded.
func (r *run) fix(ctx context.Context, last Standing, quote market.Quote, verdict Verdict) error {
	if verdict.Held {
		r.out.Held++
		return nil
	}
	r.out.Accepted++
	if err := r.spread(ctx); err != nil {
		return err
	}
	return r.stand(ctx, last.next(quote, verdict.Base, verdict.BaseAt))
}

// second has a tick wait for a second read where another source gave its quote
// than the one before, and it would fire a rule: sources differ in venue and
// base, so that the step between them may be no step of the price. What comes
// next confirms it, whoever gives it.
func (c *Checker) second(ctx context.Context, run *run, tick *Tick) error {
	if tick.Held {
		return nil
	}
	_, waits := c.crossings[tick.Ticker]
	other := !tick.From.Time.IsZero() && tick.From.Source != tick.To.Source
	if !other && !waits {
		return nil
	}
	delete(c.crossings, tick.Ticker)
	if !tick.Confirmed.IsZero() {
		return nil
	}
	fires, err := run.fires(ctx, *tick)
	switch {
	case err != nil || !fires:
		return err
	case waits:
		tick.Confirmed = run.now
		return nil
	}
	c.Log.Info("crossing between two sources waits for a second read", "ticker", tick.Ticker,
		"from", tick.From.Source, "to", tick.To.Source, "price", tick.To.Price.String())
	if c.crossings == nil {
		c.crossings = map[market.Ticker]market.Quote{}
	}
	c.crossings[tick.Ticker] = tick.To
	tick.Held = true
	return nil
}

// fires tells whether a tick would fire some rule. What was gathered before is
// saved first, since the answer may depend on it.
func (r *run) fires(ctx context.Context, tick Tick) (bool, error) {
	ids := r.checker.Book.Touched(nil, tick.Ticker, &tick.From.Price, tick.To.Price)
	if len(ids) == 0 {
		return false, nil
	}
	if err := r.flush(ctx); err != nil {
		return false, err
	}
	for part := range slices.Chunk(ids, MaxBatch) {
		trial := &run{checker: r.checker, now: r.now, out: &Outcome{}}
		for _, id := range part {
			trial.works = append(trial.works, work{rule: id, tick: tick})
		}
		_, batch, err := trial.evaluate(ctx)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(batch.Events, func(e Event) bool { return e.Kind == EventFired }) {
			return true, nil
		}
	}
	return false, nil
}

// traded tells whether a symbol traded for a while between two quotes, while we
// were away. A symbol whose sessions nobody knows always did.
func (c *Checker) traded(ticker market.Ticker, from, to time.Time) bool {
	if c.resumed.Before(to) {
		to = c.resumed
	}
	if c.Hours == nil {
		return to.Sub(from) >= c.Outage
	}
	start, regular, ok := c.Hours.Session(ticker, to)
	if !ok {
		return to.Sub(from) >= c.Outage
	}
	if regular {
		return to.Sub(later(from, start)) >= c.Outage
	}
	// The last session began after the last quote, or was under way at it.
	_, under, _ := c.Hours.Session(ticker, from.Add(c.Outage))
	return from.Before(start) || under
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
