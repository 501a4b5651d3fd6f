package storage

import (
	"context"
	"errors"
	"time"

	"bellwether/bot"
)

// Prune implements bot.Retention.
func (s *Store) Prune(ctx context.Context, h bot.Horizon) error {
	var all []error
	run := func(before time.Time, prune func(context.Context, time.Time) error) {
		if !before.IsZero() {
			all = append(all, prune(ctx, before))
		}
	}
	run(h.Inbox, s.PruneInbox)
	run(h.Drafts, s.pruneDrafts)
	run(h.Articles, s.PruneArticles)
	run(h.Sends, s.PruneSends)
	run(h.Events, func(ctx context.Context, before time.Time) error { return s.pruneEvents(ctx, toStamp(before)) })
	run(h.DayBars, func(ctx context.Context, before time.Time) error { return s.PruneBars(ctx, 24*time.Hour, before) })
	run(h.TrialBars, func(ctx context.Context, before time.Time) error { return s.PruneBars(ctx, 15*time.Minute, before) })
	for _, step := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour} {
		run(h.MinuteBars, func(ctx context.Context, before time.Time) error { return s.PruneBars(ctx, step, before) })
	}
	return errors.Join(all...)
}
