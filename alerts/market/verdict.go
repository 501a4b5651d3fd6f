package market

import "time"

// Outcome is what becomes of a price.
type Outcome int

// The outcomes. A held price waits for a confirmation; a rejected one is wrong
// whatever follows.
const (
	Accept Outcome = iota
	Hold
	Reject
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case Accept:
		return "accept"
	case Hold:
		return "hold"
	}
	return "reject"
}

// Reason says why, for machines.
type Reason string

// The reasons for what becomes of a price.
const (
	ReasonNone         Reason = ""
	ReasonZero         Reason = "zero"
	ReasonNegative     Reason = "negative"
	ReasonFuture       Reason = "future"
	ReasonOlder        Reason = "older"
	ReasonRepeat       Reason = "repeat"
	ReasonUnit         Reason = "unit"
	ReasonCurrency     Reason = "currency"
	ReasonMixed        Reason = "mixed"
	ReasonDouble       Reason = "double"
	ReasonSplit        Reason = "split"
	ReasonStep         Reason = "step"
	ReasonStale        Reason = "stale"
	ReasonDisagreement Reason = "disagreement"
	ReasonConfirmed    Reason = "confirmed"
	ReasonOperator     Reason = "operator"
)

// The reasons for what becomes of a previous close.
const (
	ReasonMissing     Reason = "missing"
	ReasonOwnClose    Reason = "own_close"
	ReasonImplausible Reason = "implausible"
	ReasonStaleClose  Reason = "stale_close"
)

// NeedsSecond tells that no further read of the same source can confirm a price
// that is held for the reason: a second source or the operator decides.
func (r Reason) NeedsSecond() bool {
	return r == ReasonUnit || r == ReasonCurrency || r == ReasonMixed
}

// Finding is what becomes of one number, and why.
type Finding struct {
	Outcome Outcome
	Reason  Reason
}

// Plain says the reason as people read it; "" where there is none.
func (f Finding) Plain() string {
	return map[Reason]string{
		ReasonZero:         "the price is zero",
		ReasonNegative:     "the price is negative",
		ReasonFuture:       "its time is in the future",
		ReasonOlder:        "it is older than the last quote",
		ReasonRepeat:       "nothing new",
		ReasonUnit:         "about 10, 100 or more times the last price, or that part of it: probably a wrong unit",
		ReasonCurrency:     "it is in another currency than before",
		ReasonMixed:        "it looks like the price of another symbol",
		ReasonDouble:       "about two or three times the last price, or that part of it: possibly a split",
		ReasonSplit:        "the share was split",
		ReasonStep:         "an unusually large step",
		ReasonStale:        "it is exactly the close of the session before",
		ReasonDisagreement: "another source says otherwise",
		ReasonConfirmed:    "confirmed by a second read",
		ReasonOperator:     "decided by the operator",
		ReasonMissing:      "the source gives none",
		ReasonOwnClose:     "it contradicts the close that we saw ourselves",
		ReasonStaleClose:   "it is that of an earlier session",
		ReasonImplausible:  "the move that it implies is not plausible",
	}[f.Reason]
}

// Verdict is what the guard makes of a quote. Its price and its previous close
// are judged apart.
type Verdict struct {
	Price         Finding
	PreviousClose Finding
	// New tells that the accepted price or its time differs from the last.
	New bool
	// FirstHeld tells that the quote was not held before: its owner is told once.
	FirstHeld bool
	// Base is the previous close to believe for changes in percent, in the
	// price's own unit; 0 where none can be believed. BaseDay is the date of its
	// session, zero where unknown.
	Base    Price
	BaseDay time.Time
	// Confirms is the held quote that this one confirms; Dropped the held quote
	// that it does not bear out. Each may be none.
	Confirms, Dropped Sighting
	// Believed tells that the price of the held quote itself is believed, not only
	// that there was something to it.
	Believed bool
	// Undone is a jump that the accepted quote shows to have been false; the
	// prices since were none.
	Undone Jump
	// Split is what prices and thresholds of before are to be multiplied by
	// (Factor); zero for no split. It is told once, with the held quote: hold
	// the rules until their owner has decided.
	Split Split
	// NeedsSecond tells that no further read of the same source can confirm the
	// held price.
	NeedsSecond bool
	// Frozen tells that the source repeats an old quote while the market is open.
	Frozen bool
}
