package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
)

// Times of an interaction (Discord: the first response within 3 s, the token is
// good for 15 minutes).
const (
	tokenAge      = 15 * time.Minute
	callTimeout   = 2500 * time.Millisecond
	answerTimeout = time.Minute
	tokenMargin   = 10 * time.Second // before its end a token is not used any more
)

// Words for what only the adapter can notice.
const (
	sayNotUnderstood = "I could not read that. Please try again, or type /help."
	sayHidden        = "You can't see that channel, so I tell and change nothing about it."
	sayNotSaved      = "I could not save that now. Please look whether it changed, and try again."
	saySlow          = "That took too long. Please try again."
	sayBroken        = "Something went wrong on my side. Please try again."
	sayDone          = "Done."
)

// handle answers one interaction and survives whatever it holds.
func (c *Client) handle(ctx context.Context, data json.RawMessage) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("interaction_panicked", "panic", fmt.Sprint(p))
		}
	}()
	c.slots <- struct{}{}
	defer func() { <-c.slots }()
	var i interaction
	if err := json.Unmarshal(data, &i); err != nil {
		// The parts that could be read are enough to say so.
		c.log.Warn("interaction_half_read", "error", "a part has another form than expected")
	}
	if i.ID == "" || i.Token == "" || !c.seen.first(i.ID) {
		return
	}
	r, focus, problem := c.read(&i)
	d := &dialogue{client: c, i: &i}
	if problem != "" {
		c.log.Warn("interaction_not_understood", "type", i.Kind)
		if i.Kind == interactionAutocomplete {
			d.choices(ctx, nil)
			return
		}
		d.respond(ctx, callbackMessage, plainSheet(problem, true))
		return
	}
	if i.Kind == interactionAutocomplete {
		d.suggest(ctx, r, focus)
		return
	}
	r.Via = d.via()
	d.answer(ctx, r)
}

// dialogue is an interaction and how far it was answered.
type dialogue struct {
	client *Client
	i      *interaction

	responded bool
	open      bool // the placeholder of a deferred message waits for its words
}

// quiet tells whether pressing leaves the message as it is while the answer is
// made: there is a message, and the answer may change it.
func (d *dialogue) quiet() bool {
	return d.i.Kind != interactionCommand && d.i.messageID() != ""
}

// suggest offers values for what is being typed; none where they take too long.
func (d *dialogue) suggest(ctx context.Context, r bot.Request, focus option) {
	c := d.client
	short, cancel := context.WithTimeout(ctx, c.timing.Suggest)
	defer cancel()
	type offer struct {
		choices []bot.Choice
		err     error
	}
	offers := make(chan offer, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				c.log.Error("suggest_panicked", "panic", fmt.Sprint(p))
				offers <- offer{}
			}
		}()
		choices, err := c.desk.Suggest(short, r, focus.Name, focus.text())
		offers <- offer{choices, err}
	}()
	select {
	case o := <-offers:
		if o.err != nil {
			c.log.Warn("suggest", "error", o.err)
		}
		d.choices(ctx, o.choices)
	case <-short.Done():
		c.log.Warn("suggest_slow", "command", r.Command, "option", focus.Name)
		d.choices(ctx, nil)
	}
}

// answer asks the desk, which answers at once what changes nothing; what
// changes something is written down before it is acknowledged.
func (d *dialogue) answer(ctx context.Context, r bot.Request) {
	c := d.client
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	type reply struct {
		answer bot.Answer
		err    error
	}
	replies := make(chan reply, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				c.log.Error("answer_panicked", "panic", fmt.Sprint(p))
				replies <- reply{err: errors.New("the desk panicked")}
			}
		}()
		answer, err := c.desk.Answer(ctx, r)
		if m := answer.Message; err == nil && m != nil && m.Picture != nil {
			// Here, where it may take long; the answer is given with or without it.
			_, _ = c.drawings.draw(m.Picture)
		}
		replies <- reply{answer, err}
	}()
	slow := time.NewTimer(c.timing.Defer)
	defer slow.Stop()
	var got reply
	select {
	case got = <-replies:
	case <-slow.C:
		d.deferAnswer(ctx)
		select {
		case got = <-replies:
		case <-ctx.Done():
			got.err = ctx.Err()
		}
	}
	switch {
	case errors.Is(got.err, bot.ErrSubmit):
		d.submit(ctx, r, slow.C)
	case got.err != nil:
		c.log.Error("answer", "command", r.Command, "error", got.err)
		d.say(ctx, bot.Answer{Message: words(sayBroken), Ephemeral: true})
	default:
		d.say(ctx, got.answer)
	}
}

// submit writes the request down first and acknowledges it then, or when slow
// fires: Discord gives up after 3 s, the writing goes on. The answer comes as a
// delivery, which waits for the acknowledgement.
func (d *dialogue) submit(ctx context.Context, r bot.Request, slow <-chan time.Time) {
	c := d.client
	acknowledged := c.acks.begin(r.Via)
	defer acknowledged()
	written := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				c.log.Error("submit_panicked", "panic", fmt.Sprint(p))
				written <- errors.New("the desk panicked")
			}
		}()
		written <- c.desk.Submit(ctx, r)
	}()
	var err error
	select {
	case err = <-written:
	case <-slow:
		d.deferAnswer(ctx)
		acknowledged()
		err = <-written
	}
	switch {
	case err != nil:
		c.log.Error("submit", "command", r.Command, "error", err)
		d.say(ctx, bot.Answer{Message: words(sayNotSaved), Ephemeral: true})
	case !d.responded:
		d.deferAnswer(ctx)
	}
}

// words returns a message of one sentence.
func words(text string) *message.Message {
	return &message.Message{Blocks: []message.Block{message.P(message.T(text))}}
}

// recent remembers the last ids, since events may come more than once.
type recent struct {
	mu   sync.Mutex
	ids  map[string]bool
	ring []string
	next int
}

// maxRecent is how many ids are remembered.
const maxRecent = 4096

// first tells whether an id was not met lately.
func (r *recent) first(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ids == nil {
		r.ids, r.ring = make(map[string]bool), make([]string, maxRecent)
	}
	if r.ids[id] {
		return false
	}
	delete(r.ids, r.ring[r.next])
	r.ids[id], r.ring[r.next] = true, id
	r.next = (r.next + 1) % maxRecent
	return true
}

// pendingAcks holds the interactions that are submitted and not acknowledged
// yet: their answer must not come first.
type pendingAcks struct {
	mu   sync.Mutex
	open map[string]chan struct{}
}

// begin returns what is called when the interaction is acknowledged; it may be
// called again.
func (p *pendingAcks) begin(via string) (done func()) {
	ch := make(chan struct{})
	p.mu.Lock()
	p.open[via] = ch
	p.mu.Unlock()
	return sync.OnceFunc(func() {
		p.mu.Lock()
		delete(p.open, via)
		p.mu.Unlock()
		close(ch)
	})
}

// wait returns when the interaction is acknowledged, or was before.
func (p *pendingAcks) wait(ctx context.Context, via string) error {
	p.mu.Lock()
	ch, ok := p.open[via]
	p.mu.Unlock()
	if !ok {
		return nil
	}
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
