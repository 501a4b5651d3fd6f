package storage_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// suite is a store of sends on whichever database, with its own clock.
type suite struct {
	*rig
	box *outboxStore
	now time.Time
}

type outboxStore = storage.Outbox

func everyOutbox(t *testing.T, test func(t *testing.T, s *suite)) {
	everyStore(t, func(t *testing.T, store *storage.Store) {
		r := &rig{t: t, store: store}
		test(t, &suite{rig: r, box: store.Outbox(), now: time.Now().Add(time.Hour)})
	})
}

func (s *suite) heads(c outbox.Claim) []*outbox.Head {
	s.t.Helper()
	c.Account, c.Now = telegramMain, s.now
	if c.Limit == 0 {
		c.Limit = 100
	}
	heads, err := s.box.Heads(context.Background(), c)
	if err != nil {
		s.t.Fatal(err)
	}
	return heads
}

// under starts a send and returns it.
func (s *suite) under(h *outbox.Head) *outbox.Send {
	s.t.Helper()
	send := h.Send
	if send.Body == "" {
		send.Message = &message.Message{Title: fmt.Sprint("event ", send.Event)}
	}
	if err := s.box.Start(context.Background(), []*outbox.Send{&send}, s.now); err != nil || send.State != outbox.Sending {
		s.t.Fatal(send.State, err)
	}
	return &send
}

func (s *suite) record(outcomes ...outbox.Outcome) {
	s.t.Helper()
	if err := s.box.Record(context.Background(), outcomes); err != nil {
		s.t.Fatal(err)
	}
}

func TestHeadsOfStrands(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		places := []subscriptions.Destination{s.private("1"), s.private("2"), s.private("3")}
		for _, d := range places {
			s.add(s.news(d), s.news(d), s.news(d))
		}
		late := s.news(places[0])
		late.Due = s.now.Add(time.Hour)
		s.add(late, s.answer(places[1], 5), s.answer(places[1], 4), s.answer(places[1], 5), s.answer(places[2], 4))
		news := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Behind: 10})
		if len(news) != 3 || news[0].Destination != places[0].ID || news[0].Event != 1 || news[0].Behind != 2 || news[2].Event != 7 {
			t.Fatalf("%+v", news)
		}
		if few := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Behind: 1}); few[0].Behind != 1 {
			t.Fatalf("counted %d", few[0].Behind)
		}
		if next := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Limit: 1, After: outbox.Strand{Destination: places[0].ID}}); len(next) != 1 || next[0].Destination != places[1].ID {
			t.Fatalf("%+v", next)
		}
		answers := s.heads(outbox.Claim{Priority: outbox.PriorityAnswer})
		if len(answers) != 3 || answers[0].Person != 4 || answers[1].Person != 5 || answers[2].Destination != places[2].ID {
			t.Fatalf("%+v", answers)
		}
		only := s.heads(outbox.Claim{Priority: outbox.PriorityAnswer, Only: []outbox.Strand{{Destination: places[1].ID, Person: 5}, {Destination: places[0].ID}}})
		if len(only) == 0 || only[0].Person != 5 || only[0].Destination != places[1].ID {
			t.Fatalf("%+v", only)
		}
		s.under(news[0])
		if again := s.heads(outbox.Claim{Priority: outbox.PriorityNews}); len(again) != 3 || again[0].Event != 2 {
			t.Fatalf("a send under way is not passed over: %+v", again)
		}
	})
}

func TestWhatIsBehindTheLastHeadOfAClaimIsCounted(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		for i, news := range []int{1, 2, 1, 4} {
			place := s.private(fmt.Sprint(i))
			for range news {
				s.add(s.news(place))
			}
		}
		for limit, want := range map[int][]int{4: {0, 1, 0, 3}, 5: {0, 1, 0, 3}, 20: {0, 1, 0, 3}} {
			var behind []int
			for _, h := range s.heads(outbox.Claim{Priority: outbox.PriorityNews, Behind: 10, Limit: limit}) {
				behind = append(behind, h.Behind)
			}
			if !slices.Equal(behind, want) {
				t.Errorf("of %d heads: %d", limit, behind)
			}
		}
	})
}

