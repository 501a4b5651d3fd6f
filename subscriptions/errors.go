package subscriptions

import (
	"errors"
	"fmt"

	"bellwether/alerts"
)

// ErrNotFound is wrapped where something asked for does not exist, or is not
// the asker's to see.
var ErrNotFound = errors.New("not found")

// ErrChanged is wrapped where somebody else changed the same thing meanwhile.
var ErrChanged = errors.New("changed meanwhile")

// LimitError tells that a limit on what people may set up is reached.
type LimitError struct {
	What  string // "rules", "feeds", "symbols"
	Scope string // "person", "place", "community"
	Limit int
}

// Error names the limit.
func (e *LimitError) Error() string {
	return fmt.Sprintf("limit of %d %s per %s is reached", e.Limit, e.What, e.Scope)
}

// TwiceError tells that a destination has a rule already that says the same.
type TwiceError struct{ Have alerts.RuleID }

// Error names the rule.
func (e *TwiceError) Error() string { return fmt.Sprintf("rule %d says the same already", e.Have) }
