package storage

import (
	"context"
	"slices"
	"time"

	"bellwether/bot/outbox"
)

// Mark implements outbox.Queue.
func (o *Outbox) Mark(ctx context.Context, sends []*outbox.Send) error {
	ids := idsOf(sends, func(s *outbox.Send) bool { return s.State == outbox.Waiting })
	if len(ids) == 0 {
		return nil
	}
	marked := make(map[int64]bool, len(ids))
	err := o.line.transaction(ctx, func(t *lineTx) error {
		marks, args := list(nil, ids)
		n, err := t.exec(`UPDATE sends SET state = 'sending' WHERE state = 'waiting' AND id IN `+marks, args...)
		if err != nil {
			return err
		}
		done := ids
		if n != int64(len(ids)) {
			if done, err = t.ids(`SELECT id FROM sends WHERE state = 'sending' AND id IN `+marks, args...); err != nil {
				return err
			}
		}
		for _, id := range done {
			marked[id] = true
		}
		return nil
	})
	if err != nil {
		return wrap("mark sends", err)
	}
	for _, s := range sends {
		if marked[int64(s.ID)] {
			s.State = outbox.Sending
		}
	}
	return nil
}

func idsOf(sends []*outbox.Send, which func(*outbox.Send) bool) []int64 {
	ids := make([]int64, 0, len(sends))
	for _, s := range sends {
		if which(s) {
			ids = append(ids, int64(s.ID))
		}
	}
	return ids
}

// Advance implements outbox.Queue.
func (o *Outbox) Advance(ctx context.Context, outcomes []outbox.Outcome, sends []*outbox.Send, now time.Time) error {
	start, err := o.newStart(sends, now)
	if err != nil {
		return err
	}
	err = o.line.transaction(ctx, func(t *lineTx) error {
		if err := record(t, outcomes); err != nil {
			return wrap("record outcomes", err)
		}
		return wrap("start sends", start.write(t))
	})
	if err != nil {
		return err
	}
	o.keep(start.fresh, now)
	start.apply()
	return nil
}

// start is the writing of sends that leave next.
type start struct {
	sends  []*outbox.Send
	body   []string // of each send
	begun  []bool   // of each send
	now    time.Time
	fresh  bodySet
	groups []startGroup
}

// startGroup are sends that one statement starts.
type startGroup struct {
	body, state string
	sends       []int // their places among all
}

func (o *Outbox) newStart(sends []*outbox.Send, now time.Time) (*start, error) {
	s := &start{sends: sends, body: make([]string, len(sends)), begun: make([]bool, len(sends)), now: now}
	for i, send := range sends {
		s.body[i] = send.Body
		if send.Body == "" {
			var err error
			if s.body[i], err = o.freeze(&s.fresh, send.Message, now); err != nil {
				return nil, err
			}
		}
		state := string(outbox.Waiting)
		if send.State == outbox.Sending {
			state = string(outbox.Sending)
		}
		at := slices.IndexFunc(s.groups, func(g startGroup) bool { return g.body == s.body[i] && g.state == state })
		if at < 0 {
			at = len(s.groups)
			s.groups = append(s.groups, startGroup{body: s.body[i], state: state})
		}
		s.groups[at].sends = append(s.groups[at].sends, i)
	}
	return s, nil
}

// write starts the sends that are still as they were when they were claimed or
// marked.
func (s *start) write(t *lineTx) error {
	if err := s.fresh.writeLine(t, s.now); err != nil {
		return err
	}
	for _, g := range s.groups {
		ids := make([]int64, len(g.sends))
		for i, at := range g.sends {
			ids[i] = int64(s.sends[at].ID)
		}
		among, args := amongIDs([]any{g.body, stampsOf(s.now)}, ids)
		// The state is written out: compared with a parameter, a state of a
		// partial index makes SQLite plan the statement again each time.
		n, err := t.exec(`UPDATE sends SET state = 'sending', body = ?, tried = CASE WHEN tried = 0 THEN ? ELSE tried END
			WHERE state = '`+g.state+`' AND `+among, args...)
		if err != nil {
			return err
		}
		done := ids
		if n != int64(len(ids)) {
			marks, args := list([]any{g.body}, ids)
			if done, err = t.ids(`SELECT id FROM sends WHERE state = 'sending' AND body = ? AND id IN `+marks, args...); err != nil {
				return err
			}
		}
		for _, at := range g.sends {
			s.begun[at] = len(done) == len(ids) || slices.Contains(done, int64(s.sends[at].ID))
		}
	}
	return nil
}

