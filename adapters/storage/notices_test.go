package storage_test

import (
	"context"
	"errors"
	"testing"

	"bellwether/adapters/storage"
	"bellwether/bot"
	"bellwether/subscriptions"
)

// TestNoticesAreOwedWithTheChangeAndSettledOnce: what one deed did to several
// places stands together, and nothing is owed for a change that changed nothing.
func TestNoticesAreOwedWithTheChangeAndSettledOnce(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		var ids []subscriptions.DestinationID
		for _, chat := range []string{"-1", "-2", "-3"} {
			at := place(chat)
			at.Kind = subscriptions.Group
			d, err := s.Place(ctx, at)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, d.ID)
		}
		home, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := s.Park(ctx, []subscriptions.DestinationID{ids[1], home.ID, ids[0]}, subscriptions.Parked, "the bot was removed"); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Move(ctx, place("-3").Address, "-1003"); err != nil {
				t.Fatal(err)
			}
		}
		owed, err := s.Notices(ctx)
		if err != nil || len(owed) != 3 || owed[0].Kind != bot.NoticeParked || owed[0].First != owed[1].First || owed[0].Reason != "the bot was removed" ||
			owed[2].Kind != bot.NoticeMoved || owed[2].First != owed[2].ID || owed[2].Destination != ids[2] {
			t.Fatalf("owed %+v, error %v", owed, err)
		}
		settle := bot.Outcome{Effects: []bot.Effect{bot.SettleNotice{ID: owed[0].ID}, bot.SettleNotice{ID: owed[1].ID}}}
		if err := s.Apply(ctx, settle); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(ctx, settle); !errors.Is(err, bot.ErrHandled) {
			t.Errorf("settled twice: %v", err)
		}
		if owed, err = s.Notices(ctx); err != nil || len(owed) != 1 {
			t.Errorf("then owed %+v, error %v", owed, err)
		}
	})
}
