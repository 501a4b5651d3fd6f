package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bellwether/adapters/discord/discordtest"
	"bellwether/adapters/telegram/telegramtest"
)

// silentlyOn keeps the program running for some more reads of a price.
func silentlyOn(t *testing.T, market *exchange) {
	t.Helper()
	before := market.reads("BTC-USD")
	eventually(t, "more reads of prices", func() bool { return market.reads("BTC-USD") > before+2 })
}

func TestWrongTelegramTokenIsSaidOnce(t *testing.T) {
	t.Parallel()
	market := openExchange(t)
	server, chat := openTelegram(t, telegramtest.Options{}, `token = "4242424242:BBwrongWrongWrongWrongWrong"`)
	run := launch(t, nil, "run", "--config", configFile(t, sqliteFile(t), market.asOwn(), chat))
	run.prints("platform is not served any more")
	calls := len(server.Calls(""))
	silentlyOn(t, market)
	if n := len(server.Calls("")); n != calls || n > 3 {
		t.Errorf("%d calls with a wrong token, %d of them later", n, n-calls)
	}
	run.stop()
	if n := strings.Count(run.out.String(), "not served any more"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
	if strings.Contains(run.out.String(), "BBwrong") {
		t.Error("the token was printed")
	}
}

func TestWrongDiscordTokenIsSaidOnce(t *testing.T) {
	t.Parallel()
	market := openExchange(t)
	server := discordtest.New(discordtest.Options{Token: discordToken})
	address, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	run := launch(t, []string{"BELLWETHER_DISCORD_TOKEN=wrongWrongWrong.BBBBBB.wrongWrongWrong"},
		"run", "--config", configFile(t, sqliteFile(t), market.asOwn(), fmt.Sprintf("[discord]\napi_url = %q", address)))
	run.prints("platform is not served any more")
	asked := len(server.Requests())
	silentlyOn(t, market)
	if n := len(server.Requests()); n != asked || n > 5 {
		t.Errorf("%d requests with a wrong token, %d of them later", n, n-asked)
	}
	run.stop()
	if n := strings.Count(run.out.String(), "not served any more"); n != 1 {
		t.Errorf("it is said %d times", n)
	}
	if strings.Contains(run.out.String(), "wrongWrong") {
		t.Error("the token was printed")
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	chat := "[webchat]\nenabled = true\nlisten = \"127.0.0.1:0\"\n"
	blocked := write("a-file", "")
	rows := []struct {
		name string
		args []string
		env  []string
		code int
		want string
	}{
		{"no command", nil, nil, exitUsage, "Try: bellwether --help"},
		{"unknown command", []string{"dance"}, nil, exitUsage, "dance"},
		{"no configuration named", []string{"run"}, nil, exitUsage, "--config"},
		{"version", []string{"version"}, nil, exitOK, "bellwether"},
		{"help", []string{"--help"}, nil, exitOK, "demo"},
		{"no such file", []string{"run", "--config", filepath.Join(folder, "none.toml")}, nil, exitConfig, "none.toml"},
		{"unknown key", []string{"run", "--config", write("key.toml", "[log]\nlevl = \"info\"\n")}, nil, exitConfig, "line 2"},
		{"no chat", []string{"run", "--config", write("chat.toml", "")}, nil, exitConfig, "no chat is set up"},
		{"bad token", []string{"run", "--config", write("token.toml", "")}, []string{"BELLWETHER_TELEGRAM_TOKEN=hidden secret"}, exitConfig, "token"},
		{"no database", []string{"run", "--config", write("db.toml", chat+"[database]\nurl = \"mysql://x\"\n")}, nil, exitDatabase, "sqlite: or postgres://"},
		{"folder is a file", []string{"run", "--config", write("dir.toml", chat+fmt.Sprintf("[database]\nurl = \"sqlite:%s/x.db\"\n", blocked))}, nil, exitDatabase, "database cannot be used"},
		{"not a database", []string{"run", "--config", write("no.toml", chat+fmt.Sprintf("[database]\nurl = \"sqlite:%s\"\n", write("text.db", strings.Repeat("no database ", 200))))}, nil, exitDatabase, "database cannot be used"},
		{"no server", []string{"run", "--config", write("pg.toml", chat)}, []string{"BELLWETHER_DATABASE_URL=postgres://bellwether:hidden%20secret@127.0.0.1:1/x"}, exitDatabase, "PostgreSQL"},
		{"bad server address", []string{"check", "--config", write("pg2.toml", chat)}, []string{"BELLWETHER_DATABASE_URL=postgres://bellwether:hidden secret@127.0.0.1:port/x"}, exitDatabase, "PostgreSQL"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			p := launch(t, row.env, row.args...)
			if code := p.exit(); code != row.code {
				t.Errorf("exit code %d instead of %d", code, row.code)
			}
			if out := p.out.String(); !strings.Contains(out, row.want) || strings.Contains(out, "hidden") || strings.Contains(out, "goroutine ") {
				t.Errorf("it prints %q", out)
			}
		})
	}
}

func TestReadOnlyDatabaseIsSaid(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("nothing is read-only to root")
	}
	folder := filepath.Join(t.TempDir(), "ro")
	if err := os.Mkdir(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "run", "--config", configFile(t, "sqlite:"+filepath.Join(folder, "x.db"), "[webchat]\nenabled = true\nlisten = \"127.0.0.1:0\""))
	if code := p.exit(); code != exitDatabase {
		t.Errorf("exit code %d", code)
	}
}

