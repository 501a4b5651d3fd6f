package discord

import (
	"context"
	"strings"
	"sync"
	"time"

	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// directPrefix begins the Chat of a person's direct messages.
const directPrefix = "dm:"

// maxChannels bounds what is remembered of channels; it is emptied when full,
// and Discord is asked again.
const maxChannels = 50_000

// channel is what is read of a channel or thread.
type channel struct {
	ID     string       `json:"id"`
	Kind   int          `json:"type"`
	Guild  string       `json:"guild_id"`
	Parent string       `json:"parent_id"`
	Name   string       `json:"name"`
	Tags   []channelTag `json:"available_tags"`
	Thread *struct {
		Archived bool `json:"archived"`
		Locked   bool `json:"locked"`
	} `json:"thread_metadata"`

	// Of the channels that an interaction names: what the person, and what the
	// bot, may do there.
	Permissions    string `json:"permissions"`
	AppPermissions string `json:"app_permissions"`

	asked time.Time // when Discord's REST API told it; zero for the gateway
}

// channelTag is one of a forum's tags.
type channelTag struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// channelMap remembers channels, as the gateway and the API tell of them.
type channelMap struct {
	mu       sync.Mutex
	channels map[string]channel
}

func (m *channelMap) get(id string) (channel, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	ch, ok := m.channels[id]
	return ch, ok
}

func (m *channelMap) put(ch channel) {
	if ch.ID == "" {
		return
	}
	ch.Permissions, ch.AppPermissions = "", ""
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.channels[ch.ID]; ok {
		if ch.Guild == "" {
			ch.Guild = old.Guild
		}
	} else if len(m.channels) >= maxChannels {
		clear(m.channels)
	}
	m.channels[ch.ID] = ch
}

func (m *channelMap) drop(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.channels, id)
}

// dropGuild forgets the channels of a server.
func (m *channelMap) dropGuild(guild string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, ch := range m.channels {
		if ch.Guild == guild {
			delete(m.channels, id)
		}
	}
}

// channel returns a channel, asking Discord where it is not known.
func (c *Client) channel(ctx context.Context, id string) (channel, error) {
	if ch, ok := c.places.get(id); ok {
		return ch, nil
	}
	return c.askChannel(ctx, id)
}

func (c *Client) askChannel(ctx context.Context, id string) (channel, error) {
	var ch channel
	if err := c.ask(ctx, request{method: "GET", path: "channels/" + id}, nil, &ch); err != nil {
		return ch, err
	}
	ch.asked = c.now()
	c.places.put(ch)
	return ch, nil
}

// place returns a channel or thread as a destination.
func (c *Client) place(ch channel) subscriptions.Destination {
	d := subscriptions.Destination{
		Address: c.address(ch.ID, ""), Kind: subscriptions.Group,
		Title: message.Label(ch.Name), Community: ch.Guild,
	}
	switch {
	case isThread(ch.Kind):
		d.Address = c.address(ch.Parent, ch.ID)
	case isForum(ch.Kind):
		d.Kind = subscriptions.Forum
	case ch.Kind == channelAnnouncement:
		d.Kind = subscriptions.Broadcast
	}
	return d
}

// directPlace returns a person's direct messages as a destination.
func (c *Client) directPlace(user, name string) subscriptions.Destination {
	return subscriptions.Destination{Address: c.address(directPrefix+user, ""), Kind: subscriptions.Private, Title: message.Label(name)}
}

// directChannels remembers the channels of direct messages.
type directChannels struct {
	mu   sync.Mutex
	open map[string]string // user to channel
}

func (d *directChannels) get(user string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.open[user]
}

func (d *directChannels) put(user, ch string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.open) >= maxChannels {
		clear(d.open)
	}
	d.open[user] = ch
}

func (d *directChannels) drop(user string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, user)
}

func (c *Client) directName(user string) string { return "discord/" + c.account + "/dm/" + user }

// directChannel returns the channel of a person's direct messages. It is
// opened once, since Discord limits how many a bot may open.
func (c *Client) directChannel(ctx context.Context, user string) (string, error) {
	if id := c.direct.get(user); id != "" {
		return id, nil
	}
	if id, err := c.memory.Recall(ctx, c.directName(user)); err == nil && isID(id) {
		c.direct.put(user, id)
		return id, nil
	}
	var ch channel
	body := map[string]string{"recipient_id": user}
	if err := c.ask(ctx, request{method: "POST", path: "users/@me/channels"}, body, &ch); err != nil {
		return "", err
	}
	c.keepDirect(ctx, user, ch.ID)
	return ch.ID, nil
}

// keepDirect remembers a person's channel over restarts.
func (c *Client) keepDirect(ctx context.Context, user, id string) {
	if !isID(id) || c.direct.get(user) == id {
		return
	}
	c.direct.put(user, id)
	if err := c.memory.Keep(ctx, c.directName(user), id); err != nil {
		c.log.Warn("keep direct channel", "error", err)
	}
}

// tagsOf returns the ids of a forum's tags, which people name by their words.
func (c *Client) tagsOf(ctx context.Context, forum string, names []string) []string {
	const most = 5 // Discord: a post has at most 5 tags
	var ids []string
	var known []channelTag
	for _, name := range names {
		if len(ids) == most {
			break
		}
		if isID(name) && len(name) >= 17 {
			ids = append(ids, name)
			continue
		}
		if known == nil {
			ch, err := c.channel(ctx, forum)
			if err == nil && len(ch.Tags) == 0 && c.now().Sub(ch.asked) > time.Minute {
				ch, err = c.askChannel(ctx, forum)
			}
			if err != nil {
				c.log.Warn("ask for a forum's tags", "error", err)
				break
			}
			known = ch.Tags
		}
		for _, tag := range known {
			if strings.EqualFold(strings.TrimSpace(tag.Name), strings.TrimSpace(name)) {
				ids = append(ids, tag.ID)
				break
			}
		}
	}
	return ids
}
