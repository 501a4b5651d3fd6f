package storage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// BenchmarkDrain sends to chats without a limit and without a network: it is
// what the outbox itself costs.
func BenchmarkDrain(b *testing.B) {
	r := newRig(b, openTest(b))
	r.opts.Rates = map[outbox.Account]outbox.Rates{telegramMain: {}}
	r.words.shared = &message.Message{Title: "one text for all"}
	var places []subscriptions.Destination
	for i := range 1000 {
		places = append(places, r.private(fmt.Sprint(i)))
	}
	sends := make([]outbox.Send, b.N)
	for i := range sends {
		sends[i] = r.news(places[i%len(places)])
	}
	r.opts.Collapser = nil
	r.add(sends...)
	b.ResetTimer()
	r.start()
	for r.count(outbox.Delivered) < b.N {
		time.Sleep(50 * time.Millisecond)
	}
	_ = r.stop()
}

// BenchmarkInsert adds sends in chunks of a thousand.
func BenchmarkInsert(b *testing.B) {
	r := newRig(b, openTest(b))
	d := r.private("1")
	sends := make([]outbox.Send, b.N)
	for i := range sends {
		sends[i] = r.news(d)
	}
	b.ResetTimer()
	for len(sends) > 0 {
		n := min(1000, len(sends))
		if _, err := r.store.InsertSends(context.Background(), sends[:n]...); err != nil {
			b.Fatal(err)
		}
		sends = sends[n:]
	}
}
