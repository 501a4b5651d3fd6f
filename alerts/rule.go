package alerts

import (
	"time"

	"bellwether/alerts/market"
)

// RuleID names a stored rule.
type RuleID int64

// WatchlistID names a list of symbols that rules may be made on.
type WatchlistID int64

// ConditionKind says what must happen to a price.
type ConditionKind string

// The kinds of condition. A crossing lies between two accepted quotes, and an
// exact touch counts as reached.
const (
	CrossesAbove  ConditionKind = "crosses-above" // from below Level to Level or higher
	CrossesBelow  ConditionKind = "crosses-below" // from above Level to Level or lower
	Crosses       ConditionKind = "crosses"       // either way
	IsAbove       ConditionKind = "is-above"      // at Level or higher, however it came there; told once
	IsBelow       ConditionKind = "is-below"      // at Level or lower, however it came there; told once
	EntersRange   ConditionKind = "enters-range"  // from outside to inside Level..Upper
	LeavesRange   ConditionKind = "leaves-range"  // from inside to outside Level..Upper
	MovesPercent  ConditionKind = "moves-percent" // by Change percent of the baseline
	MovesAmount   ConditionKind = "moves-amount"  // by Change in the symbol's unit
	MovesPoints   ConditionKind = "moves-points"  // by Change basis points; yields only
	NewHigh       ConditionKind = "new-high"      // above every price of the last Days days
	NewLow        ConditionKind = "new-low"       // below every price of the last Days days
	GapsAtTheOpen ConditionKind = "gaps-at-open"  // first price of a session Change percent from the close
)

// Direction says which way a move must go.
type Direction string

// The directions; the zero value is either.
const (
	Either Direction = ""
	Up     Direction = "up"
	Down   Direction = "down"
)

// Condition is one thing that a price may do.
type Condition struct {
	Kind ConditionKind
	// Ticker is the symbol it is about; "" in a rule on a watchlist, where it
	// is about each symbol of the list.
	Ticker market.Ticker
	// Level is the threshold, or the lower edge of a range; Upper the other edge.
	Level, Upper market.Price
	// Change is the size of a move, always positive: percent, the symbol's
	// unit, or basis points, as Kind says.
	Change    market.Price
	Direction Direction
	// Window is how far back a move is measured; 0 since the previous close.
	Window time.Duration
	// Days is how far back a high or low is looked for.
	Days int
}

// Repeat says how often a rule may fire.
type Repeat string

// A rule fires once, or every time that it is armed again.
const (
	Once      Repeat = "once"
	EveryTime Repeat = "every"
)

// Rule is what somebody asked to be told about. It fires when all of its
// conditions hold. Who is told is not known here.
type Rule struct {
	ID RuleID
	// Revision rises with each change that people make.
	Revision int64
	// Watchlist is set where the rule holds for each symbol of a list.
	Watchlist  WatchlistID
	Conditions []Condition // one to five
	Repeat     Repeat
	// Cooldown is the least time between two firings on one symbol.
	Cooldown time.Duration
	// Band is how far the first condition must move back before the rule is
	// armed again, in the unit of what it reads: the symbol's own for a level
	// (percent for a yield, so 0.02 is two basis points), that of Change for a
	// move (percentage points, the symbol's unit, basis points); 0 for the
	// default (Condition.Band). Further conditions have their defaults.
	Band market.Price
	// Expires is when the rule ends, in UTC; zero for never.
	Expires time.Time
	// RegularHours restricts it to the venue's regular session.
	RegularHours bool
	Note         string // the author's words, shown with the alert
	Mention      string // a role that the platform is to notify; "" for none
	Paused       bool
	SnoozedUntil time.Time // UTC; zero when not snoozed
	// HeldFor says why the rule waits for its owner ("split", "stale"); ""
	// when it does not.
	HeldFor string
	Created time.Time // UTC
}

// Phase is where a rule stands on one symbol.
type Phase string

// The phases. Paused, snoozed, expired and held are the rule's own and are
// shown before these.
const (
	Armed   Phase = "armed"   // waits for its condition
	Pending Phase = "pending" // condition seen on a quote that waits for confirmation
	Fired   Phase = "fired"   // told; the price has not yet moved back by the band
	Cooling Phase = "cooling" // moved back, waits for the cooldown to end
	Done    Phase = "done"    // fired once, and never again
)

// State is where a rule stands on one symbol. It changes by compare-and-set on
// Version.
type State struct {
	Rule   RuleID
	Ticker market.Ticker
	Phase  Phase
	// Arming counts how often the rule was armed on this symbol; with the rule
	// and the symbol it names a firing for ever.
	Arming  int64
	FiredAt time.Time // UTC; of the last firing
	// Side remembers where the rule stood when the state changed last and, for
	// a rule on regular hours, at the last accepted price of the session: -1 not
	// reached (of Crosses: below), 0 not known, +1 reached (of Crosses: above).
	Side    int8
	Version int64
	// Memory is what the evaluation needs to go on after a restart, opaque to
	// everyone else.
	Memory string
}
