package storage

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/subscriptions"
)

// Apply implements bot.Inbox.
func (s *Store) Apply(ctx context.Context, o bot.Outcome) error {
	err := s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if o.Request != "" {
			// The body may hold a token by which to answer: it goes as soon as
			// it is not needed any more.
			done := tx.Model(&inboxRow{}).Where("request = ? AND state = ?", o.Request, inboxOpen).
				Updates(map[string]any{"state": inboxDone, "body": ""})
			if done.Error != nil {
				return done.Error
			}
			if done.RowsAffected == 0 {
				return bot.ErrHandled
			}
		}
		for _, effect := range o.Effects {
			if err := s.apply(tx, effect); err != nil {
				return err
			}
		}
		for _, c := range o.Changes {
			row := changeRow{
				Request: c.Request, Ordinal: c.Ordinal, Author: int64(c.Author), Destination: int64(c.Destination),
				At: toStamp(c.At), What: c.What, Before: c.Before, After: c.After,
			}
			if err := tx.Create(&row).Error; err != nil {
				if duplicate(err) {
					return bot.ErrHandled
				}
				return err
			}
		}
		_, err := insertSends(tx, o.Answers)
		return err
	})
	return wrap("store outcome", err)
}

// Changes returns the last changes in a destination, the newest first.
func (s *Store) Changes(ctx context.Context, d subscriptions.DestinationID, limit int) ([]subscriptions.Change, error) {
	var rows []changeRow
	if err := s.fast.WithContext(ctx).Where("destination = ?", int64(d)).Order("id DESC").Limit(limit).Find(&rows).Error; err != nil {
		return nil, wrap("read changes", err)
	}
	out := make([]subscriptions.Change, len(rows))
	for i, r := range rows {
		out[i] = subscriptions.Change{
			Request: r.Request, Ordinal: r.Ordinal, Author: subscriptions.PersonID(r.Author),
			Destination: subscriptions.DestinationID(r.Destination), At: r.At.time(), What: r.What, Before: r.Before, After: r.After,
		}
	}
	return out, nil
}

func (s *Store) apply(tx *gorm.DB, effect bot.Effect) error {
	switch e := effect.(type) {
	case bot.PutRule:
		return s.putRule(tx, e)
	case bot.DropRule:
		return dropRule(tx, int64(e.Rule))
	case bot.PutDraft:
		return putDraft(tx, e.Draft)
	case bot.DropDraft:
		return dropDraft(tx, int64(e.ID))
	case bot.PutFeed:
		return putFeed(tx, e.Feed)
	case bot.Subscribe:
		return s.subscribe(tx, e)
	case bot.Unsubscribe:
		return tx.Where("destination = ? AND topic_kind = ? AND topic_id = ? AND topic_name = ?",
			int64(e.Destination), string(e.Topic.Kind), e.Topic.ID, e.Topic.Name).Delete(&subscriptionRow{}).Error
	case bot.PutSymbols:
		return putSymbols(tx, e.Symbols)
	}
	return s.applyPlace(tx, effect)
}

// applyPlace is apply for what concerns a destination itself.
func (s *Store) applyPlace(tx *gorm.DB, effect bot.Effect) error {
	switch e := effect.(type) {
	case bot.PutDestination:
		return putDestination(tx, e.Destination)
	case bot.PutWatchlist:
		return putWatchlist(tx, e)
	case bot.PutStep:
		row := conversationRow{Destination: int64(e.Destination), Person: int64(e.Person), Step: e.Step, Updated: toStamp(s.now())}
		if e.Step == "" {
			return tx.Delete(&row).Error
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&row).Error
	case bot.Postpone:
		return postpone(tx, e, toStamp(s.now()))
	case bot.SettleNotice:
		return settleNotice(tx, e.ID)
	case bot.Forget:
		return forget(tx, int64(e.Destination), toStamp(s.now()))
	}
	return errors.New("storage does not know this effect")
}

