package telegram_test

import (
	"maps"
	"testing"

	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot"
	"bellwether/subscriptions"
)

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
		{"general closed", service(forum, "supergroup", map[string]any{"forum_topic_closed": map[string]any{}}), bot.SignalNoRights, forum, "", ofTopic},
		{"topic reopened", topical("forum_topic_reopened", map[string]any{}), bot.SignalRights, forum, "3", nil},
		{"topic created", topical("forum_topic_created", map[string]any{"name": "News"}), bot.SignalRenamed, forum, "3", titled("Old › News")},
		{"topic renamed", topical("forum_topic_edited", map[string]any{"name": "More"}), bot.SignalRenamed, forum, "3", titled("Old › More")},
		{"general hidden", service(forum, "supergroup", map[string]any{"general_forum_topic_hidden": map[string]any{}}), bot.SignalNoRights, forum, "", ofTopic},
	}
	// What the general topic is called is not what the group is called.
	const general = "Lobby"
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: -77, Type: "channel", Title: "Channel"})
	service(forum, "supergroup", map[string]any{"forum_topic_edited": map[string]any{"name": general}})(r.server)
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

func ofTopic(s bot.Signal) bool { return s.Topic }

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
		maps.Copy(m, fields)
		s.Push("message", m)
	}
}

func topical(field string, content map[string]any) func(*telegramtest.Server) {
	return service(forum, "supergroup", map[string]any{
		field: content, "message_thread_id": 3, "is_topic_message": true,
	})
}
