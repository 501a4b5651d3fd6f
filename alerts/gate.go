package alerts

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"bellwether/alerts/market"
)

// GateOptions say what a gate knows beside the quotes themselves.
type GateOptions struct {
	// Symbol describes a ticker; what is not known is judged cautiously.
	Symbol func(ticker market.Ticker) market.Symbol
	// Day returns the date of the session that a time belongs to, that of the
	// session before, and whether the market is open then; the zero value of
	// what is not known. May be nil.
	Day func(ticker market.Ticker, at time.Time) (day, before time.Time, open bool)
	// Second asks another source than the one named; nil where there is none.
	Second func(ctx context.Context, ticker market.Ticker, besides string) (market.Quote, error)
	// Splits reads a share's splits from a time on, oldest first; nil where no
	// source tells of them. It is asked only about a price that looks like one.
	Splits func(ctx context.Context, ticker market.Ticker, from time.Time) ([]market.Split, error)
	// Closed returns the close of a session by the daily bars, 0 where unknown;
	// may be nil. It is asked only where we saw no close ourselves and the source's
	// is not believed.
	Closed func(ticker market.Ticker, day time.Time) market.Price
	// Decision is what the operator says of a held quote; may be nil.
	Decision func(ticker market.Ticker, held market.HeldQuote) market.Decision
	// Records are what was remembered before a restart.
	Records map[market.Ticker]market.Record
	Log     *slog.Logger
}

// secondTime is how long a second source may take.
const secondTime = 5 * time.Second

// closeSlack is how long before the end of a session its last price may be made.
const closeSlack = 30 * time.Minute

// Gate is a Guard: it remembers what market.Guard has to know of each symbol,
// and asks a second source where the first is not believed. It is safe for
// concurrent use.
type Gate struct {
	o     GateOptions
	guard market.Guard

	mu      sync.Mutex
	records map[market.Ticker]market.Record
	changed map[market.Ticker]market.Record
	// doubted is which held quote of a symbol was told as one that needs a
	// decision, by when it was seen first.
	doubted map[market.Ticker]time.Time
	// splits is when a symbol's splits were read last.
	splits map[market.Ticker]time.Time

	// wrong are prices of sources that these alone cannot prove, until they give
	// others. Who reads quotes need not wait for one that is judged.
	wrongMu sync.Mutex
	wrong   map[paceKey]wrongPrice
}

// wrongPrice is a price that its source alone cannot prove, and the last accepted
// one before it.
type wrongPrice struct{ price, last market.Price }

// NewGate returns a gate.
func NewGate(o GateOptions) *Gate {
	g := &Gate{
		o: o, records: make(map[market.Ticker]market.Record), changed: make(map[market.Ticker]market.Record),
		doubted: make(map[market.Ticker]time.Time), splits: make(map[market.Ticker]time.Time), wrong: make(map[paceKey]wrongPrice),
	}
	maps.Copy(g.records, o.Records)
	return g
}

// Judge implements Guard.
func (g *Gate) Judge(last Standing, q market.Quote, other market.Ticker, now time.Time) Verdict {
	g.mu.Lock()
	defer g.mu.Unlock()
	before := g.records[q.Ticker]
	if last.Quote.Time.After(before.Last.Time) {
		// The process ended between two saves: the accepted quote is the truth.
		before.Last = market.Sighting{Price: last.Quote.Price, Time: last.Quote.Time, Seen: last.Quote.Received, Source: last.Quote.Source}
	}
	e := g.evidence(before, q)
	e.Other = other
	e.OtherCurrency = last.Quote.Currency != "" && q.Currency != "" && last.Quote.Currency != q.Currency
	record, v := g.judge(before, last.Quote, q, e, now)
	if record != before {
		g.records[q.Ticker], g.changed[q.Ticker] = record, record
	}
	g.tell(q, v, before)
	g.noteWrong(q, v, before.Last.Price)
	out := verdictOf(v, now)
	out.Doubt = g.doubt(q.Ticker, v, record)
	return out
}

