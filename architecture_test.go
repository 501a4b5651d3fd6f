package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// rooms lists the packages in the order in which data flows: a package imports
// only what stands before it.
func rooms() []string {
	return []string{
		"alerts/market", "alerts/news", "alerts", "subscriptions", "bot/message", "bot/chart", "bot/outbox", "bot", "adapters", "main",
	}
}

// doors says where each vendor's library may be imported.
func doors() map[string]string {
	return map[string]string{
		"github.com/bwmarrin/discordgo":                   "adapters/discord",
		"github.com/go-telegram-bot-api/telegram-bot-api": "adapters/telegram",
		"gorm.io":                            "adapters/storage",
		"github.com/go-gormigrate":           "adapters/storage",
		"modernc.org/sqlite":                 "adapters/storage",
		"github.com/mmcdole/gofeed":          "adapters/rss",
		"github.com/robfig/cron":             "bot",
		"github.com/pelletier/go-toml":       "main",
		"github.com/alecthomas/kong":         "main",
		"github.com/lmittmann/tint":          "main",
		"golang.org/x/image":                 "bot/chart",
		"code.dny.dev/ssrf":                  "adapters/fetch",
		"github.com/microcosm-cc/bluemonday": "alerts/news",
	}
}

func room(dir string) string {
	dir = filepath.ToSlash(dir)
	if dir == "." {
		return "main"
	}
	best := ""
	for _, r := range rooms() {
		if (dir == r || strings.HasPrefix(dir, r+"/")) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func TestImportsFollowTheFlowOfData(t *testing.T) {
	eachImport(t, func(file, dir, path string, test bool) {
		inner, ok := strings.CutPrefix(path, "bellwether/")
		if !ok || test {
			return
		}
		from, to := slices.Index(rooms(), room(dir)), slices.Index(rooms(), room(inner))
		switch {
		case from < 0:
			t.Errorf("%s is in no room", file)
		case to > from:
			t.Errorf("%s imports %s, which stands after its own room", file, inner)
		case room(dir) == "adapters" && room(inner) == "adapters" && !within(dir, inner) && !asksThroughDoor(dir, inner):
			t.Errorf("%s imports another adapter, %s", file, inner)
		}
	})
}

// asksThroughDoor tells that a quote source makes its requests through the one
// door that all of them share.
func asksThroughDoor(dir, inner string) bool {
	sources := []string{"adapters/yahoo", "adapters/kraken", "adapters/frankfurter", "adapters/finnhub", "adapters/httpjson"}
	return inner == "adapters/fetch" && slices.Contains(sources, dir)
}

// within tells whether one adapter's package belongs to the other.
func within(dir, inner string) bool {
	return strings.HasPrefix(dir+"/", inner+"/") || strings.HasPrefix(inner+"/", dir+"/")
}

func TestEachVendorLibraryHasOneDoor(t *testing.T) {
	eachImport(t, func(file, dir, path string, test bool) {
		for vendor, door := range doors() {
			if !strings.HasPrefix(path, vendor) {
				continue
			}
			if dir != door && !strings.HasPrefix(dir, door+"/") && (door != "main" || dir != ".") {
				t.Errorf("%s imports %s, whose door is %s", file, path, door)
			}
		}
	})
}

func eachImport(t *testing.T, check func(file, dir, path string, test bool)) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			check(path, filepath.ToSlash(filepath.Dir(path)), name, strings.HasSuffix(path, "_test.go"))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
