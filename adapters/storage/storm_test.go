package storage_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"bellwether/bot"
	"bellwether/bot/outbox"
)

// On PostgreSQL others write at the same time: a storm's message must not leave
// while an alert joins it, which would be told nowhere.
func TestStormsMessageWaitsForAnAlertThatJoinsIt(t *testing.T) {
	store := openStore(t, postgresSchema(t))
	s := &suite{rig: &rig{t: t, store: store}, box: store.Outbox(), now: time.Now().Add(time.Hour)}
	ctx := context.Background()
	d := s.private("1")
	storm := func() bot.StormSend { return bot.StormSend{Alert: s.alert(d), Leaves: time.Now()} }
	if err := store.Enqueue(ctx, bot.Matched{Storm: []bot.StormSend{storm(), storm()}}); err != nil {
		t.Fatal(err)
	}
	heads := s.heads(outbox.Claim{Priority: outbox.PriorityAlert})
	if len(heads) != 1 || heads[0].Kind != outbox.Collapse {
		t.Fatalf("%d messages wait", len(heads))
	}
	message := heads[0].Send
	var left atomic.Bool
	marked := make(chan error, 1)
	err := store.JoinStorm(ctx, storm(), func() {
		go func() {
			err := s.box.Mark(ctx, []*outbox.Send{&message})
			left.Store(true)
			marked <- err
		}()
		for waits := 0; waits == 0 && !left.Load(); runtime.Gosched() {
			if err := store.Query(&waits, `SELECT count(*) FROM pg_stat_activity
				WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE sends SET state = ''sending''%'`); err != nil {
				t.Error(err)
				return
			}
		}
		if left.Load() {
			t.Error("it left without the alert")
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-marked; err != nil || message.State != outbox.Sending {
		t.Fatal(message.State, err)
	}
	if _, told, err := s.box.Merged(ctx, message.ID, 10); err != nil || told != 3 {
		t.Errorf("it tells %d alerts: %v", told, err)
	}
	// Whoever comes later is told in the next one.
	if err := store.Enqueue(ctx, bot.Matched{Storm: []bot.StormSend{storm()}}); err != nil {
		t.Fatal(err)
	}
	next := s.heads(outbox.Claim{Priority: outbox.PriorityAlert})
	if len(next) != 1 || next[0].ID == message.ID {
		t.Fatalf("%d messages wait", len(next))
	}
	if _, told, err := s.box.Merged(ctx, next[0].ID, 10); err != nil || told != 1 {
		t.Errorf("the next one tells %d alerts: %v", told, err)
	}
}
