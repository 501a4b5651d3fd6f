package telegram_test

import (
	"context"
	"fmt"
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
		for name, value := range more {
			m[name] = value
		}
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

func TestChangesOfAPlaceAreReported(t *testing.T) {
	member := telegramtest.Member{Status: "member"}
	admin := telegramtest.Member{Status: "administrator", Rights: []string{"can_post_messages"}}
	tests := []struct {
		name  string
		push  func(*telegramtest.Server)
		kind  bot.SignalKind
		chat  int64
		topic string
		check func(bot.Signal) bool
	}{
		{"blocked", func(s *telegramtest.Server) { s.Stand(7, 7, member, telegramtest.Member{Status: "kicked"}) }, bot.SignalRemoved, 7, "", byKim},
		{"unblocked", func(s *telegramtest.Server) { s.Stand(7, 7, telegramtest.Member{Status: "kicked"}, member) }, bot.SignalAdded, 7, "", byKim},
		{"added", func(s *telegramtest.Server) { s.Stand(group, 7, telegramtest.Member{Status: "left"}, member) }, bot.SignalAdded, group, "", byKim},
		{"removed", func(s *telegramtest.Server) { s.Stand(group, 7, member, telegramtest.Member{Status: "kicked"}) }, bot.SignalRemoved, group, "", nil},
		{"promoted", func(s *telegramtest.Server) { s.Stand(group, 7, member, admin) }, bot.SignalRights, group, "", nil},
		{"restricted", func(s *telegramtest.Server) {
			s.Push("my_chat_member", map[string]any{
				"chat": map[string]any{"id": group, "type": "supergroup"}, "from": map[string]any{"id": 7}, "date": 5,
				"old_chat_member": map[string]any{"status": "member"},
				"new_chat_member": map[string]any{"status": "restricted", "is_member": true, "can_send_messages": false},
			})
		}, bot.SignalNoRights, group, "", nil},
		{"channel without the right to post", func(s *telegramtest.Server) {
			s.Stand(-77, 7, telegramtest.Member{Status: "left"}, telegramtest.Member{Status: "administrator"})
		}, bot.SignalNoRights, -77, "", nil},
		{"channel with the right to post", func(s *telegramtest.Server) { s.Stand(-77, 7, telegramtest.Member{Status: "left"}, admin) }, bot.SignalAdded, -77, "", func(s bot.Signal) bool {
			return s.Place.Kind == subscriptions.Broadcast && s.Place.Community == "-77"
		}},
		{"migration, told in the group", service(-5, "group", map[string]any{"migrate_to_chat_id": -1005}), bot.SignalMoved, -5, "", movedTo("-1005")},
		{"migration, told in the supergroup", service(-1005, "supergroup", map[string]any{"migrate_from_chat_id": -5}), bot.SignalMoved, -5, "", movedTo("-1005")},
		{"renamed", service(group, "supergroup", map[string]any{"new_chat_title": "New\nname"}), bot.SignalRenamed, group, "", titled("New name")},
		{"topic closed", topical("forum_topic_closed", map[string]any{}), bot.SignalNoRights, forum, "3", nil},
		{"topic reopened", topical("forum_topic_reopened", map[string]any{}), bot.SignalRights, forum, "3", nil},
		{"topic created", topical("forum_topic_created", map[string]any{"name": "News"}), bot.SignalRenamed, forum, "3", titled("News")},
		{"topic renamed", topical("forum_topic_edited", map[string]any{"name": "More"}), bot.SignalRenamed, forum, "3", titled("More")},
		{"general hidden", service(forum, "supergroup", map[string]any{"general_forum_topic_hidden": map[string]any{}}), bot.SignalNoRights, forum, "", nil},
	}
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: -77, Type: "channel", Title: "Channel"})
	for _, test := range tests {
		test.push(r.server)
	}
	r.run(t)
	got := r.desk.awaitSignals(patient(t), len(tests))
	if len(got) != len(tests) {
		t.Fatalf("got %d signals, want %d", len(got), len(tests))
	}
	for i, test := range tests {
		s := got[i]
		if s.Kind != test.kind || s.Place.Address != addressOf(test.chat, test.topic) {
			t.Errorf("%s: got %q at %+v, want %q at %d/%s", test.name, s.Kind, s.Place.Address, test.kind, test.chat, test.topic)
		}
		if test.check != nil && !test.check(s) {
			t.Errorf("%s: got %+v", test.name, s)
		}
		if s.At.IsZero() {
			t.Errorf("%s: has no time", test.name)
		}
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}

