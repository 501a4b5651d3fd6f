package telegramtest_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/adapters/telegram/telegramtest"
)

type answer struct {
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

// call calls a method through the handler itself.
func call(t *testing.T, s *telegramtest.Server, method string, pairs ...string) answer {
	t.Helper()
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/bot1:a/"+method, strings.NewReader(values.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("%s answered %q: %v", method, w.Body, err)
	}
	return a
}

func newServer(t *testing.T, o telegramtest.Options) *telegramtest.Server {
	t.Helper()
	s, err := telegramtest.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSendRefusesWhatTelegramRefuses(t *testing.T) {
	s := newServer(t, telegramtest.Options{})
	s.SetChat(telegramtest.Chat{ID: 7, Type: "private"})
	s.SetChat(telegramtest.Chat{ID: 8, Type: "private", Blocked: true})
	s.SetChat(telegramtest.Chat{ID: -5, Type: "group", MigratedTo: -1005})
	s.SetChat(telegramtest.Chat{
		ID: -1009, Type: "supergroup", Forum: true,
		Topics: map[int64]telegramtest.Topic{3: {Name: "News"}, 4: {Name: "Old", Closed: true}},
	})
	long := strings.Repeat("😀", 4097)
	tests := map[string]struct {
		params []string
		want   string
	}{
		"unknown chat":      {[]string{"chat_id", "9", "text", "x"}, "Bad Request: chat not found"},
		"blocked":           {[]string{"chat_id", "8", "text", "x"}, "Forbidden: bot was blocked by the user"},
		"moved":             {[]string{"chat_id", "-5", "text", "x"}, "Bad Request: group chat was upgraded to a supergroup chat"},
		"general topic":     {[]string{"chat_id", "-1009", "message_thread_id", "1", "text", "x"}, "Bad Request: message thread not found"},
		"closed topic":      {[]string{"chat_id", "-1009", "message_thread_id", "4", "text", "x"}, "Bad Request: TOPIC_CLOSED"},
		"open topic":        {[]string{"chat_id", "-1009", "message_thread_id", "3", "text", "x"}, ""},
		"empty":             {[]string{"chat_id", "7", "text", " \n"}, "Bad Request: message text is empty"},
		"too long":          {[]string{"chat_id", "7", "text", long}, "Bad Request: message is too long"},
		"as long as may be": {[]string{"chat_id", "7", "text", long[4:]}, ""},
		"markup is free":    {[]string{"chat_id", "7", "parse_mode", "HTML", "text", "<b>" + long[4:] + "</b>"}, ""},
		"bad markup":        {[]string{"chat_id", "7", "parse_mode", "HTML", "text", "<b>x"}, `Bad Request: can't parse entities: Can't find end tag corresponding to start tag "b"`},
		"legacy name":       {[]string{"chat_id", "7", "text", "x", "disable_web_page_preview", "true"}, `Bad Request: parameter "disable_web_page_preview" is not described any more`},
		"long data":         {[]string{"chat_id", "7", "text", "x", "reply_markup", keyboard("callback_data", strings.Repeat("d", 65))}, "Bad Request: BUTTON_DATA_INVALID"},
		"host without dot":  {[]string{"chat_id", "7", "text", "x", "reply_markup", keyboard("url", "http://localhost/x")}, "Bad Request: inline keyboard button URL 'http://localhost/x' is invalid: Wrong HTTP URL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := call(t, s, "sendMessage", test.params...)
			if got.Description != test.want || got.OK != (test.want == "") {
				t.Errorf("got ok=%v %q, want %q", got.OK, got.Description, test.want)
			}
		})
	}
}

func keyboard(field, value string) string {
	return `{"inline_keyboard":[[{"text":"x","` + field + `":"` + value + `"}]]}`
}

func TestDescriptionRefusesUnknownNames(t *testing.T) {
	s := newServer(t, telegramtest.Options{OpenChats: true})
	if call(t, s, "sendMessage", "chat_id", "7", "text", "x", "colour", "red").OK {
		t.Skip(telegramtest.SpecsVariable + " is not set: fields are not checked")
	}
	for name, params := range map[string][]string{
		"unknown inside": {"chat_id", "7", "text", "x", "link_preview_options", `{"off":true}`},
		"not a number":   {"chat_id", "7", "text", "x", "message_thread_id", "one"},
		"missing":        {"text", "x"},
	} {
		if got := call(t, s, "sendMessage", params...); got.OK || got.Code != 400 {
			t.Errorf("%s: got %+v, want a refusal", name, got)
		}
	}
	if got := call(t, s, "sendMassage", "chat_id", "7"); got.Code != 404 {
		t.Errorf("unknown method: got %+v, want 404", got)
	}
}

