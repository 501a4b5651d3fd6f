package discordtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf8"
)

func (s *Server) getGateway(c call) (any, error) {
	return map[string]any{"url": "ws://" + c.Host + "/ws"}, nil
}

func (s *Server) getGatewayBot(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"url": "ws://" + c.Host + "/ws", "shards": 1,
		"session_start_limit": map[string]any{
			"total": 1000, "remaining": max(s.options.Starts-s.gateway.identifies, 0), "reset_after": 3_600_000, "max_concurrency": 1,
		},
	}, nil
}

func me() map[string]any {
	return map[string]any{"id": Application, "username": "bellwether", "discriminator": "0000", "bot": true}
}

func (s *Server) getMe(call) (any, error) { return me(), nil }

func (s *Server) openDirect(c call) (any, error) {
	var b struct {
		Recipient string `json:"recipient_id"`
	}
	if err := json.Unmarshal(c.body, &b); err != nil || b.Recipient == "" {
		return nil, refuse(http.StatusBadRequest, 50033, "Invalid Recipient(s)")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id, ok := s.directs[b.Recipient]
	if !ok {
		id = s.newID()
		s.directs[b.Recipient] = id
		s.channels[id] = &Channel{ID: id, Kind: 1, Name: b.Recipient}
	}
	return map[string]any{"id": id, "type": 1, "recipients": []any{map[string]any{"id": b.Recipient}}}, nil
}

func (s *Server) getCommands(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.commands[c.PathValue("guild")]
	var list []map[string]any
	if len(kept) > 0 {
		if err := json.Unmarshal(kept, &list); err != nil {
			return nil, err
		}
	}
	// What Discord adds.
	for i := range list {
		list[i]["id"], list[i]["application_id"], list[i]["version"] = s.newID(), Application, s.newID()
		list[i]["default_member_permissions"], list[i]["nsfw"], list[i]["name_localizations"] = nil, false, nil
	}
	if list == nil {
		list = []map[string]any{}
	}
	return list, nil
}

func (s *Server) putCommands(c call) (any, error) {
	var list []commandPart
	if err := json.Unmarshal(c.body, &list); err != nil {
		return nil, invalidForm("%v", err)
	}
	if len(list) > 100 {
		return nil, refuse(http.StatusBadRequest, 30032, "Maximum number of application commands reached")
	}
	for _, command := range list {
		size := 0
		if err := command.check(&size); err != nil {
			return nil, err
		}
		if size > 8000 {
			return nil, invalidForm("command %s is too long", command.Name)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands[c.PathValue("guild")] = c.body
	s.commandPuts++
	return c.body, nil
}

// commandPart is a command or one of its options.
type commandPart struct {
	Kind         int    `json:"type"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	Required     bool   `json:"required"`
	Autocomplete bool   `json:"autocomplete"`
	Choices      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"choices"`
	Options []commandPart `json:"options"`
}

func isName(s string) bool {
	return s != "" && len(s) <= 32 && s == strings.ToLower(s) && !strings.ContainsAny(s, " .:/")
}

func (p commandPart) check(size *int) error {
	if !isName(p.Name) {
		return invalidForm("name %q", p.Name)
	}
	if n := utf8.RuneCountInString(p.Description); n < 1 || n > 100 {
		return invalidForm("description of %q", p.Name)
	}
	if len(p.Options) > 25 || len(p.Choices) > 25 || len(p.Choices) > 0 && p.Autocomplete {
		return invalidForm("options of %q", p.Name)
	}
	*size += utf8.RuneCountInString(p.Name) + utf8.RuneCountInString(p.Description)
	for _, ch := range p.Choices {
		*size += utf8.RuneCountInString(ch.Name) + utf8.RuneCountInString(ch.Value)
	}
	return p.checkOptions(size)
}

func (p commandPart) checkOptions(size *int) error {
	optional := false
	for _, o := range p.Options {
		if o.Required && optional {
			return invalidForm("required options of %q come first", p.Name)
		}
		optional = optional || !o.Required
		if err := o.check(size); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) getGuild(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	guild := c.PathValue("guild")
	if _, ok := s.guilds[guild]; !ok {
		return nil, refuse(http.StatusNotFound, 10004, "Unknown Guild")
	}
	roles := []any{map[string]any{"id": guild, "name": "@everyone", "permissions": "3072"}}
	for key, m := range s.members {
		if in, _, _ := strings.Cut(key, " "); in == guild {
			for _, id := range m.roles {
				roles = append(roles, map[string]any{"id": id, "permissions": number(m.permissions)})
			}
		}
	}
	return map[string]any{"id": guild, "name": "Guild", "owner_id": "400000000000000001", "roles": roles}, nil
}

func (s *Server) getMember(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.members[c.PathValue("guild")+" "+c.PathValue("user")]
	if !ok {
		return nil, refuse(http.StatusNotFound, 10007, "Unknown Member")
	}
	return map[string]any{"user": map[string]any{"id": c.PathValue("user")}, "roles": m.roles}, nil
}

func (s *Server) getChannel(c call) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, err := s.reach(c.PathValue("channel"), 0)
	if err != nil {
		return nil, err
	}
	return channelJSON(ch), nil
}

func channelJSON(c *Channel) map[string]any {
	out := map[string]any{"id": c.ID, "type": c.Kind, "name": c.Name, "parent_id": nil}
	if c.Guild != "" {
		out["guild_id"] = c.Guild
	}
	if c.Parent != "" {
		out["parent_id"] = c.Parent
	}
	if c.Tags != nil {
		out["available_tags"] = c.Tags
	}
	if c.Kind >= 10 && c.Kind <= 12 {
		out["thread_metadata"] = map[string]any{"archived": false, "locked": c.Locked}
	}
	return out
}

func (s *Server) guildJSON(id string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	channels, threads := []any{}, []any{}
	for _, c := range s.channels {
		if c.Guild != id {
			continue
		}
		made := channelJSON(c)
		delete(made, "guild_id") // the gateway leaves it out here
		if c.Kind >= 10 && c.Kind <= 12 {
			threads = append(threads, made)
		} else {
			channels = append(channels, made)
		}
	}
	return map[string]any{"id": id, "name": "Guild", "channels": channels, "threads": threads, "roles": []any{}, "members": []any{}}
}
