package storage_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestCountersTellWhatHappened(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		const chats = 500
		refused := make(map[string]bool)
		r.chat.script = func(_ int, d outbox.Delivery) (outbox.Receipt, error) {
			chat := d.Address.Chat
			switch {
			case chat >= "c100" && chat < "c107" && !refused[chat]:
				refused[chat] = true
				wait := fail(outbox.RetryLater)
				wait.After = 2 * time.Second
				return outbox.Receipt{}, wait
			case chat >= "c200" && chat < "c203":
				return outbox.Receipt{}, fail(outbox.Gone)
			}
			return outbox.Receipt{}, nil
		}
		r.opts.InFlight = 1 // the script is called by one at a time
		for i := range chats {
			d := r.private(fmt.Sprintf("c%03d", i))
			r.add(r.news(d))
			if i == 200 {
				r.add(r.alert(d))
			}
		}
		from := time.Now().UTC().Truncate(time.Microsecond)
		r.start()
		r.until(5 * time.Minute)
		r.wait(time.Minute)
		c := r.counters()
		want := map[outbox.State]int64{outbox.Delivered: chats - 3, outbox.Parked: 3}
		if !maps.Equal(c.Ended, want) || c.Limited != 7 || c.Panics != 0 || c.Stopped {
			t.Errorf("%+v, want ended %v and 7 refusals", c, want)
		}
		if c.Configured != 30 || c.Rate >= 30 || c.Rate < 20 || c.Tokens != float64(outbox.DefaultRates(subscriptions.Telegram).Burst) {
			t.Errorf("%.1f messages a second of %.1f, %.1f at once", c.Rate, c.Configured, c.Tokens)
		}

		_ = r.stop()
		first := r.private("c001")
		r.add(r.news(first), r.alert(first), r.news(first))
		later := r.alert(first)
		later.Due = time.Now().Add(time.Hour)
		r.add(later)
		r.opts.Messengers = nil // nothing is sent
		r.start()
		now, err := r.box.Counters(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		at := func(p outbox.Priority) outbox.Depth {
			return outbox.Depth{Account: telegramMain, Priority: p, Count: 2, Oldest: from.Add(time.Since(from).Truncate(time.Microsecond))}
		}
		if len(now.Depths) != 2 || now.Depths[0] != at(outbox.PriorityAlert) || now.Depths[1] != at(outbox.PriorityNews) {
			t.Errorf("waiting: %+v", now.Depths)
		}
	})
}
