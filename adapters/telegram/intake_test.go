package telegram_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

const (
	group = -1009
	forum = -1010
)

// peopled returns a running rig whose server has a private chat, a group and a
// forum.
func peopled(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: 7, Type: "private", Title: "Kim"})
	r.server.SetChat(telegramtest.Chat{ID: group, Type: "supergroup", Title: "Traders"})
	r.server.SetChat(telegramtest.Chat{
		ID: forum, Type: "supergroup", Title: "Forum", Forum: true,
		Topics: map[int64]telegramtest.Topic{3: {Name: "News"}},
	})
	r.run(t)
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// only waits until everything that was pushed is handled, and returns the
// requests.
func (r *rig) only(t *testing.T) []bot.Request {
	t.Helper()
	r.server.Say(telegramtest.Speech{Chat: 7, Text: "that was all"})
	ctx := patient(t)
	for n := 1; ; n++ {
		got := r.desk.await(ctx, n)
		if len(got) < n {
			t.Fatal("the last message did not arrive")
		}
		if got[len(got)-1].Text == "that was all" {
			return got[:len(got)-1]
		}
	}
}

func TestWhatIsTypedBecomesARequest(t *testing.T) {
	tests := map[string]struct {
		speech        telegramtest.Speech
		command, text string
		ignored       bool
	}{
		"command":                        {telegramtest.Speech{Chat: 7, Text: "/quote STI"}, "quote", "STI", false},
		"upper case":                     {telegramtest.Speech{Chat: 7, Text: "/QUOTE sti"}, "quote", "sti", false},
		"unknown command in private":     {telegramtest.Speech{Chat: 7, Text: "/nonsense"}, "nonsense", "", false},
		"full width comma":               {telegramtest.Speech{Chat: 7, Text: "/start，x"}, "start", "x", false},
		"without an entity":              {telegramtest.Speech{Chat: 7, Text: "/start，x", Unmarked: true}, "start", "x", false},
		"start payload":                  {telegramtest.Speech{Chat: 7, Text: "/start abc_DEF-1"}, "start", "abc_DEF-1", false},
		"lines":                          {telegramtest.Speech{Chat: 7, Text: "/quote STI\nDBS"}, "quote", "STI\nDBS", false},
		"plain text in private":          {telegramtest.Speech{Chat: 7, Text: " 70,000 "}, "", "70,000", false},
		"slash alone":                    {telegramtest.Speech{Chat: 7, Text: "/"}, "", "/", false},
		"group command":                  {telegramtest.Speech{Chat: group, User: 9, Text: "/quote STI"}, "quote", "STI", false},
		"group command for us":           {telegramtest.Speech{Chat: group, User: 9, Text: "/other@bellwethertestBOT x"}, "other", "x", false},
		"group command for another":      {telegramtest.Speech{Chat: group, User: 9, Text: "/quote@OtherBot STI"}, "", "", true},
		"private command for another":    {telegramtest.Speech{Chat: 7, Text: "/quote@OtherBot STI"}, "", "", true},
		"another bot's command":          {telegramtest.Speech{Chat: group, User: 9, Text: "/ban"}, "", "", true},
		"group talk":                     {telegramtest.Speech{Chat: group, User: 9, Text: "hello"}, "", "", true},
		"group reply to us":              {telegramtest.Speech{Chat: group, User: 9, Text: "gold", ReplyTo: 55}, "", "gold", false},
		"command as a reply to us":       {telegramtest.Speech{Chat: group, User: 9, Text: "/why", ReplyTo: 55}, "why", "", false},
		"group talk that names us":       {telegramtest.Speech{Chat: group, User: 9, Text: "😀 @bellwethertestBOT: gold"}, "", "😀 : gold", false},
		"group talk to us":               {telegramtest.Speech{Chat: group, User: 9, Text: "@BellwetherTestBot, gold"}, "", "gold", false},
		"our name alone":                 {telegramtest.Speech{Chat: group, User: 9, Text: "@BellwetherTestBot"}, "", "", false},
		"our name before a command":      {telegramtest.Speech{Chat: group, User: 9, Text: "@BellwetherTestBot /quote gold"}, "quote", "gold", false},
		"group talk to somebody else":    {telegramtest.Speech{Chat: group, User: 9, Text: "@BellwetherTest gold"}, "", "", true},
		"emoji before what is no entity": {telegramtest.Speech{Chat: 7, Text: "😀 /quote"}, "", "😀 /quote", false},
	}
	r := peopled(t)
	want := make(map[string]string) // request id to name
	for name, test := range tests {
		want[fmt.Sprintf("telegram/main/%d", r.server.Say(test.speech))] = name
	}
	got := make(map[string]bot.Request)
	for _, request := range r.only(t) {
		got[want[request.ID]] = request
	}
	for name, test := range tests {
		request, found := got[name]
		if found == test.ignored {
			t.Errorf("%s: handed in is %v", name, found)
			continue
		}
		if request.Command != test.command || request.Text != test.text {
			t.Errorf("%s: got command %q and text %q, want %q and %q", name, request.Command, request.Text, test.command, test.text)
		}
		if test.speech.ReplyTo != 0 && request.Message != "55" {
			t.Errorf("%s: got message %q, want the answered one", name, request.Message)
		}
	}
}

