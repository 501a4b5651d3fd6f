package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/telegram/telegramtest"
	"bellwether/subscriptions"
)

// telegramPerson speaks in a chat of Telegram's stand-in.
type telegramPerson struct {
	stage  *stage
	chat   int64
	user   int64
	thread int64
	as     int64 // the chat in whose name they speak

	log     []heard
	read    int             // messages that stand in log
	notes   int             // answers to pressed buttons that were looked at
	pressed map[string]bool // what the person pressed, by the query's id
}

// Says implements person.
func (p *telegramPerson) Says(text string) {
	p.stage.telegram.Say(telegramtest.Speech{Chat: p.chat, User: p.user, Thread: p.thread, SenderChat: p.as, Text: text})
}

// Picks implements person.
func (p *telegramPerson) Picks(label string) {
	p.stage.t.Helper()
	message, data := p.button(label)
	p.press(message, data)
}

// press presses a button, whether or not it is on the screen.
func (p *telegramPerson) press(message int64, data string) {
	if p.pressed == nil {
		p.pressed = map[string]bool{}
	}
	p.pressed[p.stage.telegram.Press(p.chat, message, p.user, data)] = true
}

// button finds the lowest message on the screen with a button.
func (p *telegramPerson) button(label string) (message int64, data string) {
	p.stage.t.Helper()
	eventuallyButton(p.stage.t, p, label, func() bool {
		message, data = 0, ""
		now := map[int64]telegramtest.Sent{}
		for _, s := range p.sent() {
			now[s.ID] = s
		}
		for id, s := range now {
			for _, row := range s.Buttons {
				for _, b := range row {
					if strings.HasPrefix(b.Text, label) && id > message {
						message, data = id, b.Data
					}
				}
			}
		}
		return data != ""
	})
	return message, data
}

// Fills implements person: here a form is a question that is answered.
func (p *telegramPerson) Fills(text string) {
	p.stage.t.Helper()
	eventuallyButton(p.stage.t, p, "the question for new words", func() bool {
		all := p.sent()
		return len(all) > 0 && strings.Contains(all[len(all)-1].Text, "Send the new text")
	})
	p.Says(text)
}

func (p *telegramPerson) sent() []telegramtest.Sent {
	var out []telegramtest.Sent
	for _, s := range p.stage.telegram.Sent() {
		if s.Chat == p.chat && s.Thread == p.thread {
			out = append(out, s)
		}
	}
	return out
}

// Hears implements person: messages, and the notes that are shown over the chat
// to who pressed a button.
func (p *telegramPerson) Hears() []heard {
	all, notes := p.sent(), p.stage.telegram.Calls("answerCallbackQuery")
	for _, s := range all[p.read:] {
		h := heard{Text: s.Text}
		for _, row := range s.Buttons {
			for _, b := range row {
				h.Buttons = append(h.Buttons, b.Text)
			}
		}
		p.log = append(p.log, h)
	}
	for _, note := range notes[p.notes:] {
		if text := note.Params["text"]; text != "" && p.pressed[note.Params["callback_query_id"]] {
			p.log = append(p.log, heard{Text: text, Private: true})
		}
	}
	p.read, p.notes = len(all), len(notes)
	return p.log
}

// The group in which moderators and members meet.
const (
	traders   = -100500
	upgraded  = -100777
	boss      = 31
	passer    = 32
	nameless  = 1087968824 // Telegram's "GroupAnonymousBot"
	newsTopic = 3
)

// openGroup opens a forum with a moderator and a member.
func openGroup(t *testing.T) (s *stage, moderator, member *telegramPerson) {
	t.Helper()
	s = openStage(t, subscriptions.Telegram, stageOptions{})
	group := telegramtest.Chat{
		ID: traders, Type: "supergroup", Title: "Traders", Forum: true, Topics: map[int64]telegramtest.Topic{newsTopic: {Name: "News"}},
		Members: map[int64]telegramtest.Member{
			boss: {Status: "administrator", Name: "Bo", Rights: []string{"can_change_info"}}, passer: {Status: "member", Name: "Pia"},
		},
	}
	s.telegram.SetChat(group)
	group.ID, group.Topics = upgraded, map[int64]telegramtest.Topic{newsTopic: {Name: "News"}}
	s.telegram.SetChat(group)
	return s, &telegramPerson{stage: s, chat: traders, user: boss}, &telegramPerson{stage: s, chat: traders, user: passer}
}

