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

// words is what is checked of a message.
type words struct {
	Content      string  `json:"content"`
	Nonce        any     `json:"nonce"`
	EnforceNonce bool    `json:"enforce_nonce"`
	Flags        int     `json:"flags"`
	Embeds       []embed `json:"embeds"`
	Components   []struct {
		Kind       int      `json:"type"`
		Components []button `json:"components"`
	} `json:"components"`
	Attachments []struct {
		ID   any    `json:"id"`
		Name string `json:"filename"`
	} `json:"attachments"`
	Reference *struct {
		Message string `json:"message_id"`
		Fail    *bool  `json:"fail_if_not_exists"`
	} `json:"message_reference"`
}

// button is what is checked of a button.
type button struct {
	Kind  int    `json:"type"`
	Style int    `json:"style"`
	Label string `json:"label"`
	ID    string `json:"custom_id"`
	URL   string `json:"url"`
}

// check refuses a button that Discord would refuse.
func (b button) check() error {
	const link = 5
	switch {
	case b.Kind != 2 || b.Style < 1 || b.Style > link:
		return invalidForm("components: not a button")
	case utf8.RuneCountInString(b.Label) > 80 || b.Label == "":
		return invalidForm("components.label: length")
	case b.Style == link && (b.URL == "" || len(b.URL) > 512 || b.ID != ""):
		return invalidForm("components.url")
	case b.Style != link && (b.ID == "" || utf8.RuneCountInString(b.ID) > 100 || b.URL != ""):
		return invalidForm("components.custom_id: length")
	}
	return nil
}

// embed is what is checked of an embed.
type embed struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	Description string `json:"description"`
	Fields      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Image *struct {
		URL string `json:"url"`
	} `json:"image"`
}

func count(s string) int { return utf8.RuneCountInString(strings.TrimSpace(s)) }

// checkWords refuses what Discord would refuse of a message.
func checkWords(body json.RawMessage, files map[string][]byte, edit bool) (words, error) {
	var w words
	if err := json.Unmarshal(body, &w); err != nil {
		return w, invalidForm("%v", err)
	}
	if count(w.Content) > 2000 {
		return w, invalidForm("content: must be 2000 or fewer in length")
	}
	if n, ok := w.Nonce.(string); ok && len(n) > 25 {
		return w, invalidForm("nonce: must be 25 or fewer in length")
	}
	if err := checkEmbeds(w, files); err != nil {
		return w, err
	}
	if err := checkComponents(w); err != nil {
		return w, err
	}
	if !edit && count(w.Content) == 0 && len(w.Embeds) == 0 && len(files) == 0 && len(w.Components) == 0 {
		return w, refuse(http.StatusBadRequest, 50006, "Cannot send an empty message")
	}
	return w, nil
}

func checkEmbeds(w words, files map[string][]byte) error {
	if len(w.Embeds) > 10 {
		return invalidForm("embeds: must be 10 or fewer")
	}
	sum := 0
	for i := range w.Embeds {
		size, err := w.Embeds[i].check(w, files)
		if err != nil {
			return err
		}
		sum += size
	}
	if sum > 6000 {
		return invalidForm("embeds: exceeds the maximum size of 6000")
	}
	return nil
}

// check refuses an embed that Discord would refuse, and returns its size.
func (e *embed) check(w words, files map[string][]byte) (size int, err error) {
	footer := ""
	if e.Footer != nil {
		footer = e.Footer.Text
	}
	if count(e.Title) > 256 || count(e.Description) > 4096 || count(footer) > 2048 || len(e.Fields) > 25 {
		return 0, invalidForm("embeds: too long")
	}
	fields, err := e.checkFields()
	if err != nil {
		return 0, err
	}
	size = count(e.Title) + count(e.Description) + count(footer) + fields
	if e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
		return 0, invalidForm("embeds.url: scheme")
	}
	if e.Image != nil {
		if name, ok := strings.CutPrefix(e.Image.URL, "attachment://"); ok && !attached(w, files, name) {
			return 0, invalidForm("embeds.image.url: no such attachment")
		}
	}
	if size == 0 && e.Image == nil {
		return 0, refuse(http.StatusBadRequest, 50006, "Cannot send an empty message")
	}
	return size, nil
}

func (e *embed) checkFields() (size int, err error) {
	for _, f := range e.Fields {
		name, value := count(f.Name), count(f.Value)
		if name == 0 || name > 256 || value == 0 || value > 1024 {
			return 0, invalidForm("embeds.fields: length")
		}
		size += name + value
	}
	return size, nil
}

func attached(w words, files map[string][]byte, name string) bool {
	for _, a := range w.Attachments {
		if a.Name == name && len(files[fmt.Sprint(a.ID)]) > 0 {
			return true
		}
	}
	return false
}

func checkComponents(w words) error {
	if len(w.Components) > 5 {
		return invalidForm("components: must be 5 or fewer")
	}
	seen := make(map[string]bool)
	for _, row := range w.Components {
		if row.Kind != 1 || len(row.Components) == 0 || len(row.Components) > 5 {
			return invalidForm("components: a row has 1 to 5 buttons")
		}
		for _, b := range row.Components {
			if err := b.check(); err != nil {
				return err
			}
			if b.ID != "" && seen[b.ID] {
				return refuse(http.StatusBadRequest, 50035, "Component custom id cannot be duplicated")
			}
			seen[b.ID] = true
		}
	}
	return nil
}

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
