package telegram

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/subscriptions"
)

// typingAfter is how long a person waits for an answer before they see that the
// bot is at work.
const typingAfter = time.Second

// Typing shows for up to five seconds that the bot is at work.
func (c *Client) Typing(ctx context.Context, place subscriptions.Address) error {
	params := tgbotapi.Params{"chat_id": place.Chat, "action": "typing"}
	addThread(params, place.Thread)
	if _, err := c.call(ctx, "sendChatAction", params); err != nil {
		return fmt.Errorf("show typing: %w", err)
	}
	return nil
}

// pending holds the places where somebody waits for an answer.
type pending struct {
	count  atomic.Int64 // of timers, so that sends of news need no lock
	mu     sync.Mutex
	timers map[subscriptions.Address]*time.Timer
}

// expect shows typing in a place unless something is sent there soon.
func (c *Client) expect(ctx context.Context, place subscriptions.Address) {
	p := &c.pending
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timers[place] != nil {
		return
	}
	p.count.Add(1)
	p.timers[place] = time.AfterFunc(typingAfter, func() {
		if !p.answered(place) || ctx.Err() != nil {
			return
		}
		if err := c.Typing(ctx, place); err != nil {
			c.log.Debug("typing_not_shown", "error", err)
		}
	})
}

// answered ends the waiting in a place; it tells whether somebody waited.
func (p *pending) answered(place subscriptions.Address) bool {
	if p.count.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	timer := p.timers[place]
	if timer == nil {
		return false
	}
	timer.Stop()
	delete(p.timers, place)
	p.count.Add(-1)
	return true
}
