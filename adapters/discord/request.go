package discord

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// Kinds of interaction (Discord: interaction type).
const (
	interactionCommand      = 2
	interactionComponent    = 3
	interactionAutocomplete = 4
	interactionModal        = 5
)

// aimMark stands, before the channel's id, at the end of the data of a button
// under an answer about another channel than the one that it was given in.
const aimMark = "@"

// elsewhere is the option with which a command of moderators is meant for
// another channel than the one in which it is typed: nobody can type in a forum.
const elsewhere = "in"

// interaction is what is read of an interaction. Every part may be missing.
type interaction struct {
	ID          string           `json:"id"`
	Application string           `json:"application_id"`
	Token       string           `json:"token"`
	Kind        int              `json:"type"`
	Data        *interactionData `json:"data"`
	Guild       string           `json:"guild_id"`
	ChannelID   string           `json:"channel_id"`
	Channel     *channel         `json:"channel"`
	Member      *struct {
		User        *user    `json:"user"`
		Nick        string   `json:"nick"`
		Roles       []string `json:"roles"`
		Permissions string   `json:"permissions"`
	} `json:"member"`
	User    *user `json:"user"`
	Message *struct {
		ID string `json:"id"`
	} `json:"message"`
	about          string // the other channel that it is about; "" for none
	Locale         string `json:"locale"`
	GuildLocale    string `json:"guild_locale"`
	AppPermissions string `json:"app_permissions"`
}

type user struct {
	ID         string `json:"id"`
	Name       string `json:"username"`
	GlobalName string `json:"global_name"`
}

func (u user) shown() string {
	if u.GlobalName != "" {
		return message.Label(u.GlobalName)
	}
	return message.Label(u.Name)
}

type interactionData struct {
	Name       string            `json:"name"`
	Options    []option          `json:"options"`
	CustomID   string            `json:"custom_id"`
	Components []json.RawMessage `json:"components"`
	Resolved   struct {
		Channels map[string]channel `json:"channels"`
	} `json:"resolved"`
}

// option is a value of a command, or a sub-command with values.
type option struct {
	Name    string          `json:"name"`
	Kind    int             `json:"type"`
	Value   json.RawMessage `json:"value"`
	Focused bool            `json:"focused"`
	Options []option        `json:"options"`
}

// text returns the value as it was typed, whatever its kind.
func (o option) text() string {
	raw := bytes.TrimSpace(o.Value)
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if raw[0] == '{' || raw[0] == '[' {
		return ""
	}
	return string(raw)
}

// person returns who acted; nil where the interaction does not say.
func (i *interaction) person() *user {
	if i.Member != nil && i.Member.User != nil && i.Member.User.ID != "" {
		return i.Member.User
	}
	if i.User != nil && i.User.ID != "" {
		return i.User
	}
	return nil
}

// inGuild tells whether it was done in a server.
func (i *interaction) inGuild() bool { return i.Guild != "" && i.Member != nil }

// messageID returns the id of the message that carries what was pressed.
func (i *interaction) messageID() string {
	if i.Message == nil {
		return ""
	}
	return i.Message.ID
}

