package discord

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"net/http"
	"strings"
	"sync"
	"time"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// Deliver makes one message, or changes one. The parts of a message depend on
// nothing but the message and the form, so a further part made after a restart
// continues the first. The same Key within some minutes makes one message only
// (nonce), but for forum posts and answers to interactions.
func (c *Client) Deliver(ctx context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	if d.Message == nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.BadMessage, Reason: "there is no message"}
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTimeout)
	defer cancel()
	sheets := layOut(d.Message, d.Form)
	edits := d.Kind == outbox.Edit && d.Part < max(len(d.Parts), 1)
	if d.Part >= len(sheets) && (!edits || d.Via != "") {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.Done, Reason: "the message has no such part"}
	}
	switch {
	case d.Via != "":
		return c.deliverVia(ctx, d, sheets)
	case edits:
		return c.edit(ctx, d, sheets)
	}
	return c.create(ctx, d, sheets)
}

// deliverTimeout ends a delivery of several requests, each of which has an end
// of its own.
const deliverTimeout = time.Minute

// create sends a new message.
func (c *Client) create(ctx context.Context, d outbox.Delivery, sheets []sheet) (outbox.Receipt, error) {
	s := sheets[d.Part]
	body := c.dress(s, d.Picture, &d)
	if isPost(d) && d.Part == 0 {
		return c.post(ctx, d, s, body, len(sheets) > 1)
	}
	id, err := c.channelOf(ctx, d)
	if err != nil {
		return outbox.Receipt{}, err
	}
	body.Nonce, body.EnforceNonce = nonce(d), true
	if d.Kind == outbox.Reply && d.Part == 0 && isID(d.Target) {
		body.Reference = &reference{Message: d.Target}
	}
	var made sent
	err = c.sendPictured(ctx, id, request{method: http.MethodPost, path: "channels/" + id + "/messages"}, body, body, &made)
	if f := asFailure(err); f != nil && f.Code == "10003" && strings.HasPrefix(d.Address.Chat, directPrefix) {
		// What was kept of the person's channel is no longer true.
		c.forgetDirect(ctx, strings.TrimPrefix(d.Address.Chat, directPrefix))
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.NotSent, Reason: "the direct messages are opened again", Code: f.Code}
	}
	if err != nil {
		return outbox.Receipt{}, err
	}
	if d.Crosspost && d.Place == subscriptions.Broadcast && isID(made.ID) {
		c.crosspost(ctx, id, made.ID)
	}
	receipt := outbox.Receipt{ID: made.ID, More: d.Part+1 < len(sheets)}
	if len(body.files) > 0 {
		receipt.Uploaded = made.picture()
	}
	return receipt, nil
}

// isPost tells whether a delivery opens a thread in a forum.
func isPost(d outbox.Delivery) bool {
	return d.Place == subscriptions.Forum && d.Address.Thread == "" && !strings.HasPrefix(d.Address.Chat, directPrefix) && d.Kind != outbox.Reply
}

// post opens a thread in a forum. Its first message has the thread's id.
func (c *Client) post(ctx context.Context, d outbox.Delivery, s sheet, body *payload, more bool) (outbox.Receipt, error) {
	if !isID(d.Address.Chat) {
		return outbox.Receipt{}, noSuchPlace()
	}
	thread := struct {
		Name    string   `json:"name"`
		Tags    []string `json:"applied_tags,omitempty"`
		Message *payload `json:"message"`
	}{s.name, c.tagsOf(ctx, d.Address.Chat, d.Tags), body}
	var made struct {
		ID      string `json:"id"`
		Message sent   `json:"message"`
	}
	err := c.sendPictured(ctx, d.Address.Chat, request{method: http.MethodPost, path: "channels/" + d.Address.Chat + "/threads"}, thread, body, &made)
	if err != nil {
		return outbox.Receipt{}, err
	}
	receipt := outbox.Receipt{ID: made.ID, More: more}
	if len(body.files) > 0 {
		receipt.Uploaded = made.Message.picture()
	}
	return receipt, nil
}

