package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"
)

// Permissions that are checked.
const (
	ViewChannel   = 1 << 10
	SendMessages  = 1 << 11
	EmbedLinks    = 1 << 14
	AttachFiles   = 1 << 15
	SendInThreads = 1 << 38
)

// nonceAge is how long a nonce is known (Discord: the past few minutes).
const nonceAge = 3 * time.Minute

// reach returns a channel in which the bot may do something. mu is held.
func (s *Server) reach(id string, need uint64) (*Channel, error) {
	c, ok := s.channels[id]
	if !ok {
		return nil, refuse(http.StatusNotFound, 10003, "Unknown Channel")
	}
	if c.Guild != "" {
		if outage, in := s.guilds[c.Guild]; !in || outage {
			return nil, refuse(http.StatusForbidden, 50001, "Missing Access")
		}
	}
	have := c.Permissions
	if have == 0 {
		return c, nil
	}
	if have&ViewChannel == 0 {
		return nil, refuse(http.StatusForbidden, 50001, "Missing Access")
	}
	if c.Kind >= 10 && c.Kind <= 12 && need&SendMessages != 0 {
		need = need&^SendMessages | SendInThreads
	}
	if have&need != need {
		return nil, refuse(http.StatusForbidden, 50013, "Missing Permissions")
	}
	return c, nil
}

func needed(w words, files map[string][]byte) uint64 {
	need := uint64(SendMessages)
	if len(w.Embeds) > 0 {
		need |= EmbedLinks
	}
	if len(files) > 0 {
		need |= AttachFiles
	}
	return need
}

func (s *Server) createMessage(c call) (any, error) {
	channel := c.PathValue("channel")
	if s.options.Lean {
		return s.createLean(channel, c.body)
	}
	w, err := checkWords(c.body, c.files, false)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.reach(channel, needed(w, c.files))
	if err != nil {
		return nil, err
	}
	if err := s.takes(ch, w); err != nil {
		return nil, err
	}
	key := ""
	if n, ok := w.Nonce.(string); ok && w.EnforceNonce {
		key = n
		if known, ok := s.nonces[key]; ok && s.now().Sub(known.at) < nonceAge {
			if m := s.messages[known.message]; m != nil && !m.Deleted {
				return s.messageJSON(m), nil
			}
			return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
		}
	}
	m := s.make(channel, c)
	m.Nonce = key
	if key != "" {
		s.nonces[key] = nonce{m.ID, s.now()}
	}
	return s.messageJSON(m), nil
}

// takes tells whether a channel takes a message. mu is held.
func (s *Server) takes(ch *Channel, w words) error {
	switch {
	case ch.Kind == 15 || ch.Kind == 16:
		return refuse(http.StatusBadRequest, 40058, "Cannot send messages in a forum channel")
	case ch.Kind == 4 || ch.Kind == 14:
		return refuse(http.StatusBadRequest, 50008, "Cannot send messages in this channel type")
	case ch.Locked:
		return refuse(http.StatusBadRequest, 160005, "Thread is locked")
	case ch.Kind == 1 && s.closed[ch.Name]:
		return refuse(http.StatusForbidden, 50007, "Cannot send messages to this user")
	}
	if r := w.Reference; r != nil && (r.Fail == nil || *r.Fail) {
		if m, ok := s.messages[r.Message]; !ok || m.Deleted {
			return invalidForm("message_reference: Unknown message")
		}
	}
	return nil
}

