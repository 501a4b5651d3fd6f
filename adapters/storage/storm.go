package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// stormLook is how many of a destination's last sends are looked at to find a
// storm: more than a storm's alerts, with room for answers and edits between.
const stormLook = 64

// AlertsSince counts the alerts that a destination was to be told since a time,
// among its last sends.
func (s *Store) AlertsSince(ctx context.Context, d subscriptions.DestinationID, since time.Time) (int, error) {
	var n int
	err := s.fast.WithContext(ctx).Raw(`SELECT count(*) FROM
		(SELECT priority, kind, created FROM sends WHERE destination = ? ORDER BY id DESC LIMIT ?) latest
		WHERE priority = ? AND kind = 'new' AND created >= ?`,
		int64(d), stormLook, int(outbox.PriorityAlert), int64(toStamp(since))).Scan(&n).Error
	return n, wrap("count alerts", err)
}

// joinStorm adds an alert that is told together with others in one message,
// which is made where none waits yet. An alert that is stored already is passed
// over.
func joinStorm(tx *gorm.DB, storm bot.StormSend) error {
	alert := storm.Alert
	alert.State, alert.Reason, alert.Ended = outbox.Merged, "told together with others", alert.Created
	added, err := insertSends(tx, []outbox.Send{alert})
	if err != nil || added == 0 {
		return err
	}
	into, err := stormSend(tx, alert, storm.Leaves)
	if err == nil {
		err = tx.Exec("UPDATE sends SET told_in = ? WHERE event = ? AND destination = ?", into, alert.Event, int64(alert.Destination)).Error
	}
	return wrap("join storm", err)
}

// stormSend returns the send that waits to tell a storm, or makes it.
func stormSend(tx *gorm.DB, alert outbox.Send, leaves time.Time) (int64, error) {
	var id int64
	// It is written, so that nobody begins to send it before this alert is in it.
	err := tx.Raw(`UPDATE sends SET due = due WHERE state = 'waiting' AND id = (SELECT id FROM sends
		WHERE account = ? AND priority = ? AND state IN ('waiting', 'sending') AND state = 'waiting'
		AND destination = ? AND person = 0 AND kind = 'collapse' AND body = '' ORDER BY id LIMIT 1) RETURNING id`,
		accountOf(alert.Address), int(outbox.PriorityAlert), int64(alert.Destination)).Scan(&id).Error
	if err != nil || id != 0 {
		return id, err
	}
	values := []any{accountOf(alert.Address), int64(alert.Destination), string(outbox.Collapse), int(outbox.PriorityAlert),
		string(outbox.Waiting), 0, "", 0, "", "", string(message.Rich), "", "", false, false, 0, 0, 0, false, "", "",
		toStamp(alert.Happened), toStamp(alert.Created), toStamp(leaves), 0, 0, 0}
	err = tx.Raw(`INSERT INTO sends (`+insertColumns+`) VALUES `+tuples(1, 27)+` RETURNING id`, values...).Scan(&id).Error
	return id, err
}
