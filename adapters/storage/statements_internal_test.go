package storage

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
)

// All connections are in transactions while somebody waits for one to ask what
// the transactions ask next: they must not wait for whom they keep waiting.
func TestTransactionsWaitForNobodyWhoPrepares(t *testing.T) {
	pool := openPrepared(t)
	pool.SetMaxOpenConns(2)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: pool}), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(db *gorm.DB) error {
		var n int
		return db.Raw("SELECT 40 + 2").Scan(&n).Error
	}
	a, b := db.Begin(), db.Begin()
	outside := make(chan error, 1)
	go func() { outside <- ask(db) }()
	for pool.Stats().WaitCount == 0 {
		runtime.Gosched()
	}
	for _, tx := range []*gorm.DB{a, b} {
		if err := ask(tx); err != nil {
			t.Error(err)
		}
		if err := tx.Commit().Error; err != nil {
			t.Error(err)
		}
	}
	if err := <-outside; err != nil {
		t.Error(err)
	}
}

func openPrepared(t *testing.T) preparedPool {
	t.Helper()
	pool, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pool.Close() })
	return newPreparedPool(pool, nil)
}

func TestWhatATransactionAsksIsPreparedAfterIt(t *testing.T) {
	prepared := openPrepared(t)
	db, err := gorm.Open(sqlite.New(sqlite.Config{Conn: prepared}), &gorm.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const create, insert = `CREATE TABLE t (n INTEGER PRIMARY KEY)`, `INSERT INTO t (n) VALUES (?)`
	for n := range 3 {
		err := db.Transaction(func(tx *gorm.DB) error {
			if n == 0 {
				if err := tx.Exec(create).Error; err != nil {
					return err
				}
			}
			return tx.Exec(insert, n).Error
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if prepared.statements.get(insert) == nil || prepared.statements.get(create) != nil {
		t.Error("prepared is what does not come again, or not what does")
	}
	refused := db.Transaction(func(tx *gorm.DB) error { return tx.Exec(insert, 2).Error })
	if refused == nil {
		t.Error("a second row of one key was taken")
	}
	var rows int64
	if err := db.Raw("SELECT count(*) FROM t").Scan(&rows).Error; err != nil || rows != 3 {
		t.Errorf("%d rows, %v", rows, err)
	}
}

func TestNothingIsCompiledThatWouldNotBeKept(t *testing.T) {
	prepared := openPrepared(t)
	kept := prepared.statements
	ask := func(n int) (int, error) {
		var got int
		err := prepared.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d", n)).Scan(&got)
		return got, err
	}
	for n := range mostStatements + 2 {
		if got, err := ask(n); err != nil || got != n {
			t.Fatalf("%d: %d, %v", n, got, err)
		}
	}
	if len(kept.made) != mostStatements || kept.get("SELECT 0") == nil {
		t.Errorf("%d are kept", len(kept.made))
	}
	// Whoever compiles this fails.
	if err := kept.prepare(t.Context(), "SELECT nonsense", "SELECT nonsense"); err != nil {
		t.Errorf("compiled in vain: %v", err)
	}
	delete(kept.made, "SELECT 0")
	if err := kept.prepare(t.Context(), "SELECT nonsense", "SELECT nonsense"); err == nil {
		t.Error("what has room is not compiled")
	}
}
