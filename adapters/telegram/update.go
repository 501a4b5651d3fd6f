package telegram

import (
	"encoding/json"
	"errors"
	"strings"

	"bellwether/bot/message"
)

// These are the parts of Telegram's objects that are read here. The library's
// own types know no topics and lose callback queries without a message.

type update struct {
	ID       int64          `json:"update_id"`
	Message  *chatMessage   `json:"message"`
	Callback *callbackQuery `json:"callback_query"`
	Standing *memberUpdate  `json:"my_chat_member"`
}

type user struct {
	ID        int64  `json:"id"`
	IsBot     bool   `json:"is_bot"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Username  string `json:"username"`
	Language  string `json:"language_code"`
}

type chat struct {
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	Title     string `json:"title"`
	Username  string `json:"username"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
}

type entity struct {
	Type   string `json:"type"`
	Offset int    `json:"offset"` // UTF-16 units
	Length int    `json:"length"` // UTF-16 units
	User   *user  `json:"user"`   // of a text_mention: a person without a username
}

type chatMessage struct {
	ID         int64        `json:"message_id"`
	Date       int64        `json:"date"` // Unix time; 0 for a message that is out of reach
	Chat       chat         `json:"chat"`
	From       *user        `json:"from"`
	SenderChat *chat        `json:"sender_chat"`
	Text       string       `json:"text"`
	Entities   []entity     `json:"entities"`
	Caption    string       `json:"caption"` // of a picture, a file
	OfCaption  []entity     `json:"caption_entities"`
	Thread     int64        `json:"message_thread_id"`
	IsTopic    bool         `json:"is_topic_message"`
	Forwarded  bool         `json:"is_automatic_forward"`
	ReplyTo    *chatMessage `json:"reply_to_message"`
	ViaBot     *user        `json:"via_bot"`
	Photo      []struct{}   `json:"photo"`

	NewTitle      string      `json:"new_chat_title"`
	MigrateTo     int64       `json:"migrate_to_chat_id"`
	MigrateFrom   int64       `json:"migrate_from_chat_id"`
	ChatShared    *chatShared `json:"chat_shared"`
	TopicCreated  *topic      `json:"forum_topic_created"`
	TopicEdited   *topic      `json:"forum_topic_edited"`
	TopicClosed   *struct{}   `json:"forum_topic_closed"`
	TopicReopened *struct{}   `json:"forum_topic_reopened"`
	GeneralHidden *struct{}   `json:"general_forum_topic_hidden"`
	GeneralShown  *struct{}   `json:"general_forum_topic_unhidden"`
}

type topic struct {
	Name string `json:"name"`
}

type chatShared struct {
	RequestID int64  `json:"request_id"`
	ChatID    int64  `json:"chat_id"`
	Title     string `json:"title"`
}

// callbackQuery is a pressed button. Its message may be missing, or out of
// reach: then only its chat and its id are known.
type callbackQuery struct {
	ID      string       `json:"id"`
	From    user         `json:"from"`
	Message *chatMessage `json:"message"`
	Data    string       `json:"data"`
}

type memberUpdate struct {
	Chat chat   `json:"chat"`
	From user   `json:"from"`
	Date int64  `json:"date"`
	Old  member `json:"old_chat_member"`
	New  member `json:"new_chat_member"`
}

type member struct {
	Status          string `json:"status"`
	User            user   `json:"user"`
	IsMember        bool   `json:"is_member"`
	CanSendMessages *bool  `json:"can_send_messages"`
	CanChangeInfo   bool   `json:"can_change_info"`
	CanPostMessages bool   `json:"can_post_messages"`
	CanEditMessages bool   `json:"can_edit_messages"`
}

// inside tells whether the member is in the chat.
func (m member) inside() bool {
	switch m.Status {
	case "left", "kicked":
		return false
	case "restricted":
		return m.IsMember
	}
	return true
}

// mayWrite tells whether the member, the bot, may write in a chat of the type.
func (m member) mayWrite(chatType string) bool {
	if !m.inside() {
		return false
	}
	if chatType == "channel" {
		return m.Status == "creator" || m.Status == "administrator" && m.CanPostMessages
	}
	if m.Status == "restricted" {
		return m.CanSendMessages == nil || *m.CanSendMessages
	}
	return true
}

// name returns how the person calls themselves, cleaned.
func (u user) name() string {
	name := message.Label(strings.TrimSpace(u.FirstName + " " + u.LastName))
	if name == "" {
		name = message.Label(u.Username)
	}
	return name
}

// title returns what a chat is called, cleaned.
func (c chat) title() string {
	if c.Title != "" {
		return message.Label(c.Title)
	}
	return message.Label(strings.TrimSpace(c.FirstName + " " + c.LastName))
}

// decodeUpdate reads one update. Where that fails, the update's id is still
// returned when it can be read, 0 otherwise.
func decodeUpdate(raw json.RawMessage) (update, error) {
	var u update
	err := json.Unmarshal(raw, &u)
	if err == nil && u.ID > 0 {
		return u, nil
	}
	var bare struct {
		ID json.Number `json:"update_id"`
	}
	if json.Unmarshal(raw, &bare) == nil {
		u.ID, _ = bare.ID.Int64()
	}
	if err == nil {
		err = errors.New("update has no id")
	}
	return update{ID: u.ID}, err
}
