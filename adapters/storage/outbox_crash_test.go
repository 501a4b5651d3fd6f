package storage_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestStopLosesAndRepeatsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.chat.latency = 300 * time.Millisecond
		r.fanOut(300)
		for range 6 {
			r.start()
			r.wait(time.Second + 133*time.Millisecond)
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
			if n := r.count(outbox.Sending); n != 0 {
				t.Fatalf("%d are left as being sent", n)
			}
		}
		r.start()
		r.until(time.Minute)
		seen := map[outbox.SendID]int{}
		for _, c := range r.chat.got() {
			seen[c.Send]++
		}
		if len(seen) != 300 || len(r.chat.got()) != 300 {
			t.Fatalf("%d sends in %d requests", len(seen), len(r.chat.got()))
		}
	})
}

func TestStopEndsAlthoughAPlatformDoesNotAnswer(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.StopWithin = 5 * time.Second
		r.chat.latency = 30 * time.Second
		r.add(r.news(r.private("1")))
		r.start()
		r.wait(time.Second)
		from := time.Now()
		if err := r.stop(); err == nil || time.Since(from) > 6*time.Second {
			t.Fatalf("%v after %s", err, time.Since(from))
		}
		time.Sleep(time.Minute)
	})
}

// kill leaves the store as a kill would: requests were made and nothing of it
// was recorded.
func (r *rig) kill(sends ...outbox.Send) {
	r.t.Helper()
	box := r.store.Outbox()
	for _, s := range sends {
		heads, err := box.Heads(context.Background(), outbox.Claim{
			Account: outbox.Account{Platform: s.Address.Platform, Name: s.Address.Account}, Priority: s.Priority,
			Only: []outbox.Strand{{Destination: s.Destination, Person: s.Person}}, Limit: 1, Now: time.Now(),
		})
		if err != nil || len(heads) != 1 {
			r.t.Fatalf("%d heads, %v", len(heads), err)
		}
		head := heads[0].Send
		if head.Body == "" {
			head.Message = &message.Message{Title: fmt.Sprintf("event %d", head.Event)}
		}
		if err := box.Start(context.Background(), []*outbox.Send{&head}, time.Now()); err != nil || head.State != outbox.Sending {
			r.t.Fatal(head.State, err)
		}
	}
}

func TestWhatWasUnderWayInAKillIsSentAgainMarked(t *testing.T) {
	rows := []struct {
		name   string
		a      outbox.Account
		kind   subscriptions.DestinationKind
		down   time.Duration
		marked bool
	}{
		{"Telegram", telegramMain, "private", time.Second, true},
		{"Discord within two minutes", discordMain, "group", time.Minute, false},
		{"Discord later", discordMain, "group", 3 * time.Minute, true},
		{"Discord forum", discordMain, "forum", time.Second, true},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.opts.Messengers = map[outbox.Account]outbox.Messenger{row.a: r.chat}
				d := r.place(row.a, "1", row.kind)
				s := r.news(d)
				r.add(s)
				r.kill(s)
				r.wait(row.down)
				r.start()
				r.wait(5 * time.Second)
				got := r.chat.got()
				if len(got) != 1 || r.one(d).State != outbox.Delivered || (len(got[0].Message.Footer) > 0) != row.marked {
					t.Fatalf("%d calls, %s, %+v", len(got), r.one(d).State, got[0].Message)
				}
			})
		})
	}
}

func TestSendThatEndsTheProcessIsSetAsideAndOthersAreNot(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		culprit, other := r.news(r.private("1")), r.news(r.private("2"))
		r.add(culprit, other)
		r.kill(culprit, other)
		for range 2 {
			if _, err := r.store.Outbox().Recover(context.Background(), 3, time.Now()); err != nil {
				t.Fatal(err)
			}
			r.kill(culprit)
		}
		r.start()
		r.wait(10 * time.Second)
		bad, good := r.one(subscriptions.Destination{ID: culprit.Destination}), r.one(subscriptions.Destination{ID: other.Destination})
		if bad.State != outbox.SetAside || bad.Reason == "" || good.State != outbox.Delivered || len(r.chat.got()) != 1 {
			t.Fatalf("%s (%s), %s", bad.State, bad.Reason, good.State)
		}
	})
}

