package storage

import (
	"context"
	"database/sql"
	"errors"
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

// headColumns is what of a head is not known from the claim.
const headColumns = `s.id, s.destination, s.event, s.person, s.told_in, s.kind, s.subject, s.user_id, s.body, s.form,
	s.target, s.via, s.reason, s.code, s.attempts, s.crashes, s.ephemeral, s.or_new, s.repeated,
	s.happened, s.created, s.due, s.tried, s.retry,
	COALESCE(d.chat, ''), COALESCE(d.thread, ''), COALESCE(d.kind, ''), COALESCE(d.standing, ''), COALESCE(d.settings, '')`

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
const headsTail = ` AS behind, ` + headColumns + ` FROM heads JOIN sends s ON s.id = heads.id
	LEFT JOIN destinations d ON d.id = s.destination ORDER BY +s.destination, +s.person`

// headsInOrder reads what waits in the order of the index, head or not.
const headsInOrder = `SELECT `

const headsInOrderTail = ` AS behind, ` + headColumns + ` FROM sends s LEFT JOIN destinations d ON d.id = s.destination
	WHERE s.account = @account AND s.priority = @priority AND s.state IN ('waiting', 'sending') AND s.state = 'waiting'
	AND s.due <= @now AND s.destination >= @destination ORDER BY s.destination, s.person, s.id LIMIT @limit`

// Heads implements outbox.Queue.
func (o *Outbox) Heads(ctx context.Context, c outbox.Claim) ([]*outbox.Head, error) {
	if len(c.Only) > 0 {
		args := claimArgs(c)
		return o.heads(ctx, c, headsOf(c.Only, args), headsTail, args)
	}
	if !o.isDeep(c) {
		heads, done, err := o.shallow(ctx, c)
		if err != nil || done {
			return heads, err
		}
	}
	return o.heads(ctx, c, headsAfter(), headsTail, claimArgs(c))
}

func claimArgs(c outbox.Claim) map[string]any {
	return map[string]any{
		"account": c.Account.String(), "priority": int(c.Priority), "now": stampsOf(c.Now), "limit": c.Limit, "behind": c.Behind,
		"destination": int64(c.After.Destination), "person": int64(c.After.Person),
	}
}

func (o *Outbox) heads(ctx context.Context, c outbox.Claim, from, tail string, args map[string]any) ([]*outbox.Head, error) {
	behind := "0"
	if n, ok := args["behind"].(int); ok && n > 0 {
		behind = behindCount
	}
	rows, err := o.s.fast.WithContext(context.WithoutCancel(ctx)).Raw(from+behind+tail, args).Rows()
	if err != nil {
		return nil, wrap("claim sends", err)
	}
	heads, err := readHeads(rows, c)
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return nil, wrap("claim sends", err)
	}
	return heads, o.readParts(ctx, heads)
}

// readParts fills what was made of sends that were tried before: a long message
// goes on where it stopped.
func (o *Outbox) readParts(ctx context.Context, heads []*outbox.Head) error {
	at := make(map[int64]int)
	var ids []int64
	for i := range heads {
		if !heads[i].Tried.IsZero() {
			at[int64(heads[i].ID)] = i
			ids = append(ids, int64(heads[i].ID))
		}
	}
	if len(ids) == 0 {
		return nil
	}
	marks, args := list(nil, ids)
	var parts []partRow
	err := o.s.fast.WithContext(context.WithoutCancel(ctx)).
		Raw(`SELECT send, message, sent FROM send_parts WHERE send IN `+marks+` ORDER BY send, part`, args...).Scan(&parts).Error
	for _, p := range parts {
		h := heads[at[p.Send]]
		h.Parts = append(h.Parts, p.part())
	}
	return wrap("claim sends", err)
}

// deepFor is how many claims step from strand to strand after one was found in
// which most of what waits stands behind something else.
const deepFor = 64

// deepKey names a queue.
type deepKey struct {
	account  outbox.Account
	priority outbox.Priority
}

// isDeep tells whether a queue was found deep lately.
func (o *Outbox) isDeep(c outbox.Claim) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	k := deepKey{c.Account, c.Priority}
	if o.deep[k] == 0 {
		return false
	}
	o.deep[k]--
	return true
}

