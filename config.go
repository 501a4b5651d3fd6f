package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"bellwether/bot"
)

// Config is the operator's configuration. Every key stands in
// config.example.toml with an explanation; a test holds the two together.
type Config struct {
	Log       LogConfig       `toml:"log"`
	Database  DatabaseConfig  `toml:"database"`
	Schedule  ScheduleConfig  `toml:"schedule"`
	Defaults  DefaultsConfig  `toml:"defaults"`
	Limits    LimitsConfig    `toml:"limits"`
	Retention RetentionConfig `toml:"retention"`
	Outbox    OutboxConfig    `toml:"outbox"`
	Telegram  TelegramConfig  `toml:"telegram"`
	Discord   DiscordConfig   `toml:"discord"`
	WebChat   WebChatConfig   `toml:"webchat"`
	Feeds     FeedsConfig     `toml:"feeds"`
	Sources   SourcesConfig   `toml:"sources"`
	Calendar  CalendarConfig  `toml:"calendar"`
	Pictures  PicturesConfig  `toml:"pictures"`
}

// LogConfig says what is logged and how.
type LogConfig struct {
	Level  string `toml:"level"`  // debug, info, warn, error
	Format string `toml:"format"` // auto, text, json
}

// DatabaseConfig says where everything is kept.
type DatabaseConfig struct {
	URL         Secret `toml:"url"`
	URLFile     string `toml:"url_file"`
	Connections int    `toml:"connections"`
}

// ScheduleConfig says when things are done.
type ScheduleConfig struct {
	Quotes string `toml:"quotes"`
	Feeds  string `toml:"feeds"`
	Bells  string `toml:"bells"`
	Sweep  string `toml:"sweep"`
	Prune  string `toml:"prune"`
}

// DefaultsConfig is what a new destination begins with.
type DefaultsConfig struct {
	Zone string `toml:"zone"`
}

// LimitsConfig bounds what people may set up; 0 is no limit.
type LimitsConfig struct {
	RulesPerPerson    int `toml:"alerts_per_person"`
	RulesPerPlace     int `toml:"alerts_per_place"`
	RulesPerCommunity int `toml:"alerts_per_community"`
	FeedsPerPlace     int `toml:"feeds_per_place"`
	WatchedPerPlace   int `toml:"symbols_per_watchlist"`
}

// RetentionConfig says how long things are kept; 0 is for ever.
type RetentionConfig struct {
	Inbox      Duration `toml:"inbox"`
	Articles   Duration `toml:"articles"`
	Events     Duration `toml:"events"`
	Sends      Duration `toml:"sends"`
	MinuteBars Duration `toml:"minute_bars"`
	DayBars    Duration `toml:"day_bars"`
}

// OutboxConfig says how messages are delivered.
type OutboxConfig struct {
	InFlight   int  `toml:"in_flight"`
	RepeatNews bool `toml:"repeat_news"`
}

// TelegramConfig is the Telegram bot account.
type TelegramConfig struct {
	Token            Secret  `toml:"token"`
	TokenFile        string  `toml:"token_file"`
	APIURL           string  `toml:"api_url"`
	PerSecond        float64 `toml:"per_second"`
	PrivatePerSecond float64 `toml:"private_per_second"`
	GroupPerMinute   float64 `toml:"group_per_minute"`
}

// DiscordConfig is the Discord bot account.
type DiscordConfig struct {
	Token     Secret  `toml:"token"`
	TokenFile string  `toml:"token_file"`
	APIURL    string  `toml:"api_url"`
	Guild     string  `toml:"guild"`
	PerSecond float64 `toml:"per_second"`
}

// WebChatConfig is the local web chat.
type WebChatConfig struct {
	Enabled bool     `toml:"enabled"`
	Listen  string   `toml:"listen"`
	Hosts   []string `toml:"hosts"`
}

// FeedsConfig says how feeds are read.
type FeedsConfig struct {
	AllowNetworks []string `toml:"allow_networks"`
	Interval      Duration `toml:"interval"`
	Contact       string   `toml:"contact"`
}

// SourcesConfig are the quote sources.
type SourcesConfig struct {
	Yahoo       YahooConfig      `toml:"yahoo"`
	Kraken      SourceConfig     `toml:"kraken"`
	Frankfurter SourceConfig     `toml:"frankfurter"`
	Finnhub     KeyedConfig      `toml:"finnhub"`
	HTTPJSON    []HTTPJSONConfig `toml:"httpjson"`
}

// SourceConfig is a source without a key.
type SourceConfig struct {
	Enabled bool    `toml:"enabled"`
	URL     string  `toml:"url"`
	Rate    float64 `toml:"rate"`
}

// YahooConfig is Yahoo Finance.
type YahooConfig struct {
	Enabled  bool     `toml:"enabled"`
	URL      string   `toml:"url"`
	Rate     float64  `toml:"rate"`
	Interval Duration `toml:"interval"`
}

