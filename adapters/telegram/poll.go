package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/outbox"
)

const (
	// pollSeconds is the longest that Telegram holds a poll (Bot API server,
	// Client.h: 50 s); pollLimit gives up on an answer that does not come.
	pollSeconds = "50"
	pollLimit   = 65 * time.Second
	// wantedUpdates are the updates that are asked for. Telegram remembers the last
	// list, so it is always sent.
	wantedUpdates = `["message","callback_query","my_chat_member"]`
	// offsetAge is how long a kept offset is trusted: after a week without
	// updates Telegram begins anew at a random id.
	offsetAge = 6 * 24 * time.Hour
	// hastyPoll is how soon an empty answer makes us pause: the server does not
	// hold polls.
	hastyPoll = 500 * time.Millisecond
	// conflictQuiet is how long no other poller may show before it is forgotten.
	conflictQuiet = 10 * time.Minute
)

// Run receives what people do until ctx ends, and then returns nil within a
// second. It returns an error that is ErrCredential where Telegram does not
// accept the token; everything else is waited for.
func (c *Client) Run(ctx context.Context) error {
	defer c.behind.Wait()
	serving, stop := context.WithCancel(ctx)
	defer stop()
	p := poller{client: c}
	err := p.greet(serving)
	if err == nil {
		err = p.poll(serving)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// poller is the state of one Run.
type poller struct {
	client   *Client
	offset   int64
	pause    time.Duration // before the next try
	said     string        // the trouble that was logged last, "" where there is none
	conflict time.Time     // when another poller showed last
}

// greet learns who we are and makes Telegram ready for polls.
func (p *poller) greet(ctx context.Context) error {
	for {
		err := p.hello(ctx)
		if err == nil {
			break
		}
		if err = p.endure(ctx, err); err != nil {
			return err
		}
	}
	p.well()
	p.client.behind.Go(func() { p.client.showMenus(ctx) })
	p.offset = p.client.recallOffset(ctx)
	return nil
}

func (p *poller) hello(ctx context.Context) error {
	var self user
	if err := p.client.ask(ctx, "getMe", nil, &self); err != nil {
		return err
	}
	p.client.self.Store(&self)
	p.client.dropWebhook(ctx)
	return nil
}

// dropWebhook ends a webhook, while which polls are refused. Where it fails the
// polls will tell, and it is tried again.
func (c *Client) dropWebhook(ctx context.Context) {
	_, err := c.call(ctx, "deleteWebhook", tgbotapi.Params{"drop_pending_updates": "false"})
	if err != nil && ctx.Err() == nil {
		c.log.Warn("webhook_not_deleted", "error", err)
	}
}

// poll asks for updates and hands them in; the offset moves, and with it what
// Telegram forgets, only when they are safe.
func (p *poller) poll(ctx context.Context) error {
	for ctx.Err() == nil {
		asked := time.Now()
		batch, err := p.fetch(ctx)
		if err != nil {
			if err = p.endure(ctx, err); err != nil {
				return err
			}
			continue
		}
		p.well()
		if len(batch) == 0 {
			if time.Since(asked) < hastyPoll {
				sleep(ctx, hastyPoll)
			}
			continue
		}
		highest, err := p.client.take(ctx, batch)
		if err != nil {
			return err
		}
		p.advance(ctx, highest)
	}
	return nil
}

func (p *poller) fetch(ctx context.Context) ([]json.RawMessage, error) {
	params := tgbotapi.Params{"timeout": pollSeconds, "limit": "100", "allowed_updates": wantedUpdates}
	if p.offset != 0 {
		params["offset"] = strconv.FormatInt(p.offset, 10)
	}
	raw, err := p.client.callWithin(ctx, pollLimit, "getUpdates", params, nil)
	if err != nil {
		return nil, err
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(raw, &batch); err != nil {
		return nil, fmt.Errorf("read updates: %w", err)
	}
	return batch, nil
}

// advance moves the offset behind the batch, whatever it was before: ids may
// begin anew below it. A batch without any id moves it by one, past the update
// that cannot be read.
func (p *poller) advance(ctx context.Context, highest int64) {
	if highest == 0 {
		highest = p.offset
	}
	p.offset = highest + 1
	if err := p.client.keepOffset(ctx, p.offset); err != nil && ctx.Err() == nil {
		p.client.log.Warn("offset_not_kept", "error", err)
	}
}

// well notes that Telegram answered.
func (p *poller) well() {
	quiet := p.conflict.IsZero() || p.client.now().Sub(p.conflict) > conflictQuiet
	if p.said != "" && quiet {
		p.client.log.Info("telegram_answers_again")
		p.said = ""
	}
	if quiet {
		p.pause = 0
	}
}

// endure waits after a failed request. It returns an error where waiting is of
// no use.
func (p *poller) endure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var f *outbox.Failure
	if !errors.As(err, &f) {
		f = &outbox.Failure{Class: outbox.Ambiguous, Reason: "Telegram's answer could not be read", Err: err}
	}
	longest := 30 * time.Second
	first := time.Second
	switch {
	case f.Class == outbox.Credential:
		return fmt.Errorf("account %q: %w (%s)", p.client.account, ErrCredential, f.Code)
	case f.Code == "409":
		first, longest = 5*time.Second, time.Minute
		p.conflict = p.client.now()
		p.client.dropWebhook(ctx) // where it was no other poller
	}
	p.pause = min(max(first, 2*p.pause), longest)
	p.complain(f)
	sleep(ctx, max(p.pause, f.After))
	return ctx.Err()
}

// complain logs a trouble once, however often it returns.
func (p *poller) complain(f *outbox.Failure) {
	trouble := string(f.Class) + f.Code
	if p.said == trouble {
		return
	}
	p.said = trouble
	if f.Code == "409" {
		p.client.log.Error("telegram_conflict", "reason",
			"another program receives this bot's messages: only one may run for a token")
		return
	}
	p.client.log.Warn("telegram_trouble", "reason", f.Reason, "code", f.Code, "error", f.Err)
}

// recallOffset returns the offset that was kept, 0 where it is too old or
// unknown: then Telegram begins with the oldest update that it still has, and
// what was handed in before is known by its id.
func (c *Client) recallOffset(ctx context.Context) int64 {
	kept, err := c.memory.Recall(ctx, c.memoryName("offset"))
	if err != nil {
		c.log.Warn("offset_not_recalled", "error", err)
		return 0
	}
	first, second, _ := strings.Cut(kept, " ")
	offset, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return 0
	}
	at, err := strconv.ParseInt(second, 10, 64)
	if err != nil || c.now().Sub(time.Unix(at, 0)) > offsetAge {
		return 0
	}
	return offset
}

func (c *Client) keepOffset(ctx context.Context, offset int64) error {
	value := strconv.FormatInt(offset, 10) + " " + strconv.FormatInt(c.now().Unix(), 10)
	return c.memory.Keep(ctx, c.memoryName("offset"), value)
}

// sleep waits, but not past the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
