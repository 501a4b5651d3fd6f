package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot"
	"bellwether/bot/message"
)

func TestHundredUpdatesAtOnceAreHandedInOnceAndInOrder(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	for i := range 100 {
		r.server.Say(telegramtest.Speech{Chat: 7, Text: fmt.Sprintf("/quote %d", i)})
	}
	r.run(t)
	got := r.desk.await(patient(t), 100)
	if len(got) != 100 {
		t.Fatalf("got %d requests, want 100", len(got))
	}
	for i, request := range got {
		if request.Text != fmt.Sprint(i) {
			t.Fatalf("request %d is %q: out of order", i, request.Text)
		}
	}
	if !r.server.Await(patient(t), func() bool { return r.server.Unconfirmed() == 0 }) {
		t.Error("updates were not confirmed")
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if got := r.memory.get("telegram/main/offset"); !strings.HasPrefix(got, "1101 ") {
		t.Errorf("kept offset %q, want 1101", got)
	}
}

func TestOffsetStaysUntilTheDeskHasAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		r.desk.refuse = func(int, []bot.Request) error { return errors.New("database is locked") }
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "/quote STI"})
		r.run(t)
		// The memory is locked as well, as one database is.
		r.memory.lock(true)
		sleepFor(t, 2*time.Minute)
		if got := r.server.Unconfirmed(); got != 1 {
			t.Errorf("got %d unconfirmed updates, want 1", got)
		}
		r.desk.mu.Lock()
		r.desk.refuse = nil
		r.desk.mu.Unlock()
		r.memory.lock(false)
		if got := r.desk.await(patient(t), 1); len(got) != 1 || got[0].Text != "STI" {
			t.Errorf("got %+v, want the request", got)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestPoisonousUpdateIsSetAsideAndTheRestGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		r.desk.refuse = func(_ int, requests []bot.Request) error {
			for _, request := range requests {
				if request.Text == "poison" {
					panic("cannot be handled")
				}
			}
			return nil
		}
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "before"})
		poison := r.server.Say(telegramtest.Speech{Chat: 7, Text: "poison"})
		r.server.PushRaw(`{"update_id":1003,"message":{"message_id":"not a number"}}`)
		r.server.PushRaw(`{"update_id":1004,"message":[]}`)
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "after"})
		r.run(t)
		got := r.desk.await(patient(t), 2)
		if len(got) != 2 || got[0].Text != "before" || got[1].Text != "after" {
			t.Errorf("got %+v, want what came before and after", got)
		}
		synctest.Wait()
		if got := r.server.Unconfirmed(); got != 0 {
			t.Errorf("got %d unconfirmed updates, want none", got)
		}
		for _, id := range []int64{poison, 1003, 1004} {
			if r.memory.get(fmt.Sprintf("telegram/main/set-aside/%d", id)) == "" {
				t.Errorf("update %d was lost", id)
			}
		}
		if got := strings.Count(r.log.String(), "update_set_aside"); got != 3 {
			t.Errorf("got %d records of updates set aside, want 3", got)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestRestartGoesOnWhereItStopped(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "one"})
	r.run(t)
	r.desk.await(patient(t), 1)
	if err := r.stop(); err != nil {
		t.Fatal(err)
	}
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "two"})
	r.run(t)
	if got := r.desk.await(patient(t), 2); len(got) != 2 || got[1].Text != "two" {
		t.Errorf("got %+v, want both once", got)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestUpdateIDsMayBeginAnew(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "old"})
	r.run(t)
	r.desk.await(patient(t), 1)
	r.server.BeginAnew(40)
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "new"})
	if got := r.desk.await(patient(t), 2); len(got) != 2 || got[1].ID != "telegram/main/41" {
		t.Errorf("got %+v, want the update with the lower id", got)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestWrongTokenEndsRunAtOnceAndIsNotTold(t *testing.T) {
	for _, status := range []int{401, 404, 421} {
		r := newRig(t, telegramtest.Options{})
		r.server.Fail(telegramtest.Fault{Status: status, Description: "Not accepted: " + testToken, Times: -1})
		err := r.client.Run(t.Context())
		if !errors.Is(err, telegram.ErrCredential) {
			t.Fatalf("%d: got %v, want ErrCredential", status, err)
		}
		if got := len(r.server.Calls("")); got != 1 {
			t.Errorf("%d: got %d calls, want one", status, got)
		}
		if holdsSecret(err.Error()) || holdsSecret(fmt.Sprintf("%+v %#v", err, err)) || holdsSecret(r.log.String()+fmt.Sprintf("%v %+v %#v", r.client, r.client, r.client)) {
			t.Errorf("%d: the token was told", status)
		}
	}
}

func TestSecondInstanceIsSaidOnceAndNeverALoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		r.server.Fail(telegramtest.Fault{Method: "getUpdates", Times: -1, Status: 409, Description: "Conflict: terminated by other getUpdates request"})
		r.run(t)
		sleepFor(t, 10*time.Minute)
		if got := len(r.server.Calls("getUpdates")); got < 3 || got > 15 {
			t.Errorf("got %d polls in ten minutes, want few", got)
		}
		if got := strings.Count(r.log.String(), "telegram_conflict"); got != 1 {
			t.Errorf("said %d times, want once", got)
		}
		r.server.Heal()
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "x"})
		if got := r.desk.await(patientFor(t, 5*time.Minute), 1); len(got) != 1 {
			t.Error("did not go on when the other was gone")
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoInstancesDoNotChaseEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := newWiredRig(t, telegramtest.Options{})
		second := bareRig(t, telegramtest.Options{})
		second.server = first.server
		second.connect(t, "http://telegram.invalid", first.wire)
		first.run(t)
		second.run(t)
		sleepFor(t, 10*time.Minute)
		if got := len(first.server.Calls("getUpdates")); got > 60 {
			t.Errorf("got %d polls in ten minutes, want few", got)
		}
		if got := strings.Count(first.log.String()+second.log.String(), "telegram_conflict"); got < 1 || got > 2 {
			t.Errorf("said %d times, want at most once each", got)
		}
		for _, r := range []*rig{first, second} {
			if err := r.stop(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestServersThatCannotDoEverythingAreGoodEnough(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	for _, method := range []string{"deleteWebhook", "setMyCommands"} {
		r.server.Fail(telegramtest.Fault{Method: method, Times: -1, Status: 404, Description: "Not Found: method not found"})
	}
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "x"})
	r.run(t)
	if got := r.desk.await(patient(t), 1); len(got) != 1 {
		t.Error("nothing was received")
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestWebhookIsRemovedBeforePolling(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.run(t)
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "x"})
	r.desk.await(patient(t), 1)
	calls := r.server.Calls("deleteWebhook")
	if len(calls) != 1 || calls[0].Params["drop_pending_updates"] != "false" {
		t.Errorf("got %+v, want one call that drops nothing", calls)
	}
	polls := r.server.Calls("getUpdates")
	if got := polls[0].Params; got["timeout"] != "50" || got["allowed_updates"] != `["message","callback_query","my_chat_member"]` {
		t.Errorf("polled with %v", got)
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestTroubleIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		r.server.Fail(telegramtest.Fault{Method: "getMe", Cut: telegramtest.CutBefore})
		html := telegramtest.Fault{Method: "getUpdates", Times: 3, Status: 502, Body: "<html>Bad Gateway</html>", ContentType: "text/html"}
		r.server.Fail(html)
		r.server.Fail(telegramtest.Fault{Method: "getUpdates", Status: 429, Description: "Too Many Requests: retry after 90", RetryAfter: 90})
		r.server.Fail(telegramtest.Fault{Method: "getUpdates", Half: true})
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "x"})
		began := time.Now()
		r.run(t)
		if got := r.desk.await(patientFor(t, 10*time.Minute), 1); len(got) != 1 {
			t.Fatal("the update did not arrive")
		}
		if took := time.Since(began); took < 90*time.Second || took > 3*time.Minute {
			t.Errorf("took %v, want the 90 s that were asked for and little more", took)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestStopIsPrompt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		r.run(t)
		sleepFor(t, 10*time.Second)
		began := time.Now()
		if err := r.stop(); err != nil {
			t.Errorf("got %v, want nil", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("took %v, want at most a second", took)
		}
	})
}

func TestMenusAreSetOnlyWhenTheyChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		for range 2 {
			r.run(t)
			r.server.Await(patient(t), func() bool {
				return len(r.server.Calls("getUpdates")) > 0 && r.memory.get("telegram/main/commands") != ""
			})
			if err := r.stop(); err != nil {
				t.Fatal(err)
			}
		}
		if got := len(r.server.Calls("setMyCommands")); got != 4 {
			t.Errorf("got %d calls, want one for each scope", got)
		}
		if got := r.server.Menu("all_group_chats"); strings.Contains(got, "alert") || !strings.Contains(got, "quote") {
			t.Errorf("groups are shown %s, want what anyone may use", got)
		}
		if got := r.server.Menu("all_chat_administrators"); !strings.Contains(got, "alert") {
			t.Errorf("administrators are shown %s, want everything", got)
		}
	})
}

func TestMenusThatAreNotTakenAreShownLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{})
		r.server.Fail(telegramtest.Fault{Method: "setMyCommands", Status: 502, Body: "<html>Bad Gateway</html>", ContentType: "text/html"})
		r.server.Fail(telegramtest.Fault{Method: "setMyCommands", Cut: telegramtest.CutBefore})
		r.server.Fail(telegramtest.Fault{Method: "setMyCommands", Status: 429, Description: "Too Many Requests: retry after 90", RetryAfter: 90})
		began := time.Now()
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "x"})
		r.run(t)
		if got := r.desk.await(patientFor(t, time.Second), 1); len(got) != 1 {
			t.Error("nothing is received while the menus wait")
		}
		r.server.Await(patientFor(t, 5*time.Minute), func() bool { return r.memory.get("telegram/main/commands") != "" })
		if took := time.Since(began); took < 90*time.Second || took > 2*time.Minute {
			t.Errorf("took %v, want the 90 s that were asked for and little more", took)
		}
		if got := len(r.server.Calls("setMyCommands")); got != 7 {
			t.Errorf("got %d calls, want one for each scope and three that failed", got)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func TestTypingIsShownWhereAnAnswerTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{OpenChats: true})
		r.server.Say(telegramtest.Speech{Chat: 7, Text: "/quote STI"})
		r.server.Say(telegramtest.Speech{Chat: 8, Text: "/quote STI"})
		r.run(t)
		r.desk.await(patient(t), 2)
		if _, err := r.client.Deliver(t.Context(), delivery(8, &message.Message{Title: "STI"})); err != nil {
			t.Error(err)
		}
		sleepFor(t, 10*time.Second)
		if got := r.server.Calls("sendChatAction"); len(got) != 1 || got[0].Params["chat_id"] != "7" {
			t.Errorf("got %+v, want typing where nothing was said", got)
		}
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
}

func patientFor(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// sleepFor lets a bubble's time pass.
func sleepFor(t *testing.T, d time.Duration) {
	t.Helper()
	<-patientFor(t, d).Done()
}