// apply tells the sends what was committed.
func (s *start) apply() {
	for i, send := range s.sends {
		if !s.begun[i] {
			if send.State == outbox.Sending {
				send.State = outbox.Waiting
			}
			continue
		}
		send.State, send.Body = outbox.Sending, s.body[i]
		if send.Tried.IsZero() {
			send.Tried = s.now
		}
	}
}

// mark is what a record writes to a send; sends of equal marks share a
// statement.
type mark struct {
	kind, state, form, target, reason, code string
	attempts, crashes                       int
	repeated, over                          bool
	retry                                   stamp
}

// record stores what became of requests.
func record(t *lineTx, outcomes []outbox.Outcome) error {
	var marks []mark
	var ids [][]int64 // of each mark
	var ended stamp
	parts := make([]any, 0, partColumns*len(outcomes))
	for i := range outcomes {
		out := &outcomes[i]
		s := out.Send
		m := mark{
			kind: string(s.Kind), state: string(s.State), form: string(s.Form), target: s.Target, reason: s.Reason, code: s.Code,
			attempts: s.Attempts, crashes: s.Crashes, repeated: s.Repeated, over: s.State.Over(), retry: toStamp(s.Retry),
		}
		at := slices.Index(marks, m)
		if at < 0 {
			at = len(marks)
			marks, ids = append(marks, m), append(ids, nil)
		}
		ids[at] = append(ids[at], int64(s.ID))
		ended = max(ended, toStamp(s.Ended))
		first := len(s.Parts) - len(out.Parts)
		for i, p := range out.Parts {
			parts = append(parts, int64(s.ID), first+i, int64(s.Destination), p.ID, stampsOf(p.Sent))
		}
	}
	for i, m := range marks {
		if err := m.write(t, ids[i], ended); err != nil {
			return err
		}
	}
	if err := recordParts(t, parts); err != nil {
		return err
	}
	for _, out := range outcomes {
		if out.MovedTo == "" && out.Park == "" && !out.Revive {
			continue
		}
		if err := recordPlace(t.gorm(), out, t.line.s.now()); err != nil {
			return err
		}
	}
	return nil
}

// write stores a mark. What was ended by somebody else meanwhile stays ended.
func (m mark) write(t *lineTx, ids []int64, ended stamp) error {
	args := []any{m.kind, m.state, m.form, m.target, m.reason, m.code, m.attempts, m.crashes, m.repeated}
	if !m.over {
		marks, args := list(append(args, int64(m.retry)), ids)
		_, err := t.exec(`UPDATE sends SET kind = ?, state = ?, form = ?, target = ?, reason = ?, code = ?, attempts = ?, crashes = ?,
			repeated = ?, retry = ? WHERE ended = 0 AND id IN `+marks, args...)
		return err
	}
	// The way back is a secret that nobody needs any more.
	among, args := amongIDs(append(args, int64(ended)), ids)
	_, err := t.exec(`UPDATE sends SET kind = ?, state = ?, form = ?, target = ?, reason = ?, code = ?, attempts = ?, crashes = ?,
		repeated = ?, retry = 0, ended = ?, via = '' WHERE ended = 0 AND `+among, args...)
	return err
}

// partColumns is how many values a part is.
const partColumns = 5

// recordParts adds parts. The last one is repeated up to a power of two of
// rows, so that there are few different statements: what is there already is
// passed over.
func recordParts(t *lineTx, parts []any) error {
	const columns, most = partColumns, 64
	for len(parts) > 0 {
		have := min(len(parts)/columns, most)
		rows := parts[:have*columns]
		parts = parts[have*columns:]
		n := 1
		for n < have {
			n *= 2
		}
		if n > have {
			rows = slices.Clip(rows)
		}
		for range n - have {
			rows = append(rows, rows[(have-1)*columns:have*columns]...)
		}
		_, err := t.exec(`INSERT INTO send_parts (send, part, destination, message, sent) VALUES `+tuples(n, columns)+
			` ON CONFLICT DO NOTHING`, rows...)
		if err != nil {
			return err
		}
	}
	return nil
}
