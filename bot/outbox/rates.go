package outbox

import (
	"time"

	"bellwether/subscriptions"
)

// Rates are how fast an account may send.
type Rates struct {
	// PerSecond is the whole account's messages a second; 0 for no limit.
	PerSecond float64
	// Burst is how many may leave at once after a pause. It makes up for a
	// late timer; more of it only risks refusals.
	Burst int
	// Apart is the least time between two messages in one chat.
	Apart time.Duration
	// PerMinute is how many messages a group or channel may get in any minute;
	// 0 for no limit.
	PerMinute int
	// Answers is how often one person is answered over time, and AnswersAtOnce
	// how many may come faster than that.
	Answers       time.Duration
	AnswersAtOnce int
}

// DefaultRates returns what a platform is known to take.
//
// Telegram: about 30 messages a second, one a second in a chat, 20 a minute in
// a group (Bots FAQ, "My bot is hitting limits"). Discord: 50 requests a second
// (Rate Limits, "Global Rate Limit"), a little of which is left to interactions;
// a channel's own rate stands in headers that the adapter reads.
func DefaultRates(p subscriptions.Platform) Rates {
	r := Rates{Answers: time.Second, AnswersAtOnce: 5}
	switch p {
	case subscriptions.Telegram:
		r.PerSecond, r.Burst, r.Apart, r.PerMinute = 30, 6, time.Second, 20
	case subscriptions.Discord:
		r.PerSecond, r.Burst = 48, 2
	}
	return r
}

// perSecond is how many messages a second a place of this kind can take.
func (r Rates) perSecond(kind subscriptions.DestinationKind) float64 {
	if kind != subscriptions.Private && r.PerMinute > 0 {
		return float64(r.PerMinute) / 60
	}
	if r.Apart > 0 {
		return 1 / r.Apart.Seconds()
	}
	return 1
}

// lane is one chat: one request at a time, at the chat's own pace. The topics
// of a Telegram chat share it, since its limits are kept for the chat.
type lane struct {
	key     string
	busy    bool
	until   time.Time   // nothing leaves before
	minute  []time.Time // answers of the platform in the last minute
	waiting []*strand   // want to leave as soon as it is free
	strands int         // that refer to it
	answers []*strand   // of these, answers that have not left
}

// answered sets when the next request may leave. The pace is kept from the
// platform's answer and not from our request: on its clock the next one then
// never comes too early, however long the way there took.
func (l *lane) answered(r Rates, kind subscriptions.DestinationKind, now time.Time) {
	l.hold(now.Add(r.Apart))
	if kind == subscriptions.Private || r.PerMinute == 0 {
		return
	}
	l.minute = append(l.minute, now)
	if n := len(l.minute); n >= r.PerMinute {
		l.minute = append(l.minute[:0], l.minute[n-r.PerMinute:]...)
		l.hold(l.minute[0].Add(time.Minute))
	}
}

func (l *lane) hold(until time.Time) {
	if until.After(l.until) {
		l.until = until
	}
}

// idle tells whether it can be forgotten without loss.
func (l *lane) idle(now time.Time) bool {
	if l.busy || l.strands > 0 || l.until.After(now) {
		return false
	}
	n := len(l.minute)
	return n == 0 || now.Sub(l.minute[n-1]) > time.Minute
}

// laneKey names the chat whose limits hold for an address.
func laneKey(a subscriptions.Address) string {
	if a.Platform == subscriptions.Telegram || a.Thread == "" {
		return a.Chat
	}
	return a.Chat + "/" + a.Thread
}