func TestOutcomesAreRecorded(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		d := s.private("1")
		secret := s.answer(d, 3)
		secret.Via = "token"
		s.add(s.news(d), s.news(d), secret)
		send := s.under(s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0])
		send.State, send.Ended, send.Parts = outbox.Delivered, s.now, []outbox.Part{{ID: "11", Sent: s.now}, {ID: "12", Sent: s.now}}
		s.record(outbox.Outcome{Send: send, Parts: send.Parts})
		found, err := s.store.SendByPart(context.Background(), d.Address, "12")
		if err != nil || found.State != outbox.Delivered || len(found.Parts) != 2 || found.Parts[1].ID != "12" {
			t.Fatalf("%+v, %v", found, err)
		}
		target, err := s.box.Target(context.Background(), &outbox.Send{ID: 99, Destination: d.ID, Subject: send.Subject})
		if err != nil || len(target.Parts) != 2 || target.Open {
			t.Fatalf("%+v, %v", target, err)
		}
		answer := s.under(s.heads(outbox.Claim{Priority: outbox.PriorityAnswer})[0])
		if answer.Via != "token" {
			t.Fatal("the way back is lost")
		}
		answer.State, answer.Reason, answer.Ended = outbox.Discarded, "late", s.now
		s.record(outbox.Outcome{Send: answer})
		var left string
		if err := s.store.Query(&left, "SELECT via FROM sends WHERE id = ?", int64(answer.ID)); err != nil || left != "" {
			t.Fatalf("the way back is kept: %q, %v", left, err)
		}
		frozen := s.under(s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0])
		frozen.State, frozen.Retry, frozen.Attempts = outbox.Waiting, s.now.Add(time.Minute), 2
		frozen.Parts = []outbox.Part{{ID: "13", Sent: s.now}}
		s.record(outbox.Outcome{Send: frozen, Parts: frozen.Parts})
		again := s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0].Send
		if again.Attempts != 2 || again.Retry.IsZero() || again.Message != nil || len(again.Parts) != 1 || again.Parts[0].ID != "13" {
			t.Fatalf("%+v", again)
		}
		fresh := s.store.Outbox()
		if err := fresh.Messages(context.Background(), []*outbox.Send{&again}); err != nil || again.Message.Title != "event 3" {
			t.Fatalf("%+v, %v", again.Message, err)
		}
	})
}

func TestPlacesAreParkedProbedAndRevived(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		d := s.place(telegramMain, "-1", subscriptions.Group)
		s.add(s.news(d), s.news(d))
		send := s.under(s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0])
		send.State, send.Reason, send.Retry = outbox.Parked, "no rights", s.now.Add(time.Hour)
		s.record(outbox.Outcome{Send: send, Park: subscriptions.Parked})
		s.record(outbox.Outcome{Send: send, Park: subscriptions.Parked})
		if n := s.count(outbox.Parked); n != 2 {
			t.Fatalf("%d parked", n)
		}
		if n, err := s.box.Probe(context.Background(), s.now); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := s.box.Probe(context.Background(), s.now.Add(2*time.Hour)); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		probe := s.heads(outbox.Claim{Priority: outbox.PriorityNews})
		if len(probe) != 1 || !probe[0].Parked {
			t.Fatalf("%+v", probe)
		}
		taken := s.under(probe[0])
		taken.State, taken.Ended = outbox.Delivered, s.now
		s.record(outbox.Outcome{Send: taken, Revive: true})
		if place, _ := s.store.Place(context.Background(), d); place.Standing != subscriptions.Active || s.count(outbox.Waiting) != 1 {
			t.Fatalf("%+v, %d wait", place, s.count(outbox.Waiting))
		}
	})
}

func TestMergesMovesAndRecovers(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		d, young := s.place(telegramMain, "-1", subscriptions.Group), s.place(telegramMain, "-100", subscriptions.Group)
		for range 1200 {
			s.add(s.news(d))
		}
		both := s.news(young)
		both.Event = 5
		s.add(both, s.news(young))
		first := s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0].Send
		if n, err := s.box.Collapse(context.Background(), first, s.now); n != 1200 || err != nil {
			t.Fatal(n, err)
		}
		head := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Only: []outbox.Strand{{Destination: d.ID}}})[0]
		newest, total, err := s.box.Merged(context.Background(), head.ID, 3)
		if err != nil || head.Kind != outbox.Collapse || total != 1200 || len(newest) != 3 || newest[0].Event != 1200 {
			t.Fatalf("%s, %d, %+v, %v", head.Kind, total, newest, err)
		}
		s.add(s.news(d))
		if n, err := s.box.Collapse(context.Background(), first, s.now); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		send := s.under(head)
		send.State = outbox.Waiting
		s.record(outbox.Outcome{Send: send, MovedTo: "-100"})
		s.record(outbox.Outcome{Send: send, MovedTo: "-100"})
		var left int
		if err := s.store.Query(&left, "SELECT count(*) FROM sends WHERE destination <> ? AND state = 'waiting'", int64(d.ID)); err != nil || left != 0 {
			t.Fatalf("%d sends stayed behind, %v", left, err)
		}
		if place, _ := s.store.Place(context.Background(), d); place.ID != d.ID || place.Address.Chat != "-100" {
			t.Fatalf("%+v", place)
		}
		s.under(s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0])
		for want := 1; want >= 0; want-- {
			if n, err := s.box.Recover(context.Background(), 3, s.now); n != want || err != nil {
				t.Fatal(n, err)
			}
		}
		depths, err := s.box.Depths(context.Background())
		if err != nil || len(depths) != 1 || depths[0].Account != telegramMain || depths[0].Oldest.IsZero() {
			t.Fatalf("%+v, %v", depths, err)
		}
	})
}

