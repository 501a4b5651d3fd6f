package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/bot"
)

// leaseRow says which process serves the installation. There is one row: the
// outbox of an installation is recovered as a whole, so its accounts are not
// parted among processes.
type leaseRow struct {
	Name    string `gorm:"primaryKey"`
	Holder  string `gorm:"not null"`
	Epoch   int64  `gorm:"not null"`
	Expires int64  `gorm:"not null"` // microseconds since 1970, by the database's clock
}

func (leaseRow) TableName() string { return "leases" }

func leaseTables(tx *gorm.DB) error { return create([]any{&leaseRow{}})(tx) }

// Lease is the right to serve the installation.
type Lease struct{ s *Store }

var _ bot.Lease = Lease{}

// Lease returns the right to serve the installation.
func (s *Store) Lease() Lease { return Lease{s: s} }

// clock is the database's own time in microseconds.
func (l Lease) clock() string {
	if l.s.sqlite {
		return "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)"
	}
	return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
}

// Take implements bot.Lease.
func (l Lease) Take(ctx context.Context, holder string, length time.Duration) (bot.Tenancy, error) {
	var row leaseRow
	var left int64
	err := l.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// An epoch that is over stays over: its holder begins a new one.
		err := tx.Exec(`INSERT INTO leases (name, holder, epoch, expires) VALUES ('bot', ?, 1, `+l.clock()+` + ?)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires,
				epoch = leases.epoch + CASE WHEN leases.holder = excluded.holder AND leases.expires > 0 THEN 0 ELSE 1 END
			WHERE leases.holder = excluded.holder OR leases.expires <= `+l.clock(),
			holder, length.Microseconds()).Error
		if err != nil {
			return err
		}
		if err := tx.Where("name = 'bot'").Take(&row).Error; err != nil {
			return err
		}
		return tx.Raw("SELECT expires - " + l.clock() + " FROM leases WHERE name = 'bot'").Scan(&left).Error
	})
	return bot.Tenancy{Holder: row.Holder, Epoch: row.Epoch, Left: time.Duration(left) * time.Microsecond}, wrap("take lease", err)
}

// Yield implements bot.Lease.
func (l Lease) Yield(ctx context.Context, epoch int64) error {
	return wrap("yield lease", l.s.fast.WithContext(ctx).Exec(
		"UPDATE leases SET expires = 0 WHERE name = 'bot' AND epoch = ?", epoch).Error)
}
