package bot_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	"bellwether/alerts"
	"bellwether/bot"
)

// catalogue reads the sentences as they are written, by id and plural form.
func catalogue(t *testing.T) map[string]map[string]string {
	t.Helper()
	data, err := os.ReadFile("locales/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	out := make(map[string]map[string]string)
	for id, value := range raw {
		forms := make(map[string]string)
		switch v := value.(type) {
		case string:
			forms["other"] = v
		case map[string]any:
			for form, text := range v {
				forms[form], _ = text.(string)
			}
		}
		out[id] = forms
	}
	return out
}

// literals returns every text in the package's code, and those that begin an id
// whose end is put to it.
func literals(t *testing.T) (whole, beginnings map[string]bool) {
	t.Helper()
	whole, beginnings = map[string]bool{}, map[string]bool{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if text, err := strconv.Unquote(lit.Value); err == nil {
				whole[text] = true
				if strings.HasSuffix(text, ".") {
					beginnings[text] = true
				}
			}
			return true
		})
	}
	return whole, beginnings
}

func TestEverySentenceIsUsed(t *testing.T) {
	whole, beginnings := literals(t)
	for id := range catalogue(t) {
		used := whole[id]
		for beginning := range beginnings {
			used = used || strings.HasPrefix(id, beginning)
		}
		if !used {
			t.Errorf("%s is in the catalogue and nowhere in the code", id)
		}
	}
}

func TestEverySentenceThatIsUsedExists(t *testing.T) {
	known := catalogue(t)
	calls := regexp.MustCompile(`(?:\.Say|\.P|\.say|refuse|\.ask|\.notice)\((?:[a-z]+, )?"([a-z0-9.-]+)"[,)]`)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, name := range files {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		for _, match := range calls.FindAllStringSubmatch(string(source), -1) {
			seen++
			if _, ok := known[match[1]]; !ok {
				t.Errorf("%s says %q, which is not in the catalogue", name, match[1])
			}
		}
	}
	if seen < 150 {
		t.Errorf("only %d uses were found", seen)
	}
}

func TestIdsThatArePutTogetherExist(t *testing.T) {
	known := catalogue(t)
	var ids []string
	for code := range alerts.ProblemWords() {
		ids = append(ids, "parse."+string(code))
	}
	for _, c := range bot.Commands() {
		ids = append(ids, "command."+c.Name)
	}
	for _, kind := range []alerts.ConditionKind{
		alerts.CrossesAbove, alerts.CrossesBelow, alerts.IsAbove, alerts.IsBelow, alerts.EntersRange, alerts.LeavesRange,
		alerts.NewHigh, alerts.NewLow,
	} {
		ids = append(ids, "firing."+string(kind))
	}
	for _, kind := range []alerts.ConditionKind{alerts.MovesPercent, alerts.MovesAmount, alerts.MovesPoints, alerts.GapsAtTheOpen} {
		ids = append(ids, "firing."+string(kind)+".up", "firing."+string(kind)+".down")
	}
	for _, phase := range []alerts.Phase{alerts.Armed, alerts.Pending, alerts.Fired, alerts.Cooling, alerts.Done} {
		ids = append(ids, "phase."+string(phase))
	}
	for _, kind := range []alerts.EventKind{alerts.EventRearmed, alerts.EventRecovered, alerts.EventCorrected} {
		ids = append(ids, "followup."+string(kind))
	}
	for _, state := range []string{"waiting", "sending", "parked", "delivered", "discarded", "merged", "unknown", "set-aside"} {
		ids = append(ids, "send."+state)
	}
	for _, class := range []string{"equity", "etf", "index", "currency", "crypto", "future", "yield"} {
		ids = append(ids, "class."+class)
	}
	for _, limit := range []string{"rules.person", "rules.place", "rules.community", "feeds.place", "symbols.place"} {
		ids = append(ids, "limit."+limit)
	}
	for _, id := range ids {
		if _, ok := known[id]; !ok {
			t.Errorf("%s is not in the catalogue", id)
		}
	}
}

func TestEverySentenceExecutes(t *testing.T) {
	place := regexp.MustCompile(`\.([A-Z][A-Za-z]*)`)
	loaded, err := bot.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	words := loaded.Words("en", "UTC", time.Now())
	for id, forms := range catalogue(t) {
		var pairs []any
		for form, text := range forms {
			if !slices.Contains([]string{"one", "other"}, form) {
				t.Errorf("%s has a form %q", id, form)
			}
			if _, err := template.New(id).Parse(text); err != nil {
				t.Errorf("%s: %v", id, err)
			}
			for _, match := range place.FindAllStringSubmatch(strings.Join(regexp.MustCompile(`\{\{[^}]*\}\}`).FindAllString(text, -1), " "), -1) {
				value := any("X")
				if match[1] == "Count" {
					value = 3
				}
				pairs = append(pairs, match[1], value)
			}
		}
		if said := words.Say(id, pairs...); said == id || strings.Contains(said, "<no value>") || strings.Contains(said, "{{") {
			t.Errorf("%s says %q", id, said)
		}
	}
}

func TestProblemsGiveWhatTheirSentencesNeed(t *testing.T) {
	place := regexp.MustCompile(`\{\{\.([A-Za-z]+)\}\}`)
	known := catalogue(t)
	for code, english := range alerts.ProblemWords() {
		offered := place.FindAllString(english, -1)
		for _, need := range place.FindAllString(known["parse."+string(code)]["other"], -1) {
			if !slices.Contains(offered, need) {
				t.Errorf("parse.%s needs %s; there is %v", code, need, offered)
			}
		}
	}
}