// TestTelegramGroupBelongsToItsModerators: anyone asks, moderators change, and
// who is nameless proves the right by a button.
func TestTelegramGroupBelongsToItsModerators(t *testing.T) {
	t.Parallel()
	s, moderator, member := openGroup(t)
	s.converse(member, []step{
		says("/quote@BellwetherTestBot AAPL", "Apple", "201.50"),
		says("/alert AAPL > 210", "Only moderators change what this place gets"),
		says("/follow harbour", "Only moderators change"),
		says("/help", "Moderators set up what is posted here"),
	})
	s.converse(moderator, []step{
		says("/start", "I am ready here"),
		says("/alert AAPL > 203 every time", "Alert set").offer("Pause"),
	})
	s.converse(member, []step{
		picks("Pause", "Only moderators change"),
		moves("AAPL 203.50", "Apple rose to", "203.00").offer("Snooze 1 h"),
		picks("Delete", "Only moderators change"),
		says("/alerts", "AAPL > 203 every time"),
	})
	nobody := &telegramPerson{stage: s, chat: traders, user: nameless, as: traders}
	s.converse(nobody, []step{says("/alert ^VIX > 25", "anonymous administrator", "/alert ^VIX > 25").offer("It's me, do it")})
	s.converse(member, []step{picks("It's me, do it", "Only moderators change")})
	before := len(moderator.Hears())
	moderator.Says("/alert@OtherBot AAPL > 999")
	moderator.Says("hello everybody")
	s.converse(moderator, []step{picks("Snooze 1 h", "Snoozed until")})
	for _, h := range moderator.Hears()[before:] {
		if strings.Contains(h.Text, "999") {
			t.Errorf("another bot's command was taken: %q", h.Text)
		}
	}
	s.nothingRefused()
}

// TestTelegramTopicGetsWhatWasSetUpInIt: a topic is a place of its own.
func TestTelegramTopicGetsWhatWasSetUpInIt(t *testing.T) {
	t.Parallel()
	s, general, _ := openGroup(t)
	topic := &telegramPerson{stage: s, chat: traders, user: boss, thread: newsTopic}
	s.converse(topic, []step{
		says("/alert AAPL > 203", "Alert set"), says("/follow harbour", "Following harbour"),
		{prints: "Ferries run all night", hears: []string{"Ferries run all night"}},
		moves("AAPL 203.50", "Apple rose to"),
	})
	s.converse(general, []step{says("/alerts", "No alerts yet")})
	for _, h := range general.Hears() {
		if strings.Contains(h.Text, "Ferries") || strings.Contains(h.Text, "rose to") {
			t.Errorf("the general topic was told %q", h.Text)
		}
	}
	s.nothingRefused()
}

// TestTelegramGroupKeepsAllWhenItBecomesASupergroup: rules and feeds follow to
// the new chat.
func TestTelegramGroupKeepsAllWhenItBecomesASupergroup(t *testing.T) {
	t.Parallel()
	s, old, _ := openGroup(t)
	s.converse(old, []step{says("/alert AAPL > 203", "Alert set"), says("/follow harbour", "Following harbour")})
	s.telegram.SetChat(telegramtest.Chat{ID: traders, Type: "group", Title: "Traders", MigratedTo: upgraded})
	s.telegram.Push("message", map[string]any{
		"message_id": 900, "date": time.Now().Unix(), "migrate_to_chat_id": upgraded,
		"chat": map[string]any{"id": traders, "type": "group", "title": "Traders"},
		"from": map[string]any{"id": boss, "is_bot": false, "first_name": "Bo"},
	})
	moved := &telegramPerson{stage: s, chat: upgraded, user: boss}
	s.converse(moved, []step{
		says("/following", "The Harbour Post"), says("/alerts", "AAPL > 203"),
		moves("AAPL 203.50", "Apple rose to"),
		{prints: "Ferries run all night", hears: []string{"Ferries run all night"}},
	})
}

// TestTelegramOldButtonsAreAnswered: a message of long ago, data of another
// version and data that was made up.
func TestTelegramOldButtonsAreAnswered(t *testing.T) {
	t.Parallel()
	s := openStage(t, subscriptions.Telegram, stageOptions{})
	p := &telegramPerson{stage: s, chat: 77, user: 77}
	s.converse(p, []step{says("/alert AAPL > 210", "Alert set")})
	_, data := p.button("Pause")
	for _, press := range []struct{ data, hears string }{
		{data, "Paused"}, {"9:rule.pause:3f", "older version"}, {"1:rule.drop:zzzzz", "not there any more"}, {"nonsense", "does not work here"},
	} {
		mark := len(p.Hears())
		p.press(1, press.data) // no such message is there any more
		if !comesWithin(turnTime, func() bool { return strings.Contains(transcriptOf(p.Hears()[mark:]), press.hears) }) {
			t.Errorf("%q: waited for %q, heard:\n%s", press.data, press.hears, transcriptOf(p.Hears()[mark:]))
		}
	}
}

// TestTelegramServerWithoutOptionalMethods: another server of the Bot API knows
// fewer methods, and nothing that people need depends on those.
func TestTelegramServerWithoutOptionalMethods(t *testing.T) {
	t.Parallel()
	missing := []string{"setMyCommands", "deleteMyCommands", "sendChatAction", "deleteWebhook", "answerCallbackQuery", "getChatMember"}
	s := openStage(t, subscriptions.Telegram, stageOptions{telegram: func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if slices.Contains(missing, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]) {
				w.WriteHeader(http.StatusNotFound)
				_, _ = w.Write([]byte(`{"ok":false,"error_code":404,"description":"Not Found"}`))
				return
			}
			next.ServeHTTP(w, r)
		})
	}})
	s.converse(s.enter(1), conversations()["an alert's life"])
}
