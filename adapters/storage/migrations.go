package storage

import (
	"context"
	"fmt"

	"github.com/go-gormigrate/gormigrate/v2"
	"gorm.io/gorm"
)

// migrations lists the steps that bring an older database up to date. A step
// that was released is never changed; a new one is added below it.
func migrations() []*gormigrate.Migration {
	return []*gormigrate.Migration{
		{ID: "0001-first", Migrate: inOrder(
			peopleTables, ruleTables, marketTables, newsTables, eventTables, inboxTables, memoryTables,
			outboxTables,
		)},
		{ID: "0002-lease", Migrate: inOrder(leaseTables)},
		{ID: "0003-drafts", Migrate: inOrder(draftTables)},
		{ID: "0004-parts", Migrate: inOrder(leanParts)},
		{ID: "0004-notices", Migrate: inOrder(noticeTables)},
	}
}

func inOrder(steps ...func(*gorm.DB) error) gormigrate.MigrateFunc {
	return func(tx *gorm.DB) error {
		for _, step := range steps {
			if err := step(tx); err != nil {
				return err
			}
		}
		return nil
	}
}

func (s *Store) migrate(ctx context.Context) error {
	options := *gormigrate.DefaultOptions
	options.UseTransaction = true
	if err := gormigrate.New(s.durable.WithContext(ctx), &options, migrations()).Migrate(); err != nil {
		return fmt.Errorf("%w: bring its tables up to date: %w", ErrUnusable, err)
	}
	return nil
}

// create makes tables for rows and runs the statements after them.
func create(rows []any, statements ...string) func(*gorm.DB) error {
	return func(tx *gorm.DB) error {
		for _, row := range rows {
			if err := tx.Migrator().CreateTable(row); err != nil {
				return fmt.Errorf("create table: %w", err)
			}
		}
		for _, statement := range statements {
			if err := tx.Exec(statement).Error; err != nil {
				return fmt.Errorf("create index: %w", err)
			}
		}
		return nil
	}
}
