package alerts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"bellwether/alerts/market"
)

// HeldForSplit is Rule.HeldFor of a rule that waits for its owner because its
// share was split.
const HeldForSplit = "split"

// priced tells whether a number of the rule is a price of a symbol, which a
// split makes another one. Moves in percent go on as they are.
func (r Rule) priced(ticker market.Ticker) bool {
	return slices.ContainsFunc(r.Conditions, func(c Condition) bool { return c.priced(ticker) })
}

func (c Condition) priced(ticker market.Ticker) bool {
	return c.Ticker == ticker && (!c.Level.IsZero() || !c.Upper.IsZero() || c.Kind == MovesAmount)
}

// Scaled returns the rule with its prices of a symbol as they are after a split;
// ok is false where it has none.
func (r Rule) Scaled(ticker market.Ticker, split market.Split) (scaled Rule, ok bool) {
	if split.Factor() == 0 || !r.priced(ticker) {
		return r, false
	}
	r.Conditions = slices.Clone(r.Conditions)
	for i := range r.Conditions {
		c := &r.Conditions[i]
		if !c.priced(ticker) {
			continue
		}
		c.Level, c.Upper = scaledPrice(c.Level, split), scaledPrice(c.Upper, split)
		if c.Kind == MovesAmount {
			c.Change = scaledPrice(c.Change, split)
		}
		if i == 0 {
			r.Band = scaledPrice(r.Band, split)
		}
	}
	return r, true
}

// scaledPrice multiplies a threshold by a split's factor, to two decimals more
// than it has, as no one would type 33.333333333.
func scaledPrice(p market.Price, s market.Split) market.Price {
	exact := p.Decimal().Mul(decimal.NewFromInt(s.Old)).DivRound(decimal.NewFromInt(s.New), 18)
	out, err := market.PriceOf(exact.Round(int32(min(max(p.Scale(), 2)+2, 18))))
	if err != nil {
		return p
	}
	return out
}

// scaled returns the standing as it is after a split. Its time is a nanosecond
// later, so that whoever compares it with a memory of before takes this one.
func (s Standing) scaled(split market.Split) Standing {
	s.Quote.Price, s.Quote.PreviousClose = split.Scale(s.Quote.Price), split.Scale(s.Quote.PreviousClose)
	s.Base = split.Scale(s.Base)
	s.Quote.Time = s.Quote.Time.Add(time.Nanosecond)
	return s
}

// split has the rules with prices of a symbol wait for their owners, and
// rescales its last quote in the last commit that this takes.
func (r *run) split(ctx context.Context, quote market.Quote, split market.Split) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	c := r.checker
	last := r.latest(quote.Ticker)
	standing := last.scaled(split)
	c.away.scale(quote.Ticker, split)
	c.Log.Warn("symbol was split", "ticker", quote.Ticker, "old", split.Old, "new", split.New,
		"last", last.Quote.Price.String(), "price", quote.Price.String())
	parts := slices.Collect(slices.Chunk(c.Book.About(quote.Ticker), MaxBatch))
	if len(parts) == 0 {
		parts = [][]RuleID{nil}
	}
	for i, ids := range parts {
		var standings []Standing
		if i == len(parts)-1 {
			standings = []Standing{standing}
		}
		if err := r.holdRules(ctx, ids, last.Quote, quote, split, standings); err != nil {
			return err
		}
	}
	c.mu.Lock()
	if c.last == nil {
		c.last = map[market.Ticker]Standing{}
	}
	c.last[quote.Ticker] = standing
	c.mu.Unlock()
	c.Book.Seen(standing)
	if c.Rescaled != nil {
		c.Rescaled(ctx, quote.Ticker, split)
	}
	return nil
}

// holdRules saves that rules are held, together with what tells their owners.
func (r *run) holdRules(ctx context.Context, ids []RuleID, from, to market.Quote, split market.Split, standings []Standing) error {
	for range tries {
		var records []Record
		if len(ids) > 0 {
			var err error
			if records, err = r.checker.Store.Records(ctx, ids); err != nil {
				return fmt.Errorf("load rules: %w", err)
			}
		}
		batch := Batch{Standings: standings}
		var held []Record
		for _, record := range records {
			if record.Rule.HeldFor == HeldForSplit || !record.Rule.priced(to.Ticker) {
				continue
			}
			batch.Holds = append(batch.Holds, Hold{Rule: record.Rule.ID, Revision: record.Rule.Revision, For: HeldForSplit})
			record.Rule.HeldFor = HeldForSplit
			record.Rule.Revision++
			held = append(held, record)
			batch.Events = append(batch.Events, splitEvent(record.Rule, from, to, split, r.now))
		}
		conflict, err := r.checker.commit(ctx, batch)
		if err != nil {
			return err
		}
		if !conflict {
			r.checker.Book.Put(held...)
			r.out.Events += len(batch.Events)
			return nil
		}
	}
	return errBusy
}

func splitEvent(rule Rule, from, to market.Quote, split market.Split, now time.Time) Event {
	key := FiringKey(rule.ID, to.Ticker, 0) + "/split/" + split.Day.Format(time.DateOnly)
	return Event{
		Kind: EventHeld, Key: key, Subject: key, Topic: Topic{Kind: TopicRule, ID: int64(rule.ID)}, At: to.Time, Detected: now,
		Firing: &Firing{Rule: rule, Ticker: to.Ticker, From: from, To: to}, Split: &split,
	}
}