func TestSuspectsAreSentOneAfterAnother(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.chat.latency = 200 * time.Millisecond
		for i := range 5 {
			s := r.news(r.private(fmt.Sprint(i)))
			r.add(s)
			r.kill(s)
		}
		r.start()
		r.until(time.Minute)
		if r.chat.peak != 1 || r.count(outbox.Delivered) != 5 {
			t.Fatalf("%d at once, %d delivered", r.chat.peak, r.count(outbox.Delivered))
		}
	})
}

func TestWhatTwoKillsMetIsSentAfterOtherSuspects(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		twice, once := r.news(r.private("1")), r.news(r.private("2"))
		r.add(twice, once)
		r.kill(twice, once)
		if _, err := r.store.Outbox().Recover(context.Background(), 3, time.Now()); err != nil {
			t.Fatal(err)
		}
		r.kill(twice)
		r.start()
		r.wait(10 * time.Second)
		got := r.chat.got()
		if len(got) != 2 || got[0].Address.Chat != "2" || got[1].Address.Chat != "1" || r.count(outbox.Delivered) != 2 {
			t.Fatalf("%d calls, the first to %+v, %d delivered", len(got), got[0].Address, r.count(outbox.Delivered))
		}
	})
}

func TestPanicsCostTheirSendOnly(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.chat.script = func(_ int, d outbox.Delivery) (outbox.Receipt, error) {
			if d.Address.Chat == "1" {
				panic("adapter")
			}
			return outbox.Receipt{}, nil
		}
		r.words.fail = func(s outbox.Send) error {
			if s.Address.Chat == "2" {
				panic("words")
			}
			return nil
		}
		one, two, good := r.private("1"), r.private("2"), r.private("3")
		r.add(r.news(one), r.news(two), r.news(good))
		r.start()
		r.wait(20 * time.Second)
		if r.one(one).State != outbox.SetAside || r.one(two).State != outbox.SetAside || r.one(good).State != outbox.Delivered || r.counters().Panics == 0 {
			t.Fatalf("%s, %s, %s, %d panics", r.one(one).State, r.one(two).State, r.one(good).State, r.counters().Panics)
		}
	})
}

func TestWordsThatFailHoldNoOtherMessageBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.words.fail = func(s outbox.Send) error {
			if s.Address.Chat == "2" {
				return errors.New("its event cannot be read")
			}
			return nil
		}
		places := make(map[string]subscriptions.Destination)
		for _, chat := range []string{"1", "2", "3", "4", "5", "6"} {
			places[chat] = r.private(chat)
			r.add(r.news(places[chat]))
		}
		r.start()
		r.wait(time.Second)
		for chat, d := range places {
			switch s := r.one(d); {
			case chat == "2" && (s.State != outbox.Waiting || s.Attempts == 0 || s.Reason == ""):
				t.Errorf("its words failed: %+v", s)
			case chat != "2" && (s.State != outbox.Delivered || s.Attempts != 0):
				t.Errorf("%s suffered for another: %+v", chat, s)
			}
		}
	})
}

// A frozen message that is not there any more, or cannot be read, is written
// anew, and nothing else waits for it.
func TestLostMessageIsWrittenAnew(t *testing.T) {
	for name, loss := range map[string]string{
		"not there": "DELETE FROM message_bodies RETURNING 1", "not read": "UPDATE message_bodies SET body = '{' RETURNING 1",
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.chat.script = func(int, outbox.Delivery) (outbox.Receipt, error) { return outbox.Receipt{}, fail(outbox.NotSent) }
				d := r.private("1")
				r.add(r.alert(d))
				r.start()
				r.wait(time.Second)
				_ = r.stop()
				var changed int
				if err := r.store.Query(&changed, loss); err != nil || changed != 1 || r.one(d).Body == "" {
					t.Fatal(changed, err)
				}
				r.chat.script = nil
				r.opts.Store = r.store.Outbox() // which remembers nothing
				other := r.private("2")
				r.add(r.alert(other))
				r.start()
				r.wait(10 * time.Second)
				if a, b := r.one(d), r.one(other); a.State != outbox.Delivered || b.State != outbox.Delivered {
					t.Errorf("%+v\n%+v", a, b)
				}
			})
		})
	}
}

