package alerts

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"bellwether/alerts/market"
)

// away is what is still to be looked at of the time in which no checks were
// done. It is kept before the first quote after that time is saved, so that a
// process that ends earlier finds the same time to look at.
type away struct {
	kept     int  // how many gaps were kept last
	grown    bool // there are more than those
	gaps     map[market.Ticker]*gap
	queue    []market.Ticker
	blind    []market.Ticker // of which there are no bars
	failures int             // of reading bars, in a row
}

// wait notes whether there is anything to look at, so that asking need not wait
// for a check under way.
func (c *Checker) wait() { c.waiting.Store(len(c.away.gaps) > 0) }

// gap is a time in which a symbol traded and nobody looked.
type gap struct {
	before Standing  // the last one before it, as rules see it
	till   time.Time // of the first one after it, zero before that one
	ticks  []Tick    // that were judged early since, oldest first
}

const (
	// maxFailures is how often in a row bars may fail to be read before no more
	// are asked for: the source has none to give at present.
	maxFailures = 3
	// maxEarly bounds the quotes of a symbol that are kept to be judged again.
	maxEarly = 2000
)

// wasAway notes the time between two accepted quotes, where we were away for a
// part of it and the symbol traded.
func (c *Checker) wasAway(last Standing, quote market.Quote) {
	ticker := quote.Ticker
	if c.resumed.IsZero() || c.caught[ticker] {
		return
	}
	c.caught[ticker] = true
	last = last.forRules()
	from := last.Quote.Time
	if from.IsZero() || quote.Fix || quote.Time.Sub(from) < c.Outage || !c.Book.Has(ticker) || !c.traded(ticker, from, quote.Time) {
		return
	}
	if c.away.gaps == nil {
		c.away.gaps = map[market.Ticker]*gap{}
	}
	if g := c.away.gaps[ticker]; g != nil {
		g.till, g.ticks = quote.Time, nil // away again: its bars tell of all
		return
	}
	c.away.gaps[ticker], c.away.grown = &gap{before: last, till: quote.Time}, true
	c.away.queue = append(c.away.queue, ticker)
	c.wait()
}

// hold makes a tick of a symbol with a gap an early one.
func (a *away) hold(tick *Tick) {
	g := a.gaps[tick.Ticker]
	if g == nil {
		return
	}
	tick.Early = true
	if !tick.Held && g.till.IsZero() {
		g.till = tick.To.Time
	}
	if !tick.Held && len(g.ticks) < maxEarly {
		g.ticks = append(g.ticks, *tick)
	}
}

// scale has a gap follow a split.
func (a *away) scale(ticker market.Ticker, split market.Split) {
	if g := a.gaps[ticker]; g != nil {
		g.before, g.ticks, a.grown = g.before.scaled(split), nil, true
	}
}

// recall takes up what was still to be looked at when the process ended.
func (a *away) recall(kept string) {
	var before []Standing
	if json.Unmarshal([]byte(kept), &before) != nil {
		before = nil // none, or not ours
	}
	*a = away{kept: len(before), gaps: make(map[market.Ticker]*gap, len(before))}
	for _, s := range before {
		a.gaps[s.Quote.Ticker] = &gap{before: s}
		a.queue = append(a.queue, s.Quote.Ticker)
	}
}

// keep keeps what is still to be looked at, where that became more or so much less
// that it is worth while: what is looked at twice tells nothing twice.
func (a *away) keep(ctx context.Context, keep func(context.Context, string) error) error {
	if keep == nil || !a.grown && (a.kept == 0 || len(a.gaps) > a.kept*9/10) {
		return nil
	}
	text := ""
	if len(a.gaps) > 0 {
		before := make([]Standing, 0, len(a.gaps))
		for _, ticker := range slices.Sorted(maps.Keys(a.gaps)) {
			before = append(before, a.gaps[ticker].before)
		}
		all, err := json.Marshal(before)
		if err != nil {
			return fmt.Errorf("keep what was missed: %w", err)
		}
		text = string(all)
	}
	if err := keep(ctx, text); err != nil {
		return fmt.Errorf("keep what was missed: %w", err)
	}
	a.kept, a.grown = len(a.gaps), false
	return nil
}

// CatchUp looks at what one symbol did while no checks were done, by its bars,
// and tells whether more symbols wait. It reads the bars beside the checks: they
// tell at once what the quotes before and after the outage show, and what
// happened between them follows here. Of symbols without bars their rules' owners
// are told, when all have been looked at, what could not be seen.
func (c *Checker) CatchUp(ctx context.Context) (out Outcome, more bool, err error) {
	if !c.waiting.Load() {
		return out, false, nil
	}
	ticker, from, till := c.nextAway()
	var line market.Line
	failed := false
	if ticker != "" && !from.IsZero() {
		if line, failed = c.barsBetween(ctx, ticker, from, till); ctx.Err() != nil {
			return out, true, ctx.Err() // looked at again
		}
	}
	c.running.Lock()
	defer c.running.Unlock()
	run := &run{checker: c, now: c.Now(), out: &out}
	if ticker != "" {
		if err := run.lookAt(ctx, ticker, line, failed); err != nil {
			return out, true, err
		}
	}
	if next, _, _ := c.away.next(); next != "" {
		return out, true, nil
	}
	return out, false, run.tellBlind(ctx)
}

