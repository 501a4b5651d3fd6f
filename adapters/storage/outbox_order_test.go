package storage_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestDestinationIsToldInOrderWhateverFails(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Collapser = nil
		r.chat.script = func(n int, _ outbox.Delivery) (outbox.Receipt, error) {
			switch n % 4 {
			case 1:
				return outbox.Receipt{}, fail(outbox.NotSent)
			case 2:
				return outbox.Receipt{}, &outbox.Failure{Class: outbox.RetryLater, After: 3 * time.Second}
			}
			return outbox.Receipt{}, nil
		}
		d := r.private("1")
		for range 8 {
			r.add(r.news(d))
		}
		r.start()
		r.until(5 * time.Minute)
		var last int64
		for _, c := range r.chat.got() {
			if int64(c.Send) < last {
				t.Fatalf("out of order: %s", titles(r.chat.got()))
			}
			last = int64(c.Send)
		}
		if r.chat.peak != 1 {
			t.Errorf("%d requests to one chat at once", r.chat.peak)
		}
	})
}

func TestAlertBehindManyArticlesLeavesWithTheNextToken(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.chat.latency = 30 * time.Millisecond
		r.fanOut(2000)
		d := r.private("vip")
		r.start()
		r.wait(10*time.Second + 7*time.Millisecond)
		at := time.Now()
		r.add(r.alert(d))
		r.wait(time.Second)
		for _, c := range r.chat.got() {
			if c.Address.Chat == "vip" {
				if late := c.at.Sub(at); late > 100*time.Millisecond {
					t.Fatalf("it left after %s", late)
				}
				return
			}
		}
		t.Fatal("it did not leave")
	})
}

func TestPrioritiesLeaveInTheirOrder(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Rates = map[outbox.Account]outbox.Rates{telegramMain: {PerSecond: 10, Burst: 1}}
		for p := outbox.PriorityEdit; p >= outbox.PriorityAlert; p-- {
			for i := range 3 {
				s := r.news(r.private(fmt.Sprint(p, i)))
				s.Priority = p
				r.add(s)
			}
		}
		r.start()
		r.until(time.Minute)
		got := r.chat.got()
		for i := range got[1:] {
			if r.chat.calls[i].Address.Chat[:1] > got[i+1].Address.Chat[:1] {
				t.Fatalf("out of order at %d", i)
			}
		}
	})
}

func TestAnswersTakeHalfOfTheTokensAndStarveNobody(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Rates = map[outbox.Account]outbox.Rates{telegramMain: {PerSecond: 10, Burst: 1, Answers: time.Second, AnswersAtOnce: 3}}
		r.fanOut(200)
		group := r.place(telegramMain, "-1", subscriptions.Group)
		for range 60 {
			r.add(r.answer(group, 666))
		}
		r.add(r.answer(group, 7))
		for i := range 60 {
			r.add(r.answer(r.private(fmt.Sprint("p", i)), subscriptions.PersonID(1000+i)))
		}
		r.start()
		r.wait(10 * time.Second)
		answers, flood, kind := 0, 0, false
		for _, c := range r.chat.got() {
			if strings.HasPrefix(c.Message.Title, "answer") {
				answers++
			}
			if strings.HasSuffix(c.Message.Title, "to 666") {
				flood++
			}
			kind = kind || strings.HasSuffix(c.Message.Title, "to 7")
		}
		if n := len(r.chat.got()); answers < n/2-2 || answers > n/2+2 || flood > 13 || !kind {
			t.Fatalf("%d answers of %d messages, %d to the flooder, the other one answered: %v", answers, n, flood, kind)
		}
	})
}

// TestNewsWaitsForAnAnswerThatWasGivenBefore: "Following" is read before the
// newest article, however many answers the person waits for.
func TestNewsWaitsForAnAnswerThatWasGivenBefore(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d, other := r.private("1"), r.private("2")
		for range 8 {
			r.add(r.answer(other, 2), r.answer(d, 1))
		}
		r.add(r.news(d), r.news(other))
		r.add(r.answer(d, 1))
		r.start()
		r.until(5 * time.Minute)
		told := map[string]int{}
		for _, c := range r.chat.got() {
			told[c.Address.Chat]++
			if !strings.HasPrefix(c.Message.Title, "answer") && told[c.Address.Chat] < 9 {
				t.Errorf("%s was told news after %d answers, of 8 that were given before", c.Address.Chat, told[c.Address.Chat]-1)
			}
		}
		if r.count(outbox.Delivered) != 19 {
			t.Errorf("%d delivered", r.count(outbox.Delivered))
		}
	})
}

func TestNewsIsFairBetweenDestinations(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Collapser = nil
		r.opts.Rates = map[outbox.Account]outbox.Rates{telegramMain: {PerSecond: 10, Burst: 1}}
		huge := r.private("huge")
		for range 500 {
			r.add(r.news(huge))
		}
		for i := range 5 {
			r.add(r.news(r.private(fmt.Sprint("small", i))))
		}
		r.start()
		r.wait(3 * time.Second)
		small := 0
		for _, c := range r.chat.got() {
			if c.Address.Chat != "huge" {
				small++
			}
		}
		if small != 5 {
			t.Fatalf("after three seconds %d of 5 small ones were told", small)
		}
	})
}

