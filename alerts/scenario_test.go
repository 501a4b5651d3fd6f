package alerts_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/market/hours"
)

// venueHours answers by ticker what the calendar knows by venue.
type venueHours struct {
	calendar *hours.Calendar
	symbol   func(market.Ticker) market.Symbol
}

func (v venueHours) venue(t market.Ticker) string { return hours.VenueOf(v.symbol(t)) }

func (v venueHours) Before(t market.Ticker, at time.Time, d time.Duration) (time.Time, bool) {
	if v.venue(t) == hours.Always {
		return time.Time{}, false
	}
	return v.calendar.Before(v.venue(t), at, d)
}

func (v venueHours) Session(t market.Ticker, at time.Time) (start time.Time, regular, ok bool) {
	if v.venue(t) == hours.Always {
		return time.Time{}, false, false
	}
	return v.calendar.Session(v.venue(t), at)
}

func (v venueHours) day(t market.Ticker, at time.Time) (day, before time.Time, open bool) {
	day, before, _ = v.calendar.SessionDate(v.venue(t), at)
	status := v.calendar.At(v.venue(t), at)
	return day, before, status.Known && status.State == hours.Open
}

// sight is one reading of a scenario: what is true, and what the source says.
type sight struct {
	read    time.Time
	true    market.Quote
	said    market.Quote
	missing bool
}

// theatre plays a path before a set of rules, as the parts of the program are put
// together, and tells at which reading each rule fired first.
type theatre struct {
	hours  venueHours
	table  *market.Table
	second bool // another source tells the truth
}

func newTheatre(t *testing.T) theatre {
	t.Helper()
	table, err := market.DefaultTable()
	if err != nil {
		t.Fatal(err)
	}
	calendar, err := hours.Default()
	if err != nil {
		t.Fatal(err)
	}
	symbol := func(t market.Ticker) market.Symbol {
		if s, ok := table.Get(t); ok {
			return s
		}
		return market.Symbol{Ticker: t, Class: market.ClassEquity, Decimals: 2}
	}
	return theatre{hours: venueHours{calendar, symbol}, table: table}
}

// believing is a guard that believes all, for the truth.
type believing struct{}

func (believing) Judge(last alerts.Standing, q market.Quote, _ market.Ticker, _ time.Time) alerts.Verdict {
	if !q.Time.After(last.Quote.Time) {
		return alerts.Verdict{}
	}
	return alerts.Verdict{Accepted: true, Base: q.PreviousClose, BaseAt: q.Time.Truncate(24 * time.Hour)}
}

func (h theatre) play(t *testing.T, path []sight, rules []string, truth bool) map[alerts.RuleID][]int {
	t.Helper()
	store := newMemoryStore()
	for i, text := range rules {
		draft, err := alerts.Parse(text, alerts.Env{Lookup: h.table.Lookup, Now: path[0].read})
		if err != nil {
			t.Fatal(text, err)
		}
		draft.Rule.ID, draft.Rule.Revision = alerts.RuleID(i+1), 1
		store.rules[draft.Rule.ID] = draft.Rule
	}
	trail := alerts.NewTrail(h.hours)
	d := &desk{store: store, script: &script{}, now: path[0].read}
	var now sight
	gate := alerts.NewGate(alerts.GateOptions{
		Symbol: h.hours.symbol, Day: h.hours.day, Log: slog.New(slog.DiscardHandler),
		Second: func(context.Context, market.Ticker, string) (market.Quote, error) {
			if !h.second {
				return market.Quote{}, alerts.ErrSource
			}
			q := now.true
			q.Source = "second"
			return q, nil
		},
	})
	d.Checker = &alerts.Checker{
		Store: store, Source: d.script, Planner: everything{}, Guard: gate, Book: alerts.NewBook(), View: trail, Hours: h.hours,
		Now: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler), Retracted: trail.Retract,
		Told: func(_ context.Context, all []alerts.Standing) {
			for _, s := range all {
				trail.Note(s)
			}
		},
	}
	if truth {
		d.Guard = believing{}
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Book.Put(store.all()...)
	fired, seen := map[alerts.RuleID][]int{}, 0
	for i, s := range path {
		now, d.now = s, s.read
		d.script.quotes = nil
		switch {
		case truth:
			d.script.quotes = []market.Quote{s.true}
		case !s.missing:
			d.script.quotes = []market.Quote{s.said}
		}
		if _, err := d.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, e := range store.events[seen:] {
			if e.Kind == alerts.EventFired {
				fired[e.Firing.Rule.ID] = append(fired[e.Firing.Rule.ID], i)
			}
		}
		seen = len(store.events)
	}
	return fired
}

