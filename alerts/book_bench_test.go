package alerts_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// The scale that the book is built for.
const (
	manyRules   = 1_000_000
	manySymbols = 5_000
)

func manyTicker(i int) market.Ticker { return market.Ticker("S" + strconv.Itoa(i)) }

// cents makes a price of hundredths.
func cents(v int64) market.Price {
	p, err := market.NewPrice(v, 2)
	if err != nil {
		panic(err)
	}
	return p
}

// manyRecords makes simple rules with levels from 50 to 150, spread over symbols.
func manyRecords(rules, symbols int) []alerts.Record {
	rng := rand.New(rand.NewPCG(13, 14))
	out := make([]alerts.Record, rules)
	for i := range out {
		kind := alerts.CrossesAbove
		if i%2 == 0 {
			kind = alerts.CrossesBelow
		}
		ticker := manyTicker(i % symbols)
		out[i] = alerts.Record{
			Rule: alerts.Rule{ID: alerts.RuleID(i + 1), Revision: 1, Conditions: []alerts.Condition{
				{Kind: kind, Ticker: ticker, Level: cents(5000 + rng.Int64N(10000))},
			}},
			Tickers: []market.Ticker{ticker},
		}
	}
	return out
}

// bareIndex is the least that finds crossed levels: for each symbol two sorted
// lists of levels in hundredths, searched by halves.
type bareIndex map[market.Ticker]*bareLists

type bareLists struct{ up, down []bareLevel }

type bareLevel struct {
	level int64
	rule  alerts.RuleID
}

func newBareIndex(records []alerts.Record) bareIndex {
	index := bareIndex{}
	for _, r := range records {
		c := r.Rule.Conditions[0]
		lists := index[c.Ticker]
		if lists == nil {
			lists = &bareLists{}
			index[c.Ticker] = lists
		}
		units, _ := c.Level.Units(2)
		if c.Kind == alerts.CrossesAbove {
			lists.up = append(lists.up, bareLevel{units, r.Rule.ID})
		} else {
			lists.down = append(lists.down, bareLevel{units, r.Rule.ID})
		}
	}
	for _, lists := range index {
		for _, l := range [][]bareLevel{lists.up, lists.down} {
			slices.SortFunc(l, func(a, b bareLevel) int { return int(a.level - b.level) })
		}
	}
	return index
}

func (b bareIndex) touched(out []alerts.RuleID, ticker market.Ticker, from, to market.Price) []alerts.RuleID {
	lists := b[ticker]
	if lists == nil {
		return out
	}
	a, _ := from.Units(2)
	z, _ := to.Units(2)
	if a < z {
		i := sort.Search(len(lists.up), func(i int) bool { return lists.up[i].level > a })
		for ; i < len(lists.up) && lists.up[i].level <= z; i++ {
			out = append(out, lists.up[i].rule)
		}
		return out
	}
	i := sort.Search(len(lists.down), func(i int) bool { return lists.down[i].level >= z })
	for ; i < len(lists.down) && lists.down[i].level < a; i++ {
		out = append(out, lists.down[i].rule)
	}
	return out
}

// step is a symbol's move from one price to the next.
type step struct {
	ticker   market.Ticker
	from, to market.Price
}

func manySteps(n, symbols int) []step {
	rng := rand.New(rand.NewPCG(15, 16))
	out := make([]step, n)
	for i := range out {
		from := 6000 + rng.Int64N(8000)
		out[i] = step{manyTicker(i % symbols), cents(from), cents(from + rng.Int64N(201) - 100)}
	}
	return out
}

func fullBook(records []alerts.Record) *alerts.Book {
	book := alerts.NewBook()
	book.Put(records...)
	return book
}

// compare runs two ways of doing the same in turns and reports the fastest of
// each and their ratio, which says more on a busy machine than two averages.
func compare(b *testing.B, bare, book func()) {
	best := [2]time.Duration{1 << 60, 1 << 60}
	for b.Loop() {
		for i, do := range []func(){bare, book} {
			start := time.Now()
			do()
			best[i] = min(best[i], time.Since(start))
		}
	}
	b.ReportMetric(float64(best[0].Nanoseconds()), "bare-ns")
	b.ReportMetric(float64(best[1].Nanoseconds()), "book-ns")
	b.ReportMetric(float64(best[1])/float64(best[0]), "book/bare")
}

