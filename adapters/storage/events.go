package storage

import (
	"context"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/alerts"
	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

type eventRow struct {
	ID        int64  `gorm:"primaryKey"`
	Kind      string `gorm:"not null"`
	Key       string `gorm:"not null;uniqueIndex"`
	Subject   string `gorm:"index"`
	TopicKind string
	TopicID   int64
	TopicName string
	At        stamp
	Detected  stamp `gorm:"index"`
	Body      string
	// Matched is when every destination that wants it had its send; 0 before.
	Matched stamp `gorm:"not null"`
	// Position is the last subscription that was looked at.
	Position int64 `gorm:"not null"`
}

func (eventRow) TableName() string { return "events" }

func eventTables(tx *gorm.DB) error {
	return create([]any{&eventRow{}},
		"CREATE INDEX events_unmatched ON events (id) WHERE matched = 0",
	)(tx)
}

func toEventRow(e alerts.Event) (eventRow, error) {
	body, err := encode(e)
	return eventRow{
		ID: int64(e.ID), Kind: string(e.Kind), Key: e.Key, Subject: e.Subject, TopicKind: string(e.Topic.Kind),
		TopicID: e.Topic.ID, TopicName: e.Topic.Name, At: toStamp(e.At), Detected: toStamp(e.Detected), Body: body,
	}, err
}

func (r eventRow) event() (alerts.Event, error) {
	e, err := decode[alerts.Event](r.Body)
	e.ID = alerts.EventID(r.ID)
	return e, err
}

// putEvents keeps events; one whose key is known is passed over, unless it is of
// an outage that concerns more people now: it is matched anew, which adds only
// those who were not told.
func putEvents(tx *gorm.DB, events []alerts.Event) error {
	rows := make([]eventRow, 0, len(events))
	for _, e := range events {
		row, err := toEventRow(e)
		if err != nil {
			return err
		}
		if e.Kind == alerts.EventQuotesLate {
			grown := clause.OnConflict{
				Columns: []clause.Column{{Name: "key"}}, DoUpdates: clause.AssignmentColumns([]string{"body", "matched", "position"}),
			}
			if err := tx.Clauses(grown).Create(&row).Error; err != nil {
				return wrap("write events", err)
			}
			continue
		}
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return wrap("write events", tx.Clauses(clause.OnConflict{DoNothing: true}).CreateInBatches(rows, 100).Error)
}

// Unmatched returns events after an id whose destinations have not all been
// found yet, oldest first, each with where it stopped: those of news, or all
// others.
func (s *Store) Unmatched(ctx context.Context, articles bool, after alerts.EventID, limit int) ([]bot.Unmatched, error) {
	const news = "kind IN ('article', 'also', 'summary')"
	which := "NOT " + news
	if articles {
		which = news
	}
	var rows []eventRow
	err := s.fast.WithContext(ctx).Where("matched = 0 AND id > ? AND "+which, int64(after)).Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, wrap("read unmatched events", err)
	}
	out := make([]bot.Unmatched, 0, len(rows))
	for _, row := range rows {
		e, err := row.event()
		u := bot.Unmatched{Event: e, Position: subscriptions.SubscriptionID(row.Position), Unreadable: err}
		if e.Kind == alerts.EventQuotesLate {
			u.Text = row.Body
		}
		out = append(out, u)
	}
	return out, nil
}

// Wanting returns the subscriptions to a topic after a position, with their
// destinations, in the order of their ids.
func (s *Store) Wanting(ctx context.Context, topic alerts.Topic, after subscriptions.SubscriptionID, limit int) ([]bot.Wanting, error) {
	var rows []subscriptionRow
	err := s.fast.WithContext(ctx).
		Where("topic_kind = ? AND topic_id = ? AND topic_name = ? AND id > ?", string(topic.Kind), topic.ID, topic.Name, int64(after)).
		Order("id").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, wrap("read subscriptions", err)
	}
	ids := make([]subscriptions.DestinationID, len(rows))
	for i, row := range rows {
		ids[i] = subscriptions.DestinationID(row.Destination)
	}
	found, err := s.Destinations(ctx, ids...)
	if err != nil {
		return nil, err
	}
	places := make(map[subscriptions.DestinationID]subscriptions.Destination, len(found))
	for _, d := range found {
		places[d.ID] = d
	}
	out := make([]bot.Wanting, 0, len(rows))
	for _, row := range rows {
		d, ok := places[subscriptions.DestinationID(row.Destination)]
		if !ok {
			continue
		}
		out = append(out, bot.Wanting{Subscription: row.subscription(), Destination: d})
	}
	return out, nil
}

