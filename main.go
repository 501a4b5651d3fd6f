// Command bellwether is a bot that tells people on Discord and Telegram what
// their markets and their news just did.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // containers have no zoneinfo

	"github.com/alecthomas/kong"

	"bellwether/adapters/storage"
)

// version is set by the linker for a release.
var version = "dev"

// Exit codes, after sysexits.h, so that a service manager knows what to do.
const (
	exitOK       = 0
	exitFailed   = 1  // something broke at run time: start again
	exitUsage    = 64 // EX_USAGE: the command line is wrong
	exitDatabase = 69 // EX_UNAVAILABLE: the database cannot be used now: start again later
	exitConfig   = 78 // EX_CONFIG: the configuration is wrong: do not start again
)

// commandLine is what can be typed after the program's name.
type commandLine struct {
	Run     runCommand     `cmd:"" help:"Run the bot."`
	Demo    demoCommand    `cmd:"" help:"Run everything on a sample market and a sample newsroom, with a chat in the browser. Needs no account and no network."`
	Check   checkCommand   `cmd:"" help:"Check the configuration, the database, the sources and the feeds, without sending anything."`
	Bench   benchCommand   `cmd:"" help:"Measure the delivery of messages against stand-ins of the platforms, on this machine."`
	Quotes  quotesCommand  `cmd:"" help:"List the quotes that wait for a confirmation, and decide on one."`
	Symbols symbolsCommand `cmd:"" help:"Add symbols that people may name."`
	Version versionCommand `cmd:"" help:"Print the version."`

	BenchServer benchServerCommand `cmd:"" hidden:"" help:"A stand-in of a platform, for bench."`
}

// world is what the commands have of the outside.
type world struct {
	stdout, stderr io.Writer
	getenv         func(string) string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], world{stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv})
	stop()
	os.Exit(code)
}

// say prints for whoever sits there. Where nobody can be told, nothing is lost.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// execute runs one command and returns the exit code.
func execute(ctx context.Context, args []string, w world) int {
	var line commandLine
	exited := -1
	parser, err := kong.New(&line,
		kong.Name("bellwether"),
		kong.Description("One bot that tells people on Discord and Telegram what their markets and their news just did."),
		kong.Writers(w.stdout, w.stderr),
		kong.Vars{"bench_rows": benchRowNames()},
		kong.Exit(func(code int) { exited = code }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
	)
	if err != nil {
		say(w.stderr, "bellwether: %v\n", err)
		return exitFailed
	}
	parsed, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		say(w.stderr, "bellwether: %v\n", err)
		say(w.stderr, "Try: bellwether --help\n")
		return exitUsage
	}
	if err := parsed.Run(); err != nil {
		say(w.stderr, "bellwether: %v\n", err)
		return exitCode(err)
	}
	return exitOK
}

func exitCode(err error) int {
	switch {
	case errors.Is(err, errConfig):
		return exitConfig
	case errors.Is(err, storage.ErrUnusable):
		return exitDatabase
	}
	return exitFailed
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(w world) error {
	_, err := fmt.Fprintln(w.stdout, "bellwether", version)
	return err
}