func TestRequestTellsWhoAndWhere(t *testing.T) {
	r := peopled(t)
	r.server.Say(telegramtest.Speech{Chat: 7, Name: "Kim\u202e <b>", Text: "/quote STI"})
	r.server.Say(telegramtest.Speech{Chat: forum, User: 9, Text: "/quote STI", Thread: 3})
	r.server.Say(telegramtest.Speech{Chat: forum, User: 9, Text: "/quote STI"})
	got := r.only(t)
	if len(got) != 3 {
		t.Fatalf("got %d requests, want 3", len(got))
	}
	private := got[0]
	if private.Identity != (subscriptions.Identity{Platform: subscriptions.Telegram, User: "7", Name: "Kim <b>"}) {
		t.Errorf("got identity %+v", private.Identity)
	}
	if private.Place.Kind != subscriptions.Private || private.Role != subscriptions.RoleMember || private.Place.Community != "" {
		t.Errorf("got place %+v, role %q", private.Place, private.Role)
	}
	if private.Locale != "en" || private.Reply == "" || time.Since(private.At) > time.Minute {
		t.Errorf("got locale %q, reply %q, at %v", private.Locale, private.Reply, private.At)
	}
	topic := got[1]
	if topic.Place.Address != addressOf(forum, "3") || topic.Place.Kind != subscriptions.Group ||
		topic.Place.Community != "-1010" || topic.Place.Title != "Forum" || topic.Role != subscriptions.RoleUnknown {
		t.Errorf("got %+v", topic)
	}
	if got[2].Place.Address != addressOf(forum, "") {
		t.Errorf("general topic: got %+v", got[2].Place.Address)
	}
}

// TestTopicIsCalledWhatItIs: Telegram tells a topic's name with what is written
// in it, as the message that it answers.
func TestTopicIsCalledWhatItIs(t *testing.T) {
	r := peopled(t)
	for _, began := range []map[string]any{{"name": "News"}, {"name": ""}, nil} {
		m := map[string]any{
			"message_id": 9, "date": 5, "text": "/quote", "message_thread_id": 3, "is_topic_message": true,
			"chat": map[string]any{"id": forum, "type": "supergroup", "title": "Forum"}, "from": map[string]any{"id": 7, "first_name": "Kim"},
		}
		if began != nil {
			m["reply_to_message"] = map[string]any{"message_id": 3, "forum_topic_created": began}
		}
		r.server.Push("message", m)
	}
	requests := r.only(t)
	for i, want := range []string{"Forum › News", "Forum", "Forum"} {
		if got := requests[i].Place.Title; got != want {
			t.Errorf("message %d is from %q, want %q", i, got, want)
		}
	}
}