// times returns n moments at which a symbol prints at a cadence; 24 hours are the
// closes of sessions.
func (h theatre) times(ticker market.Ticker, cadence time.Duration, n int) []time.Time {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var out []time.Time
	code := h.hours.venue(ticker)
	if code == hours.Always {
		for i := range n {
			out = append(out, start.Add(time.Duration(i+1)*cadence-time.Second))
		}
		return out
	}
	for _, span := range h.hours.calendar.Sessions(code, start, start.AddDate(0, 9, 0)) {
		if cadence >= 24*time.Hour {
			if at := span.To.Add(-time.Second); len(out) > 0 && out[len(out)-1].Truncate(24*time.Hour).Equal(at.Truncate(24*time.Hour)) {
				out[len(out)-1] = at // after the break
			} else {
				out = append(out, at)
			}
		} else {
			for at := span.From.Add(time.Minute); at.Before(span.To); at = at.Add(cadence) {
				out = append(out, at)
			}
		}
		if len(out) >= n {
			return out[:n]
		}
	}
	return out
}

type stage struct {
	ticker market.Ticker
	start  float64
	daily  float64 // usual move of a day, as a part; of yields in points
	crash  float64 // the largest real step in one session
}

func stages() []stage {
	return []stage{
		{"^GSPC", 5000, 0.009, -0.12}, {"AAPL", 220, 0.018, -0.22}, {"NVDA", 120, 0.025, 0.20}, {"BTC-USD", 60000, 0.03, -0.40},
		{"EURUSD=X", 1.08, 0.004, -0.05}, {"CL=F", 80, 0.02, -0.25}, {"^TNX", 4.4, 0.05, -0.5}, {"D05.SI", 36, 0.012, 0.20},
	}
}

// walk makes a true path; steps are parts of the price at readings, on top.
func (h theatre) walk(rng *rand.Rand, s stage, cadence time.Duration, n int, steps map[int]float64) []sight {
	times := h.times(s.ticker, cadence, n)
	symbol := h.hours.symbol(s.ticker)
	decimals := max(symbol.Decimals, 2)
	round := func(x float64) market.Price { return price(fmt.Sprintf("%.*f", decimals, x)) }
	perDay := math.Max(1, 6.5*float64(time.Hour)/float64(cadence))
	if symbol.Class == market.ClassCrypto {
		perDay = math.Max(1, 24*float64(time.Hour)/float64(cadence))
	}
	scale := s.daily / math.Sqrt(perDay)
	at, previous := s.start, s.start
	var day time.Time
	path := make([]sight, len(times))
	for i, when := range times {
		of, _, _ := h.hours.day(s.ticker, when)
		if !of.Equal(day) {
			day, previous = of, at
		}
		noise := max(-2.5, min(2.5, rng.NormFloat64())) * scale
		if symbol.Class == market.ClassYield {
			at += noise + steps[i]
		} else {
			at *= (1 + noise) * (1 + steps[i])
		}
		q := market.Quote{
			Ticker: s.ticker, Price: round(at), PreviousClose: round(previous), Time: when, Received: when, Currency: symbol.Currency, Unit: symbol.Unit, Source: "first",
		}
		path[i] = sight{read: when.Add(time.Second), true: q, said: q}
	}
	return path
}

// rulesAbout are rules of all kinds around a price.
func rulesAbout(s stage, yield bool) []string {
	level := func(part float64) string {
		if yield {
			return fmt.Sprintf("%.3f", s.start+part*4)
		}
		return fmt.Sprintf("%.4f", s.start*(1+part))
	}
	t := string(s.ticker)
	var out []string
	for _, part := range []float64{-0.35, -0.15, -0.08, -0.04, 0.04, 0.08, 0.15, 0.35} {
		out = append(out, t+" crosses "+level(part))
	}
	out = append(out,
		t+" < "+level(-0.10), t+" > "+level(0.10), t+" enters "+level(-0.30)+".."+level(-0.06), t+" leaves "+level(-0.07)+".."+level(0.07),
		t+" new high 5d", t+" new low 5d", t+" is below "+level(-0.11), t+" is above "+level(0.11),
	)
	if !strings.HasSuffix(t, "-USD") {
		out = append(out, t+" gaps 6%")
	}
	if yield {
		return append(out, t+" moves 30bp", t+" moves 40bp in 1d")
	}
	return append(out, t+" moves 8%", t+" falls 15%", t+" moves 9% in 1d", t+" moves 7% in 1h", t+" moves 18%")
}

