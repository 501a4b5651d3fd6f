package bot

import (
	"context"
	"slices"
	"strconv"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

func id36(n int64) string { return strconv.FormatInt(n, 36) }

// firing shows an alert: what happened, from what to what, since when, by whose
// data, how late, and why.
func (k *composition) firing(ctx context.Context, w Words, e alerts.Event, d dress) *message.Message {
	f := e.Firing
	symbol := k.bot.named(f.Symbol())
	tone, arrow := message.Rise, "▲ "
	if fell(f) {
		tone, arrow = message.Fall, "▼ "
	}
	m := &message.Message{Title: arrow + k.happened(w, f, symbol), Tone: tone, Mention: f.Rule.Mention}
	if !f.From.Time.IsZero() {
		m.Blocks = append(m.Blocks, w.P("firing.path", "From", w.Price(symbol, f.From.Price), "FromAt", w.Clock(f.From.Time),
			"To", w.Price(symbol, f.To.Price), "ToAt", w.Moment(f.To.Time)))
	}
	if f.Missed {
		m.Blocks = append(m.Blocks, w.P("firing.missed", "At", w.Moment(f.To.Time)))
	}
	if !f.Confirmed.IsZero() && f.Confirmed.Sub(f.To.Time) > time.Second {
		m.Blocks = append(m.Blocks, w.P("firing.confirmed", "At", w.Clock(f.Confirmed)))
	}
	if f.Rule.Note != "" {
		m.Blocks = append(m.Blocks, message.Said(message.T(message.Clean(f.Rule.Note))))
	}
	m.Blocks = append(m.Blocks, message.Pairs(k.facts(w, e, symbol)...))
	if headlines := k.headlines(f.Symbol()); len(headlines) > 0 {
		m.Blocks = append(m.Blocks, w.P("firing.headlines"), message.Items(headlines...))
	}
	m.Footer = k.provenance(w, e, symbol)
	m.Picture = k.bot.firingPicture(ctx, w, e, k.records[f.Symbol()], d.light)
	m.Buttons = k.firingButtons(w, f.Rule, d)
	return m
}

// reached returns the condition that a firing is about.
func reached(f *alerts.Firing) alerts.Condition {
	if f.Condition >= 0 && f.Condition < len(f.Rule.Conditions) {
		return f.Rule.Conditions[f.Condition]
	}
	return alerts.Condition{Kind: alerts.Crosses}
}

// fell tells whether a firing is about a loss. A move is one from its baseline,
// which the last step of the price may go against.
func fell(f *alerts.Firing) bool {
	if f.From.Time.IsZero() || !f.Base.IsZero() && !reached(f).Change.IsZero() {
		return f.To.Price.Less(f.Base)
	}
	return f.To.Price.Less(f.From.Price)
}

// happened says in one sentence what a price did.
func (k *composition) happened(w Words, f *alerts.Firing, symbol market.Symbol) string {
	c := reached(f)
	way := "up"
	if fell(f) {
		way = "down"
	}
	id := "firing." + string(c.Kind)
	since := ""
	switch c.Kind {
	case alerts.MovesPercent, alerts.MovesAmount, alerts.MovesPoints, alerts.GapsAtTheOpen:
		id += "." + way
		since = w.Say("firing.since.close")
		if c.Window > 0 {
			since = w.Say("firing.since.time", "Time", w.Span(c.Window))
		}
	case alerts.Crosses:
		if f.To.Price.Cmp(f.From.Price) < 0 {
			id = "firing.crosses-below"
		} else {
			id = "firing.crosses-above"
		}
	}
	moved := f.To.Price.Sub(f.Base)
	percent := f.To.Price.ChangePercent(f.Base)
	if percent.Sign() < 0 {
		percent = percent.Neg()
	}
	if moved.Sign() < 0 {
		moved = moved.Neg()
	}
	points, err := market.PriceOf(moved.Decimal().Mul(decimalOf(100)))
	if err != nil {
		points = 0
	}
	return w.Say(id, "Symbol", symbol.Name, "Level", w.Price(symbol, c.Level), "Upper", w.Price(symbol, c.Upper),
		"Percent", w.Number(percent, 2), "Amount", w.Price(symbol, moved), "Points", w.Number(points, 1), "Since", since,
		"Days", c.Days, "Price", w.Price(symbol, f.To.Price))
}

// facts are the numbers beside the sentence, and the rule in words.
func (k *composition) facts(w Words, e alerts.Event, symbol market.Symbol) []message.Field {
	f := e.Firing
	var fields []message.Field
	record, known := k.records[f.Symbol()]
	if base := f.Base; !base.IsZero() {
		at := w.Say("firing.base.close")
		if !f.BaseAt.IsZero() {
			at = w.Clock(f.BaseAt)
		}
		fields = append(fields, message.Pair(w.Say("firing.change"), message.T(w.Say("firing.change.value",
			"Difference", w.Difference(symbol, f.To.Price.Sub(base)), "Percent", w.Change(f.To.Price.ChangePercent(base)),
			"Base", w.Price(symbol, base), "At", at))))
	}
	if late := k.now.Sub(e.Detected); (f.Missed || late > lateAfter) && known && record.Quote.Time.After(f.To.Time) {
		fields = append(fields, message.Pair(w.Say("firing.now"), message.T(w.Price(symbol, record.Quote.Price)+" · "+w.Clock(record.Quote.Time))))
	}
	return append(fields, message.Pair(w.Say("firing.rule"), message.C(w.rule(f.Rule))))
}

// headlines returns up to three stories of the last day about a symbol.
func (k *composition) headlines(t market.Ticker) [][]message.Inline {
	var out [][]message.Inline
	told := make(map[string]bool)
	for _, a := range k.recent {
		if len(out) == 3 || !slices.Contains(a.Symbols, t) || told[a.Title] {
			continue
		}
		told[a.Title] = true
		if address, ok := message.CleanURL(a.URL); ok {
			out = append(out, message.Item(message.A(message.Cut(a.Title, 120), address)))
		} else {
			out = append(out, message.Item(message.T(message.Cut(a.Title, 120))))
		}
	}
	return out
}

// provenance says whose data it is, how late that is, and how late we are.
func (k *composition) provenance(w Words, e alerts.Event, symbol market.Symbol) []message.Inline {
	q := e.Firing.To
	text := w.Say("footer.live", "Source", q.Source)
	switch {
	case q.Fix:
		text = w.Say("footer.fix", "Source", q.Source)
	case q.Delay > 0:
		text = w.Say("footer.delayed", "Source", q.Source, "Delay", w.Span(q.Delay))
	}
	if symbol.Exchange != "" {
		text += " · " + k.bot.venueName(symbol.Exchange)
	}
	out := []message.Inline{message.T(text + " · "), message.When(q.Time, w.Moment(q.Time))}
	if late := k.now.Sub(e.Detected); late > lateAfter {
		out = append(out, message.T(" · "+w.Say("late.by", "Late", w.Span(late))))
	}
	return out
}

// firingButtons are what can be done from an alert.
func (k *composition) firingButtons(w Words, r alerts.Rule, d dress) [][]message.Button {
	id := id36(int64(r.ID))
	var too [][]message.Button
	if !d.private && copyable(r) && (d.platform == subscriptions.Discord || d.platform == subscriptions.Telegram) {
		too = [][]message.Button{{{Label: w.Say("rule.copy"), Data: message.Data(copyVerb, id), Style: message.Primary}}}
	}
	if d.silent {
		return too
	}
	first := []message.Button{
		{Label: w.Say("rule.snooze.hour"), Data: message.Data("rule.snooze", id, "1h")},
		{Label: w.Say("rule.snooze.tomorrow"), Data: message.Data("rule.snooze", id, "tomorrow")},
		{Label: w.Say("rule.pause"), Data: message.Data("rule.pause", id)},
		{Label: w.Say("rule.drop"), Data: message.Data("rule.drop", id), Style: message.Danger},
	}
	if r.Paused {
		first[2] = message.Button{Label: w.Say("rule.resume"), Data: message.Data("rule.resume", id), Style: message.Primary}
	}
	second := []message.Button{
		{Label: w.Say("rule.rearm"), Data: message.Data("rule.rearm", id)},
		{Label: w.Say("rule.edit"), Data: message.Data("rule.edit", id)},
	}
	if len(r.Conditions) > 0 && r.Conditions[0].Ticker != "" {
		for _, span := range []string{"1d", "1m", "1y"} {
			second = append(second, message.Button{Label: w.Say("chart." + span), Data: message.Data("chart", string(r.Conditions[0].Ticker), span)})
		}
	}
	rows := [][]message.Button{first, second}
	rows = append(rows, k.bot.moveButtons(w, r)...)
	return append(rows, too...)
}

// followUp is the message of an alert as it reads after something happened to
// it: armed again, the price came back, the tick was false.
func (k *composition) followUp(ctx context.Context, w Words, e alerts.Event, d dress) *message.Message {
	original, err := k.bot.store.EventOf(ctx, e.Subject)
	if err != nil || original.Firing == nil {
		original = e
	}
	m := k.firing(ctx, w, original, d)
	pairs := []any{"At", w.Clock(e.At), "After", w.Span(e.At.Sub(original.At)), "Why", e.Firing.Reason}
	if symbol := k.bot.named(e.Firing.Symbol()); !e.Firing.To.Time.IsZero() {
		pairs = append(pairs, "Price", w.Price(symbol, e.Firing.To.Price))
	}
	id := "followup." + string(e.Kind)
	if back := e.Firing.Back; !back.Time.IsZero() {
		id = "followup.retracted"
		pairs = append(pairs, "Back", w.Price(k.bot.named(back.Ticker), back.Price), "BackAt", w.Clock(back.Time))
	}
	m.Blocks = append([]message.Block{{Kind: message.Paragraph, Inlines: []message.Inline{message.B(w.Say(id, pairs...))}}}, m.Blocks...)
	m.Tone, m.Mention, m.Quiet = message.Neutral, "", true
	if e.Kind == alerts.EventCorrected {
		m.Tone = message.Warning
	}
	return m
}

// held tells that a rule waits for its owner.
func (k *composition) held(w Words, e alerts.Event) *message.Message {
	if e.Split != nil {
		return k.split(w, e)
	}
	why := e.Firing.Rule.HeldFor
	if why == "" {
		why = "stale"
	}
	id := id36(int64(e.Firing.Rule.ID))
	return &message.Message{
		Tone:  message.Warning,
		Title: w.Say("held.title", "Symbol", k.bot.named(e.Firing.Ticker).Name),
		Blocks: []message.Block{
			w.P("phase.held", "Why", w.Say("held."+why)),
			message.Pairs(message.Pair(w.Say("firing.rule"), message.C(alerts.CanonicalIn(e.Firing.Rule, w.zone)))),
		},
		Buttons: [][]message.Button{{
			{Label: w.Say("rule.edit"), Data: message.Data("rule.edit", id)},
			{Label: w.Say("rule.rearm"), Data: message.Data("rule.rearm", id)},
			{Label: w.Say("rule.drop"), Data: message.Data("rule.drop", id), Style: message.Danger},
		}},
	}
}
