package replay

import "bellwether/alerts/market"

// instrument is a symbol of the simulated market as it was after the close in
// New York on 2 July 2024.
type instrument struct {
	start, previous market.Price
	// falseClose is the previous close that quotes carry where it differs from
	// the true one.
	falseClose market.Price
	decimals   int
	// swing scales how much it moves; 1 for a large index.
	swing    float64
	unit     market.Unit
	currency string
	script   []step
}

// step is a part of a scripted movement: from one second to another the price is
// pushed, smoothly, to a distance from its start in percent.
type step struct{ from, until, percent float64 }

func instruments() map[market.Ticker]instrument {
	p := market.MustPrice
	index := func(start, previous string) instrument {
		return instrument{start: p(start), previous: p(previous), decimals: 2, swing: 1, unit: market.UnitPoints}
	}
	money := func(start, previous, currency string, swing float64) instrument {
		return instrument{start: p(start), previous: p(previous), decimals: 2, swing: swing, unit: market.UnitCurrency, currency: currency}
	}
	jakarta := index("7125.14", "7139.63")
	jakarta.falseClose = p("14264.77")
	bitcoin := money("61955.88", "62777.45", "USD", 2.5)
	bitcoin.script = []step{{8, 28, 0.25}, {600, 2400, 0}}
	nvidia := money("122.67", "124.30", "USD", 1.8)
	nvidia.script = []step{{20, 50, 7.5}, {900, 5400, 2}}
	yield := instrument{start: p("4.436"), previous: p("4.479"), decimals: 3, swing: 1.5, unit: market.UnitPercent}

	return map[market.Ticker]instrument{
		"^STI":    index("3367.90", "3338.57"),
		"^GSPC":   index("5509.01", "5475.09"),
		"^DJI":    index("39331.85", "39169.52"),
		"^IXIC":   index("18028.76", "17879.30"),
		"BTC-USD": bitcoin,
		"^CMC200": index("1333.20", "1344.51"),
		"^FTSE":   index("8121.20", "8166.76"),
		"GC=F":    money("2340.00", "2333.40", "USD", 1.2),
		"CL=F":    money("83.06", "82.81", "USD", 1.6),
		"^TNX":    yield,
		"^N225":   index("40074.69", "39631.06"),
		"^HSI":    index("17769.14", "17718.61"),
		"^KLSE":   index("1597.96", "1598.20"),
		"^JKSE":   jakarta,
		"PSEI.PS": index("6358.96", "6398.77"),
		"D05.SI":  money("36.00", "35.85", "SGD", 1.2),
		"AAPL":    money("220.27", "216.75", "USD", 1.4),
		"NVDA":    nvidia,
	}
}