// fault spoils what the source says from one reading on.
type fault struct {
	name  string
	long  int // readings; 0 for one
	spoil func(path []sight, i int)
	// hides tells that the truth can't be seen while the fault lasts.
	fits func(class market.Class) bool
}

func scaled(factor string) func([]sight, int) {
	f := price(factor)
	return func(path []sight, i int) {
		q := &path[i].said
		p, err := market.PriceOf(q.Price.Decimal().Mul(f.Decimal()).Round(6))
		if err != nil {
			panic(err)
		}
		q.Price = p
	}
}

func faults() []fault {
	equity := func(c market.Class) bool { return c == market.ClassEquity }
	notYield := func(c market.Class) bool { return c != market.ClassYield }
	out := []fault{
		{"zero", 3, func(path []sight, i int) { path[i].said.Price = 0 }, notYield},
		{"missing", 9, func(path []sight, i int) { path[i].missing = true }, nil},
		{"doubled close", 9, func(path []sight, i int) {
			path[i].said.PreviousClose, _ = market.PriceOf(path[i].true.Price.Decimal().Mul(price("2.002").Decimal()).Round(4))
		}, nil},
		{"close of another day", 9, func(path []sight, i int) { path[i].said.PreviousClose = path[max(0, i-25)].true.PreviousClose }, nil},
		{"no close", 9, func(path []sight, i int) { path[i].said.PreviousClose = 0 }, nil},
		{"close near nought", 9, func(path []sight, i int) { path[i].said.PreviousClose = price("0.01") }, notYield},
		{"an older row", 2, func(path []sight, i int) { path[i].said = path[max(0, i-10)].true }, nil},
		{"frozen", 9, func(path []sight, i int) { path[i].said = path[max(0, i-1)].said }, nil},
		{"from the future", 3, func(path []sight, i int) { path[i].said.Time = path[i].read.Add(8 * time.Hour) }, nil},
		{"another currency", 9, func(path []sight, i int) {
			scaled("0.7812")(path, i)
			path[i].said.Currency = "GBP"
		}, equity},
		{"negative", 3, func(path []sight, i int) { path[i].said.Price = path[i].true.Price.Neg() }, equity},
		{"now and then 100 times", 10, func(path []sight, i int) {
			if i%2 == 0 {
				scaled("100")(path, i)
			}
		}, notYield},
	}
	for _, factor := range []string{"100", "0.01", "10", "0.1", "1000", "0.001"} {
		out = append(out, fault{factor + " times, once", 1, scaled(factor), notYield}, fault{factor + " times, nine sessions", 9, scaled(factor), notYield})
	}
	for _, factor := range []string{"1.3", "0.7", "2", "0.5", "3", "1.6"} {
		out = append(out, fault{factor + " times, once", 1, scaled(factor), notYield})
	}
	return out
}

// within tells that a true crossing lies within what a fault hides.
func within(readings []int, from, to int) bool {
	return slices.ContainsFunc(readings, func(i int) bool { return i >= from && i < to })
}

// looksBack tells that a rule needs prices of before.
func looksBack(rule string) bool {
	return strings.Contains(rule, " in 1") || strings.Contains(rule, " new ")
}

// looser are the same rules, with smaller moves within windows: where the price at
// the start of one was hidden, a neighbour of it is looked back to.
func looser(rules []string) []string {
	out := make([]string, len(rules))
	for i, rule := range rules {
		out[i] = strings.NewReplacer(" 9% in 1d", " 7% in 1d", " 7% in 1h", " 5.5% in 1h", " 40bp in 1d", " 30bp in 1d").Replace(rule)
	}
	return out
}

func cadences() []time.Duration {
	return []time.Duration{time.Minute, time.Hour, 24 * time.Hour}
}