// createLean makes a message without looking at its words.
func (s *Server) createLean(channel string, body json.RawMessage) (any, error) {
	var w struct {
		Nonce   string `json:"nonce"`
		Enforce bool   `json:"enforce_nonce"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return nil, invalidForm("%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.Enforce && w.Nonce != "" {
		if known, ok := s.nonces[w.Nonce]; ok && s.now().Sub(known.at) < nonceAge {
			return map[string]string{"id": known.message, "channel_id": channel}, nil
		}
	}
	id := s.newID()
	s.made++
	if w.Nonce != "" {
		s.nonces[w.Nonce] = nonce{id, s.now()}
	}
	return map[string]string{"id": id, "channel_id": channel}, nil
}

// make stores a message. mu is held.
func (s *Server) make(channel string, c call) *Message {
	m := &Message{ID: s.newID(), Channel: channel, Body: c.body, Files: c.files}
	s.messages[m.ID] = m
	s.order = append(s.order, m)
	s.made++
	s.tell()
	return m
}

// messageJSON describes a message. An attachment that an embed shows is told by
// the embed only.
func (s *Server) messageJSON(m *Message) map[string]any {
	var body map[string]any
	_ = json.Unmarshal(m.Body, &body) // it was read before
	out := map[string]any{
		"id": m.ID, "channel_id": m.Channel, "type": 0, "content": body["content"], "embeds": []any{}, "attachments": []any{},
		"components": body["components"], "nonce": body["nonce"],
		"author": map[string]any{"id": Application, "username": "bellwether", "bot": true},
	}
	if embeds, ok := body["embeds"].([]any); ok {
		for _, e := range embeds {
			if e, ok := e.(map[string]any); ok {
				if image, ok := e["image"].(map[string]any); ok {
					if name, ok := strings.CutPrefix(fmt.Sprint(image["url"]), "attachment://"); ok {
						until := s.now().Add(24 * time.Hour).Unix()
						image["url"] = fmt.Sprintf("https://cdn.discordapp.com/attachments/%s/%s/%s?ex=%x&is=0&hm=0", m.Channel, m.ID, name, until)
					}
				}
			}
		}
		out["embeds"] = embeds
	}
	return out
}

// find returns a message of a channel. mu is held.
func (s *Server) find(c call) (*Message, error) {
	m, ok := s.messages[c.PathValue("message")]
	if !ok || m.Deleted || m.Channel != c.PathValue("channel") {
		return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	return m, nil
}

func (s *Server) getMessage(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return s.messageJSON(m), nil
}

func (s *Server) listMessages(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []any{}
	for i := len(s.order) - 1; i >= 0 && len(list) < 50; i-- {
		if m := s.order[i]; m.Channel == c.PathValue("channel") && !m.Deleted {
			list = append(list, s.messageJSON(m))
		}
	}
	return list, nil
}

func (s *Server) editMessage(c call) (any, error) {
	if _, err := checkWords(c.body, c.files, true); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.reach(c.PathValue("channel"), 0); err != nil {
		return nil, err
	}
	m, err := s.find(c)
	if err != nil {
		return nil, err
	}
	s.change(m, c)
	return s.messageJSON(m), nil
}

// change gives a message new words. mu is held.
func (s *Server) change(m *Message, c call) {
	m.Body, m.Edits = c.body, m.Edits+1
	if len(c.files) > 0 {
		m.Files = c.files
	}
	s.tell()
}

func (s *Server) deleteMessage(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.find(c)
	if err != nil {
		return nil, err
	}
	m.Deleted = true
	return nil, nil
}

func (s *Server) crosspost(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if m.Crossposted {
		return nil, refuse(http.StatusBadRequest, 40033, "This message has already been crossposted")
	}
	if ch := s.channels[m.Channel]; ch == nil || ch.Kind != 5 {
		return nil, refuse(http.StatusBadRequest, 50024, "Cannot execute action on this channel type")
	}
	m.Crossposted = true
	return s.messageJSON(m), nil
}

func (s *Server) createThread(c call) (any, error) {
	var t struct {
		Name    string          `json:"name"`
		Tags    []string        `json:"applied_tags"`
		Message json.RawMessage `json:"message"`
	}
	if err := json.Unmarshal(c.body, &t); err != nil {
		return nil, invalidForm("%v", err)
	}
	if n := utf8.RuneCountInString(t.Name); n < 1 || n > 100 {
		return nil, invalidForm("name: must be between 1 and 100 in length")
	}
	if len(t.Tags) > 5 {
		return nil, invalidForm("applied_tags: must be 5 or fewer")
	}
	w, err := checkWords(t.Message, c.files, false)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	forum, err := s.reach(c.PathValue("channel"), needed(w, c.files))
	if err != nil {
		return nil, err
	}
	if forum.Kind != 15 && forum.Kind != 16 {
		return nil, refuse(http.StatusBadRequest, 50024, "Cannot execute action on this channel type")
	}
	if forum.DemandsTag && len(t.Tags) == 0 {
		return nil, refuse(http.StatusBadRequest, 40067, "A tag is required to create a forum post in this channel")
	}
	for _, id := range t.Tags {
		known := false
		for _, tag := range forum.Tags {
			known = known || tag.ID == id
		}
		if !known {
			return nil, refuse(http.StatusNotFound, 10087, "Unknown Tag")
		}
	}
	m := s.make("", call{Request: c.Request, body: t.Message, files: c.files})
	m.Channel = m.ID
	s.channels[m.ID] = &Channel{ID: m.ID, Guild: forum.Guild, Parent: forum.ID, Name: t.Name, Kind: 11, Permissions: forum.Permissions}
	out := channelJSON(s.channels[m.ID])
	out["message"] = s.messageJSON(m)
	out["applied_tags"] = t.Tags
	return out, nil
}
