package alerts_test

import (
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func TestPaths(t *testing.T) {
	tests := []struct {
		name, rule, path, want string
	}{
		{"crossing", "AAPL > 100", "99 101", "fired@101"},
		{"exact touch counts", "AAPL > 100", "99 100", "fired@100"},
		{"already true waits", "AAPL > 100", "101 102 103", ""},
		{"already true fires at its next crossing", "AAPL > 100", "101 99.99 100", "fired@100"},
		{"first quote is no crossing", "AAPL > 100", "101", ""},
		{"below", "AAPL < 100", "101 100 99", "fired@100"},
		{"once stays done", "AAPL > 100 band 1", "99 101 90 101", "fired@101 recovered@90"},
		{"sits on the line", "AAPL > 100 every time band 1", "99 100 99.5 100 99.9 100.1 99.01 100", "fired@100"},
		{"moves back by the band", "AAPL > 100 every time band 1", "98 100 99 100", "fired@100 recovered@99 rearmed@99 fired@100"},
		{"default band without history", "AAPL > 100 every time", "99 100 99.95 100 99.9 100", "fired@100 recovered@99.9 rearmed@99.9 fired@100"},
		{"is above tells at once", "AAPL is above 100", "101 102", "fired@101"},
		{"is above re-arms by the band", "AAPL is above 100 every time band 1", "101 99.5 101 99 100", "fired@101 recovered@99 rearmed@99 fired@100"},
		{"is below", "AAPL is below 100", "99", "fired@99"},
		{"either way up", "AAPL crosses 100", "99 101", "fired@101"},
		{"either way down", "AAPL crosses 100", "101 100", "fired@100"},
		{"either way, each real crossing", "AAPL crosses 100 every time band 1", "95 105 95 105", "fired@105 fired@95 fired@105"},
		{"either way, flutter", "AAPL crosses 100 every time band 1", "95 100.5 99.5 100.5 99.5 98 100.5", "fired@100.5 rearmed@98 fired@100.5"},
		{"enters", "DBS enters 40..42", "39 40", "fired@40"},
		{"enters from above", "DBS enters 40..42", "43 41", "fired@41"},
		{"jumps across", "DBS enters 40..42", "39 43", ""},
		{"leaves", "DBS leaves 40..42", "41 42 42.01", "fired@42.01"},
		{"leaves and comes back", "DBS leaves 40..42 every time band 0.25", "41 39 40.1 39 40.25 39", "fired@39 recovered@40.25 rearmed@40.25 fired@39"},
		{"new high", "AAPL new high 20d", "109 110 110.01", "fired@110.01"},
		{"new low", "AAPL new low 20d", "91 90 89", "fired@89"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := newWalk(t, test.rule)
			w.view.low, w.view.high = price("90"), price("110")
			if got := w.path(test.path); got != test.want {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestDefaultBandIsAQuarterOfTheMedianDailyRange(t *testing.T) {
	w := newWalk(t, "AAPL > 100 every time")
	w.view.daily = price("8")
	if got := w.path("99 100 98.01 100 98 100"); got != "fired@100 recovered@98 rearmed@98 fired@100" {
		t.Errorf("got %q", got)
	}
}

func TestBandIsSettledWhenTheRuleFires(t *testing.T) {
	w := newWalk(t, "AAPL > 100 every time")
	w.view.daily = price("8")
	w.path("99 100")
	w.view.daily = price("400")
	if got := w.path("98"); got != "recovered@98 rearmed@98" {
		t.Errorf("got %q", got)
	}
}

func TestCooldownKeepsFiringsApart(t *testing.T) {
	w := newWalk(t, "AAPL > 100 every time cooldown 1h band 1")
	if got := w.path("99 100 98 101 98"); got != "fired@100 recovered@98" {
		t.Errorf("within the cooldown: %q", got)
	}
	if w.state.Phase != alerts.Cooling {
		t.Errorf("phase %s, want cooling", w.state.Phase)
	}
	w.now = w.now.Add(time.Hour)
	if got := w.path("100"); got != "rearmed@100 fired@100" {
		t.Errorf("after the cooldown: %q", got)
	}
}

func TestWakeArmsWithoutAQuote(t *testing.T) {
	w := newWalk(t, "AAPL > 100 every time cooldown 1h band 1")
	w.path("99 100 98")
	if state, _ := alerts.Wake(w.rule, w.state, "AAPL", w.now); state.Phase != alerts.Cooling {
		t.Errorf("woke too early")
	}
	state, transitions := alerts.Wake(w.rule, w.state, "AAPL", w.now.Add(time.Hour))
	if state.Phase != alerts.Armed || state.Arming != 2 || len(transitions) != 1 || transitions[0].Kind != alerts.EventRearmed {
		t.Errorf("got %+v, %v", state, transitions)
	}
}

func TestMoveSinceThePreviousClose(t *testing.T) {
	w := newWalk(t, "AAPL moves 5% every time")
	if got := w.path("100 106"); got != "" {
		t.Errorf("without a believed base: %q", got)
	}
	w = newWalk(t, "AAPL moves 5% every time")
	w.base = price("100")
	if got := w.path("101 104.99 105 104 106 103.75 105"); got != "fired@105 recovered@103.75 rearmed@103.75 fired@105" {
		t.Errorf("got %q", got)
	}
	fired := w.out[0].Firing
	if fired.Base != price("100") || fired.Change != price("5") {
		t.Errorf("base %s, change %s", fired.Base, fired.Change)
	}
	w.base = price("105") // the next session
	if got := w.path("110.25"); got != "recovered@110.25 rearmed@110.25 fired@110.25" {
		t.Errorf("next session: %q", got)
	}
}

func TestFalsePreviousCloseFiresNothing(t *testing.T) {
	w := newWalk(t, "^STI moves 3%")
	w.now = w.now.Add(time.Hour)
	for range 3 {
		quote := func(tick *alerts.Tick) { tick.To.PreviousClose = price("14264.77") }
		if got := w.tick("7125.14", quote); len(got) != 0 {
			t.Fatalf("got %v", got)
		}
	}
}

func TestMoveInAmountAndPoints(t *testing.T) {
	w := newWalk(t, "gold down 25")
	w.base = price("2340")
	if got := w.path("2330 2315.01 2315"); got != "fired@2315" {
		t.Errorf("got %q", got)
	}
	if w.out[0].Firing.Change != price("-25") {
		t.Errorf("change %s keeps no sign", w.out[0].Firing.Change)
	}
	w = newWalk(t, "^TNX moves 10bp")
	w.base = price("4.479")
	if got := w.path("4.436 4.3791 4.379"); got != "fired@4.379" {
		t.Errorf("got %q", got)
	}
}

func TestWindowRunsByTheClockWithoutSessions(t *testing.T) {
	w := newWalk(t, "BTC-USD up 5% in 10m")
	if got := w.path("100 101 102 103 104 105 106 107 108 109"); got != "" {
		t.Errorf("before the window is full: %q", got)
	}
	if got := w.path("104.9 106.1"); got != "fired@106.1" {
		t.Errorf("got %q", got)
	}
	if f := w.out[0].Firing; f.Base != price("101") || !f.BaseAt.Equal(wednesday().Add(time.Minute)) {
		t.Errorf("base %s at %s", f.Base, f.BaseAt)
	}
}

func TestWindowReachesBackOverTheNight(t *testing.T) {
	w := newWalk(t, "AAPL down 5% in 1h")
	w.hours = office{}
	w.now = time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC) // Friday
	w.path("100")
	w.now = time.Date(2026, 11, 27, 16, 20, 0, 0, time.UTC)
	w.path("100 100")
	w.now = time.Date(2026, 11, 30, 9, 20, 0, 0, time.UTC) // 20 minutes after Monday's open
	if got := w.path("94"); got != "fired@94" {
		t.Fatalf("got %q", got)
	}
	if f := w.out[0].Firing; !f.BaseAt.Equal(time.Date(2026, 11, 27, 16, 20, 0, 0, time.UTC)) {
		t.Errorf("measured from %s", f.BaseAt)
	}
}

func TestWindowOfADayRunsByTheClock(t *testing.T) {
	w := newWalk(t, "AAPL down 5% in 1d")
	w.hours = office{}
	w.now = time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC)
	w.path("100")
	w.now = time.Date(2026, 11, 30, 9, 20, 0, 0, time.UTC)
	w.path("98")
	if got := w.path("94"); got != "fired@94" {
		t.Errorf("got %q", got)
	}
}

func TestWindowOfADayReachesBackOverAWeekendOfUnknownHours(t *testing.T) {
	w := newWalk(t, "AAPL down 5% in 1d")
	for _, at := range []time.Time{
		time.Date(2026, 11, 26, 16, 0, 0, 0, time.UTC), time.Date(2026, 11, 27, 16, 0, 0, 0, time.UTC), // Friday
	} {
		w.now = at
		w.path("100")
	}
	w.now = time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC)
	if got := w.path("94"); got != "fired@94" {
		t.Errorf("got %q", got)
	}
}

func TestOutageOlderBaselineIsTold(t *testing.T) {
	w := newWalk(t, "BTC-USD up 5% in 10m")
	w.path("100")
	w.now = w.now.Add(3 * time.Hour)
	w.path("100")
	w.now = w.now.Add(time.Hour)
	if got := w.path("106"); got != "fired@106" {
		t.Fatalf("got %q", got)
	}
	if f := w.out[0].Firing; f.To.Time.Sub(f.BaseAt) != time.Hour+time.Minute {
		t.Errorf("measured from %s", f.BaseAt)
	}
}

func TestGapAtTheOpen(t *testing.T) {
	w := newWalk(t, "AAPL gaps 3% every time")
	w.hours, w.base = office{}, price("100")
	w.now = time.Date(2026, 11, 24, 16, 58, 0, 0, time.UTC)
	w.path("100")
	w.now = time.Date(2026, 11, 25, 9, 1, 0, 0, time.UTC)
	if got := w.path("103 110 103"); got != "fired@103 rearmed@110" {
		t.Errorf("got %q", got)
	}
	w.now, w.base = time.Date(2026, 11, 26, 9, 1, 0, 0, time.UTC), price("103")
	if got := w.path("100"); got != "" {
		t.Errorf("a gap of 2.9 percent: %q", got)
	}
}

func TestRegularHoursOnly(t *testing.T) {
	w := newWalk(t, "AAPL > 100 hours regular")
	w.hours = office{}
	w.now = time.Date(2026, 11, 24, 16, 58, 0, 0, time.UTC)
	w.path("98 99")
	w.now = time.Date(2026, 11, 24, 19, 0, 0, 0, time.UTC)
	if got := w.path("101 102"); got != "" {
		t.Errorf("after hours: %q", got)
	}
	w.now = time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC)
	if got := w.path("103"); got != "fired@103" {
		t.Errorf("at the open, compared with the last regular quote: %q", got)
	}
}

func TestHeldQuoteWaitsForConfirmation(t *testing.T) {
	held := func(tick *alerts.Tick) { tick.Held = true }
	w := newWalk(t, "AAPL > 100")
	w.tick("99")
	if got := w.tick("150", held); len(got) != 0 || w.state.Phase != alerts.Pending {
		t.Fatalf("got %v, phase %s", got, w.state.Phase)
	}
	confirmed := wednesday().Add(time.Minute)
	got := w.tick("150.5", func(tick *alerts.Tick) { tick.Confirmed = confirmed })
	if len(got) != 1 || got[0].Kind != alerts.EventFired || !got[0].Firing.Confirmed.Equal(confirmed) {
		t.Errorf("got %+v", got)
	}
	w = newWalk(t, "AAPL > 100")
	w.tick("99")
	w.tick("150", held)
	if got := w.tick("99.5"); len(got) != 0 || w.state.Phase != alerts.Armed {
		t.Errorf("a refuted quote: %v, phase %s", got, w.state.Phase)
	}
}

func TestSeveralConditionsOnSeveralSymbols(t *testing.T) {
	w := newWalk(t, "AAPL < 170 and ^VIX > 25 every time")
	w.tick("180")
	if got := w.tick("165"); len(got) != 0 {
		t.Fatalf("the other symbol is not known: %v", got)
	}
	vix := func(from, to string) []alerts.Transition {
		a := market.Quote{Ticker: "^VIX", Price: price(from), Time: w.now}
		b := market.Quote{Ticker: "^VIX", Price: price(to), Time: w.now.Add(time.Second)}
		var out []alerts.Transition
		w.state, out = alerts.Evaluate(w.rule, w.state, alerts.Tick{Ticker: "^VIX", From: a, To: b, View: w.view}, w.now)
		w.view.add(b)
		return out
	}
	got := vix("20", "25")
	if len(got) != 1 || got[0].Kind != alerts.EventFired || got[0].Firing.Condition != 1 || got[0].Firing.Ticker != "AAPL" {
		t.Fatalf("got %+v", got)
	}
	if got := vix("25", "24.9"); len(got) != 2 || got[1].Kind != alerts.EventRearmed {
		t.Errorf("one condition went back by its band: %+v", got)
	}
	vix("24.9", "26")
	if got := w.tick("164"); len(got) != 0 {
		t.Errorf("fired twice: %+v", got)
	}
}

func TestWatchlistRuleHasAStateForEachSymbol(t *testing.T) {
	w := newWalk(t, "watchlist moves 3%")
	w.base = price("100")
	if got := w.path("101 104"); got != "fired@104" {
		t.Fatalf("got %q", got)
	}
	if f := w.out[0].Firing; f.Ticker != "AAPL" {
		t.Errorf("ticker %s", f.Ticker)
	}
	other := alerts.NewState(12, "NVDA")
	_, got := alerts.Evaluate(w.rule, other, alerts.Tick{
		Ticker: "NVDA", From: market.Quote{Price: price("50"), Time: w.now}, To: market.Quote{Price: price("52"), Time: w.now}, Base: price("50"),
	}, w.now)
	if len(got) != 1 || got[0].Firing.Ticker != "NVDA" {
		t.Errorf("got %+v", got)
	}
}

func TestRulesThatStandStill(t *testing.T) {
	tests := map[string]func(*alerts.Rule){
		"paused":  func(r *alerts.Rule) { r.Paused = true },
		"held":    func(r *alerts.Rule) { r.HeldFor = "split" },
		"expired": func(r *alerts.Rule) { r.Expires = wednesday() },
		"snoozed": func(r *alerts.Rule) { r.SnoozedUntil = wednesday().Add(time.Hour) },
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWalk(t, "AAPL > 100")
			change(&w.rule)
			if got := w.path("99 101"); got != "" || w.state.Phase != alerts.Armed {
				t.Errorf("got %q, phase %s", got, w.state.Phase)
			}
		})
	}
}

