package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func nothingSet(string) string { return "" }

// example is the example with the block that is commented out made to count.
func example(t *testing.T, blocks bool) string {
	t.Helper()
	text, err := os.ReadFile("config.example.toml")
	if err != nil {
		t.Fatal(err)
	}
	if !blocks {
		return string(text)
	}
	before, block, found := strings.Cut(string(text), "# [[sources.httpjson]]")
	if !found {
		t.Fatal("the example shows no source of one's own")
	}
	return before + "[[sources.httpjson]]" + strings.ReplaceAll(block, "\n# ", "\n")
}

func TestExampleIsTheDefaultConfiguration(t *testing.T) {
	got, err := parseConfig([]byte(example(t, false)), nothingSet)
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	got.Feeds.AllowNetworks, want.Feeds.AllowNetworks = nil, nil
	got.WebChat.Hosts, want.WebChat.Hosts = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the example is\n%+v\nand the defaults are\n%+v", got, want)
	}
}

func TestExampleNamesEveryKey(t *testing.T) {
	text := example(t, true)
	if _, err := parseConfig([]byte(text), nothingSet); err != nil {
		t.Fatal(err)
	}
	table, named := "", map[string]bool{}
	heading, key := regexp.MustCompile(`^\[+([a-z_.]+)\]+`), regexp.MustCompile(`^([a-z_]+) = `)
	explained, above := map[string]bool{}, false
	for line := range strings.SplitSeq(text, "\n") {
		if m := heading.FindStringSubmatch(line); m != nil {
			table = m[1]
		} else if m := key.FindStringSubmatch(line); m != nil {
			name := table + "." + m[1]
			named[name] = true
			// A key stands below its comment, with one behind it, or in a group.
			explained[name] = above || strings.Contains(line, "#")
			above = true
			continue
		}
		above = strings.HasPrefix(line, "#")
	}
	for _, k := range configKeys() {
		if !named[k] {
			t.Errorf("config.example.toml does not name %s", k)
		}
	}
	for k := range named {
		if !slices.Contains(configKeys(), k) {
			t.Errorf("config.example.toml names %s, which there is not", k)
		}
	}
	if !explained["telegram.token"] || !explained["schedule.quotes"] {
		t.Errorf("the example does not explain what it shows")
	}
}

