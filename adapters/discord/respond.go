package discord

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// Kinds of response (Discord: interaction callback type).
const (
	callbackMessage     = 4
	callbackDeferred    = 5
	callbackDeferUpdate = 6
	callbackUpdate      = 7
	callbackChoices     = 8
	callbackModal       = 9
	flagEphemeral       = 1 << 6
	flagSuppressEmbeds  = 1 << 2
	flagSilent          = 1 << 12
)

// callback is the first response to an interaction.
type callback struct {
	Kind int `json:"type"`
	Data any `json:"data,omitempty"`
}

// respond makes the first response. One that fails is not repeated: it was late
// or came twice.
func (d *dialogue) respond(ctx context.Context, kind int, data any) bool {
	c := d.client
	short, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	r := request{method: http.MethodPost, path: "interactions/" + d.i.ID + "/" + d.i.Token + "/callback", once: true}
	var files []file
	if p, ok := data.(*payload); ok {
		files = p.files
	}
	err := c.send(short, r, callback{kind, data}, files, nil)
	d.responded = true
	if err != nil {
		c.log.Warn("respond to an interaction", "error", err)
		return false
	}
	return true
}

// deferAnswer tells that the answer comes later. A placeholder is shown to the
// person only, since it cannot be hidden again.
func (d *dialogue) deferAnswer(ctx context.Context) {
	if d.quiet() {
		d.respond(ctx, callbackDeferUpdate, nil)
		return
	}
	d.open = true
	d.respond(ctx, callbackDeferred, &payload{Flags: flagEphemeral})
}

// choices answers an autocomplete (Discord: at most 25 choices, names and
// values of 1 to 100 code points).
func (d *dialogue) choices(ctx context.Context, offered []bot.Choice) {
	const most, longest = 25, 100
	type choice struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	list := make([]choice, 0, most)
	for _, o := range offered {
		name := strings.TrimSpace(message.Cut(message.Label(o.Label), longest))
		if name == "" || o.Value == "" || runes(o.Value) > longest || len(list) == most {
			continue
		}
		list = append(list, choice{name, o.Value})
	}
	d.respond(ctx, callbackChoices, struct {
		Choices []choice `json:"choices"`
	}{list})
}

// say gives an answer, as the first response or after it.
func (d *dialogue) say(ctx context.Context, a bot.Answer) {
	if a.Modal != nil {
		if !d.responded && d.i.Kind != interactionModal {
			a.Modal.Data = aimedData(a.Modal.Data, d.i.about)
			d.respond(ctx, callbackModal, makeModal(*a.Modal))
			return
		}
		// A form can only be the first response.
		a = bot.Answer{Message: words(saySlow), Ephemeral: true}
	}
	if a.Message == nil {
		d.sayNothing(ctx, a.Toast)
		return
	}
	picture := func() ([]byte, string, error) {
		png, err := d.client.drawings.draw(a.Message.Picture)
		return png, "", err
	}
	if a.Message.Picture == nil {
		picture = nil
	}
	sheets := layOut(a.Message, message.Rich)
	for n := range sheets {
		sheets[n].rows = aimed(sheets[n].rows, d.i.about)
		p := d.client.dress(sheets[n], picture, nil)
		if !d.sayPart(ctx, p, n, a) {
			return
		}
	}
}

// sayPart gives one of an answer's messages.
func (d *dialogue) sayPart(ctx context.Context, p *payload, part int, a bot.Answer) bool {
	if a.Ephemeral {
		p.Flags |= flagEphemeral
	}
	edits := a.Edit && d.i.messageID() != "" && part == 0
	switch {
	case part == 0 && !d.responded && edits:
		p.forEdit()
		return d.respond(ctx, callbackUpdate, p)
	case part == 0 && !d.responded:
		return d.respond(ctx, callbackMessage, p)
	case part == 0 && (d.open || edits):
		d.open = false
		p.forEdit()
		return d.followUp(ctx, http.MethodPatch, "/messages/@original", p)
	}
	return d.followUp(ctx, http.MethodPost, "", p)
}

