package alerts

import (
	"context"
	"strconv"
	"time"

	"bellwether/alerts/market"
)

// Record is a rule together with where it stands.
type Record struct {
	Rule Rule
	// Tickers are the symbols that the rule has a state on: the symbol of its
	// first condition or, on a watchlist, each symbol of the list.
	Tickers []market.Ticker
	// States are those that were stored; a symbol without one is new.
	States []State
}

// Standpoints returns the symbols that a rule has states on, given those of its
// watchlist.
func Standpoints(rule Rule, watchlist []market.Ticker) []market.Ticker {
	for _, c := range rule.Conditions {
		if c.Ticker == "" {
			return watchlist
		}
	}
	if len(rule.Conditions) == 0 {
		return nil
	}
	return []market.Ticker{rule.Conditions[0].Ticker}
}

// state returns where the rule stands on a symbol.
func (r Record) state(ticker market.Ticker) State {
	for _, s := range r.States {
		if s.Ticker == ticker {
			return s
		}
	}
	return NewState(r.Rule.ID, ticker)
}

// with returns the record with a state replaced. It shares nothing that changes.
func (r Record) with(state State) Record {
	states := make([]State, 0, len(r.States)+1)
	for _, s := range r.States {
		if s.Ticker != state.Ticker {
			states = append(states, s)
		}
	}
	states = append(states, state)
	r.States = states
	return r
}

// MaxBatch is how many states a Batch holds at most, so that saving a storm
// does not keep others from writing.
const MaxBatch = 1000

// Batch is what one transaction saves of a check.
type Batch struct {
	// States are saved by compare-and-set: where the stored Version equals the
	// state's (0: where none is stored), with the Version one higher.
	States []State
	// Revisions are those of the rules that the states belong to; where another
	// is stored, people changed the rule meanwhile.
	Revisions map[RuleID]int64
	// Holds are rules that wait for their owners from now on.
	Holds []Hold
	// Events are saved unless their Key is known.
	Events []Event
	// Standings are the accepted quotes with the previous close to believe, in
	// the order of their times; of several of one symbol the last one stands. A
	// symbol's is in the last batch that its quote made necessary.
	Standings []Standing
}

// Hold makes a rule wait for its owner. It is saved where the rule's stored
// revision is Revision, which rises by one.
type Hold struct {
	Rule     RuleID
	Revision int64
	For      string // as Rule.HeldFor
}

// Store keeps rules, states, events and accepted quotes.
type Store interface {
	// Records loads rules by ID with the states that they have; one that is
	// gone is left out.
	Records(ctx context.Context, ids []RuleID) ([]Record, error)
	// Standings loads every symbol's last accepted quote.
	Standings(ctx context.Context) ([]Standing, error)
	// EachFiring hands over, in chunks, the firings that were detected since a
	// time and that a quote of a symbol made.
	EachFiring(ctx context.Context, ticker market.Ticker, since time.Time, take func([]Firing) error) error
	// Commit saves a batch in one transaction. Where a state's Version or a
	// rule's revision is not the stored one, or the rule is gone, it saves nothing
	// and returns a *ConflictError.
	Commit(ctx context.Context, batch Batch) error
}

// ConflictError tells that rules changed while they were evaluated.
type ConflictError struct{ Rules []RuleID }

// Error counts them.
func (e *ConflictError) Error() string {
	return strconv.Itoa(len(e.Rules)) + " rules changed meanwhile"
}