func TestWordsUnderAPictureAreWords(t *testing.T) {
	r := peopled(t)
	for chat, caption := range map[int64]string{7: "/quote gold", group: "what a picture"} {
		r.server.Push("message", map[string]any{
			"message_id": 9, "date": 5, "caption": caption, "photo": []any{map[string]any{"file_id": "f"}},
			"chat": map[string]any{"id": chat, "type": map[bool]string{true: "private", false: "supergroup"}[chat > 0]},
			"from": map[string]any{"id": 7, "first_name": "Kim"},
		})
	}
	if got := r.only(t); len(got) != 1 || got[0].Command != "quote" || got[0].Text != "gold" {
		t.Errorf("got %+v, want the command alone", got)
	}
}

func TestThreadOfAReplyIsNoTopic(t *testing.T) {
	r := peopled(t)
	r.server.Push("message", map[string]any{
		"message_id": 1, "date": 1, "message_thread_id": 900, "text": "/quote STI",
		"chat": map[string]any{"id": group, "type": "supergroup"}, "from": map[string]any{"id": 9},
	})
	if got := r.only(t); len(got) != 1 || got[0].Place.Address.Thread != "" {
		t.Errorf("got %+v, want no thread", got)
	}
}

func TestOthersNamesNeverAuthorise(t *testing.T) {
	r := peopled(t)
	says := func(from, senderChat int64, more map[string]any) {
		m := map[string]any{
			"message_id": 1, "date": 1, "text": "/quote STI",
			"chat": map[string]any{"id": group, "type": "supergroup"}, "from": map[string]any{"id": from, "is_bot": from != 777000},
		}
		if senderChat != 0 {
			m["sender_chat"] = map[string]any{"id": senderChat, "type": "channel"}
		}
		maps.Copy(m, more)
		r.server.Push("message", m)
	}
	says(1087968824, group, nil)                                      // an anonymous administrator
	says(136817688, -1077, nil)                                       // somebody as their channel
	says(777000, -1077, map[string]any{"is_automatic_forward": true}) // a post of the linked channel
	says(1087968824, 0, nil)                                          // a bot that claims to be one
	got := r.only(t)
	if len(got) != 2 {
		t.Fatalf("got %d requests, want 2: %+v", len(got), got)
	}
	for i, anonymous := range []bool{true, false} {
		if got[i].Role != subscriptions.RoleNobody || got[i].Anonymous != anonymous || got[i].Identity.User != "" {
			t.Errorf("request %d: role %q, anonymous %v, identity %+v", i, got[i].Role, got[i].Anonymous, got[i].Identity)
		}
	}
}

func TestPressedButtonsAreAnsweredAndHandedIn(t *testing.T) {
	r := peopled(t)
	forged := "9:drop.table:';--\x00😀"
	query := r.server.Press(group, 55, 9, forged)
	got := r.only(t)
	if len(got) != 1 || got[0].Button != forged || got[0].Message != "55" || got[0].Command != "" {
		t.Fatalf("got %+v, want the data as it came", got)
	}
	if got[0].Identity.User != "9" || got[0].Role != subscriptions.RoleUnknown || got[0].Place.Address != addressOf(group, "") {
		t.Errorf("got %+v", got[0])
	}
	if !r.server.Await(patient(t), func() bool { return len(r.server.Calls("answerCallbackQuery")) == 1 }) {
		t.Fatal("the query was not answered")
	}
	if got := r.server.Calls("answerCallbackQuery")[0].Params; got["callback_query_id"] != query || got["text"] != "" {
		t.Errorf("answered with %v", got)
	}
}