func TestPollKeepsUpdatesUntilTheyAreConfirmed(t *testing.T) {
	s := newServer(t, telegramtest.Options{})
	first := s.Say(telegramtest.Speech{Chat: 7, Text: "one"})
	s.Say(telegramtest.Speech{Chat: 7, Text: "two"})
	for range 2 {
		if got := count(t, call(t, s, "getUpdates")); got != 2 {
			t.Fatalf("got %d updates, want 2 until they are confirmed", got)
		}
	}
	if got := count(t, call(t, s, "getUpdates", "offset", itoa(first+1))); got != 1 {
		t.Errorf("got %d updates behind the offset, want 1", got)
	}
	if got := count(t, call(t, s, "getUpdates")); got != 1 {
		t.Errorf("got %d updates, want the confirmed one gone", got)
	}
	s.Push("chat_member", map[string]any{})
	if got := count(t, call(t, s, "getUpdates", "allowed_updates", `["message"]`)); got != 1 {
		t.Errorf("got %d updates, want only messages", got)
	}
}

func TestSecondPollEndsTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, telegramtest.Options{})
		ended := make(chan answer, 1)
		go func() { ended <- call(t, s, "getUpdates", "timeout", "50") }()
		synctest.Wait()
		second := make(chan answer, 1)
		go func() { second <- call(t, s, "getUpdates", "timeout", "50") }()
		if got := <-ended; got.Code != 409 {
			t.Errorf("first poll got %+v, want 409", got)
		}
		synctest.Wait()
		s.Say(telegramtest.Speech{Chat: 7, Text: "x"})
		if got := count(t, <-second); got != 1 {
			t.Errorf("second poll got %d updates, want 1", got)
		}
	})
}

func TestPollIsHeldForFiftySecondsAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t, telegramtest.Options{})
		began := time.Now()
		call(t, s, "getUpdates", "timeout", "300")
		if held := time.Since(began); held != 50*time.Second {
			t.Errorf("held for %v, want 50s", held)
		}
	})
}

func TestLimitsTellHowLongToWait(t *testing.T) {
	clock := time.Date(2025, 11, 25, 0, 0, 0, 0, time.UTC)
	s := newServer(t, telegramtest.Options{
		OpenChats: true, Limits: telegramtest.UsualLimits(), Now: func() time.Time { return clock },
	})
	send := func(chat string) answer { return call(t, s, "sendMessage", "chat_id", chat, "text", "x") }
	if !send("1").OK {
		t.Fatal("first message was refused")
	}
	if got := send("1"); got.Code != 429 || got.Parameters.RetryAfter != 1 {
		t.Errorf("second message at once: got %+v, want 429 for 1 s", got)
	}
	for chat := 2; chat <= 30; chat++ {
		if !send(itoa(int64(chat))).OK {
			t.Fatalf("message %d of the burst was refused", chat)
		}
	}
	if got := send("31"); got.Code != 429 {
		t.Errorf("message beyond the burst: got %+v, want 429", got)
	}
	clock = clock.Add(time.Second)
	if !send("1").OK {
		t.Error("message after a second was refused")
	}
	for range 20 {
		clock = clock.Add(time.Second)
		send("-100")
	}
	clock = clock.Add(time.Second)
	for range 20 {
		send("-100")
	}
	if got := send("-100"); got.Code != 429 {
		t.Errorf("message beyond a group's minute: got %+v, want 429", got)
	}
	if s.Limited() == 0 {
		t.Error("nothing was counted as limited")
	}
}

func TestFaultsBreakConnections(t *testing.T) {
	s := newServer(t, telegramtest.Options{OpenChats: true})
	server := httptest.NewServer(s)
	defer server.Close()
	send := func() (int, string, error) {
		res, err := http.PostForm(server.URL+"/bot1:a/sendMessage", url.Values{"chat_id": {"1"}, "text": {"x"}})
		if err != nil {
			return 0, "", err
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		return res.StatusCode, string(body), err
	}
	s.Fail(telegramtest.Fault{Method: "sendMessage", Cut: telegramtest.CutBefore})
	s.Fail(telegramtest.Fault{Method: "sendMessage", Cut: telegramtest.CutAfter})
	s.Fail(telegramtest.Fault{Status: 502, Body: "<html>", ContentType: "text/html"})
	s.Fail(telegramtest.Fault{Half: true})
	for _, sent := range []int64{0, 1} {
		if _, _, err := send(); err == nil || s.Accepted() != sent {
			t.Errorf("cut: got error %v and %d messages, want an error and %d", err, s.Accepted(), sent)
		}
	}
	if status, body, err := send(); status != 502 || body != "<html>" || err != nil {
		t.Errorf("got %d %q %v, want the scripted page", status, body, err)
	}
	if _, _, err := send(); err == nil {
		t.Error("half an answer: got no error")
	}
	if status, _, err := send(); status != 200 || err != nil {
		t.Errorf("after the faults: got %d %v", status, err)
	}
}

func TestAwaitEndsWithItsContext(t *testing.T) {
	s := newServer(t, telegramtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if s.Await(ctx, func() bool { return false }) {
		t.Error("got true, want false")
	}
}

func count(t *testing.T, a answer) int {
	t.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal(a.Result, &list); err != nil {
		t.Fatalf("updates %+v: %v", a, err)
	}
	return len(list)
}

func itoa(n int64) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}
