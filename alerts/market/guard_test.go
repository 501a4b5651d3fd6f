package market_test

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts/market"
)

func start() time.Time { return time.Date(2024, 7, 1, 14, 0, 0, 0, time.UTC) }

// desk feeds quotes to the guard and keeps the record, as a checker does.
type desk struct {
	record market.Record
	symbol market.Symbol
	at     time.Time
	last   market.Verdict
}

func newDesk(class market.Class) *desk {
	return &desk{symbol: market.Symbol{Ticker: "X", Class: class}, at: start()}
}

func (d *desk) read(price, previous string, after time.Duration, with ...func(*market.Evidence)) market.Verdict {
	d.at = d.at.Add(after)
	q := market.Quote{Ticker: "X", Price: market.MustPrice(price), Time: d.at, Received: d.at, Source: "one"}
	if previous != "" {
		q.PreviousClose = market.MustPrice(previous)
	}
	e := market.Evidence{Symbol: d.symbol}
	for _, w := range with {
		w(&e)
	}
	d.record, d.last = market.Guard{}.Judge(d.record, q, e, d.at)
	return d.last
}

func (d *desk) quiet(price string, n int) *desk {
	for i := range n {
		p := market.MustPrice(price)
		wiggle, _ := market.PriceOf(p.Decimal().Mul(market.MustPrice([]string{"1", "1.0004", "0.9997"}[i%3]).Decimal()))
		d.read(wiggle.String(), "", time.Minute)
	}
	return d
}

func want(t *testing.T, v market.Verdict, outcome market.Outcome, reason market.Reason) {
	t.Helper()
	if v.Price.Outcome != outcome || v.Price.Reason != reason {
		t.Errorf("price: %v %q, want %v %q", v.Price.Outcome, v.Price.Reason, outcome, reason)
	}
}

func TestEmptyStoreDoubtsImplausiblePreviousCloses(t *testing.T) {
	for name, c := range map[string]struct {
		class           market.Class
		price, previous string
		base            string
	}{
		"plausible":                  {market.ClassIndex, "3367.90", "3338.57", "3338.57"},
		"Jakarta's is doubled":       {market.ClassIndex, "7125.14", "14264.77", "0"},
		"near nought":                {market.ClassIndex, "15.2", "0.01", "0"},
		"half":                       {market.ClassEquity, "100", "50.5", "0"},
		"tenfold":                    {market.ClassEquity, "100", "10.2", "0"},
		"hundredfold":                {market.ClassEquity, "0.1455", "14.55", "0"},
		"index beyond 12 percent":    {market.ClassIndex, "100", "114.5", "0"},
		"currency beyond 6 percent":  {market.ClassCurrency, "1.10", "1.00", "0"},
		"future within 20 percent":   {market.ClassFuture, "80", "95", "95"},
		"share beyond 40 percent":    {market.ClassEquity, "150", "100", "0"},
		"crypto within 50 percent":   {market.ClassCrypto, "60", "100", "100"},
		"yield beyond 60 basis pts":  {market.ClassYield, "4.4", "3.7", "0"},
		"yield within 60 basis pts":  {market.ClassYield, "4.4", "4.45", "4.45"},
		"yield near nought may jump": {market.ClassYield, "0.04", "0.02", "0.02"},
		"none given":                 {market.ClassIndex, "100", "0", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			v := newDesk(c.class).read(c.price, c.previous, 0)
			want(t, v, market.Accept, market.ReasonNone)
			if v.Base != market.MustPrice(c.base) {
				t.Errorf("base %v, want %v (%v)", v.Base, c.base, v.PreviousClose.Plain())
			}
		})
	}
}

func TestOwnCloseOutweighsTheSources(t *testing.T) {
	d := newDesk(market.ClassIndex).quiet("7132", 20)
	v := d.read("7125.14", "14264.77", 24*time.Hour)
	want(t, v, market.Accept, market.ReasonNone)
	if v.PreviousClose.Reason != market.ReasonOwnClose || v.Base.Float() < 7100 || v.Base.Float() > 7200 {
		t.Errorf("base %v (%v)", v.Base, v.PreviousClose)
	}
	if v = d.read("7126", "7133", time.Minute); v.Base != market.MustPrice("7133") {
		t.Errorf("an agreeing previous close is not taken: %v", v.Base)
	}
	if v = d.read("7126.5", "7000", 40*24*time.Hour); v.Base != market.MustPrice("7000") {
		t.Errorf("a close of forty days ago is still a base: %v", v.Base)
	}
}

