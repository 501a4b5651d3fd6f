package subscriptions

import (
	"time"

	"bellwether/alerts"
)

// OwnedRule is a rule with what is known of it beside: whose it is, which
// destination it belongs to, and where it stands on each of its symbols.
type OwnedRule struct {
	Rule        alerts.Rule
	Destination DestinationID
	Owner       PersonID
	States      []alerts.State
}

// Draft is a rule, or a change to one, that was shown to its author and waits
// for a decision. Nothing watches it.
type Draft struct {
	// ID is the one that a new rule will have: who decides twice decides once.
	ID alerts.RuleID
	// Changes is the rule that is to be changed; 0 for a new one.
	Changes     alerts.RuleID
	Destination DestinationID
	Owner       PersonID
	Text        string    // the rule in its canonical form
	Created     time.Time // UTC
}
