package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"golang.org/x/sync/errgroup"

	"bellwether/bot"
)

const (
	// togetherTries is how often a run of deeds is handed in as a whole before
	// each is tried by itself.
	togetherTries = 3
	// poisonStrikes is how often one deed fails, while the database takes other
	// writes, before it is set aside.
	poisonStrikes = 5
	firstPause    = 100 * time.Millisecond
	longestPause  = 5 * time.Second
	// toastTime is how long a pressed button waits for its words.
	toastTime = 1500 * time.Millisecond
	// toastLength is Telegram's limit of answerCallbackQuery.text in code points.
	toastLength = 200
	// askedAtOnce bounds how many buttons are asked about at the same time.
	askedAtOnce = 8
)

// item is an update on its way to the desk.
type item struct {
	id   int64
	raw  json.RawMessage
	deed deed
}

// take hands a batch in and returns its highest id when all of it is safe: at
// the desk, or set aside where it cannot be read. It fails only when ctx ends.
func (c *Client) take(ctx context.Context, batch []json.RawMessage) (highest int64, err error) {
	items := make([]item, 0, len(batch))
	for _, raw := range batch {
		u, err := c.decode(raw)
		highest = max(highest, u.id)
		if err != nil {
			if err := c.setAside(ctx, u, err); err != nil {
				return 0, err
			}
			continue
		}
		items = append(items, u)
	}
	c.answerQueries(ctx, items)
	for len(items) > 0 {
		n := 1
		for n < len(items) && items[n].reports() == items[0].reports() {
			n++
		}
		if err := c.handIn(ctx, items[:n]); err != nil {
			return 0, err
		}
		items = items[n:]
	}
	return highest, nil
}

// reports tells whether the deed is for Desk.Report.
func (i item) reports() bool { return len(i.deed.signals) > 0 }

// decode reads an update and what it means. A panic is an update that cannot be
// read.
func (c *Client) decode(raw json.RawMessage) (i item, err error) {
	i.raw = raw
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("reading the update panicked: %v", p)
		}
	}()
	u, err := decodeUpdate(raw)
	i.id = u.ID
	if err != nil {
		return i, err
	}
	i.deed = c.read(u)
	return i, nil
}

// handIn hands a run of deeds of one sort to the desk and returns when they are
// safe.
func (c *Client) handIn(ctx context.Context, items []item) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := c.commit(ctx, items)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if try == 1 {
			c.log.Warn("updates_not_saved", "count", len(items), "error", err)
		}
		if try >= togetherTries {
			break
		}
		sleep(ctx, pause)
		pause = min(2*pause, longestPause)
	}
	for i := range items {
		if err := c.handInOne(ctx, items[i]); err != nil {
			return err
		}
	}
	return nil
}

// handInOne tries one deed until it is safe. It waits as long as the database
// takes nothing; where it takes other writes but not this one, the deed is the
// cause and is set aside.
func (c *Client) handInOne(ctx context.Context, i item) error {
	pause := firstPause
	for strikes := 0; ; {
		err := c.commit(ctx, []item{i})
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if c.memory.Keep(ctx, c.memoryName("probe"), strconv.FormatInt(i.id, 10)) == nil {
			strikes++
		}
		if strikes >= poisonStrikes {
			return c.setAside(ctx, i, err)
		}
		sleep(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}

// commit makes one call to the desk.
func (c *Client) commit(ctx context.Context, items []item) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the desk panicked: %v", p)
		}
	}()
	if items[0].reports() {
		var signals []bot.Signal
		for _, i := range items {
			signals = append(signals, i.deed.signals...)
		}
		return c.desk.Report(ctx, signals...)
	}
	var requests []bot.Request
	for _, i := range items {
		if i.deed.request != nil {
			requests = append(requests, *i.deed.request)
		}
	}
	if len(requests) == 0 {
		return nil
	}
	if err := c.desk.Submit(ctx, requests...); err != nil {
		return err
	}
	for _, r := range requests {
		c.expect(ctx, r.Place.Address)
	}
	return nil
}

// setAside keeps an update that cannot be handled where an operator finds it,
// so that it neither blocks the others nor is lost.
func (c *Client) setAside(ctx context.Context, i item, why error) error {
	name := c.memoryName("set-aside/" + strconv.FormatInt(i.id, 10))
	pause := firstPause
	for {
		err := c.memory.Keep(ctx, name, string(i.raw))
		if err == nil {
			c.log.Error("update_set_aside", "update_id", i.id, "kept_as", name, "error", why)
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		sleep(ctx, pause)
		pause = min(2*pause, longestPause)
	}
}

// answerQueries asks the desk about pressed buttons and answers their queries,
// so that no button spins. What the desk handled at once with no more than a
// note is not handed in again.
func (c *Client) answerQueries(ctx context.Context, items []item) {
	var group errgroup.Group
	group.SetLimit(askedAtOnce)
	for i := range items {
		d := &items[i].deed
		if d.query == "" {
			continue
		}
		group.Go(func() error {
			var note bot.Answer
			done := false
			if d.request != nil {
				note, done = c.note(ctx, *d.request)
			}
			if done {
				d.request = nil
			}
			c.behind.Go(func() { c.answerQuery(ctx, d.query, note) })
			return nil
		})
	}
	// The functions return no errors.
	_ = group.Wait()
}

// note asks the desk for a short note. done tells that the note is all there is
// to say.
func (c *Client) note(ctx context.Context, r bot.Request) (note bot.Answer, done bool) {
	defer func() {
		if p := recover(); p != nil {
			c.log.Error("desk_panicked", "request_id", r.ID, "panic", p)
			note, done = bot.Answer{}, false
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, toastTime)
	defer cancel()
	note, err := c.desk.Answer(ctx, r)
	if errors.Is(err, bot.ErrSubmit) {
		return note, false
	}
	if err != nil {
		if ctx.Err() == nil {
			c.log.Warn("button_not_answered", "request_id", r.ID, "error", err)
		}
		return bot.Answer{}, false
	}
	return note, (note.Toast != "" || note.Open != "") && note.Message == nil && note.Modal == nil
}

// answerQuery stops the button's waiting sign. A query that is too old is
// refused, which harms nobody.
func (c *Client) answerQuery(ctx context.Context, query string, note bot.Answer) {
	params := tgbotapi.Params{"callback_query_id": query}
	if note.Toast != "" {
		params["text"] = clip(note.Toast, toastLength)
	}
	if address, ok := c.deepLink(note.Open); ok {
		params["url"] = address
	}
	if _, err := c.call(ctx, "answerCallbackQuery", params); err != nil && ctx.Err() == nil {
		c.log.Debug("query_not_answered", "error", err)
	}
}
