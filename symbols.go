package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts/market"
)

// symbolsCommand is about the symbols that people may name.
type symbolsCommand struct {
	Import importCommand `cmd:"" help:"Add the symbols of a CSV file to those that can be named."`
}

type importCommand struct {
	Config string `required:"" type:"path" help:"The configuration file." placeholder:"FILE"`
	File   string `arg:"" type:"existingfile" help:"A CSV file whose first line names its columns: symbol, and, where there are any, name, exchange, currency, class." placeholder:"FILE.csv"`
}

// Run imports symbols and says how many of them are new.
func (i importCommand) Run(ctx context.Context, w world) error {
	c, err := loadConfig(i.Config, w.getenv)
	if err != nil {
		return err
	}
	symbols, err := readSymbolFile(i.File)
	if err != nil {
		return err
	}
	table, err := market.DefaultTable()
	if err != nil {
		return err
	}
	store, err := storage.Open(ctx, storage.Options{URL: c.Database.URL.reveal(), Log: newLog(w.stderr, LogConfig{Level: "error", Format: c.Log.Format})})
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	stored, err := store.Symbols(ctx)
	if err != nil {
		return err
	}
	known := make(map[market.Ticker]bool, len(stored))
	for _, s := range stored {
		known[s.Ticker] = true
	}
	var put []market.Symbol
	shipped, replaced := 0, 0
	for _, s := range symbols {
		if _, ok := table.Get(s.Ticker); ok {
			shipped++
			continue
		}
		if known[s.Ticker] {
			replaced++
		}
		known[s.Ticker] = true
		put = append(put, s)
	}
	if err := store.PutSymbols(ctx, put); err != nil {
		return err
	}
	if err := store.Keep(ctx, importedName, strconv.FormatInt(time.Now().UnixNano(), 10)); err != nil {
		return err
	}
	say(w.stdout, "%d symbols read: %d new, %d replaced, %d left as they come with the program. A running bot knows the new ones after its next check of quotes, the replaced ones after its next start.\n",
		len(symbols), len(put)-replaced, replaced, shipped)
	return nil
}

func readSymbolFile(path string) ([]market.Symbol, error) {
	file, err := os.Open(path) //nolint:gosec // The operator names the file.
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	symbols, err := market.ReadSymbols(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return symbols, nil
}

// importedName is the name under which the last import's time is kept.
const importedName = "symbols imported"

// learnImported adds what was imported since the last look to the symbols that
// people may name.
func (p *parts) learnImported(ctx context.Context) error {
	last, err := p.store.Recall(ctx, importedName)
	if err != nil || last == p.imported {
		return err
	}
	symbols, err := p.store.Symbols(ctx)
	if err != nil {
		return err
	}
	p.symbols.Add(symbols...)
	p.imported = last
	return nil
}
