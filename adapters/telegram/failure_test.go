package telegram_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

func TestRefusalsAreTranslated(t *testing.T) {
	tests := []struct {
		status      int
		description string
		want        outbox.Class
	}{
		{http.StatusUnauthorized, http.StatusText(http.StatusUnauthorized), outbox.Credential},
		{404, "Not Found", outbox.Credential},
		{421, "Misdirected Request", outbox.Credential},
		{403, "Forbidden: bot was blocked by the user", outbox.Gone},
		{403, "Forbidden: user is deactivated", outbox.Gone},
		{403, "Forbidden: bot was kicked from the supergroup chat", outbox.Gone},
		{403, "Forbidden: bot is not a member of the channel chat", outbox.Gone},
		{403, "Forbidden: the group chat was deleted", outbox.Gone},
		{403, "Forbidden: the group chat was deactivated", outbox.Gone},
		{400, "Bad Request: group chat was deactivated", outbox.Gone},
		{400, "Bad Request: group chat was upgraded to a supergroup chat", outbox.Gone},
		{400, "BAD REQUEST: CHAT NOT FOUND", outbox.Gone},
		{400, "Bad Request: have no rights to send a message", outbox.NoRights},
		{403, "Forbidden: bot can't initiate conversation with a user", outbox.Gone},
		{400, "Bad Request: PEER_ID_INVALID", outbox.Gone},
		{400, "Bad Request: chat not found", outbox.Gone},
		{400, "Bad Request: USER_IS_BLOCKED", outbox.Gone},
		{403, "Forbidden: bots can't send messages to bots", outbox.Gone},
		{413, "Request Entity Too Large", outbox.BadMessage},
		{404, "Not Found: method not found", outbox.BadMessage},
		{400, "Bad Request: not enough rights to send text messages to the chat", outbox.NoRights},
		{400, "Bad Request: have no write access to the chat", outbox.NoRights},
		{400, "Bad Request: CHAT_WRITE_FORBIDDEN", outbox.NoRights},
		{400, "Bad Request: CHAT_RESTRICTED", outbox.NoRights},
		{400, "Bad Request: need administrator rights in the channel chat", outbox.NoRights},
		{400, "Bad Request: message thread not found", outbox.NoRights},
		{400, "Bad Request: TOPIC_CLOSED", outbox.NoRights},
		{400, "Bad Request: TOPIC_DELETED", outbox.NoRights},
		{400, "Bad Request: can't parse entities: Unsupported start tag \"x\" at byte offset 0", outbox.BadMessage},
		{400, "Bad Request: message is too long", outbox.BadMessage},
		{400, "Bad Request: message caption is too long", outbox.BadMessage},
		{400, "Bad Request: text must be non-empty", outbox.BadMessage},
		{400, "Bad Request: ENTITIES_TOO_LONG", outbox.BadMessage},
		{400, "Bad Request: BUTTON_DATA_INVALID", outbox.BadMessage},
		{400, "Bad Request: something new", outbox.BadMessage},
		{403, "Forbidden: something new", outbox.NoRights},
		{400, "Bad Request: message is not modified: specified new message content", outbox.Done},
		{400, "Bad Request: message to edit not found", outbox.LostTarget},
		{400, "Bad Request: message can't be edited", outbox.LostTarget},
		{409, "Conflict: terminated by other getUpdates request", outbox.Broken},
		{500, "Internal Server Error: restart", outbox.Ambiguous},
		{502, "Bad Gateway", outbox.Ambiguous},
	}
	r := openRig(t)
	for _, test := range tests {
		r.server.Fail(telegramtest.Fault{Method: "sendMessage", Status: test.status, Description: test.description})
		_, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"}))
		f := failure(t, err)
		if f.Class != test.want || f.Code != fmt.Sprint(test.status) || f.Reason == "" {
			t.Errorf("%d %s: got %q, code %s, want %q", test.status, test.description, f.Class, f.Code, test.want)
		}
	}
}

func TestWaitAndMoveAreTold(t *testing.T) {
	r := openRig(t)
	r.server.SetChat(telegramtest.Chat{ID: -5, Type: "group", MigratedTo: -1005})
	_, err := r.client.Deliver(t.Context(), delivery(-5, &message.Message{Title: "x"}))
	if f := failure(t, err); f.Class != outbox.Moved || f.MovedTo != "-1005" {
		t.Errorf("got %+v, want moved to -1005", f)
	}
	uploaded := ""
	for _, d := range []outbox.Delivery{
		delivery(7, &message.Message{Title: "x"}),
		pictured(&message.Message{Title: "x"}, []byte("png"), &uploaded), // an upload, whose errors carry no code
	} {
		r.server.Fail(telegramtest.Fault{Status: 429, Description: "Too Many Requests: retry after 7", RetryAfter: 7})
		_, err := r.client.Deliver(t.Context(), d)
		if f := failure(t, err); f.Class != outbox.RetryLater || f.After != 7*time.Second {
			t.Errorf("got %+v, want to wait 7 s", f)
		}
	}
}

