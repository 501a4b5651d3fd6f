package storage_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestDeliveredSendKeepsItsPartsAndMessage(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.private("42")
		r.add(r.news(d))
		r.start()
		r.wait(time.Second)
		s := r.one(d)
		if s.State != outbox.Delivered || len(s.Parts) != 1 || s.Parts[0].ID != "1001" || s.Body == "" || s.Ended.IsZero() {
			t.Fatalf("send %+v", s)
		}
		found, err := r.store.SendByPart(context.Background(), d.Address, "1001")
		if err != nil || found.ID != s.ID {
			t.Fatalf("by its message: %+v, %v", found, err)
		}
		parts, err := r.store.PartsOf(context.Background(), d.ID, s.Subject)
		if err != nil || len(parts) != 1 {
			t.Fatalf("parts %v, %v", parts, err)
		}
	})
}

func TestFailureClasses(t *testing.T) {
	moved := fail(outbox.Moved)
	moved.MovedTo = "-100"
	rows := []struct {
		name     string
		account  outbox.Account
		kind     subscriptions.DestinationKind
		alert    bool
		fails    []error // the answers before the platform takes it
		wait     time.Duration
		state    outbox.State
		calls    int
		form     string
		attempts int
		marked   bool
	}{
		{"taken at once", telegramMain, "private", false, nil, time.Second, outbox.Delivered, 1, "rich", 0, false},
		{"429 costs no attempt", telegramMain, "private", false, []error{&outbox.Failure{Class: outbox.RetryLater, After: 7 * time.Second}}, 8 * time.Second, outbox.Delivered, 2, "rich", 0, false},
		{"429 waits as told", telegramMain, "private", false, []error{&outbox.Failure{Class: outbox.RetryLater, After: 7 * time.Second}}, 6 * time.Second, outbox.Waiting, 1, "rich", 0, false},
		{"not sent is tried again", telegramMain, "private", false, []error{fail(outbox.NotSent), fail(outbox.NotSent)}, 4 * time.Second, outbox.Delivered, 3, "rich", 2, false},
		{"broken is tried again", telegramMain, "private", false, []error{fail(outbox.Broken)}, 3 * time.Second, outbox.Delivered, 2, "rich", 1, false},
		{"bad message gets plainer", telegramMain, "private", false, []error{fail(outbox.BadMessage)}, 5 * time.Second, outbox.Delivered, 2, "flat", 1, false},
		{"bad message gets barer", telegramMain, "private", false, []error{fail(outbox.BadMessage), fail(outbox.BadMessage)}, 5 * time.Second, outbox.Delivered, 3, "bare", 2, false},
		{"bad in every form is discarded", telegramMain, "private", false, []error{fail(outbox.BadMessage), fail(outbox.BadMessage), fail(outbox.BadMessage)}, 9 * time.Second, outbox.Discarded, 3, "bare", 3, false},
		{"refused is discarded", telegramMain, "private", false, []error{fail(outbox.Refused)}, time.Second, outbox.Discarded, 1, "rich", 0, false},
		{"done is delivered", telegramMain, "private", false, []error{fail(outbox.Done)}, time.Second, outbox.Delivered, 1, "rich", 0, false},
		{"gone is parked", telegramMain, "private", false, []error{fail(outbox.Gone)}, time.Minute, outbox.Parked, 1, "rich", 0, false},
		{"no rights is parked", telegramMain, "group", false, []error{fail(outbox.NoRights)}, time.Minute, outbox.Parked, 1, "rich", 1, false},
		{"no rights is tried after an hour", telegramMain, "group", false, []error{fail(outbox.NoRights)}, 62 * time.Minute, outbox.Delivered, 2, "rich", 1, false},
		{"moved is sent to the new id", telegramMain, "group", false, []error{moved}, 5 * time.Second, outbox.Delivered, 2, "rich", 1, false},
		{"lost target of a message is discarded", telegramMain, "private", false, []error{fail(outbox.LostTarget)}, time.Second, outbox.Discarded, 1, "rich", 0, false},
		{"credential stops the account", telegramMain, "private", false, []error{fail(outbox.Credential)}, time.Hour, outbox.Waiting, 1, "rich", 0, false},
		{"lost answer of news on Telegram is unknown", telegramMain, "private", false, []error{fail(outbox.Ambiguous)}, time.Minute, outbox.Unknown, 1, "rich", 1, false},
		{"lost answer of an alert on Telegram repeats marked", telegramMain, "private", true, []error{fail(outbox.Ambiguous)}, time.Minute, outbox.Delivered, 2, "rich", 1, true},
		{"lost answer of an alert repeats once", telegramMain, "private", true, []error{fail(outbox.Ambiguous), fail(outbox.Ambiguous)}, time.Minute, outbox.Unknown, 2, "rich", 2, true},
		{"an alert repeats while the platform is in trouble", telegramMain, "private", true, []error{trouble(), trouble(), trouble(), trouble()}, time.Minute, outbox.Delivered, 5, "rich", 4, true},
		{"an alert is given up after long trouble", telegramMain, "private", true, []error{trouble(), trouble(), trouble(), trouble(), trouble()}, time.Minute, outbox.Unknown, 5, "rich", 5, true},
		{"news of a platform in trouble is unknown", telegramMain, "private", false, []error{trouble()}, time.Minute, outbox.Unknown, 1, "rich", 1, false},
		{"lost answer on Discord repeats by its key", discordMain, "group", false, []error{fail(outbox.Ambiguous), errLost}, time.Minute, outbox.Delivered, 3, "rich", 2, false},
		{"lost answer of a forum post is unknown", discordMain, "forum", false, []error{fail(outbox.Ambiguous)}, time.Minute, outbox.Unknown, 1, "rich", 1, false},
		{"an error of no class may mean anything", telegramMain, "private", false, []error{errLost}, time.Minute, outbox.Unknown, 1, "rich", 1, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				r.opts.Poll = time.Minute
				r.opts.Messengers = map[outbox.Account]outbox.Messenger{row.account: r.chat}
				r.chat.script = func(n int, _ outbox.Delivery) (outbox.Receipt, error) {
					if n <= len(row.fails) {
						return outbox.Receipt{}, row.fails[n-1]
					}
					return outbox.Receipt{}, nil
				}
				d := r.place(row.account, "7", row.kind)
				s := r.news(d)
				if row.alert {
					s.Priority = outbox.PriorityAlert
				}
				r.add(s)
				r.start()
				r.wait(row.wait)
				got := r.one(d)
				calls := r.chat.got()
				if got.State != row.state || len(calls) != row.calls || string(got.Form) != row.form || got.Attempts != row.attempts {
					t.Errorf("state %s, %d calls, form %s, %d attempts, reason %q; want %s, %d, %s, %d",
						got.State, len(calls), got.Form, got.Attempts, got.Reason, row.state, row.calls, row.form, row.attempts)
				}
				if got.State.Over() && got.State != outbox.Delivered && got.Reason == "" {
					t.Error("it ended without a reason")
				}
				last := calls[len(calls)-1]
				if marked := len(last.Message.Footer) > 0; marked != row.marked {
					t.Errorf("marked %v, want %v", marked, row.marked)
				}
				for _, c := range calls[1:] {
					same := c.Form == calls[0].Form && len(c.Message.Footer) == len(calls[0].Message.Footer)
					if same != (c.Key == calls[0].Key) {
						t.Errorf("keys %q and %q", calls[0].Key, c.Key)
					}
				}
				if len(last.Key) > 25 {
					t.Errorf("key %q is longer than a nonce may be", last.Key)
				}
			})
		})
	}
}

