package storage

import (
	"context"
	"encoding/json"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/subscriptions"
)

type memoryRow struct {
	Name    string `gorm:"primaryKey"`
	Value   string
	Updated stamp
}

func (memoryRow) TableName() string { return "memory" }

// idRow holds the next free id. One sequence serves everything that people can
// name, so that an id is known before its row is written.
type idRow struct {
	Name string `gorm:"primaryKey"`
	Next int64  `gorm:"not null"`
}

func (idRow) TableName() string { return "ids" }

type conversationRow struct {
	Destination int64 `gorm:"primaryKey"`
	Person      int64 `gorm:"primaryKey"`
	Step        string
	Updated     stamp
}

func (conversationRow) TableName() string { return "conversations" }

type transcriptRow struct {
	ID      int64  `gorm:"primaryKey"`
	Visitor string `gorm:"not null;uniqueIndex:transcript_entry,priority:1"`
	Entry   string `gorm:"not null;uniqueIndex:transcript_entry,priority:2"`
	Change  int64  `gorm:"not null;index"`
	Body    string
}

func (transcriptRow) TableName() string { return "transcripts" }

func memoryTables(tx *gorm.DB) error {
	return create([]any{&memoryRow{}, &idRow{}, &conversationRow{}, &transcriptRow{}},
		"INSERT INTO ids (name, next) VALUES ('id', 1)",
	)(tx)
}

// NewID returns an id that was never given before.
func (s *Store) NewID(ctx context.Context) (int64, error) {
	var next int64
	err := s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		return tx.Raw("UPDATE ids SET next = next + 1 WHERE name = 'id' RETURNING next - 1").Scan(&next).Error
	})
	if err == nil && next == 0 {
		err = gorm.ErrRecordNotFound
	}
	return next, wrap("take an id", err)
}

// Recall returns what an adapter kept under a name, "" where nothing was.
func (s *Store) Recall(ctx context.Context, name string) (string, error) {
	var row memoryRow
	err := s.fast.WithContext(ctx).Where("name = ?", name).Limit(1).Find(&row).Error
	return row.Value, wrap("recall "+name, err)
}

// Keep keeps a value for an adapter over a restart.
func (s *Store) Keep(ctx context.Context, name, value string) error {
	row := memoryRow{Name: name, Value: value, Updated: toStamp(s.now())}
	err := s.fast.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	return wrap("keep "+name, err)
}

// Step returns where a conversation with a person stands in a destination, as
// bot wrote it; "" for nowhere.
func (s *Store) Step(ctx context.Context, d subscriptions.DestinationID, p subscriptions.PersonID) (string, error) {
	var row conversationRow
	err := s.fast.WithContext(ctx).Where("destination = ? AND person = ?", int64(d), int64(p)).Limit(1).Find(&row).Error
	return row.Step, wrap("read conversation", err)
}

func decode[T any](text string) (T, error) {
	var out T
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		return out, fmt.Errorf("decode %T: %w", out, err)
	}
	return out, nil
}

func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), wrap("encode", err)
}
