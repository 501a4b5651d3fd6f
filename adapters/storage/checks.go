package storage

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Checks keeps what the checks of prices need: it is the store of
// alerts.Checker.
type Checks struct{ s *Store }

// Checks returns the store of the checks of prices.
func (s *Store) Checks() *Checks { return &Checks{s: s} }

var _ alerts.Store = (*Checks)(nil)

// Records implements alerts.Store.
func (c *Checks) Records(ctx context.Context, ids []alerts.RuleID) ([]alerts.Record, error) {
	out := make([]alerts.Record, 0, len(ids))
	lists := make(map[alerts.WatchlistID][]market.Ticker)
	for start := 0; start < len(ids); start += 500 {
		found, err := c.s.ownedRules(ctx, c.s.fast, "id IN ?", ids[start:min(start+500, len(ids))])
		if err != nil {
			return nil, err
		}
		for _, owned := range found {
			id := owned.Rule.Watchlist
			if _, ok := lists[id]; !ok && id != 0 {
				list, err := c.s.Watchlist(ctx, id)
				if err != nil {
					return nil, err
				}
				lists[id] = list.Tickers
			}
			out = append(out, alerts.Record{
				Rule: owned.Rule, Tickers: alerts.Standpoints(owned.Rule, lists[id]), States: owned.States,
			})
		}
	}
	return out, nil
}

// Standings implements alerts.Store.
func (c *Checks) Standings(ctx context.Context) ([]alerts.Standing, error) {
	var rows []standingRow
	if err := c.s.fast.WithContext(ctx).Order("ticker").Find(&rows).Error; err != nil {
		return nil, wrap("read quotes", err)
	}
	out := make([]alerts.Standing, 0, len(rows))
	for _, row := range rows {
		standing, err := decode[alerts.Standing](row.Body)
		if err != nil {
			return nil, err
		}
		out = append(out, standing)
	}
	return out, nil
}

// EachFiring implements alerts.Store.
func (c *Checks) EachFiring(ctx context.Context, ticker market.Ticker, since time.Time, take func([]alerts.Firing) error) error {
	const chunk = 500
	for last := int64(0); ; {
		var rows []eventRow
		err := c.s.fast.WithContext(ctx).Where("kind = ? AND detected >= ? AND id > ?", string(alerts.EventFired), toStamp(since), last).
			Order("id").Limit(chunk).Find(&rows).Error
		if err != nil {
			return wrap("read firings", err)
		}
		firings := make([]alerts.Firing, 0, len(rows))
		for _, row := range rows {
			e, err := row.event()
			if err != nil {
				return err
			}
			if e.Firing != nil && e.Firing.To.Ticker == ticker {
				firings = append(firings, *e.Firing)
			}
			last = row.ID
		}
		if err := take(firings); err != nil {
			return err
		}
		if len(rows) < chunk {
			return nil
		}
	}
}

// Commit implements alerts.Store: it is transaction 1.
func (c *Checks) Commit(ctx context.Context, batch alerts.Batch) error {
	return c.s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		conflicts, err := putStates(tx, batch.States, batch.Revisions)
		if err != nil {
			return err
		}
		if len(conflicts) > 0 {
			return &alerts.ConflictError{Rules: conflicts}
		}
		if conflicts, err = putHolds(tx, batch.Holds); err != nil {
			return err
		}
		if len(conflicts) > 0 {
			return &alerts.ConflictError{Rules: conflicts}
		}
		if err := putEvents(tx, batch.Events); err != nil {
			return err
		}
		return putStandings(tx, batch.Standings)
	})
}

