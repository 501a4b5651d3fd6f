package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
	"slices"
	"strings"
	"text/tabwriter"
)

// benchCommand measures the delivery of messages against stand-ins of the
// platforms, which run as processes of their own on this machine. What depends
// on the machine is told as a ratio to a bare HTTP client that talks to the
// same stand-in.
type benchCommand struct {
	Rows   []string `help:"Only these rows: ${bench_rows}." placeholder:"ROW,…"`
	Chats  int      `default:"10000" help:"How many Telegram chats there are. Fewer are good for a quick try only."`
	Rounds int      `default:"3" help:"How often each of the rows that are ratios is measured; the median counts."`
	Quick  bool     `help:"A quick try: 600 chats, one round."`
	CPU    string   `type:"path" help:"Write a CPU profile of this process to a file." placeholder:"FILE"`
}

// benchRow is one row of the table.
type benchRow struct {
	name    string
	measure func(ctx context.Context, b *bench) ([]finding, error)
}

// finding is one measured figure.
type finding struct {
	what string
	got  string
	must string
	ok   bool
}

// benchTable returns the rows in the order in which they are measured: memory
// first, before anything else has grown the process.
func benchTable() []benchRow {
	return []benchRow{
		{"memory", measureMemory},
		{"alert", measureAlert},
		{"unlimited", measureUnlimited},
		{"distance", measureDistance},
		{"discord", measureDiscord},
		{"limited", measureLimited},
		{"slower", measureSlower},
	}
}

func benchRowNames() string {
	var names []string
	for _, r := range benchTable() {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

// bench is what a run of the command shares.
type bench struct {
	chats, rounds int
	folder        string
	say           func(format string, args ...any)
}

// Run measures and prints the table.
func (c benchCommand) Run(ctx context.Context, w world) (err error) {
	for _, name := range c.Rows {
		if !slices.ContainsFunc(benchTable(), func(r benchRow) bool { return r.name == name }) {
			return fmt.Errorf("there is no row %q; there are: %s", name, benchRowNames())
		}
	}
	folder, err := os.MkdirTemp("", "bellwether-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	b := &bench{chats: max(c.Chats, 10), rounds: max(c.Rounds, 1), folder: folder, say: func(format string, args ...any) {
		_, _ = fmt.Fprintf(w.stderr, format+"\n", args...) // it only tells how far we are
	}}
	if c.Quick {
		b.chats, b.rounds = min(b.chats, 600), 1
	}
	if c.CPU != "" {
		stop, err := profile(c.CPU)
		if err != nil {
			return err
		}
		defer stop()
	}
	out := tabwriter.NewWriter(w.stdout, 0, 0, 2, ' ', 0)
	missed := 0
	for _, row := range benchTable() {
		if len(c.Rows) > 0 && !slices.Contains(c.Rows, row.name) {
			continue
		}
		b.say("measuring %s …", row.name)
		findings, err := row.measure(ctx, b)
		if err != nil {
			return fmt.Errorf("measure %s: %w", row.name, err)
		}
		for _, f := range findings {
			verdict := "ok"
			if !f.ok {
				verdict = "MISSED"
				missed++
			}
			_, _ = fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", row.name, f.what, f.got, f.must, verdict) // Flush tells
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
	if missed > 0 {
		return fmt.Errorf("%d figures were missed", missed)
	}
	return nil
}

func profile(path string) (stop func(), err error) {
	file, err := os.Create(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("write the profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("profile: %w", err), file.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close() // a profile that is not complete shows when it is read
	}, nil
}

// none is a finding that must be 0.
func none(what string, got int64) finding {
	return finding{what, fmt.Sprint(got), "0", got == 0}
}

func atMost(what string, got, limit float64, unit string) finding {
	return finding{what, fmt.Sprintf("%.3f%s", got, unit), fmt.Sprintf("≤ %g%s", limit, unit), got <= limit}
}

func atLeast(what string, got, limit float64, unit string) finding {
	return finding{what, fmt.Sprintf("%.3f%s", got, unit), fmt.Sprintf("≥ %g%s", limit, unit), got >= limit}
}

// told is a finding without a limit, for the reader.
func told(what, got string) finding { return finding{what, got, "", true} }
