package alerts_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// dailyLine makes bars of one price a day.
func dailyLine(ticker market.Ticker, closes ...string) market.Line {
	line := market.Line{Ticker: ticker, Step: 24 * time.Hour}
	at := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	for _, value := range closes {
		p := price(value)
		line.Bars = append(line.Bars, market.Bar{Time: at, Open: p, High: p, Low: p, Close: p})
		at = at.Add(24 * time.Hour)
	}
	return line
}

func typed(t *testing.T, text string) alerts.Rule {
	t.Helper()
	draft, err := alerts.Parse(text, env())
	if err != nil {
		t.Fatal(err)
	}
	return draft.Rule
}

func TestReplayCountsFirings(t *testing.T) {
	line := dailyLine("AAPL", "99", "101", "98", "102", "97", "96")
	tests := []struct {
		rule  string
		count int
	}{
		{"AAPL > 100 band 1", 2},
		{"AAPL < 100 band 1", 2},
		{"AAPL crosses 100 band 1", 4},
		{"AAPL > 200", 0},
		{"AAPL moves 3%", 2},   // 102 after 98, 97 after 102; not 98 after 101
		{"AAPL gaps up 3%", 1}, // 102 after 98
		{"AAPL up 3 in 1d", 1}, // 102 against 98
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			got := alerts.Replay(typed(t, test.rule), nil, line)
			if got.Count != test.count || len(got.Marks) != got.Count || got.Blind {
				t.Errorf("got %+v, want %d", got, test.count)
			}
			if got.Step != 24*time.Hour {
				t.Errorf("step %s", got.Step)
			}
		})
	}
}

func TestReplayIsNotStoppedByWhatStopsTheRule(t *testing.T) {
	rule := typed(t, "AAPL > 100 band 1")
	rule.Paused, rule.Expires, rule.HeldFor = true, wednesday().Add(-10000*time.Hour), "split"
	if got := alerts.Replay(rule, nil, dailyLine("AAPL", "99", "101")); got.Count != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestReplayIsBlindForWindowsShorterThanItsBars(t *testing.T) {
	if got := alerts.Replay(typed(t, "AAPL up 5% in 1h"), nil, dailyLine("AAPL", "99", "120")); !got.Blind {
		t.Errorf("got %+v", got)
	}
}

func TestReplayOfAWatchlistCountsEachSymbol(t *testing.T) {
	got := alerts.Replay(typed(t, "watchlist moves 3%"), nil, dailyLine("AAPL", "100", "104"), dailyLine("NVDA", "100", "101", "90"))
	if got.Count != 2 || got.Marks[0].Ticker != "AAPL" || got.Marks[1].Ticker != "NVDA" {
		t.Errorf("got %+v", got)
	}
}

func TestNoisyRuleGetsSuggestions(t *testing.T) {
	line := market.Line{Ticker: "NVDA", Step: 5 * time.Minute}
	at := time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC)
	for i := range 3 * 288 {
		p := price([]string{"100", "100.5", "102.6", "103.2"}[i/2%4])
		line.Bars = append(line.Bars, market.Bar{Time: at, Open: p, High: p, Low: p, Close: p})
		at = at.Add(5 * time.Minute)
	}
	got := alerts.Replay(typed(t, "NVDA up 2% in 10m every time"), nil, line)
	if got.Count < 50 || len(got.Suggestions) == 0 {
		t.Fatalf("%d firings, %d suggestions", got.Count, len(got.Suggestions))
	}
	for _, s := range got.Suggestions {
		if s.Count >= got.Count || s.Count < 1 {
			t.Errorf("%s: %d times", alerts.Canonical(s.Rule), s.Count)
		}
	}
	if first := got.Suggestions[0].Rule; first.Cooldown != 24*time.Hour || first.Repeat != alerts.EveryTime {
		t.Errorf("first %s", alerts.Canonical(first))
	}
	if last := got.Suggestions[len(got.Suggestions)-1]; len(got.Suggestions) > 2 || last.Count > 3 && last.Count > got.Count/2 {
		t.Errorf("offers %d forms, the last %s: %d times", len(got.Suggestions), alerts.Canonical(last.Rule), last.Count)
	}
	if quiet := alerts.Replay(typed(t, "NVDA > 103.1"), nil, dailyLine("NVDA", "100", "104")); len(quiet.Suggestions) != 0 {
		t.Errorf("a quiet rule gets %+v", quiet.Suggestions)
	}
}

func TestReplayOfRecordedBars(t *testing.T) {
	folder := os.Getenv("BELLWETHER_TESTDATA")
	if folder == "" {
		t.Skip("BELLWETHER_TESTDATA is not set")
	}
	data, err := os.ReadFile(filepath.Join(folder, "prices", "yahoofinance-GOOG-20040819-20180120.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	line := market.Line{Ticker: "NVDA", Step: 24 * time.Hour}
	moves, last := 0, 0.0
	for _, row := range rows[1:] {
		at, err := time.Parse(time.DateOnly, row[0])
		if err != nil {
			t.Fatal(err)
		}
		var p [4]market.Price
		for i := range p {
			if p[i], err = market.ParsePrice(row[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		line.Bars = append(line.Bars, market.Bar{Time: at, Open: p[0], High: p[1], Low: p[2], Close: p[3]})
		if last > 0 && (p[1].Float() >= 1.05*last || p[2].Float() <= 0.95*last) {
			moves++
		}
		last = p[3].Float()
	}
	got := alerts.Replay(typed(t, "NVDA moves 5% cooldown 20h"), nil, line)
	// A day that goes 5 % and back, twice, may fire on its second day only.
	if got.Count < moves*95/100 || got.Count > moves {
		t.Errorf("fired %d times on %d days that moved 5 %%", got.Count, moves)
	}
}
