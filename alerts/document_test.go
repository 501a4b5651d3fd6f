package alerts_test

import (
	"os"
	"strings"
	"testing"

	"bellwether/alerts"
)

// TestDocumentShowsTheWholeGrammar holds docs/alerts.md to the table that the
// parser reads.
func TestDocumentShowsTheWholeGrammar(t *testing.T) {
	text, err := os.ReadFile("../docs/alerts.md")
	if err != nil {
		t.Fatal(err)
	}
	var conditions, options strings.Builder
	for _, f := range alerts.Grammar() {
		into := &conditions
		if f.Option {
			into = &options
		}
		into.WriteString("| `" + f.Form + "` | `" + f.Example + "` | " + f.Meaning + " |\n")
	}
	for name, table := range map[string]string{"conditions": conditions.String(), "options": options.String()} {
		if !strings.Contains(string(text), table) {
			t.Errorf("the table of %s is to read:\n%s", name, table)
		}
	}
}
