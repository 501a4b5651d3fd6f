package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bellwether/adapters/telegram/telegramtest"
)

// lineWith returns the line of a report that speaks of something.
func lineWith(report, what string) string {
	for line := range strings.SplitSeq(report, "\n") {
		if strings.Contains(line, what) {
			return line
		}
	}
	return ""
}

func TestCheckReportsAndSendsNothing(t *testing.T) {
	t.Parallel()
	market := openExchange(t)
	server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"")
	p := launch(t, nil, "check", "--config", configFile(t, sqliteFile(t), market.asYahoo(), chat))
	if code := p.exit(); code != exitOK {
		t.Errorf("exit code %d", code)
	}
	for _, what := range []string{"configuration", "telegram", "discord", "database", "market hours", "yahoo", "feeds"} {
		if line := lineWith(p.out.String(), what); !strings.HasPrefix(line, "ok ") {
			t.Errorf("%s: %q", what, line)
		}
	}
	if line := lineWith(p.out.String(), "yahoo"); !strings.Contains(line, "gave 2 of 2 symbols") {
		t.Errorf("yahoo: %q", line)
	}
	if n := len(server.Calls("")); n != 0 || strings.Contains(p.out.String(), "AAsecret") {
		t.Errorf("%d calls; %s", n, p.out)
	}
}

func TestCheckNamesWhatDoesNotWork(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"web page": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("<!doctype html><title>Consent</title>"))
		},
		"no symbols": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) },
		"429":        func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTooManyRequests) },
		"nothing":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(answer)
			t.Cleanup(server.Close)
			market := &exchange{url: server.URL}
			p := launch(t, nil, "check", "--config", configFile(t, sqliteFile(t), market.asYahoo(), "[webchat]\nenabled = true"))
			if code := p.exit(); code != exitFailed {
				t.Errorf("exit code %d", code)
			}
			if line := lineWith(p.out.String(), "yahoo"); !strings.HasPrefix(line, "FAIL ") || len(line) < 30 {
				t.Errorf("yahoo: %q", line)
			}
			if line := lineWith(p.out.String(), "database"); !strings.HasPrefix(line, "ok ") {
				t.Errorf("database: %q", line)
			}
		})
	}
}
