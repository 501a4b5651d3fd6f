package main

import (
	"strings"

	"bellwether/alerts/market"
)

type tempTable struct{ all []market.Symbol }

func defaultTable() *tempTable {
	mk := func(t, name, mic, cur string, class market.Class, unit market.Unit, dec, strip int, aliases ...string) market.Symbol {
		return market.Symbol{Ticker: market.Ticker(t), Name: name, Exchange: mic, Currency: cur, Class: class, Unit: unit, Decimals: dec, Strip: strip, Aliases: aliases}
	}
	return &tempTable{[]market.Symbol{
		mk("^STI", "Straits Times Index", "XSES", "", market.ClassIndex, market.UnitPoints, 2, 1, "sti"),
		mk("^GSPC", "S&P 500", "XNYS", "", market.ClassIndex, market.UnitPoints, 2, 2, "s&p", "spx"),
		mk("^DJI", "Dow", "XNYS", "", market.ClassIndex, market.UnitPoints, 2, 3, "dow"),
		mk("^IXIC", "Nasdaq", "XNAS", "", market.ClassIndex, market.UnitPoints, 2, 4, "nasdaq"),
		mk("BTC-USD", "Bitcoin", "", "USD", market.ClassCrypto, market.UnitCurrency, 2, 5, "btc", "bitcoin"),
		mk("^CMC200", "CMC Crypto 200", "", "", market.ClassIndex, market.UnitPoints, 2, 6),
		mk("^FTSE", "FTSE 100", "XLON", "", market.ClassIndex, market.UnitPoints, 2, 7, "ftse"),
		mk("GC=F", "Gold", "XCEC", "USD", market.ClassFuture, market.UnitCurrency, 2, 8, "gold"),
		mk("CL=F", "Crude Oil", "XNYM", "USD", market.ClassFuture, market.UnitCurrency, 2, 9, "oil"),
		mk("^TNX", "10-Yr Bond", "XNYS", "", market.ClassYield, market.UnitPercent, 4, 10, "10y"),
		mk("^N225", "Nikkei", "XTKS", "", market.ClassIndex, market.UnitPoints, 2, 11, "nikkei"),
		mk("^HSI", "Hang Seng", "XHKG", "", market.ClassIndex, market.UnitPoints, 2, 12, "hang seng"),
		mk("^KLSE", "FTSE Bursa Malaysia", "XKLS", "", market.ClassIndex, market.UnitPoints, 2, 13, "klse"),
		mk("^JKSE", "Jakarta Composite Index", "XIDX", "", market.ClassIndex, market.UnitPoints, 2, 14, "jakarta"),
		mk("PSEI.PS", "PSE Index", "XPHS", "", market.ClassIndex, market.UnitPoints, 2, 15, "psei"),
		mk("D05.SI", "DBS", "XSES", "SGD", market.ClassEquity, market.UnitCurrency, 2, 0, "dbs"),
		mk("AAPL", "Apple", "XNAS", "USD", market.ClassEquity, market.UnitCurrency, 2, 0, "apple"),
		mk("NVDA", "Nvidia", "XNAS", "USD", market.ClassEquity, market.UnitCurrency, 2, 0, "nvidia"),
	}}
}

func (t *tempTable) Lookup(text string) (found, near []market.Symbol) {
	for _, s := range t.all {
		if strings.EqualFold(string(s.Ticker), text) || strings.EqualFold(s.Name, text) {
			return []market.Symbol{s}, nil
		}
		for _, a := range s.Aliases {
			if strings.EqualFold(a, text) {
				return []market.Symbol{s}, nil
			}
		}
	}
	return nil, nil
}
func (t *tempTable) Search(typed string, limit int) []market.Symbol {
	return t.all[:min(limit, len(t.all))]
}
func (t *tempTable) Get(k market.Ticker) (market.Symbol, bool) {
	f, _ := t.Lookup(string(k))
	if len(f) == 0 {
		return market.Symbol{}, false
	}
	return f[0], true
}
func (t *tempTable) Add(...market.Symbol)   {}
func (t *tempTable) Strip() []market.Symbol { return t.all[:15] }
