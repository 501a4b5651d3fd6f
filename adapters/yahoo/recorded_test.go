package yahoo_test

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/yahoo"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

// shelf is the least store that checks can be saved in.
type shelf struct {
	rules     map[alerts.RuleID]alerts.Rule
	states    map[alerts.RuleID]alerts.State
	standings map[market.Ticker]alerts.Standing
	events    []alerts.Event
	keys      map[string]bool
}

func (s *shelf) record(id alerts.RuleID) alerts.Record {
	r := alerts.Record{Rule: s.rules[id], Tickers: alerts.Standpoints(s.rules[id], nil)}
	if state, ok := s.states[id]; ok {
		r.States = []alerts.State{state}
	}
	return r
}

func (s *shelf) Records(_ context.Context, ids []alerts.RuleID) ([]alerts.Record, error) {
	out := make([]alerts.Record, len(ids))
	for i, id := range ids {
		out[i] = s.record(id)
	}
	return out, nil
}

func (s *shelf) Standings(context.Context) ([]alerts.Standing, error) {
	return slices.Collect(maps.Values(s.standings)), nil
}

func (*shelf) EachFiring(context.Context, market.Ticker, time.Time, func([]alerts.Firing) error) error {
	return nil
}

func (s *shelf) Commit(_ context.Context, b alerts.Batch) error {
	for _, state := range b.States {
		state.Version++
		s.states[state.Rule] = state
	}
	for _, h := range b.Holds {
		rule := s.rules[h.Rule]
		rule.HeldFor, rule.Revision = h.For, h.Revision+1
		s.rules[h.Rule] = rule
	}
	for _, e := range b.Events {
		if !s.keys[e.Key] {
			s.keys[e.Key] = true
			s.events = append(s.events, e)
		}
	}
	for _, standing := range b.Standings {
		s.standings[standing.Quote.Ticker] = standing
	}
	return nil
}

// all is a planner that always reads everything.
type all struct{}

func (all) Due(_ time.Time, watched []market.Ticker) []market.Ticker { return watched }

func (all) Read(time.Time, []market.Ticker, []market.Quote, error) {}

// print is what Yahoo says of a symbol at a moment.
type print struct {
	price, previous float64
	at              time.Time
}

// station is everything between Yahoo's answers and the events of rules.
type station struct {
	*alerts.Checker
	shelf  *shelf
	says   map[market.Ticker]print
	splits string // of every symbol, as the chart address says them
	bars   string // likewise, of five minutes
	now    time.Time
}

func newStation(t *testing.T, start time.Time) *station {
	t.Helper()
	return openStation(t, start, &shelf{
		rules: map[alerts.RuleID]alerts.Rule{}, states: map[alerts.RuleID]alerts.State{},
		standings: map[market.Ticker]alerts.Standing{}, keys: map[string]bool{},
	})
}

