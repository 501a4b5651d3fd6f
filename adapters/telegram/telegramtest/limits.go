package telegramtest

import (
	"sync"
	"time"
)

// Limits are what a server enforces with 429. A rate of 0 is no limit.
type Limits struct {
	Account      float64 // messages a second over all chats
	AccountBurst float64
	Chat         float64 // messages a second in one chat
	ChatBurst    float64
	GroupMinute  float64 // messages a minute in one group or channel, all at once if so wanted
}

// UsualLimits are those that Telegram tells developers of: 30 messages a second,
// one a second in a chat, 20 a minute in a group.
func UsualLimits() Limits {
	return Limits{Account: 30, AccountBurst: 30, Chat: 1, ChatBurst: 1, GroupMinute: 20}
}

// bucket holds tokens that come back at a rate.
type bucket struct {
	tokens float64
	at     time.Time
}

// wait returns how long until the bucket has a token; it is filled up to now.
func (b *bucket) wait(now time.Time, rate, burst float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	burst = max(burst, 1)
	if b.at.IsZero() {
		b.tokens = burst
	} else {
		b.tokens = min(burst, b.tokens+now.Sub(b.at).Seconds()*rate)
	}
	b.at = now
	// A hair of rounding must not cost a whole second.
	if b.tokens >= 1-1e-9 {
		return 0
	}
	return time.Duration((1 - b.tokens) / rate * float64(time.Second))
}

type chatBuckets struct{ second, minute bucket }

type limiter struct {
	rules   Limits
	mu      sync.Mutex
	account bucket
	chats   map[int64]*chatBuckets
}

// take takes a token everywhere, or none and returns how long to wait.
func (l *limiter) take(chat int64, now time.Time) time.Duration {
	r := l.rules
	if r.Account <= 0 && r.Chat <= 0 && r.GroupMinute <= 0 {
		return 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.chats[chat]
	if c == nil {
		c = &chatBuckets{}
		l.chats[chat] = c
	}
	wait := max(l.account.wait(now, r.Account, r.AccountBurst), c.second.wait(now, r.Chat, r.ChatBurst))
	if chat < 0 {
		wait = max(wait, c.minute.wait(now, r.GroupMinute/60, r.GroupMinute))
	}
	if wait > 0 {
		return wait
	}
	l.account.tokens--
	c.second.tokens--
	c.minute.tokens--
	return 0
}
