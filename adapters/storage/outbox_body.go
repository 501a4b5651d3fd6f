package storage

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// bodySet collects the texts of messages, each once.
type bodySet struct {
	hashes []string
	texts  map[string]string
}

// add encodes a message and returns the name of its text.
func (b *bodySet) add(m *message.Message) (string, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return "", wrap("encode message", err)
	}
	sum := sha256.Sum256(text)
	hash := base64.RawURLEncoding.EncodeToString(sum[:16])
	b.put(hash, string(text))
	return hash, nil
}

func (b *bodySet) put(hash, text string) {
	if b.texts == nil {
		b.texts = make(map[string]string)
	}
	if _, ok := b.texts[hash]; !ok {
		b.hashes = append(b.hashes, hash)
		b.texts[hash] = text
	}
}

// write keeps the texts. One that is known is touched, so that it is not pruned
// while it comes into use again.
func (b *bodySet) write(tx *gorm.DB, now time.Time) error {
	if len(b.hashes) == 0 {
		return nil
	}
	values := make([]any, 0, 3*len(b.hashes))
	for _, hash := range b.hashes {
		values = append(values, hash, b.texts[hash], stampsOf(now))
	}
	return tx.Exec(`INSERT INTO message_bodies (hash, body, created) VALUES `+tuples(len(b.hashes), 3)+`
		ON CONFLICT (hash) DO UPDATE SET created = excluded.created
		WHERE message_bodies.created < excluded.created - 3600000000`, values...).Error
}

// writeLine is write in a line's transaction.
func (b *bodySet) writeLine(t *lineTx, now time.Time) error {
	for _, hash := range b.hashes {
		_, err := t.exec(`INSERT INTO message_bodies (hash, body, created) VALUES (?, ?, ?)
			ON CONFLICT (hash) DO UPDATE SET created = excluded.created
			WHERE message_bodies.created < excluded.created - 3600000000`, hash, b.texts[hash], stampsOf(now))
		if err != nil {
			return err
		}
	}
	return nil
}

// frozen is what is known of a message that was encoded before.
type frozen struct {
	hash string
	kept time.Time // when its text was written last; zero where it was not
}

// touchAfter is how long a text that was written is taken to be there: it is
// kept much longer.
const touchAfter = 10 * time.Minute

// freeze returns the name of a message's text, and adds the text to b where it
// has to be written. A fan-out encodes and writes it once.
func (o *Outbox) freeze(b *bodySet, m *message.Message, now time.Time) (string, error) {
	o.mu.Lock()
	known, ok := o.hashes[m]
	o.mu.Unlock()
	if ok && (b.texts[known.hash] != "" || now.Sub(known.kept) < touchAfter) {
		return known.hash, nil
	}
	hash, err := b.add(m)
	if err != nil {
		return "", err
	}
	o.remember(hash, m)
	return hash, nil
}

// keep notes that texts were written.
func (o *Outbox) keep(b bodySet, now time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, hash := range b.hashes {
		if m := o.bodies[hash]; m != nil {
			o.hashes[m] = frozen{hash, now}
		}
	}
}

// remember keeps a message on the shelf, which is emptied when it is full.
func (o *Outbox) remember(hash string, m *message.Message) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.hashes) >= outboxShelf {
		clear(o.hashes)
	}
	if len(o.bodies) >= outboxShelf {
		clear(o.bodies)
	}
	o.hashes[m] = frozen{hash: hash}
	o.bodies[hash] = m
}

// Messages implements outbox.Archive.
func (o *Outbox) Messages(ctx context.Context, sends []*outbox.Send) error {
	missing := make(map[string]bool)
	o.mu.Lock()
	for _, s := range sends {
		if s.Message = o.bodies[s.Body]; s.Message == nil && s.Body != "" {
			missing[s.Body] = true
		}
	}
	o.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	hashes := make([]string, 0, len(missing))
	for hash := range missing {
		hashes = append(hashes, hash)
	}
	found := make(map[string]*message.Message, len(hashes))
	var rows []struct{ Hash, Body string }
	if err := o.s.fast.WithContext(ctx).Raw(`SELECT hash, body FROM message_bodies WHERE hash IN ?`, hashes).Scan(&rows).Error; err != nil {
		return wrap("read messages", err)
	}
	for _, row := range rows {
		m, err := decode[message.Message](row.Body)
		if err != nil {
			o.s.log.Error("a frozen message cannot be read", "error", err)
			continue
		}
		found[row.Hash] = &m
		o.remember(row.Hash, &m)
	}
	for _, s := range sends {
		if s.Message == nil && s.Body != "" {
			s.Message = found[s.Body]
		}
	}
	return nil
}
