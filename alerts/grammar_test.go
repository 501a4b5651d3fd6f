package alerts_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// listed are what the tests' lookup knows.
func listed() []market.Symbol {
	return []market.Symbol{
		{Ticker: "BTC-USD", Name: "Bitcoin", Aliases: []string{"bitcoin", "btc"}, Currency: "USD", Class: market.ClassCrypto, Unit: market.UnitCurrency},
		{Ticker: "GC=F", Name: "Gold", Aliases: []string{"gold"}, Currency: "USD", Class: market.ClassFuture, Unit: market.UnitCurrency},
		{Ticker: "CL=F", Name: "Crude Oil", Aliases: []string{"crude oil", "oil"}, Currency: "USD", Class: market.ClassFuture, Unit: market.UnitCurrency},
		{Ticker: "AAPL", Name: "Apple", Aliases: []string{"apple"}, Exchange: "XNAS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency},
		{Ticker: "NVDA", Name: "NVIDIA", Exchange: "XNAS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency},
		{Ticker: "UP", Name: "Wheels Up", Exchange: "XNYS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency},
		{Ticker: "B", Name: "Barrick", Aliases: []string{"barrick"}, Exchange: "XNYS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency},
		{Ticker: "^STI", Name: "Straits Times Index", Aliases: []string{"sti"}, Exchange: "XSES", Class: market.ClassIndex, Unit: market.UnitPoints},
		{Ticker: "^HSI", Name: "Hang Seng", Aliases: []string{"hang seng"}, Exchange: "XHKG", Class: market.ClassIndex, Unit: market.UnitPoints},
		{Ticker: "^VIX", Name: "VIX", Aliases: []string{"vix"}, Class: market.ClassIndex, Unit: market.UnitPoints},
		{Ticker: "^TNX", Name: "10-Yr Bond", Class: market.ClassYield, Unit: market.UnitPercent},
		{Ticker: "D05.SI", Name: "DBS Group", Aliases: []string{"dbs"}, Exchange: "XSES", Currency: "SGD", Class: market.ClassEquity, Unit: market.UnitCurrency},
		{Ticker: "MKS.L", Name: "Marks and Spencer", Aliases: []string{"marks and spencer"}, Exchange: "XLON", Currency: "GBP", Class: market.ClassEquity, Unit: market.UnitPence},
		{Ticker: "SILV", Name: "Silvercorp", Aliases: []string{"silver"}, Currency: "USD", Class: market.ClassEquity},
		{Ticker: "SI=F", Name: "Silver", Aliases: []string{"silver"}, Currency: "USD", Class: market.ClassFuture},
	}
}

func lookup(text string) (found, near []market.Symbol) {
	word := strings.ToLower(text)
	for _, s := range listed() {
		hit := strings.ToLower(string(s.Ticker)) == word
		for _, alias := range s.Aliases {
			hit = hit || alias == word
		}
		switch {
		case hit:
			found = append(found, s)
		case word != "" && strings.HasPrefix(strings.ToLower(string(s.Ticker)), word[:1]):
			near = append(near, s)
		}
	}
	return found, near
}

// singapore is a zone without summer time, eight hours before UTC.
func singapore() *time.Location { return time.FixedZone("SGT", 8*3600) }

// wednesday is the time at which the tests' rules are typed: 18:00 in Singapore.
func wednesday() time.Time { return time.Date(2026, 11, 25, 10, 0, 0, 0, time.UTC) }

func env() alerts.Env {
	return alerts.Env{Lookup: lookup, Zone: singapore(), Now: wednesday(), Watchlist: 7}
}

func price(s string) market.Price { return market.MustPrice(s) }

func TestParse(t *testing.T) {
	level := func(ticker market.Ticker, kind alerts.ConditionKind, at string) alerts.Condition {
		return alerts.Condition{Ticker: ticker, Kind: kind, Level: price(at)}
	}
	move := func(ticker market.Ticker, kind alerts.ConditionKind, by string, dir alerts.Direction, window time.Duration) alerts.Condition {
		return alerts.Condition{Ticker: ticker, Kind: kind, Change: price(by), Direction: dir, Window: window}
	}
	friday := time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC)
	one := func(c ...alerts.Condition) alerts.Rule { return alerts.Rule{Conditions: c, Repeat: alerts.Once} }
	with := func(r alerts.Rule, change func(*alerts.Rule)) alerts.Rule { change(&r); return r }
	tests := []struct {
		text string
		want alerts.Rule
	}{
		{"BTC-USD > 70000", one(level("BTC-USD", alerts.CrossesAbove, "70000"))},
		{"btc>70k", one(level("BTC-USD", alerts.CrossesAbove, "70000"))},
		{"BTC-USD >= $70000", one(level("BTC-USD", alerts.CrossesAbove, "70000"))},
		{"BTC-USD > $ 70000", one(level("BTC-USD", alerts.CrossesAbove, "70000"))},
		{"BTC-USD above 1.2m", one(level("BTC-USD", alerts.CrossesAbove, "1200000"))},
		{"btc rises above 1,234,567.5", one(level("BTC-USD", alerts.CrossesAbove, "1234567.5"))},
		{"hang seng below 17000", one(level("^HSI", alerts.CrossesBelow, "17000"))},
		{"marks and spencer > 350", one(level("MKS.L", alerts.CrossesAbove, "350"))},
		{"STI crosses 3400", one(level("^STI", alerts.Crosses, "3400"))},
		{"^TNX > 4.5%", one(level("^TNX", alerts.CrossesAbove, "4.5"))},
		{"^TNX > 450bp", one(level("^TNX", alerts.CrossesAbove, "4.5"))},
		{"AAPL < 170$", one(level("AAPL", alerts.CrossesBelow, "170"))},
		{"CL=F < -5", one(level("CL=F", alerts.CrossesBelow, "-5"))},
		{"AAPL is above 200", one(level("AAPL", alerts.IsAbove, "200"))},
		{"AAPL is below 200 USD", one(level("AAPL", alerts.IsBelow, "200"))},
		{"DBS enters 40..42", one(alerts.Condition{Ticker: "D05.SI", Kind: alerts.EntersRange, Level: price("40"), Upper: price("42")})},
		{"dbs leaves 12-10", one(alerts.Condition{Ticker: "D05.SI", Kind: alerts.LeavesRange, Level: price("10"), Upper: price("12")})},
		{"dbs leaves S$10 to S$12", one(alerts.Condition{Ticker: "D05.SI", Kind: alerts.LeavesRange, Level: price("10"), Upper: price("12")})},
		{"NVDA moves 5%", one(move("NVDA", alerts.MovesPercent, "5", alerts.Either, 0))},
		{"NVDA moves 3 % today", one(move("NVDA", alerts.MovesPercent, "3", alerts.Either, 0))},
		{"nvda up 5% in 1h", one(move("NVDA", alerts.MovesPercent, "5", alerts.Up, time.Hour))},
		{"nvda falls by 2.5 percent within the last 90 minutes", one(move("NVDA", alerts.MovesPercent, "2.5", alerts.Down, 90*time.Minute))},
		{"^TNX moves 10bp in 1d", one(move("^TNX", alerts.MovesPoints, "10", alerts.Either, 24*time.Hour))},
		{"gold moves 25 in a week", one(move("GC=F", alerts.MovesAmount, "25", alerts.Either, 7*24*time.Hour))},
		{"UP up 5%", one(move("UP", alerts.MovesPercent, "5", alerts.Up, 0))},
		{"AAPL new high 20d", one(alerts.Condition{Ticker: "AAPL", Kind: alerts.NewHigh, Days: 20})},
		{"AAPL new low 4 weeks", one(alerts.Condition{Ticker: "AAPL", Kind: alerts.NewLow, Days: 28})},
		{"AAPL new low 5", one(alerts.Condition{Ticker: "AAPL", Kind: alerts.NewLow, Days: 5})},
		{"AAPL gaps 3%", one(move("AAPL", alerts.GapsAtTheOpen, "3", alerts.Either, 0))},
		{"AAPL gaps down 3", one(move("AAPL", alerts.GapsAtTheOpen, "3", alerts.Down, 0))},
		{`gold below 2300 every time cooldown 1h note "add"`, with(one(level("GC=F", alerts.CrossesBelow, "2300")), func(r *alerts.Rule) {
			r.Repeat, r.Cooldown, r.Note = alerts.EveryTime, time.Hour, "add"
		})},
		{"AAPL < 170 and ^VIX > 25 until friday", with(one(level("AAPL", alerts.CrossesBelow, "170"), level("^VIX", alerts.CrossesAbove, "25")), func(r *alerts.Rule) {
			r.Expires = friday
		})},
		{"AAPL > 150 and < 170", one(level("AAPL", alerts.CrossesAbove, "150"), level("AAPL", alerts.CrossesBelow, "170"))},
		{"watchlist moves 3% hours regular", with(one(move("", alerts.MovesPercent, "3", alerts.Either, 0)), func(r *alerts.Rule) {
			r.Watchlist, r.RegularHours = 7, true
		})},
		{"AAPL > 200 cooldown 2h30m", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) {
			r.Repeat, r.Cooldown = alerts.EveryTime, 150*time.Minute
		})},
		{"AAPL > 200 band 0.5 once", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) { r.Band = price("0.5") })},
		{"^TNX > 4.5 band 2bp", with(one(level("^TNX", alerts.CrossesAbove, "4.5")), func(r *alerts.Rule) { r.Band = price("0.02") })},
		{"NVDA moves 5% band 0.5%", with(one(move("NVDA", alerts.MovesPercent, "5", alerts.Either, 0)), func(r *alerts.Rule) { r.Band = price("0.5") })},
		{"AAPL > 200 mention @traders", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) { r.Mention = "@traders" })},
		{"AAPL > 200 mention <@&123>", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) { r.Mention = "<@&123>" })},
		{"AAPL > 200 note buy the dip", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) { r.Note = "buy the dip" })},
		{"AAPL > 200 until 15:30", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) {
			r.Expires = time.Date(2026, 11, 26, 7, 30, 0, 0, time.UTC)
		})},
		{"AAPL > 200 until tomorrow at 9am", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) {
			r.Expires = time.Date(2026, 11, 26, 1, 0, 0, 0, time.UTC)
		})},
		{"AAPL > 200 until 24 dec", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) {
			r.Expires = time.Date(2026, 12, 24, 16, 0, 0, 0, time.UTC)
		})},
		{"AAPL > 200 for 2 weeks", with(one(level("AAPL", alerts.CrossesAbove, "200")), func(r *alerts.Rule) {
			r.Expires = wednesday().Add(14 * 24 * time.Hour)
		})},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			draft, err := alerts.Parse(test.text, env())
			if err != nil {
				t.Fatal(err)
			}
			if got, want := show(draft.Rule), show(test.want); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestParseProblems(t *testing.T) {
	german := alerts.NumberFormat{Decimal: ',', Group: '.'}
	tests := []struct {
		text    string
		numbers alerts.NumberFormat
		code    alerts.ProblemCode
		rest    string
		suggest string
	}{
		{text: "", code: alerts.ProblemEmpty, suggest: "BTC-USD > 70000"},
		{text: "> 70000", code: alerts.ProblemNoSymbol, rest: "> 70000", suggest: "AAPL > 70000"},
		{text: "BTC-USD > 70,000", code: alerts.ProblemSeparator, rest: "70,000", suggest: "BTC-USD > 70000"},
		{text: "BTC-USD > 70 000 every time", code: alerts.ProblemSeparator, rest: "70 000 every time", suggest: "BTC-USD > 70000 every time"},
		{text: "BTC-USD > 70.000", numbers: german, code: alerts.ProblemSeparator, rest: "70.000", suggest: "BTC-USD > 70000"},
		{text: "BTC-USD > 70,5", code: alerts.ProblemSeparator, rest: "70,5", suggest: "BTC-USD > 70.5"},
		{text: "BTC-USD > lots", code: alerts.ProblemNoNumber, rest: "lots", suggest: "BTC-USD > 100"},
		{text: "AAPL > 180 < 200", code: alerts.ProblemUnexpected, rest: "< 200", suggest: "AAPL > 180 and < 200"},
		{text: "AAPL > 170€", code: alerts.ProblemCurrency, rest: "170€", suggest: "AAPL > 170"},
		{text: "AAPL > 450bp", code: alerts.ProblemPointsOnPrice, rest: "450bp", suggest: "AAPL > 450"},
		{text: "BTC-USD >", code: alerts.ProblemNoNumber, suggest: "BTC-USD > 100"},
		{text: "BTC-USD > 1.2345678901234567890123", code: alerts.ProblemDigits, rest: "1.2345678901234567890123", suggest: "BTC-USD > 100"},
		{text: "AAPL > 5%", code: alerts.ProblemPercentLevel, rest: "5%", suggest: "AAPL > 5"},
		{text: "AAPL > -5", code: alerts.ProblemNegativeLevel, rest: "-5", suggest: "AAPL > 5"},
		{text: "AAPL < 0", code: alerts.ProblemNegativeLevel, rest: "0", suggest: "AAPL < 100"},
		{text: "AAPL > €170", code: alerts.ProblemCurrency, rest: "€170", suggest: "AAPL > 170"},
		{text: "mks.l > £3.50", code: alerts.ProblemCurrency, rest: "£3.50", suggest: "mks.l > 3.5"},
		{text: "NVDA moves -5%", code: alerts.ProblemNegativeMove, rest: "moves -5%", suggest: "NVDA down 5%"},
		{text: "NVDA moves 0%", code: alerts.ProblemZeroMove, rest: "0%", suggest: "NVDA moves 5%"},
		{text: "NVDA moves 99999%", code: alerts.ProblemHugeMove, rest: "99999%", suggest: "NVDA moves 5%"},
		{text: "NVDA moves 0.001%", code: alerts.ProblemTinyMove, rest: "0.001%", suggest: "NVDA moves 1%"},
		{text: "NVDA down 100%", code: alerts.ProblemDirection, rest: "100%", suggest: "NVDA down 5%"},
		{text: "NVDA moves 10bp", code: alerts.ProblemPointsOnPrice, rest: "10bp", suggest: "NVDA moves 5%"},
		{text: "NVDA moves 5% in 5y", code: alerts.ProblemWindow, rest: "in 5y", suggest: "NVDA moves 5% in 1h"},
		{text: "NVDA moves 5% in soon", code: alerts.ProblemDuration, rest: "soon", suggest: "NVDA moves 5% in 1h"},
		{text: "NVDA new high 0d", code: alerts.ProblemDays, rest: "0d", suggest: "NVDA new high 20d"},
		{text: "NVDA new high", code: alerts.ProblemDays, suggest: "NVDA new high 20d"},
		{text: "BTC-USD gaps 3%", code: alerts.ProblemNoSession, rest: "gaps 3%", suggest: "BTC-USD moves 3%"},
		{text: "DBS enters 40", code: alerts.ProblemRange, rest: "40", suggest: "DBS enters 40..42"},
		{text: "DBS enters 40..40", code: alerts.ProblemRange, rest: "40..40", suggest: "DBS enters 40..42"},
		{text: "silver > 30", code: alerts.ProblemAmbiguous, rest: "silver > 30", suggest: "SILV > 30"},
		{text: "APPL > 30", code: alerts.ProblemUnknownSymbol, rest: "APPL > 30", suggest: "AAPL > 30"},
		{text: "AAPL", code: alerts.ProblemNoCondition, suggest: "AAPL moves 5%"},
		{text: "AAPL 170", code: alerts.ProblemNoCondition, rest: "170", suggest: "AAPL > 170"},
		{text: "AAPL croses 170", code: alerts.ProblemNoCondition, rest: "croses 170", suggest: "AAPL crosses 170"},
		{text: "AAPL > 170 cooldwn 1h", code: alerts.ProblemUnexpected, rest: "cooldwn 1h", suggest: "AAPL > 170 cooldown 1h"},
		{text: "AAPL > 170 please", code: alerts.ProblemUnexpected, rest: "please", suggest: "AAPL > 170"},
		{text: "AAPL > 170 once every time", code: alerts.ProblemTwice, rest: "every time", suggest: "AAPL > 170 once"},
		{text: "AAPL > 170 cooldown 1s", code: alerts.ProblemDuration, rest: "1s", suggest: "AAPL > 170 cooldown 1h"},
		{text: "AAPL > 170 cooldown 90d", code: alerts.ProblemCooldown, rest: "cooldown 90d", suggest: "AAPL > 170 cooldown 1h"},
		{text: "AAPL > 170 until yesterday", code: alerts.ProblemTime, rest: "yesterday", suggest: "AAPL > 170 until friday"},
		{text: "AAPL > 170 until 2020-01-01", code: alerts.ProblemPast, rest: "until 2020-01-01", suggest: "AAPL > 170 until friday"},
		{text: "AAPL > 170 until 2099-01-01", code: alerts.ProblemFar, rest: "until 2099-01-01", suggest: "AAPL > 170 until friday"},
		{text: "AAPL > 170 band 0", code: alerts.ProblemBand, rest: "0", suggest: "AAPL > 170 band 0.5"},
		{text: "AAPL > 170 mention @everyone", code: alerts.ProblemMention, rest: "mention @everyone", suggest: "AAPL > 170"},
		{text: "AAPL > 170 mention @a @b", code: alerts.ProblemMention, rest: "mention @a @b"},
		{text: "AAPL > 1 and > 2 and > 3 and > 4 and > 5 and > 6", code: alerts.ProblemMany, rest: "and > 6", suggest: "AAPL > 1 and > 2 and > 3 and > 4 and > 5"},
		{text: "AAPL > 170 note " + strings.Repeat("x", 201), code: alerts.ProblemNote, rest: "note " + strings.Repeat("x", 201), suggest: "AAPL > 170"},
		{text: strings.Repeat("x ", 300), code: alerts.ProblemLong},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			e := env()
			e.Numbers = test.numbers
			_, err := alerts.Parse(test.text, e)
			var problem *alerts.ParseError
			if !errors.As(err, &problem) {
				t.Fatalf("got %v, want a problem", err)
			}
			if problem.Problem.Code != test.code {
				t.Errorf("code %s, want %s (%v)", problem.Problem.Code, test.code, err)
			}
			if test.code != alerts.ProblemLong && problem.Rest != test.rest {
				t.Errorf("rest %q, want %q", problem.Rest, test.rest)
			}
			if test.suggest != "" && problem.Suggest != test.suggest {
				t.Errorf("suggests %q, want %q", problem.Suggest, test.suggest)
			}
			if strings.Contains(err.Error(), "{{") {
				t.Errorf("an argument is missing: %s", err)
			}
		})
	}
}

