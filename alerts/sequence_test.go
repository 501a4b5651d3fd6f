package alerts_test

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// print is one thing that a source says, after a time.
type print struct {
	after  time.Duration // since the reading before
	price  string        // "" where the source leaves the symbol out
	close  string        // previous close; that of before where ""
	shift  time.Duration // of the price's time from the reading's
	still  bool          // the time is that of the print before
	unit   market.Unit
	cur    string
	repeat int           // how often it comes, each minute; 0 for once
	other  string        // what another source says, "" for nothing
	old    time.Duration // by how much that is older
}

// fires are the rules of a sequence, with the number of the reading at which each
// is true, from 1; 0 for never.
type fires map[string]int

// sequence is what one source says of one symbol, after 30 quiet readings.
type sequence struct {
	ticker string
	begin  string // when the quiet readings end, UTC
	start  string // the quiet price, and its previous close
	split  *market.Split
	say    []print
	fires  fires
	held   int // notices that something waits; any number where below 0
}

// readings are the prints, one for each time that they come.
func (s sequence) readings() []print {
	var out []print
	for _, p := range s.say {
		out = append(out, p)
		for i := 1; i < p.repeat; i++ {
			p.after = time.Minute
			out = append(out, p)
		}
	}
	return out
}

func sequences() map[string]sequence {
	const m, hr, day = time.Minute, time.Hour, 24 * time.Hour
	aapl := func(s sequence) sequence {
		s.ticker, s.begin, s.start = "AAPL", "2026-03-11 15:00", "220"
		return s
	}
	around := fires{"AAPL crosses 200": 0, "AAPL crosses 240": 0, "AAPL moves 8%": 0, "AAPL moves 5% in 1h": 0, "AAPL < 30": 0, "AAPL > 1000": 0, "AAPL new high 5d": 0}
	return map[string]sequence{
		"a hundred times, for days": aapl(sequence{say: []print{
			{after: m, price: "22000", repeat: 200}, {after: day, price: "22100"}, {after: day, price: "22050"}, {after: day, price: "22100"}, {after: m, price: "22150", repeat: 100}, {after: m, price: "221", repeat: 5},
		}, fires: around, held: 1}),
		"a hundredth, for days": aapl(sequence{say: []print{
			{after: m, price: "2.20", repeat: 200}, {after: day, price: "2.21"}, {after: day, price: "2.19"}, {after: day, price: "2.21"}, {after: m, price: "221", repeat: 5},
		}, fires: around, held: 1}),
		"a hundred times, while another source goes on": aapl(sequence{say: []print{
			{after: m, price: "22000", other: "220.1", repeat: 30}, {after: m, price: "17100", other: "171", repeat: 30}, {after: m, price: "171", repeat: 5},
		}, fires: fires{"AAPL < 180": 31, "AAPL falls 20%": 31, "AAPL < 30": 0, "AAPL > 1000": 0}}),
		"a hundred times, while another source is of yesterday": aapl(sequence{say: []print{{after: m, price: "22000", other: "220", old: day, repeat: 30}}, fires: around, held: 1}),
		"ten times twice, then back":                            aapl(sequence{say: []print{{after: m, price: "2201"}, {after: m, price: "2203"}, {after: m, price: "220.3", repeat: 5}}, fires: around, held: -1}),
		"ten times on and off": aapl(sequence{say: []print{
			{after: m, price: "2201"}, {after: m, price: "220.1"}, {after: m, price: "2203"}, {after: m, price: "2203"}, {after: m, price: "220.2"}, {after: m, price: "2200", repeat: 4}, {after: m, price: "220", repeat: 3},
		}, fires: around, held: -1}),
		"a spike that is gone": aapl(sequence{say: []print{{after: m, price: "330"}, {after: m, price: "220.2"}, {after: m, price: "140"}, {after: m, price: "220.1", repeat: 4}}, fires: around}),
		"the previous close is doubled, the price rises": aapl(sequence{say: []print{
			{after: m, price: "221", close: "440"}, {after: m, price: "228", close: "440"}, {after: m, price: "228.2", close: "440", repeat: 5},
		}, fires: fires{"AAPL moves 3%": 2, "AAPL falls 3%": 0, "AAPL moves 20%": 0, "AAPL crosses 225": 2}}),
		"the previous close is doubled, the price rises far": {ticker: "BTC-USD", begin: "2026-03-11 15:00", start: "60000", say: []print{
			{after: m, price: "60010", close: "120000", repeat: 5}, {after: m, price: "67200", close: "120000", repeat: 5}, {after: m, price: "67210", close: "60000", repeat: 5},
		}, fires: fires{"BTC-USD moves 8%": 6, "BTC-USD falls 20%": 0, "BTC-USD moves 30%": 0}},
		"a split that the source tells of": aapl(sequence{
			split: &market.Split{Old: 1, New: 2, Day: time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)},
			say:   []print{{after: day - time.Hour, price: "110.2", close: "110", repeat: 5}, {after: m, price: "113", close: "110"}, {after: m, price: "116.5", close: "110", repeat: 3}},
			fires: fires{"AAPL crosses 200": 0, "AAPL moves 8%": 0, "AAPL falls 5%": 0, "AAPL moves 5%": 7}, held: -1,
		}),
		"a split that nobody tells of": aapl(sequence{say: []print{{after: day - time.Hour, price: "110.2", close: "110", repeat: 5}}, fires: fires{"AAPL crosses 200": 1, "AAPL < 30": 0}}),
		"ten shares become one": aapl(sequence{
			split: &market.Split{Old: 10, New: 1, Day: time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)},
			say:   []print{{after: day - time.Hour, price: "2205", close: "2200", repeat: 5}},
			fires: fires{"AAPL crosses 400": 0, "AAPL moves 8%": 0, "AAPL moves 5% in 1h": 0}, held: -1,
		}),
		"an index falls by 12 %": {ticker: "^N225", begin: "2026-03-11 01:00", start: "39000", say: []print{{after: m, price: "34320", close: "39000"}, {after: m, price: "34300", repeat: 5}},
			fires: fires{"^N225 < 36000": 1, "^N225 falls 10%": 1, "^N225 falls 13%": 0, "^N225 > 40000": 0, "^N225 moves 8% in 1h": 1}},
		"a share falls by 22 %":     aapl(sequence{say: []print{{after: m, price: "171.6"}, {after: m, price: "171", repeat: 5}}, fires: fires{"AAPL < 180": 1, "AAPL falls 20%": 1, "AAPL < 150": 0, "AAPL moves 9% in 1h": 1, "AAPL > 230": 0}}),
		"a share rises by 20 %":     aapl(sequence{say: []print{{after: m, price: "264"}, {after: m, price: "263", repeat: 5}}, fires: fires{"AAPL > 250": 1, "AAPL rises 18%": 1, "AAPL > 270": 0, "AAPL < 200": 0}}),
		"it falls over the weekend": {ticker: "AAPL", begin: "2026-03-13 19:55", start: "220", say: []print{{after: 65*hr + 36*m, price: "205", close: "220"}, {after: m, price: "204.8", close: "220", repeat: 5}}, fires: fires{"AAPL < 210": 1, "AAPL falls 5%": 1, "AAPL gaps 5%": 1, "AAPL falls 9%": 0}},
		"clocks change over the weekend": {ticker: "AAPL", begin: "2026-10-30 19:55", start: "220", say: []print{
			{after: 66*hr + 36*m, price: "221", close: "220", repeat: 3}, {after: m, price: "227", close: "220", repeat: 3},
		}, fires: fires{"AAPL moves 3%": 4, "AAPL gaps 2%": 0, "AAPL moves 2% in 30m": 4}},
		"a yield goes below nought": {ticker: "^TNX", begin: "2026-03-11 15:00", start: "0.03", say: []print{{after: m, price: "0.01", close: "0.03"}, {after: m, price: "0", close: "0.03"}, {after: m, price: "-0.02", close: "0.03", repeat: 4}},
			fires: fires{"^TNX crosses 0": 2, "^TNX < -0.01": 3, "^TNX < -0.1": 0, "^TNX moves 4bp": 3}},
		"oil goes below nought": {ticker: "CL=F", begin: "2026-03-11 15:00", start: "3.2", say: []print{{after: m, price: "1.1"}, {after: m, price: "-2.5"}, {after: m, price: "-2.7", repeat: 5}},
			fires: fires{"CL=F < 0": 2, "CL=F < -10": 0, "CL=F > 5": 0}},
		"the next contract is dearer": {ticker: "CL=F", begin: "2026-03-11 20:50", start: "80", say: []print{{after: 2*hr + 10*m, price: "83.1", close: "83"}, {after: m, price: "83.2", close: "83", repeat: 5}},
			fires: fires{"CL=F moves 2%": 0, "CL=F moves 8%": 0}},
		"frozen, then true": {ticker: "BTC-USD", begin: "2026-03-11 15:00", start: "60000", say: []print{{after: m, price: "60000", still: true, repeat: 90}, {after: m, price: "62500", repeat: 5}},
			fires: fires{"BTC-USD > 62000": 91, "BTC-USD < 59000": 0, "BTC-USD moves 8% in 1h": 0}},
		"from the future, then true": {ticker: "BTC-USD", begin: "2026-03-11 15:00", start: "60000", say: []print{{after: m, price: "64000", shift: 8 * hr, repeat: 30}, {after: m, price: "60100", repeat: 3}, {after: m, price: "62500", repeat: 3}},
			fires: fires{"BTC-USD > 62000": 34, "BTC-USD > 63000": 0, "BTC-USD moves 5% in 1h": 0}},
		"older than the last": {ticker: "BTC-USD", begin: "2026-03-11 15:00", start: "60000", say: []print{{after: m, price: "64000", shift: -2 * hr, repeat: 10}, {after: m, price: "60100", repeat: 3}, {after: m, price: "62500", repeat: 3}},
			fires: fires{"BTC-USD > 62000": 14, "BTC-USD > 63000": 0}},
		"a move of the first hour that is looked at": {ticker: "BTC-USD", begin: "2026-03-11 15:00", start: "60000", say: []print{{after: m, price: "61000"}, {after: m, price: "62500"}, {after: m, price: "64000", repeat: 3}},
			fires: fires{"BTC-USD moves 3% in 1h": 2, "BTC-USD moves 6% in 4h": 3, "BTC-USD moves 8% in 1h": 0}},
		"its time stands still, its price does not": {ticker: "BTC-USD", begin: "2026-03-11 15:00", start: "60000", say: []print{{after: m, price: "60500", still: true, repeat: 5}, {after: m, price: "62500", still: true}, {after: m, price: "62510", still: true, repeat: 3}},
			fires: fires{"BTC-USD > 62000": 6, "BTC-USD > 63000": 0, "BTC-USD moves 3% in 1h": 6, "BTC-USD < 59500": 0}},
		"nought and nothing": aapl(sequence{say: []print{{after: m, price: "0", repeat: 5}, {after: m, price: "", repeat: 5}, {after: m, price: "-220", repeat: 3}, {after: m, price: "220.1", repeat: 3}}, fires: around}),
		"pounds for pence and back": {ticker: "BARC.L", begin: "2026-03-11 10:00", start: "350", say: []print{
			{after: m, price: "3.51", cur: "GBP", unit: market.UnitCurrency, repeat: 4}, {after: m, price: "351", cur: "GBP", unit: market.UnitPence, repeat: 4},
			{after: m, price: "3.52", cur: "GBP", unit: market.UnitPence, repeat: 30}, {after: m, price: "352", cur: "GBP", unit: market.UnitPence, repeat: 4},
		}, fires: fires{"BARC.L < 100": 0, "BARC.L moves 5%": 0, "BARC.L > 1000": 0, "BARC.L crosses 320": 0}, held: -1},
		"a wild price while the market is closed": {ticker: "AAPL", begin: "2026-03-11 19:55", start: "220", say: []print{{after: 5 * hr, price: "330"}, {after: hr, price: "220.2", repeat: 3}}, fires: around},
		"it comes back after a day of half":       aapl(sequence{say: []print{{after: m, price: "110"}, {after: m, price: "220.1"}, {after: m, price: "110"}, {after: m, price: "220.2", repeat: 5}}, fires: around}),
	}
}

