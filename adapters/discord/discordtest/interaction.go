package discordtest

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"
)

// Kinds of interaction.
const (
	Command      = 2
	Component    = 3
	Autocomplete = 4
	Modal        = 5
)

// Deadlines of an interaction (Discord: interaction callbacks).
const (
	firstResponse = 3 * time.Second
	tokenAge      = 15 * time.Minute
)

// Deed is something that a person does.
type Deed struct {
	Kind    int    // of interaction; 0 for Command
	User    string // "" for a person of Guild
	Channel string // "" for General; a direct channel has no Guild
	Guild   string // "" for Guild, "-" for none: a direct message
	Locale  string // "" for en-US
	// Permissions are the person's, AppPermissions the bot's there.
	Permissions    uint64
	AppPermissions uint64
	Roles          []string

	Name    string         // of the command
	Sub     string         // of the sub-command; "" for none
	Options map[string]any // named values
	Focus   string         // the option that is being typed
	// In names another channel, in the option "in".
	In string

	CustomID string            // of the button or the form
	Form     map[string]string // what was entered
	Message  string            // the id of the message that carries the button

	ID      string          // "" for a new one
	Data    json.RawMessage // sent as it is in place of all this
	Started time.Time       // when it was done; zero for now
}

// Reply is the first response to an interaction.
type Reply struct {
	Kind      int // Discord's callback type
	Data      json.RawMessage
	Ephemeral bool
	Files     map[string][]byte
}

// Exchange is an interaction and its answers.
type Exchange struct {
	ID, Token string

	server   *Server
	deed     Deed
	started  time.Time
	reply    *Reply
	original *Message
	later    []*Message
}

// Interact lets a person do something. It needs a connected client.
func (s *Server) Interact(d Deed) (*Exchange, error) {
	s.mu.Lock()
	if s.gateway.current == nil {
		s.mu.Unlock()
		return nil, errors.New("no client is connected")
	}
	d.fill()
	e := &Exchange{ID: d.ID, Token: newToken(), server: s, deed: d, started: d.Started}
	if e.ID == "" {
		e.ID = s.newID()
	}
	if e.started.IsZero() {
		e.started = s.now()
	}
	s.interactions[e.Token] = e
	described := s.describe(e)
	s.mu.Unlock()
	s.Dispatch("INTERACTION_CREATE", described)
	return e, nil
}

func (d *Deed) fill() {
	if d.Kind == 0 {
		d.Kind = Command
	}
	if d.User == "" {
		d.User = "500000000000000001"
	}
	if d.Guild == "" {
		d.Guild = Guild
	}
	if d.Channel == "" {
		d.Channel = General
	}
	if d.Locale == "" {
		d.Locale = "en-US"
	}
	if d.AppPermissions == 0 {
		d.AppPermissions = ViewChannel | SendMessages | EmbedLinks | AttachFiles | SendInThreads | 1<<16
	}
}

// describe returns the event that tells of a deed. mu is held.
func (s *Server) describe(e *Exchange) map[string]any {
	d := e.deed
	who := map[string]any{"id": d.User, "username": "person", "global_name": "Person"}
	out := map[string]any{
		"id": e.ID, "application_id": Application, "type": d.Kind, "token": e.Token, "version": 1,
		"channel_id": d.Channel, "locale": d.Locale, "app_permissions": number(d.AppPermissions), "entitlements": []any{},
	}
	if ch, ok := s.channels[d.Channel]; ok {
		out["channel"] = channelJSON(ch)
	}
	if d.Guild == "-" {
		out["user"], out["context"] = who, 1
	} else {
		roles := d.Roles
		if roles == nil {
			roles = []string{}
		}
		out["guild_id"], out["guild_locale"], out["context"] = d.Guild, "en-US", 0
		out["member"] = map[string]any{"user": who, "roles": roles, "permissions": number(d.Permissions)}
	}
	if d.Message != "" {
		out["message"] = map[string]any{"id": d.Message, "channel_id": d.Channel}
	}
	out["data"] = s.deedData(d)
	if d.Data != nil {
		out["data"] = d.Data
	}
	return out
}

