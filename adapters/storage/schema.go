package storage

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	_ "github.com/jackc/pgx/v5/stdlib" // registers the driver "pgx"
)

// CreateSchema makes an empty schema in a PostgreSQL database, for an
// installation that shares it with others: put search_path=NAME into the
// address that is given to Open.
func CreateSchema(ctx context.Context, dsn, name string) error {
	if !regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`).MatchString(name) {
		return fmt.Errorf("%q is no name of a schema: a-z, 0-9 and _ only", name)
	}
	db, err := sql.Open("pgx", dsn)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", withoutDSN(err, dsn))
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, `CREATE SCHEMA "`+name+`"`); err != nil {
		return fmt.Errorf("create schema: %w", withoutDSN(err, dsn))
	}
	return nil
}