// shallow reads heads in the order of the index, which costs half as much as
// stepping where most strands have one send. It is done where that found all
// that was asked for.
func (o *Outbox) shallow(ctx context.Context, c outbox.Claim) (heads []*outbox.Head, done bool, err error) {
	// What is behind a head follows it here, and need not be counted by a query.
	one := c
	one.Behind, one.Limit = 0, c.Limit+1
	found, err := o.heads(ctx, one, headsInOrder, headsInOrderTail, claimArgs(one))
	if err != nil {
		return nil, false, err
	}
	full := len(found) == one.Limit
	heads = headsIn(found, c)
	if !full {
		return heads, true, nil
	}
	// More may be behind the last one than was read.
	heads = heads[:max(0, len(heads)-1)]
	if len(heads) == c.Limit {
		return heads, true, nil
	}
	if len(heads) < c.Limit*3/4 {
		o.mu.Lock()
		o.deep[deepKey{c.Account, c.Priority}] = deepFor
		o.mu.Unlock()
		return nil, false, nil
	}
	if n := len(heads); n > 0 {
		c.After, c.Limit = strandOf(heads[n-1]), c.Limit-n
	}
	rest, err := o.heads(ctx, c, headsAfter(), headsTail, claimArgs(c))
	return append(heads, rest...), true, err
}

// headsIn picks the first send of each strand, and counts for it those that
// follow.
func headsIn(found []*outbox.Head, c outbox.Claim) []*outbox.Head {
	heads := found[:0]
	last := c.After
	for _, h := range found {
		at := strandOf(h)
		switch {
		case at.Destination == c.After.Destination && at.Person <= c.After.Person:
		case at != last:
			heads, last = append(heads, h), at
		case h.Kind != outbox.Collapse && h.Body == "":
			head := heads[len(heads)-1]
			head.Behind = min(head.Behind+1, c.Behind)
		}
	}
	return heads
}

func strandOf(h *outbox.Head) outbox.Strand {
	return outbox.Strand{Destination: h.Destination, Person: h.Person}
}

// readHeads reads heads without GORM's reflection: they are most of what is
// read at all.
func readHeads(rows *sql.Rows, c outbox.Claim) ([]*outbox.Head, error) {
	heads := make([]*outbox.Head, 0, c.Limit)
	r := sendRow{
		State: string(outbox.Waiting), Priority: int(c.Priority), Platform: string(c.Account.Platform), Account: c.Account.Name,
	}
	var behind, attempts, crashes, happened, created, due, tried, retry int64
	into := []any{
		&behind, &r.ID, &r.Destination, &r.Event, &r.Person, &r.ToldIn, &r.Kind, &r.Subject, &r.UserID, &r.Body, &r.Form,
		&r.Target, &r.Via, &r.Reason, &r.Code, &attempts, &crashes, &r.Ephemeral, &r.OrNew, &r.Repeated,
		&happened, &created, &due, &tried, &retry,
		&r.Chat, &r.Thread, &r.Place, &r.Standing, &r.Settings,
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		r.Attempts, r.Crashes = int(attempts), int(crashes)
		r.Happened, r.Created, r.Due = stamp(happened), stamp(created), stamp(due)
		r.Tried, r.Retry = stamp(tried), stamp(retry)
		send, err := r.send()
		if err != nil {
			return nil, err
		}
		heads = append(heads, &outbox.Head{Send: send, Behind: int(behind), Parked: r.Standing == string(subscriptions.Parked)})
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

// Recover implements outbox.Queue.
func (o *Outbox) Recover(ctx context.Context, limit int, now time.Time) (int, error) {
	var n int64
	err := o.s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		aside := tx.Exec(`UPDATE sends SET state = 'set-aside', crashes = crashes + 1, repeated = (tried > 0 OR repeated), ended = ?, via = '',
			reason = 'the process ended each time that it was sent'
			WHERE state IN ('waiting', 'sending') AND state = 'sending' AND crashes >= ?`, stampsOf(now), limit-1)
		if aside.Error != nil {
			return aside.Error
		}
		again := tx.Exec(`UPDATE sends SET state = 'waiting', crashes = crashes + 1, repeated = (tried > 0 OR repeated)
			WHERE state IN ('waiting', 'sending') AND state = 'sending'`)
		n = aside.RowsAffected + again.RowsAffected
		return again.Error
	})
	return int(n), wrap("recover sends", err)
}

// recordPlace does what an outcome means for its destination.
func recordPlace(tx *gorm.DB, out outbox.Outcome, now time.Time) error {
	s := out.Send
	var err error
	switch {
	case out.MovedTo != "":
		_, err = moveChat(tx, s.Address, out.MovedTo, now)
	case out.Park != "":
		var fresh bool
		fresh, _, err = parkDestination(tx, s.Destination, out.Park, s.Reason, now)
		if err == nil && fresh && s.Place != subscriptions.Private {
			err = owe(tx, noticeOf(out.Park), s.Reason, int64(s.Destination))
		}
	case out.Revive:
		_, err = reviveDestination(tx, s.Destination, now)
	}
	return err
}