// sendPictured makes a request with a message in it. In a channel where the bot
// may attach no files it sends the words alone, for an hour without trying.
func (c *Client) sendPictured(ctx context.Context, at string, r request, whole any, p *payload, result any) error {
	if c.pictureless.has(at, c.now()) {
		p.dropPicture()
	}
	err := c.send(ctx, r, whole, p.files, result)
	if f := asFailure(err); f == nil || f.Code != "50013" || !p.dropPicture() {
		return err
	}
	if err = c.send(ctx, r, whole, nil, result); err == nil {
		c.log.Warn("picture_not_permitted", "channel", at)
		c.pictureless.add(at, c.now())
	}
	return err
}

// pictureless are the channels that take no files, and since when that is known.
type pictureless struct {
	mu    sync.Mutex
	since map[string]time.Time
}

// picturelessAge is how long that is believed.
const picturelessAge = time.Hour

func (p *pictureless) has(channel string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	since, ok := p.since[channel]
	return ok && now.Sub(since) < picturelessAge
}

func (p *pictureless) add(channel string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since == nil || len(p.since) >= maxChannels {
		p.since = make(map[string]time.Time)
	}
	p.since[channel] = now
}

// channelOf returns the channel or thread that a delivery's messages are in.
func (c *Client) channelOf(ctx context.Context, d outbox.Delivery) (string, error) {
	if user, ok := strings.CutPrefix(d.Address.Chat, directPrefix); ok {
		if !isID(user) {
			return "", noSuchPlace()
		}
		return c.directChannel(ctx, user)
	}
	id := d.Address.Chat
	if d.Address.Thread != "" {
		id = d.Address.Thread
	} else if d.Place == subscriptions.Forum {
		switch {
		case len(d.Parts) > 0:
			id = d.Parts[0].ID
		case d.Target != "":
			id = d.Target
		}
	}
	if !isID(id) {
		return "", noSuchPlace()
	}
	return id, nil
}

func noSuchPlace() error {
	return &outbox.Failure{Class: outbox.Gone, Reason: "there is no such channel"}
}

// edit changes the message of one part. Parts that the message no longer has
// are deleted; parts that it has now and had not are sent by Deliver.
func (c *Client) edit(ctx context.Context, d outbox.Delivery, sheets []sheet) (outbox.Receipt, error) {
	id := d.Target
	if d.Part < len(d.Parts) {
		id = d.Parts[d.Part].ID
	}
	if !isID(id) {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.LostTarget, Reason: "it is not known which message to change"}
	}
	at, err := c.channelOf(ctx, d)
	if err != nil {
		return outbox.Receipt{}, err
	}
	receipt := outbox.Receipt{ID: id, More: d.Part+1 < max(len(sheets), len(d.Parts))}
	r := request{method: http.MethodPatch, path: "channels/" + at + "/messages/" + id, route: "channels/" + at + "/messages/:id"}
	if d.Part >= len(sheets) {
		r.method = http.MethodDelete
		_, err := c.call(ctx, r)
		if f := asFailure(err); f != nil && f.Class != outbox.LostTarget {
			return outbox.Receipt{}, err
		}
		return receipt, nil
	}
	body := c.dress(sheets[d.Part], d.Picture, &d)
	body.forEdit()
	var made sent
	if err := c.sendPictured(ctx, at, r, body, body, &made); err != nil {
		return outbox.Receipt{}, err
	}
	if len(body.files) > 0 {
		receipt.Uploaded = made.picture()
	}
	return receipt, nil
}

// crosspost publishes a message of an announcement channel. The message was
// sent, whatever becomes of this.
func (c *Client) crosspost(ctx context.Context, at, id string) {
	const patience = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := c.call(ctx, request{
		method: http.MethodPost, path: "channels/" + at + "/messages/" + id + "/crosspost",
		route: "channels/" + at + "/messages/:id/crosspost",
	})
	if f := asFailure(err); f != nil && f.Class != outbox.Done {
		c.log.Warn("crosspost_failed", "code", f.Code, "reason", f.Reason)
	}
}

func (c *Client) forgetDirect(ctx context.Context, user string) {
	c.direct.drop(user)
	if err := c.memory.Keep(ctx, c.directName(user), ""); err != nil {
		c.log.Warn("forget direct channel", "error", err)
	}
}

// nonce returns what makes Discord know a message again (Discord: at most 25
// characters). Another form is another text, so it has another nonce.
func nonce(d outbox.Delivery) string {
	const longest = 25
	sum := sha256.Sum256([]byte(d.Key + "\x00" + string(d.Form)))
	return base32.StdEncoding.EncodeToString(sum[:])[:longest]
}