func TestImpossibleQuotesAreRejected(t *testing.T) {
	for name, c := range map[string]struct {
		class  market.Class
		price  string
		shift  time.Duration
		reason market.Reason
	}{
		"zero":              {market.ClassIndex, "0", 0, market.ReasonZero},
		"future at zero":    {market.ClassFuture, "0.0", 0, market.ReasonZero},
		"negative share":    {market.ClassEquity, "-5", 0, market.ReasonNegative},
		"older":             {market.ClassIndex, "100", -30 * time.Minute, market.ReasonOlder},
		"in the future":     {market.ClassIndex, "100", time.Hour, market.ReasonFuture},
		"negative currency": {market.ClassCurrency, "-1", 0, market.ReasonNegative},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(c.class).quiet("100", 20)
			now := d.at.Add(time.Minute)
			record, v := market.Guard{}.Judge(d.record, market.Quote{Price: market.MustPrice(c.price), Time: now.Add(c.shift)},
				market.Evidence{Symbol: d.symbol}, now)
			want(t, v, market.Reject, c.reason)
			if record != d.record || v.Price.Plain() == "" {
				t.Error("a rejected quote is remembered or unexplained")
			}
		})
	}
}

func TestUnitErrorsLastUntilSomebodyElseDecides(t *testing.T) {
	for _, wrong := range []string{"14.5", "145", "14500", "0.145", "0.0145", "0.0001"} {
		d := newDesk(market.ClassEquity).quiet("1.45", 20)
		for day := range 9 {
			v := d.read(wrong, "1.45", 24*time.Hour)
			want(t, v, market.Hold, market.ReasonUnit)
			if v.FirstHeld != (day == 0) {
				t.Errorf("%s, day %d: first held %v", wrong, day, v.FirstHeld)
			}
		}
		v := d.read("1.47", "1.45", 24*time.Hour)
		want(t, v, market.Accept, market.ReasonNone)
		if v.Dropped.None() {
			t.Error("the held quote vanished in silence")
		}
	}
	second := func(e *market.Evidence) {
		e.Second = market.Quote{Price: market.MustPrice("146"), Time: start().Add(time.Hour), Source: "two"}
	}
	d := newDesk(market.ClassEquity).quiet("1.45", 20)
	d.read("145", "", time.Minute)
	v := d.read("145", "", time.Minute, second)
	want(t, v, market.Accept, market.ReasonConfirmed)
	if v.Confirms.None() {
		t.Error("what was confirmed is not told")
	}
	d = newDesk(market.ClassEquity).quiet("1.45", 20)
	d.read("145", "", time.Minute)
	want(t, d.read("145", "", time.Minute, func(e *market.Evidence) { e.Decision = market.Disbelieve }), market.Reject, market.ReasonOperator)
	want(t, d.read("145", "", time.Minute, func(e *market.Evidence) { e.Decision = market.Believe }), market.Accept, market.ReasonOperator)
}

func TestCrashesNeedOneConfirmingRead(t *testing.T) {
	for name, c := range map[string]struct {
		class                 market.Class
		before, first, second string
	}{
		"Nikkei -12.4":     {market.ClassIndex, "35909.7", "31458.42", "31400"},
		"Hang Seng -13.2":  {market.ClassIndex, "22849", "19828", "19900"},
		"share -22":        {market.ClassEquity, "250", "195", "197"},
		"share +20":        {market.ClassEquity, "579.8", "699.6", "698"},
		"share halves":     {market.ClassEquity, "100", "50", "51"},
		"share trebles":    {market.ClassEquity, "20", "60", "61"},
		"crypto -45":       {market.ClassCrypto, "8000", "4400", "4700"},
		"oil below nought": {market.ClassFuture, "10.01", "-13.1", "-37.63"},
		"yield +70 bp":     {market.ClassYield, "4.0", "4.7", "4.69"},
		"partly recovers":  {market.ClassIndex, "5000", "4400", "4700"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(c.class).quiet(c.before, 30)
			v := d.read(c.first, "", time.Minute)
			if v.Price.Outcome != market.Hold || !v.FirstHeld {
				t.Errorf("first read: %v", v.Price)
			}
			v = d.read(c.second, "", time.Minute)
			want(t, v, market.Accept, market.ReasonConfirmed)
			if v.Confirms.Price != market.MustPrice(c.first) {
				t.Errorf("confirms %v", v.Confirms)
			}
		})
	}
}

func TestSpikesThatReturnAreDropped(t *testing.T) {
	for _, spike := range []string{"104", "93", "115", "50", "200", "300"} {
		d := newDesk(market.ClassEquity).quiet("100", 30)
		if v := d.read(spike, "", time.Minute); v.Price.Outcome != market.Hold {
			t.Errorf("%s: %v", spike, v.Price)
		}
		if v := d.read("100.05", "", time.Minute); v.Price.Outcome != market.Accept || v.Dropped.Price != market.MustPrice(spike) {
			t.Errorf("return from %s: %+v", spike, v)
		}
	}
}