func TestWordsThatFailAreTriedAgain(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		n := 0
		r.words.fail = func(outbox.Send) error {
			if n++; n < 3 {
				return errors.New("database is locked")
			}
			return nil
		}
		d := r.private("1")
		r.add(r.news(d))
		r.start()
		r.wait(10 * time.Second)
		if r.one(d).State != outbox.Delivered {
			t.Fatalf("%+v", r.one(d))
		}
	})
}

// TestEverythingEndsDeliveredOrWithAReason sends through a platform that fails
// in every way, in random order, stops in between, and then looks at each send.
func TestEverythingEndsDeliveredOrWithAReason(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) { model(t, r, seed) })
		})
	}
	t.Run("postgres", func(t *testing.T) {
		store := openStore(t, postgresSchema(t))
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, store)
			model(t, r, 7)
			// What was opened inside of the bubble is closed there.
			if err := errors.Join(r.stop(), store.Close()); err != nil {
				t.Fatal(err)
			}
		})
	})
}

func model(t *testing.T, r *rig, seed uint64) {
	// Each side has its own: the platform is asked beside the test.
	random, fate := rand.New(rand.NewPCG(seed, 1)), rand.New(rand.NewPCG(seed, 2))
	classes := []outbox.Class{
		outbox.RetryLater, outbox.NotSent, outbox.Ambiguous, outbox.Gone, outbox.NoRights, outbox.Moved,
		outbox.BadMessage, outbox.Refused, outbox.LostTarget, outbox.Done, outbox.Broken,
	}
	taken := map[outbox.SendID]bool{}
	r.chat.latency = 20 * time.Millisecond
	r.chat.script = func(n int, d outbox.Delivery) (outbox.Receipt, error) {
		r.chat.mu.Lock()
		defer r.chat.mu.Unlock()
		if fate.IntN(3) == 0 {
			f := fail(classes[fate.IntN(len(classes))])
			f.After = time.Duration(fate.IntN(3)) * time.Second
			if f.Class == outbox.Moved {
				f.MovedTo = fmt.Sprint("moved", n)
			}
			return outbox.Receipt{}, f
		}
		taken[d.Send] = true
		return outbox.Receipt{}, nil
	}
	r.opts.Messengers[discordMain] = r.chat
	var places []subscriptions.Destination
	for i := range 12 {
		a := []outbox.Account{telegramMain, discordMain}[i%2]
		kind := []subscriptions.DestinationKind{"private", "group", "channel", "forum"}[random.IntN(4)]
		places = append(places, r.place(a, fmt.Sprint(i), kind))
	}
	sent := 0
	for range 4 {
		r.start()
		for range 25 {
			for _, d := range places[:1+random.IntN(len(places))] {
				if now, err := r.store.Place(context.Background(), d); err == nil {
					d = now
				}
				s := r.news(d)
				s.Priority = outbox.Priority(1 + random.IntN(5))
				r.add(s)
				sent++
			}
			r.wait(time.Duration(random.IntN(3000)) * time.Millisecond)
		}
		if err := r.stop(); err != nil {
			t.Fatal(err)
		}
		for _, d := range places {
			if _, err := r.store.Revive(context.Background(), d.ID, false); err != nil {
				t.Fatal(err)
			}
		}
	}
	r.start()
	r.until(2 * time.Hour)
	var total, silent, untrue int
	query := func(into *int, q string) {
		if err := r.store.Query(into, q); err != nil {
			t.Fatal(err)
		}
	}
	query(&total, "SELECT count(*) FROM sends WHERE kind <> 'collapse'")
	query(&silent, "SELECT count(*) FROM sends WHERE state <> 'delivered' AND reason = ''")
	query(&untrue, "SELECT count(*) FROM sends s WHERE state = 'merged' AND NOT EXISTS (SELECT 1 FROM sends c WHERE c.id = s.told_in)")
	if total != sent || silent != 0 || untrue != 0 {
		t.Fatalf("%d of %d sends are kept, %d are silent, %d are told nowhere", total, sent, silent, untrue)
	}
	var delivered []int64
	if err := r.store.Query(&delivered, "SELECT id FROM sends WHERE state = 'delivered' AND code = ''"); err != nil {
		t.Fatal(err)
	}
	for _, id := range delivered {
		if !taken[outbox.SendID(id)] {
			t.Fatalf("send %d is called delivered and was never taken", id)
		}
	}
}
