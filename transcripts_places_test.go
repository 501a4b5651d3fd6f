package main

import (
	"strings"
	"testing"
	"time"

	"bellwether/adapters/telegram/telegramtest"
	"bellwether/subscriptions"
)

// newcomer reads a channel and never spoke to the bot.
const newcomer = 33

// shownChannel is Telegram's channel that people set up from their private chat.
const shownChannel = -100900

// TestTelegramChannelIsSetUpFromPrivate: by an administrator of it and by nobody
// else; who set it up is told once that the bot may not post any more.
func TestTelegramChannelIsSetUpFromPrivate(t *testing.T) {
	t.Parallel()
	s := openStage(t, subscriptions.Telegram, stageOptions{})
	channel := telegramtest.Chat{
		ID: shownChannel, Type: "channel", Title: "Market news",
		Members: map[int64]telegramtest.Member{
			boss: {Status: "administrator", Rights: []string{"can_post_messages"}}, passer: {Status: "member"}, newcomer: {Status: "member"},
		},
	}
	s.telegram.SetChat(channel)
	pick := func(who int64) {
		s.telegram.Push("message", map[string]any{
			"message_id": 800, "date": time.Now().Unix(), "chat": map[string]any{"id": who, "type": "private", "first_name": "Bo"},
			"from":        map[string]any{"id": who, "is_bot": false, "first_name": "Bo"},
			"chat_shared": map[string]any{"request_id": 1, "chat_id": shownChannel, "title": "Market news"},
		})
	}
	admin, stranger := &telegramPerson{stage: s, chat: boss, user: boss}, &telegramPerson{stage: s, chat: passer, user: passer}
	readers, reader := &telegramPerson{stage: s, chat: shownChannel, user: boss}, &telegramPerson{stage: s, chat: shownChannel, user: passer}
	outsider := &telegramPerson{stage: s, chat: shownChannel, user: newcomer}
	begins := &telegramPerson{stage: s, chat: newcomer, user: newcomer}
	s.converse(stranger, []step{says("/channels", "Choose a channel")})
	pick(passer)
	s.converse(stranger, []step{{hears: []string{"Only administrators of Market news can set it up"}}})
	s.converse(admin, []step{says("/channels", "Choose a channel")})
	pick(boss)
	s.converse(admin, []step{
		{hears: []string{"You are setting up Market news now"}},
		says("/alert AAPL > 203", "Alert set", "about Market news"), says("/follow harbour", "Following harbour"), says("/done", "about this chat again"),
	})
	s.converse(readers, []step{moves("AAPL 203.50", "Apple rose to"), {prints: "Ferries run all night", hears: []string{"Ferries run all night"}}})
	s.converse(reader, []step{picks("Alert me too", "The answer is in your private chat with me")})
	s.converse(stranger, []step{{hears: []string{"Alert set", "AAPL > 203"}}})
	_, data := outsider.button("Alert me too")
	outsider.press(1, data)
	var opened string
	eventually(t, "the button to lead to the private chat", func() bool {
		for _, note := range s.telegram.Calls("answerCallbackQuery") {
			if address, ok := strings.CutPrefix(note.Params["url"], "https://t.me/BellwetherTestBot?start="); ok {
				opened = address
			}
		}
		return opened != ""
	})
	s.converse(begins, []step{
		says("/start "+opened, "Alert set", "AAPL > 203"), says("/start copy-zzz", "That alert is not there any more"),
	})
	s.nothingRefused()
	channel.Silent = true
	s.telegram.SetChat(channel)
	s.converse(admin, []step{{prints: "The bridge is mended", hears: []string{"I can't post in Market news any more", "goes on by itself when I can"}}})
	if n := strings.Count(transcriptOf(admin.Hears()), "I can't post in"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
	channel.Silent = false
	s.telegram.SetChat(channel)
	able := telegramtest.Member{Status: "administrator", Rights: []string{"can_post_messages"}}
	s.telegram.Stand(shownChannel, boss, telegramtest.Member{Status: "administrator"}, able)
	s.converse(readers, []step{{hears: []string{"The bridge is mended"}}})
}

// TestTelegramGroupNamesTheBot: words that name it are answered, in the topic,
// and a right that was taken away a moment ago changes nothing any more.
func TestTelegramGroupNamesTheBot(t *testing.T) {
	t.Parallel()
	s, moderator, _ := openGroup(t)
	topic := &telegramPerson{stage: s, chat: traders, user: passer, thread: newsTopic}
	s.converse(topic, []step{
		says("@BellwetherTestBot AAPL?", "Apple", "201.50"),
		says("hey @BellwetherTestBot, AAPL?", "Apple", "201.50"),
		says("@BellwetherTestBot alert AAPL > 210", "Only moderators change"),
	})
	s.converse(moderator, []step{says("/alert AAPL > 210", "Alert set")})
	s.telegram.SetChat(telegramtest.Chat{
		ID: traders, Type: "supergroup", Title: "Traders", Forum: true, Topics: map[int64]telegramtest.Topic{newsTopic: {Name: "News"}},
		Members: map[int64]telegramtest.Member{boss: {Status: "member", Name: "Bo"}, passer: {Status: "member", Name: "Pia"}},
	})
	s.converse(moderator, []step{says("/alert AAPL > 220", "Only moderators change"), picks("Pause", "Only moderators change")})
	s.nothingRefused()
}
