package bot

import (
	"context"
	"strings"

	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// The conversation of /start asks three things, one message that is edited:
// what to watch, what to read, which zone. Each can be skipped, and gone back
// from.
const (
	startWatch = "watch"
	startRead  = "read"
	startZone  = "zone"
	startEnd   = "end"
)

// handleStart welcomes, and begins to ask. In a shared place it only says how
// to go on.
func handleStart(ctx context.Context, c *call) (result, error) {
	if c.place.Standing != subscriptions.Active {
		if _, err := c.bot.store.Revive(ctx, c.place.ID, false); err != nil {
			return result{}, err
		}
	}
	if c.place.Kind != subscriptions.Private {
		out := c.say("start.group")
		out.answer.Message.Buttons = openButtons(c.words, c.place)
		return out, nil
	}
	if c.place.Address.Platform == subscriptions.Telegram && strings.HasPrefix(c.Text, openPrefix) {
		return c.openPlace(ctx, c.Text)
	}
	if c.place.Address.Platform == subscriptions.Telegram && strings.HasPrefix(c.Text, copyPrefix) {
		return c.copyFrom(ctx, c.Text)
	}
	if c.place.Address.Platform == subscriptions.WebChat {
		return c.welcome(), nil
	}
	return c.startAsk(startWatch, false), nil
}

// welcome is what a visitor of the web chat sees first.
func (c *call) welcome() result {
	w := c.words
	return result{answer: Answer{Message: &message.Message{
		Title: w.Say("welcome.title"),
		Blocks: []message.Block{
			w.P("welcome.what"), w.P("welcome.try"),
		},
		Buttons: [][]message.Button{
			{{Label: w.Say("welcome.alert"), Data: message.Data("do", "alert BTC-USD > 62000 every time"), Style: message.Primary}},
			{{Label: w.Say("welcome.market"), Data: message.Data("ask", "market")}, {Label: w.Say("welcome.follow"), Data: message.Data("do", "follow markets")}},
		},
	}}}
}

// startAsk asks one of the three things.
func (c *call) startAsk(step string, edit bool) result {
	w := c.words
	m := &message.Message{}
	var choices []message.Button
	switch step {
	case startWatch:
		m.Title = w.Say("welcome.title")
		m.Blocks = []message.Block{w.P("welcome.what"), w.P("start.watch")}
		for _, pick := range []string{"BTC-USD", "^GSPC", "^STI", "GC=F", "NVDA", "EURUSD=X"} {
			symbol := c.bot.named(market.Ticker(pick))
			choices = append(choices, message.Button{Label: message.Cut(symbol.Name, 40), Data: message.Data("start", step, pick)})
		}
	case startRead:
		m.Blocks = []message.Block{w.P("start.read")}
		for _, t := range c.bot.topics[:min(len(c.bot.topics), 6)] {
			choices = append(choices, message.Button{Label: t.Name, Data: message.Data("start", step, t.Name)})
		}
	case startZone:
		m.Blocks = []message.Block{w.P("start.zone", "Zone", c.place.Zone, "Clock", w.Clock(c.now))}
		for _, zone := range []string{"Asia/Singapore", "Asia/Hong_Kong", "Asia/Tokyo", "Europe/London", "Europe/Berlin", "America/New_York"} {
			choices = append(choices, message.Button{Label: city(zone), Data: message.Data("start", step, zone)})
		}
	default:
		m.Blocks = []message.Block{w.P("start.end")}
		m.Buttons = [][]message.Button{{
			{Label: w.Say("start.alerts"), Data: message.Data("ask", "alerts")},
			{Label: w.Say("start.help"), Data: message.Data("help")},
		}}
		return result{answer: Answer{Message: m, Edit: edit}, effects: []Effect{PutStep{Destination: c.place.ID, Person: c.person}}}
	}
	m.Buttons = append(rows(choices, 3), c.startTurn(step))
	return result{
		answer:  Answer{Message: m, Edit: edit},
		effects: []Effect{PutStep{Destination: c.place.ID, Person: c.person, Step: "start " + step}},
	}
}

// startTurn is the row with back and skip.
func (c *call) startTurn(step string) []message.Button {
	skip := message.Button{Label: c.words.Say("start.skip"), Data: message.Data("start", step, "-")}
	before := map[string]string{startRead: startWatch, startZone: startRead}[step]
	if before == "" {
		return []message.Button{skip}
	}
	return []message.Button{{Label: c.words.Say("start.back"), Data: message.Data("start", before, "<")}, skip}
}

func nextStep(step string) string {
	return map[string]string{startWatch: startRead, startRead: startZone, startZone: startEnd}[step]
}

// handleStartButton takes the answer of a pressed button.
func handleStartButton(ctx context.Context, c *call) (result, error) {
	step, value := c.arg(0), c.arg(1)
	switch value {
	case "-":
		return c.startAsk(nextStep(step), true), nil
	case "<":
		return c.startAsk(step, true), nil
	}
	return c.startTake(ctx, step, value, true)
}

// startStep takes an answer that was typed.
func (c *call) startStep(ctx context.Context, step string) (result, error) {
	return c.startTake(ctx, step, strings.TrimSpace(c.Text), false)
}

// startTake does what an answer asks for, and asks the next thing.
func (c *call) startTake(ctx context.Context, step, value string, edit bool) (result, error) {
	var done result
	var err error
	switch step {
	case startWatch:
		done, err = c.typed(ctx, "watch", value)
	case startRead:
		done, err = c.typed(ctx, "follow", value)
	case startZone:
		done, err = c.typed(ctx, "settings", "zone "+value)
	default:
		return result{}, refuse("button.unknown")
	}
	if err != nil {
		return result{}, err
	}
	next := c.startAsk(nextStep(step), edit)
	said := done.answer.Message
	if step != startZone && said != nil {
		next.answer.Message.Blocks = append(said.Blocks, next.answer.Message.Blocks...)
	}
	next.effects = append(done.effects, next.effects...)
	next.changes, next.after = done.changes, done.after
	return next, nil
}