func TestWaitsThatMakeNoSenseAreBounded(t *testing.T) {
	r := openRig(t)
	for asked, want := range map[string]time.Duration{
		`"retry_after":0`: time.Second, `"retry_after":-5`: time.Second, `"retry_after":"3"`: time.Second, `"other":1`: time.Second,
		`"retry_after":10072`: 10072 * time.Second, `"retry_after":99999999999`: 24 * time.Hour,
	} {
		r.server.Fail(telegramtest.Fault{
			Status: 429, ContentType: "application/json",
			Body: `{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{` + asked + `}}`,
		})
		_, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"}))
		if f := failure(t, err); f.Class != outbox.RetryLater || f.After != want {
			t.Errorf("%s: got %v after %s, want %s", asked, f, f.After, want)
		}
	}
}

func TestPagesOfOthersAreNoAnswers(t *testing.T) {
	r := openRig(t)
	for status, want := range map[int]outbox.Class{
		413: outbox.BadMessage, 502: outbox.Ambiguous, 200: outbox.Ambiguous, 403: outbox.Broken, 404: outbox.Broken, 302: outbox.Broken,
	} {
		r.server.Fail(telegramtest.Fault{Status: status, Body: "<html>" + testToken + "</html>", ContentType: "text/html"})
		_, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"}))
		if f := failure(t, err); f.Class != want || holdsSecret(fmt.Sprintf("%v %+v", err, f.Err)) {
			t.Errorf("%d: got %v, want %q", status, f, want)
		}
	}
}

func TestBrokenConnectionsTellWhetherTheRequestWentOut(t *testing.T) {
	r := openRig(t)
	for name, fault := range map[string]telegramtest.Fault{
		"cut before": {Cut: telegramtest.CutBefore},
		"cut after":  {Cut: telegramtest.CutAfter},
		"half":       {Half: true},
	} {
		r.server.Fail(fault)
		_, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"}))
		if f := failure(t, err); f.Class != outbox.Ambiguous {
			t.Errorf("%s: got %v, want ambiguous", name, f)
		}
	}
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	r.connect(t, closed.URL, nil)
	_, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"}))
	if f := failure(t, err); f.Class != outbox.NotSent {
		t.Errorf("refused: got %v, want not sent", f)
	}
	if holdsSecret(fmt.Sprintf("%v %+v %#v", err, err, errors.Unwrap(err))) {
		t.Errorf("the token was told in %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.client.Deliver(ctx, delivery(7, &message.Message{Title: "x"}))
	if f := failure(t, err); f.Class != outbox.NotSent {
		t.Errorf("ended before: got %v, want not sent", f)
	}
}

func TestSlowAnswerIsAmbiguousSoonAfterTheContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newWiredRig(t, telegramtest.Options{OpenChats: true})
		r.server.Fail(telegramtest.Fault{Delay: time.Hour})
		began := time.Now()
		_, err := r.client.Deliver(patientFor(t, 3*time.Second), delivery(7, &message.Message{Title: "x"}))
		if f := failure(t, err); f.Class != outbox.Ambiguous {
			t.Errorf("got %v, want ambiguous", f)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	r := openRig(t)
	r.connect(t, server.URL, nil)
	_, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"}))
	if f := failure(t, err); f.Class != outbox.Broken || reached {
		t.Errorf("got %v, reached elsewhere: %v", f, reached)
	}
}

func TestNewTakesAddressesAndTokensAsPeopleWriteThem(t *testing.T) {
	server, err := telegramtest.NewServer(telegramtest.Options{Token: testToken, OpenChats: true})
	if err != nil {
		t.Fatal(err)
	}
	loopback := httptest.NewServer(server)
	defer loopback.Close()
	r := openRig(t)
	for _, ending := range []string{"", "/", "/bot", "/bot/"} {
		r.connect(t, loopback.URL+ending, nil)
		if _, err := r.client.Deliver(t.Context(), delivery(7, &message.Message{Title: "x"})); err != nil {
			t.Errorf("%q: %v", ending, err)
		}
	}
	for _, o := range []telegram.Options{
		{Token: "", Desk: r.desk, Memory: r.memory},
		{Token: "12:ab\ncd secret", Desk: r.desk, Memory: r.memory},
		{Token: testToken, APIURL: "ftp://example.com", Desk: r.desk, Memory: r.memory},
		{Token: testToken, APIURL: "https://user:secret@example.com", Desk: r.desk, Memory: r.memory},
		{Token: testToken},
	} {
		if _, err := telegram.New(o); err == nil || strings.Contains(err.Error(), "secret") || holdsSecret(err.Error()) {
			t.Errorf("got %v, want an error without secrets", err)
		}
	}
}
