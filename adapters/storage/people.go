package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/subscriptions"
)

type personRow struct {
	ID      int64 `gorm:"primaryKey"`
	Created stamp
}

func (personRow) TableName() string { return "people" }

type identityRow struct {
	Platform string `gorm:"primaryKey"`
	User     string `gorm:"primaryKey;column:user_id"`
	Person   int64  `gorm:"not null;index"`
	Name     string
}

func (identityRow) TableName() string { return "identities" }

type destinationRow struct {
	ID         int64  `gorm:"primaryKey"`
	Platform   string `gorm:"not null;uniqueIndex:destination_address,priority:1"`
	Account    string `gorm:"not null;uniqueIndex:destination_address,priority:2"`
	Chat       string `gorm:"not null;uniqueIndex:destination_address,priority:3"`
	Thread     string `gorm:"not null;uniqueIndex:destination_address,priority:4"`
	Kind       string `gorm:"not null"`
	Title      string
	Community  string `gorm:"index"`
	Locale     string
	Zone       string
	Standing   string `gorm:"not null"`
	Reason     string
	Since      stamp
	Watch      int64
	MutedUntil stamp
	Settings   string
	Revision   int64 `gorm:"not null"`
}

func (destinationRow) TableName() string { return "destinations" }

// movedRow remembers that a chat has a new id, for ever: the news of it comes
// from three sides and in any order.
type movedRow struct {
	Platform string `gorm:"primaryKey"`
	Account  string `gorm:"primaryKey"`
	Chat     string `gorm:"primaryKey"`
	MovedTo  string `gorm:"not null"`
}

func (movedRow) TableName() string { return "moved_chats" }

type subscriptionRow struct {
	ID          int64  `gorm:"primaryKey"`
	Destination int64  `gorm:"not null;uniqueIndex:subscription_once,priority:4"`
	TopicKind   string `gorm:"not null;uniqueIndex:subscription_once,priority:1"`
	TopicID     int64  `gorm:"not null;uniqueIndex:subscription_once,priority:2"`
	TopicName   string `gorm:"not null;uniqueIndex:subscription_once,priority:3"`
	Owner       int64
	Created     stamp
	Paused      bool
}

func (subscriptionRow) TableName() string { return "subscriptions" }

type watchRow struct {
	Watchlist int64  `gorm:"primaryKey"`
	Position  int    `gorm:"primaryKey"`
	Ticker    string `gorm:"not null;index"`
}

func (watchRow) TableName() string { return "watched_symbols" }

type changeRow struct {
	ID          int64  `gorm:"primaryKey"`
	Request     string `gorm:"not null;uniqueIndex:change_once,priority:1"`
	Ordinal     int    `gorm:"not null;uniqueIndex:change_once,priority:2"`
	Author      int64
	Destination int64 `gorm:"index"`
	At          stamp
	What        string
	Before      string
	After       string
}

func (changeRow) TableName() string { return "changes" }

func peopleTables(tx *gorm.DB) error {
	return create([]any{
		&personRow{}, &identityRow{}, &destinationRow{}, &movedRow{}, &subscriptionRow{}, &watchRow{}, &changeRow{},
	},
		"CREATE INDEX subscriptions_of ON subscriptions (destination)",
	)(tx)
}

// Person returns the person behind an identity, who is remembered when met for
// the first time, and keeps the name that the platform shows now.
func (s *Store) Person(ctx context.Context, who subscriptions.Identity) (subscriptions.PersonID, error) {
	if who.User == "" {
		return 0, nil
	}
	db := s.fast.WithContext(ctx)
	var row identityRow
	err := db.Where("platform = ? AND user_id = ?", string(who.Platform), who.User).Take(&row).Error
	if err == nil {
		if who.Name != "" && who.Name != row.Name {
			err = db.Model(&identityRow{}).Where("platform = ? AND user_id = ?", row.Platform, row.User).Update("name", who.Name).Error
		}
		return subscriptions.PersonID(row.Person), wrap("read person", err)
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return 0, wrap("read person", err)
	}
	id, err := s.NewID(ctx)
	if err != nil {
		return 0, err
	}
	err = s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row = identityRow{Platform: string(who.Platform), User: who.User, Person: id, Name: who.Name}
		created := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if created.Error != nil {
			return created.Error
		}
		if created.RowsAffected == 0 {
			return tx.Where("platform = ? AND user_id = ?", row.Platform, row.User).Take(&row).Error
		}
		return tx.Create(&personRow{ID: id, Created: toStamp(s.now())}).Error
	})
	return subscriptions.PersonID(row.Person), wrap("remember person", err)
}

// Name returns what a person is called on the platform where they were met first.
func (s *Store) Name(ctx context.Context, person subscriptions.PersonID) (string, error) {
	var row identityRow
	err := s.fast.WithContext(ctx).Where("person = ?", int64(person)).Order("platform").Limit(1).Find(&row).Error
	return row.Name, wrap("read name", err)
}

// IdentityOf returns a person's identity on a platform; ok is false where they
// have none.
func (s *Store) IdentityOf(ctx context.Context, person subscriptions.PersonID, platform subscriptions.Platform) (who subscriptions.Identity, ok bool, err error) {
	var row identityRow
	found := s.fast.WithContext(ctx).Where("person = ? AND platform = ?", int64(person), string(platform)).Limit(1).Find(&row)
	return subscriptions.Identity{Platform: platform, User: row.User, Name: row.Name}, found.RowsAffected > 0, wrap("read identity", found.Error)
}

