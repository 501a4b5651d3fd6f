package discord

import "strconv"

// Permissions that are read (Discord: bitwise permission flags).
const (
	permAdministrator = 1 << 3
	permManageServer  = 1 << 5
	permViewChannel   = 1 << 10
	permSendMessages  = 1 << 11
	permEmbedLinks    = 1 << 14
	permAttachFiles   = 1 << 15
	permSendInThreads = 1 << 38
)

// Kinds of channel (Discord: channel types).
const (
	channelText         = 0
	channelAnnouncement = 5
	threadAnnouncement  = 10
	threadPublic        = 11
	threadPrivate       = 12
	channelForum        = 15
	channelMedia        = 16
)

func isThread(kind int) bool { return kind >= threadAnnouncement && kind <= threadPrivate }

func isForum(kind int) bool { return kind == channelForum || kind == channelMedia }

// need is a permission that the bot needs to write in a place.
type need struct {
	bit  uint64
	name string // as Discord's settings show it in English
}

// needs returns what the bot needs in a kind of channel. In threads Send
// Messages has no effect.
func needs(kind int) []need {
	list := []need{{permViewChannel, "View Channel"}}
	switch {
	case isThread(kind):
		list = append(list, need{permSendInThreads, "Send Messages in Threads"})
	case isForum(kind):
		list = append(list, need{permSendMessages, "Create Posts"}, need{permSendInThreads, "Send Messages in Threads"})
	default:
		list = append(list, need{permSendMessages, "Send Messages"})
	}
	return append(list, need{permEmbedLinks, "Embed Links"})
}

// lacks names what is missing of what the bot needs in a kind of channel, and
// of what it would have pictures with.
func lacks(permissions string, kind int) (missing, wanted []string) {
	have, ok := readPermissions(permissions)
	if !ok || have&permAdministrator != 0 {
		return nil, nil
	}
	for _, n := range needs(kind) {
		if have&n.bit == 0 {
			missing = append(missing, n.name)
		}
	}
	if have&permAttachFiles == 0 {
		wanted = append(wanted, "Attach Files")
	}
	return missing, wanted
}

// readPermissions reads a set of permissions, which Discord writes as a string.
func readPermissions(s string) (uint64, bool) {
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}

// moderates tells whether a set of permissions makes a moderator.
func moderates(permissions uint64) bool {
	return permissions&(permAdministrator|permManageServer) != 0
}
