package news

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Mark is what may tell an article from others in its feed.
type Mark struct {
	GUID      string // as the feed gives it
	Canonical string
	Title     string
}

// maxIdentity is how many bytes an identity may have; longer ones are hashed.
const maxIdentity = 250

// Identities returns the identity of each article of one reading of a feed: its
// GUID, else its canonical address, else its title; "" where it has none of
// them. A GUID that two different articles of the feed carry names neither.
func Identities(marks []Mark) []string {
	bearer := make(map[string]Mark, len(marks))
	clash := make(map[string]bool)
	for i := range marks {
		m := marks[i]
		m.GUID = strings.TrimSpace(m.GUID)
		first, seen := bearer[m.GUID]
		switch {
		case m.GUID == "":
		case !seen:
			bearer[m.GUID] = m
		case first.Canonical != m.Canonical || m.Canonical == "" && first.Title != m.Title:
			clash[m.GUID] = true
		}
	}
	out := make([]string, len(marks))
	for i, m := range marks {
		guid := strings.TrimSpace(m.GUID)
		switch {
		case guid != "" && !clash[guid]:
			out[i] = short(guid)
		case m.Canonical != "":
			out[i] = short(m.Canonical)
		default:
			out[i] = short(strings.Join(words(m.Title), " "))
		}
	}
	return out
}

func short(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) <= maxIdentity {
		return s
	}
	sum := sha256.Sum256([]byte(s))
	return "sha256:" + hex.EncodeToString(sum[:])
}
