// Package storage keeps everything that must outlive the process, on SQLite or
// PostgreSQL: the rows, their migrations and every store that the other rooms
// declare. It decides how things are kept, never what they mean.
package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gorm.io/driver/postgres"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
	sqlitedriver "modernc.org/sqlite" // registers the driver "sqlite"
)

// ErrUnusable is wrapped by the errors of Open for a database that cannot be
// used as it is: a file that may not be written, a server that refuses us.
var ErrUnusable = errors.New("database cannot be used")

// Options say which database to open.
type Options struct {
	// URL is "sqlite:FILE" or "postgres://…". It may hold a password and is
	// never printed.
	URL string
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	Log *slog.Logger
	// Connections is the size of each of the two pools; 0 for 4 on SQLite and
	// 8 on PostgreSQL.
	Connections int
}

// Store keeps the rows. It is safe for concurrent use.
type Store struct {
	// durable commits survive a power cut: the inbox and what was detected.
	// fast commits survive a kill, and are lost at worst by a power cut, which
	// repeats a send: outcomes are recorded with it.
	durable *gorm.DB
	fast    *gorm.DB
	quick   preparedPool // that of fast
	pools   []*sql.DB
	sqlite  bool
	now     func() time.Time
	log     *slog.Logger
}

// Open opens the database and brings its tables up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{now: o.Now, log: o.Log}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite:"):
		err = s.openSQLite(strings.TrimPrefix(o.URL, "sqlite:"), o.Connections)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		err = s.openPostgres(o.URL, o.Connections)
	default:
		err = fmt.Errorf("%w: its address must begin with sqlite: or postgres://", ErrUnusable)
	}
	if err == nil {
		err = s.migrate(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close closes the connections.
func (s *Store) Close() error {
	var all []error
	for _, p := range s.pools {
		all = append(all, p.Close())
	}
	return errors.Join(all...)
}

// Engine names the database for people: "SQLite" or "PostgreSQL".
func (s *Store) Engine() string {
	if s.sqlite {
		return "SQLite"
	}
	return "PostgreSQL"
}

func (s *Store) openSQLite(path string, connections int) error {
	s.sqlite = true
	if path == "" {
		return fmt.Errorf("%w: sqlite: needs the name of a file", ErrUnusable)
	}
	if dir := filepath.Dir(path); dir != "." {
		if err := os.MkdirAll(dir, 0o750); err != nil {
			return fmt.Errorf("%w: make its folder: %w", ErrUnusable, err)
		}
	}
	if connections == 0 {
		connections = 4
	}
	var err error
	writing := new(turn)
	if s.durable, _, err = s.sqlitePool(path, "FULL", connections, writing); err != nil {
		return err
	}
	s.fast, s.quick, err = s.sqlitePool(path, "NORMAL", connections, writing)
	return err
}

func (s *Store) sqlitePool(path, synchronous string, connections int, writing *turn) (*gorm.DB, preparedPool, error) {
	q := url.Values{}
	q.Add("_pragma", "busy_timeout(10000)")
	q.Add("_pragma", "journal_mode(WAL)")
	q.Add("_pragma", "synchronous("+synchronous+")")
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "cache_size(-4000)")
	// A transaction that reads before it writes would otherwise fail with
	// "busy" instead of waiting, whatever the timeout.
	q.Set("_txlock", "immediate")
	pool, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, preparedPool{}, fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	// A few connections, not one: one deadlocks on a query made while another
	// statement of the same goroutine is open.
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	s.pools = append(s.pools, pool)
	prepared := newPreparedPool(pool, writing)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: prepared}), s.config())
	if err != nil {
		return nil, preparedPool{}, fmt.Errorf("%w: open SQLite file: %w", ErrUnusable, err)
	}
	return db, prepared, nil
}

func (s *Store) openPostgres(dsn string, connections int) error {
	if connections == 0 {
		connections = 8
	}
	db, err := gorm.Open(postgres.Open(dsn), s.config())
	if err != nil {
		return fmt.Errorf("%w: connect to PostgreSQL: %w", ErrUnusable, withoutDSN(err, dsn))
	}
	pool, err := db.DB()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnusable, err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	s.pools = append(s.pools, pool)
	s.durable, s.fast = db, db
	// GORM's queries are prepared by the driver itself.
	s.quick = newPreparedPool(pool, nil)
	return nil
}

// withoutDSN keeps the password of a connection string out of an error.
func withoutDSN(err error, dsn string) error {
	text := strings.ReplaceAll(err.Error(), dsn, "[redacted]")
	if u, perr := url.Parse(dsn); perr == nil && u.User != nil {
		if pw, ok := u.User.Password(); ok && pw != "" {
			text = strings.ReplaceAll(text, pw, "[redacted]")
		}
	}
	return errors.New(text)
}

func (s *Store) config() *gorm.Config {
	return &gorm.Config{
		TranslateError: true,
		// What GORM writes by itself is a transaction, which takes its turn.
		SkipDefaultTransaction: false,
		Logger:                 logger.New(log.New(io.Discard, "", 0), logger.Config{LogLevel: logger.Silent}),
		NowFunc:                func() time.Time { return s.now().UTC() },
	}
}

// duplicate tells whether a row was refused because its key is taken.
func duplicate(err error) bool {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return true
	}
	var sqliteErr *sqlitedriver.Error
	// SQLITE_CONSTRAINT_PRIMARYKEY and SQLITE_CONSTRAINT_UNIQUE.
	return errors.As(err, &sqliteErr) && (sqliteErr.Code() == 1555 || sqliteErr.Code() == 2067)
}

// stamp is a time in storage: microseconds since 1970 in UTC, 0 for none. It is
// an integer so that both databases keep and compare it alike.
type stamp int64

func toStamp(t time.Time) stamp {
	if t.IsZero() {
		return 0
	}
	return stamp(t.UnixMicro())
}

func (s stamp) time() time.Time {
	if s == 0 {
		return time.Time{}
	}
	return time.UnixMicro(int64(s)).UTC()
}
