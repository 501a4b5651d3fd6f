package telegram

import "sync"

// picturedKept bounds what is remembered of messages; it is forgotten when full.
const picturedKept = 4096

// pictured remembers which messages carry a photo: their words are a caption,
// and an edit that takes them for a text is refused. What is not known costs
// that one request.
type pictured struct {
	mu    sync.Mutex
	known map[messageName]bool
}

type messageName struct{ chat, id string }

func (p *pictured) note(chat, id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) >= picturedKept {
		p.known = make(map[messageName]bool)
	}
	p.known[messageName{chat, id}] = true
}

func (p *pictured) has(chat, id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known[messageName{chat, id}]
}