func TestDestinationThatCannotKeepUpGetsOneMessage(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		group, quiet := r.place(telegramMain, "-1", subscriptions.Group), r.place(telegramMain, "-2", subscriptions.Group)
		for range 1500 {
			r.add(r.news(group))
		}
		for range 8 {
			r.add(r.news(quiet))
		}
		r.start()
		r.until(2 * time.Minute)
		var flood []call
		for _, c := range r.chat.got() {
			if c.Address.Chat == "-1" {
				flood = append(flood, c)
			}
		}
		if len(flood) != 1 || !strings.HasPrefix(flood[0].Message.Title, "1500 more, newest 1500") || flood[0].Kind != outbox.New {
			t.Fatalf("%d messages: %.200s", len(flood), titles(flood))
		}
		if r.count(outbox.Merged) != 1500 || r.count(outbox.Delivered) != 9 {
			t.Errorf("%d merged, %d delivered", r.count(outbox.Merged), r.count(outbox.Delivered))
		}
		var lost int
		if err := r.store.Query(&lost, "SELECT count(*) FROM sends WHERE state = 'merged' AND (told_in = 0 OR reason = '')"); err != nil || lost != 0 {
			t.Errorf("%d merged sends do not say where they are told, %v", lost, err)
		}
	})
}

func TestNewsThatWaitedThroughAnOutageIsToldAsOne(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		d := r.private("1")
		for range 7 {
			r.add(r.news(d))
		}
		r.add(r.alert(d))
		r.wait(time.Hour)
		r.start()
		r.until(time.Minute)
		if got := titles(r.chat.got()); got != "event 8, 7 more, newest 7" {
			t.Fatal(got)
		}
	})
}

// TestOutageUsesUpFewMessages: where a platform answers nothing that can be
// read, what waits is kept for when it does again.
func TestOutageUsesUpFewMessages(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		over := time.Now().Add(10 * time.Minute)
		r.chat.script = func(int, outbox.Delivery) (outbox.Receipt, error) {
			if time.Now().Before(over) {
				return outbox.Receipt{}, fail(outbox.Ambiguous)
			}
			return outbox.Receipt{}, nil
		}
		var sends []outbox.Send
		for i := range 1000 {
			sends = append(sends, r.news(r.private(fmt.Sprint(i))))
		}
		r.add(sends...)
		r.start()
		r.until(20 * time.Minute)
		if lost, told := r.count(outbox.Unknown), r.count(outbox.Delivered); lost > 100 || lost+told != 1000 {
			t.Errorf("%d of 1,000 have an unknown end, %d were delivered", lost, told)
		}
	})
}

// TestShortOutageIsOverSoon: a server that hangs and then starts anew breaks all
// that is under way at once, which is one failure and not thirty.
func TestShortOutageIsOverSoon(t *testing.T) {
	for _, class := range []outbox.Class{outbox.Ambiguous, outbox.NotSent} {
		t.Run(string(class), func(t *testing.T) {
			bubble(t, func(t *testing.T, r *rig) {
				restart := time.Now().Add(20 * time.Second)
				r.chat.script = func(int, outbox.Delivery) (outbox.Receipt, error) {
					left := time.Until(restart)
					time.Sleep(left)
					if left > -time.Second {
						return outbox.Receipt{}, fail(class)
					}
					return outbox.Receipt{}, nil
				}
				trader := r.private("trader")
				r.fanOut(100)
				r.start()
				r.wait(10 * time.Second)
				r.add(r.alert(trader))
				r.wait(25 * time.Second)
				if s := r.one(trader); s.State != outbox.Delivered || s.Ended.Sub(restart) > 8*time.Second {
					t.Errorf("the alert is %s, ended at %s, and the server started anew at %s", s.State, s.Ended, restart)
				}
				r.until(time.Minute)
				if lost := r.count(outbox.Unknown); lost > 40 {
					t.Errorf("%d of 100 have an unknown end", lost)
				}
			})
		})
	}
}

// TestTriesThatHangHoldNothingBack: what an outage broke is tried again by few
// requests, and those may hang although the platform answers all others.
func TestTriesThatHangHoldNothingBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.chat.script = func(n int, _ outbox.Delivery) (outbox.Receipt, error) {
			if n > 12 {
				return outbox.Receipt{}, nil
			}
			if n > 6 {
				time.Sleep(90 * time.Second)
			}
			return outbox.Receipt{}, fail(outbox.Ambiguous)
		}
		r.fanOut(100)
		began := time.Now()
		r.start()
		r.wait(5 * time.Second)
		trader := r.private("trader")
		r.add(r.alert(trader))
		r.wait(time.Minute)
		if s := r.one(trader); s.State != outbox.Delivered || s.Ended.Sub(began) > 30*time.Second {
			t.Errorf("the alert is %s, ended at %s, of a start at %s", s.State, s.Ended, began)
		}
		r.until(5 * time.Minute)
	})
}

// TestAlertDoesNotWaitForBacklogsToBeMerged: after an outage every place has
// one, and merging takes time.
func TestAlertDoesNotWaitForBacklogsToBeMerged(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.opts.Store = slowMerges{r.store.Outbox()}
		var sends []outbox.Send
		for i := range 300 {
			d := r.private(fmt.Sprint(i))
			for range 40 {
				sends = append(sends, r.news(d))
			}
		}
		r.add(sends...)
		r.start()
		r.wait(500 * time.Millisecond)
		stored := time.Now()
		r.add(r.alert(r.private("trader")))
		r.wait(time.Minute)
		for _, c := range r.chat.got() {
			if c.Address.Chat == "trader" && c.at.Sub(stored) > 300*time.Millisecond {
				t.Errorf("the alert left after %s", c.at.Sub(stored))
			}
		}
		if n := r.count(outbox.Merged); n != 300*40 || len(r.chat.got()) != 301 {
			t.Errorf("%d merged, %d requests", n, len(r.chat.got()))
		}
	})
}

// slowMerges is a store that takes its time to merge.
type slowMerges struct{ *storage.Outbox }

func (s slowMerges) Collapse(ctx context.Context, first outbox.Send, now time.Time) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return s.Outbox.Collapse(ctx, first, now)
}
