package alerts

import (
	"strconv"
	"time"

	"bellwether/alerts/market"
)

// Transition is a change of a rule's state that people may be told of:
// EventFired, EventRecovered, EventRearmed or EventCorrected.
type Transition struct {
	Kind   EventKind
	Firing Firing
	At     time.Time // UTC; by the source's clock
}

// FiringKey names one firing for ever: the rule, the symbol and the arming. It
// is the key of the firing's event and the subject of all that follow from it.
func FiringKey(rule RuleID, ticker market.Ticker, arming int64) string {
	return "rule/" + strconv.FormatInt(int64(rule), 10) + "/" + string(ticker) + "/" + strconv.FormatInt(arming, 10)
}

// Event states the transition as an event that was seen at a time.
func (t Transition) Event(detected time.Time) Event {
	subject := FiringKey(t.Firing.Rule.ID, t.Firing.Ticker, t.Firing.Arming)
	key := subject
	if t.Kind != EventFired {
		key += "/" + string(t.Kind)
	}
	firing := t.Firing
	return Event{
		Kind: t.Kind, Key: key, Subject: subject,
		Topic: Topic{Kind: TopicRule, ID: int64(t.Firing.Rule.ID)},
		At:    t.At, Detected: detected, Firing: &firing,
	}
}