func (d *dialogue) followUp(ctx context.Context, method, what string, p *payload) bool {
	c := d.client
	r := request{method: method, path: "webhooks/" + d.i.Application + "/" + d.i.Token + what, once: true}
	if err := c.send(ctx, r, p, p.files, nil); err != nil {
		c.log.Warn("answer an interaction", "error", err)
		return false
	}
	return true
}

// sayNothing ends an interaction whose answer has no message.
func (d *dialogue) sayNothing(ctx context.Context, toast string) {
	switch {
	case toast == "" && d.quiet() && !d.responded:
		d.respond(ctx, callbackDeferUpdate, nil)
	case toast == "" && d.quiet():
	case toast == "":
		d.say(ctx, bot.Answer{Message: words(sayDone), Ephemeral: true})
	default:
		d.say(ctx, bot.Answer{Message: words(message.Clean(toast)), Ephemeral: true})
	}
}

// plainSheet returns a message of one sentence.
func plainSheet(text string, ephemeral bool) *payload {
	p := &payload{Content: &text, Mentions: nobody()}
	if ephemeral {
		p.Flags = flagEphemeral
	}
	return p
}

// via returns how the answer to an interaction returns: what its token is for,
// the application, the token, and when it ends. It is a secret.
func (d *dialogue) via() string {
	kind := "i"
	if d.quiet() {
		kind = "c"
	}
	end := d.client.now().Add(tokenAge)
	if started, ok := d.i.started(); ok && started.Before(d.client.now()) && d.client.now().Sub(started) < tokenAge {
		end = started.Add(tokenAge)
	}
	via := kind + ":" + d.i.Application + ":" + d.i.Token + ":" + strconv.FormatInt(end.Unix(), 10)
	if d.i.about != "" {
		via += ":" + d.i.about
	}
	return via
}

// passage is what a Via says.
type passage struct {
	quiet       bool // the original is the message that carried the button
	application string
	token       string
	end         time.Time
	about       string // the other channel that it is about; "" for none
}

func readVia(via string) (passage, bool) {
	parts := strings.Split(via, ":")
	about := ""
	if len(parts) == 5 {
		parts, about = parts[:4], parts[4]
	}
	if len(parts) != 4 || parts[0] != "i" && parts[0] != "c" || !isID(parts[1]) || parts[2] == "" || strings.ContainsAny(parts[2], "/?#%") {
		return passage{}, false
	}
	end, err := strconv.ParseInt(parts[3], 10, 64)
	return passage{parts[0] == "c", parts[1], parts[2], time.Unix(end, 0), about}, err == nil
}

// deliverVia gives an answer to the interaction that asked for it. When its
// token is over, it becomes a direct message.
func (c *Client) deliverVia(ctx context.Context, d outbox.Delivery, sheets []sheet) (outbox.Receipt, error) {
	p, ok := readVia(d.Via)
	if !ok || !c.now().Before(p.end.Add(-tokenMargin)) {
		return c.deliverLate(ctx, d, sheets)
	}
	if err := c.acks.wait(ctx, d.Via); err != nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.NotSent, Reason: "the question was not acknowledged yet", Err: err}
	}
	sheets[d.Part].rows = aimed(sheets[d.Part].rows, p.about)
	body := c.dress(sheets[d.Part], d.Picture, &d)
	r := request{method: http.MethodPost, path: "webhooks/" + p.application + "/" + p.token, once: true}
	if d.Part == 0 && (!p.quiet || d.Kind == outbox.Edit) {
		r.method, r.path = http.MethodPatch, r.path+"/messages/@original"
		body.forEdit()
	} else if d.Ephemeral || !p.quiet {
		body.Flags |= flagEphemeral
	}
	var made sent
	err := c.send(ctx, r, body, body.files, &made)
	if f := asFailure(err); f != nil && f.Class == outbox.LostTarget {
		return c.deliverLate(ctx, d, sheets)
	}
	if err != nil {
		return outbox.Receipt{}, err
	}
	return outbox.Receipt{ID: made.ID, More: d.Part+1 < len(sheets)}, nil
}