// openStation starts on what a shelf keeps from before.
func openStation(t *testing.T, start time.Time, kept *shelf) *station {
	t.Helper()
	s := &station{now: start, says: map[market.Ticker]print{}, shelf: kept}
	server := httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(server.Close)
	clock := func() time.Time { return s.now }
	source := yahoo.New(yahoo.Options{URL: server.URL, Client: &http.Client{Timeout: 5 * time.Second}, Rate: 100_000, Now: clock})
	log := slog.New(slog.DiscardHandler)
	trail := alerts.NewTrail(nil)
	table, err := market.DefaultTable()
	if err != nil {
		t.Fatal(err)
	}
	gate := alerts.NewGate(alerts.GateOptions{
		Symbol: func(ticker market.Ticker) market.Symbol {
			if known, ok := table.Get(ticker); ok {
				return known
			}
			return market.Symbol{Ticker: ticker, Class: market.ClassEquity, Decimals: 2}
		},
		Splits: func(ctx context.Context, ticker market.Ticker, from time.Time) ([]market.Split, error) {
			found, err := source.Splits(ctx, ticker, from)
			var out []market.Split
			for _, split := range found {
				out = append(out, market.Split{Old: split.Denominator, New: split.Numerator, Day: split.Time.Truncate(24 * time.Hour)})
			}
			return out, err
		},
		Log: log,
	})
	s.Checker = &alerts.Checker{
		Store: s.shelf, Source: alerts.NewChain(alerts.ChainOptions{Sources: []alerts.QuoteSource{source}, Now: clock}),
		Planner: all{}, Guard: gate, Book: alerts.NewBook(), View: trail, Bars: source, Now: clock, Log: log,
		Told: func(_ context.Context, standings []alerts.Standing) {
			for _, standing := range standings {
				trail.Note(standing)
			}
		},
		Rescaled: func(_ context.Context, ticker market.Ticker, split market.Split) { trail.Rescale(ticker, split) },
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for id := range kept.rules {
		s.Book.Put(kept.record(id))
	}
	return s
}

// answer speaks as Yahoo does.
func (s *station) answer(w http.ResponseWriter, r *http.Request) {
	if isSpark(r) {
		out := map[string]any{}
		for symbol := range strings.SplitSeq(r.URL.Query().Get("symbols"), ",") {
			if p, ok := s.says[market.Ticker(symbol)]; ok {
				out[symbol] = map[string]any{
					"symbol": symbol, "timestamp": []int64{p.at.Unix()}, "close": []float64{p.price}, "chartPreviousClose": p.previous,
				}
			}
		}
		_ = json.NewEncoder(w).Encode(out)
		return
	}
	symbol := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	p := s.says[market.Ticker(symbol)]
	events := ""
	if s.bars != "" && r.URL.Query().Get("period1") != "" {
		events = s.bars
	}
	if s.splits != "" && r.URL.Query().Get("events") != "" {
		events = `,"events":{"splits":` + s.splits + `}`
	}
	meta, _ := json.Marshal(map[string]any{
		"symbol": symbol, "regularMarketPrice": p.price, "regularMarketTime": p.at.Unix(), "chartPreviousClose": p.previous, "priceHint": 2,
	})
	_, _ = fmt.Fprintf(w, `{"chart":{"result":[{"meta":%s%s}],"error":null}}`, meta, events)
}

// rule makes a rule of one condition.
func (s *station) rule(c alerts.Condition, repeat alerts.Repeat) alerts.RuleID {
	id := alerts.RuleID(len(s.shelf.rules) + 1)
	s.shelf.rules[id] = alerts.Rule{ID: id, Revision: 1, Conditions: []alerts.Condition{c}, Repeat: repeat}
	s.Book.Put(s.shelf.record(id))
	return id
}

// check reads everything at a time.
func (s *station) check(t *testing.T, at time.Time) {
	t.Helper()
	s.now = at
	if _, err := s.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// fired returns which rules fired, and when, without the hour.
func (s *station) fired() []string {
	var out []string
	for _, e := range s.shelf.events {
		if e.Kind == alerts.EventFired {
			out = append(out, fmt.Sprintf("rule %d on %s", e.Firing.Rule.ID, e.At.Format(time.DateOnly)))
		}
	}
	return out
}

func testdata(t *testing.T, parts ...string) []byte {
	t.Helper()
	folder := os.Getenv("BELLWETHER_TESTDATA")
	if folder == "" {
		t.Skip("BELLWETHER_TESTDATA is not set: recorded prices are not checked")
	}
	data, err := os.ReadFile(filepath.Join(append([]string{folder}, parts...)...))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// session is one row of a recorded series.
type session struct {
	day                    time.Time
	open, high, low, close float64
}

func recorded(t *testing.T, name string) []session {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(string(testdata(t, "prices", "faults", name)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []session
	for _, row := range rows[1:] {
		day, err := time.Parse(time.DateOnly, row[0][:10])
		if err != nil {
			t.Fatal(err)
		}
		var v [4]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(row[i+1], 64); err != nil {
				t.Fatal(err)
			}
		}
		out = append(out, session{day, v[0], v[1], v[2], v[3]})
	}
	slices.SortFunc(out, func(a, b session) int { return a.day.Compare(b.day) })
	return out
}

// play runs a series through everything, each price read twice, and returns
// what fired.
func play(t *testing.T, ticker market.Ticker, series []session) *station {
	t.Helper()
	s := newStation(t, series[0].day)
	first := math.Round(series[0].open*100) / 100
	level := func(factor float64) market.Price {
		return market.MustPrice(strconv.FormatFloat(first*factor, 'f', 4, 64))
	}
	for _, factor := range []float64{0.5, 0.8, 0.9, 0.95, 1.05, 1.1, 1.5, 5} {
		s.rule(alerts.Condition{Kind: alerts.CrossesAbove, Ticker: ticker, Level: level(factor)}, alerts.EveryTime)
		s.rule(alerts.Condition{Kind: alerts.CrossesBelow, Ticker: ticker, Level: level(factor)}, alerts.EveryTime)
	}
	for _, percent := range []string{"5", "15", "40"} {
		for _, window := range []time.Duration{0, 24 * time.Hour, 7 * 24 * time.Hour} {
			s.rule(alerts.Condition{Kind: alerts.MovesPercent, Ticker: ticker, Change: market.MustPrice(percent), Window: window}, alerts.EveryTime)
		}
	}
	previous := 0.0
	for _, day := range series {
		at := day.day.Add(9 * time.Hour)
		for _, price := range []float64{day.open, day.low, day.high, day.close} {
			for range 2 {
				at = at.Add(30 * time.Minute)
				s.says[ticker] = print{price, previous, at}
				s.check(t, at.Add(time.Minute))
			}
		}
		previous = day.close
	}
	return s
}

func TestRecordedFaultsGiveNoFalseAlert(t *testing.T) {
	for ticker, name := range map[market.Ticker]string{"AET.L": "AET-L-1d-100x-error", "MOB.ST": "MOB-ST-1d-bad-stock-split"} {
		t.Run(name, func(t *testing.T) {
			wrong, right := recorded(t, name+".csv"), recorded(t, name+"-fixed.csv")
			// What happened on a day of wrong prices cannot be seen, and the day
			// after begins elsewhere.
			blind := map[string]bool{}
			for i := range right {
				for j := i; j <= i+1 && j < len(right); j++ {
					if math.Abs(wrong[i].close/right[i].close-1) > 0.2 {
						blind[right[j].day.Format(time.DateOnly)] = true
					}
				}
			}
			faulty, fixed := play(t, ticker, wrong), play(t, ticker, right)
			for _, f := range faulty.fired() {
				if !slices.Contains(fixed.fired(), f) {
					t.Errorf("false alert: %s", f)
				}
			}
			for _, f := range fixed.fired() {
				if !slices.Contains(faulty.fired(), f) && !blind[f[len(f)-len(time.DateOnly):]] {
					t.Errorf("missed alert: %s", f)
				}
			}
			t.Logf("%d alerts", len(fixed.fired()))
		})
	}
}

func TestMarketStripFiresNothingAndPricesStillWork(t *testing.T) {
	var strip struct {
		Quotes []struct{ Symbol, Price, Change string }
	}
	if err := json.Unmarshal(testdata(t, "market-strip.json"), &strip); err != nil {
		t.Fatal(err)
	}
	start := time.Date(2024, 7, 2, 20, 0, 0, 0, time.UTC)
	s := newStation(t, start)
	for _, q := range strip.Quotes {
		price, _ := strconv.ParseFloat(q.Price, 64)
		change, _ := strconv.ParseFloat(q.Change, 64)
		s.says[market.Ticker(q.Symbol)] = print{price, price - change, start}
		s.rule(alerts.Condition{Kind: alerts.MovesPercent, Ticker: market.Ticker(q.Symbol), Change: market.MustPrice("3")}, alerts.Once)
	}
	jakarta := s.says["^JKSE"]
	s.rule(alerts.Condition{
		Kind: alerts.CrossesAbove, Ticker: "^JKSE", Level: market.MustPrice(strconv.FormatFloat(jakarta.price+10, 'f', 2, 64)),
	}, alerts.Once)
	for minute := range 10 {
		for ticker, p := range s.says {
			p.at = start.Add(time.Duration(minute) * time.Minute)
			s.says[ticker] = p
		}
		s.check(t, start.Add(time.Duration(minute)*time.Minute+time.Second))
	}
	if got := s.fired(); len(got) != 0 {
		t.Fatalf("false alerts: %v", got)
	}
	jakarta.price += 20
	jakarta.at = start.Add(20 * time.Minute)
	s.says["^JKSE"] = jakarta
	s.check(t, start.Add(21*time.Minute))
	if got := s.fired(); len(got) != 1 {
		t.Errorf("Jakarta's price rule: fired %v", got)
	}
}

func TestCrashesAlertAfterAtMostOneMoreRead(t *testing.T) {
	start := time.Date(2024, 8, 5, 1, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		ticker        market.Ticker
		before, after float64
	}{
		"an index falls 12 %": {"^N225", 35909.70, 31458.42},
		"an index falls 13 %": {"^HSI", 22849.81, 19828.30},
		"a share falls 22 %":  {"META", 323.00, 251.90},
		"a share rises 20 %":  {"META", 394.78, 474.99},
		"oil falls 25 %":      {"CL=F", 41.28, 31.00},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStation(t, start)
			middle := market.MustPrice(strconv.FormatFloat((test.before+test.after)/2, 'f', 2, 64))
			rules := []alerts.RuleID{
				s.rule(alerts.Condition{Kind: alerts.Crosses, Ticker: test.ticker, Level: middle}, alerts.Once),
				s.rule(alerts.Condition{Kind: alerts.MovesPercent, Ticker: test.ticker, Change: market.MustPrice("10")}, alerts.Once),
			}
			at := start
			say := func(price float64) {
				at = at.Add(time.Minute)
				s.says[test.ticker] = print{price, test.before, at}
				s.check(t, at.Add(time.Second))
			}
			for i := range 20 {
				say(test.before * (1 + 0.0001*float64(i%3)))
			}
			at = at.Add(17 * time.Hour) // the next opening
			say(test.after)
			say(test.after * 1.001)
			if got := s.fired(); len(got) != len(rules) {
				t.Errorf("fired %v after one confirming read", got)
			}
		})
	}
}

func TestSplitThatYahooTellsOfHoldsTheRule(t *testing.T) {
	start := time.Date(2020, 8, 28, 14, 0, 0, 0, time.UTC)
	s := newStation(t, start)
	id := s.rule(alerts.Condition{Kind: alerts.CrossesBelow, Ticker: "AAPL", Level: market.MustPrice("400")}, alerts.Once)
	s.rule(alerts.Condition{Kind: alerts.MovesPercent, Ticker: "AAPL", Change: market.MustPrice("10")}, alerts.Once)
	s.rule(alerts.Condition{Kind: alerts.MovesPercent, Ticker: "AAPL", Change: market.MustPrice("10"), Window: 7 * 24 * time.Hour}, alerts.Once)
	s.splits = `{"1598880600":{"date":1598880600,"numerator":4,"denominator":1,"splitRatio":"4:1"}}`
	for i, p := range []print{{price: 500.04, previous: 500.04}, {price: 499.23, previous: 500.04}} {
		p.at = start.Add(time.Duration(i) * time.Hour)
		s.says["AAPL"] = p
		s.check(t, p.at.Add(time.Minute))
	}
	opening := time.Date(2020, 8, 31, 13, 30, 0, 0, time.UTC)
	for i, price := range []float64{127.58, 128.1, 129.04} {
		at := opening.Add(time.Duration(i) * 5 * time.Minute)
		s.says["AAPL"] = print{price, 124.81, at}
		s.check(t, at.Add(time.Minute))
	}
	if got := s.fired(); len(got) != 0 {
		t.Errorf("false alerts: %v", got)
	}
	if len(s.shelf.events) != 1 || s.shelf.events[0].Kind != alerts.EventHeld || s.shelf.events[0].Split.New != 4 {
		t.Fatalf("events %+v", s.shelf.events)
	}
	scaled, ok := s.shelf.rules[id].Scaled("AAPL", *s.shelf.events[0].Split)
	if !ok || scaled.Conditions[0].Level != market.MustPrice("100") {
		t.Errorf("proposed %+v", scaled.Conditions)
	}
}

// catchUp looks at what one symbol missed, the only one that waits.
func (s *station) catchUp(t *testing.T) {
	t.Helper()
	if _, more, err := s.CatchUp(t.Context()); more || err != nil {
		t.Fatal(more, err)
	}
}

func TestOutageIsToldFromYahoosBars(t *testing.T) {
	start := time.Date(2026, 3, 4, 2, 0, 0, 0, time.UTC)
	s := newStation(t, start)
	s.rule(alerts.Condition{Kind: alerts.CrossesAbove, Ticker: "BTC-USD", Level: market.MustPrice("70000")}, alerts.Once)
	s.rule(alerts.Condition{Kind: alerts.CrossesAbove, Ticker: "ETH-USD", Level: market.MustPrice("4000")}, alerts.Once)
	s.says["BTC-USD"] = print{69700, 69000, start}
	s.says["ETH-USD"] = print{3900, 3900, start}
	s.check(t, start.Add(time.Second))

	back := start.Add(2 * time.Hour)
	again := openStation(t, back, s.shelf)
	again.Outage = 10 * time.Minute
	crossed := start.Add(70 * time.Minute)
	again.bars = fmt.Sprintf(`,"timestamp":[%d,%d,%d],"indicators":{"quote":[{"open":[69750,69900,70100],"high":[69950,70300,70200],
		"low":[69700,69850,69790],"close":[69900,70150,69800]}]}`, crossed.Add(-5*time.Minute).Unix(), crossed.Unix(), crossed.Add(5*time.Minute).Unix())
	again.says["BTC-USD"] = print{69800, 69000, back}
	again.check(t, back.Add(time.Second))
	again.catchUp(t)
	again.bars = ""
	again.says["ETH-USD"] = print{3890, 3900, back}
	again.check(t, back.Add(time.Minute))
	again.catchUp(t)

	if got := again.fired(); len(got) != 1 {
		t.Fatalf("fired %v", got)
	}
	f := s.shelf.events[0].Firing
	if !f.Missed || f.To.Time.Before(crossed) || f.To.Time.After(crossed.Add(5*time.Minute)) || f.To.Price != market.MustPrice("70300") {
		t.Errorf("firing %+v", f)
	}
	if got := s.shelf.standings["BTC-USD"].Quote.Price; got != market.MustPrice("69800") {
		t.Errorf("now %s", got)
	}
	last := s.shelf.events[len(s.shelf.events)-1]
	if last.Notice == nil || last.Notice.Kind != alerts.NoticeUnseen || !slices.Equal(last.Notice.Tickers, []market.Ticker{"ETH-USD"}) || last.Topic.ID != 2 {
		t.Errorf("what could not be seen was not told: %+v", last)
	}
}