// started returns when the person acted: ids hold the time (Discord:
// snowflakes, milliseconds since 2015).
func (i *interaction) started() (time.Time, bool) {
	n, err := strconv.ParseInt(i.ID, 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	const epoch = 1420070400000
	return time.UnixMilli(n>>22 + epoch).UTC(), true
}

// read turns an interaction into a request. The problem is "" or says why it is
// none that can be handled.
func (c *Client) read(i *interaction) (r bot.Request, focus option, problem string) {
	who := i.person()
	if who == nil || i.ID == "" || i.Token == "" || i.Data == nil {
		return r, focus, sayNotUnderstood
	}
	r = bot.Request{
		ID:       "discord/" + c.account + "/" + i.ID,
		Identity: subscriptions.Identity{Platform: subscriptions.Discord, User: who.ID, Name: who.shown()},
		Role:     subscriptions.RoleMember,
		Message:  i.messageID(),
		Locale:   i.Locale,
		At:       c.now().UTC(),
	}
	c.readPlace(i, &r)
	switch i.Kind {
	case interactionCommand, interactionAutocomplete:
		focus, problem = c.readCommand(i, &r)
	case interactionComponent, interactionModal:
		var about string
		if r.Button, about = cutAim(i.Data.CustomID); about != "" && i.inGuild() {
			problem = c.aim(i, &r, about)
		}
		if i.Kind == interactionModal {
			r.Form = readForm(i.Data.Components)
		}
	}
	if r.Command == "" && r.Button == "" {
		problem = sayNotUnderstood
	}
	return r, focus, problem
}

// readPlace tells where it was done and what the person and the bot may do there.
func (c *Client) readPlace(i *interaction, r *bot.Request) {
	if !i.inGuild() {
		r.Place = c.directPlace(r.Identity.User, r.Identity.Name)
		r.Place.Locale = i.Locale
		return
	}
	ch := channel{ID: i.ChannelID}
	if known, ok := c.places.get(i.ChannelID); ok {
		ch = known
	}
	if i.Channel != nil && i.Channel.ID != "" {
		if i.Channel.Parent == "" {
			i.Channel.Parent = ch.Parent
		}
		tags := ch.Tags
		ch = *i.Channel
		if len(ch.Tags) == 0 {
			ch.Tags = tags
		}
	}
	ch.Guild = i.Guild
	c.places.put(ch)
	r.Roles = i.Member.Roles
	c.setPlace(r, ch, i.Member.Permissions, i.AppPermissions)
	r.Place.Locale = i.GuildLocale
	c.roles.put(roleKey{i.Guild, r.Identity.User}, roleEntry{r.Role, c.now()})
}

func (c *Client) setPlace(r *bot.Request, ch channel, permissions, appPermissions string) {
	locale := r.Place.Locale
	r.Place = c.place(ch)
	r.Place.Locale = locale
	r.Lacks, r.Wants = lacks(appPermissions, ch.Kind)
	r.Tags = nil
	for _, tag := range ch.Tags {
		r.Tags = append(r.Tags, tag.Name)
	}
	r.Role = subscriptions.RoleMember
	if have, ok := readPermissions(permissions); ok && moderates(have) {
		r.Role = subscriptions.RoleModerator
	}
}

// readCommand reads a command's name and values, and returns the value that is
// being typed.
func (c *Client) readCommand(i *interaction, r *bot.Request) (focus option, problem string) {
	const subCommand, subCommandGroup = 1, 2
	r.Command = i.Data.Name
	options := i.Data.Options
	for len(options) == 1 && (options[0].Kind == subCommand || options[0].Kind == subCommandGroup) {
		r.Sub = options[0].Name
		options = options[0].Options
	}
	r.Options = make(map[string]string, len(options))
	for _, o := range options {
		if o.Focused {
			focus = o
		}
		if o.Name != elsewhere {
			r.Options[o.Name] = o.text()
		} else if i.inGuild() {
			problem = c.aim(i, r, o.text())
		}
	}
	r.Text = c.typed(*r)
	return focus, problem
}

// aim makes a request be about another channel of the server than the one in
// which it was made. The problem is "" or says why it cannot be: who may not see
// a channel learns nothing of it. While a value is being typed Discord does not
// say what the person may do there, and moderators alone are believed: their
// right is one in all of the server. A button is under an answer that was given
// to the person alone.
func (c *Client) aim(i *interaction, r *bot.Request, id string) (problem string) {
	ch, told := i.Data.Resolved.Channels[id]
	known, isKnown := c.places.get(id)
	if !told && !isKnown || isKnown && known.Guild != "" && known.Guild != i.Guild {
		return sayNotUnderstood
	}
	if !told {
		ch = known
	}
	ch.ID, ch.Guild = id, i.Guild
	if len(ch.Tags) == 0 {
		ch.Tags = known.Tags
	}
	permissions := ch.Permissions
	may, ok := readPermissions(permissions)
	if !ok {
		permissions = i.Member.Permissions
		may, _ = readPermissions(permissions)
		may &^= permViewChannel // of the channel in which it was typed
		if i.Kind == interactionComponent || i.Kind == interactionModal {
			may |= permViewChannel
		}
	}
	if !moderates(may) && may&permViewChannel == 0 {
		return sayHidden
	}
	i.about = id
	c.places.put(ch)
	c.setPlace(r, ch, permissions, ch.AppPermissions)
	return ""
}

// typed puts a command's values together as somebody would type them, in the
// order of the table.
func (c *Client) typed(r bot.Request) string {
	var parts []string
	for _, o := range optionsOf(c.known[r.Command], r.Sub) {
		v := strings.TrimSpace(r.Options[o.Name])
		if v == "" {
			continue
		}
		switch o.Name {
		case "cooldown", "until", "zone", "language", "moderators", "open", "open_role", "pictures", "crosspost", "tags", "mention":
			v = o.Name + " " + v
		case "note":
			v = `"` + strings.ReplaceAll(v, `"`, "'") + `"`
		case "to":
			continue // of platforms with named values
		}
		parts = append(parts, v)
	}
	return strings.Join(parts, " ")
}

// optionsOf returns the options of a command or of its sub-command.
func optionsOf(command bot.Command, sub string) []bot.Option {
	for _, s := range command.Subs {
		if s.Name == sub {
			return s.Options
		}
	}
	return command.Options
}

// maxDepth bounds how deep the fields of a form are looked for.
const maxDepth = 4

// readForm reads the fields of a form, in whatever kind of row they stand.
func readForm(components []json.RawMessage) map[string]string {
	form := make(map[string]string)
	var walk func(raw json.RawMessage, depth int)
	walk = func(raw json.RawMessage, depth int) {
		var part struct {
			CustomID   string            `json:"custom_id"`
			Value      *string           `json:"value"`
			Components []json.RawMessage `json:"components"`
			Component  json.RawMessage   `json:"component"`
		}
		if depth > maxDepth || len(raw) == 0 || json.Unmarshal(raw, &part) != nil {
			return
		}
		if part.CustomID != "" && part.Value != nil {
			form[part.CustomID] = *part.Value
		}
		for _, child := range part.Components {
			walk(child, depth+1)
		}
		walk(part.Component, depth+1)
	}
	for _, raw := range components {
		walk(raw, 0)
	}
	return form
}