// putStates saves states by compare-and-set and returns the rules whose stored
// state or revision was another one, or which are gone.
func putStates(tx *gorm.DB, states []alerts.State, revisions map[alerts.RuleID]int64) ([]alerts.RuleID, error) {
	there, err := existing(tx, states, revisions)
	if err != nil {
		return nil, err
	}
	var conflicts []alerts.RuleID
	for _, st := range states {
		if !there[int64(st.Rule)] {
			conflicts = append(conflicts, st.Rule)
			continue
		}
		row := toStateRow(st)
		row.Version++
		var saved *gorm.DB
		if st.Version == 0 {
			saved = tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		} else {
			saved = tx.Model(&ruleStateRow{}).Where("rule = ? AND ticker = ? AND version = ?", row.Rule, row.Ticker, st.Version).
				Select("*").Updates(&row)
		}
		if saved.Error != nil {
			return nil, wrap("save state", saved.Error)
		}
		if saved.RowsAffected == 0 {
			conflicts = append(conflicts, st.Rule)
		}
	}
	return conflicts, nil
}

// putHolds makes rules wait for their owners and returns those that were
// changed or deleted meanwhile.
func putHolds(tx *gorm.DB, holds []alerts.Hold) ([]alerts.RuleID, error) {
	var conflicts []alerts.RuleID
	for _, h := range holds {
		held := tx.Model(&ruleRow{}).Where("id = ? AND revision = ?", int64(h.Rule), h.Revision).
			Updates(map[string]any{"held_for": h.For, "revision": h.Revision + 1})
		if held.Error != nil {
			return nil, wrap("hold rule", held.Error)
		}
		if held.RowsAffected == 0 {
			conflicts = append(conflicts, h.Rule)
		}
	}
	return conflicts, nil
}

// existing tells which of the states' rules are there in the revision that was
// evaluated.
func existing(tx *gorm.DB, states []alerts.State, revisions map[alerts.RuleID]int64) (map[int64]bool, error) {
	there := make(map[int64]bool, len(states))
	ids := make([]int64, 0, len(states))
	for _, st := range states {
		if _, ok := there[int64(st.Rule)]; !ok {
			there[int64(st.Rule)] = false
			ids = append(ids, int64(st.Rule))
		}
	}
	for start := 0; start < len(ids); start += 500 {
		var found []ruleRow
		if err := tx.Select("id", "revision").Where("id IN ?", ids[start:min(start+500, len(ids))]).Find(&found).Error; err != nil {
			return nil, wrap("look for rules", err)
		}
		for _, row := range found {
			evaluated, told := revisions[alerts.RuleID(row.ID)]
			there[row.ID] = !told || evaluated == row.Revision
		}
	}
	return there, nil
}

func putStandings(tx *gorm.DB, standings []alerts.Standing) error {
	latest := make(map[market.Ticker]int, len(standings))
	rows := make([]standingRow, 0, len(standings))
	for _, standing := range standings {
		body, err := encode(standing)
		if err != nil {
			return err
		}
		row := standingRow{Ticker: string(standing.Quote.Ticker), Body: body}
		if i, ok := latest[standing.Quote.Ticker]; ok {
			rows[i] = row
			continue
		}
		latest[standing.Quote.Ticker] = len(rows)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return nil
	}
	return wrap("save quotes", tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, 200).Error)
}

// GuardRecords returns what the guard remembered of symbols.
func (s *Store) GuardRecords(ctx context.Context) (map[market.Ticker]market.Record, error) {
	var rows []guardRow
	if err := s.fast.WithContext(ctx).Find(&rows).Error; err != nil {
		return nil, wrap("read the guard's records", err)
	}
	out := make(map[market.Ticker]market.Record, len(rows))
	for _, row := range rows {
		record, err := decode[market.Record](row.Body)
		if err != nil {
			return nil, err
		}
		out[market.Ticker(row.Ticker)] = record
	}
	return out, nil
}

// PutGuardRecords keeps what the guard remembers of symbols.
func (s *Store) PutGuardRecords(ctx context.Context, records map[market.Ticker]market.Record) error {
	rows := make([]guardRow, 0, len(records))
	for ticker, record := range records {
		body, err := encode(record)
		if err != nil {
			return err
		}
		rows = append(rows, guardRow{Ticker: string(ticker), Body: body})
	}
	if len(rows) == 0 {
		return nil
	}
	return wrap("write the guard's records", s.fast.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, 200).Error)
}
