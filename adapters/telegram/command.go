package telegram

import (
	"strings"
	"unicode/utf16"
)

// typed is a command as it was typed.
type typed struct {
	name   string // lower case, without the slash
	suffix string // what follows "@", as typed
	rest   string // what follows the command, trimmed
}

// parseCommand returns the command that a text begins with. Where Telegram
// marked it, its length is the entity's, in UTF-16 units: "/start，x" ends
// where Telegram says, not at the next space.
func parseCommand(text string, entities []entity) (typed, bool) {
	if !strings.HasPrefix(text, "/") {
		return typed{}, false
	}
	end := 0
	for _, e := range entities {
		if e.Type == "bot_command" && e.Offset == 0 && e.Length > 0 {
			end = utf16Index(text, e.Length)
		}
	}
	if end < 1 {
		end = commandEnd(text)
	}
	word, rest := text[1:end], text[end:]
	name, suffix, _ := strings.Cut(word, "@")
	if name == "" {
		return typed{}, false
	}
	return typed{
		name:   strings.ToLower(name),
		suffix: suffix,
		rest:   strings.TrimSpace(strings.TrimLeft(rest, ",，:：")),
	}, true
}

// commandEnd returns where a command ends that carries no entity.
func commandEnd(text string) int {
	for i, r := range text {
		switch {
		case i == 0, r == '_', r == '@', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		default:
			return i
		}
	}
	return len(text)
}

// unmention takes the bot's own name out of what somebody said, and tells
// whether it was there. "/quote@name" is no mention: Telegram marks it as a
// command.
func (c *Client) unmention(text string, entities []entity) (rest string, named bool) {
	self := c.self.Load()
	if self == nil {
		return text, false
	}
	var b strings.Builder
	from := 0
	for _, e := range entities {
		if e.Offset < 0 || e.Length <= 0 {
			continue
		}
		begin, end := utf16Index(text, e.Offset), utf16Index(text, e.Offset+e.Length)
		if begin < from || begin >= end {
			continue
		}
		ours := e.Type == "mention" && strings.EqualFold(text[begin:end], "@"+self.Username) || e.Type == "text_mention" && c.isSelf(e.User)
		if !ours {
			continue
		}
		b.WriteString(text[from:begin])
		from, named = end, true
	}
	b.WriteString(text[from:])
	return strings.TrimSpace(strings.TrimLeft(b.String(), " ,:，：")), named
}

// utf16Index returns the byte index that lies units UTF-16 units into text, at
// most its length.
func utf16Index(text string, units int) int {
	for i, r := range text {
		if units <= 0 {
			return i
		}
		units -= max(utf16.RuneLen(r), 1)
	}
	return len(text)
}
