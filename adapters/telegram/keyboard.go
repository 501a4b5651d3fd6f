package telegram

import (
	"encoding/json"
	"net/url"
	"strings"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot"
	"bellwether/bot/message"
)

// Limits of keyboards (Bot API: callback_data is 1-64 bytes; a row has at most
// 8 buttons and a keyboard 100, as clients and server were seen to hold).
const (
	maxData    = 64
	maxRow     = 8
	maxButtons = 100
	maxLabel   = 64 // code points; ours
)

type inlineButton struct {
	Text  string `json:"text"`
	Data  string `json:"callback_data,omitempty"`
	URL   string `json:"url,omitempty"`
	Style string `json:"style,omitempty"`
}

// addKeyboard puts a message's buttons under it. A button that Telegram would
// refuse is left out, since the whole message would be refused for it. A plainer
// form has no addresses on its buttons, and the barest has no buttons at all:
// they may be why the richer one was refused.
func (c *Client) addKeyboard(params tgbotapi.Params, rows [][]message.Button, form message.Form) {
	if len(rows) == 0 || form == message.Bare {
		return
	}
	if label, ok := pickLabel(rows); ok {
		params["reply_markup"] = pickKeyboard(label)
		return
	}
	keyboard := make([][]inlineButton, 0, len(rows))
	count := 0
	for _, row := range rows {
		var line []inlineButton
		for _, b := range row {
			made, ok := makeButton(c.lead(b), form)
			if !ok || count == maxButtons {
				continue
			}
			if len(line) == maxRow {
				keyboard, line = append(keyboard, line), nil
			}
			line = append(line, made)
			count++
		}
		if len(line) > 0 {
			keyboard = append(keyboard, line)
		}
	}
	if len(keyboard) == 0 {
		return
	}
	encoded, err := json.Marshal(struct {
		Rows [][]inlineButton `json:"inline_keyboard"`
	}{keyboard})
	if err != nil {
		return // strings only: it cannot fail
	}
	params["reply_markup"] = string(encoded)
}

// lead gives a button that leads to the private chat its address (Telegram's
// deep links: t.me/<bot>?start=<payload>, at most 64 of A-Z a-z 0-9 _ -). It is
// left out while the bot's name is not known.
func (c *Client) lead(b message.Button) message.Button {
	verb, args, err := message.ParseData(b.Data)
	if err != nil || verb != bot.VerbOpen || len(args) != 1 {
		return b
	}
	b.Data = ""
	b.URL, _ = c.deepLink(args[0])
	return b
}

// deepLink is the address of the private chat with the bot, to which payload is
// handed as what follows /start. ok is false while the bot's name is not known.
func (c *Client) deepLink(payload string) (address string, ok bool) {
	self := c.self.Load()
	if payload == "" || self == nil || self.Username == "" {
		return "", false
	}
	return "https://t.me/" + self.Username + "?start=" + url.QueryEscape(payload), true
}

// makeButton returns a button that Telegram takes.
func makeButton(b message.Button, form message.Form) (inlineButton, bool) {
	made := inlineButton{Text: strings.TrimSpace(clip(clean(b.Label, false), maxLabel))}
	if made.Text == "" {
		return made, false
	}
	switch b.Style {
	case message.Primary:
		made.Style = "primary"
	case message.Danger:
		made.Style = "danger"
	}
	if b.Data != "" {
		made.Data = b.Data
		return made, len(b.Data) <= maxData
	}
	address, ok := linkAddress(b.URL)
	made.URL = address
	return made, ok && len(address) <= message.MaxButtonURL && form != message.Flat
}

// pickLabel returns the label of a button that lets people pick a channel.
func pickLabel(rows [][]message.Button) (string, bool) {
	for _, row := range rows {
		for _, b := range row {
			if b.Data == PickChannel {
				return clip(clean(b.Label, false), maxLabel), true
			}
		}
	}
	return "", false
}

// pickKeyboard is the key that offers the channels which the person manages and
// in which the bot may post. Telegram offers such keys in private chats only.
func pickKeyboard(label string) string {
	return `{"keyboard":[[{"text":` + quote(label) + `,"request_chat":{"request_id":1,"chat_is_channel":true,` +
		`"bot_is_member":true,"request_title":true,"user_administrator_rights":` + rights("can_post_messages") +
		`,"bot_administrator_rights":` + rights("can_post_messages") + `}}]],"resize_keyboard":true,"one_time_keyboard":true}`
}

// rights returns administrator rights as Telegram wants them: each that is not
// optional is said (Bot API, ChatAdministratorRights).
func rights(granted string) string {
	all := []string{
		"is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
		"can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users",
		"can_post_stories", "can_edit_stories", "can_delete_stories",
	}
	var b strings.Builder
	b.WriteByte('{')
	for _, name := range all {
		b.WriteString(quote(name) + ":false,")
	}
	b.WriteString(quote(granted) + ":true}")
	return b.String()
}

// quote returns a JSON string.
func quote(s string) string {
	encoded, err := json.Marshal(s)
	if err != nil {
		return `""` // a string: it cannot fail
	}
	return string(encoded)
}