func (s *Server) deedData(d Deed) map[string]any {
	switch d.Kind {
	case Component:
		return map[string]any{"custom_id": d.CustomID, "component_type": 2}
	case Modal:
		rows := []any{}
		for name, value := range d.Form {
			rows = append(rows, map[string]any{"type": 1, "components": []any{
				map[string]any{"type": 4, "custom_id": name, "value": value},
			}})
		}
		return map[string]any{"custom_id": d.CustomID, "components": rows}
	}
	options := []any{}
	for name, value := range d.Options {
		o := map[string]any{"name": name, "type": 3, "value": value}
		if name == d.Focus {
			o["focused"] = true
		}
		options = append(options, o)
	}
	data := map[string]any{"id": "1", "name": d.Name, "type": 1}
	if ch := s.channels[d.In]; ch != nil {
		options = append(options, map[string]any{"name": "in", "type": 7, "value": d.In})
	}
	// Discord describes no channel while a value is being typed.
	if ch := s.channels[d.In]; ch != nil && d.Kind != Autocomplete {
		resolved := channelJSON(ch)
		resolved["permissions"], resolved["app_permissions"] = number(d.Permissions), number(d.AppPermissions)
		data["resolved"] = map[string]any{"channels": map[string]any{d.In: resolved}}
	}
	if d.Sub != "" {
		options = []any{map[string]any{"name": d.Sub, "type": 1, "options": options}}
	}
	data["options"] = options
	return data
}

// First returns the first response, waiting for it.
func (e *Exchange) First(ctx context.Context) (Reply, error) {
	err := e.server.await(ctx, func() bool { return e.reply != nil })
	if err != nil {
		return Reply{}, err
	}
	e.server.mu.Lock()
	defer e.server.mu.Unlock()
	return *e.reply, nil
}

// Original returns the message of the first response when it has words, waiting
// for them.
func (e *Exchange) Original(ctx context.Context) (Message, error) {
	err := e.server.await(ctx, func() bool { return e.original != nil && len(e.original.Body) > 0 })
	if err != nil {
		return Message{}, err
	}
	e.server.mu.Lock()
	defer e.server.mu.Unlock()
	return *e.original, nil
}

// Later returns the messages after the first response, waiting for so many.
func (e *Exchange) Later(ctx context.Context, n int) ([]Message, error) {
	if err := e.server.await(ctx, func() bool { return len(e.later) >= n }); err != nil {
		return nil, err
	}
	e.server.mu.Lock()
	defer e.server.mu.Unlock()
	list := make([]Message, 0, len(e.later))
	for _, m := range e.later {
		list = append(list, *m)
	}
	return list, nil
}

