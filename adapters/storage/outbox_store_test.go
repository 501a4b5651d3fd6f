package storage_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestClaimsStepThroughThePartialIndex(t *testing.T) {
	store := openTest(t)
	if store.Engine() != "SQLite" {
		t.Skip("the plan of SQLite is looked at")
	}
	for _, only := range []bool{false, true} {
		plan, err := store.Plan(only)
		text := strings.Join(plan, "\n")
		if err != nil || !strings.Contains(text, "sends_open") || strings.Contains(text, "SCAN t") || strings.Contains(text, "SCAN s") {
			t.Errorf("only %v: %v\n%s", only, err, text)
		}
	}
}

func TestEventIsToldOnceInADestination(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		s := r.news(r.private("1"))
		for want := 1; want >= 0; want-- {
			if n, err := r.store.InsertSends(context.Background(), s); n != want || err != nil {
				t.Fatalf("%d new, %v", n, err)
			}
		}
	})
}

func TestEditFindsTheMessageThatToldItsSubject(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.private("1")
		first := r.news(d)
		edit := r.news(d)
		edit.Kind, edit.Subject, edit.Priority = outbox.Edit, first.Subject, outbox.PriorityEdit
		never := r.news(d)
		never.Kind, never.Subject = outbox.Edit, "story/other"
		worthy := r.news(d)
		worthy.Kind, worthy.Subject, worthy.OrNew = outbox.Edit, "story/another", true
		r.chat.latency = 3 * time.Second
		r.add(first, edit)
		r.start()
		r.until(time.Minute)
		r.add(never, worthy)
		r.until(time.Minute)
		got := r.chat.got()
		if len(got) != 3 || got[1].Kind != outbox.Edit || len(got[1].Parts) != 1 || got[1].Parts[0].ID != "1001" || got[1].Target != "1001" {
			t.Fatalf("%d calls: %+v", len(got), got)
		}
		if got[2].Kind != outbox.New || r.count(outbox.Discarded) != 1 {
			t.Fatalf("%+v, %d discarded", got[2], r.count(outbox.Discarded))
		}
	})
}

func TestLongMessageGoesOnWhereItStopped(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.longMessage(fail(outbox.NotSent))
		r.wait(20 * time.Second)
		r.madeInParts(d, "[0 1 1 2]")
	})
}

// TestLongMessageGoesOnAfterARestart: what a chat has of a long message is not
// sent there again.
func TestLongMessageGoesOnAfterARestart(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.longMessage(&outbox.Failure{Class: outbox.RetryLater, After: time.Hour})
		r.wait(20 * time.Second)
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		r.start()
		r.wait(2 * time.Hour)
		r.madeInParts(d, "[0 1 1 2]")
	})
}

// longMessage sends a message of three parts, of which the second fails once.
func (r *rig) longMessage(failure error) subscriptions.Destination {
	r.t.Helper()
	r.chat.script = func(n int, d outbox.Delivery) (outbox.Receipt, error) {
		if n == 2 {
			return outbox.Receipt{}, failure
		}
		return outbox.Receipt{ID: fmt.Sprint(n), More: d.Part < 2}, nil
	}
	d := r.private("1")
	r.add(r.news(d))
	r.start()
	return d
}

// madeInParts checks that all three parts were made, by requests for these.
func (r *rig) madeInParts(d subscriptions.Destination, want string) {
	r.t.Helper()
	s := r.one(d)
	var parts []int
	for _, c := range r.chat.got() {
		parts = append(parts, c.Part)
	}
	if s.State != outbox.Delivered || len(s.Parts) != 3 || fmt.Sprint(parts) != want {
		r.t.Fatalf("%s, %d parts, tried %v", s.State, len(s.Parts), parts)
	}
}

// TestRepeatedPartOfALongMessageIsMarked: the mark stands at the end of the
// message, so it is kept until then.
func TestRepeatedPartOfALongMessageIsMarked(t *testing.T) {
	for cut := 1; cut <= 3; cut++ {
		bubble(t, func(t *testing.T, r *rig) {
			r.chat.script = func(n int, d outbox.Delivery) (outbox.Receipt, error) {
				if n == cut {
					return outbox.Receipt{}, fail(outbox.Ambiguous)
				}
				return outbox.Receipt{ID: fmt.Sprint(n), More: d.Part < 2}, nil
			}
			d := r.private("1")
			r.add(r.alert(d))
			r.start()
			r.wait(time.Minute)
			calls := r.chat.got()
			last := calls[len(calls)-1]
			if s := r.one(d); s.State != outbox.Delivered || len(calls) != 4 || last.Part != 2 || len(last.Message.Footer) == 0 {
				t.Errorf("cut at %d: %s, %d requests, the last for part %d with footer %v", cut, s.State, len(calls), last.Part, last.Message.Footer)
			}
		})
	}
}