// evidence gathers what is known without asking anybody outside.
func (g *Gate) evidence(before market.Record, q market.Quote) market.Evidence {
	e := market.Evidence{Symbol: g.o.Symbol(q.Ticker)}
	if g.o.Decision != nil && !before.Held.None() {
		e.Decision = g.o.Decision(q.Ticker, before.Held)
	}
	if g.o.Day != nil {
		e.Session, e.Before, e.Open = g.o.Day(q.Ticker, q.Time)
		if e.Session.After(before.Day) && !before.Last.None() {
			later, _, open := g.o.Day(q.Ticker, before.Last.Time.Add(closeSlack))
			e.CloseMissed = open && later.Equal(before.Day)
		}
	}
	return e
}

// unseen tells that we did not see the close of the session before ourselves.
func unseen(before market.Record, e market.Evidence) bool {
	return before.CloseDay.Before(e.Before) && (!before.Day.Equal(e.Before) || e.CloseMissed)
}

// judge has the guard judge a quote, with more evidence where it is needed.
func (g *Gate) judge(before market.Record, last, q market.Quote, e market.Evidence, now time.Time) (market.Record, market.Verdict) {
	record, v := g.guard.Judge(before, q, e, now)
	doubted := v.PreviousClose.Outcome != market.Accept || !before.Doubted.IsZero() && before.Doubted == q.PreviousClose
	if g.o.Closed != nil && doubted && unseen(before, e) {
		// At each quote: no other one of the session knows it either.
		e.Closed = g.o.Closed(q.Ticker, e.Before)
		record, v = g.guard.Judge(before, q, e, now)
	}
	if g.likeSplit(e.Symbol.Class, before, q, v, now) {
		for _, split := range g.splitsOf(q.Ticker, before.Last.Time, now) {
			e.Split = split
			if scaled, explained := g.guard.Judge(before, q, e, now); explained.Split.Factor() != 0 {
				return scaled, explained
			}
		}
		e.Split = market.Split{}
	}
	if v.Price.Outcome == market.Hold || v.PreviousClose.Outcome == market.Hold && v.New {
		if second, ok := g.second(q); ok {
			e.Second = second.Like(last)
			record, v = g.guard.Judge(before, q, e, now)
		}
	}
	return record, v
}

// leastSplit is the least step that may be a split: five shares for four.
// splitPause is the time between two looks at a symbol's splits while a quote of
// it stays held.
const (
	leastSplit = 1.24
	splitPause = 30 * time.Minute
)

// likeSplit tells whether a share's price is suspicious as a split makes it, and
// its splits were not read lately.
func (g *Gate) likeSplit(class market.Class, before market.Record, q market.Quote, v market.Verdict, now time.Time) bool {
	if g.o.Splits == nil || before.Last.None() || class != market.ClassEquity && class != market.ClassETF {
		return false
	}
	if v.Price.Outcome != market.Hold && v.Price.Reason != market.ReasonConfirmed {
		return false
	}
	ratio := q.Price.Float() / before.Last.Price.Float()
	if ratio > 1/leastSplit && ratio < leastSplit {
		return false
	}
	return v.FirstHeld || now.Sub(g.splits[q.Ticker]) >= splitPause
}

// splitsOf reads a symbol's splits since shortly before its last quote.
func (g *Gate) splitsOf(ticker market.Ticker, last, now time.Time) []market.Split {
	ctx, cancel := context.WithTimeout(context.Background(), secondTime)
	defer cancel()
	splits, err := g.o.Splits(ctx, ticker, last.Add(-2*day))
	if err != nil {
		// Asked again at the next read.
		g.o.Log.Warn("splits not read", "ticker", ticker, "error", err)
		delete(g.splits, ticker)
		return nil
	}
	g.splits[ticker] = now
	return splits
}

// doubt returns, once, a held price that came again and that no further read of
// the same source can confirm.
func (g *Gate) doubt(ticker market.Ticker, v market.Verdict, record market.Record) *Doubt {
	held := record.Held
	if held.None() || v.FirstHeld || v.Price.Outcome != market.Hold || !v.NeedsSecond || g.doubted[ticker].Equal(held.Seen) {
		return nil
	}
	g.doubted[ticker] = held.Seen
	return &Doubt{Price: held.Price, Last: record.Last.Price, Since: held.Seen, Reason: v.Price.Plain()}
}

