package storage_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// limited is a server that enforces a token bucket over all chats and one in
// each chat, by the time at which a request arrives.
type limited struct {
	mu          sync.Mutex
	rate, burst float64
	apart       time.Duration
	tokens      float64
	last        time.Time
	chats       map[string]time.Time
	refused     int
	took        map[string]int
	end         time.Time
}

func newLimited(rate float64, apart time.Duration) *limited {
	return &limited{rate: rate, burst: 30, tokens: 30, apart: apart, last: time.Now(), chats: map[string]time.Time{}, took: map[string]int{}}
}

func (l *limited) deliver(_ int, d outbox.Delivery) (outbox.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.tokens = min(l.burst, l.tokens+l.rate*now.Sub(l.last).Seconds())
	l.last = now
	if l.tokens < 1 || now.Before(l.chats[d.Address.Chat]) {
		l.refused++
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.RetryLater, After: time.Second, Code: "429", Reason: "too many requests"}
	}
	l.tokens--
	l.chats[d.Address.Chat] = now.Add(l.apart)
	l.took[fmt.Sprint(d.Send, d.Part)]++
	l.end = now
	return outbox.Receipt{ID: fmt.Sprint(len(l.took))}, nil
}

func (r *rig) fanOut(n int) {
	r.words.shared = &message.Message{Title: "one text for all"}
	sends := make([]outbox.Send, n)
	for i := range sends {
		sends[i] = r.news(r.private(fmt.Sprint(i)))
	}
	r.add(sends...)
}

func TestFanOutAtTheEnforcedRateIsNeverRefused(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const n = 1800
		r.fanOut(n)
		r.chat.latency = 35 * time.Millisecond
		server := newLimited(30, time.Second)
		r.chat.script = server.deliver
		from := time.Now()
		r.start()
		r.until(5 * time.Minute)
		took, ideal := server.end.Sub(from).Seconds(), float64(n-30)/30
		if server.refused > 0 || took > 1.01*ideal+0.4 || len(server.took) != n {
			t.Fatalf("%d refused, %.2f s where %.2f s is ideal, %d arrived", server.refused, took, ideal, len(server.took))
		}
		var bodies int
		if err := r.store.Query(&bodies, "SELECT count(*) FROM message_bodies"); err != nil || bodies != 1 {
			t.Errorf("one text is kept %d times, %v", bodies, err)
		}
	})
}

func TestSlowerServerIsFoundAndHeldTo(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const n = 3000
		r.fanOut(n)
		server := newLimited(22, time.Second)
		r.chat.script = func(i int, d outbox.Delivery) (outbox.Receipt, error) {
			time.Sleep(time.Duration(rand.IntN(40)) * time.Millisecond)
			return server.deliver(i, d)
		}
		from := time.Now()
		r.start()
		r.until(6 * time.Minute)
		rate := float64(n-30) / server.end.Sub(from).Seconds()
		if rate < 0.95*22 || server.refused > n/100 || len(server.took) != n {
			t.Fatalf("%.2f a second, %d refused, %d arrived", rate, server.refused, len(server.took))
		}
		if got := r.counters(); got.Limited != int64(server.refused) || got.Rate >= got.Configured {
			t.Errorf("counters %+v, %d refused", got, server.refused)
		}
	})
}

func TestChatsAreWrittenToAtTheirOwnPace(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Collapser = nil
		server := newLimited(1000, time.Second)
		r.chat.script = func(i int, d outbox.Delivery) (outbox.Receipt, error) {
			time.Sleep(time.Duration(i*137%300) * time.Millisecond)
			return server.deliver(i, d)
		}
		one, two := r.private("1"), r.private("2")
		group := r.place(telegramMain, "-3", subscriptions.Group)
		for range 10 {
			r.add(r.news(one), r.news(two))
		}
		for range 45 {
			r.add(r.news(group))
		}
		from := time.Now()
		r.start()
		r.until(5 * time.Minute)
		if server.refused != 0 {
			t.Errorf("%d refused", server.refused)
		}
		var times []time.Time
		for _, c := range r.chat.got() {
			if c.Address.Chat == "-3" {
				times = append(times, c.at)
			}
		}
		for i := 20; i < len(times); i++ {
			if times[i].Sub(times[i-20]) < time.Minute {
				t.Fatalf("21 messages in a group within %s", times[i].Sub(times[i-20]))
			}
		}
		if took := times[44].Sub(from); took > 130*time.Second {
			t.Errorf("45 messages took %s", took)
		}
	})
}

