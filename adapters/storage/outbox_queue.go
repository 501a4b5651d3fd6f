package storage

import (
	"context"
	"strconv"
	"strings"
	"time"

	"gorm.io/gorm"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// The first waiting send after a strand. The condition on two states is that of
// the partial index, in its own words: otherwise SQLite does not use it.
const nextHead = `SELECT t.id FROM sends t WHERE t.account = @account AND t.priority = @priority
	AND t.state IN ('waiting', 'sending') AND t.state = 'waiting' AND t.due <= @now AND `

// behindCount counts what waits in the same destination, up to a limit.
const behindCount = `(SELECT count(*) FROM (SELECT 1 FROM sends b WHERE b.account = @account AND b.priority = @priority
	AND b.state IN ('waiting', 'sending') AND b.state = 'waiting' AND b.destination = s.destination AND b.person = s.person
	AND b.id <> s.id AND b.kind <> 'collapse' AND b.body = '' AND b.due <= @now LIMIT @behind) few)`

// nextStrand finds the head of the strand that follows: of the same destination,
// else of the next one. As one comparison of pairs SQLite would use only half
// of the index and read all that waits in a destination to get past it.
func nextStrand(destination, person string) string {
	return `COALESCE(
		(` + nextHead + `t.destination = ` + destination + ` AND t.person > ` + person + ` ORDER BY t.person, t.id LIMIT 1),
		(` + nextHead + `t.destination > ` + destination + ` ORDER BY t.destination, t.person, t.id LIMIT 1))`
}

// headsAfter steps from strand to strand through the index, so its cost is that
// of the strands it returns and not that of all that waits.
func headsAfter() string {
	return `WITH RECURSIVE heads (id, destination, person, n) AS (
	SELECT f.id, f.destination, f.person, 1 FROM sends f WHERE f.id = ` + nextStrand("@destination", "@person") + `
	UNION ALL
	SELECT g.id, g.destination, g.person, heads.n + 1 FROM heads JOIN sends g ON g.id = ` + nextStrand("heads.destination", "heads.person") + `
	WHERE heads.n < @limit)
	SELECT `
}

// The plus signs keep SQLite from walking through all sends for the order.
const headsTail = ` AS behind, ` + sendColumns + ` FROM heads JOIN sends s ON s.id = heads.id
	LEFT JOIN destinations d ON d.id = s.destination ORDER BY +s.destination, +s.person`

// Heads implements outbox.Queue.
func (o *Outbox) Heads(ctx context.Context, c outbox.Claim) ([]outbox.Head, error) {
	behind := "0"
	if c.Behind > 0 {
		behind = behindCount
	}
	args := map[string]any{
		"account": c.Account.String(), "priority": int(c.Priority), "now": stampsOf(c.Now), "limit": c.Limit, "behind": c.Behind,
		"destination": int64(c.After.Destination), "person": int64(c.After.Person),
	}
	query := headsAfter() + behind + headsTail
	if len(c.Only) > 0 {
		query = headsOf(c.Only, args) + behind + headsTail
	}
	var rows []sendRow
	if err := o.s.fast.WithContext(ctx).Raw(query, args).Scan(&rows).Error; err != nil {
		return nil, wrap("claim sends", err)
	}
	heads := make([]outbox.Head, len(rows))
	for i, row := range rows {
		send, err := row.send()
		if err != nil {
			return nil, err
		}
		heads[i] = outbox.Head{Send: send, Behind: row.Behind, Parked: row.Standing == string(subscriptions.Parked)}
	}
	return heads, nil
}

// headsOf finds the heads of given strands. Their number is rounded up, so that
// there are few different statements; a strand that comes twice does no harm.
func headsOf(strands []outbox.Strand, args map[string]any) string {
	n := 1
	for n < len(strands) {
		n *= 2
	}
	pairs := make([]string, n)
	for i := range pairs {
		s := strands[min(i, len(strands)-1)]
		d, p := "d"+strconv.Itoa(i), "p"+strconv.Itoa(i)
		args[d], args[p] = int64(s.Destination), int64(s.Person)
		pairs[i] = "(CAST(@" + d + " AS BIGINT), CAST(@" + p + " AS BIGINT))"
	}
	return `WITH want (destination, person) AS (VALUES ` + strings.Join(pairs, ", ") + `), heads AS (SELECT (` + nextHead + `
		t.destination = want.destination AND t.person = want.person ORDER BY t.id LIMIT 1) AS id FROM want)
		SELECT `
}

// Start implements outbox.Queue.
func (o *Outbox) Start(ctx context.Context, sends []*outbox.Send, now time.Time) error {
	if len(sends) == 0 {
		return nil
	}
	byID := make(map[outbox.SendID]*outbox.Send, len(sends))
	byBody := make(map[string][]int64)
	var bodies bodySet
	for _, s := range sends {
		byID[s.ID] = s
		body := s.Body
		if body == "" {
			var err error
			if body, err = o.freeze(&bodies, s.Message); err != nil {
				return err
			}
		}
		byBody[body] = append(byBody[body], int64(s.ID))
	}
	started := make(map[outbox.SendID]string, len(sends))
	err := o.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := bodies.write(tx, now); err != nil {
			return err
		}
		for body, ids := range byBody {
			var done []int64
			err := tx.Raw(`UPDATE sends SET state = 'sending', body = ?, tried = CASE WHEN tried = 0 THEN ? ELSE tried END
				WHERE id IN ? AND state = 'waiting' RETURNING id`, body, stampsOf(now), ids).Scan(&done).Error
			if err != nil {
				return err
			}
			for _, id := range done {
				started[outbox.SendID(id)] = body
			}
		}
		return nil
	})
	if err != nil {
		return wrap("start sends", err)
	}
	for id, body := range started {
		s := byID[id]
		s.State, s.Body = outbox.Sending, body
		if s.Tried.IsZero() {
			s.Tried = now
		}
	}
	return nil
}