// lock keeps everybody else from writing to an SQLite file until the returned
// function is called.
func lock(t *testing.T, database string) (unlock func()) {
	t.Helper()
	db, err := sql.Open("sqlite", strings.TrimPrefix(database, "sqlite:"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// A lock that is held by somebody else for a moment is waited for.
	if _, err := conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 30000"); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		_ = conn.Close()
		_ = db.Close()
	}
}

func TestLockedDatabaseIsSaidAtTheStart(t *testing.T) {
	t.Parallel()
	database := sqliteFile(t)
	unlock := lock(t, database)
	defer unlock()
	p := launch(t, nil, "run", "--config", configFile(t, database, "[webchat]\nenabled = true\nlisten = \"127.0.0.1:0\""))
	if code := p.exit(); code != exitDatabase || !strings.Contains(p.out.String(), "locked") {
		t.Errorf("exit code %d, %s", code, p.out)
	}
}

func TestLockedDatabaseLosesNothing(t *testing.T) {
	t.Parallel()
	market := openExchange(t)
	server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"", quick)
	database := sqliteFile(t)
	run := launch(t, nil, "run", "--config", configFile(t, database, market.asOwn(), chat))
	server.Say(telegramtest.Speech{Chat: 7, Text: "/alert BTC-USD > 62000"})
	hears(t, server, 7, "Alert set")
	unlock := lock(t, database)
	server.Say(telegramtest.Speech{Chat: 7, Text: "/alert GC=F > 2350"})
	market.set("BTC-USD", "62100")
	run.prints("locked")
	unlock()
	hears(t, server, 7, "Bitcoin USD rose to")
	eventually(t, "the second alert", func() bool { return len(received(server, 7, "Alert set")) == 2 })
	run.stop()
}

func TestSecondInstanceWaits(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, database string) {
		market := openExchange(t)
		market.list("ETH-USD", "3400.00", "3390.00") // it trades on every day
		server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"", quick)
		file := configFile(t, database, market.asOwn(), chat)
		first := launch(t, nil, "run", "--config", file)
		server.Say(telegramtest.Speech{Chat: 7, Text: "/alert BTC-USD > 62000 every time"})
		hears(t, server, 7, "Alert set")

		second, third := launch(t, nil, "run", "--config", file), launch(t, nil, "run", "--config", file)
		second.prints("another process serves")
		third.prints("another process serves")
		market.set("BTC-USD", "62100")
		hears(t, server, 7, "Bitcoin USD rose to")
		third.stop()

		server.Say(telegramtest.Speech{Chat: 7, Text: "/alert ETH-USD > 3420"})
		eventually(t, "the second alert", func() bool { return len(received(server, 7, "Alert set")) == 2 })
		first.signal(syscall.SIGKILL)
		second.prints("takes over")
		market.set("ETH-USD", "3425.50")
		hears(t, server, 7, "Ethereum USD rose to")
		second.stop()
		for _, once := range []string{"Bitcoin USD rose to", "Ethereum USD rose to"} {
			n := 0
			for _, s := range received(server, 7, once) {
				if s.Method == "sendMessage" || s.Method == "sendPhoto" {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%q came %d times", once, n)
			}
		}
		if strings.Contains(first.out.String()+second.out.String(), "telegram_conflict") {
			t.Error("two polled at once")
		}
	})
}
