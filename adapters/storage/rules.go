package storage

import (
	"context"
	"errors"
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
	conditions, err := decodeConditions(r.Conditions)
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
	return s.ownedRules(ctx, s.fast, "destination = ?", int64(d))
}

// Rule returns one rule.
func (s *Store) Rule(ctx context.Context, id alerts.RuleID) (subscriptions.OwnedRule, error) {
	found, err := s.ownedRules(ctx, s.fast, "id = ?", int64(id))
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("rule %d: %w", id, subscriptions.ErrNotFound)
	}
	if err != nil {
		return subscriptions.OwnedRule{}, err
	}
	return found[0], nil
}

// EachRule hands over every rule with its states, in chunks, in the order of
// their ids. The next chunk is read while one is taken.
func (s *Store) EachRule(ctx context.Context, take func([]subscriptions.OwnedRule) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type part struct {
		rules []subscriptions.OwnedRule
		err   error
	}
	parts := make(chan part, 2)
	go func() {
		defer close(parts)
		for last := int64(0); ; {
			rules, err := s.rulesAfter(ctx, last)
			if err == nil && len(rules) == 0 {
				return
			}
			select {
			case parts <- part{rules, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			last = int64(rules[len(rules)-1].Rule.ID)
		}
	}()
	for p := range parts {
		if p.err != nil {
			return p.err
		}
		if err := take(p.rules); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// rulesAfter reads the rules that follow one, with their states.
func (s *Store) rulesAfter(ctx context.Context, last int64) ([]subscriptions.OwnedRule, error) {
	const chunk = 4000
	rules, err := readRules(s.fast.WithContext(ctx).Raw(`SELECT `+ruleColumns+` FROM rules WHERE id > ? ORDER BY id LIMIT ?`, last, chunk))
	if err != nil || len(rules) == 0 {
		return nil, err
	}
	return rules, addStates(s.fast.WithContext(ctx).Raw(`SELECT `+stateColumns+` FROM rule_states
		WHERE rule > ? AND rule <= ? ORDER BY rule, ticker`, last, int64(rules[len(rules)-1].Rule.ID)), rules)
}

// ownedRules reads rules with their states, in the order of their ids.
func (s *Store) ownedRules(ctx context.Context, db *gorm.DB, where string, args ...any) ([]subscriptions.OwnedRule, error) {
	rules, err := readRules(db.WithContext(ctx).Raw(`SELECT `+ruleColumns+` FROM rules WHERE `+where+` ORDER BY id`, args...))
	if err != nil {
		return nil, err
	}
	const most = 500
	for rest := rules; len(rest) > 0; {
		some := rest[:min(most, len(rest))]
		rest = rest[len(some):]
		ids := make([]int64, len(some))
		for i := range some {
			ids[i] = int64(some[i].Rule.ID)
		}
		err := addStates(db.WithContext(ctx).Raw(`SELECT `+stateColumns+` FROM rule_states WHERE rule IN ? ORDER BY rule, ticker`, ids), some)
		if err != nil {
			return nil, err
		}
	}
	return rules, nil
}

const ruleColumns = `id, revision, destination, owner, watchlist, conditions, repeat, cooldown, band, expires,
	regular_hours, note, mention, paused, snoozed_until, held_for, created`

// readRules reads rules without GORM's reflection: there may be a million.
func readRules(query *gorm.DB) ([]subscriptions.OwnedRule, error) {
	rows, err := query.Rows()
	if err != nil {
		return nil, wrap("read rules", err)
	}
	var out []subscriptions.OwnedRule
	var r ruleRow
	var expires, snoozed, created int64
	into := []any{
		&r.ID, &r.Revision, &r.Destination, &r.Owner, &r.Watchlist, &r.Conditions, &r.Repeat, &r.Cooldown, &r.Band, &expires,
		&r.RegularHours, &r.Note, &r.Mention, &r.Paused, &snoozed, &r.HeldFor, &created,
	}
	for err == nil && rows.Next() {
		if err = rows.Scan(into...); err != nil {
			break
		}
		r.Expires, r.SnoozedUntil, r.Created = stamp(expires), stamp(snoozed), stamp(created)
		var rule alerts.Rule
		if rule, err = r.rule(); err == nil {
			out = append(out, subscriptions.OwnedRule{
				Rule: rule, Destination: subscriptions.DestinationID(r.Destination), Owner: subscriptions.PersonID(r.Owner),
			})
		}
	}
	return out, wrap("read rules", errors.Join(err, rows.Err(), rows.Close()))
}

const stateColumns = `rule, ticker, phase, arming, fired_at, side, version, memory`

// addStates reads states, in the order of their rules, into the rules, which
// are in the same order.
func addStates(query *gorm.DB, rules []subscriptions.OwnedRule) error {
	rows, err := query.Rows()
	if err != nil {
		return wrap("read states of rules", err)
	}
	var r ruleStateRow
	var fired, side int64
	into := []any{&r.Rule, &r.Ticker, &r.Phase, &r.Arming, &fired, &side, &r.Version, &r.Memory}
	i := 0
	for err == nil && rows.Next() {
		if err = rows.Scan(into...); err != nil {
			break
		}
		r.FiredAt, r.Side = stamp(fired), int8(side)
		for i < len(rules) && int64(rules[i].Rule.ID) < r.Rule {
			i++
		}
		// A rule may have been made since its chunk was read.
		if i < len(rules) && int64(rules[i].Rule.ID) == r.Rule {
			rules[i].States = append(rules[i].States, r.state())
		}
	}
	return wrap("read states of rules", errors.Join(err, rows.Err(), rows.Close()))
}

// FinishDelivered ends the rules that fire once and whose alert was delivered
// or given up for good, and returns how many those were. A rule is never ended
// while its message is still on its way. One that is done still tells of the
// price's return for a day.
func (s *Store) FinishDelivered(ctx context.Context) (int64, error) {
	const chunk = 200
	total := int64(0)
	for last := int64(0); ; {
		// Found before anything is written: in a storm that takes long, and
		// would keep everybody else from writing.
		var found []ruleStateRow
		err := s.fast.WithContext(ctx).Raw(`SELECT f.rule, f.ticker, f.arming FROM rule_states f
			WHERE f.phase = 'fired' AND f.rule > ?
			AND EXISTS (SELECT 1 FROM rules r WHERE r.id = f.rule AND r.repeat = ?)
			AND EXISTS (SELECT 1 FROM events e WHERE e.subject = 'rule/' || f.rule || '/' || f.ticker || '/' || f.arming
				AND e.kind = ? AND e.matched > 0
				AND NOT EXISTS (SELECT 1 FROM sends s WHERE s.event = e.id AND (s.ended = 0
					OR s.told_in <> 0 AND EXISTS (SELECT 1 FROM sends t WHERE t.id = s.told_in AND t.ended = 0))))
			ORDER BY f.rule LIMIT ?`, last, string(alerts.Once), string(alerts.EventFired), chunk).Scan(&found).Error
		if err != nil {
			return total, wrap("find delivered rules", err)
		}
		err = s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			for _, f := range found {
				done := tx.Exec(`UPDATE rule_states SET phase = ?, version = version + 1
					WHERE rule = ? AND ticker = ? AND arming = ? AND phase = 'fired'`, string(alerts.Done), f.Rule, f.Ticker, f.Arming)
				if done.Error != nil {
					return done.Error
				}
				total += done.RowsAffected
			}
			return nil
		})
		if err != nil || len(found) < chunk {
			return total, wrap("end delivered rules", err)
		}
		last = found[len(found)-1].Rule
	}
}
