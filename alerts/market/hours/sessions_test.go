package hours_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExportedSessionsDifferOnlyWhereExplained compares the regular hours of a
// Wednesday without anything special, open-breakstart-breakend-close.
func TestExportedSessionsDifferOnlyWhereExplained(t *testing.T) {
	folder := os.Getenv("BELLWETHER_TESTDATA")
	if folder == "" {
		t.Skip("BELLWETHER_TESTDATA is not set: the sessions are not compared")
	}
	text, err := os.ReadFile(filepath.Join(folder, "calendars", "calendars-xc-export.json"))
	if err != nil {
		t.Fatal(err)
	}
	var export map[string]struct {
		Regular []*string `json:"regular"`
	}
	if err := json.Unmarshal(text, &export); err != nil {
		t.Fatal(err)
	}
	why := map[string]string{
		"XSES": "the export lacks the noon break from 12:00 to 13:00",
		"XKLS": "the export lacks the noon break from 12:30 to 14:30",
		"XIDX": "the export lacks the noon break, which is longer on Fridays",
		"XPHS": "the export has the close of before 2022 and lacks the recess",
	}
	c := calendar(t)
	zones := map[string]string{}
	for _, v := range c.Venues() {
		zones[v.Code] = v.Zone.String()
	}
	codes := map[string]string{"XBOM": "XNSE", "XFRA": "XETR"}
	for exported, e := range export {
		code := exported
		if codes[code] != "" {
			code = codes[code]
		}
		if zones[code] == "" {
			continue // CMES counts whole days without their halts; XBKK is not ours.
		}
		day := "2025-07-16"
		var ours []string
		for _, s := range c.Sessions(code, at(t, zones[code], day+" 00:00"), at(t, zones[code], day+" 23:59")) {
			zone := at(t, zones[code], day+" 00:00").Location()
			ours = append(ours, s.From.In(zone).Format("15:04"), s.To.In(zone).Format("15:04"))
		}
		theirs := []string{*e.Regular[0]}
		if e.Regular[2] != nil {
			theirs = append(theirs, *e.Regular[2], *e.Regular[3])
		}
		theirs = append(theirs, *e.Regular[1])
		same := strings.Join(ours, "-") == strings.Join(theirs, "-")
		if same == (why[exported] != "") {
			t.Errorf("%s: %v, export %v, explained by %q", exported, ours, theirs, why[exported])
		}
	}
}