func TestRecoveryTellsHowLongItTook(t *testing.T) {
	w := newWalk(t, "AAPL > 100 band 1")
	w.path("99 100")
	w.state.Phase = alerts.Done // its alert was delivered
	w.now = w.now.Add(38 * time.Minute)
	if got := w.path("101 98"); got != "recovered@98" {
		t.Fatalf("got %q", got)
	}
	if after := w.out[1].Firing.After; after != 40*time.Minute {
		t.Errorf("after %s, want 40m", after)
	}
	if got := w.path("101 98 101"); got != "" {
		t.Errorf("done, but %q", got)
	}
}

func TestCorrectionTakesAFiringBack(t *testing.T) {
	w := newWalk(t, "AAPL > 100")
	w.path("99 150")
	w.state.Phase = alerts.Done // its alert was delivered
	firing := w.out[0].Firing
	state, transition := alerts.Correct(firing, w.state, "the price was false", w.now)
	if state.Phase != alerts.Armed || state.Arming != 2 {
		t.Errorf("state %+v", state)
	}
	event := transition.Event(w.now)
	if event.Kind != alerts.EventCorrected || event.Subject != "rule/12/AAPL/1" || event.Key != "rule/12/AAPL/1/corrected" || event.Firing.Reason == "" {
		t.Errorf("event %+v", event)
	}
}

func TestEventKeysNameTheArming(t *testing.T) {
	w := newWalk(t, "AAPL > 100 every time band 1")
	w.path("98 100 99 100")
	var keys []string
	for _, t := range w.out {
		keys = append(keys, t.Event(w.now).Key)
	}
	want := "rule/12/AAPL/1 rule/12/AAPL/1/recovered rule/12/AAPL/1/rearmed rule/12/AAPL/2"
	if got := strings.Join(keys, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestHoldsTellsWhetherARuleIsTrueAlready(t *testing.T) {
	view := newPast()
	view.add(market.Quote{Ticker: "AAPL", Price: price("101"), Time: wednesday()})
	for text, want := range map[string]bool{"AAPL > 100": true, "AAPL > 102": false, "AAPL crosses 100": false, "AAPL > 100 and ^VIX > 5": false} {
		draft, err := alerts.Parse(text, env())
		if err != nil {
			t.Fatal(err)
		}
		if got := alerts.Holds(draft.Rule, "AAPL", view, nil); got != want {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
}