// deliverLate gives an answer whose interaction is over as a direct message.
func (c *Client) deliverLate(ctx context.Context, d outbox.Delivery, sheets []sheet) (outbox.Receipt, error) {
	if !isID(d.User) {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.LostTarget, Reason: "the answer came too late"}
	}
	d.Address = c.address(directPrefix+d.User, "")
	d.Kind, d.Target, d.Via = outbox.New, "", ""
	receipt, err := c.create(ctx, d, sheets)
	if f := asFailure(err); f != nil && f.Class == outbox.Gone {
		// It speaks of the person's messages, not of the place that was asked in.
		return receipt, &outbox.Failure{Class: outbox.LostTarget, Reason: "the answer came too late", Code: f.Code}
	}
	return receipt, err
}

// makeModal returns a form (Discord: title 45, 1 to 5 fields, label 45,
// placeholder 100, value 4,000 code points).
func makeModal(m bot.Modal) any {
	const maxTitle, maxLabel, maxHint, maxValue, maxFields = 45, 45, 100, 4000, 5
	const actionRow, textInput, short, long = 1, 4, 1, 2
	type input struct {
		Kind     int    `json:"type"`
		ID       string `json:"custom_id"`
		Style    int    `json:"style"`
		Label    string `json:"label"`
		Value    string `json:"value,omitempty"`
		Hint     string `json:"placeholder,omitempty"`
		Required bool   `json:"required"`
		Max      int    `json:"max_length,omitempty"`
	}
	type row struct {
		Kind       int     `json:"type"`
		Components []input `json:"components"`
	}
	rows := make([]row, 0, maxFields)
	for _, f := range m.Fields {
		if len(rows) == maxFields {
			break
		}
		in := input{
			Kind: textInput, ID: f.Name, Style: short, Label: message.Cut(f.Label, maxLabel), Hint: message.Cut(f.Hint, maxHint),
			Required: f.Required, Max: min(max(f.Max, 0), maxValue),
		}
		limit := maxValue
		if in.Max > 0 {
			limit = in.Max
		}
		in.Value = message.Cut(f.Value, limit)
		if f.Long {
			in.Style = long
		}
		rows = append(rows, row{actionRow, []input{in}})
	}
	return struct {
		ID         string `json:"custom_id"`
		Title      string `json:"title"`
		Components []row  `json:"components"`
	}{m.Data, message.Cut(m.Title, maxTitle), rows}
}

// sent is what is read of a message that Discord made.
type sent struct {
	ID          string `json:"id"`
	Attachments []struct {
		URL string `json:"url"`
	} `json:"attachments"`
	Embeds []struct {
		Image struct {
			URL string `json:"url"`
		} `json:"image"`
	} `json:"embeds"`
}

// picture returns the address of the picture in the message.
func (s sent) picture() string {
	for _, e := range s.Embeds {
		if strings.HasPrefix(e.Image.URL, "https://") || strings.HasPrefix(e.Image.URL, "http://") {
			return e.Image.URL
		}
	}
	for _, a := range s.Attachments {
		return a.URL
	}
	return ""
}

// send makes a request whose body may come with files.
func (c *Client) send(ctx context.Context, r request, body any, files []file, result any) error {
	encoded, err := json.Marshal(body)
	if err != nil {
		return &outbox.Failure{Class: outbox.BadMessage, Reason: "the message cannot be written", Err: err}
	}
	r.body = encoded
	if len(files) > 0 {
		if r.body, r.kind, err = multipartBody(encoded, files); err != nil {
			return &outbox.Failure{Class: outbox.BadMessage, Reason: "the picture cannot be written", Err: err}
		}
	}
	answer, err := c.call(ctx, r)
	if err != nil || result == nil {
		return err
	}
	// A message that was made but not described was made.
	_ = json.Unmarshal(answer, result)
	return nil
}
