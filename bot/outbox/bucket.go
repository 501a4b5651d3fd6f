package outbox

import "time"

// How the rate of an account follows what its platform allows.
const (
	// cutTo is what is left of the rate after refusals. A little below the rate
	// that a platform takes: its bucket fills while we are below and drains
	// while we are above, so little is lost on the way.
	cutTo = 0.85
	// raiseBy is the part of the configured rate that each accepted message
	// gives back: from 20/s to 30/s in about two minutes.
	raiseBy = 0.0001
	// strikeSpan is how long a refusal counts. Two chats within it concern the
	// account's rate, three the whole account.
	strikeSpan = 5 * time.Second
	// cutPause is the least time between two cuts: refusals of messages that
	// were under way when the rate was cut tell nothing new.
	cutPause = time.Second
)

// bucket holds the tokens of an account. With a rate of 0 it never runs dry.
type bucket struct {
	top    float64 // configured, messages a second
	rate   float64 // now
	burst  float64
	tokens float64
	last   time.Time
	cut    time.Time
	struck map[string]strike
}

func newBucket(r Rates, now time.Time) *bucket {
	burst := max(float64(r.Burst), 1)
	return &bucket{top: r.PerSecond, rate: r.PerSecond, burst: burst, tokens: burst, last: now, struck: make(map[string]strike)}
}

func (b *bucket) fill(now time.Time) {
	if d := now.Sub(b.last); d > 0 {
		b.tokens = min(b.burst, b.tokens+b.rate*d.Seconds())
		b.last = now
	}
}

// take takes a token; ok is false where there is none.
func (b *bucket) take(now time.Time) (ok bool) {
	if b.top == 0 {
		return true
	}
	b.fill(now)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

// next returns when a token will be there.
func (b *bucket) next(now time.Time) time.Time {
	if b.top == 0 {
		return now
	}
	b.fill(now)
	if b.tokens >= 1 {
		return now
	}
	wait := time.Duration((1 - b.tokens) / b.rate * float64(time.Second))
	return now.Add(wait + time.Microsecond)
}

// refund gives back the token of a message that never left us.
func (b *bucket) refund() { b.tokens = min(b.burst, b.tokens+1) }

// accepted raises the rate after a message that the platform took.
func (b *bucket) accepted() { b.rate = min(b.top, b.rate+b.top*raiseBy) }

// strike is a 429 of one chat.
type strike struct{ at, until time.Time }

// refused counts a 429 of one chat, which has to wait until a time, and returns
// until when the whole account has to; zero where it has not. One chat alone
// says nothing about the account: its own limit may be lower than we know. Of
// several it is the shortest wait: none is told to wait for less than the
// account has to, and one may be told so for a flood of its own.
func (b *bucket) refused(chat string, now, until time.Time) (all time.Time) {
	b.struck[chat] = strike{now, until}
	for c, s := range b.struck {
		if now.Sub(s.at) > strikeSpan {
			delete(b.struck, c)
		}
	}
	if b.top > 0 && len(b.struck) >= 2 && now.Sub(b.cut) >= cutPause {
		b.fill(now)
		b.cut = now
		b.rate = max(b.rate*cutTo, b.top/30)
		b.tokens = min(b.tokens, 0)
	}
	if len(b.struck) < 3 {
		return time.Time{}
	}
	all = until
	for _, s := range b.struck {
		if s.until.Before(all) {
			all = s.until
		}
	}
	clear(b.struck)
	return all
}

// pause empties the bucket until a time.
func (b *bucket) pause(until time.Time) {
	b.tokens = min(b.tokens, 0)
	if until.After(b.last) {
		b.last = until
	}
}