func (s *Server) callback(c call) (any, error) {
	var b struct {
		Kind int             `json:"type"`
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(c.body, &b); err != nil {
		return nil, invalidForm("%v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.interactions[c.PathValue("token")]
	if e == nil || e.ID != c.PathValue("id") || s.now().Sub(e.started) > firstResponse {
		return nil, refuse(http.StatusNotFound, 10062, "Unknown interaction")
	}
	if e.reply != nil {
		return nil, refuse(http.StatusBadRequest, 40060, "Interaction has already been acknowledged.")
	}
	if err := e.fits(b.Kind, b.Data, c.files); err != nil {
		return nil, err
	}
	var flags struct {
		Flags int `json:"flags"`
	}
	_ = json.Unmarshal(b.Data, &flags) // there may be no data
	e.reply = &Reply{Kind: b.Kind, Data: b.Data, Ephemeral: flags.Flags&64 != 0, Files: c.files}
	switch b.Kind {
	case 4, 5:
		e.original = &Message{ID: s.newID(), Channel: e.deed.Channel, Files: c.files, Ephemeral: e.reply.Ephemeral}
		if b.Kind == 4 {
			e.original.Body = b.Data
		}
		s.messages[e.original.ID] = e.original
	case 6, 7:
		e.original = s.messages[e.deed.Message]
		if e.original == nil { // a message of before this server
			e.original = &Message{ID: e.deed.Message, Channel: e.deed.Channel}
		}
		if b.Kind == 7 {
			s.change(e.original, call{body: b.Data, files: c.files})
		}
	}
	s.tell()
	return nil, nil
}

// fits tells whether a response is one that the interaction takes.
func (e *Exchange) fits(kind int, data json.RawMessage, files map[string][]byte) error {
	component := e.deed.Kind == Component || e.deed.Kind == Modal && e.deed.Message != ""
	switch kind {
	case 4, 7:
		if kind == 7 && !component || e.deed.Kind == Autocomplete {
			return invalidForm("type: %d is no response to this", kind)
		}
		_, err := checkWords(data, files, kind == 7)
		return err
	case 5:
		if e.deed.Kind == Autocomplete {
			return invalidForm("type: 5 is no response to this")
		}
	case 6:
		if !component {
			return invalidForm("type: 6 is no response to this")
		}
	case 8:
		return e.fitsChoices(data)
	case 9:
		return e.fitsModal(data)
	default:
		return invalidForm("type: unknown")
	}
	return nil
}

func (e *Exchange) fitsChoices(data json.RawMessage) error {
	var b struct {
		Choices []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"choices"`
	}
	if e.deed.Kind != Autocomplete || json.Unmarshal(data, &b) != nil || b.Choices == nil || len(b.Choices) > 25 {
		return invalidForm("choices")
	}
	for _, ch := range b.Choices {
		if n := utf8.RuneCountInString(ch.Name); n < 1 || n > 100 || utf8.RuneCountInString(ch.Value) > 100 {
			return invalidForm("choices: length")
		}
	}
	return nil
}

func (e *Exchange) fitsModal(data json.RawMessage) error {
	var b struct {
		ID         string `json:"custom_id"`
		Title      string `json:"title"`
		Components []struct {
			Components []struct {
				Label string `json:"label"`
				Value string `json:"value"`
				Hint  string `json:"placeholder"`
			} `json:"components"`
		} `json:"components"`
	}
	if e.deed.Kind == Modal || e.deed.Kind == Autocomplete || json.Unmarshal(data, &b) != nil {
		return invalidForm("type: 9 is no response to this")
	}
	if b.ID == "" || len(b.ID) > 100 || !between(count(b.Title), 1, 45) || !between(len(b.Components), 1, 5) {
		return invalidForm("modal")
	}
	for _, row := range b.Components {
		for _, in := range row.Components {
			if !between(count(in.Label), 1, 45) || count(in.Hint) > 100 || count(in.Value) > 4000 {
				return invalidForm("modal: length")
			}
		}
	}
	return nil
}

func between(n, least, most int) bool { return n >= least && n <= most }

// open returns the interaction of a token that may still be used. mu is held.
func (s *Server) open(c call) (*Exchange, error) {
	e := s.interactions[c.PathValue("token")]
	if e == nil || c.PathValue("app") != Application || e.reply == nil {
		return nil, refuse(http.StatusNotFound, 10015, "Unknown Webhook")
	}
	if s.now().Sub(e.started) > tokenAge {
		return nil, refuse(http.StatusUnauthorized, 50027, "Invalid Webhook Token")
	}
	return e, nil
}

func (s *Server) followUp(c call) (any, error) {
	w, err := checkWords(c.body, c.files, false)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.open(c)
	if err != nil {
		return nil, err
	}
	m := &Message{ID: s.newID(), Channel: e.deed.Channel, Body: c.body, Files: c.files, Ephemeral: w.Flags&64 != 0}
	s.messages[m.ID] = m
	e.later = append(e.later, m)
	s.tell()
	return s.messageJSON(m), nil
}

func (s *Server) editFollowUp(c call) (any, error) {
	if _, err := checkWords(c.body, c.files, true); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.open(c)
	if err != nil {
		return nil, err
	}
	m := e.original
	if id := c.PathValue("message"); id != "@original" {
		m = s.messages[id]
	}
	if m == nil || m.Deleted {
		return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	s.change(m, c)
	return s.messageJSON(m), nil
}

func (s *Server) deleteFollowUp(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, err := s.open(c)
	if err != nil {
		return nil, err
	}
	if e.original == nil || e.original.Deleted {
		return nil, refuse(http.StatusNotFound, 10008, "Unknown Message")
	}
	e.original.Deleted = true
	return nil, nil
}
