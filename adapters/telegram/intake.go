package telegram

import (
	"strconv"
	"strings"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// Identities of Telegram's own that speak for others. None of them authorises
// anything (tdlib, UserManager: anonymous administrators, channels as senders,
// the service account that forwards a channel's posts into its group).
const (
	anonymousAdmin = 1087968824
	channelSender  = 136817688
	serviceAccount = 777000
)

// generalTopic is the id of a forum's general topic. A send that names it is
// refused.
const generalTopic = "1"

// PickChannel is the data of a button that Telegram shows as a key which lets
// the person choose one of their channels. What they choose arrives as a
// request without words whose option OptionSharedChat is set.
const PickChannel = "pick:channel"

// Options of a request that tells which chat a person chose.
const (
	OptionSharedChat  = "shared_chat"  // the chat's id
	OptionSharedTitle = "shared_title" // what it is called; may be ""
)

// deed is what one update means: a request, signals, or nothing.
type deed struct {
	request *bot.Request
	signals []bot.Signal
	query   string // the callback query to answer; "" for none
}

// read tells what an update means to us.
func (c *Client) read(u update) deed {
	switch {
	case u.Callback != nil:
		return c.readCallback(u)
	case u.Standing != nil:
		return deed{signals: c.readStanding(*u.Standing)}
	case u.Message != nil:
		if signals := c.readService(*u.Message); len(signals) > 0 {
			return deed{signals: signals}
		}
		return deed{request: c.readMessage(u.ID, *u.Message)}
	}
	return deed{}
}

// readMessage returns the request that a message is, nil where it is not for us.
func (c *Client) readMessage(id int64, m chatMessage) *bot.Request {
	if isNobodys(m) {
		return nil
	}
	r := c.newRequest(id, m)
	r.Reply = strconv.FormatInt(m.ID, 10)
	if m.ReplyTo != nil && c.isSelf(m.ReplyTo.From) {
		r.Message = strconv.FormatInt(m.ReplyTo.ID, 10)
	}
	if m.ChatShared != nil {
		r.Options = map[string]string{
			OptionSharedChat:  strconv.FormatInt(m.ChatShared.ChatID, 10),
			OptionSharedTitle: message.Label(m.ChatShared.Title),
		}
		return &r
	}
	direct := m.Chat.Type == "private" || r.Message != ""
	text, entities := m.Text, m.Entities
	if text == "" {
		text, entities = m.Caption, m.OfCaption
	}
	said := text != ""
	if rest, named := c.unmention(text, entities); named {
		r.Mentioned, direct, text, entities = true, true, rest, nil
	}
	if command, ok := parseCommand(text, entities); ok {
		if !c.isOurs(command, direct) {
			return nil
		}
		r.Command, r.Text = command.name, command.rest
		return &r
	}
	if !said || !direct {
		return nil
	}
	r.Text = strings.TrimSpace(text)
	return &r
}

// isNobodys tells whether no person wrote a message: a channel's post, its
// automatic forward, another bot. An anonymous administrator looks like a bot
// that speaks for a chat.
func isNobodys(m chatMessage) bool {
	if m.Chat.Type == "channel" || m.Forwarded {
		return true
	}
	return m.From != nil && (m.From.ID == serviceAccount || m.From.IsBot && m.SenderChat == nil)
}

// isOurs tells whether a command is meant for this bot. In a group with other
// bots a command without a suffix is ours only where we have it; spoken
// directly to us, every command is.
func (c *Client) isOurs(command typed, direct bool) bool {
	if command.suffix != "" {
		self := c.self.Load()
		return self != nil && strings.EqualFold(command.suffix, self.Username)
	}
	return direct || len(c.known) == 0 || c.known[command.name]
}

func (c *Client) isSelf(u *user) bool {
	self := c.self.Load()
	return u != nil && self != nil && u.ID == self.ID
}

// newRequest returns a request with all that a message tells of who and where.
func (c *Client) newRequest(id int64, m chatMessage) bot.Request {
	r := bot.Request{
		ID:    "telegram/" + c.account + "/" + strconv.FormatInt(id, 10),
		Place: c.place(m),
		At:    time.Unix(m.Date, 0).UTC(),
	}
	switch {
	case m.SenderChat != nil && m.SenderChat.ID == m.Chat.ID:
		r.Role, r.Anonymous = subscriptions.RoleNobody, true
	case m.SenderChat != nil, m.From == nil,
		m.From.ID == anonymousAdmin, m.From.ID == channelSender:
		r.Role = subscriptions.RoleNobody
	default:
		r.Identity, r.Locale = identity(*m.From), m.From.Language
		r.Role = roleBefore(m.Chat.Type)
	}
	return r
}

// roleBefore is the role that needs no question: a private chat's person is its
// member; everywhere else Telegram has to be asked.
func roleBefore(chatType string) subscriptions.Role {
	if chatType == "private" {
		return subscriptions.RoleMember
	}
	return subscriptions.RoleUnknown
}

func identity(u user) subscriptions.Identity {
	return subscriptions.Identity{
		Platform: subscriptions.Telegram,
		User:     strconv.FormatInt(u.ID, 10),
		Name:     u.name(),
	}
}

// readCallback returns the request that a pressed button is. Its data is handed
// on as it came: it may be forged or old, and authorises nothing.
func (c *Client) readCallback(u update) deed {
	q := u.Callback
	d := deed{query: q.ID}
	if q.Message == nil || q.Message.Chat.ID == 0 {
		return d // the message is too old to say where it was
	}
	m := *q.Message
	// The message's sender is the bot itself: who pressed is in the query.
	m.SenderChat, m.From = nil, &q.From
	r := c.newRequest(u.ID, m)
	r.At = c.now().UTC()
	r.Button = q.Data
	r.Message = strconv.FormatInt(q.Message.ID, 10)
	if len(m.Photo) > 0 {
		c.photos.note(r.Place.Address.Chat, r.Message)
	}
	d.request = &r
	return d
}

// place returns the destination that a message was written in.
func (c *Client) place(m chatMessage) subscriptions.Destination {
	thread := ""
	// Replies outside of topics carry a thread id too; only this tells.
	if m.IsTopic && m.Thread != 0 {
		thread = strconv.FormatInt(m.Thread, 10)
	}
	d := c.placeOf(m.Chat, thread)
	// What is written in a topic answers, where it answers nothing else, the
	// message that began the topic.
	if d.Address.Thread != "" && m.ReplyTo != nil && m.ReplyTo.TopicCreated != nil {
		d.Title = topicTitle(m.Chat, m.ReplyTo.TopicCreated.Name)
	}
	return d
}

// topicTitle is what a topic is called, as a place of its chat.
func topicTitle(where chat, name string) string {
	if name = message.Label(name); name == "" {
		return where.title()
	}
	return message.Label(where.title() + " › " + name)
}

func (c *Client) placeOf(where chat, thread string) subscriptions.Destination {
	if thread == generalTopic {
		thread = ""
	}
	id := strconv.FormatInt(where.ID, 10)
	d := subscriptions.Destination{
		Address: c.address(id, thread),
		Kind:    kindOf(where.Type),
		Title:   where.title(),
	}
	if d.Kind != subscriptions.Private {
		d.Community = id
	}
	return d
}

func kindOf(chatType string) subscriptions.DestinationKind {
	switch chatType {
	case "private", "sender":
		return subscriptions.Private
	case "channel":
		return subscriptions.Broadcast
	}
	return subscriptions.Group
}
