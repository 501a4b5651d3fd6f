package subscriptions

import "bellwether/alerts"

// OwnedRule is a rule with what is known of it beside: whose it is, which
// destination it belongs to, and where it stands on each of its symbols.
type OwnedRule struct {
	Rule        alerts.Rule
	Destination DestinationID
	Owner       PersonID
	States      []alerts.State
}
