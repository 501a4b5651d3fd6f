package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// Park keeps everything of destinations and stops sending there, for a reason
// in plain words. It tells whether that changed anything.
func (s *Store) Park(ctx context.Context, places []subscriptions.DestinationID, standing subscriptions.Standing, reason string) (changed bool, err error) {
	err = s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var news []int64
		for _, d := range places {
			fresh, different, err := parkDestination(tx, d, standing, reason, s.now())
			if err != nil {
				return err
			}
			if fresh || different {
				news = append(news, int64(d))
			}
			if standing != subscriptions.Parked {
				continue
			}
			// Nothing was tried that could be tried again, as after a refusal, and
			// the word that the place is open again may be missed.
			err = tx.Exec(`UPDATE sends SET retry = ? WHERE id = (SELECT min(id) FROM sends WHERE destination = ? AND state = 'parked')
				AND retry = 0`, stampsOf(s.now().Add(probeToldAfter)), int64(d)).Error
			if err != nil {
				return err
			}
		}
		changed = len(news) > 0
		return owe(tx, noticeOf(standing), reason, news...)
	})
	return changed, wrap("park destinations", err)
}

// probeToldAfter is when a place is tried of which we were told that we may not
// write there.
const probeToldAfter = 24 * time.Hour

// staleAfter is how long somebody waits for an answer. An older one would only
// puzzle them.
const staleAfter = 15 * time.Minute

// dropStale discards answers that come too late.
func dropStale(tx *gorm.DB, where string, now time.Time, args ...any) error {
	args = append([]any{stampsOf(now), int(outbox.PriorityAnswer), stampsOf(now.Add(-staleAfter))}, args...)
	return tx.Exec(`UPDATE sends SET state = 'discarded', reason = 'the answer came too late', ended = ?, retry = 0, via = ''
		WHERE state = 'parked' AND priority = ? AND created < ? AND `+where, args...).Error
}

// Revive sends to a destination again, what was waiting included. It tells
// whether that changed anything; the place is to be told of that where wanted.
func (s *Store) Revive(ctx context.Context, d subscriptions.DestinationID, tell bool) (changed bool, err error) {
	err = s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		changed, err = reviveDestination(tx, d, s.now())
		if err != nil || !changed || !tell {
			return err
		}
		return owe(tx, bot.NoticeRevived, "", int64(d))
	})
	return changed, wrap("revive destination", err)
}

// parkDestination tells whether the destination was active, or was parked for
// another reason.
func parkDestination(tx *gorm.DB, d subscriptions.DestinationID, standing subscriptions.Standing, reason string, now time.Time) (fresh, different bool, err error) {
	set := func(where string, args ...any) (bool, error) {
		args = append([]any{string(standing), reason, stampsOf(now), int64(d)}, args...)
		done := tx.Exec(`UPDATE destinations SET standing = ?, reason = ?, since = ? WHERE id = ? AND `+where, args...)
		return done.RowsAffected > 0, done.Error
	}
	if fresh, err = set(`standing = 'active'`); err == nil && !fresh {
		different, err = set(`(standing <> ? OR reason <> ?)`, string(standing), reason)
	}
	if err != nil {
		return false, false, err
	}
	err = tx.Exec(`UPDATE sends SET state = 'parked', reason = ? WHERE destination = ? AND state = 'waiting'`, reason, int64(d)).Error
	return fresh, different, err
}

func reviveDestination(tx *gorm.DB, d subscriptions.DestinationID, now time.Time) (bool, error) {
	done := tx.Exec(`UPDATE destinations SET standing = 'active', reason = '', since = ? WHERE id = ? AND standing <> 'active'`,
		stampsOf(now), int64(d))
	if done.Error != nil {
		return false, done.Error
	}
	if err := dropStale(tx, `destination = ?`, now, int64(d)); err != nil {
		return false, err
	}
	err := tx.Exec(`UPDATE sends SET state = 'waiting', reason = '', retry = 0, attempts = 0 WHERE destination = ? AND state = 'parked'`,
		int64(d)).Error
	return done.RowsAffected > 0, err
}

// Probe implements outbox.Upkeep. A place that waits for a later try of one of
// its sends is left alone.
func (o *Outbox) Probe(ctx context.Context, now time.Time) (int, error) {
	var n int64
	err := o.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := dropStale(tx, `retry > 0 AND retry <= ?`, now, stampsOf(now)); err != nil {
			return err
		}
		done := tx.Exec(`UPDATE sends SET state = 'waiting', retry = 0 WHERE id IN (
			SELECT min(id) FROM sends WHERE state = 'parked' AND retry > 0 GROUP BY destination HAVING max(retry) <= ?)`, stampsOf(now))
		n = done.RowsAffected
		return done.Error
	})
	return int(n), wrap("probe parked places", err)
}

// Depths implements outbox.Upkeep.
func (o *Outbox) Depths(ctx context.Context) ([]outbox.Depth, error) {
	var rows []struct {
		Account         string
		Priority, Count int
		Created         stamp
	}
	err := o.s.fast.WithContext(ctx).Raw(`SELECT w.account, w.priority, w.n AS count, s.created FROM (
		SELECT account, priority, count(*) AS n, min(id) AS first FROM sends WHERE state IN ('waiting', 'sending')
		GROUP BY account, priority) w JOIN sends s ON s.id = w.first ORDER BY w.account, w.priority`).Scan(&rows).Error
	if err != nil {
		return nil, wrap("count sends", err)
	}
	out := make([]outbox.Depth, len(rows))
	for i, r := range rows {
		out[i] = outbox.Depth{Account: accountFrom(r.Account), Priority: outbox.Priority(r.Priority), Count: r.Count, Oldest: r.Created.time()}
	}
	return out, nil
}
