package replay_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/replay"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

var (
	_ alerts.QuoteSource = (*replay.Market)(nil)
	_ alerts.BarSource   = (*replay.Market)(nil)
	_ alerts.QuoteSource = (*replay.Recording)(nil)
)

var start = time.Date(2026, 3, 4, 9, 30, 0, 0, time.UTC) //nolint:gochecknoglobals // Read only; Go has no constants of this kind.

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

var all = []market.Ticker{ //nolint:gochecknoglobals // Read only; Go has no constants of this kind.
	"^STI", "^GSPC", "^DJI", "^IXIC", "BTC-USD", "^CMC200", "^FTSE", "GC=F", "CL=F", "^TNX", "^N225", "^HSI", "^KLSE",
	"^JKSE", "PSEI.PS", "D05.SI", "AAPL", "NVDA",
}

func at(t *testing.T, m *replay.Market, ticker market.Ticker, d time.Duration) market.Price {
	t.Helper()
	p, ok := m.Price(ticker, start.Add(d))
	if !ok {
		t.Fatalf("%s is not in the market", ticker)
	}
	return p
}

func TestMarketStartsAtKnownValues(t *testing.T) {
	c := &clock{start}
	m := replay.New(replay.Options{Seed: 7, Start: start, Now: c.now})
	quotes, err := m.Quotes(t.Context(), append(slices.Clone(all), "NOPE"))
	if err != nil || len(quotes) != len(all) {
		t.Fatalf("%d quotes, %v; want %d", len(quotes), err, len(all))
	}
	want := map[market.Ticker][2]string{
		"^STI": {"3367.90", "3338.57"}, "BTC-USD": {"61955.88", "62777.45"}, "^TNX": {"4.4360", "4.479"},
		"^JKSE": {"7125.14", "14264.77"}, "NVDA": {"122.67", "124.30"},
	}
	for _, q := range quotes {
		if w, ok := want[q.Ticker]; ok && (q.Price != market.MustPrice(w[0]) || q.PreviousClose != market.MustPrice(w[1])) {
			t.Errorf("%s: %s, previous close %s; want %v", q.Ticker, q.Price, q.PreviousClose, w)
		}
		if q.Source != "replay" || !q.Time.Equal(start) || q.Unit == "" {
			t.Errorf("%s: %+v", q.Ticker, q)
		}
	}
}

func TestFirstMinuteAtAnySeed(t *testing.T) {
	level, jump := market.MustPrice("62000"), market.MustPrice("130.52")
	for seed := range uint64(200) {
		m := replay.New(replay.Options{Seed: seed, Start: start, Now: time.Now})
		for d := time.Duration(0); d <= time.Minute; d += 500 * time.Millisecond {
			btc, nvda := at(t, m, "BTC-USD", d), at(t, m, "NVDA", d)
			if d <= 8*time.Second && !btc.Less(level) || d >= 30*time.Second && btc.Less(level) {
				t.Fatalf("seed %d: BTC-USD %s after %s", seed, btc, d)
			}
			if d <= 25*time.Second && !nvda.Less(jump) || d >= 55*time.Second && nvda.Less(jump) {
				t.Fatalf("seed %d: NVDA %s after %s", seed, nvda, d)
			}
			for _, ticker := range all {
				move := at(t, m, ticker, d).ChangePercent(at(t, m, ticker, 0))
				if move.Sign() < 0 {
					move = move.Neg()
				}
				if ticker != "NVDA" && market.MustPrice("1").Less(move) {
					t.Fatalf("seed %d: %s moved %s %% after %s", seed, ticker, move, d)
				}
			}
		}
	}
}

func TestMarketStaysPlausible(t *testing.T) {
	m := replay.New(replay.Options{Seed: 3, Start: start, Now: time.Now})
	for _, ticker := range all {
		last := at(t, m, ticker, 0)
		moved := 0
		for d := 5 * time.Second; d < 12*time.Hour; d += 5 * time.Second {
			p := at(t, m, ticker, d)
			if p.Sign() <= 0 {
				t.Fatalf("%s: %s after %s", ticker, p, d)
			}
			move := p.ChangePercent(last)
			if limit := market.MustPrice("2"); limit.Less(move) || move.Less(limit.Neg()) {
				t.Fatalf("%s: a step of %s %% after %s", ticker, move, d)
			}
			if p != last {
				moved++
			}
			last = p
		}
		if moved < 1000 {
			t.Errorf("%s moved only %d times", ticker, moved)
		}
	}
}