func TestSeparatorShowsBothReadings(t *testing.T) {
	_, err := alerts.Parse("BTC-USD > 70,000", env())
	var problem *alerts.ParseError
	if !errors.As(err, &problem) {
		t.Fatal(err)
	}
	if args := problem.Problem.Args; args["First"] != "70000" || args["Second"] != "70" {
		t.Errorf("readings %v", args)
	}
}

func TestAmbiguousWordIsReplacedByAChoice(t *testing.T) {
	_, err := alerts.Parse("AAPL > 200 and silver > 30 every time", env())
	var problem *alerts.ParseError
	if !errors.As(err, &problem) || len(problem.Choices) != 2 {
		t.Fatal(err)
	}
	if got := problem.With("SI=F"); got != "AAPL > 200 and SI=F > 30 every time" {
		t.Errorf("got %q", got)
	}
}

func TestGrammarExamplesAreValid(t *testing.T) {
	seen := map[string]bool{}
	for _, form := range alerts.Grammar() {
		if seen[form.ID] || form.ID == "" || form.Form == "" || form.Meaning == "" {
			t.Errorf("form %q is incomplete or told twice", form.ID)
		}
		seen[form.ID] = true
		draft, err := alerts.Parse(form.Example, env())
		if err != nil {
			t.Errorf("%s: %q: %v", form.ID, form.Example, err)
			continue
		}
		for _, phrase := range alerts.Sentence(draft.Rule) {
			if alerts.SentenceWords()[phrase.ID] == "" {
				t.Errorf("%s: no words for %s", form.ID, phrase.ID)
			}
		}
	}
}

