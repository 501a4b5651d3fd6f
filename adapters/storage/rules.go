package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/subscriptions"
)

type ruleRow struct {
	ID           int64 `gorm:"primaryKey"`
	Revision     int64 `gorm:"not null"`
	Destination  int64 `gorm:"not null;index"`
	Owner        int64 `gorm:"index"`
	Watchlist    int64 `gorm:"index"`
	Conditions   string
	Repeat       string
	Cooldown     int64 // nanoseconds
	Band         int64
	Expires      stamp
	RegularHours bool
	Note         string
	Mention      string
	Paused       bool
	SnoozedUntil stamp
	HeldFor      string
	Created      stamp
}

func (ruleRow) TableName() string { return "rules" }

type ruleStateRow struct {
	Rule    int64  `gorm:"primaryKey"`
	Ticker  string `gorm:"primaryKey"`
	Phase   string `gorm:"not null"`
	Arming  int64
	FiredAt stamp
	Side    int8
	Version int64
	Memory  string
}

func (ruleStateRow) TableName() string { return "rule_states" }

func ruleTables(tx *gorm.DB) error {
	return create([]any{&ruleRow{}, &ruleStateRow{}},
		"CREATE INDEX rule_states_fired ON rule_states (rule) WHERE phase = 'fired'",
	)(tx)
}

func toRuleRow(r alerts.Rule, d subscriptions.DestinationID, owner subscriptions.PersonID) (ruleRow, error) {
	conditions, err := encode(r.Conditions)
	return ruleRow{
		ID: int64(r.ID), Revision: r.Revision, Destination: int64(d), Owner: int64(owner), Watchlist: int64(r.Watchlist),
		Conditions: conditions, Repeat: string(r.Repeat), Cooldown: int64(r.Cooldown), Band: r.Band.Packed(),
		Expires: toStamp(r.Expires), RegularHours: r.RegularHours, Note: r.Note, Mention: r.Mention, Paused: r.Paused,
		SnoozedUntil: toStamp(r.SnoozedUntil), HeldFor: r.HeldFor, Created: toStamp(r.Created),
	}, err
}

func (r ruleRow) rule() (alerts.Rule, error) {
	conditions, err := decode[[]alerts.Condition](r.Conditions)
	if err != nil {
		return alerts.Rule{}, fmt.Errorf("rule %d: %w", r.ID, err)
	}
	return alerts.Rule{
		ID: alerts.RuleID(r.ID), Revision: r.Revision, Watchlist: alerts.WatchlistID(r.Watchlist), Conditions: conditions,
		Repeat: alerts.Repeat(r.Repeat), Cooldown: time.Duration(r.Cooldown), Band: market.PriceFromPacked(r.Band),
		Expires: r.Expires.time(), RegularHours: r.RegularHours, Note: r.Note, Mention: r.Mention, Paused: r.Paused,
		SnoozedUntil: r.SnoozedUntil.time(), HeldFor: r.HeldFor, Created: r.Created.time(),
	}, nil
}

func toStateRow(st alerts.State) ruleStateRow {
	return ruleStateRow{
		Rule: int64(st.Rule), Ticker: string(st.Ticker), Phase: string(st.Phase), Arming: st.Arming,
		FiredAt: toStamp(st.FiredAt), Side: st.Side, Version: st.Version, Memory: st.Memory,
	}
}

func (r ruleStateRow) state() alerts.State {
	return alerts.State{
		Rule: alerts.RuleID(r.Rule), Ticker: market.Ticker(r.Ticker), Phase: alerts.Phase(r.Phase), Arming: r.Arming,
		FiredAt: r.FiredAt.time(), Side: r.Side, Version: r.Version, Memory: r.Memory,
	}
}

// RulesOf returns a destination's rules with their states, oldest first.
func (s *Store) RulesOf(ctx context.Context, d subscriptions.DestinationID) ([]subscriptions.OwnedRule, error) {
	return s.ownedRules(s.fast.WithContext(ctx).Where("destination = ?", int64(d)))
}

// Rule returns one rule.
func (s *Store) Rule(ctx context.Context, id alerts.RuleID) (subscriptions.OwnedRule, error) {
	found, err := s.ownedRules(s.fast.WithContext(ctx).Where("id = ?", int64(id)))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("rule %d: %w", id, subscriptions.ErrNotFound)
	}
	if err != nil {
		return subscriptions.OwnedRule{}, err
	}
	return found[0], nil
}

// EachRule hands over every rule with its states, in chunks, in the order of
// their ids.
func (s *Store) EachRule(ctx context.Context, take func([]subscriptions.OwnedRule) error) error {
	const chunk = 2000
	last := int64(0)
	for {
		found, err := s.ownedRules(s.fast.WithContext(ctx).Where("id > ?", last).Limit(chunk))
		if err != nil || len(found) == 0 {
			return err
		}
		if err := take(found); err != nil {
			return err
		}
		last = int64(found[len(found)-1].Rule.ID)
	}
}

func (s *Store) ownedRules(query *gorm.DB) ([]subscriptions.OwnedRule, error) {
	var rows []ruleRow
	if err := query.Order("id").Find(&rows).Error; err != nil {
		return nil, wrap("read rules", err)
	}
	out := make([]subscriptions.OwnedRule, len(rows))
	at := make(map[int64]int, len(rows))
	for i, row := range rows {
		rule, err := row.rule()
		if err != nil {
			return nil, err
		}
		out[i] = subscriptions.OwnedRule{Rule: rule, Destination: subscriptions.DestinationID(row.Destination), Owner: subscriptions.PersonID(row.Owner)}
		at[row.ID] = i
	}
	for start := 0; start < len(rows); start += 500 {
		ids := make([]int64, 0, 500)
		for _, row := range rows[start:min(start+500, len(rows))] {
			ids = append(ids, row.ID)
		}
		var states []ruleStateRow
		if err := s.fast.WithContext(query.Statement.Context).Where("rule IN ?", ids).Order("rule, ticker").Find(&states).Error; err != nil {
			return nil, wrap("read states of rules", err)
		}
		for _, st := range states {
			i := at[st.Rule]
			out[i].States = append(out[i].States, st.state())
		}
	}
	return out, nil
}

// FinishDelivered ends the rules that fire once and whose alert was delivered
// or given up for good, and returns how many those were. A rule is never ended
// while its message is still on its way. One that is done still tells of the
// price's return for a day.
func (s *Store) FinishDelivered(ctx context.Context) (int64, error) {
	done := s.fast.WithContext(ctx).Exec(`UPDATE rule_states SET phase = ?, version = version + 1
		WHERE phase = 'fired'
		AND EXISTS (SELECT 1 FROM rules r WHERE r.id = rule_states.rule AND r.repeat = ?)
		AND EXISTS (SELECT 1 FROM events e WHERE e.subject = 'rule/' || rule_states.rule || '/' || rule_states.ticker || '/' || rule_states.arming
			AND e.kind = ? AND e.matched > 0
			AND NOT EXISTS (SELECT 1 FROM sends s WHERE s.event = e.id AND s.ended = 0))`,
		string(alerts.Done), string(alerts.Once), string(alerts.EventFired))
	return done.RowsAffected, wrap("end delivered rules", done.Error)
}