// second asks another source, without holding others up for long.
func (g *Gate) second(q market.Quote) (market.Quote, bool) {
	if g.o.Second == nil {
		return market.Quote{}, false
	}
	ctx, cancel := context.WithTimeout(context.Background(), secondTime)
	defer cancel()
	second, err := g.o.Second(ctx, q.Ticker, q.Source)
	return second, err == nil && second.Price != 0
}

// tell logs what the guard does not believe, once.
func (g *Gate) tell(q market.Quote, v market.Verdict, before market.Record) {
	if v.FirstHeld {
		g.o.Log.Warn("quote held", "ticker", q.Ticker, "price", q.Price.String(), "last", before.Last.Price.String(),
			"source", q.Source, "reason", v.Price.Plain())
	}
	if !v.Dropped.None() {
		g.o.Log.Warn("held quote not confirmed", "ticker", q.Ticker, "held", v.Dropped.Price.String(), "now", q.Price.String())
	}
	if v.New && v.PreviousClose.Outcome != market.Accept && v.PreviousClose.Reason != market.ReasonMissing && before.Last.None() {
		g.o.Log.Warn("previous close not believed", "ticker", q.Ticker, "price", q.Price.String(),
			"previous_close", q.PreviousClose.String(), "source", q.Source, "reason", v.PreviousClose.Plain())
	}
}

func verdictOf(v market.Verdict, now time.Time) Verdict {
	out := Verdict{Undone: v.Undone, Base: v.Base, BaseAt: v.BaseDay, Split: v.Split, Repeat: v.Price.Reason == market.ReasonRepeat}
	out.Bears = v.Believed
	switch v.Price.Outcome {
	case market.Accept:
		out.Accepted = v.New
		if !v.Confirms.None() {
			out.Confirmed = now
		}
	case market.Hold:
		out.Held = v.FirstHeld
		out.Reason = v.Price.Plain()
		if !v.FirstHeld {
			out.Reason = "" // said when it was held first
		}
	default:
		if v.Price.Reason != market.ReasonOperator { // who decided it knows
			out.Reason = v.Price.Plain()
		}
	}
	return out
}

// Held returns the quotes that wait for a confirmation.
func (g *Gate) Held() map[market.Ticker]market.HeldQuote {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make(map[market.Ticker]market.HeldQuote)
	for t, r := range g.records {
		if !r.Held.None() {
			out[t] = r.Held
		}
	}
	return out
}

// Waiting tells whether a quote of a symbol is held that its next read can
// confirm.
func (g *Gate) Waiting(ticker market.Ticker) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := g.records[ticker].Held
	return !held.None() && !held.Reason.NeedsSecond()
}

// noteWrong notes whether a quote is one that no further read of its source can
// confirm.
func (g *Gate) noteWrong(q market.Quote, v market.Verdict, last market.Price) {
	g.wrongMu.Lock()
	defer g.wrongMu.Unlock()
	switch key := (paceKey{q.Ticker, q.Source}); {
	case v.Price.Outcome == market.Hold && v.NeedsSecond, v.Price.Outcome == market.Reject && v.Price.Reason == market.ReasonOperator:
		g.wrong[key] = wrongPrice{q.Price, last}
	case v.Price.Outcome == market.Accept:
		delete(g.wrong, key)
	}
}

// Wrong tells of a quote that it is like one that is held and that no further read
// of its source can confirm: whoever else has a price of the symbol is read instead.
func (g *Gate) Wrong(q market.Quote) bool {
	g.wrongMu.Lock()
	defer g.wrongMu.Unlock()
	key := paceKey{q.Ticker, q.Source}
	w, ok := g.wrong[key]
	return ok && market.Nearer(q.Price, w.price, w.last)
}

// Changed returns what is remembered anew since the last call of Saved.
func (g *Gate) Changed() map[market.Ticker]market.Record {
	g.mu.Lock()
	defer g.mu.Unlock()
	return maps.Clone(g.changed)
}

// Saved tells that records were stored.
func (g *Gate) Saved(records map[market.Ticker]market.Record) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for t, r := range records {
		if g.changed[t] == r {
			delete(g.changed, t)
		}
	}
}