func TestEveryProblemHasWords(t *testing.T) {
	for code, words := range alerts.ProblemWords() {
		if words == "" {
			t.Errorf("%s has no words", code)
		}
	}
}

func TestCompleteContinuesWhatIsTyped(t *testing.T) {
	tests := []struct{ typed, want string }{
		{"", "watchlist moves 3%"},
		{"aa", "AAPL"},
		{"AAPL ", "AAPL > 100"},
		{"AAPL ne", "AAPL new high 20d"},
		{"AAPL >", "AAPL > 100"},
		{"AAPL moves 5% ", "AAPL moves 5% in 1h"},
		{"AAPL > 200 ev", "AAPL > 200 every time"},
		{"AAPL > 200 a", "AAPL > 200 and"},
		{"AAPL > 200 and b", "AAPL > 200 and BTC-USD"},
		{"AAPL > 200 every time co", "AAPL > 200 every time cooldown 1h"},
		{"AAPL > 200", "AAPL > 200"},
	}
	for _, test := range tests {
		t.Run(test.typed, func(t *testing.T) {
			got := alerts.Complete(test.typed, env())
			if !slices.Contains(got, test.want) {
				t.Errorf("%q is not among %q", test.want, got)
			}
		})
	}
}

// show writes a rule in full, for comparison.
func show(r alerts.Rule) string {
	return strings.Join([]string{alerts.Canonical(r), r.Expires.UTC().String(), string(r.Repeat), r.Note, r.Mention}, " | ") +
		" | " + showConditions(r)
}

func showConditions(r alerts.Rule) string {
	var b strings.Builder
	for _, c := range r.Conditions {
		b.WriteString(string(c.Kind) + " " + string(c.Ticker) + " " + c.Level.String() + " " + c.Upper.String() + " " +
			c.Change.String() + " " + string(c.Direction) + " " + c.Window.String() + "; ")
	}
	return b.String()
}
