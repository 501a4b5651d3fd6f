package storage

import (
	"context"
	"database/sql"
	"strings"
	"sync"

	"gorm.io/gorm"
)

// mostStatements bounds what a pool keeps prepared; further queries are
// compiled each time.
const mostStatements = 1024

// statements are the queries that a pool keeps prepared on its connections.
//
// GORM's own cache is not used: who wants a query that another prepares waits
// there with everybody else behind it, also those inside of transactions, while
// the other waits for one of their connections. Here nobody waits for another:
// a query that is not prepared yet is run as it is.
type statements struct {
	pool *sql.DB
	mu   sync.Mutex
	made map[string]*sql.Stmt
}

// get returns a prepared query; nil where there is none yet.
func (s *statements) get(query string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.made[query]
}

// prepare keeps a query, written for the database as text; not where so many
// are kept that it would be compiled in vain. It takes a connection, so it must
// not be called inside of a transaction.
func (s *statements) prepare(ctx context.Context, query, text string) error {
	if s.full() {
		return nil
	}
	made, err := s.pool.PrepareContext(ctx, text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	if s.made[query] == nil && len(s.made) < mostStatements {
		s.made[query], made = made, nil
	}
	s.mu.Unlock()
	if made == nil {
		return nil
	}
	return made.Close()
}

func (s *statements) full() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.made) >= mostStatements
}

// worthwhile tells whether a query comes again: one that changes tables does
// not.
func worthwhile(query string) bool {
	query = strings.TrimLeft(query, " \t\n(")
	for _, verb := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"} {
		if len(query) >= len(verb) && strings.EqualFold(query[:len(verb)], verb) {
			return true
		}
	}
	return false
}

// preparedPool is a pool for GORM that prepares what it is asked.
type preparedPool struct {
	*sql.DB
	statements *statements
	writing    *turn // of the file, which may have several pools
}

var _ gorm.ConnPoolBeginner = preparedPool{}

func newPreparedPool(pool *sql.DB, writing *turn) preparedPool {
	return preparedPool{pool, &statements{pool: pool, made: make(map[string]*sql.Stmt)}, writing}
}

// GetDBConn implements gorm.GetDBConnector.
func (p preparedPool) GetDBConn() (*sql.DB, error) { return p.DB, nil }

// statement returns a prepared query; nil where it has to be run as it is, and
// then says what is wrong with it itself.
func (p preparedPool) statement(ctx context.Context, query string) *sql.Stmt {
	if made := p.statements.get(query); made != nil || !worthwhile(query) {
		return made
	}
	if err := p.statements.prepare(ctx, query, query); err != nil {
		return nil
	}
	return p.statements.get(query)
}

// ExecContext implements gorm.ConnPool.
func (p preparedPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := p.writing.take(ctx); err != nil {
		return nil, err
	}
	defer p.writing.give()
	if made := p.statement(ctx, query); made != nil {
		return made.ExecContext(ctx, args...)
	}
	return p.DB.ExecContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (p preparedPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if made := p.statement(ctx, query); made != nil {
		return made.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext implements gorm.ConnPool.
func (p preparedPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if made := p.statement(ctx, query); made != nil {
		return made.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// BeginTx implements gorm.ConnPoolBeginner.
func (p preparedPool) BeginTx(ctx context.Context, o *sql.TxOptions) (gorm.ConnPool, error) {
	tx, err := p.begin(ctx, o)
	if err != nil {
		return nil, err
	}
	return tx, nil
}

// begin begins a transaction for queries that are not GORM's.
func (p preparedPool) begin(ctx context.Context, o *sql.TxOptions) (*preparedTx, error) {
	if err := p.writing.take(ctx); err != nil {
		return nil, err
	}
	tx, err := p.DB.BeginTx(ctx, o)
	if err != nil {
		p.writing.give()
		return nil, err
	}
	return &preparedTx{Tx: tx, ctx: ctx, pool: p}, nil
}

// preparedTx is a transaction of a preparedPool. What it misses is prepared
// after its end.
type preparedTx struct {
	*sql.Tx
	ctx    context.Context
	pool   preparedPool
	missed []string
	ended  bool // the turn to write was given back
}

func (t *preparedTx) end() {
	if !t.ended {
		t.ended = true
		t.pool.writing.give()
	}
}

func (t *preparedTx) statement(ctx context.Context, query string) *sql.Stmt {
	if made := t.pool.statements.get(query); made != nil {
		return t.StmtContext(ctx, made)
	}
	if worthwhile(query) {
		t.missed = append(t.missed, query)
	}
	return nil
}

// ExecContext implements gorm.ConnPool.
func (t *preparedTx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if made := t.statement(ctx, query); made != nil {
		return made.ExecContext(ctx, args...)
	}
	return t.Tx.ExecContext(ctx, query, args...)
}

// QueryContext implements gorm.ConnPool.
func (t *preparedTx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if made := t.statement(ctx, query); made != nil {
		return made.QueryContext(ctx, args...)
	}
	return t.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements gorm.ConnPool.
func (t *preparedTx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if made := t.statement(ctx, query); made != nil {
		return made.QueryRowContext(ctx, args...)
	}
	return t.Tx.QueryRowContext(ctx, query, args...)
}

// Commit ends the transaction.
func (t *preparedTx) Commit() error {
	err := t.Tx.Commit()
	t.end()
	if err != nil {
		return err
	}
	for _, query := range t.missed {
		if t.pool.statements.get(query) == nil && t.pool.statements.prepare(t.ctx, query, query) != nil {
			break // It was run, and will be again: only more slowly.
		}
	}
	return nil
}

// Rollback undoes the transaction.
func (t *preparedTx) Rollback() error {
	defer t.end()
	return t.Tx.Rollback()
}
