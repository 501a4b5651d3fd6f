package telegram

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot"
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

// showMenus registers the commands, where they are not the ones that this
// account registered last.
func (c *Client) showMenus(ctx context.Context) error {
	if len(c.commands) == 0 {
		return nil
	}
	shown := menusOf(c.commands)
	encoded, err := json.Marshal(shown)
	if err != nil {
		return fmt.Errorf("encode menus: %w", err)
	}
	sum := sha256.Sum256(encoded)
	hash := hex.EncodeToString(sum[:])
	kept, err := c.memory.Recall(ctx, c.memoryName("commands"))
	if err != nil {
		return fmt.Errorf("recall menus: %w", err)
	}
	if kept == hash {
		return nil
	}
	for _, m := range shown {
		entries, err := json.Marshal(m.Entries)
		if err != nil {
			return fmt.Errorf("encode menu: %w", err)
		}
		params := tgbotapi.Params{
			"commands": string(entries),
			"scope":    `{"type":"` + m.Scope + `"}`,
		}
		if len(m.Entries) == 0 {
			params["commands"] = "[]"
		}
		if _, err := c.call(ctx, "setMyCommands", params); err != nil {
			return fmt.Errorf("set commands of %s: %w", m.Scope, err)
		}
	}
	if err := c.memory.Keep(ctx, c.memoryName("commands"), hash); err != nil {
		return fmt.Errorf("keep menus: %w", err)
	}
	return nil
}

// memoryName returns the name of something kept for this account.
func (c *Client) memoryName(what string) string {
	return "telegram/" + c.account + "/" + what
}
