package discord

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// roleAge is how long Discord's word on a person's role is believed.
const roleAge = 60 * time.Second

// maxRoles bounds the cache; it is emptied when full.
const maxRoles = 4096

// errRoleHidden is what people are told where Discord does not say who they are.
var errRoleHidden = errors.New("it is not known who you are there: use a command in that channel")

type roleKey struct{ guild, user string }

type roleEntry struct {
	role subscriptions.Role
	at   time.Time
}

type roleCache struct {
	mu      sync.Mutex
	entries map[roleKey]roleEntry
}

// Role returns what a person may do in a place. A moderator owns the server or
// has Administrator or Manage Server, which no channel gives or takes. The
// answer may be up to 60 s old.
func (c *Client) Role(ctx context.Context, place subscriptions.Address, user string) (subscriptions.Role, error) {
	if owner, ok := strings.CutPrefix(place.Chat, directPrefix); ok {
		if owner == user {
			return subscriptions.RoleMember, nil
		}
		return subscriptions.RoleNobody, nil
	}
	if !isID(user) || !isID(place.Chat) {
		return subscriptions.RoleNobody, nil
	}
	ch, err := c.channel(ctx, place.Chat)
	if err != nil || ch.Guild == "" {
		return subscriptions.RoleUnknown, errRoleHidden
	}
	key := roleKey{ch.Guild, user}
	if role, ok := c.roles.get(key, c.now()); ok {
		return role, nil
	}
	role, err := c.askRole(ctx, ch.Guild, user)
	if err != nil {
		return subscriptions.RoleUnknown, err
	}
	c.roles.put(key, roleEntry{role, c.now()})
	return role, nil
}

// askRole puts together what a person's roles permit in a server.
func (c *Client) askRole(ctx context.Context, guild, user string) (subscriptions.Role, error) {
	var m struct {
		Roles []string `json:"roles"`
	}
	err := c.askPatiently(ctx, request{method: "GET", path: "guilds/" + guild + "/members/" + user, route: "guilds/" + guild + "/members/:id"}, nil, &m)
	var f *outbox.Failure
	if errors.As(err, &f) && (f.Code == "10007" || f.Code == "10013") {
		return subscriptions.RoleNobody, nil
	}
	if err != nil {
		return subscriptions.RoleUnknown, fmt.Errorf("ask for the member: %w", err)
	}
	var g struct {
		Owner string `json:"owner_id"`
		Roles []struct {
			ID          string `json:"id"`
			Permissions string `json:"permissions"`
		} `json:"roles"`
	}
	if err := c.askPatiently(ctx, request{method: "GET", path: "guilds/" + guild}, nil, &g); err != nil {
		return subscriptions.RoleUnknown, fmt.Errorf("ask for the server's roles: %w", err)
	}
	if g.Owner == user {
		return subscriptions.RoleModerator, nil
	}
	var all uint64
	for _, r := range g.Roles {
		// The role with the server's own id is everyone's.
		if r.ID == guild || slices.Contains(m.Roles, r.ID) {
			p, _ := readPermissions(r.Permissions)
			all |= p
		}
	}
	if moderates(all) {
		return subscriptions.RoleModerator, nil
	}
	return subscriptions.RoleMember, nil
}

func (r *roleCache) get(key roleKey, now time.Time) (subscriptions.Role, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	entry, ok := r.entries[key]
	return entry.role, ok && now.Sub(entry.at) < roleAge
}

func (r *roleCache) put(key roleKey, entry roleEntry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.entries) >= maxRoles {
		clear(r.entries)
	}
	r.entries[key] = entry
}

// forget drops what is known of a server's members.
func (r *roleCache) forget(guild string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for key := range r.entries {
		if key.guild == guild {
			delete(r.entries, key)
		}
	}
}
