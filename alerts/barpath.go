package alerts

import (
	"time"

	"bellwether/alerts/market"
)

// barTicks turns bars into the path that a price may have taken: for each bar
// its open, its nearer extreme, its farther one, its close, at even steps of
// its time. Which extreme came first is not known; the one against the bar's
// direction is taken to be. The base of a day is the last close of the day
// before, by the date in UTC; before holds what is known before the bars.
func barTicks(before Standing, line market.Line) []Tick {
	out := make([]Tick, 0, 4*len(line.Bars))
	last, base, baseAt := before.Quote, before.Base, before.BaseAt
	for _, bar := range line.Bars {
		if !last.Time.IsZero() && !sameDay(last.Time, bar.Time) {
			base, baseAt = last.Price, last.Time
		}
		first, second := bar.High, bar.Low
		if bar.Close.Cmp(bar.Open) >= 0 {
			first, second = bar.Low, bar.High
		}
		step := line.Step / 4
		for i, price := range []market.Price{bar.Open, first, second, bar.Close} {
			if price.IsZero() || i > 0 && price == last.Price && last.Time.After(bar.Time) {
				continue
			}
			quote := market.Quote{
				Ticker: line.Ticker, Price: price, PreviousClose: base,
				Time: bar.Time.Add(time.Duration(i) * step), Source: before.Quote.Source,
			}
			quote.Received = quote.Time
			out = append(out, Tick{Ticker: line.Ticker, From: last, To: quote, Base: base, BaseAt: baseAt})
			last = quote
		}
	}
	return out
}

func sameDay(a, b time.Time) bool {
	ay, am, ad := a.UTC().Date()
	by, bm, bd := b.UTC().Date()
	return ay == by && am == bm && ad == bd
}