func TestPicturesAndPruning(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		ctx := context.Background()
		if png, err := s.box.Picture(ctx, "k"); png != nil || err != nil {
			t.Fatal(png, err)
		}
		for range 2 {
			if err := s.box.KeepPicture(ctx, "k", []byte{0, 1, 2}); err != nil {
				t.Fatal(err)
			}
			if err := s.box.KeepUploaded(ctx, telegramMain, "k", "file"); err != nil {
				t.Fatal(err)
			}
		}
		png, err := s.box.Picture(ctx, "k")
		name, err2 := s.box.Uploaded(ctx, telegramMain, "k")
		if len(png) != 3 || name != "file" || err != nil || err2 != nil {
			t.Fatal(png, name, err, err2)
		}
		d := s.private("1")
		s.add(s.news(d), s.news(d))
		send := s.under(s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0])
		send.State, send.Ended = outbox.Delivered, s.now
		s.record(outbox.Outcome{Send: send})
		if err := s.store.PruneSends(ctx, s.now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if png, _ := s.box.Picture(ctx, "k"); png != nil || s.count(outbox.Delivered) != 0 || s.count(outbox.Waiting) != 1 {
			t.Fatal("pruned too much or too little")
		}
	})
}

func TestPlaceThatWasReportedShutIsTriedAfterADay(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		ctx := context.Background()
		d := s.place(telegramMain, "-1", subscriptions.Group)
		s.add(s.news(d), s.news(d))
		if changed, err := s.store.Park(ctx, []subscriptions.DestinationID{d.ID}, subscriptions.Parked, "the bot may not write there"); !changed || err != nil {
			t.Fatal(changed, err)
		}
		if n, err := s.box.Probe(ctx, time.Now().Add(23*time.Hour)); n != 0 || err != nil {
			t.Fatalf("%d are tried too early, %v", n, err)
		}
		if n, err := s.box.Probe(ctx, time.Now().Add(25*time.Hour)); n != 1 || err != nil {
			t.Fatalf("%d are tried, %v", n, err)
		}
		if heads := s.heads(outbox.Claim{Priority: outbox.PriorityNews}); len(heads) != 1 || !heads[0].Parked {
			t.Fatalf("%+v", heads)
		}
	})
}

func TestAnswersThatWouldComeTooLateAreDiscarded(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		ctx := context.Background()
		d := s.private("1")
		old, young := s.answer(d, 3), s.answer(d, 4)
		old.Created = time.Now().Add(-16 * time.Minute)
		s.add(old, young, s.news(d))
		if _, err := s.store.Park(ctx, []subscriptions.DestinationID{d.ID}, subscriptions.Parked, "the bot was blocked"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.store.Revive(ctx, d.ID, false); err != nil {
			t.Fatal(err)
		}
		var reason string
		if err := s.store.Query(&reason, "SELECT reason FROM sends WHERE state = 'discarded' AND person = 3"); err != nil || reason == "" {
			t.Fatalf("%q, %v", reason, err)
		}
		if n := s.count(outbox.Waiting); n != 2 {
			t.Fatalf("%d wait", n)
		}
	})
}

func TestCrashWhileAMessageIsWrittenIsCounted(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		ctx := context.Background()
		s.add(s.news(s.private("1")))
		for crash := 1; crash <= 3; crash++ {
			head := s.heads(outbox.Claim{Priority: outbox.PriorityNews})[0].Send
			if head.Crashes != crash-1 || head.Repeated {
				t.Fatalf("%d crashes, repeated %t", head.Crashes, head.Repeated)
			}
			if err := s.box.Mark(ctx, []*outbox.Send{&head}); err != nil || head.State != outbox.Sending {
				t.Fatal(head.State, err)
			}
			if n, err := s.box.Recover(ctx, 3, s.now); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if s.count(outbox.SetAside) != 1 {
			t.Fatal("it is not set aside")
		}
	})
}

func TestMarkedSendIsStarted(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		ctx := context.Background()
		s.add(s.news(s.private("1")), s.news(s.private("2")))
		heads := s.heads(outbox.Claim{Priority: outbox.PriorityNews})
		first, second := heads[0].Send, heads[1].Send
		sends := []*outbox.Send{&first, &second}
		if err := s.box.Mark(ctx, sends); err != nil {
			t.Fatal(err)
		}
		for _, send := range sends {
			send.Message = &message.Message{Title: "one for both"}
		}
		if err := s.box.Advance(ctx, nil, sends, s.now); err != nil {
			t.Fatal(err)
		}
		for _, send := range sends {
			if send.State != outbox.Sending || send.Body == "" || send.Tried.IsZero() {
				t.Fatalf("%+v", send)
			}
		}
	})
}

func TestDeepQueueIsClaimedStrandByStrand(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		for i := range 6 {
			d := s.private(fmt.Sprint(i))
			for range 1 + 20*(i%2) {
				s.add(s.news(d))
			}
		}
		for range 3 {
			after, found := outbox.Strand{}, 0
			for {
				heads := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Limit: 4, After: after})
				for _, h := range heads {
					if h.Destination <= after.Destination {
						t.Fatalf("%d after %d", h.Destination, after.Destination)
					}
					after, found = outbox.Strand{Destination: h.Destination, Person: h.Person}, found+1
				}
				if len(heads) < 4 {
					break
				}
			}
			if found != 6 {
				t.Fatalf("%d strands were found", found)
			}
		}
	})
}