// wrong says what is wrong with when a rule fired, by the truth: at most one more
// read is allowed, and what was true while a fault hid it may be missing.
func wrong(truth, got []int, hidden func([]int) bool) string {
	switch {
	case len(truth) == 0 && len(got) == 0:
		return ""
	case len(truth) == 0:
		return "false"
	case len(got) > 0 && got[0] < truth[0]:
		return "early"
	case hidden(truth):
		return ""
	case len(got) == 0:
		return "missing"
	case got[0] > truth[0]+1:
		return "late"
	}
	return ""
}

// tally reports the first of each kind of wrong.
type tally map[string]bool

func (y tally) add(t *testing.T, why, what, rule string, truth, got []int) {
	t.Helper()
	if key := what + why; why != "" && !y[key] {
		y[key] = true
		t.Errorf("%s: %s: %q is true at %v and fired at %v", what, why, rule, truth, got)
	}
}

func TestNoFaultFiresAndNothingTrueIsMissing(t *testing.T) {
	h := newTheatre(t)
	wrongs := tally{}
	for _, s := range stages() {
		class := h.hours.symbol(s.ticker).Class
		rules := rulesAbout(s, class == market.ClassYield)
		for _, cadence := range cadences() {
			for _, f := range faults() {
				if f.fits != nil && !f.fits(class) || f.name == "close of another day" && cadence == time.Hour {
					continue // Hours before the end nobody saw the close.
				}
				rng := rand.New(rand.NewPCG(0, uint64(cadence)))
				at := 20 + rng.IntN(15)
				path := h.walk(rng, s, cadence, 60, nil)
				for i := at; i < min(len(path), at+f.long); i++ {
					f.spoil(path, i)
				}
				hidden := func(truth []int) bool { return within(truth, at-1, at+f.long+2) }
				truth, loose, got := h.play(t, path, rules, true), h.play(t, path, looser(rules), true), h.play(t, path, rules, false)
				for i, rule := range rules {
					id := alerts.RuleID(i + 1)
					if looksBack(rule) && (len(loose[id]) > 0 || len(got[id]) == 0) {
						continue // It may look back to what the fault hid.
					}
					wrongs.add(t, wrong(truth[id], got[id], hidden), fmt.Sprintf("%s, %s at %s", f.name, s.ticker, cadence), rule, truth[id], got[id])
				}
			}
		}
	}
}

func TestCrashesFireAfterAtMostOneMoreRead(t *testing.T) {
	h := newTheatre(t)
	wrongs := tally{}
	nothing := func([]int) bool { return false }
	for _, s := range stages() {
		yield := h.hours.symbol(s.ticker).Class == market.ClassYield
		rules := rulesAbout(s, yield)
		back := -s.crash / (1 + s.crash)
		if yield {
			back = -s.crash
		}
		for name, steps := range map[string]func(at int) map[int]float64{
			"in one step":      func(at int) map[int]float64 { return map[int]float64{at: s.crash} },
			"on the first day": func(int) map[int]float64 { return map[int]float64{3: s.crash} },
			"in three steps": func(at int) map[int]float64 {
				return map[int]float64{at: s.crash / 3, at + 1: s.crash / 3, at + 2: s.crash / 3}
			},
			"and back after five": func(at int) map[int]float64 { return map[int]float64{at: s.crash, at + 5: back} },
			"and half back next":  func(at int) map[int]float64 { return map[int]float64{at: s.crash, at + 1: back * 0.45} },
			"and all back next":   func(at int) map[int]float64 { return map[int]float64{at: s.crash, at + 1: back} },
		} {
			for _, cadence := range cadences() {
				if name == "and all back next" && cadence < 24*time.Hour {
					continue // A price that comes back at once was never there.
				}
				rng := rand.New(rand.NewPCG(0, uint64(cadence)))
				path := h.walk(rng, s, cadence, 60, steps(20+rng.IntN(15)))
				truth, got := h.play(t, path, rules, true), h.play(t, path, rules, false)
				for i, rule := range rules {
					id := alerts.RuleID(i + 1)
					wrongs.add(t, wrong(truth[id], got[id], nothing), fmt.Sprintf("%s, %s at %s", name, s.ticker, cadence), rule, truth[id], got[id])
				}
			}
		}
	}
}

