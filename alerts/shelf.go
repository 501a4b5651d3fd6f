package alerts

import (
	"slices"

	"bellwether/alerts/market"
)

// shelf holds what is known of one symbol. What a quote needs lies together.
type shelf struct {
	scale  int8   // -1 before the first level
	busy   bool   // always is not empty
	number uint32 // its place in Book.shelves
	*shelfBack
	up, down ladder
}

// shelfBack is what a quote seldom needs.
type shelfBack struct {
	always []RuleID // to be looked at with each quote
	rules  int
	ticker market.Ticker
	last   *Standing // the last accepted quote; nil before the first
}

func (s *shelf) touched(out []RuleID, from *market.Price, to market.Price) []RuleID {
	start := len(out)
	if s.busy {
		out = append(out, s.always...)
	}
	if from != nil && s.scale >= 0 {
		low, high := priceKey(*from, int(s.scale)), priceKey(to, int(s.scale))
		if low < high {
			out = s.up.between(out, low, high)
		} else {
			out = s.down.between(out, high-1, low-1)
		}
	}
	if !s.busy {
		return out // a rule has one rung in each direction at most
	}
	slices.Sort(out[start:])
	return append(out[:start], slices.Compact(out[start:])...)
}

// watch lists a rule that has to be looked at with each quote.
func (s *shelf) watch(id RuleID) {
	s.always = append(s.always, id)
	s.busy = true
}

func (s *shelf) unwatch(gone func(RuleID) bool) {
	s.always = slices.DeleteFunc(s.always, gone)
	s.busy = len(s.always) > 0
}

// dropMany takes rules out of a shelf in one pass.
func (s *shelf) dropMany(ids map[RuleID]bool) {
	gone := func(id RuleID) bool { return ids[id] }
	s.up.drop(gone)
	s.down.drop(gone)
	s.unwatch(gone)
	s.rules -= len(ids)
}