func TestSamePrintConfirmsOnlyAfterAWhile(t *testing.T) {
	d := newDesk(market.ClassIndex).quiet("100", 30)
	q := market.Quote{Price: market.MustPrice("88"), Time: d.at.Add(time.Minute)}
	e := market.Evidence{Symbol: d.symbol}
	r, v := market.Guard{}.Judge(d.record, q, e, q.Time)
	want(t, v, market.Hold, market.ReasonStep)
	r, v = market.Guard{}.Judge(r, q, e, q.Time.Add(time.Minute))
	want(t, v, market.Hold, market.ReasonStep)
	_, v = market.Guard{}.Judge(r, q, e, q.Time.Add(20*time.Minute))
	want(t, v, market.Accept, market.ReasonConfirmed)
}

func TestSplitIsHeldOnceAndRescales(t *testing.T) {
	split := func(e *market.Evidence) {
		e.Split = market.Split{Old: 1, New: 10, Day: start().Truncate(24 * time.Hour)}
	}
	d := newDesk(market.ClassEquity).quiet("1200", 30)
	v := d.read("121", "120", 24*time.Hour, split)
	want(t, v, market.Hold, market.ReasonSplit)
	if v.Split.Factor() != 0.1 {
		t.Errorf("factor %v", v.Split.Factor())
	}
	v = d.read("121.2", "120", time.Minute, split)
	want(t, v, market.Accept, market.ReasonNone)
	if v.Split.Factor() != 0 || v.Base != market.MustPrice("120") {
		t.Errorf("split %v told again, base %v", v.Split, v.Base)
	}
}

func TestSecondSourceHoldsWhatItContradicts(t *testing.T) {
	d := newDesk(market.ClassIndex).quiet("100", 30)
	against := func(e *market.Evidence) {
		e.Second = market.Quote{Price: market.MustPrice("100"), Time: d.at, Source: "two"}
	}
	for range 4 {
		if v := d.read("90", "", time.Minute, against); v.Price.Outcome != market.Hold {
			t.Fatalf("%+v", v.Price)
		}
	}
	want(t, d.read("90", "", time.Minute, against), market.Accept, market.ReasonConfirmed)
}

func TestFrozenFeedIsTold(t *testing.T) {
	d := newDesk(market.ClassIndex).quiet("100", 30)
	q := market.Quote{Price: d.record.Last.Price, Time: d.record.Last.Time}
	_, v := market.Guard{}.Judge(d.record, q, market.Evidence{Symbol: d.symbol, Open: true}, d.at.Add(time.Hour))
	if !v.Frozen || v.New {
		t.Errorf("%+v", v)
	}
	_, v = market.Guard{}.Judge(d.record, q, market.Evidence{Symbol: d.symbol}, d.at.Add(time.Hour))
	if v.Frozen {
		t.Error("frozen while closed")
	}
}

// Whatever was seen before, a level that stays and that a second source bears
// out is accepted at once, and without one, if no unit error, at the second read.
func TestNoQuoteAndItsConfirmationAreRejectedForEver(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	classes := []market.Class{market.ClassEquity, market.ClassETF, market.ClassIndex, market.ClassCurrency, market.ClassCrypto, market.ClassFuture, market.ClassYield}
	for range 5000 {
		d := newDesk(classes[random.IntN(len(classes))])
		for range random.IntN(40) {
			p, _ := market.NewPrice(1+random.Int64N(1_000_000), random.IntN(6))
			d.read(p.String(), "", time.Duration(1+random.IntN(5000))*time.Second)
		}
		p, _ := market.NewPrice(1+random.Int64N(1_000_000), random.IntN(6))
		first := d.read(p.String(), "", time.Minute)
		if first.Price.Outcome == market.Reject {
			t.Fatalf("rejected: %v", first.Price)
		}
		second := d.read(p.String(), "", time.Minute)
		if first.Price.Reason != market.ReasonUnit && second.Price.Outcome != market.Accept {
			t.Fatalf("not accepted at the second read: %v, %v", first.Price, second.Price)
		}
		third := d.read(p.String(), "", time.Minute, func(e *market.Evidence) {
			e.Second = market.Quote{Price: p, Time: d.at, Source: "two"}
		})
		if third.Price.Outcome != market.Accept {
			t.Fatalf("not accepted with a second source: %v", third.Price)
		}
	}
}