func TestRefusedChatStopsOnlyItself(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		refused := map[string]bool{"1": true}
		var mu sync.Mutex
		r.chat.script = func(_ int, d outbox.Delivery) (outbox.Receipt, error) {
			mu.Lock()
			defer mu.Unlock()
			if refused[d.Address.Chat] {
				delete(refused, d.Address.Chat)
				return outbox.Receipt{}, &outbox.Failure{Class: outbox.RetryLater, After: 20 * time.Second}
			}
			return outbox.Receipt{}, nil
		}
		bad, good := r.private("1"), r.private("2")
		r.add(r.news(bad), r.news(good))
		r.start()
		r.wait(2 * time.Second)
		if r.one(good).State != outbox.Delivered || r.one(bad).State != outbox.Waiting || r.counters().Rate != 30 {
			t.Fatalf("%s, %s, rate %v", r.one(good).State, r.one(bad).State, r.counters().Rate)
		}
		r.wait(19 * time.Second)
		if r.one(bad).State != outbox.Delivered {
			t.Fatal(r.one(bad).State)
		}
		for i := range 3 {
			chat := fmt.Sprint(10 + i)
			mu.Lock()
			refused[chat] = true
			mu.Unlock()
			r.add(r.news(r.private(chat)))
		}
		r.wait(time.Second)
		r.add(r.alert(good))
		r.wait(10 * time.Second)
		if r.one(good).State != outbox.Waiting {
			t.Fatal("three refused chats within five seconds do not stop the account")
		}
		r.wait(12 * time.Second)
		if r.one(good).State != outbox.Delivered {
			t.Fatal(r.one(good).State)
		}
	})
}

// TestFloodOfOneChatIsNotTheAccounts: of several chats that are refused the one
// with the shortest wait tells what all have to wait.
func TestFloodOfOneChatIsNotTheAccounts(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		wait := map[string]time.Duration{"1": time.Hour, "2": 2 * time.Second, "3": 3 * time.Second}
		var mu sync.Mutex
		r.chat.script = func(_ int, d outbox.Delivery) (outbox.Receipt, error) {
			mu.Lock()
			defer mu.Unlock()
			if after := wait[d.Address.Chat]; after > 0 {
				delete(wait, d.Address.Chat)
				return outbox.Receipt{}, &outbox.Failure{Class: outbox.RetryLater, After: after}
			}
			return outbox.Receipt{}, nil
		}
		second, third, flooded, good := r.private("2"), r.private("3"), r.private("1"), r.private("4")
		r.add(r.news(second), r.news(third), r.news(flooded))
		r.start()
		r.wait(time.Second)
		r.add(r.alert(good))
		r.wait(10 * time.Second)
		if r.one(good).State != outbox.Delivered || r.one(flooded).State != outbox.Waiting {
			t.Fatalf("%s, %s", r.one(good).State, r.one(flooded).State)
		}
		r.wait(time.Hour)
		if r.one(flooded).State != outbox.Delivered {
			t.Fatal(r.one(flooded).State)
		}
	})
}

func TestRateThatTheAdapterKeepsIsNoRefusal(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Messengers = map[outbox.Account]outbox.Messenger{discordMain: r.chat}
		var sent []time.Time
		r.chat.script = func(_ int, _ outbox.Delivery) (outbox.Receipt, error) {
			if n := len(sent); n >= 5 && time.Since(sent[n-5]) < 5*time.Second {
				return outbox.Receipt{}, &outbox.Failure{Class: outbox.RetryLater, Code: outbox.CodeLocal, After: time.Until(sent[n-5].Add(5 * time.Second))}
			}
			sent = append(sent, time.Now())
			return outbox.Receipt{}, nil
		}
		d := r.place(discordMain, "7", subscriptions.Group)
		for range 20 {
			s := r.alert(d)
			r.add(s)
		}
		from := time.Now()
		r.start()
		r.until(time.Minute)
		if c := r.counters(); c.Limited != 0 || sent[19].Sub(from) > 15500*time.Millisecond || r.one(d).Attempts != 0 {
			t.Fatalf("%d counted as refused, took %s", c.Limited, sent[19].Sub(from))
		}
	})
}
