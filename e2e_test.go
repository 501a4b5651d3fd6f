package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"bellwether/adapters/storage"
)

// asProgram makes the test's binary be the program itself.
const asProgram = "BELLWETHER_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	flag.Parse()
	// These tests mostly wait for processes, so more of them run at once than
	// there are processors, unless a number was asked for.
	if f := flag.Lookup("test.parallel"); f != nil && f.Value.String() == strconv.Itoa(runtime.GOMAXPROCS(0)) {
		if err := f.Value.Set("6"); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(m.Run())
}

// patience is how long anything may take on a busy machine.
const patience = 60 * time.Second

// eventually returns when come holds, or fails.
func eventually(t *testing.T, what string, come func() bool) {
	t.Helper()
	eventuallyWithin(t, patience, what, come)
}

func eventuallyWithin(t *testing.T, limit time.Duration, what string, come func() bool) {
	t.Helper()
	end := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !come() {
		select {
		case <-end:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

// program is a running process of the program.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	out    *output
	ended  chan struct{}
	status int
}

// output is what the process printed.
type output struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// launch starts the program with a command line and further environment.
func launch(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{t: t, cmd: exec.Command(self, args...), out: &output{}, ended: make(chan struct{})}
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "BELLWETHER_") {
			p.cmd.Env = append(p.cmd.Env, v)
		}
	}
	p.cmd.Env = append(append(p.cmd.Env, asProgram+"=1"), env...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.out
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		var exit *exec.ExitError
		if err := p.cmd.Wait(); errors.As(err, &exit) {
			p.status = exit.ExitCode()
		}
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", strings.Join(args, " "), p.out)
		}
	})
	return p
}

func (p *program) signal(s os.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		p.t.Error(err)
	}
}

// kill ends the process as a power cut would.
func (p *program) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// exit waits for the end and returns the exit code.
func (p *program) exit() int {
	p.t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.t.Fatal("the program does not end")
	}
	return p.status
}

// stop asks for the end, as a service manager does, and wants a clean one soon.
func (p *program) stop() {
	p.t.Helper()
	from := time.Now()
	p.signal(syscall.SIGTERM)
	if code := p.exit(); code != exitOK {
		p.t.Errorf("a stop ends with %d", code)
	}
	if took := time.Since(from); took > 15*time.Second {
		p.t.Errorf("a stop took %s", took)
	}
}

func (p *program) prints(text string) {
	p.t.Helper()
	eventually(p.t, fmt.Sprintf("%q to be printed", text), func() bool { return strings.Contains(p.out.String(), text) })
}

// configFile writes a configuration: the lines that every test needs, and its own.
func configFile(t *testing.T, database string, more ...string) string {
	t.Helper()
	base := []string{
		"[log]", `format = "json"`,
		"[database]", fmt.Sprintf("url = %q", database),
		"[schedule]", `quotes = "@every 1s"`, `feeds = "@every 1s"`, `sweep = "@every 2s"`,
		"[sources.kraken]", "enabled = false", "[sources.frankfurter]", "enabled = false",
	}
	path := filepath.Join(t.TempDir(), "bellwether.toml")
	if err := os.WriteFile(path, []byte(strings.Join(append(base, more...), "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func sqliteFile(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "bellwether.db") }

// postgresSchema makes an empty schema and returns an address that leads to it.
func postgresSchema(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("BELLWETHER_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("BELLWETHER_TEST_POSTGRES is not set")
	}
	name := fmt.Sprintf("e2e_%x_%x", time.Now().UnixNano(), os.Getpid())
	if err := storage.CreateSchema(context.Background(), dsn, name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// onEachDatabase runs a test on SQLite and, where there is a server, on
// PostgreSQL.
func onEachDatabase(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, sqliteFile(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, postgresSchema(t)) })
}

// openStore opens a program's database from outside.
func openStore(t *testing.T, database string) *storage.Store {
	t.Helper()
	store, err := storage.Open(t.Context(), storage.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}
