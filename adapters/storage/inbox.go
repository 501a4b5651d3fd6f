package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/bot"
)

// setAsideAfter is how often a request may end the process before it is not
// tried again.
const setAsideAfter = 3

type inboxRow struct {
	ID      int64  `gorm:"primaryKey"`
	Request string `gorm:"not null;uniqueIndex"`
	State   string `gorm:"not null"` // open, done, set-aside
	Tries   int    `gorm:"not null"`
	Body    string
	Came    stamp `gorm:"index"`
}

func (inboxRow) TableName() string { return "inbox" }

const (
	inboxOpen     = "open"
	inboxDone     = "done"
	inboxSetAside = "set-aside"
)

func inboxTables(tx *gorm.DB) error {
	return create([]any{&inboxRow{}}, "CREATE INDEX inbox_open ON inbox (id) WHERE state = 'open'")(tx)
}

// PutRequests implements bot.Inbox.
func (s *Store) PutRequests(ctx context.Context, requests []bot.Request) ([]bot.Request, error) {
	var fresh []bot.Request
	err := s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		fresh = fresh[:0]
		for _, r := range requests {
			body, err := encode(r)
			if err != nil {
				return err
			}
			row := inboxRow{Request: r.ID, State: inboxOpen, Body: body, Came: toStamp(s.now())}
			created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
			if created.Error != nil {
				return created.Error
			}
			if created.RowsAffected > 0 {
				fresh = append(fresh, r)
			}
		}
		return nil
	})
	return fresh, wrap("write to the inbox", err)
}

// OpenRequests implements bot.Inbox.
func (s *Store) OpenRequests(ctx context.Context) ([]bot.Request, error) {
	db := s.durable.WithContext(ctx)
	if err := db.Exec("UPDATE inbox SET state = CASE WHEN tries >= ? THEN ? ELSE state END, tries = tries + 1 WHERE state = ?",
		setAsideAfter, inboxSetAside, inboxOpen).Error; err != nil {
		return nil, wrap("count tries of requests", err)
	}
	var rows []inboxRow
	if err := db.Where("state = ?", inboxOpen).Order("id").Find(&rows).Error; err != nil {
		return nil, wrap("read the inbox", err)
	}
	out := make([]bot.Request, 0, len(rows))
	for _, row := range rows {
		r, err := decode[bot.Request](row.Body)
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// PruneInbox deletes handled requests that came before a time. What a platform
// may still repeat must be younger.
func (s *Store) PruneInbox(ctx context.Context, before time.Time) error {
	return wrap("prune the inbox", s.fast.WithContext(ctx).
		Where("state <> ? AND came < ?", inboxOpen, toStamp(before)).Delete(&inboxRow{}).Error)
}