// KeyedConfig is a source with a key.
type KeyedConfig struct {
	Enabled bool    `toml:"enabled"`
	URL     string  `toml:"url"`
	Rate    float64 `toml:"rate"`
	Key     Secret  `toml:"key"`
	KeyFile string  `toml:"key_file"`
}

// HTTPJSONConfig is any JSON API.
type HTTPJSONConfig struct {
	Name      string            `toml:"name"`
	URL       string            `toml:"url"`
	KeyHeader string            `toml:"key_header"`
	Key       Secret            `toml:"key"`
	KeyFile   string            `toml:"key_file"`
	Batch     int               `toml:"batch"`
	Rate      float64           `toml:"rate"`
	Interval  Duration          `toml:"interval"`
	Delay     Duration          `toml:"delay"`
	Classes   []string          `toml:"classes"`
	Items     string            `toml:"items"`
	Symbol    string            `toml:"symbol"`
	Price     string            `toml:"price"`
	Previous  string            `toml:"previous_close"`
	Time      string            `toml:"time"`
	TimeForm  string            `toml:"time_format"`
	Currency  string            `toml:"currency"`
	Symbols   map[string]string `toml:"symbols"`
}

// CalendarConfig corrects market hours.
type CalendarConfig struct {
	Override string `toml:"override"`
}

// PicturesConfig says how pictures are drawn.
type PicturesConfig struct {
	CJKFont string `toml:"cjk_font"`
}

// defaults is the configuration of an empty file.
func defaults() Config {
	day := 24 * time.Hour
	return Config{
		Log:      LogConfig{Level: "info", Format: "auto"},
		Database: DatabaseConfig{URL: "sqlite:bellwether.db"},
		Schedule: ScheduleConfig{Quotes: "@every 15s", Feeds: "@every 30s", Bells: "0 * * * * *", Sweep: "@every 20s", Prune: "17 3 * * *"},
		Defaults: DefaultsConfig{Zone: "UTC"},
		Limits:   LimitsConfig{RulesPerPerson: 200, RulesPerPlace: 200, RulesPerCommunity: 1000, FeedsPerPlace: 100, WatchedPerPlace: 40},
		Retention: RetentionConfig{
			Inbox: Duration(14 * day), Articles: Duration(60 * day), Events: Duration(60 * day), Sends: Duration(30 * day),
			MinuteBars: Duration(10 * day), DayBars: Duration(800 * day),
		},
		Outbox: OutboxConfig{InFlight: 32},
		Telegram: TelegramConfig{
			APIURL: "https://api.telegram.org", PerSecond: 30, PrivatePerSecond: 1, GroupPerMinute: 20,
		},
		Discord: DiscordConfig{APIURL: "https://discord.com", PerSecond: 48},
		WebChat: WebChatConfig{Listen: "127.0.0.1:8383"},
		Feeds:   FeedsConfig{Interval: Duration(5 * time.Minute)},
		Sources: SourcesConfig{
			Yahoo:       YahooConfig{Enabled: true, URL: "https://query2.finance.yahoo.com", Rate: 1, Interval: Duration(time.Minute)},
			Kraken:      SourceConfig{Enabled: true, URL: "https://api.kraken.com", Rate: 1},
			Frankfurter: SourceConfig{Enabled: true, URL: "https://api.frankfurter.dev", Rate: 2},
			Finnhub:     KeyedConfig{URL: "https://finnhub.io", Rate: 1},
		},
	}
}

// errConfig is wrapped by everything that is wrong with the configuration.
var errConfig = errors.New("configuration")

// loadConfig reads a file strictly, then takes secrets from files and from the
// environment.
func loadConfig(path string, getenv func(string) string) (Config, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return Config{}, fmt.Errorf("%w: read it: %w", errConfig, err)
	}
	return parseConfig(text, getenv)
}

func parseConfig(text []byte, getenv func(string) string) (Config, error) {
	c := defaults()
	decoder := toml.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return Config{}, fmt.Errorf("%w: %s", errConfig, explainTOML(text, err))
	}
	if err := c.takeSecrets(getenv); err != nil {
		return Config{}, fmt.Errorf("%w: %w", errConfig, err)
	}
	if err := c.validate(); err != nil {
		return Config{}, fmt.Errorf("%w: %w", errConfig, err)
	}
	return c, nil
}