// crashes are closes of days that were real, rounded; the first ones are those
// before.
func crashes() map[string]struct {
	ticker market.Ticker
	closes []float64
} {
	type crash = struct {
		ticker market.Ticker
		closes []float64
	}
	return map[string]crash{
		"Nikkei, August 2024":       {"^N225", []float64{39101, 38126, 35909.7, 31458.42, 34675.46, 35089.62, 34831}},
		"New York, October 1987":    {"^GSPC", []float64{314.5, 305.2, 298.1, 282.7, 224.84, 236.83, 258.38, 248.25, 227.67, 233.19}},
		"Hong Kong, October 1997":   {"^HSI", []float64{13601, 12403, 11637, 10426, 11144, 10498, 9059.9, 10765.3, 10362, 10623}},
		"Hong Kong, October 2008":   {"^HSI", []float64{14552, 13760, 12618.4, 11015.8, 12596.3, 12702.1, 14329.9, 13968.7, 14344}},
		"New York, March 2020":      {"^GSPC", []float64{3090, 3003, 3130, 2972, 2746.6, 2882, 2741, 2480.6, 2711, 2386, 2529, 2398}},
		"a share is squeezed":       {"NVDA", []float64{19.9, 35.5, 39.1, 43, 65, 76.8, 148, 347.5, 193.6, 325, 225, 90, 92.4, 53.5}},
		"a share disappoints":       {"AAPL", []float64{313, 319, 323, 237.8, 237.1, 224.9, 220.2, 231}},
		"a trial fails":             {"AAPL", []float64{10, 10.2, 9.9, 3.1, 3.0, 2.9, 3.05}},
		"bitcoin, March 2020":       {"BTC-USD", []float64{9122, 8108, 7923, 7909, 4970, 5563, 5200, 5392, 5014}},
		"a coin comes to nothing":   {"SOL-USD", []float64{24, 23.8, 22, 5.5, 2.3, 3.6, 2.7, 1.9}},
		"oil, April 2020":           {"CL=F", []float64{20.48, 20.11, 19.87, 18.27, -37.63, 10.01, 13.78, 16.5, 16.94, 12.78}},
		"the franc, January 2015":   {"EURUSD=X", []float64{1.2010, 1.2009, 1.2011, 0.9755, 0.9940, 0.9880, 0.9950}},
		"fear, February 2018":       {"^VIX", []float64{13.5, 14.8, 13.5, 17.31, 37.32, 29.98, 27.73, 33.46, 29.06}},
		"bond yields of March 2020": {"^TNX", []float64{1.127, 1.01, 0.99, 0.92, 0.707, 0.499, 0.75, 0.82, 0.85, 0.95}},
	}
}

func TestRealCrashesReadOnceADay(t *testing.T) {
	h := newTheatre(t)
	for name, c := range crashes() {
		var closes []float64
		low, high := slices.Min(c.closes), slices.Max(c.closes)
		for i := range 25 {
			closes = append(closes, c.closes[0]*(1+0.006*math.Sin(float64(i)*1.9)))
		}
		closes = append(closes, c.closes...)
		round := func(x float64) market.Price { return price(fmt.Sprintf("%.4f", x)) }
		var path []sight
		for i, when := range h.times(c.ticker, 24*time.Hour, len(closes)) {
			q := market.Quote{Ticker: c.ticker, Price: round(closes[i]), PreviousClose: round(closes[max(0, i-1)]), Time: when, Received: when, Source: "first"}
			path = append(path, sight{read: when.Add(time.Second), true: q, said: q})
		}
		ticker := string(c.ticker)
		rules := []string{ticker + " new low 20d", ticker + " new high 20d"}
		for i := range 11 {
			rules = append(rules, fmt.Sprintf("%s crosses %.4f", ticker, low+(high-low)*float64(i+1)/12))
		}
		if c.ticker == "^TNX" {
			rules = append(rules, ticker+" moves 15bp", ticker+" moves 25bp in 1d")
		} else {
			rules = append(rules, ticker+" moves 5%", ticker+" falls 10%", ticker+" moves 15%", ticker+" moves 10% in 1d")
		}
		truth, got := h.play(t, path, rules, true), h.play(t, path, rules, false)
		for i, rule := range rules {
			id := alerts.RuleID(i + 1)
			tally{}.add(t, wrong(truth[id], got[id], func([]int) bool { return false }), name, rule, truth[id], got[id])
		}
	}
}