func recorded(t *testing.T, name string) (rows [][]string) {
	t.Helper()
	folder := os.Getenv("BELLWETHER_TESTDATA")
	if folder == "" {
		t.Skip("BELLWETHER_TESTDATA is not set: recorded prices are not judged")
	}
	f, err := os.Open(filepath.Join(folder, "prices", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err = csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	rows = rows[1:]
	if len(rows) > 1 && rows[0][0] > rows[1][0] {
		slices.Reverse(rows)
	}
	return rows
}

func closes(t *testing.T, rows [][]string, column int) (prices []string, times []time.Time) {
	t.Helper()
	for _, row := range rows {
		var at time.Time
		var err error
		for _, layout := range []string{"2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05", "2006-01-02", "1/2/2006 15:04"} {
			if at, err = time.Parse(layout, row[0]); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		prices, times = append(prices, row[column]), append(times, at.UTC())
	}
	return prices, times
}

func TestRecordedUnitErrorIsNeverAccepted(t *testing.T) {
	for _, name := range []string{"faults/AET-L-1d-100x-error.csv", "faults/MOB-ST-1d-bad-stock-split.csv"} {
		rows := recorded(t, name)
		twins := recorded(t, strings.Replace(name, ".csv", "-fixed.csv", 1))
		prices, times := closes(t, rows, 4)
		right, _ := closes(t, twins, 4)
		d := newDesk(market.ClassEquity)
		d.record, _ = market.Guard{}.Judge(d.record, market.Quote{Price: market.MustPrice(right[0]), Time: times[0].Add(-24 * time.Hour)}, market.Evidence{Symbol: d.symbol}, times[0])
		for i := range prices {
			d.at = times[i]
			v := d.read(prices[i], "", 0)
			truth := market.MustPrice(right[i]).Float()
			if p := market.MustPrice(prices[i]).Float(); (p > truth*1.01 || p < truth*0.99) == (v.Price.Outcome == market.Accept) {
				t.Errorf("%s %v: %v of %v: %v", name, times[i], p, truth, v.Price)
			}
		}
	}
}

func TestRecordedSpikesAreHeldAndTheRestAccepted(t *testing.T) {
	rows := recorded(t, "faults/EA-15m-no-bad-divs.csv")
	d := newDesk(market.ClassEquity)
	d.read("201", "", 0)
	d.record.Last.Time = time.Time{}.Add(time.Hour)
	for i, at := range func() []time.Time { _, at := closes(t, rows, 4); return at }() {
		for k, column := range []int{1, 2, 3, 4} {
			d.at = at.Add(time.Duration(k) * 3 * time.Minute)
			v := d.read(rows[i][column], "", 0)
			p := market.MustPrice(rows[i][column]).Float()
			if wrong := p < 192 || p > 215; wrong && v.Price.Outcome == market.Accept && v.Price.Reason == market.ReasonNone {
				t.Errorf("%v: %v accepted", d.at, p)
			}
			if v.Price.Outcome == market.Reject {
				t.Errorf("%v: %v: %v", d.at, p, v.Price)
			}
		}
	}
}

func TestRealMarketsAreBelieved(t *testing.T) {
	for _, c := range []struct {
		name   string
		column int
		class  market.Class
	}{
		{"msft_1min_2020-11-23_2020-12-18.csv", 4, market.ClassEquity},
		{"SP500_NOV2019_IDay.csv", 2, market.ClassIndex},
		{"yahoofinance-GOOG-20040819-20180120.csv", 4, market.ClassEquity},
	} {
		prices, times := closes(t, recorded(t, c.name), c.column)
		d := newDesk(c.class)
		held, run := 0, 0
		for i := range prices {
			d.at = times[i]
			v := d.read(prices[i], "", 0)
			if v.Price.Outcome == market.Accept {
				run = 0
				continue
			}
			held++
			if run++; run > 1 {
				t.Errorf("%s %v: held twice: %v", c.name, times[i], v.Price)
			}
		}
		t.Logf("%s: %d of %d held for a second read", c.name, held, len(prices))
		if held*200 > len(prices) {
			t.Errorf("%s: %d of %d held", c.name, held, len(prices))
		}
	}
}

func BenchmarkJudge(b *testing.B) {
	d := newDesk(market.ClassEquity).quiet("100", 40)
	quotes := []market.Quote{{Price: market.MustPrice("100.01")}, {Price: market.MustPrice("100.02")}}
	e := market.Evidence{Symbol: d.symbol}
	record, now := d.record, d.at
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		now = now.Add(time.Second)
		q := quotes[i%2]
		q.Time = now
		record, _ = market.Guard{}.Judge(record, q, e, now)
	}
}
