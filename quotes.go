package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"bellwether/adapters/storage"
	"bellwether/alerts/market"
)

// quotesCommand lists the quotes that wait for a confirmation, and takes the
// operator's decision on them.
type quotesCommand struct {
	Config  string `required:"" type:"path" help:"The configuration file." placeholder:"FILE"`
	Believe string `xor:"decision" help:"Believe the held quote of this symbol." placeholder:"SYMBOL"`
	Doubt   string `xor:"decision" help:"Never believe the held quote of this symbol." placeholder:"SYMBOL"`
}

// errNotHeld is returned for a decision on a quote that does not wait for one.
var errNotHeld = errors.New("no quote of that symbol is held")

// Run lists held quotes, or keeps a decision for the bot's next check.
func (q quotesCommand) Run(ctx context.Context, w world) error {
	c, err := loadConfig(q.Config, w.getenv)
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, storage.Options{URL: c.Database.URL.reveal(), Log: newLog(w.stderr, LogConfig{Level: "error", Format: c.Log.Format})})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	records, err := store.GuardRecords(ctx)
	if err != nil {
		return err
	}
	maps.DeleteFunc(records, func(_ market.Ticker, r market.Record) bool { return r.Held.None() })
	word, symbol := believeWord, q.Believe
	if q.Doubt != "" {
		word, symbol = doubtWord, q.Doubt
	}
	if symbol != "" {
		ticker := market.Ticker(strings.ToUpper(symbol))
		record, held := records[ticker]
		if !held {
			return fmt.Errorf("%s: %w", ticker, errNotHeld)
		}
		if err := store.Keep(ctx, decisionName+string(ticker), decisionValue(word, record.Held)); err != nil {
			return err
		}
		say(w.stdout, "%s: %s %s from %s. The bot follows that at its next check of the symbol.\n", ticker, word, record.Held.Price, record.Held.Source)
		return nil
	}
	if len(records) == 0 {
		say(w.stdout, "No quote is held.\n")
		return nil
	}
	for _, ticker := range slices.Sorted(maps.Keys(records)) {
		r := records[ticker]
		say(w.stdout, "%-12s %14s from %s, held since %s; last believed %s of %s: %s\n", ticker, r.Held.Price, r.Held.Source,
			r.Held.Seen.UTC().Format("2006-01-02 15:04"), r.Last.Price, r.Last.Time.UTC().Format("2006-01-02 15:04"),
			market.Finding{Outcome: market.Hold, Reason: r.Held.Reason}.Plain())
	}
	return nil
}
