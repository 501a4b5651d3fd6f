package storage

import (
	"context"

	"gorm.io/gorm"

	"bellwether/bot"
	"bellwether/subscriptions"
)

// noticeRow is what is still to be said of a destination. It is written with
// the change itself and deleted with the sends that say it.
type noticeRow struct {
	ID          int64  `gorm:"primaryKey;autoIncrement"`
	First       int64  `gorm:"not null"` // of those that one deed left; 0 is itself
	Kind        string `gorm:"not null"`
	Destination int64  `gorm:"not null"`
	Reason      string
}

func (noticeRow) TableName() string { return "notices" }

func noticeTables(tx *gorm.DB) error { return create([]any{&noticeRow{}})(tx) }

// noticeOf names what is said of a place that has come to a standing.
func noticeOf(s subscriptions.Standing) bot.NoticeKind {
	if s == subscriptions.Gone {
		return bot.NoticeGone
	}
	return bot.NoticeParked
}

// owe notes what one deed did to destinations. Of a private one nobody is told:
// whoever could be told is who ended it.
func owe(tx *gorm.DB, kind bot.NoticeKind, reason string, destinations ...int64) error {
	if len(destinations) == 0 {
		return nil
	}
	var shared []int64
	err := tx.Model(&destinationRow{}).Where("id IN ? AND kind <> ?", destinations, string(subscriptions.Private)).Order("id").Pluck("id", &shared).Error
	first := int64(0)
	for _, d := range shared {
		if err != nil {
			return err
		}
		row := noticeRow{First: first, Kind: string(kind), Destination: d, Reason: reason}
		err = tx.Create(&row).Error
		if first == 0 {
			first = row.ID
		}
	}
	return err
}

func settleNotice(tx *gorm.DB, id int64) error {
	done := tx.Where("id = ?", id).Delete(&noticeRow{})
	if done.Error == nil && done.RowsAffected == 0 {
		return bot.ErrHandled
	}
	return done.Error
}

// Notices implements bot.Notices.
func (s *Store) Notices(ctx context.Context) ([]bot.Notice, error) {
	var rows []noticeRow
	if err := s.fast.WithContext(ctx).Order("CASE WHEN first = 0 THEN id ELSE first END, id").Find(&rows).Error; err != nil {
		return nil, wrap("read notices", err)
	}
	out := make([]bot.Notice, len(rows))
	for i, r := range rows {
		out[i] = bot.Notice{ID: r.ID, Kind: bot.NoticeKind(r.Kind), First: r.First, Destination: subscriptions.DestinationID(r.Destination), Reason: r.Reason}
		if r.First == 0 {
			out[i].First = r.ID
		}
	}
	return out, nil
}