func TestNoteOverTheChatIsAllThatSomeButtonsNeed(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.desk.answer = func(request bot.Request) (bot.Answer, error) {
		switch request.Button {
		case "note":
			return bot.Answer{Toast: strings.Repeat("é", 300)}, nil
		case "page":
			return bot.Answer{Message: &message.Message{Title: "Page 2"}, Edit: true, Toast: "Page 2"}, nil
		case "panic":
			panic("button")
		}
		return bot.Answer{}, bot.ErrSubmit
	}
	for _, data := range []string{"note", "page", "panic", "change"} {
		r.server.Press(7, 55, 7, data)
	}
	r.run(t)
	var handedIn []string
	for _, request := range r.desk.await(patient(t), 3) {
		handedIn = append(handedIn, request.Button)
	}
	if got := strings.Join(handedIn, " "); got != "page panic change" {
		t.Errorf("handed in %q, want what needs an answer", got)
	}
	if !r.server.Await(patient(t), func() bool { return len(r.server.Calls("answerCallbackQuery")) == 4 }) {
		t.Error("not every query was answered")
	}
	for _, call := range r.server.Calls("answerCallbackQuery") {
		if n := len([]rune(call.Params["text"])); n > 200 {
			t.Errorf("got a note of %d code points", n)
		}
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func TestQueriesWithoutAMessageAreAnswered(t *testing.T) {
	r := peopled(t)
	r.server.Push("callback_query", map[string]any{"id": "1", "from": map[string]any{"id": 9}, "data": "x"})
	r.server.Push("callback_query", map[string]any{
		"id": "2", "from": map[string]any{"id": 9}, "data": "far",
		"message": map[string]any{"chat": map[string]any{"id": 7, "type": "private"}, "message_id": 3, "date": 0},
	})
	got := r.only(t)
	if len(got) != 1 || got[0].Button != "far" || got[0].Message != "3" {
		t.Errorf("got %+v, want the one whose place is known", got)
	}
	if !r.server.Await(patient(t), func() bool { return len(r.server.Calls("answerCallbackQuery")) == 2 }) {
		t.Error("not every query was answered")
	}
}

func TestSharedChatIsHandedIn(t *testing.T) {
	r := peopled(t)
	r.server.Push("message", map[string]any{
		"message_id": 1, "date": 1, "chat": map[string]any{"id": 7, "type": "private"}, "from": map[string]any{"id": 7},
		"chat_shared": map[string]any{"request_id": 1, "chat_id": -10077, "title": "Channel"},
	})
	got := r.only(t)
	if len(got) != 1 || got[0].Options[telegram.OptionSharedChat] != "-10077" || got[0].Options[telegram.OptionSharedTitle] != "Channel" {
		t.Errorf("got %+v", got)
	}
}

// FuzzRead checks that no update makes the adapter stumble, and that a request
// always tells who it is and where.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"update_id":1,"message":{"message_id":1,"date":1,"chat":{"id":7,"type":"private"},"from":{"id":7},"text":"/start，x","entities":[{"type":"bot_command","offset":0,"length":6}]}}`))
	f.Add([]byte(`{"update_id":2,"callback_query":{"id":"1","from":{"id":7},"message":{"message_id":1,"date":0,"chat":{"id":7,"type":"private"}}}}`))
	f.Add([]byte(`{"update_id":3,"my_chat_member":{"chat":{"id":-7,"type":"group"},"from":{"id":7},"new_chat_member":{"status":"left"}}}`))
	f.Add([]byte(`{"update_id":4,"message":{"message_id":1,"chat":{"id":-7,"type":"group"},"migrate_to_chat_id":-1007}}`))
	f.Add([]byte(`{"update_id":5,"message":{"chat":{"id":7,"type":"private"},"text":"/start","entities":[{"type":"bot_command"}]}}`))
	r := openRig(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		request, signals, err := r.client.Read(raw)
		if err != nil && strings.Contains(err.Error(), "panicked") {
			t.Fatal(err)
		}
		if request != nil && (request.ID == "" || request.Place.Address.Chat == "" || strings.HasPrefix(request.Command, "/")) {
			t.Errorf("got %+v", request)
		}
		for _, s := range signals {
			if s.Kind == "" || s.Place.Address.Chat == "" {
				t.Errorf("got %+v", s)
			}
		}
	})
}
