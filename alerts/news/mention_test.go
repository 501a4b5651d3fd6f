package news_test

import (
	"slices"
	"strings"
	"testing"

	"bellwether/alerts/market"
	"bellwether/alerts/news"
)

// table is a small symbol table.
func table() func(string) []market.Symbol {
	list := []market.Symbol{
		{Ticker: "NVDA", Name: "Nvidia", Class: market.ClassEquity},
		{Ticker: "AAPL", Name: "Apple", Class: market.ClassEquity},
		{Ticker: "TGT", Name: "Target", Class: market.ClassEquity},
		{Ticker: "NOW", Name: "ServiceNow", Class: market.ClassEquity},
		{Ticker: "D05.SI", Name: "DBS Group", Aliases: []string{"dbs"}, Class: market.ClassEquity},
		{Ticker: "GOLD", Name: "Barrick", Class: market.ClassEquity},
		{Ticker: "GC=F", Name: "Gold", Aliases: []string{"gold"}, Class: market.ClassFuture},
		{Ticker: "CL=F", Name: "Crude Oil", Class: market.ClassFuture},
		{Ticker: "^STI", Name: "Straits Times Index", Aliases: []string{"sti"}, Class: market.ClassIndex},
		{Ticker: "^GSPC", Name: "S&P 500", Class: market.ClassIndex},
		{Ticker: "^N225", Name: "Nikkei 225", Aliases: []string{"nikkei"}, Class: market.ClassIndex},
		{Ticker: "BTC-USD", Name: "Bitcoin USD", Aliases: []string{"bitcoin"}, Class: market.ClassCrypto},
	}
	return func(text string) []market.Symbol {
		var out []market.Symbol
		for _, s := range list {
			if strings.EqualFold(text, string(s.Ticker)) || strings.EqualFold(text, s.Name) || slices.Contains(s.Aliases, strings.ToLower(text)) {
				out = append(out, s)
			}
		}
		return out
	}
}

func TestMentioned(t *testing.T) {
	for text, want := range map[string][]market.Ticker{
		"Nvidia's shares rise as Apple slips":                {"NVDA", "AAPL"},
		"S&P 500 and Straits Times Index end higher":         {"^GSPC", "^STI"},
		"STI, Nikkei gain; DBS leads":                        {"^STI", "^N225", "D05.SI"},
		"an sti is not an index, nor is dbs a bank in small": nil,
		"Gold and crude oil rise, bitcoin falls":             {"GC=F", "CL=F", "BTC-USD"},
		"an apple a day":                                     nil,
		"Target price is raised now":                         nil,
		"Target (NYSE: TGT) cuts its outlook":                {"TGT"},
		"Buy $NVDA and $now":                                 {"NVDA", "NOW"},
		"Now is the time":                                    nil,
		"Barrick (GOLD) digs deeper":                         {"GOLD"},
		"DBS Group (D05.SI) pays more":                       {"D05.SI"},
		"Apple, Apple, Apple":                                {"AAPL"},
		"":                                                   nil,
	} {
		if got := news.Mentioned(text, table()); !slices.Equal(got, want) {
			t.Errorf("Mentioned(%q) = %v, want %v", text, got, want)
		}
	}
}