func (c *Checker) nextAway() (ticker market.Ticker, from, till time.Time) {
	c.running.Lock()
	defer c.running.Unlock()
	return c.away.next()
}

// next returns the symbol to look at, of which a quote has come again, and the
// time between its quotes; from is zero where its bars are not worth asking for.
func (a *away) next() (ticker market.Ticker, from, till time.Time) {
	for _, ticker := range a.queue {
		g := a.gaps[ticker]
		switch {
		case g == nil || g.till.IsZero():
		case a.failures >= maxFailures:
			return ticker, from, g.till
		default:
			return ticker, g.before.Quote.Time, g.till
		}
	}
	a.failures = 0
	return "", from, till
}

// lookAt deals with a symbol of the queue.
func (r *run) lookAt(ctx context.Context, ticker market.Ticker, line market.Line, failed bool) error {
	c := r.checker
	a := &c.away
	if failed {
		a.failures++
	} else if len(line.Bars) > 0 {
		a.failures = 0
	}
	path := a.gaps[ticker].path(line)
	if len(path) == 0 {
		a.blind = append(a.blind, ticker)
	} else {
		if c.Filled != nil {
			c.Filled(ctx, a.gaps[ticker].before, line)
		}
		if err := r.catchUp(ctx, ticker, path); err != nil {
			return err
		}
	}
	a.queue = slices.DeleteFunc(a.queue, func(t market.Ticker) bool { return t == ticker })
	return nil
}

// path returns what bars tell of the gap.
func (g *gap) path(line market.Line) []Tick {
	path := barTicks(g.before, line)
	return slices.DeleteFunc(path, func(t Tick) bool {
		return !t.To.Time.After(g.before.Quote.Time) || !t.To.Time.Before(g.till)
	})
}

// catchUp has rules see what happened in a gap, and then once more what was
// judged early since.
func (r *run) catchUp(ctx context.Context, ticker market.Ticker, path []Tick) error {
	c := r.checker
	g := c.away.gaps[ticker]
	last := g.before.Quote
	for _, tick := range path {
		tick.Missed, tick.Late, tick.Hours, tick.From = true, true, c.Hours, last
		if err := r.tick(ctx, tick); err != nil {
			return err
		}
		last = tick.To
	}
	for i, tick := range g.ticks {
		tick.Early, tick.Late = false, true
		if i == 0 {
			tick.From = last
		}
		if err := r.tick(ctx, tick); err != nil {
			return err
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	delete(c.away.gaps, ticker)
	c.away.queue = slices.DeleteFunc(c.away.queue, func(t market.Ticker) bool { return t == ticker })
	c.wait()
	if err := c.away.keep(ctx, c.Keep); err != nil {
		// It is kept with the next change; what is looked at twice tells nothing
		// twice.
		c.away.grown = true
		c.Log.Warn("what was missed is not kept", "error", err)
	}
	return nil
}

// tellBlind tells the owners of rules what could not be seen while we were away.
func (r *run) tellBlind(ctx context.Context) error {
	a := &r.checker.away
	if len(a.blind) == 0 {
		return nil
	}
	var n Notice
	for _, ticker := range a.blind {
		g := a.gaps[ticker]
		if g == nil {
			continue
		}
		if n.Since.IsZero() || g.before.Quote.Time.Before(n.Since) {
			n.Since = g.before.Quote.Time
		}
		n.Until = later(n.Until, g.till)
	}
	n.Kind = NoticeUnseen
	r.notice(EventQuotesLate, "unseen/"+stampKey(n.Since)+"/"+stampKey(n.Until), a.blind, n)
	if err := r.flush(ctx); err != nil {
		return err
	}
	for len(a.blind) > 0 {
		if a.gaps[a.blind[0]] != nil {
			if err := r.catchUp(ctx, a.blind[0], nil); err != nil {
				return err
			}
		}
		a.blind = a.blind[1:]
	}
	return nil
}

// barsBetween reads what bars there are of an outage: of five minutes, or of days
// where it was a long one.
func (c *Checker) barsBetween(ctx context.Context, ticker market.Ticker, from, to time.Time) (line market.Line, failed bool) {
	line = market.Line{Ticker: ticker, Step: 5 * time.Minute}
	if to.Sub(from) > 5*day {
		line.Step = day
	}
	if c.Bars == nil {
		return line, false
	}
	var err error
	if line.Bars, err = c.Bars.Bars(ctx, ticker, line.Step, from); err != nil {
		c.Log.Warn("bars of the outage not read", "ticker", ticker, "error", err)
	}
	return line, err != nil
}
