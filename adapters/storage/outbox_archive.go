package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

const fromSends = ` FROM sends s LEFT JOIN destinations d ON d.id = s.destination `

// sends reads sends with their parts and without their messages.
func (s *Store) sends(ctx context.Context, tail string, args ...any) ([]outbox.Send, error) {
	var rows []sendRow
	if err := s.fast.WithContext(ctx).Raw(`SELECT `+sendColumns+fromSends+tail, args...).Scan(&rows).Error; err != nil {
		return nil, wrap("read sends", err)
	}
	out := make([]outbox.Send, len(rows))
	ids := make([]int64, len(rows))
	at := make(map[int64]int, len(rows))
	for i, row := range rows {
		send, err := row.send()
		if err != nil {
			return nil, err
		}
		out[i], ids[i], at[row.ID] = send, row.ID, i
	}
	if len(ids) == 0 {
		return out, nil
	}
	var parts []partRow
	err := s.fast.WithContext(ctx).Raw(`SELECT send, message, sent FROM send_parts WHERE send IN ? ORDER BY send, part`, ids).Scan(&parts).Error
	if err != nil {
		return nil, wrap("read parts", err)
	}
	for _, p := range parts {
		i := at[p.Send]
		out[i].Parts = append(out[i].Parts, p.part())
	}
	return out, nil
}

type partRow struct {
	Send    int64
	Message string
	Sent    stamp
}

func (p partRow) part() outbox.Part { return outbox.Part{ID: p.Message, Sent: p.Sent.time()} }

// SendsOf returns the last sends of a destination, the newest first, without
// their messages.
func (s *Store) SendsOf(ctx context.Context, d subscriptions.DestinationID, limit int) ([]outbox.Send, error) {
	return s.sends(ctx, `WHERE s.destination = ? ORDER BY s.id DESC LIMIT ?`, int64(d), limit)
}

// SendsByID returns those of the sends that are kept, in the order of their ids,
// without their messages.
func (s *Store) SendsByID(ctx context.Context, ids ...outbox.SendID) ([]outbox.Send, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.sends(ctx, `WHERE s.id IN ? ORDER BY s.id`, ids)
}

// SendByPart returns the send that became one of the platform's messages, or
// subscriptions.ErrNotFound.
func (s *Store) SendByPart(ctx context.Context, at subscriptions.Address, platformMessage string) (outbox.Send, error) {
	if platformMessage == "" {
		return outbox.Send{}, wrap("read send", subscriptions.ErrNotFound)
	}
	at, err := s.resolve(s.fast.WithContext(ctx), at)
	if err != nil {
		return outbox.Send{}, err
	}
	// The thread is left out: a reply in Telegram's general topic names none.
	found, err := s.sends(ctx, `WHERE s.id IN (SELECT p.send FROM send_parts p JOIN destinations a ON a.id = p.destination
		WHERE a.platform = ? AND a.account = ? AND a.chat = ? AND p.message = ?) ORDER BY s.id LIMIT 1`,
		string(at.Platform), at.Account, at.Chat, platformMessage)
	if err != nil {
		return outbox.Send{}, err
	}
	if len(found) == 0 {
		return outbox.Send{}, wrap("read send", subscriptions.ErrNotFound)
	}
	return found[0], nil
}

// Reached tells whether something was delivered at an address, which can still
// be reached.
func (s *Store) Reached(ctx context.Context, at subscriptions.Address) (bool, error) {
	var n int64
	err := s.fast.WithContext(ctx).Raw(`SELECT count(*) FROM destinations d WHERE d.platform = ? AND d.account = ? AND d.chat = ? AND d.thread = ?
		AND d.standing = 'active' AND EXISTS (SELECT 1 FROM sends s WHERE s.destination = d.id AND s.state = 'delivered')`,
		string(at.Platform), at.Account, at.Chat, at.Thread).Scan(&n).Error
	return n > 0, wrap("look for what was delivered", err)
}

// PartsOf returns the platform's messages that told a subject in a destination;
// none where nothing told it.
func (s *Store) PartsOf(ctx context.Context, d subscriptions.DestinationID, subject string) ([]outbox.Part, error) {
	told, err := s.Outbox().Target(ctx, &outbox.Send{Destination: d, Subject: subject, ID: 1 << 62})
	return told.Parts, err
}