// mark is what a record writes to a send; sends of equal marks share a
// statement.
type mark struct {
	kind, state, form, target, reason, code string
	attempts, crashes                       int
	repeated, over                          bool
	retry                                   stamp
}

// Record implements outbox.Queue.
func (o *Outbox) Record(ctx context.Context, outcomes []outbox.Outcome) error {
	groups := make(map[mark][]int64)
	var order []mark
	var ended stamp
	var parts []any
	for _, out := range outcomes {
		s := out.Send
		m := mark{
			kind: string(s.Kind), state: string(s.State), form: string(s.Form), target: s.Target, reason: s.Reason, code: s.Code,
			attempts: s.Attempts, crashes: s.Crashes, repeated: s.Repeated, over: s.State.Over(), retry: toStamp(s.Retry),
		}
		if _, ok := groups[m]; !ok {
			order = append(order, m)
		}
		groups[m] = append(groups[m], int64(s.ID))
		ended = max(ended, toStamp(s.Ended))
		first := len(s.Parts) - len(out.Parts)
		for i, p := range out.Parts {
			parts = append(parts, int64(s.ID), first+i, int64(s.Destination), p.ID, toStamp(p.Sent))
		}
	}
	err := o.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, m := range order {
			if err := m.write(tx, groups[m], ended); err != nil {
				return err
			}
		}
		if len(parts) > 0 {
			err := tx.Exec(`INSERT INTO send_parts (send, part, destination, message, sent) VALUES `+tuples(len(parts)/5, 5)+
				` ON CONFLICT DO NOTHING`, parts...).Error
			if err != nil {
				return err
			}
		}
		for _, out := range outcomes {
			if err := recordPlace(tx, out, o.s.now()); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap("record outcomes", err)
}

// write stores a mark. What was ended by somebody else meanwhile stays ended.
func (m mark) write(tx *gorm.DB, ids []int64, ended stamp) error {
	if !m.over {
		return tx.Exec(`UPDATE sends SET kind = ?, state = ?, form = ?, target = ?, reason = ?, code = ?, attempts = ?, crashes = ?,
			repeated = ?, retry = ? WHERE id IN ? AND ended = 0`,
			m.kind, m.state, m.form, m.target, m.reason, m.code, m.attempts, m.crashes, m.repeated, m.retry, ids).Error
	}
	// The way back is a secret that nobody needs any more.
	return tx.Exec(`UPDATE sends SET kind = ?, state = ?, form = ?, target = ?, reason = ?, code = ?, attempts = ?, crashes = ?,
		repeated = ?, retry = 0, ended = ?, via = '' WHERE id IN ? AND ended = 0`,
		m.kind, m.state, m.form, m.target, m.reason, m.code, m.attempts, m.crashes, m.repeated, ended, ids).Error
}

// recordPlace does what an outcome means for its destination.
func recordPlace(tx *gorm.DB, out outbox.Outcome, now time.Time) error {
	s := out.Send
	var err error
	switch {
	case out.MovedTo != "":
		_, err = moveChat(tx, s.Address, out.MovedTo, now)
	case out.Park != "":
		_, err = parkDestination(tx, s.Destination, out.Park, s.Reason, now)
	case out.Revive:
		_, err = reviveDestination(tx, s.Destination, now)
	}
	return err
}

// Recover implements outbox.Queue.
func (o *Outbox) Recover(ctx context.Context, limit int, now time.Time) (int, error) {
	var n int64
	err := o.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		aside := tx.Exec(`UPDATE sends SET state = 'set-aside', crashes = crashes + 1, repeated = TRUE, ended = ?, via = '',
			reason = 'the process ended each time that it was sent'
			WHERE state IN ('waiting', 'sending') AND state = 'sending' AND crashes >= ?`, stampsOf(now), limit-1)
		if aside.Error != nil {
			return aside.Error
		}
		again := tx.Exec(`UPDATE sends SET state = 'waiting', crashes = crashes + 1, repeated = TRUE
			WHERE state IN ('waiting', 'sending') AND state = 'sending'`)
		n = aside.RowsAffected + again.RowsAffected
		return again.Error
	})
	return int(n), wrap("recover sends", err)
}