// flatDays are the daily bars of the month before a time, as a source gives them.
func flatDays(ticker market.Ticker, before time.Time, at string) market.Line {
	line := market.Line{Ticker: ticker, Step: 24 * time.Hour}
	for i := 30; i > 0; i-- {
		day, p := before.Truncate(24*time.Hour).AddDate(0, 0, -i), price(at)
		line.Bars = append(line.Bars, market.Bar{Time: day, Open: p, High: p.Sub(tenth(p).Neg()), Low: p.Sub(tenth(p)), Close: p})
	}
	return line
}

func tenth(p market.Price) market.Price {
	return market.MustPrice(p.Decimal().Shift(-1).String())
}

// sole is a source that says one thing of one symbol.
type sole struct {
	name  string // "first" where empty
	quote market.Quote
	says  bool
}

func (s *sole) Name() string        { return cmp.Or(s.name, "first") }
func (s *sole) Terms() alerts.Terms { return alerts.Terms{} }
func (s *sole) Quotes(context.Context, []market.Ticker) ([]market.Quote, error) {
	if !s.says {
		return nil, nil
	}
	return []market.Quote{s.quote}, nil
}

func TestSequencesThatASourceMaySay(t *testing.T) {
	h := newTheatre(t)
	for name, s := range sequences() {
		t.Run(name, func(t *testing.T) {
			begin, err := time.Parse("2006-01-02 15:04", s.begin)
			if err != nil {
				t.Fatal(err)
			}
			symbol := h.hours.symbol(market.Ticker(s.ticker))
			store := newMemoryStore()
			ids := map[alerts.RuleID]string{}
			for text := range s.fires {
				draft, err := alerts.Parse(text, alerts.Env{Lookup: h.table.Lookup, Now: begin})
				if err != nil {
					t.Fatal(text, err)
				}
				draft.Rule.ID, draft.Rule.Revision = alerts.RuleID(len(ids)+1), 1
				store.rules[draft.Rule.ID], ids[draft.Rule.ID] = draft.Rule, text
			}
			now := begin.Add(-31 * time.Minute)
			clock := func() time.Time { return now }
			class := func(market.Ticker) (market.Class, bool) { return symbol.Class, true }
			source, second, pace := &sole{}, &sole{name: "second"}, &alerts.Pace{Class: class}
			chain := alerts.NewChain(alerts.ChainOptions{Sources: []alerts.QuoteSource{source, second}, Class: class, Now: clock, Pace: pace})
			trail := alerts.NewTrail(h.hours)
			o := alerts.GateOptions{Symbol: h.hours.symbol, Day: h.hours.day, Second: chain.SecondOpinion, Log: slog.New(slog.DiscardHandler)}
			if s.split != nil {
				o.Splits = func(context.Context, market.Ticker, time.Time) ([]market.Split, error) {
					return []market.Split{*s.split}, nil
				}
			}
			gate := alerts.NewGate(o)
			pace.Wrong = gate.Wrong
			c := &alerts.Checker{
				Store: store, Source: chain, Planner: everything{}, Guard: gate, Book: alerts.NewBook(), View: trail, Hours: h.hours,
				Now: clock, Log: slog.New(slog.DiscardHandler), Retracted: trail.Retract, Rescaled: func(_ context.Context, ticker market.Ticker, s market.Split) { trail.Rescale(ticker, s) },
				Told: func(_ context.Context, all []alerts.Standing) {
					for _, s := range all {
						trail.Note(s)
					}
				},
			}
			if err := c.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			c.Book.Put(store.all()...)
			last := market.Quote{Ticker: symbol.Ticker, Price: price(s.start), PreviousClose: price(s.start), Currency: symbol.Currency, Unit: symbol.Unit, Source: "first"}
			for range 30 {
				now = now.Add(time.Minute)
				last.Time, last.Received = now, now
				source.quote, source.says = last, true
				if _, err := c.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			trail.Days(flatDays(symbol.Ticker, begin, s.start))
			now = begin
			fired, seen := map[string]int{}, len(store.events)
			if seen > 0 {
				t.Fatalf("told in quiet: %+v", store.events)
			}
			for i, p := range s.readings() {
				now = now.Add(p.after)
				source.says = p.price != ""
				if source.says {
					last.Price, last.Received = price(p.price), now
					if !p.still {
						last.Time = now.Add(p.shift)
					}
					if p.close != "" {
						last.PreviousClose = price(p.close)
					}
					if p.cur != "" {
						last.Currency, last.Unit = p.cur, p.unit
					}
					source.quote = last
				}
				if second.says = p.other != ""; second.says {
					second.quote = last
					second.quote.Source, second.quote.Price, second.quote.Time = "second", price(p.other), now.Add(-p.old)
				}
				if _, err := c.Check(t.Context()); err != nil {
					t.Fatal(err)
				}
				for _, e := range store.events[seen:] {
					if e.Kind == alerts.EventFired {
						text := ids[e.Firing.Rule.ID]
						if fired[text] > 0 {
							t.Errorf("%q fired twice", text)
						}
						fired[text] = i + 1
					}
				}
				seen = len(store.events)
			}
			for text, at := range s.fires {
				switch got := fired[text]; {
				case at == 0 && got > 0:
					t.Errorf("%q is never true and fired at %d", text, got)
				case at > 0 && got == 0:
					t.Errorf("%q is true at %d and did not fire", text, at)
				case at > 0 && (got < at || got > at+1):
					t.Errorf("%q is true at %d and fired at %d", text, at, got)
				}
			}
			var kinds []string
			held := 0
			for _, e := range store.events {
				if e.Kind == alerts.EventHeld {
					held++
				}
				kinds = append(kinds, fmt.Sprint(e.Kind, " ", e.Key))
			}
			if s.held >= 0 && held != s.held {
				t.Errorf("%d notices, want %d: %s", held, s.held, strings.Join(kinds, ", "))
			}
		})
	}
}

func TestAFalseCloseOfANewSymbolIsReplacedForTheWholeSession(t *testing.T) {
	h := newTheatre(t)
	gate := alerts.NewGate(alerts.GateOptions{
		Symbol: h.hours.symbol, Day: h.hours.day, Log: slog.New(slog.DiscardHandler),
		Closed: func(market.Ticker, time.Time) market.Price { return price("7000") },
	})
	now := time.Date(2026, 3, 11, 3, 0, 0, 0, time.UTC)
	var last alerts.Standing
	for _, p := range []string{"7010", "7011", "7300", "7301", "7302", "7900", "7901", "7902"} {
		now = now.Add(time.Minute)
		q := market.Quote{Ticker: "^JKSE", Price: price(p), PreviousClose: price("14000"), Time: now, Received: now, Source: "first"}
		v := gate.Judge(last, q, "", now)
		if v.Base != price("7000") {
			t.Errorf("at %s the base is %s", p, v.Base)
		}
		if v.Accepted {
			last = alerts.Standing{Quote: q, Base: v.Base, BaseAt: v.BaseAt}
		}
	}
}