func (r subscriptionRow) subscription() subscriptions.Subscription {
	return subscriptions.Subscription{
		ID: subscriptions.SubscriptionID(r.ID), Destination: subscriptions.DestinationID(r.Destination),
		Topic: alerts.Topic{Kind: alerts.TopicKind(r.TopicKind), ID: r.TopicID, Name: r.TopicName},
		Owner: subscriptions.PersonID(r.Owner), Created: r.Created.time(), Paused: r.Paused,
	}
}

// Enqueue is transaction 2: it adds the sends of chunks of events' destinations
// and moves the events' positions, or marks them matched.
func (s *Store) Enqueue(ctx context.Context, matched ...bot.Matched) error {
	return s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var sends []outbox.Send
		for _, m := range matched {
			sends = append(sends, m.Sends...)
		}
		if _, err := insertSends(tx, sends); err != nil {
			return err
		}
		for _, m := range matched {
			for _, storm := range m.Storm {
				if err := joinStorm(tx, storm); err != nil {
					return err
				}
			}
			change := map[string]any{"position": int64(m.Position)}
			if m.Last {
				change["matched"] = int64(toStamp(s.now()))
			}
			event := tx.Model(&eventRow{}).Where("id = ?", int64(m.Event))
			if m.Text != "" {
				// One that grew meanwhile is looked at again.
				event = event.Where("body = ?", m.Text)
			}
			if err := event.Updates(change).Error; err != nil {
				return wrap("move event", err)
			}
		}
		return nil
	})
}

// Events returns stored events by id.
func (s *Store) Events(ctx context.Context, ids ...alerts.EventID) (map[alerts.EventID]alerts.Event, error) {
	out := make(map[alerts.EventID]alerts.Event, len(ids))
	for start := 0; start < len(ids); start += 500 {
		var rows []eventRow
		if err := s.fast.WithContext(ctx).Where("id IN ?", ids[start:min(start+500, len(ids))]).Find(&rows).Error; err != nil {
			return nil, wrap("read events", err)
		}
		for _, row := range rows {
			e, err := row.event()
			if err != nil {
				return nil, err
			}
			out[e.ID] = e
		}
	}
	return out, nil
}

// EventOf returns the first event on a subject.
func (s *Store) EventOf(ctx context.Context, subject string) (alerts.Event, error) {
	var row eventRow
	found := s.fast.WithContext(ctx).Where("subject = ?", subject).Order("id").Limit(1).Find(&row)
	if found.Error == nil && found.RowsAffected == 0 {
		return alerts.Event{}, wrap("read event", subscriptions.ErrNotFound)
	}
	if found.Error != nil {
		return alerts.Event{}, wrap("read event", found.Error)
	}
	return row.event()
}

// PutEvents keeps events that no check of prices or feeds found.
func (s *Store) PutEvents(ctx context.Context, events []alerts.Event) error {
	return putEvents(s.durable.WithContext(ctx), events)
}

// BellTopics returns the bells that somebody asked for.
func (s *Store) BellTopics(ctx context.Context) ([]alerts.Topic, error) {
	var rows []subscriptionRow
	err := s.fast.WithContext(ctx).Model(&subscriptionRow{}).Distinct("topic_kind", "topic_id", "topic_name").
		Where("topic_kind = ?", string(alerts.TopicBell)).Find(&rows).Error
	out := make([]alerts.Topic, len(rows))
	for i, r := range rows {
		out[i] = alerts.Topic{Kind: alerts.TopicBell, ID: r.TopicID, Name: r.TopicName}
	}
	return out, wrap("read bells", err)
}

// pruneEvents deletes events that were told to everyone before a time and whose
// sends are gone.
func (s *Store) pruneEvents(ctx context.Context, before stamp) error {
	return wrap("prune events", s.fast.WithContext(ctx).Exec(`DELETE FROM events WHERE matched > 0 AND detected < ?
		AND NOT EXISTS (SELECT 1 FROM sends WHERE sends.event = events.id)`, int64(before)).Error)
}