func TestWrongConfigurationIsExplained(t *testing.T) {
	rows := []struct {
		name, text string
		want       []string
	}{
		{"unknown key", "[log]\nlevel = \"info\"\n\n[telegram]\ntokn = \"x\"\n", []string{"line 5", `"telegram.tokn"`, "api_url", "token_file", "tokn"}},
		{"unknown key of a source", "[sources.yahoo]\nenabld = true\n", []string{"line 2", "sources.yahoo.enabld", "[sources.yahoo] has: enabled, interval, rate, url"}},
		{"unknown table", "[telegramm]\ntoken = \"x\"\n", []string{"line 1", "telegramm", "config.example.toml"}},
		{"bad duration", "[feeds]\ninterval = \"soon\"\n", []string{"line 2", "2 | interval = \"soon\"", "90s, 15m, 24h or 60d"}},
		{"negative duration", "[retention]\nsends = \"-4h\"\n", []string{"line 2", "-4h", "60d"}},
		{"duration without a unit", "[retention]\nsends = \"30\"\n", []string{"line 2", "30", "60d"}},
		{"no TOML", "[log\n", []string{"line 1"}},
		{"wrong type", "[outbox]\nin_flight = \"many\"\n", []string{"line 2", "2 | in_flight = \"many\"", "cannot decode TOML string into int"}},
		{"bad address", "[telegram]\napi_url = \"api.telegram.org\"\n", []string{"telegram.api_url", "http://"}},
		{"bad source address", "[sources.kraken]\nurl = \"ftp://x\"\n", []string{"sources.kraken.url", "https://"}},
		{"bad schedule", "[schedule]\nquotes = \"every minute\"\n", []string{"schedule.quotes", "@every 15s"}},
		{"bad zone", "[defaults]\nzone = \"Mars/Olympus\"\n", []string{"defaults.zone", "Mars/Olympus", "Asia/Singapore"}},
		{"bad network", "[feeds]\nallow_networks = [\"127.0.0.1\"]\n", []string{"feeds.allow_networks", "127.0.0.0/8"}},
		{"host with a scheme", "[webchat]\nhosts = [\"https://chat.example.org\"]\n", []string{"webchat.hosts", "https://chat.example.org", "chat.example.org,"}},
		{"host with a port", "[webchat]\nhosts = [\"chat.example.org:443\"]\n", []string{"webchat.hosts", "without a port"}},
		{"bad level", "[log]\nlevel = \"loud\"\n", []string{"log.level", "debug, info, warn or error"}},
		{"bad format", "[log]\nformat = \"xml\"\n", []string{"log.format"}},
		{"nothing in flight", "[outbox]\nin_flight = 0\n", []string{"outbox.in_flight", "1 to 1000"}},
		{"no rate", "[telegram]\nper_second = 0.0\n", []string{"rate"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			_, err := parseConfig([]byte(row.text), nothingSet)
			if !errors.Is(err, errConfig) || exitCode(err) != exitConfig {
				t.Fatalf("%v is not called an error of the configuration", err)
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}

func TestLengthsOfTimeAreRead(t *testing.T) {
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "15m": 15 * time.Minute, "60d": 1440 * time.Hour, "0s": 0, "1.5d": 36 * time.Hour} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || time.Duration(d) != want {
			t.Errorf("%s is %s, %v", text, time.Duration(d), err)
		}
	}
}

func TestSecretsComeFromFilesAndTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("from-a-file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(key string) string {
		return map[string]string{
			"BELLWETHER_DISCORD_TOKEN": "from-env", "BELLWETHER_MY_BROKER_KEY": "broker", "BELLWETHER_DATABASE_URL": "sqlite:env.db",
			"BELLWETHER_FINNHUB_KEY": "finn",
		}[key]
	}
	c, err := parseConfig([]byte(fmt.Sprintf(`
[telegram]
token_file = %q
[discord]
token = "in-the-file-and-overruled"
[[sources.httpjson]]
name = "my-broker"
url = "https://example.com/{symbol}"
symbol = "s"
price = "p"
`, file)), env)
	if err != nil {
		t.Fatal(err)
	}
	if c.Telegram.Token != "from-a-file" || c.Discord.Token != "from-env" || c.Sources.HTTPJSON[0].Key != "broker" ||
		c.Database.URL != "sqlite:env.db" || c.Sources.Finnhub.Key != "finn" {
		t.Errorf("secrets are %q %q %q %q", c.Telegram.Token.reveal(), c.Discord.Token.reveal(), c.Sources.HTTPJSON[0].Key.reveal(), c.Database.URL.reveal())
	}
}

func TestSecretInTwoPlacesIsAnError(t *testing.T) {
	for _, text := range []string{
		"[telegram]\ntoken = \"hidden-secret\"\ntoken_file = \"/nowhere\"\n", "[discord]\ntoken = \"hidden-secret\"\ntoken_file = \"/nowhere\"\n",
		"[sources.finnhub]\nkey = \"hidden-secret\"\nkey_file = \"/nowhere\"\n", "[database]\nurl = \"postgres://a:hidden-secret@h/d\"\nurl_file = \"/nowhere\"\n",
	} {
		_, err := parseConfig([]byte(text), nothingSet)
		if err == nil || !strings.Contains(err.Error(), "both set") || strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, err := parseConfig([]byte("[telegram]\ntoken_file = \"/nowhere/at/all\"\n"), nothingSet)
	if err == nil || !strings.Contains(err.Error(), "telegram.token_file") || !strings.Contains(err.Error(), "/nowhere/at/all") {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const hidden = "hidden-secret"
	c := defaults()
	c.Telegram.Token, c.Discord.Token, c.Database.URL, c.Sources.Finnhub.Key = hidden, hidden, hidden, hidden
	c.Sources.HTTPJSON = []HTTPJSONConfig{{Key: hidden}}
	asJSON, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var logged bytes.Buffer
	for _, format := range []string{"json", "text"} {
		log := newLog(&logged, LogConfig{Level: "info", Format: format})
		log.Info("it", "config", c, "token", c.Telegram.Token, "pointer", &c.Telegram, "telegram", c.Telegram)
	}
	ways := map[string]string{
		"v": fmt.Sprintf("%v", c), "+v": fmt.Sprintf("%+v", c), "#v": fmt.Sprintf("%#v", c), "s": c.Telegram.Token.String(),
		"q": fmt.Sprintf("%q", c.Telegram.Token), "pointer": fmt.Sprintf("%+v", &c), "x": fmt.Sprintf("%x", c.Telegram.Token),
		"json": string(asJSON), "log": logged.String(),
		"error": fmt.Errorf("open %v: %w", c.Database.URL, errors.New("no")).Error(),
	}
	for way, text := range ways {
		if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
			t.Errorf("%s shows a secret: %s", way, text)
		}
	}
}

func TestTOMLErrorsShowNoSecret(t *testing.T) {
	for _, text := range []string{
		"[telegram]\ntoken = \"hidden-secret\"\nspeed = 3\n", "[telegram]\ntoken = \"hidden-secret\n", "[telegram]\ntoken = \"hidden-secret\" x\n",
		"[telegram]\ntokn = \"hidden-secret\"\n", "[discord]\napi_url = 7\ntoken = \"hidden-secret\"\n",
	} {
		_, err := parseConfig([]byte(text), nothingSet)
		if err == nil || strings.Contains(err.Error(), "hidden-secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}