func byKim(s bot.Signal) bool { return s.By.User == "7" && s.By.Name == "Kim" && s.Reason != "" }

func movedTo(chat string) func(bot.Signal) bool {
	return func(s bot.Signal) bool { return s.MovedTo == chat }
}

func titled(title string) func(bot.Signal) bool {
	return func(s bot.Signal) bool { return s.Place.Title == title }
}

func service(chat int64, kind string, fields map[string]any) func(*telegramtest.Server) {
	return func(s *telegramtest.Server) {
		m := map[string]any{
			"message_id": 1, "date": 5, "chat": map[string]any{"id": chat, "type": kind, "title": "Old"},
			"from": map[string]any{"id": 7, "first_name": "Kim"},
		}
		for name, value := range fields {
			m[name] = value
		}
		s.Push("message", m)
	}
}

func topical(field string, content map[string]any) func(*telegramtest.Server) {
	return service(forum, "supergroup", map[string]any{
		field: content, "message_thread_id": 3, "is_topic_message": true,
	})
}

func TestRoleIsAskedOfTelegram(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	chat := telegramtest.Chat{ID: group, Type: "supergroup", Members: map[int64]telegramtest.Member{
		1: {Status: "creator"},
		2: {Status: "administrator", Rights: []string{"can_change_info"}},
		3: {Status: "administrator"},
		4: {Status: "member"},
		5: {Status: "left"},
	}}
	want := map[string]subscriptions.Role{
		"1": subscriptions.RoleModerator, "2": subscriptions.RoleModerator, "3": subscriptions.RoleMember,
		"4": subscriptions.RoleMember, "5": subscriptions.RoleNobody,
		"": subscriptions.RoleNobody, "1087968824": subscriptions.RoleNobody, "136817688": subscriptions.RoleNobody,
	}
	r.server.SetChat(chat)
	for user, role := range want {
		got, err := r.client.Role(t.Context(), addressOf(group, "3"), user)
		if err != nil || got != role {
			t.Errorf("user %q: got %q, %v, want %q", user, got, err, role)
		}
	}
	asked := len(r.server.Calls("getChatMember"))
	if _, err := r.client.Role(t.Context(), addressOf(group, ""), "2"); err != nil {
		t.Error(err)
	}
	if got := len(r.server.Calls("getChatMember")); got != asked {
		t.Error("asked again within a minute")
	}
	if got, err := r.client.Role(t.Context(), addressOf(7, ""), "7"); err != nil || got != subscriptions.RoleMember {
		t.Errorf("private: got %q, %v", got, err)
	}
}

func TestRoleFallsBackToTheListAndThenTellsWhatToDo(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: group, Type: "supergroup", Hidden: true, Members: map[int64]telegramtest.Member{
		2: {Status: "administrator", Rights: []string{"can_change_info"}},
	}})
	for user, want := range map[string]subscriptions.Role{"2": subscriptions.RoleModerator, "4": subscriptions.RoleMember} {
		if got, err := r.client.Role(t.Context(), addressOf(group, ""), user); err != nil || got != want {
			t.Errorf("user %s: got %q, %v, want %q", user, got, err, want)
		}
	}
	r.server.Fail(telegramtest.Fault{Times: 2, Status: 400, Description: "Bad Request: CHAT_ADMIN_REQUIRED"})
	got, err := r.client.Role(t.Context(), addressOf(group, ""), "9")
	if err == nil || got != subscriptions.RoleUnknown || !strings.Contains(err.Error(), "make the bot an administrator") {
		t.Errorf("got %q, %v, want to be told what to do", got, err)
	}
}

func TestLookupFindsAChannelByItsName(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: -10077, Type: "channel", Title: "Markets", Username: "markets"})
	got, err := r.client.Lookup(t.Context(), "@markets")
	if err != nil || got.Address != addressOf(-10077, "") || got.Kind != subscriptions.Broadcast || got.Title != "Markets" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := r.client.Lookup(context.Background(), "@nobody"); err == nil {
		t.Error("found a channel that is not there")
	}
}

func TestTypingIsShownInTheTopic(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: forum, Type: "supergroup", Forum: true, Topics: map[int64]telegramtest.Topic{3: {}}})
	for _, thread := range []string{"3", "1", ""} {
		if err := r.client.Typing(t.Context(), addressOf(forum, thread)); err != nil {
			t.Errorf("topic %q: %v", thread, err)
		}
	}
}