func TestSeedAndSpeed(t *testing.T) {
	a := replay.New(replay.Options{Seed: 1, Start: start, Now: time.Now})
	same := replay.New(replay.Options{Seed: 1, Start: start, Now: time.Now})
	other := replay.New(replay.Options{Seed: 2, Start: start, Now: time.Now})
	fast := replay.New(replay.Options{Seed: 1, Start: start, Now: time.Now, Speed: 4})
	d := 20 * time.Minute
	if at(t, a, "^STI", d) != at(t, same, "^STI", d) {
		t.Error("the same seed gave another market")
	}
	if at(t, a, "^STI", d) == at(t, other, "^STI", d) {
		t.Error("another seed gave the same market")
	}
	if at(t, a, "^STI", d) != at(t, fast, "^STI", d/4) {
		t.Error("a speed of 4 does not get there in a quarter of the time")
	}
}

func TestBarsJoinTheQuotes(t *testing.T) {
	c := &clock{start.Add(40 * time.Minute)}
	m := replay.New(replay.Options{Seed: 5, Start: start, Now: c.now})
	quotes, _ := m.Quotes(t.Context(), []market.Ticker{"AAPL"})
	days, err := m.Bars(t.Context(), "AAPL", 24*time.Hour, start.AddDate(0, -1, 0))
	if err != nil || len(days) < 28 {
		t.Fatalf("%d daily bars, %v", len(days), err)
	}
	if got := days[len(days)-2].Close; got != market.MustPrice("216.75") {
		t.Errorf("yesterday closed at %s, want the previous close", got)
	}
	if got := days[len(days)-1].Close; got != quotes[0].Price {
		t.Errorf("today's bar closes at %s, the quote is %s", got, quotes[0].Price)
	}
	minutes, err := m.Bars(t.Context(), "AAPL", time.Minute, start.Add(-24*time.Hour))
	if err != nil || len(minutes) < 1440 {
		t.Fatalf("%d bars of a minute, %v", len(minutes), err)
	}
	for i, b := range minutes {
		if b.High.Less(b.Open) || b.High.Less(b.Close) || b.Open.Less(b.Low) || b.Close.Less(b.Low) {
			t.Fatalf("bar %d is not ordered: %+v", i, b)
		}
		if i > 0 && b.Open != minutes[i-1].Close {
			t.Fatalf("bar %d opens at %s, the one before closed at %s", i, b.Open, minutes[i-1].Close)
		}
	}
	if many, _ := m.Bars(t.Context(), "AAPL", time.Minute, time.Time{}); len(many) != 5000 {
		t.Errorf("%d bars, want at most 5000", len(many))
	}
	if none, err := m.Bars(t.Context(), "NOPE", time.Minute, start); err != nil || none != nil {
		t.Errorf("bars of an unknown symbol: %v, %v", none, err)
	}
}

func TestNextDayHasItsOwnPreviousClose(t *testing.T) {
	c := &clock{start.Add(24 * time.Hour)}
	m := replay.New(replay.Options{Seed: 5, Start: start, Now: c.now})
	quotes, _ := m.Quotes(t.Context(), []market.Ticker{"AAPL", "^JKSE"})
	midnight, _ := m.Price("AAPL", c.at.Truncate(24*time.Hour))
	if quotes[0].PreviousClose != midnight {
		t.Errorf("previous close %s, want midnight's price %s", quotes[0].PreviousClose, midnight)
	}
	if quotes[1].PreviousClose != market.MustPrice("14264.77") {
		t.Errorf("Jakarta's fault went away: %s", quotes[1].PreviousClose)
	}
}

func TestRecordingPlaysWhatWasKnown(t *testing.T) {
	quotes, err := replay.ReadRecording(strings.NewReader(`
{"symbol":"^STI","price":"3367.90","previous_close":3338.57,"time":"2024-07-02T09:00:00Z","unit":"points"}
{"symbol":"^STI","price":3370.10,"time":"2024-07-02T09:05:00Z","source":"yahoo","delay_seconds":60}
`))
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{start.Add(-time.Second)}
	r := replay.NewRecording(quotes, start, c.now)
	for _, step := range []struct {
		at   time.Duration
		want string
	}{{-time.Second, ""}, {0, "3367.9"}, {5*time.Minute + 59*time.Second, "3367.9"}, {6 * time.Minute, "3370.1"}} {
		c.at = start.Add(step.at)
		got, err := r.Quotes(t.Context(), []market.Ticker{"^STI", "NOPE"})
		if err != nil {
			t.Fatal(err)
		}
		price := ""
		if len(got) == 1 {
			price = got[0].Price.String()
		}
		if price != step.want {
			t.Errorf("after %s: %q, want %q", step.at, price, step.want)
		}
	}
}

func TestReadRecordingRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"not JSON":     "<html>",
		"unknown key":  `{"symbol":"A","price":1,"time":"2024-07-02T09:00:00Z","prize":2}`,
		"no time":      `{"symbol":"A","price":1}`,
		"no price":     `{"symbol":"A","time":"2024-07-02T09:00:00Z"}`,
		"endless line": strings.Repeat("x", 100<<10),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := replay.ReadRecording(strings.NewReader(text)); err == nil {
				t.Errorf("read %v", got)
			}
		})
	}
}
