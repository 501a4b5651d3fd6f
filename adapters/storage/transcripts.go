package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// TranscriptEntry is one line of what was said in the web chat.
type TranscriptEntry struct {
	ID     string
	Change int64 // rises with each entry and each change of one
	Body   string
}

// PutEntry adds an entry to a visitor's transcript, or replaces the one with
// its id.
func (s *Store) PutEntry(ctx context.Context, visitor, id, body string) (TranscriptEntry, error) {
	var row transcriptRow
	err := s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// Taken inside the transaction: a page that has seen a change must not
		// find a lower one later.
		var change int64
		if err := tx.Raw("UPDATE ids SET next = next + 1 WHERE name = 'id' RETURNING next - 1").Scan(&change).Error; err != nil {
			return err
		}
		row = transcriptRow{Visitor: visitor, Entry: id, Change: change, Body: body}
		return tx.Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "visitor"}, {Name: "entry"}},
			DoUpdates: clause.AssignmentColumns([]string{"change", "body"}),
		}).Create(&row).Error
	})
	return TranscriptEntry{ID: id, Change: row.Change, Body: body}, wrap("write transcript", err)
}

// Entry returns one entry; found is false where there is none.
func (s *Store) Entry(ctx context.Context, visitor, id string) (entry TranscriptEntry, found bool, err error) {
	var row transcriptRow
	err = s.fast.WithContext(ctx).Where("visitor = ? AND entry = ?", visitor, id).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return TranscriptEntry{}, false, nil
	}
	return row.transcript(), err == nil, wrap("read transcript", err)
}

// EntriesAfter returns what was added or changed after a change, in the order of
// the changes; at most limit, the latest.
func (s *Store) EntriesAfter(ctx context.Context, visitor string, change int64, limit int) ([]TranscriptEntry, error) {
	var rows []transcriptRow
	err := s.fast.WithContext(ctx).Where("visitor = ? AND change > ?", visitor, change).Order("change DESC").Limit(limit).Find(&rows).Error
	out := make([]TranscriptEntry, len(rows))
	for i, row := range rows {
		out[len(rows)-1-i] = row.transcript()
	}
	return out, wrap("read transcript", err)
}

func (r transcriptRow) transcript() TranscriptEntry {
	return TranscriptEntry{ID: r.Entry, Change: r.Change, Body: r.Body}
}
