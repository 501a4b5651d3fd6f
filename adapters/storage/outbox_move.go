package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/bot"
	"bellwether/subscriptions"
)

// Move gives all destinations of a chat its new id, and tells whether that
// changed anything. The news of a move comes from up to three sides and in any
// order; the first one does it.
func (s *Store) Move(ctx context.Context, from subscriptions.Address, to string) (changed bool, err error) {
	err = s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		changed, err = moveChat(tx, from, to, s.now())
		return err
	})
	return changed, wrap("move chat", err)
}

// moveChat moves every destination of a chat, topics included, and remembers
// the move for what still comes with the old id.
func moveChat(tx *gorm.DB, from subscriptions.Address, to string, now time.Time) (changed bool, err error) {
	if to == "" || to == from.Chat {
		return false, nil
	}
	moved := movedRow{Platform: string(from.Platform), Account: from.Account, Chat: from.Chat, MovedTo: to}
	if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&moved).Error; err != nil {
		return false, err
	}
	var rows []destinationRow
	err = tx.Where("platform = ? AND account = ? AND chat = ?", string(from.Platform), from.Account, from.Chat).Find(&rows).Error
	if err != nil {
		return false, err
	}
	if len(rows) == 0 {
		return false, nil
	}
	told := rows[0].ID
	for _, row := range rows {
		if row.Thread == "" {
			told = row.ID
		}
		if err := moveDestination(tx, row, to, now); err != nil {
			return false, err
		}
	}
	return true, owe(tx, bot.NoticeMoved, "", told)
}

// moveDestination gives a destination its chat's new id. Where the new id has a
// row already, made when the bot saw the new chat first, that row is merged
// into the old one, which has what people set up.
func moveDestination(tx *gorm.DB, row destinationRow, to string, now time.Time) error {
	var young []destinationRow
	err := tx.Where("platform = ? AND account = ? AND chat = ? AND thread = ?", row.Platform, row.Account, to, row.Thread).
		Limit(1).Find(&young).Error
	if err != nil {
		return err
	}
	if len(young) > 0 {
		if err := mergeDestination(tx, young[0], row.ID); err != nil {
			return err
		}
	}
	community := row.Community
	if community == row.Chat {
		community = to
	}
	// Parked was the old chat: Telegram tells that we left it.
	err = tx.Exec(`UPDATE destinations SET chat = ?, community = ?, standing = CASE WHEN standing = 'parked' THEN 'active' ELSE standing END,
		reason = CASE WHEN standing = 'parked' THEN '' ELSE reason END, since = CASE WHEN standing = 'parked' THEN ? ELSE since END,
		revision = revision + 1 WHERE id = ?`, to, community, stampsOf(now), row.ID).Error
	if err != nil || row.Standing != string(subscriptions.Parked) {
		return err
	}
	if err := dropStale(tx, `destination = ?`, now, row.ID); err != nil {
		return err
	}
	return tx.Exec(`UPDATE sends SET state = 'waiting', reason = '', retry = 0 WHERE destination = ? AND state = 'parked'`, row.ID).Error
}

// mergeDestination gives what belongs to one destination to another and deletes
// the first. What both have is kept once.
func mergeDestination(tx *gorm.DB, from destinationRow, into int64) error {
	for _, statement := range []string{
		`UPDATE subscriptions SET destination = @into WHERE destination = @from AND NOT EXISTS (SELECT 1 FROM subscriptions o
			WHERE o.destination = @into AND o.topic_kind = subscriptions.topic_kind AND o.topic_id = subscriptions.topic_id
			AND o.topic_name = subscriptions.topic_name)`,
		`DELETE FROM subscriptions WHERE destination = @from`,
		`UPDATE rules SET destination = @into WHERE destination = @from`,
		`UPDATE changes SET destination = @into WHERE destination = @from`,
		`UPDATE conversations SET destination = @into WHERE destination = @from AND NOT EXISTS (SELECT 1 FROM conversations o
			WHERE o.destination = @into AND o.person = conversations.person)`,
		`DELETE FROM conversations WHERE destination = @from`,
		`UPDATE sends SET destination = @into WHERE destination = @from AND (event = 0 OR NOT EXISTS (SELECT 1 FROM sends o
			WHERE o.destination = @into AND o.event = sends.event))`,
		`UPDATE sends SET state = 'discarded', reason = 'it is told under the old address of the chat', ended = @now, via = ''
			WHERE destination = @from AND state IN ('waiting', 'parked')`,
		`UPDATE send_parts SET destination = @into WHERE destination = @from`,
		`UPDATE notices SET destination = @into WHERE destination = @from`,
		`UPDATE destinations SET watch = (SELECT y.watch FROM destinations y WHERE y.id = @from) WHERE id = @into AND watch = 0`,
		`DELETE FROM destinations WHERE id = @from`,
	} {
		args := map[string]any{"from": from.ID, "into": into, "now": stampsOf(tx.NowFunc())}
		if err := tx.Exec(statement, args).Error; err != nil {
			return err
		}
	}
	return nil
}
