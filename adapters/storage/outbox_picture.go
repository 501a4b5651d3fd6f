package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/bot/outbox"
)

// Picture implements outbox.Pictures.
func (o *Outbox) Picture(ctx context.Context, key string) ([]byte, error) {
	var row struct {
		PNG []byte `gorm:"column:png"`
	}
	err := o.s.fast.WithContext(ctx).Raw(`SELECT png FROM pictures WHERE name = ?`, key).Scan(&row).Error
	return row.PNG, wrap("read picture", err)
}

// KeepPicture implements outbox.Pictures.
func (o *Outbox) KeepPicture(ctx context.Context, key string, png []byte) error {
	return wrap("keep picture", o.s.fast.WithContext(ctx).Exec(`INSERT INTO pictures (name, png, made) VALUES (?, ?, ?)
		ON CONFLICT DO NOTHING`, key, png, toStamp(o.s.now())).Error)
}

// Uploaded implements outbox.Pictures.
func (o *Outbox) Uploaded(ctx context.Context, a outbox.Account, key string) (string, error) {
	var name string
	err := o.s.fast.WithContext(ctx).Raw(`SELECT name FROM uploads WHERE account = ? AND picture = ?`, a.String(), key).Scan(&name).Error
	return name, wrap("read upload", err)
}

// KeepUploaded implements outbox.Pictures.
func (o *Outbox) KeepUploaded(ctx context.Context, a outbox.Account, key, name string) error {
	return wrap("keep upload", o.s.fast.WithContext(ctx).Exec(`INSERT INTO uploads (account, picture, name, made) VALUES (?, ?, ?, ?)
		ON CONFLICT (account, picture) DO UPDATE SET name = excluded.name, made = excluded.made`,
		a.String(), key, name, toStamp(o.s.now())).Error)
}

// PruneSends deletes the sends that ended before a time, with their parts,
// messages and pictures. What still waits is kept, however old.
func (s *Store) PruneSends(ctx context.Context, before time.Time) error {
	if before.IsZero() {
		return nil
	}
	last := int64(0)
	for {
		next, more, err := s.pruneChunk(ctx, last, before)
		if err != nil {
			return wrap("prune sends", err)
		}
		if !more {
			break
		}
		last = next
	}
	for _, statement := range []string{
		`DELETE FROM message_bodies WHERE created < ? AND hash NOT IN (SELECT body FROM sends WHERE body <> '')`,
		`DELETE FROM uploads WHERE made < ?`,
		`DELETE FROM pictures WHERE made < ?`,
	} {
		if err := s.fast.WithContext(ctx).Exec(statement, toStamp(before)).Error; err != nil {
			return wrap("prune sends", err)
		}
	}
	return nil
}

// pruneChunk looks at the next thousand sends after an id. Ids rise with time,
// so the first young one ends the search. What is told together with others
// ends with the message that tells it.
func (s *Store) pruneChunk(ctx context.Context, after int64, before time.Time) (last int64, more bool, err error) {
	var rows []struct {
		ID             int64
		Created, Ended stamp
	}
	err = s.fast.WithContext(ctx).Raw(`SELECT s.id, s.created, COALESCE((SELECT t.ended FROM sends t WHERE t.id = s.told_in), s.ended) AS ended
		FROM sends s WHERE s.id > ? ORDER BY s.id LIMIT 1000`, after).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return 0, false, err
	}
	var old []int64
	for _, r := range rows {
		if r.Created >= toStamp(before) {
			break
		}
		last = r.ID
		if r.Ended > 0 && r.Ended < toStamp(before) {
			old = append(old, r.ID)
		}
	}
	if len(old) > 0 {
		err = s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			if err := tx.Exec(`DELETE FROM send_parts WHERE send IN ?`, old).Error; err != nil {
				return err
			}
			return tx.Exec(`DELETE FROM sends WHERE id IN ?`, old).Error
		})
	}
	return last, last == rows[len(rows)-1].ID, err
}
