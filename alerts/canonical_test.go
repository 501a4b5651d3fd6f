package alerts_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// randomRule makes a valid rule of any kind.
func randomRule(rng *rand.Rand) alerts.Rule {
	rule := alerts.Rule{Repeat: alerts.Once}
	for range 1 + rng.IntN(3) {
		c := randomCondition(rng)
		if c.Ticker == "" {
			rule.Watchlist = 7
		}
		rule.Conditions = append(rule.Conditions, c)
	}
	if rng.IntN(2) == 0 {
		rule.Repeat = alerts.EveryTime
	}
	if rng.IntN(2) == 0 {
		rule.Cooldown = time.Duration(1+rng.IntN(3000)) * time.Minute
	}
	if first := rule.Conditions[0]; rng.IntN(3) == 0 && first.Change.IsZero() {
		rule.Band = decimalPrice(rng)
	}
	if rng.IntN(3) == 0 {
		rule.Expires = wednesday().Add(time.Duration(1+rng.IntN(1e8)) * time.Second)
	}
	rule.RegularHours = rng.IntN(4) == 0
	if rng.IntN(3) == 0 {
		rule.Note = []string{"add", `say "hi" \ and`, "until friday note", "“quoted”", "日本 > 5"}[rng.IntN(5)]
	}
	if rng.IntN(4) == 0 {
		rule.Mention = []string{"@traders", "<@&123>", "@day traders", `@"x"`}[rng.IntN(4)]
	}
	return rule
}

func decimalPrice(rng *rand.Rand) market.Price {
	p, err := market.NewPrice(1+rng.Int64N(1e9), rng.IntN(9))
	if err != nil {
		panic(err)
	}
	return p
}

func randomCondition(rng *rand.Rand) alerts.Condition {
	kinds := []alerts.ConditionKind{
		alerts.CrossesAbove, alerts.CrossesBelow, alerts.Crosses, alerts.IsAbove, alerts.IsBelow, alerts.EntersRange,
		alerts.LeavesRange, alerts.MovesPercent, alerts.MovesAmount, alerts.MovesPoints, alerts.NewHigh, alerts.NewLow, alerts.GapsAtTheOpen,
	}
	c := alerts.Condition{Kind: kinds[rng.IntN(len(kinds))], Ticker: []market.Ticker{"AAPL", "UP", "GC=F", "^STI", ""}[rng.IntN(5)]}
	direction := []alerts.Direction{alerts.Either, alerts.Up, alerts.Down}[rng.IntN(3)]
	window := []time.Duration{0, time.Minute, 90 * time.Minute, 24 * time.Hour, 366 * 24 * time.Hour}[rng.IntN(5)]
	switch c.Kind {
	case alerts.MovesPoints:
		c.Ticker, c.Change, c.Direction, c.Window = "^TNX", decimalPrice(rng), direction, window
	case alerts.MovesAmount:
		c.Change, c.Direction, c.Window = decimalPrice(rng), direction, window
	case alerts.MovesPercent:
		c.Change, c.Direction, c.Window = price([]string{"0.01", "3", "12.75", "99.9"}[rng.IntN(4)]), direction, window
	case alerts.GapsAtTheOpen:
		c.Change, c.Direction = price("3.5"), direction
	case alerts.NewHigh, alerts.NewLow:
		c.Days = 1 + rng.IntN(366)
	case alerts.EntersRange, alerts.LeavesRange:
		c.Level = decimalPrice(rng)
		c.Upper = c.Level.Sub(price("-2.5"))
	default:
		c.Level = decimalPrice(rng)
	}
	return c
}

func TestCanonicalTextReadsBackToTheSameRule(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		want := randomRule(rng)
		text := alerts.Canonical(want)
		draft, err := alerts.Parse(text, env())
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(draft.Rule, want) {
			t.Fatalf("%s:\ngot  %+v\nwant %+v", text, draft.Rule, want)
		}
		local := env()
		local.Zone = time.FixedZone("", 8*3600+1800)
		text = alerts.CanonicalIn(want, local.Zone)
		if draft, err = alerts.Parse(text, local); err != nil || !reflect.DeepEqual(draft.Rule, want) {
			t.Fatalf("%s: %v\ngot  %+v\nwant %+v", text, err, draft.Rule, want)
		}
	}
}

func TestTheEndOfARuleIsWrittenInAPersonsZone(t *testing.T) {
	local := env()
	local.Zone = time.FixedZone("SGT", 8*3600)
	for typed, want := range map[string]string{
		"until friday": "until 27 Nov 2026", "until friday 15:30": "until 27 Nov 2026 15:30", "until 31 dec": "until 31 Dec 2026",
		"until 2026-11-27T15:30:20Z": "until 2026-11-27T23:30:20+08:00",
	} {
		draft, err := alerts.Parse("AAPL > 170 "+typed, local)
		if err != nil {
			t.Fatal(err)
		}
		if got := alerts.CanonicalIn(draft.Rule, local.Zone); got != "AAPL > 170 "+want {
			t.Errorf("%s: %s", typed, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, form := range alerts.Grammar() {
		f.Add(form.Example)
	}
	for _, text := range []string{"", `"`, "<@", "AAPL > 70,000.5", "AAPL enters 1..2..3", "x and y and", "AAPL > 5 note \"\\", "watchlist", "AAPL > 5 until at", "AAPL > 1e9 b", "AAPL moves 5% in 1h1", "≥", "$", "AAPL > $"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		alerts.Complete(text, env())
		draft, err := alerts.Parse(text, env())
		if err == nil {
			canonical := alerts.Canonical(draft.Rule)
			again, err := alerts.Parse(canonical, env())
			if err != nil && len([]rune(canonical)) <= alerts.MaxRuleText {
				t.Fatalf("%q became %q: %v", text, canonical, err)
			}
			if err == nil && !reflect.DeepEqual(again.Rule, draft.Rule) {
				t.Fatalf("%q became %q, another rule: %+v, %+v", text, canonical, draft.Rule, again.Rule)
			}
			return
		}
		var problem *alerts.ParseError
		if !errors.As(err, &problem) {
			t.Fatalf("%q: not a ParseError: %v", text, err)
		}
		if problem.Suggest != "" {
			if _, err := alerts.Parse(problem.Suggest, env()); err != nil {
				t.Fatalf("%q: the suggestion %q is not valid: %v", text, problem.Suggest, err)
			}
		}
		if !strings.HasPrefix(strings.TrimSpace(text), problem.Understood) || !strings.HasSuffix(strings.TrimSpace(text), problem.Rest) {
			t.Fatalf("%q is not %q and %q", text, problem.Understood, problem.Rest)
		}
	})
}