// Target implements outbox.Archive.
func (o *Outbox) Target(ctx context.Context, edit *outbox.Send) (outbox.Target, error) {
	if edit.Subject == "" {
		return outbox.Target{}, nil
	}
	told, err := o.s.sends(ctx, `WHERE s.destination = ? AND s.subject = ? AND s.subject <> '' AND s.kind <> 'edit' AND s.id < ?
		ORDER BY s.id DESC LIMIT 1`, int64(edit.Destination), edit.Subject, int64(edit.ID))
	if err != nil || len(told) == 0 {
		return outbox.Target{}, err
	}
	original := told[0]
	if original.State == outbox.Merged {
		// What tells others too is not changed, but may not be sent yet.
		into, err := o.s.SendsByID(ctx, original.Into)
		if err != nil || len(into) == 0 {
			return outbox.Target{}, err
		}
		original = into[0]
		original.Parts = nil
	}
	t := outbox.Target{Open: original.State == outbox.Waiting || original.State == outbox.Sending}
	for _, p := range original.Parts {
		if p.ID != "" {
			t.Parts = append(t.Parts, p)
		}
	}
	return t, nil
}

// Merged implements outbox.Archive.
func (o *Outbox) Merged(ctx context.Context, into outbox.SendID, limit int) ([]outbox.Send, int, error) {
	newest, err := o.s.sends(ctx, `WHERE s.told_in = ? AND s.told_in <> 0 ORDER BY s.id DESC LIMIT ?`, int64(into), limit)
	if err != nil {
		return nil, 0, err
	}
	var total int
	err = o.s.fast.WithContext(ctx).Raw(`SELECT count(*) FROM sends WHERE told_in = ? AND told_in <> 0`, int64(into)).Scan(&total).Error
	return newest, total, wrap("count merged sends", err)
}

// mergeChunk is how many sends one transaction merges: one of a hundred
// thousand would hold SQLite's write lock for seconds.
const mergeChunk = 1000

// Collapse implements outbox.Upkeep.
func (o *Outbox) Collapse(ctx context.Context, first outbox.Send, now time.Time) (int, error) {
	total := 0
	for {
		n, err := o.collapseChunk(ctx, first, now)
		total += n
		if err != nil || n < mergeChunk {
			return total, wrap("collapse news", err)
		}
	}
}

func (o *Outbox) collapseChunk(ctx context.Context, first outbox.Send, now time.Time) (merged int, err error) {
	err = o.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var ids []int64
		err := tx.Raw(`SELECT id FROM sends WHERE account = ? AND priority = ? AND state IN ('waiting', 'sending') AND state = 'waiting'
			AND destination = ? AND person = 0 AND kind <> 'collapse' AND body = '' AND due <= ? ORDER BY id LIMIT ?`,
			accountOf(first.Address), int(outbox.PriorityNews), int64(first.Destination), stampsOf(now), mergeChunk).Scan(&ids).Error
		if err != nil || len(ids) == 0 {
			return err
		}
		into, err := collapseInto(tx, first, now)
		if err != nil {
			return err
		}
		done := tx.Exec(`UPDATE sends SET state = 'merged', told_in = ?, ended = ?, reason = 'told together with others'
			WHERE id IN ? AND state = 'waiting'`, into, stampsOf(now), ids)
		merged = int(done.RowsAffected)
		return done.Error
	})
	return merged, err
}

// collapseInto returns the send that waits to tell a backlog, or makes it.
func collapseInto(tx *gorm.DB, first outbox.Send, now time.Time) (int64, error) {
	var id int64
	err := tx.Raw(`SELECT id FROM sends WHERE account = ? AND priority = ? AND state IN ('waiting', 'sending') AND state = 'waiting'
		AND destination = ? AND person = 0 AND kind = 'collapse' AND body = '' ORDER BY id LIMIT 1`,
		accountOf(first.Address), int(outbox.PriorityNews), int64(first.Destination)).Scan(&id).Error
	if err != nil || id != 0 {
		return id, err
	}
	values := []any{accountOf(first.Address), int64(first.Destination), string(outbox.Collapse), int(outbox.PriorityNews),
		string(outbox.Waiting), 0, "", 0, "", "", string(message.Rich), "", "", false, false, 0, 0, 0, false, "", "",
		toStamp(first.Happened), toStamp(now), toStamp(now), 0, 0, 0}
	err = tx.Raw(`INSERT INTO sends (`+insertColumns+`) VALUES `+tuples(1, 27)+` RETURNING id`, values...).Scan(&id).Error
	return id, err
}