// explainTOML shows the line that is wrong, and what is allowed there.
func explainTOML(text []byte, err error) string {
	if unknown, ok := errors.AsType[*toml.StrictMissingError](err); ok {
		var lines []string
		for _, e := range unknown.Errors {
			row, _ := e.Position()
			key := strings.Join(e.Key(), ".")
			lines = append(lines, fmt.Sprintf("line %d: there is no key %q%s\n%s", row, key, nearKey(key), lineOf(text, row)))
		}
		return strings.Join(lines, "\n")
	}
	if wrong, ok := errors.AsType[*toml.DecodeError](err); ok {
		row, column := wrong.Position()
		reason := regexp.MustCompile(`into struct field \S+ of type`).ReplaceAllString(strings.TrimPrefix(wrong.Error(), "toml: "), "into")
		return fmt.Sprintf("line %d, column %d: %s\n%s", row, column, reason, lineOf(text, row))
	}
	return err.Error()
}

// lineOf returns a line to show. A value is hidden that is a secret, or may be
// one under a misspelt key.
func lineOf(text []byte, row int) string {
	lines := strings.Split(string(text), "\n")
	if row < 1 || row > len(lines) {
		return ""
	}
	line := strings.TrimSpace(lines[row-1])
	key, value, pair := strings.Cut(line, "=")
	name := strings.TrimSpace(key)
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		name = name[i+1:]
	}
	harmless := slices.ContainsFunc(configKeys(), func(known string) bool { return strings.HasSuffix(known, "."+name) }) &&
		name != "token" && name != "key" && (name != "url" || !strings.Contains(value, "@"))
	switch {
	case pair && !harmless:
		line = strings.TrimSpace(key) + " = …"
	case !pair && !strings.HasPrefix(line, "["):
		line = "…"
	}
	return fmt.Sprintf("%5d | %s", row, line)
}

// nearKey suggests the keys of the same table.
func nearKey(key string) string {
	table, _, _ := strings.Cut(key, ".")
	if i := strings.LastIndexByte(key, '.'); i > 0 {
		table = key[:i]
	}
	var same []string
	for _, known := range configKeys() {
		if rest, ok := strings.CutPrefix(known, table+"."); ok {
			next, _, _ := strings.Cut(rest, ".")
			same = append(same, next)
		}
	}
	if len(same) == 0 {
		return "; config.example.toml shows all tables"
	}
	return " here; [" + table + "] has: " + strings.Join(slices.Compact(same), ", ")
}

// isHostName tells a host's name from an address, a port or a pattern.
func isHostName(s string) bool {
	u, err := url.Parse("//" + s)
	return err == nil && s != "" && u.Host == s && !strings.ContainsAny(s, ":@* ")
}

func (c *Config) validate() error {
	var all []error
	note := func(ok bool, format string, args ...any) {
		if !ok {
			all = append(all, fmt.Errorf(format, args...))
		}
	}
	for name, expression := range map[string]string{
		"quotes": c.Schedule.Quotes, "feeds": c.Schedule.Feeds, "bells": c.Schedule.Bells, "sweep": c.Schedule.Sweep, "prune": c.Schedule.Prune,
	} {
		if expression != "" {
			if err := bot.CheckSchedule(expression); err != nil {
				all = append(all, fmt.Errorf("schedule.%s: %w", name, err))
			}
		}
	}
	for _, host := range c.WebChat.Hosts {
		note(isHostName(host), "webchat.hosts: %q is no name of a host like chat.example.org, without https:// and without a port", host)
	}
	_, err := time.LoadLocation(c.Defaults.Zone)
	note(err == nil, "defaults.zone: %q is no time zone like Asia/Singapore", c.Defaults.Zone)
	note(oneOf(c.Log.Level, "debug", "info", "warn", "error"), "log.level: %q is not debug, info, warn or error", c.Log.Level)
	note(oneOf(c.Log.Format, "auto", "text", "json"), "log.format: %q is not auto, text or json", c.Log.Format)
	for name, address := range map[string]string{
		"telegram.api_url": c.Telegram.APIURL, "discord.api_url": c.Discord.APIURL, "sources.yahoo.url": c.Sources.Yahoo.URL,
		"sources.kraken.url": c.Sources.Kraken.URL, "sources.frankfurter.url": c.Sources.Frankfurter.URL, "sources.finnhub.url": c.Sources.Finnhub.URL,
	} {
		u, err := url.Parse(address)
		note(err == nil && u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"), "%s: it must begin with http:// or https://", name)
	}
	for _, network := range c.Feeds.AllowNetworks {
		_, err := netip.ParsePrefix(network)
		note(err == nil, "feeds.allow_networks: %q is no network like 127.0.0.0/8", network)
	}
	note(c.Outbox.InFlight > 0 && c.Outbox.InFlight <= 1000, "outbox.in_flight: it must be 1 to 1000")
	note(c.Telegram.PerSecond > 0 && c.Discord.PerSecond > 0 && c.Telegram.PrivatePerSecond > 0 && c.Telegram.GroupPerMinute > 0,
		"telegram and discord: rates must be above 0")
	return errors.Join(all...)
}

func oneOf(v string, allowed ...string) bool { return slices.Contains(allowed, v) }
