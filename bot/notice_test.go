package bot_test

import (
	"sync"
	"testing"
	"time"

	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// TestUpgradeIsSaidOnceWhoeverTellsOfIt: a refused send tells of it as well as
// the two messages of the platform, in any order.
func TestUpgradeIsSaidOnceWhoeverTellsOfIt(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-5", "u-ann", subscriptions.RoleModerator)
		ann, now := r.group("ann", "-5", ""), r.group("ann", "-1005", "")
		ann.say("/alert BTC > 62000")
		r.chat.fail = func(d outbox.Delivery) error {
			if d.Address.Chat == "-5" {
				return &outbox.Failure{Class: outbox.Moved, MovedTo: "-1005", Code: "400"}
			}
			return nil
		}
		r.price("BTC-USD", "62010")
		moved := bot.Signal{Kind: bot.SignalMoved, Place: ann.place, MovedTo: "-1005", At: time.Now()}
		r.must(r.bot.Report(r.t.Context(), moved, moved))
		r.wait(5 * time.Second)
		out := now.hears()
		r.has(out, "This group was upgraded. What is set up here goes on as before.", "Bitcoin rose to 62,000.00")
		if count(out, "upgraded") != 1 || count(out, "Bitcoin rose") != 1 {
			t.Errorf("not said once:\n%s", out)
		}
	})
}

// TestWhatBecameOfAPlaceIsToldAfterAKill: the process ended between the change
// and the telling.
func TestWhatBecameOfAPlaceIsToldAfterAKill(t *testing.T) {
	talk(t, func(r *rig) {
		for _, chat := range []string{"-5", "-100", "-200"} {
			r.rights.set(chat, "u-ann", subscriptions.RoleModerator)
		}
		moves, lost, topic := r.group("ann", "-5", ""), r.group("ann", "-100", ""), r.group("ann", "-100", "7")
		back, home := r.group("ann", "-200", ""), r.private("ann")
		for _, v := range []*voice{moves, lost, topic, back} {
			v.say("/alert BTC > 70000")
		}
		_, err := r.store.Park(r.t.Context(), []subscriptions.DestinationID{back.stored().ID}, subscriptions.Parked, "the bot was removed")
		r.must(err)
		r.must(r.bot.TellNotices(r.t.Context()))
		r.wait(5 * time.Second)
		r.has(home.hears(), "I can't post in Group -200 any more: the bot was removed")
		back.hears()
		r.stop()
		ids := []subscriptions.DestinationID{lost.stored().ID, topic.stored().ID}
		for range 2 {
			_, err = r.store.Move(r.t.Context(), moves.place.Address, "-1005")
			r.must(err)
			_, err = r.store.Park(r.t.Context(), ids, subscriptions.Parked, "the bot was removed")
			r.must(err)
			_, err = r.store.Revive(r.t.Context(), back.stored().ID, true)
			r.must(err)
		}
		r.start()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { r.must(r.bot.TellNotices(r.t.Context())) })
		}
		all.Wait()
		r.wait(5 * time.Second)
		r.restart()
		r.wait(5 * time.Second)
		now := r.group("ann", "-1005", "")
		for said, heard := range map[string]string{
			"This group was upgraded": now.hears(), "I can't post in Group -100 any more": home.hears(), "I can post here again": back.hears(),
		} {
			if count(heard, said) != 1 {
				t.Errorf("%q was said %d times:\n%s", said, count(heard, said), heard)
			}
		}
	})
}
