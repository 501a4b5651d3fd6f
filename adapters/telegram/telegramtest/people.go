package telegramtest

import (
	"strconv"
	"strings"
	"unicode/utf16"
)

// Speech is something that a person writes.
type Speech struct {
	Chat       int64
	User       int64 // 0 for the person of a private chat
	Name       string
	Text       string
	Thread     int64 // of a topic
	ReplyTo    int64 // a message of the bot
	SenderChat int64 // the chat in whose name they write
	Unmarked   bool  // without the entities that Telegram sets
}

// Say queues what a person writes and returns the update's id.
func (s *Server) Say(p Speech) int64 {
	m := s.spoken(p)
	if !p.Unmarked {
		if marked := marks(p.Text); len(marked) > 0 {
			m["entities"] = marked
		}
	}
	return s.Push("message", m)
}

// spoken returns a message of a person.
func (s *Server) spoken(p Speech) map[string]any {
	if p.User == 0 {
		p.User = p.Chat
	}
	if p.Name == "" {
		p.Name = "Kim"
	}
	m := map[string]any{
		"message_id": s.nextMessage.Add(1),
		"date":       s.now().Unix(),
		"chat":       s.described(p.Chat),
		"from":       map[string]any{"id": p.User, "is_bot": false, "first_name": p.Name, "language_code": "en"},
		"text":       p.Text,
	}
	if p.Thread != 0 {
		m["message_thread_id"], m["is_topic_message"] = p.Thread, true
	}
	if p.SenderChat != 0 {
		m["sender_chat"] = s.described(p.SenderChat)
	}
	if p.ReplyTo != 0 {
		m["reply_to_message"] = map[string]any{
			"message_id": p.ReplyTo, "date": s.now().Unix(), "chat": s.described(p.Chat), "from": s.self(),
		}
	}
	return m
}

func (s *Server) described(id int64) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chats[id]; c != nil {
		return c.describe()
	}
	kind := "private"
	if id < 0 {
		kind = "supergroup"
	}
	return map[string]any{"id": id, "type": kind}
}

// commandLength returns the UTF-16 units of the command that a text begins with.
func commandLength(text string) int {
	if !strings.HasPrefix(text, "/") {
		return 0
	}
	end := strings.IndexFunc(text[1:], func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && r != '_' && r != '@'
	})
	if end >= 0 {
		text = text[:end+1]
	}
	if len(text) < 2 {
		return 0
	}
	return len(utf16.Encode([]rune(text)))
}

// marks returns the entities that Telegram sets in what people write: commands
// and mentions at the beginnings of words.
func marks(text string) []Entity {
	var out []Entity
	for i := range len(text) {
		if i > 0 && text[i-1] != ' ' && text[i-1] != '\n' {
			continue
		}
		at := len(utf16.Encode([]rune(text[:i])))
		if n := commandLength(text[i:]); n > 0 {
			out = append(out, Entity{Type: "bot_command", Offset: at, Length: n})
		}
		if rest, ok := strings.CutPrefix(text[i:], "@"); ok {
			if n := commandLength("/" + rest); n > 0 {
				out = append(out, Entity{Type: "mention", Offset: at, Length: n})
			}
		}
	}
	return out
}

// Press queues the press of a button under a message of the bot and returns
// the query's id. The data is whatever the presser's program claims.
func (s *Server) Press(chat, message, user int64, data string) string {
	id := strconv.FormatInt(s.nextMessage.Add(1), 10) + "0001"
	m := map[string]any{
		"message_id": message, "date": s.now().Unix(), "chat": s.described(chat), "from": s.self(),
	}
	s.mu.Lock()
	if kept := s.messages[messageKey{chat, message}]; kept != nil && kept.thread != 0 {
		m["message_thread_id"], m["is_topic_message"] = kept.thread, true
	}
	s.mu.Unlock()
	s.Push("callback_query", map[string]any{
		"id": id, "chat_instance": "1", "data": data, "message": m,
		"from": map[string]any{"id": user, "is_bot": false, "first_name": "Kim", "language_code": "en"},
	})
	return id
}

// Stand queues a change of the bot's own membership, as "member" or
// "administrator" with rights.
func (s *Server) Stand(chat, by int64, before, after Member) int64 {
	return s.Push("my_chat_member", map[string]any{
		"chat":            s.described(chat),
		"from":            map[string]any{"id": by, "is_bot": false, "first_name": "Kim"},
		"date":            s.now().Unix(),
		"old_chat_member": describeMember(BotID, before),
		"new_chat_member": describeMember(BotID, after),
	})
}
