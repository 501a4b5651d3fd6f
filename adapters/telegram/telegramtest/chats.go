package telegramtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// Chat is a chat as the server knows it, and how the bot stands in it.
type Chat struct {
	ID       int64
	Type     string // private, group, supergroup or channel
	Title    string
	Username string
	Forum    bool
	Topics   map[int64]Topic
	Members  map[int64]Member

	Blocked     bool  // by its person
	Deactivated bool  // the person's account was deleted
	NeverBegun  bool  // the person never pressed Start
	Kicked      bool  // the bot was removed
	Deleted     bool  // the group was deleted
	Silent      bool  // the bot may not write
	Hidden      bool  // members are not told to the bot
	MigratedTo  int64 // the supergroup that it became
}

// Topic is a part of a forum.
type Topic struct {
	Name   string
	Closed bool
}

// Member is a person in a chat.
type Member struct {
	Status string // creator, administrator, member, restricted, left or kicked
	Name   string
	Rights []string // granted: can_change_info, can_post_messages …
}

// SetChat adds a chat, or replaces the one with its id.
func (s *Server) SetChat(c Chat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.Topics, c.Members = maps.Clone(c.Topics), maps.Clone(c.Members)
	s.chats[c.ID] = &c
}

// chat finds a chat by id or "@name". The caller holds the lock.
func (s *Server) chat(name string) (*Chat, error) {
	if handle, ok := strings.CutPrefix(name, "@"); ok {
		for _, c := range s.chats {
			if strings.EqualFold(c.Username, handle) {
				return c, nil
			}
		}
		return nil, bad("chat not found")
	}
	id, err := strconv.ParseInt(name, 10, 64)
	if err != nil {
		return nil, bad("chat_id is empty")
	}
	if c := s.chats[id]; c != nil {
		return c, nil
	}
	if !s.options.OpenChats {
		return nil, bad("chat not found")
	}
	c := &Chat{ID: id, Type: "private"}
	if id < 0 {
		c.Type = "supergroup"
	}
	s.chats[id] = c
	return c, nil
}

// reach finds the chat that a call writes to and tells whether the bot may.
func (s *Server) reach(call request) (Chat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chat(call.params["chat_id"])
	if err != nil {
		return Chat{}, err
	}
	if err := c.refuses(); err != nil {
		return Chat{}, err
	}
	thread := call.integer("message_thread_id")
	if thread == 0 {
		return *c, nil
	}
	topic, ok := c.Topics[thread]
	switch {
	case !c.Forum, thread == 1, !ok:
		return Chat{}, bad("message thread not found")
	case topic.Closed:
		return Chat{}, bad("TOPIC_CLOSED")
	}
	return *c, nil
}

func (c *Chat) refuses() error {
	switch {
	case c.MigratedTo != 0:
		return &refusal{
			code: http.StatusBadRequest, migrateTo: c.MigratedTo,
			text: "Bad Request: group chat was upgraded to a supergroup chat",
		}
	case c.Blocked:
		return forbidden("bot was blocked by the user")
	case c.Deactivated:
		return forbidden("user is deactivated")
	case c.NeverBegun:
		return forbidden("bot can't initiate conversation with a user")
	case c.Deleted:
		return forbidden("the group chat was deleted")
	case c.Kicked:
		return forbidden("bot was kicked from the " + c.Type + " chat")
	case c.Silent:
		return bad("not enough rights to send text messages to the chat")
	}
	return nil
}

func (c *Chat) describe() map[string]any {
	d := map[string]any{"id": c.ID, "type": c.Type}
	if c.Type == "private" {
		d["first_name"] = c.Title
	} else {
		d["title"] = c.Title
	}
	if c.Username != "" {
		d["username"] = c.Username
	}
	if c.Forum {
		d["is_forum"] = true
	}
	return d
}

func describeMember(id int64, m Member) map[string]any {
	d := map[string]any{
		"status": m.Status,
		"user":   map[string]any{"id": id, "is_bot": false, "first_name": m.Name},
	}
	if m.Status == "administrator" {
		for _, name := range []string{"can_change_info", "can_delete_messages", "can_manage_chat"} {
			d[name] = false
		}
	}
	for _, right := range m.Rights {
		d[right] = true
	}
	return d
}

func (s *Server) tellChat(call request) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.chat(call.params["chat_id"])
	if err != nil {
		return nil, err
	}
	if c.Kicked {
		return nil, forbidden("bot was kicked from the " + c.Type + " chat")
	}
	switch call.method {
	case "getChat":
		return json.Marshal(c.describe())
	case "getChatMember":
		if c.Hidden {
			return nil, bad("CHAT_ADMIN_REQUIRED")
		}
		id := call.integer("user_id")
		m, ok := c.Members[id]
		if !ok {
			return nil, bad("user not found")
		}
		return json.Marshal(describeMember(id, m))
	}
	list := []map[string]any{}
	for id, m := range c.Members {
		if m.Status == "creator" || m.Status == "administrator" {
			list = append(list, describeMember(id, m))
		}
	}
	return json.Marshal(list)
}
