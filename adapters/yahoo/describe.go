package yahoo

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"bellwether/alerts/market"
)

// usualDelay is by how much Yahoo is late at most venues.
const usualDelay = 15 * time.Minute

// describedFor is how long what is known of a symbol holds.
const describedFor = 24 * time.Hour

// maxDescribed bounds what is remembered.
const maxDescribed = 20_000

// described is what a symbol's chart says of it; batches do not.
type described struct {
	currency string
	unit     market.Unit
	delay    time.Duration
	hint     int // decimals
	read     time.Time
}

// chartMeta is the part of a chart that speaks of the symbol.
type chartMeta struct {
	Symbol             string      `json:"symbol"`
	Currency           string      `json:"currency"` // null now and then
	ExchangeName       string      `json:"exchangeName"`
	InstrumentType     string      `json:"instrumentType"`
	RegularMarketTime  json.Number `json:"regularMarketTime"`
	RegularMarketPrice json.Number `json:"regularMarketPrice"`
	ChangePercent      json.Number `json:"regularMarketChangePercent"`
	// ChartPreviousClose is the close before the range that was asked for, so it
	// is the previous close only where one day was.
	ChartPreviousClose json.Number `json:"chartPreviousClose"`
	PreviousClose      json.Number `json:"previousClose"`
	PriceHint          *int        `json:"priceHint"`
	DelayMinutes       *int        `json:"exchangeDataDelayedBy"`
}

func (m *chartMeta) describe(ticker market.Ticker, now time.Time) described {
	d := described{hint: unknownHint, read: now}
	d.currency, d.unit = unitOf(ticker, m.Currency, m.InstrumentType)
	if m.PriceHint != nil && *m.PriceHint >= 0 && *m.PriceHint <= maxHint {
		d.hint = *m.PriceHint
	}
	if m.DelayMinutes != nil && *m.DelayMinutes >= 0 && *m.DelayMinutes <= 24*60 {
		d.delay = time.Duration(*m.DelayMinutes) * time.Minute
	} else {
		d.delay = delayOf(ticker, m.InstrumentType, m.ExchangeName)
	}
	return d
}

// unitOf returns a symbol's currency and unit. Some venues quote in hundredths
// of their currency, which Yahoo writes with a small letter or a code of its own.
func unitOf(ticker market.Ticker, currency, kind string) (string, market.Unit) {
	switch ticker {
	case "^IRX", "^FVX", "^TNX", "^TYX": // The yields of United States bonds.
		return "", market.UnitPercent
	}
	if kind == "INDEX" || kind == "" && strings.HasPrefix(string(ticker), "^") {
		return "", market.UnitPoints
	}
	switch currency {
	case "GBp", "GBX":
		return "GBP", market.UnitPence
	case "ZAc", "ZAC":
		return "ZAR", market.UnitPence
	case "ILA":
		return "ILS", market.UnitPence
	case "":
		return "", ""
	}
	if len(currency) != 3 || strings.ToUpper(currency) != currency {
		return "", ""
	}
	return currency, market.UnitCurrency
}

// delayOf returns by how much Yahoo says to be late: nothing for currencies,
// crypto and shares in the United States, ten minutes for futures there, and a
// quarter of an hour for everything else.
func delayOf(ticker market.Ticker, kind, exchange string) time.Duration {
	switch kind {
	case "CRYPTOCURRENCY", "CURRENCY":
		return 0
	case "FUTURE":
		return 10 * time.Minute
	}
	switch exchange {
	case "NMS", "NGM", "NCM", "NYQ", "ASE", "PCX", "BTS":
		return 0
	}
	switch {
	case kind != "":
	case strings.HasSuffix(string(ticker), "=X"), inCurrency(ticker):
		return 0
	case strings.HasSuffix(string(ticker), "=F"):
		return 10 * time.Minute
	}
	return usualDelay
}

// inCurrency tells that a symbol names the currency that it is priced in, as
// crypto does ("BTC-USD"); a share's class is a letter ("BRK-B").
func inCurrency(ticker market.Ticker) bool {
	return len(ticker) > 4 && ticker[len(ticker)-4] == '-'
}

// describe returns what is known of a symbol; what its name tells where no chart
// was read yet.
func (s *Source) describe(ticker market.Ticker) (d described, fresh bool) {
	s.mu.Lock()
	d, ok := s.known[ticker]
	s.mu.Unlock()
	if !ok {
		d = (&chartMeta{}).describe(ticker, time.Time{})
	}
	return d, ok && s.now().Sub(d.read) < describedFor
}

func (s *Source) remember(ticker market.Ticker, d described) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.known[ticker]; !ok && len(s.known) >= maxDescribed {
		for any := range s.known {
			delete(s.known, any)
			break
		}
	}
	s.known[ticker] = d
}

// quote puts a quote together; ok is false where price or time is none.
func (s *Source) quote(ticker market.Ticker, price, previous json.Number, at time.Time, d described) (market.Quote, bool) {
	p, ok := readPrice(price.String(), d.hint)
	if !ok || at.IsZero() {
		return market.Quote{}, false
	}
	closed, _ := readPrice(previous.String(), d.hint)
	return market.Quote{
		Ticker: ticker, Price: p, PreviousClose: closed, Time: at, Received: s.now().UTC(),
		Currency: d.currency, Unit: d.unit, Source: Name, Delay: d.delay,
	}, true
}

// unixTime reads seconds since 1970; zero where there are none.
func unixTime(n json.Number) time.Time {
	seconds, err := strconv.ParseInt(n.String(), 10, 64)
	if err != nil || seconds <= 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
