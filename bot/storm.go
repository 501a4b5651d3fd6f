package bot

import (
	"context"
	"slices"
	"time"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// A storm is more alerts than anybody reads: those beyond stormAlerts within
// stormTime are told in one message, which waits stormWait for its like.
const (
	stormAlerts = 15
	stormTime   = 3 * time.Minute
	stormWait   = time.Minute
)

// StormSend is an alert that is told together with others, in a message that
// leaves at a time.
type StormSend struct {
	Alert  outbox.Send
	Leaves time.Time // UTC
}

// Storms keeps alerts that are told together.
type Storms interface {
	// AlertsSince counts the alerts that a destination was to be told since a
	// time, at least up to a storm's.
	AlertsSince(ctx context.Context, d subscriptions.DestinationID, since time.Time) (int, error)
}

// calm parts alerts that belong to a storm at their destination from the others.
// alerted counts those for each destination that are not stored yet.
func (b *Bot) calm(ctx context.Context, sends []outbox.Send, alerted map[subscriptions.DestinationID]int) (
	others []outbox.Send, storm []StormSend, err error,
) {
	for _, s := range sends {
		n, err := b.store.AlertsSince(ctx, s.Destination, s.Created.Add(-stormTime))
		if err != nil {
			return nil, nil, err
		}
		n += alerted[s.Destination]
		alerted[s.Destination]++
		if n < stormAlerts || s.State != outbox.Waiting {
			others = append(others, s)
			continue
		}
		leaves := s.Created.Add(stormWait)
		if s.Due.After(leaves) {
			leaves = s.Due
		}
		storm = append(storm, StormSend{s, leaves})
	}
	return others, storm, nil
}

// stormShown is how many alerts of a storm are named.
const stormShown = 30

// stormMessage tells the alerts of a storm, and asks whether to go on.
func (k *composition) stormMessage(w Words, backlog outbox.Backlog) *message.Message {
	m := &message.Message{Title: w.Say("storm.title", "Count", backlog.Total), Tone: message.Warning}
	items := make([][]message.Inline, 0, stormShown)
	for _, send := range slices.Backward(backlog.Newest) {
		e, ok := k.events[alerts.EventID(send.Event)]
		if !ok || e.Firing == nil || len(items) == stormShown {
			continue
		}
		items = append(items, message.Item(
			message.B(k.happened(w, e.Firing, k.bot.named(e.Firing.Symbol()))), message.T(" · "+w.Clock(e.At))))
	}
	m.Blocks = []message.Block{message.Items(items...)}
	if more := backlog.Total - len(items); more > 0 {
		m.Blocks = append(m.Blocks, w.P("collapse.more", "Count", more))
	}
	m.Blocks = append(m.Blocks, w.P("storm.ask"))
	m.Buttons = [][]message.Button{{
		{Label: w.Say("storm.mute"), Data: message.Data("do", "mute 1h")},
		{Label: w.Say("start.alerts"), Data: message.Data("ask", "alerts")},
	}}
	return m
}