func (s *Store) putRule(tx *gorm.DB, e bot.PutRule) error {
	row, err := toRuleRow(e.Rule, e.Destination, e.Owner)
	if err != nil {
		return err
	}
	if e.Rule.Revision <= 1 {
		if err := s.withinRuleLimits(tx, e); err != nil {
			return err
		}
		if err := onlyOnce(tx, e.Rule, row); err != nil {
			return err
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
	} else {
		if err := changedOnlyOnce(tx, e.Rule, row); err != nil {
			return err
		}
		// Created, destination and owner stay what they were.
		changed := tx.Model(&ruleRow{}).Where("id = ? AND revision = ?", row.ID, row.Revision-1).
			Select("*").Omit("id", "destination", "owner", "created").Updates(&row)
		if changed.Error != nil {
			return changed.Error
		}
		if changed.RowsAffected == 0 {
			return subscriptions.ErrChanged
		}
	}
	if e.States == nil {
		return nil
	}
	if err := tx.Where("rule = ?", row.ID).Delete(&ruleStateRow{}).Error; err != nil {
		return err
	}
	rows := make([]ruleStateRow, len(e.States))
	for i, st := range e.States {
		// Version 0 means that nothing is stored, and this is.
		st.Rule, st.Version = alerts.RuleID(row.ID), max(st.Version, 1)
		rows[i] = toStateRow(st)
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.CreateInBatches(rows, 200).Error
}

// lockPlace has changes of a destination's rules wait for one another.
func lockPlace(tx *gorm.DB, destination int64) error {
	return tx.Exec("UPDATE destinations SET revision = revision WHERE id = ?", destination).Error
}

// onlyOnce refuses a rule that the destination has already. It is looked for
// under the lock on the destination: two people may ask for it at once.
func onlyOnce(tx *gorm.DB, rule alerts.Rule, row ruleRow) error {
	var like []ruleRow
	if err := tx.Where("destination = ? AND conditions = ? AND id <> ?", row.Destination, row.Conditions, row.ID).Find(&like).Error; err != nil {
		return err
	}
	for _, r := range like {
		have, err := r.rule()
		if err != nil {
			return err
		}
		if alerts.Canonical(have) == alerts.Canonical(rule) {
			return &subscriptions.TwiceError{Have: have.ID}
		}
	}
	return nil
}

// changedOnlyOnce is onlyOnce for a rule that is given another text.
func changedOnlyOnce(tx *gorm.DB, rule alerts.Rule, row ruleRow) error {
	if err := lockPlace(tx, row.Destination); err != nil {
		return err
	}
	var stored ruleRow
	if err := tx.Where("id = ?", row.ID).Limit(1).Find(&stored).Error; err != nil || stored.ID == 0 {
		return err
	}
	before, err := stored.rule()
	if err != nil || alerts.Canonical(before) == alerts.Canonical(rule) {
		return err
	}
	return onlyOnce(tx, rule, row)
}

// withinRuleLimits counts under a lock on the destination, so that two requests
// at once cannot both take the last place.
func (s *Store) withinRuleLimits(tx *gorm.DB, e bot.PutRule) error {
	if err := lockPlace(tx, int64(e.Destination)); err != nil {
		return err
	}
	checks := []struct {
		limit int
		scope string
		query *gorm.DB
	}{
		{e.Limits.RulesPerPlace, "place", tx.Model(&ruleRow{}).Where("destination = ?", int64(e.Destination))},
		{e.Limits.RulesPerPerson, "person", tx.Model(&ruleRow{}).Where("owner = ?", int64(e.Owner))},
		{e.Limits.RulesPerCommunity, "community", tx.Model(&ruleRow{}).Where(`destination IN (SELECT d.id FROM destinations d
			JOIN destinations home ON home.id = ? WHERE home.community <> '' AND d.community = home.community AND d.platform = home.platform)`,
			int64(e.Destination))},
	}
	for _, c := range checks {
		if c.limit == 0 {
			continue
		}
		var n int64
		if err := c.query.Count(&n).Error; err != nil {
			return err
		}
		if n >= int64(c.limit) {
			return &subscriptions.LimitError{What: "rules", Scope: c.scope, Limit: c.limit}
		}
	}
	return nil
}

func dropRule(tx *gorm.DB, id int64) error {
	if err := tx.Where("id = ?", id).Delete(&ruleRow{}).Error; err != nil {
		return err
	}
	if err := tx.Where("rule = ?", id).Delete(&ruleStateRow{}).Error; err != nil {
		return err
	}
	return tx.Where("topic_kind = ? AND topic_id = ?", string(alerts.TopicRule), id).Delete(&subscriptionRow{}).Error
}

func (s *Store) subscribe(tx *gorm.DB, e bot.Subscribe) error {
	sub := e.Subscription
	if e.Limits.FeedsPerPlace > 0 && sub.Topic.Kind == alerts.TopicFeed {
		var n int64
		if err := tx.Model(&subscriptionRow{}).Where("destination = ? AND topic_kind = ?", int64(sub.Destination), string(alerts.TopicFeed)).
			Count(&n).Error; err != nil {
			return err
		}
		if n >= int64(e.Limits.FeedsPerPlace) {
			return &subscriptions.LimitError{What: "feeds", Scope: "place", Limit: e.Limits.FeedsPerPlace}
		}
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&subscriptionRow{
		ID: int64(sub.ID), Destination: int64(sub.Destination), TopicKind: string(sub.Topic.Kind), TopicID: sub.Topic.ID,
		TopicName: sub.Topic.Name, Owner: int64(sub.Owner), Created: toStamp(sub.Created), Paused: sub.Paused,
	}).Error
}

// putFeed adds a feed. Who asks for one that another made known a moment ago
// must not subscribe to an id that nothing ever comes from.
func putFeed(tx *gorm.DB, f news.Feed) error {
	row := toFeedRow(f)
	made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
	if made.Error != nil || made.RowsAffected > 0 {
		return made.Error
	}
	var same int64
	if err := tx.Model(&feedRow{}).Where("id = ? AND url = ?", int64(f.ID), f.URL).Count(&same).Error; err != nil {
		return err
	}
	if same == 0 {
		return bot.ErrFeedKnown
	}
	return nil
}

func putDestination(tx *gorm.DB, d subscriptions.Destination) error {
	row, err := toDestinationRow(d)
	if err != nil {
		return err
	}
	changed := tx.Model(&destinationRow{}).Where("id = ? AND revision = ?", row.ID, row.Revision-1).
		Select("*").Omit("id", "platform", "account", "chat", "thread").Updates(&row)
	if changed.Error != nil {
		return changed.Error
	}
	if changed.RowsAffected == 0 {
		return subscriptions.ErrChanged
	}
	return nil
}

func putWatchlist(tx *gorm.DB, e bot.PutWatchlist) error {
	if err := tx.Where("watchlist = ?", int64(e.List.ID)).Delete(&watchRow{}).Error; err != nil {
		return err
	}
	rows := make([]watchRow, len(e.List.Tickers))
	for i, t := range e.List.Tickers {
		rows[i] = watchRow{Watchlist: int64(e.List.ID), Position: i, Ticker: string(t)}
	}
	if len(rows) > 0 {
		if err := tx.CreateInBatches(rows, 200).Error; err != nil {
			return err
		}
	}
	return tx.Exec("UPDATE destinations SET watch = ? WHERE id = ?", int64(e.List.ID), int64(e.Destination)).Error
}

func forget(tx *gorm.DB, destination int64, now stamp) error {
	var rules []int64
	if err := tx.Model(&ruleRow{}).Where("destination = ?", destination).Pluck("id", &rules).Error; err != nil {
		return err
	}
	for _, id := range rules {
		if err := dropRule(tx, id); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		"DELETE FROM subscriptions WHERE destination = ?",
		"DELETE FROM watched_symbols WHERE watchlist = (SELECT watch FROM destinations WHERE id = ?)",
		"UPDATE destinations SET watch = 0 WHERE id = ?",
		"DELETE FROM conversations WHERE destination = ?",
		"DELETE FROM drafts WHERE destination = ?",
	} {
		if err := tx.Exec(statement, destination).Error; err != nil {
			return err
		}
	}
	return tx.Exec(`UPDATE sends SET state = 'discarded', reason = 'everything here was stopped', via = '', ended = ?
		WHERE destination = ? AND state IN ('waiting', 'parked') AND event <> 0`, int64(now), destination).Error
}

// Watchlist returns a destination's list; an empty one where it has none.
func (s *Store) Watchlist(ctx context.Context, id alerts.WatchlistID) (subscriptions.Watchlist, error) {
	var rows []watchRow
	if err := s.fast.WithContext(ctx).Where("watchlist = ?", int64(id)).Order("position").Find(&rows).Error; err != nil {
		return subscriptions.Watchlist{}, wrap("read watchlist", err)
	}
	return watchlist(id, rows), nil
}

func watchlist(id alerts.WatchlistID, rows []watchRow) subscriptions.Watchlist {
	list := subscriptions.Watchlist{ID: id, Tickers: make([]market.Ticker, len(rows))}
	for i, row := range rows {
		list.Tickers[i] = market.Ticker(row.Ticker)
	}
	return list
}

// Watchlists returns the lists that rules or destinations refer to.
func (s *Store) Watchlists(ctx context.Context) (map[alerts.WatchlistID][]market.Ticker, error) {
	var rows []watchRow
	if err := s.fast.WithContext(ctx).Order("watchlist, position").Find(&rows).Error; err != nil {
		return nil, wrap("read watchlists", err)
	}
	out := make(map[alerts.WatchlistID][]market.Ticker)
	for _, row := range rows {
		id := alerts.WatchlistID(row.Watchlist)
		out[id] = append(out[id], market.Ticker(row.Ticker))
	}
	return out, nil
}
