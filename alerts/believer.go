package alerts

import (
	"maps"
	"sync"
	"time"

	"bellwether/alerts/market"
)

// Believer is a Guard: it hands quotes to the market's own guard and keeps what
// that remembers of each symbol. It is safe for concurrent use.
type Believer struct {
	evidence func(quote market.Quote, now time.Time) market.Evidence

	mu      sync.Mutex
	records map[market.Ticker]market.Record
	changed map[market.Ticker]market.Record
}

// NewBeliever returns a guard that goes on from what was stored. evidence tells
// what else is known where a quote is judged; nil where nothing is.
func NewBeliever(records map[market.Ticker]market.Record, evidence func(market.Quote, time.Time) market.Evidence) *Believer {
	b := &Believer{evidence: evidence, records: maps.Clone(records), changed: map[market.Ticker]market.Record{}}
	if b.records == nil {
		b.records = map[market.Ticker]market.Record{}
	}
	return b
}

// Judge judges a quote. One that says nothing new is neither accepted nor held.
func (b *Believer) Judge(_ Standing, quote market.Quote, now time.Time) Verdict {
	b.mu.Lock()
	defer b.mu.Unlock()
	var evidence market.Evidence
	if b.evidence != nil {
		evidence = b.evidence(quote, now)
	}
	record, found := market.Guard{}.Judge(b.records[quote.Ticker], quote, evidence, now)
	if record != b.records[quote.Ticker] {
		b.records[quote.Ticker], b.changed[quote.Ticker] = record, record
	}
	verdict := Verdict{
		Accepted: found.Price.Outcome == market.Accept && found.New,
		Held:     found.Price.Outcome == market.Hold,
		Base:     found.Base, BaseAt: found.BaseDay,
	}
	if verdict.Accepted && !found.Confirms.None() {
		verdict.Confirmed = now
	}
	if found.Price.Reason != market.ReasonRepeat {
		verdict.Reason = found.Price.Plain()
	}
	return verdict
}

// Changed returns what is remembered anew since the last call, to be stored.
func (b *Believer) Changed() map[market.Ticker]market.Record {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.changed
	b.changed = map[market.Ticker]market.Record{}
	return out
}
