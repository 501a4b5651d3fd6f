package telegram_test

import (
	"strings"
	"testing"

	"bellwether/adapters/telegram/telegramtest"
	"bellwether/subscriptions"
)

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
	chat.Members[2] = telegramtest.Member{Status: "member"}
	r.server.SetChat(chat)
	if got, err := r.client.Role(t.Context(), addressOf(group, ""), "2"); err != nil || got != subscriptions.RoleMember {
		t.Errorf("a moment after the right was taken: got %q, %v", got, err)
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
	for user, want := range map[string]subscriptions.Role{"2": subscriptions.RoleModerator, "4": subscriptions.RoleUnknown} {
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
	if _, err := r.client.Lookup(t.Context(), "@nobody"); err == nil {
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
