package storage

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// line writes what is written with every message, by statements that each
// connection prepares once: what GORM does for a statement costs as much as the
// statement. Lists of ids have a length of a power of two, so that there are
// few different statements.
type line struct {
	s *Store
}

// text is a query as the database wants it.
func (l *line) text(query string) string {
	if l.s.sqlite {
		return query
	}
	return numbered(query)
}

// numbered writes question marks as PostgreSQL's numbered parameters.
func numbered(query string) string {
	var out strings.Builder
	for n := 1; ; n++ {
		head, tail, more := strings.Cut(query, "?")
		out.WriteString(head)
		if !more {
			return out.String()
		}
		out.WriteString("$" + strconv.Itoa(n))
		query = tail
	}
}

// lineTx is a transaction of a line.
type lineTx struct {
	ctx  context.Context
	line *line
	tx   *preparedTx
}

// transaction commits what do writes, or nothing of it.
func (l *line) transaction(ctx context.Context, do func(t *lineTx) error) (err error) {
	// A write that is broken off half way would leave open what was done.
	ctx = context.WithoutCancel(ctx)
	tx, err := l.s.quick.begin(ctx, nil)
	if err != nil {
		return err
	}
	t := &lineTx{ctx: ctx, line: l, tx: tx}
	ended := false
	defer func() {
		if ended {
			return
		}
		if undone := tx.Rollback(); undone != nil && !errors.Is(undone, sql.ErrTxDone) {
			err = errors.Join(err, undone)
		}
	}()
	if err := do(t); err != nil {
		return err
	}
	ended = true
	return tx.Commit()
}

// exec runs a statement and returns how many rows it changed.
func (t *lineTx) exec(query string, args ...any) (int64, error) {
	done, err := t.tx.ExecContext(t.ctx, t.line.text(query), args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// ids runs a query for ids, a rare one.
func (t *lineTx) ids(query string, args ...any) ([]int64, error) {
	rows, err := t.tx.QueryContext(t.ctx, t.line.text(query), args...)
	if err != nil {
		return nil, err
	}
	var out []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		out = append(out, id)
	}
	return out, errors.Join(rows.Err(), rows.Close())
}

// gorm returns the same transaction as the other stores write in.
func (t *lineTx) gorm() *gorm.DB {
	tx := t.line.s.fast.Session(&gorm.Session{Context: t.ctx, NewDB: true})
	tx.Statement.ConnPool = t.tx
	return tx
}

// amongIDs returns the condition that an id is one of these, and sorts them. Those of a fan-out
// follow each other, and a stretch costs less than a list.
func amongIDs(args []any, ids []int64) (condition string, all []any) {
	slices.Sort(ids)
	for i, id := range ids {
		if id != ids[0]+int64(i) {
			marks, all := list(args, ids)
			return "id IN " + marks, all
		}
	}
	return "id BETWEEN ? AND ?", append(args, ids[0], ids[len(ids)-1])
}

// list returns a list of question marks and its arguments: the ids, the last
// one repeated up to a power of two.
func list(args []any, ids []int64) (marks string, all []any) {
	n := 1
	for n < len(ids) {
		n *= 2
	}
	for i := range n {
		args = append(args, ids[min(i, len(ids)-1)])
	}
	return tuples(1, n), args
}
