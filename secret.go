package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Secret is a text that is never printed.
type Secret string

// String hides it.
func (Secret) String() string { return "[redacted]" }

// GoString hides it.
func (Secret) GoString() string { return "[redacted]" }

// LogValue hides it.
func (Secret) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// MarshalText hides it.
func (Secret) MarshalText() ([]byte, error) { return []byte("[redacted]"), nil } //nolint:unparam // encoding.TextMarshaler has an error

// reveal returns the text for the one place that needs it.
func (s Secret) reveal() string { return string(s) }

// Duration is a length of time as it is written in the configuration.
type Duration time.Duration

// UnmarshalText reads "90s", "15m", "24h" or "60d".
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		v, err := time.ParseDuration(days + "h")
		if err == nil && v >= 0 {
			*d = Duration(24 * v)
			return nil
		}
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return fmt.Errorf("%q is no length of time; write it like 90s, 15m, 24h or 60d", s)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes it as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil } //nolint:unparam // encoding.TextMarshaler has an error

// secretKey is a secret of the configuration and where else it may stand.
type secretKey struct {
	key   string // of the configuration: telegram.token
	env   string
	value *Secret
	file  string
}

func (c *Config) secrets() []secretKey {
	keys := []secretKey{
		{"database.url", "BELLWETHER_DATABASE_URL", &c.Database.URL, c.Database.URLFile},
		{"telegram.token", "BELLWETHER_TELEGRAM_TOKEN", &c.Telegram.Token, c.Telegram.TokenFile},
		{"discord.token", "BELLWETHER_DISCORD_TOKEN", &c.Discord.Token, c.Discord.TokenFile},
		{"sources.finnhub.key", "BELLWETHER_FINNHUB_KEY", &c.Sources.Finnhub.Key, c.Sources.Finnhub.KeyFile},
	}
	for i := range c.Sources.HTTPJSON {
		h := &c.Sources.HTTPJSON[i]
		env := "BELLWETHER_" + strings.ToUpper(strings.ReplaceAll(h.Name, "-", "_")) + "_KEY"
		keys = append(keys, secretKey{"sources.httpjson." + h.Name + ".key", env, &h.Key, h.KeyFile})
	}
	return keys
}

// takeSecrets reads secrets from the environment, which wins, or from their files.
func (c *Config) takeSecrets(getenv func(string) string) error {
	ordinary := defaults()
	for _, k := range c.secrets() {
		if v := getenv(k.env); v != "" {
			*k.value = Secret(v)
			continue
		}
		if k.file == "" {
			continue
		}
		if *k.value != "" && (k.key != "database.url" || *k.value != ordinary.Database.URL) {
			return fmt.Errorf("%s and %s_file are both set; keep one", k.key, k.key)
		}
		text, err := os.ReadFile(k.file)
		if err != nil {
			if path, ok := errors.AsType[*os.PathError](err); ok {
				err = path.Err
			}
			return fmt.Errorf("%s_file: read %s: %w", k.key, k.file, err)
		}
		*k.value = Secret(strings.TrimSpace(string(text)))
	}
	return nil
}

// configKeys lists every key of the configuration: "telegram.token".
func configKeys() []string {
	var keys []string
	var walk func(prefix string, t reflect.Type)
	walk = func(prefix string, t reflect.Type) {
		for field := range t.Fields() {
			key := prefix + field.Tag.Get("toml")
			kind := field.Type
			if kind.Kind() == reflect.Slice && kind.Elem().Kind() == reflect.Struct {
				kind = kind.Elem()
			}
			if kind.Kind() == reflect.Struct {
				walk(key+".", kind)
				continue
			}
			keys = append(keys, key)
		}
	}
	walk("", reflect.TypeFor[Config]())
	slices.Sort(keys)
	return keys
}
