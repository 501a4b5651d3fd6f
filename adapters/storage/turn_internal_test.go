package storage

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/alerts"
	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestTurnsAreTakenInTheOrderInWhichTheyWereAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var turn turn
		if err := turn.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		var order []int
		for i := range 5 {
			go func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if i == 2 {
					time.AfterFunc(time.Second, cancel)
				}
				if err := turn.take(ctx); err != nil {
					if i != 2 || !errors.Is(err, context.Canceled) {
						t.Errorf("%d: %v", i, err)
					}
					return
				}
				order = append(order, i)
				turn.give()
			}()
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		turn.give()
		synctest.Wait()
		if !slices.Equal(order, []int{0, 1, 3, 4}) {
			t.Errorf("taken in the order %d", order)
		}
		if err := turn.take(t.Context()); err != nil {
			t.Errorf("nobody has it: %v", err)
		}
	})
}

// waits returns when so many wait for the turn, or when somebody who should has
// written without it.
func (t *turn) waits(n int, written *atomic.Bool) bool {
	for {
		t.mu.Lock()
		have := len(t.waiting)
		t.mu.Unlock()
		if have == n || written.Load() {
			return have == n
		}
		runtime.Gosched()
	}
}

// Whoever writes to the file by another way than the turn tries again and again
// beside those who take turns, and may never be let in.
func TestEveryWriteTakesItsTurn(t *testing.T) {
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	ctx := t.Context()
	place, err := s.Place(ctx, subscriptions.Destination{
		Address: subscriptions.Address{Platform: subscriptions.Telegram, Account: "main", Chat: "1"}, Kind: subscriptions.Private,
	})
	if err != nil {
		t.Fatal(err)
	}
	event := alerts.Event{ID: 1, Kind: alerts.EventBell, Key: "bell/1", At: time.Unix(0, 0)}
	for name, write := range map[string]func() error{
		"an id":        func() error { _, err := s.NewID(ctx); return err },
		"what is kept": func() error { return s.Keep(ctx, "offset", "1") },
		"an event":     func() error { return s.PutEvents(ctx, []alerts.Event{event}) },
		"sends":        func() error { return s.Enqueue(ctx, bot.Matched{Event: 1, Last: true}) },
		"a place":      func() error { return s.Rename(ctx, place.ID, "Ann") },
		"a new place":  func() error { p := place; p.Address.Chat = "2"; _, err := s.Place(ctx, p); return err },
		"a person": func() error {
			_, err := s.Person(ctx, subscriptions.Identity{Platform: subscriptions.Telegram, User: "1"})
			return err
		},
		"a standing": func() error {
			_, err := s.Park(ctx, []subscriptions.DestinationID{place.ID}, subscriptions.Parked, "gone")
			return err
		},
		"what is pruned":   func() error { return s.pruneEvents(ctx, 1) },
		"a picture":        func() error { return s.Outbox().KeepPicture(ctx, "a", []byte("png")) },
		"what was sending": func() error { _, err := s.Outbox().Recover(ctx, 3, time.Unix(0, 0)); return err },
		"outcomes":         func() error { return s.Outbox().Record(ctx, []outbox.Outcome{{Send: &outbox.Send{ID: 1}}}) },
	} {
		t.Run(name, func(t *testing.T) {
			turn := s.quick.writing
			if err := turn.take(ctx); err != nil {
				t.Fatal(err)
			}
			var written atomic.Bool
			done := make(chan error, 1)
			go func() {
				err := write()
				written.Store(true)
				done <- err
			}()
			if !turn.waits(1, &written) {
				t.Error("it was written out of turn")
			}
			turn.give()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// However many write, each is served after those who asked before.
func TestWritesAreServedInTheOrderInWhichTheyWereAskedFor(t *testing.T) {
	s, err := Open(t.Context(), Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	turn := s.quick.writing
	if err := turn.take(t.Context()); err != nil {
		t.Fatal(err)
	}
	const writers = 24
	ids := make([]int64, writers)
	var all sync.WaitGroup
	var written atomic.Bool
	for i := range writers {
		all.Go(func() {
			var err error
			if ids[i], err = s.NewID(t.Context()); err != nil {
				t.Error(err)
			}
			written.Store(true)
		})
		if !turn.waits(i+1, &written) {
			t.Fatal("it was written out of turn")
		}
	}
	turn.give()
	all.Wait()
	if !slices.IsSorted(ids) || ids[0] == 0 {
		t.Errorf("ids in the order in which they were asked for: %d", ids)
	}
}