// BenchmarkSnapshot takes one quote of each of 5,000 symbols.
func BenchmarkSnapshot(b *testing.B) {
	records := manyRecords(manyRules, manySymbols)
	index, book := newBareIndex(records), fullBook(records)
	steps := manySteps(manySymbols, manySymbols)
	snapshot := make([]alerts.Step, len(steps))
	for i := range steps {
		snapshot[i] = alerts.Step{Ticker: steps[i].ticker, From: &steps[i].from, To: steps[i].to}
	}
	var one []alerts.RuleID
	bare, indexed := 0, 0
	compare(b, func() {
		for i := range snapshot {
			s := &snapshot[i]
			one = index.touched(one[:0], s.Ticker, *s.From, s.To)
			bare += len(one)
		}
	}, func() {
		book.EachTouched(snapshot, func(_ int, rules []alerts.RuleID) { indexed += len(rules) })
	})
	if bare != indexed {
		b.Fatalf("the bare index found %d rules, the book %d", bare, indexed)
	}
}

// BenchmarkOneQuote takes quotes of one symbol, 64 for each measurement.
func BenchmarkOneQuote(b *testing.B) {
	records := manyRecords(manyRules, manySymbols)
	index, book := newBareIndex(records), fullBook(records)
	steps := manySteps(64, 1)
	var one, two []alerts.RuleID
	compare(b, func() {
		for _, s := range steps {
			one = index.touched(one[:0], s.ticker, s.from, s.to)
		}
	}, func() {
		for _, s := range steps {
			two = book.Touched(two[:0], s.ticker, &s.from, s.to)
		}
	})
}

func BenchmarkLoadAMillion(b *testing.B) {
	records := manyRecords(manyRules, manySymbols)
	for b.Loop() {
		fullBook(records)
	}
}

func BenchmarkChange(b *testing.B) {
	records := manyRecords(manyRules, manySymbols)
	book := fullBook(records)
	rng := rand.New(rand.NewPCG(17, 18))
	for b.Loop() {
		r := records[rng.IntN(len(records))]
		r.Rule.Conditions = slices.Clone(r.Rule.Conditions)
		r.Rule.Conditions[0].Level = cents(5000 + rng.Int64N(10000))
		book.Put(r)
	}
}

// BenchmarkChangeOfAPopularSymbol changes one of 100,000 rules of one symbol.
func BenchmarkChangeOfAPopularSymbol(b *testing.B) {
	records := manyRecords(100_000, 1)
	book := fullBook(records)
	rng := rand.New(rand.NewPCG(17, 18))
	for b.Loop() {
		r := records[rng.IntN(len(records))]
		r.Rule.Conditions = slices.Clone(r.Rule.Conditions)
		r.Rule.Conditions[0].Level = cents(5000 + rng.Int64N(10000))
		book.Put(r)
	}
}

func TestASimpleRuleTakesAtMost64Bytes(t *testing.T) {
	const rules, symbols = 200_000, 1000
	records := manyRecords(rules, symbols)
	before := heap()
	book := fullBook(records)
	after := heap()
	if book.Len() != rules {
		t.Fatalf("%d rules", book.Len())
	}
	if perRule := float64(after-before) / rules; perRule > 64 {
		t.Errorf("%.1f bytes a rule", perRule)
	} else {
		t.Logf("%.1f bytes a rule", perRule)
	}
	runtime.KeepAlive(records)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestTheBareIndexAgreesWithTheBook(t *testing.T) {
	records := manyRecords(20_000, 50)
	index, book := newBareIndex(records), fullBook(records)
	for _, s := range manySteps(2000, 50) {
		want := index.touched(nil, s.ticker, s.from, s.to)
		got := book.Touched(nil, s.ticker, &s.from, s.to)
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("%+v: %d rules, want %d", s, len(got), len(want))
		}
	}
}
