package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot"
	"bellwether/bot/outbox"
)

// Limits of menus (Bot API, setMyCommands and BotCommand).
const (
	maxMenu  = 100
	maxBrief = 256 // code points
)

type menuEntry struct {
	Command     string `json:"command"`
	Description string `json:"description"`
}

type menu struct {
	Scope   string      `json:"scope"`
	Entries []menuEntry `json:"entries"`
}

// menusOf returns what each kind of chat shows: in private everything, in groups
// what anyone may use, to their administrators everything.
func menusOf(commands []bot.Command) []menu {
	var all, open []menuEntry
	for _, command := range commands {
		if len(all) == maxMenu {
			break
		}
		entry := menuEntry{command.Name, clip(command.Brief, maxBrief)}
		all = append(all, entry)
		if !command.Moderator {
			open = append(open, entry)
		}
	}
	return []menu{
		{"default", open},
		{"all_private_chats", all},
		{"all_group_chats", open},
		{"all_chat_administrators", all},
	}
}

// longestMenuPause bounds how long a try to register the commands waits for the
// next.
const longestMenuPause = 5 * time.Minute

// showMenus registers the commands, where they are not the ones that this
// account registered last. What Telegram does not take now is tried again until
// ctx ends, what it never takes is said once.
func (c *Client) showMenus(ctx context.Context) {
	shown := menusOf(c.commands)
	hash, err := c.menusChanged(ctx, shown)
	pause, said := time.Second, false
	for err == nil && hash != "" && ctx.Err() == nil {
		if len(shown) == 0 {
			err = c.memory.Keep(ctx, c.memoryName("commands"), hash)
			break
		}
		if err = c.showMenu(ctx, shown[0]); err == nil {
			shown = shown[1:]
			continue
		}
		f := asFailure(err)
		if f == nil || f.Class == outbox.Credential || f.Class == outbox.BadMessage {
			break
		}
		if !said {
			c.log.Warn("menus_not_shown_yet", "scope", shown[0].Scope, "error", err)
		}
		said, err = true, nil
		sleep(ctx, max(pause, f.After))
		pause = min(2*pause, longestMenuPause)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		c.log.Warn("menus_not_shown", "error", err)
	case said:
		c.log.Info("menus_shown_at_last")
	}
}

// menusChanged returns the hash of menus that have to be registered, "" where
// they are already.
func (c *Client) menusChanged(ctx context.Context, shown []menu) (hash string, err error) {
	if len(c.commands) == 0 {
		return "", nil
	}
	encoded, err := json.Marshal(shown)
	if err != nil {
		return "", fmt.Errorf("encode menus: %w", err)
	}
	sum := sha256.Sum256(encoded)
	hash = hex.EncodeToString(sum[:])
	kept, err := c.memory.Recall(ctx, c.memoryName("commands"))
	if err != nil {
		return "", fmt.Errorf("recall menus: %w", err)
	}
	if kept == hash {
		return "", nil
	}
	return hash, nil
}

// showMenu registers the commands of one scope.
func (c *Client) showMenu(ctx context.Context, m menu) error {
	params := tgbotapi.Params{"commands": "[]", "scope": `{"type":"` + m.Scope + `"}`}
	if len(m.Entries) > 0 {
		entries, err := json.Marshal(m.Entries)
		if err != nil {
			return fmt.Errorf("encode menu: %w", err)
		}
		params["commands"] = string(entries)
	}
	if _, err := c.call(ctx, "setMyCommands", params); err != nil {
		return fmt.Errorf("set commands of %s: %w", m.Scope, err)
	}
	return nil
}

// memoryName returns the name of something kept for this account.
func (c *Client) memoryName(what string) string {
	return "telegram/" + c.account + "/" + what
}