func TestRepeatedNewsWhereConfigured(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.RepeatNews = true
		r.chat.script = func(n int, _ outbox.Delivery) (outbox.Receipt, error) {
			if n == 1 {
				return outbox.Receipt{}, fail(outbox.Ambiguous)
			}
			return outbox.Receipt{}, nil
		}
		d := r.private("7")
		r.add(r.news(d))
		r.start()
		r.wait(10 * time.Second)
		if s := r.one(d); s.State != outbox.Delivered || !s.Repeated {
			t.Fatalf("send %+v", s)
		}
	})
}

func TestParkedPlaceKeepsItsSendsAndRevives(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		blocked := true
		r.chat.script = func(int, outbox.Delivery) (outbox.Receipt, error) {
			if blocked {
				return outbox.Receipt{}, fail(outbox.Gone)
			}
			return outbox.Receipt{}, nil
		}
		d := r.private("7")
		r.add(r.news(d), r.news(d), r.news(d))
		r.start()
		r.wait(5 * time.Second)
		if n := r.count(outbox.Parked); n != 3 || len(r.chat.got()) != 1 {
			t.Fatalf("%d parked after %d calls", n, len(r.chat.got()))
		}
		place, err := r.store.Place(context.Background(), d)
		if err != nil || place.Standing != subscriptions.Parked || place.Reason == "" {
			t.Fatalf("place %+v, %v", place, err)
		}
		r.add(r.news(d))
		r.wait(5 * time.Second)
		if n := r.count(outbox.Parked); n != 4 {
			t.Fatalf("a send to a parked place is not parked: %d", n)
		}
		blocked = false
		if changed, err := r.store.Revive(context.Background(), d.ID, false); !changed || err != nil {
			t.Fatalf("revive %v, %v", changed, err)
		}
		r.box.Wake()
		r.until(time.Minute)
		if n := r.count(outbox.Delivered); n != 4 {
			t.Fatalf("%d delivered", n)
		}
	})
}

func TestProbeThatIsTakenRevivesThePlace(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Poll = 10 * time.Minute
		from := time.Now()
		r.chat.script = func(int, outbox.Delivery) (outbox.Receipt, error) {
			if time.Since(from) < 4*time.Hour {
				return outbox.Receipt{}, fail(outbox.NoRights)
			}
			return outbox.Receipt{}, nil
		}
		d := r.place(telegramMain, "-7", subscriptions.Group)
		r.add(r.news(d), r.news(d))
		r.start()
		r.wait(8 * time.Hour)
		place, _ := r.store.Place(context.Background(), d)
		if n := r.count(outbox.Delivered); n != 2 || place.Standing != subscriptions.Active || len(r.chat.got()) > 6 {
			t.Fatalf("%d delivered in %d calls, place %s", n, len(r.chat.got()), place.Standing)
		}
	})
}

func TestAlarmIsRaisedOnceForAnAccountThatIsNotAccepted(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var log bytes.Buffer
		r.opts.Poll = 10 * time.Minute
		r.opts.Log = slog.New(slog.NewTextHandler(&log, nil))
		r.chat.latency = time.Second
		r.chat.script = func(int, outbox.Delivery) (outbox.Receipt, error) { return outbox.Receipt{}, fail(outbox.Credential) }
		for _, chat := range []string{"1", "2", "3"} {
			r.add(r.news(r.private(chat)))
		}
		r.start()
		r.wait(time.Hour)
		alarms := strings.Count(log.String(), "not accepted any more")
		if alarms != 1 || r.count(outbox.Waiting) != 3 || len(r.chat.got()) != 3 || !r.counters().Stopped {
			t.Fatalf("%d alarms, %d calls, %d wait", alarms, len(r.chat.got()), r.count(outbox.Waiting))
		}
	})
}
