package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"bellwether/alerts"
	"bellwether/subscriptions"
)

// draftsKept bounds how many undecided drafts one person has: who looks at
// many conditions leaves one behind each time.
const draftsKept = 100

type draftRow struct {
	ID          int64 `gorm:"primaryKey"`
	Changes     int64
	Destination int64  `gorm:"not null;index"`
	Owner       int64  `gorm:"not null;index"`
	Text        string `gorm:"not null"`
	Created     stamp  `gorm:"index"`
}

func (draftRow) TableName() string { return "drafts" }

func draftTables(tx *gorm.DB) error { return create([]any{&draftRow{}})(tx) }

// Draft returns a rule that waits for a decision.
func (s *Store) Draft(ctx context.Context, id alerts.RuleID) (subscriptions.Draft, error) {
	var row draftRow
	found := s.fast.WithContext(ctx).Where("id = ?", int64(id)).Limit(1).Find(&row)
	if found.Error != nil {
		return subscriptions.Draft{}, wrap("read draft", found.Error)
	}
	if found.RowsAffected == 0 {
		return subscriptions.Draft{}, fmt.Errorf("draft %d: %w", id, subscriptions.ErrNotFound)
	}
	return subscriptions.Draft{
		ID: id, Changes: alerts.RuleID(row.Changes), Destination: subscriptions.DestinationID(row.Destination),
		Owner: subscriptions.PersonID(row.Owner), Text: row.Text, Created: row.Created.time(),
	}, nil
}

func putDraft(tx *gorm.DB, d subscriptions.Draft) error {
	row := draftRow{
		ID: int64(d.ID), Changes: int64(d.Changes), Destination: int64(d.Destination), Owner: int64(d.Owner),
		Text: d.Text, Created: toStamp(d.Created),
	}
	if err := tx.Create(&row).Error; err != nil {
		return err
	}
	return tx.Exec("DELETE FROM drafts WHERE owner = ? AND id NOT IN (SELECT id FROM drafts WHERE owner = ? ORDER BY id DESC LIMIT ?)",
		row.Owner, row.Owner, draftsKept).Error
}

func dropDraft(tx *gorm.DB, id int64) error {
	dropped := tx.Where("id = ?", id).Delete(&draftRow{})
	if dropped.Error == nil && dropped.RowsAffected == 0 {
		return fmt.Errorf("draft %d: %w", id, subscriptions.ErrNotFound)
	}
	return dropped.Error
}

func (s *Store) pruneDrafts(ctx context.Context, before time.Time) error {
	return wrap("prune drafts", s.fast.WithContext(ctx).Where("created < ?", toStamp(before)).Delete(&draftRow{}).Error)
}
