package market

import "time"

// keptMoves is how many moves a record remembers for its volatility.
const keptMoves = 32

// Sighting is a price that was seen. The zero value is none.
type Sighting struct {
	Price  Price
	Time   time.Time // when the price was made, UTC
	Seen   time.Time // when we judged it, UTC
	Source string
}

// None tells that nothing was seen.
func (s Sighting) None() bool { return s.Time.IsZero() }

// HeldQuote is a quote that waits for a confirmation.
type HeldQuote struct {
	Sighting
	Day    time.Time // the date of its session
	Reason Reason
	Reads  int // agreeing reads since, that were not enough
}

// Record is what the guard remembers of a symbol between two quotes. It has a
// fixed size, holds nothing that is shared, and may be stored as it is.
type Record struct {
	// Last is the last accepted quote, and Day the date of its session.
	Last Sighting
	Day  time.Time
	// Close is our own last close: the last price that was accepted before the
	// date of the session changed. CloseDay is the date of its session.
	Close    Price
	CloseDay time.Time
	// Given is the source's previous close that was believed last, GivenDay the
	// date of the session for which it was.
	Given    Price
	GivenDay time.Time
	// Doubted is the source's previous close that implies a large move and waits
	// for a second read; DoubtedAt the time of the quote that had it.
	Doubted   Price
	DoubtedAt time.Time
	// Held waits for a confirmation.
	Held HeldQuote
	// Jump is the last large step that was believed on one source's word.
	Jump Jump
	// Moves are the last sizes of moves, in millionths per square root of a
	// minute (of the price; of a percentage point for yields), in a ring: Seen
	// counts all moves that were ever put in.
	Moves [keptMoves]int32
	Seen  int
	// Frozen counts how often in a row the same price and time came while the
	// market was open.
	Frozen int
	// SplitDay is the date of the last split that the record was rescaled for.
	SplitDay time.Time
}

// Split says by what a price is to be multiplied from a day on: two new shares
// for one old are {1, 2}.
type Split struct {
	Old, New int64 // both above 0; the factor is Old ÷ New
	Day      time.Time
}

// Factor is by what prices of before the split are multiplied; 0 for no split.
func (s Split) Factor() float64 {
	if s.Old <= 0 || s.New <= 0 {
		return 0
	}
	return float64(s.Old) / float64(s.New)
}

// Decision is what an operator says of a held quote.
type Decision int

// The decisions.
const (
	Undecided Decision = iota
	Believe
	Disbelieve
)

// Evidence is what else is known where a quote is judged.
type Evidence struct {
	Symbol Symbol
	// Session is the date of the session that the quote belongs to, at 00:00
	// UTC; the UTC date of the quote where zero. A future's session is named
	// after the day on which it ends; a day of crypto is a UTC day.
	Session time.Time
	// Before is the date of the session before it; zero where unknown. Our own
	// close of an older session is no previous close.
	Before time.Time
	// Closed is the close of the session Before by the daily bars, where our own
	// is not known; 0 for none.
	Closed Price
	// CloseMissed tells that the last quote of the session before was made well
	// before its end, so that it is no close.
	CloseMissed bool
	// OtherCurrency tells that the quote is in another currency than the last.
	OtherCurrency bool
	// Other is the symbol whose quote this one seems to be; "" for none.
	Other Ticker
	// Open tells that the market is known to be open now.
	Open bool
	// Second is the same symbol's quote from another source; the zero value for
	// none.
	Second Quote
	// Split is a split that is known to take place.
	Split Split
	// Roll tells that the future's contract changed since the last quote: its
	// old close is no base any more.
	Roll bool
	// Decision is the operator's, on the quote that is held.
	Decision Decision
}