// Place returns the destination at an address, which is remembered as it is
// given when met for the first time. An address of a chat that moved leads to
// where it is now.
func (s *Store) Place(ctx context.Context, place subscriptions.Destination) (subscriptions.Destination, error) {
	db := s.fast.WithContext(ctx)
	address, err := s.resolve(db, place.Address)
	if err != nil {
		return place, err
	}
	place.Address = address
	row, err := destinationAt(db, address)
	if err == nil {
		return row.destination()
	}
	if !errors.Is(err, gorm.ErrRecordNotFound) {
		return place, wrap("read destination", err)
	}
	id, err := s.NewID(ctx)
	if err != nil {
		return place, err
	}
	place.ID = subscriptions.DestinationID(id)
	if place.Standing == "" {
		place.Standing = subscriptions.Active
	}
	place.Since = s.now().UTC()
	place.Revision = 1
	fresh, err := toDestinationRow(place)
	if err != nil {
		return place, err
	}
	if err := s.durable.WithContext(ctx).Clauses(clause.OnConflict{DoNothing: true}).Create(&fresh).Error; err != nil {
		return place, wrap("remember destination", err)
	}
	if row, err = destinationAt(db, address); err != nil {
		return place, wrap("read destination", err)
	}
	return row.destination()
}

// resolve follows a moved chat to where it is now.
func (s *Store) resolve(db *gorm.DB, a subscriptions.Address) (subscriptions.Address, error) {
	for range 4 {
		var moved movedRow
		found := db.Where("platform = ? AND account = ? AND chat = ?", string(a.Platform), a.Account, a.Chat).Limit(1).Find(&moved)
		if found.Error != nil {
			return a, wrap("look for a move", found.Error)
		}
		if found.RowsAffected == 0 {
			return a, nil
		}
		a.Chat = moved.MovedTo
	}
	return a, nil
}

func destinationAt(db *gorm.DB, a subscriptions.Address) (destinationRow, error) {
	var row destinationRow
	err := db.Where("platform = ? AND account = ? AND chat = ? AND thread = ?", string(a.Platform), a.Account, a.Chat, a.Thread).Take(&row).Error
	return row, err
}

// Destination returns a stored destination.
func (s *Store) Destination(ctx context.Context, id subscriptions.DestinationID) (subscriptions.Destination, error) {
	found, err := s.Destinations(ctx, id)
	if err != nil {
		return subscriptions.Destination{}, err
	}
	if len(found) == 0 {
		return subscriptions.Destination{}, fmt.Errorf("destination %d: %w", id, subscriptions.ErrNotFound)
	}
	return found[0], nil
}

// Destinations returns those of the destinations that are stored, in the order
// of their ids.
func (s *Store) Destinations(ctx context.Context, ids ...subscriptions.DestinationID) ([]subscriptions.Destination, error) {
	out := make([]subscriptions.Destination, 0, len(ids))
	for start := 0; start < len(ids); start += 500 {
		var rows []destinationRow
		chunk := ids[start:min(start+500, len(ids))]
		if err := s.fast.WithContext(ctx).Where("id IN ?", chunk).Order("id").Find(&rows).Error; err != nil {
			return nil, wrap("read destinations", err)
		}
		for _, row := range rows {
			d, err := row.destination()
			if err != nil {
				return nil, err
			}
			out = append(out, d)
		}
	}
	return out, nil
}

// PlacesOf returns the destinations of a community, oldest first.
func (s *Store) PlacesOf(ctx context.Context, platform subscriptions.Platform, account, community string) ([]subscriptions.Destination, error) {
	var rows []destinationRow
	err := s.fast.WithContext(ctx).Where("platform = ? AND account = ? AND community = ?", string(platform), account, community).
		Order("id").Find(&rows).Error
	if err != nil {
		return nil, wrap("read places", err)
	}
	out := make([]subscriptions.Destination, 0, len(rows))
	for _, row := range rows {
		d, err := row.destination()
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

func toDestinationRow(d subscriptions.Destination) (destinationRow, error) {
	settings, err := json.Marshal(d.Settings)
	if err != nil {
		return destinationRow{}, wrap("encode settings", err)
	}
	return destinationRow{
		ID: int64(d.ID), Platform: string(d.Address.Platform), Account: d.Address.Account, Chat: d.Address.Chat,
		Thread: d.Address.Thread, Kind: string(d.Kind), Title: d.Title, Community: d.Community, Locale: d.Locale,
		Zone: d.Zone, Standing: string(d.Standing), Reason: d.Reason, Since: toStamp(d.Since), Watch: d.Watch,
		MutedUntil: toStamp(d.MutedUntil), Settings: string(settings), Revision: d.Revision,
	}, nil
}

func (r destinationRow) address() subscriptions.Address {
	return subscriptions.Address{Platform: subscriptions.Platform(r.Platform), Account: r.Account, Chat: r.Chat, Thread: r.Thread}
}

func (r destinationRow) destination() (subscriptions.Destination, error) {
	d := subscriptions.Destination{
		ID: subscriptions.DestinationID(r.ID), Address: r.address(), Kind: subscriptions.DestinationKind(r.Kind),
		Title: r.Title, Community: r.Community, Locale: r.Locale, Zone: r.Zone,
		Standing: subscriptions.Standing(r.Standing), Reason: r.Reason, Since: r.Since.time(), Watch: r.Watch,
		MutedUntil: r.MutedUntil.time(), Revision: r.Revision,
	}
	if r.Settings != "" {
		if err := json.Unmarshal([]byte(r.Settings), &d.Settings); err != nil {
			return d, wrap("decode settings", err)
		}
	}
	return d, nil
}

// wrap says what was being done when err happened; nil stays nil.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Rename keeps what a place is called now.
func (s *Store) Rename(ctx context.Context, id subscriptions.DestinationID, title string) error {
	return wrap("rename destination", s.fast.WithContext(ctx).Model(&destinationRow{}).
		Where("id = ? AND title <> ?", int64(id), title).Update("title", title).Error)
}
