package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/bot"
	"bellwether/bot/outbox"
)

// InsertSends adds sends in a transaction of its own.
func (s *Store) InsertSends(ctx context.Context, sends ...outbox.Send) (n int, err error) {
	err = s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		n, err = insertSends(tx, sends)
		return err
	})
	return n, err
}

// JoinStorm adds an alert to a storm's message, and calls meanwhile before that
// is committed.
func (s *Store) JoinStorm(ctx context.Context, alert bot.StormSend, meanwhile func()) error {
	return s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := joinStorm(tx, alert)
		meanwhile()
		return err
	})
}

// Query reads one value.
func (s *Store) Query(into any, query string, args ...any) error {
	return s.fast.Raw(query, args...).Scan(into).Error
}

// Plan returns how SQLite runs a claim.
func (s *Store) Plan(only bool) (plan []string, err error) {
	args := map[string]any{
		"account": "telegram/main", "priority": 4, "now": 1, "limit": 10, "behind": 5, "destination": 0, "person": 0,
	}
	query := headsAfter() + behindCount + headsTail
	if only {
		query = headsOf([]outbox.Strand{{Destination: 1}, {Destination: 2}}, args) + behindCount + headsTail
	}
	var rows []struct{ Detail string }
	err = s.fast.Raw("EXPLAIN QUERY PLAN "+query, args).Scan(&rows).Error
	for _, r := range rows {
		plan = append(plan, r.Detail)
	}
	return plan, err
}

// Start starts sends as Advance does.
func (o *Outbox) Start(ctx context.Context, sends []*outbox.Send, now time.Time) error {
	return o.Advance(ctx, nil, sends, now)
}

// Record stores outcomes as Advance does.
func (o *Outbox) Record(ctx context.Context, outcomes []outbox.Outcome) error {
	return o.Advance(ctx, outcomes, nil, time.Now())
}
