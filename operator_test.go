package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts/market"
)

// operate runs a command on a database of the test's own and returns what it
// printed.
func operate(t *testing.T, config string, args ...string) (out string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append(args, "--config", config)
	code = execute(t.Context(), args, world{stdout: &stdout, stderr: &stderr, getenv: func(string) string { return "" }})
	return stdout.String() + stderr.String(), code
}

func operatorConfig(t *testing.T) (config string, open func() *storage.Store) {
	t.Helper()
	folder := t.TempDir()
	config = filepath.Join(folder, "bellwether.toml")
	url := "sqlite:" + filepath.Join(folder, "bellwether.db")
	if err := os.WriteFile(config, []byte("[database]\nurl = \""+url+"\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return config, func() *storage.Store {
		store, err := storage.Open(t.Context(), storage.Options{URL: url, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		return store
	}
}

func TestOperatorDecidesOnHeldQuotes(t *testing.T) {
	config, open := operatorConfig(t)
	if out, code := operate(t, config, "quotes"); code != exitOK || out != "No quote is held.\n" {
		t.Fatalf("%d: %s", code, out)
	}
	held := market.HeldQuote{Reason: market.ReasonUnit, Sighting: market.Sighting{
		Price: market.MustPrice("0.1455"), Time: time.Unix(1000, 0).UTC(), Seen: time.Unix(1001, 7).UTC(), Source: "yahoo",
	}}
	store := open()
	err := store.PutGuardRecords(t.Context(), map[market.Ticker]market.Record{
		"AET.L": {Last: market.Sighting{Price: market.MustPrice("14.55"), Time: time.Unix(900, 0).UTC()}, Held: held},
		"AAPL":  {Last: market.Sighting{Price: market.MustPrice("200"), Time: time.Unix(900, 0).UTC()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := &parts{store: store, log: slog.New(slog.DiscardHandler)}
	defer func() { _ = store.Close() }()
	out, _ := operate(t, config, "quotes")
	for _, want := range []string{"AET.L", "0.1455 from yahoo", "last believed 14.55", "probably a wrong unit"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "AAPL") {
		t.Errorf("lists a quote that is not held:\n%s", out)
	}
	if got := p.decision("AET.L", held); got != market.Undecided {
		t.Errorf("decided before: %d", got)
	}
	for flag, want := range map[string]market.Decision{"--believe": market.Believe, "--doubt": market.Disbelieve} {
		if out, code := operate(t, config, "quotes", flag, "aet.l"); code != exitOK {
			t.Fatalf("%d: %s", code, out)
		}
		if got := p.decision("AET.L", held); got != want {
			t.Errorf("%s: %d", flag, got)
		}
	}
	other := held
	other.Seen = other.Seen.Add(time.Hour)
	if got := p.decision("AET.L", other); got != market.Undecided {
		t.Errorf("a decision on one quote holds for another")
	}
	if out, code := operate(t, config, "quotes", "--believe", "AAPL"); code == exitOK || !strings.Contains(out, "no quote of that symbol is held") {
		t.Errorf("%d: %s", code, out)
	}
}

func TestSymbolsAreImported(t *testing.T) {
	config, open := operatorConfig(t)
	file := filepath.Join(t.TempDir(), "more.csv")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("symbol,name,currency,class\nZZZ1.SI,First of its kind,SGD,equity\nZZZ2.SI,Second,SGD,equity\nAAPL,An apple,USD,equity\n")
	out, code := operate(t, config, "symbols", "import", file)
	if code != exitOK || !strings.Contains(out, "3 symbols read: 2 new, 0 replaced, 1 left as they come with the program") {
		t.Fatalf("%d: %s", code, out)
	}
	write("symbol,name\nZZZ2.SI,Second of its kind\n")
	if out, _ = operate(t, config, "symbols", "import", file); !strings.Contains(out, "0 new, 1 replaced") {
		t.Error(out)
	}
	store := open()
	defer func() { _ = store.Close() }()
	names := map[market.Ticker]string{}
	symbols, err := store.Symbols(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		names[s.Ticker] = s.Name
	}
	if len(names) != 2 || names["ZZZ1.SI"] != "First of its kind" || names["ZZZ2.SI"] != "Second of its kind" {
		t.Errorf("stored %v", names)
	}
	running := &parts{store: store, symbols: market.NewTable(nil)}
	if err := running.learnImported(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found, _ := running.symbols.Lookup("First of its kind"); len(found) != 1 || found[0].Ticker != "ZZZ1.SI" {
		t.Errorf("a running bot knows %v", found)
	}
	write("symbol,class\nZZZ3.SI,equity\nZZZ4.SI,nonsense\n")
	if out, code = operate(t, config, "symbols", "import", file); code == exitOK || !strings.Contains(out, "line 3") {
		t.Errorf("%d: %s", code, out)
	}
}
