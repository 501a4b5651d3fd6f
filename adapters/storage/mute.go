package storage

import (
	"gorm.io/gorm"

	"bellwether/bot"
)

// postpone moves what waits to be told in a place to the time from which it may
// be told again. Answers and edits are not kept back.
func postpone(tx *gorm.DB, e bot.Postpone, now stamp) error {
	until := max(toStamp(e.Until), now)
	return tx.Exec(`UPDATE sends SET due = ? WHERE destination = ? AND state = 'waiting' AND kind IN ('new', 'collapse')
		AND priority > 0 AND attempts = 0`, int64(until), int64(e.Destination)).Error
}