func TestPictureIsDrawnAndUploadedOnce(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		drawn, uploads, used := 0, 0, 0
		r.fanOut(50)
		r.words.shared.Picture = message.NewPicture("chart/1", "a chart", func() ([]byte, error) {
			drawn++
			time.Sleep(20 * time.Millisecond)
			return []byte("png"), nil
		})
		r.chat.script = func(_ int, d outbox.Delivery) (outbox.Receipt, error) {
			png, name, err := d.Picture()
			if err != nil || !bytes.Equal(png, []byte("png")) {
				t.Errorf("%q, %v", png, err)
			}
			time.Sleep(100 * time.Millisecond)
			r.chat.mu.Lock()
			defer r.chat.mu.Unlock()
			if name == "" {
				uploads++
				return outbox.Receipt{ID: fmt.Sprint(d.Send), Uploaded: "file1"}, nil
			}
			used++
			return outbox.Receipt{ID: fmt.Sprint(d.Send)}, nil
		}
		r.start()
		r.until(time.Minute)
		if drawn != 1 || uploads != 1 || used != 49 {
			t.Fatalf("drawn %d times, uploaded %d times, used %d times", drawn, uploads, used)
		}
	})
}

func TestMovedChatKeepsEverything(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		old := r.place(telegramMain, "-5", subscriptions.Group)
		r.add(r.news(old), r.news(old))
		if _, err := r.store.Park(context.Background(), []subscriptions.DestinationID{old.ID}, subscriptions.Parked, "the bot was removed"); err != nil {
			t.Fatal(err)
		}
		young := r.place(telegramMain, "-1005", subscriptions.Group)
		r.add(r.news(young))
		for i := range 3 {
			changed, err := r.store.Move(context.Background(), old.Address, "-1005")
			if err != nil || changed != (i == 0) {
				t.Fatalf("move %d: %v, %v", i, changed, err)
			}
		}
		at, err := r.store.Place(context.Background(), old)
		if err != nil || at.ID != old.ID || at.Address.Chat != "-1005" || at.Standing != subscriptions.Active {
			t.Fatalf("%+v, %v", at, err)
		}
		r.start()
		r.until(time.Minute)
		for _, c := range r.chat.got() {
			if c.Address.Chat != "-1005" {
				t.Errorf("sent to %s", c.Address.Chat)
			}
		}
		if r.count(outbox.Delivered) != 3 {
			t.Errorf("%d delivered", r.count(outbox.Delivered))
		}
	})
}

func TestPruneKeepsWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.fanOut(30)
		r.start()
		r.until(time.Minute)
		_ = r.stop()
		r.box = nil
		r.add(r.news(r.private("waits")))
		r.wait(48 * time.Hour)
		young := r.news(r.private("young"))
		r.add(young)
		if err := r.store.PruneSends(context.Background(), time.Now().Add(-24*time.Hour)); err != nil {
			t.Fatal(err)
		}
		var sends, parts, bodies int
		for into, table := range map[*int]string{&sends: "sends", &parts: "send_parts", &bodies: "message_bodies"} {
			if err := r.store.Query(into, "SELECT count(*) FROM "+table); err != nil {
				t.Fatal(err)
			}
		}
		if sends != 2 || parts != 0 || bodies != 0 {
			t.Fatalf("%d sends, %d parts, %d bodies", sends, parts, bodies)
		}
	})
}

// What a storm's message tells is kept until that is sent, also where a place
// cannot be reached for longer than records are kept.
func TestPruneKeepsWhatAWaitingMessageTells(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.private("1")
		ctx := context.Background()
		var storm []bot.StormSend
		for range 3 {
			storm = append(storm, bot.StormSend{Alert: r.alert(d), Leaves: time.Now().Add(time.Minute)})
		}
		if err := r.store.Enqueue(ctx, bot.Matched{Storm: storm, Last: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.store.Park(ctx, []subscriptions.DestinationID{d.ID}, subscriptions.Parked, "the bot was blocked"); err != nil {
			t.Fatal(err)
		}
		day := 24 * time.Hour
		r.wait(40 * day)
		if err := r.store.PruneSends(ctx, time.Now().Add(-30*day)); err != nil {
			t.Fatal(err)
		}
		if _, err := r.store.Revive(ctx, d.ID, false); err != nil {
			t.Fatal(err)
		}
		r.start()
		r.until(time.Minute)
		if got := r.chat.got(); len(got) != 1 || !strings.HasPrefix(got[0].Message.Title, "3 more") {
			t.Fatalf("%d messages came", len(got))
		}
		_ = r.stop()
		for _, kept := range []int{4, 0} {
			if err := r.store.PruneSends(ctx, time.Now().Add(-30*day)); err != nil {
				t.Fatal(err)
			}
			if left, err := r.store.SendsOf(ctx, d.ID, 10); err != nil || len(left) != kept {
				t.Errorf("%d sends are kept, not %d: %v", len(left), kept, err)
			}
			r.wait(31 * day)
		}
	})
}

func TestDepthsTellWhatWaits(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.private("1")
		from := time.Now()
		r.add(r.news(d), r.alert(d))
		r.wait(time.Minute)
		r.add(r.news(d))
		depths, err := r.store.Outbox().Depths(context.Background())
		if err != nil || len(depths) != 2 || depths[0].Count != 1 || depths[1].Count != 2 || !depths[1].Oldest.Equal(from.UTC().Truncate(time.Microsecond)) {
			t.Fatalf("%+v, %v", depths, err)
		}
		if depths[1].Account != telegramMain || depths[1].Priority != outbox.PriorityNews {
			t.Fatalf("%+v", depths[1])
		}
	})
}
