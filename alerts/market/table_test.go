package market_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"bellwether/alerts/market"
)

func table(t testing.TB) *market.Table {
	t.Helper()
	table, err := market.DefaultTable()
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func tickers(symbols []market.Symbol) (out []string) {
	for _, s := range symbols {
		out = append(out, string(s.Ticker))
	}
	return out
}

func TestShippedSymbols(t *testing.T) {
	symbols := table(t)
	want := strings.Fields("^STI ^GSPC ^DJI ^IXIC BTC-USD ^CMC200 ^FTSE GC=F CL=F ^TNX ^N225 ^HSI ^KLSE ^JKSE PSEI.PS")
	if got := tickers(symbols.Strip()); !slices.Equal(got, want) {
		t.Errorf("strip %v", got)
	}
	if s, _ := symbols.Get("^CMC200"); !s.Optional {
		t.Error("the crypto index is not optional")
	}
	if s, _ := symbols.Get("^TNX"); s.Unit != market.UnitPercent || s.Class != market.ClassYield {
		t.Errorf("%+v", s)
	}
	if s, _ := symbols.Get("HSBA.L"); s.Unit != market.UnitPence {
		t.Errorf("%+v", s)
	}
	if symbols.Len() < 150 {
		t.Errorf("%d symbols", symbols.Len())
	}
}

func TestLookup(t *testing.T) {
	symbols := table(t)
	for text, want := range map[string]string{
		"sti": "^STI", "10y": "^TNX", "S&P": "^GSPC", "$aapl": "AAPL", "DBS": "D05.SI", "d05.si": "D05.SI", "straits  times": "^STI",
		"gold": "GC=F GOLD", "brent": "BZ=F", "bitcoin": "BTC-USD", "eurusd": "EURUSD=X", "腾讯": "0700.HK", "hsbc": "0005.HK HSBA.L", "ihsg": "^JKSE",
	} {
		found, _ := symbols.Lookup(text)
		if got := tickers(found); strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"appel": "AAPL", "straights times": "^STI", "mircosoft": "MSFT", "nikei": "^N225", "hang sen": "^HSI", "bitcon": "BTC-USD", "tesler": "TSLA",
	} {
		found, near := symbols.Lookup(text)
		if len(found) > 0 || len(near) == 0 || len(near) > 5 || string(near[0].Ticker) != want {
			t.Errorf("%s: %v near %v, want %s", text, tickers(found), tickers(near), want)
		}
	}
	for _, text := range []string{"", "   ", "zzzzqqqq", strings.Repeat("a", 5000), "!!!", strings.Repeat("a ", 400)} {
		if found, near := symbols.Lookup(text); len(found)+len(near) > 0 {
			t.Errorf("%.20q: %v %v", text, found, near)
		}
	}
}

func TestSearchCompletes(t *testing.T) {
	symbols := table(t)
	for typed, want := range map[string]string{"str": "^STI", "app": "AAPL", "dbs": "D05.SI", "times": "^STI", "": "^STI", "^n2": "^N225"} {
		if got := symbols.Search(typed, 10); len(got) == 0 || string(got[0].Ticker) != want {
			t.Errorf("%q: %v", typed, tickers(got))
		}
	}
	if got := symbols.Search("s", 3); len(got) != 3 {
		t.Errorf("%v", tickers(got))
	}
}

func TestAddIsSafeWhileReading(t *testing.T) {
	symbols := table(t)
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			ticker := market.Ticker(fmt.Sprintf("NEW%d", i))
			symbols.Add(market.Symbol{Ticker: ticker, Name: "New thing"})
			symbols.Search("new", 5)
			if found, _ := symbols.Lookup(string(ticker)); len(found) != 1 {
				t.Errorf("%s: %v", ticker, found)
			}
		})
	}
	group.Wait()
	symbols.Add(market.Symbol{Ticker: "AAPL", Name: "Forged"})
	if s, _ := symbols.Get("AAPL"); s.Name != "Apple" {
		t.Errorf("a known symbol was replaced: %+v", s)
	}
}

func TestReadSymbols(t *testing.T) {
	got, err := market.ReadSymbols(strings.NewReader("\ufeffName,Ticker,Currency,Class,Extra\nMarks and Spencer,mks.l,GBp,,x\n,,,,\n\"World, Index\",^W,,index\nShort,SH\n"))
	if err != nil || len(got) != 3 || got[0].Ticker != "MKS.L" || got[0].Unit != market.UnitPence || got[1].Unit != market.UnitPoints || got[1].Name != "World, Index" {
		t.Errorf("%+v %v", got, err)
	}
	for _, bad := range []string{"", "name\nx\n", "symbol,class\nA,fish\n", "symbol,currency\nA,DOLLARS\n", "symbol\n\"A B\"\n"} {
		if _, err := market.ReadSymbols(strings.NewReader(bad)); !errors.Is(err, market.ErrSymbols) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReadSymbols(f *testing.F) {
	f.Add("symbol,name\nA,B\n")
	f.Fuzz(func(t *testing.T, text string) {
		symbols, err := market.ReadSymbols(strings.NewReader(text))
		if err == nil {
			market.NewTable(symbols).Lookup(text)
		}
	})
}

func large() *market.Table {
	symbols := make([]market.Symbol, 100_000)
	for i := range symbols {
		symbols[i] = market.Symbol{Ticker: market.Ticker(fmt.Sprintf("%c%c%d", 'A'+i%26, 'A'+i/26%26, i)), Name: fmt.Sprintf("Company %x of %c%d", i*7919, 'a'+i%26, i%5000)}
	}
	return market.NewTable(symbols)
}

func BenchmarkSearch(b *testing.B) {
	symbols := large()
	for _, typed := range []string{"a", "ab1", "company", "cmpany 1f"} {
		b.Run(typed, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				symbols.Search(typed, 25)
			}
		})
	}
	b.Run("typo", func(b *testing.B) {
		for b.Loop() {
			symbols.Lookup("compani 1234")
		}
	})
}
