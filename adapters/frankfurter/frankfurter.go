// Package frankfurter reads the European Central Bank's reference rates through
// Frankfurter, which wants no key. They are set once a day, about 16:00 in
// Frankfurt: they tell what a currency is worth, and trigger no crossing.
package frankfurter

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"bellwether/adapters/fetch"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Name is what quotes of this package carry as their source.
const Name = "frankfurter"

// DefaultURL is the address under which Frankfurter's paths (/v1/…) lie.
const DefaultURL = "https://api.frankfurter.dev"

const (
	batch = 30
	// Frankfurter is not metered; it asks for sense.
	perSecond = 2
	burst     = 2
	interval  = time.Hour
	day       = 24 * time.Hour
	// reach is how many days back a fix and the one before it surely lie, with
	// Easter or the turn of the year between them.
	reach = 10 * day
	// A fix is published about 16:00 in Frankfurt. That is 15:00 UTC in winter; in
	// summer, when it is an hour earlier, a fix that was just read counts as made then.
	fixHour = 15 * time.Hour
)

// Options say how Frankfurter is read. Client is needed.
type Options struct {
	URL    string // replaces DefaultURL
	Client *http.Client
	Now    func() time.Time // time.Now where nil
	// Rate is the most requests a second; 2 where zero.
	Rate float64
}

// Source reads Frankfurter. It is safe for concurrent use.
type Source struct {
	door *fetch.Door
	now  func() time.Time
	rate float64
}

// New returns a source.
func New(o Options) *Source {
	s := &Source{now: o.Now, rate: o.Rate}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rate <= 0 {
		s.rate = perSecond
	}
	base := strings.TrimRight(o.URL, "/")
	if base == "" {
		base = DefaultURL
	}
	s.door = fetch.NewDoor(fetch.DoorOptions{
		Source: Name, Base: base, Client: o.Client, Rate: s.rate, Burst: burst, Now: s.now,
	})
	return s
}

// Name returns "frankfurter".
func (s *Source) Name() string { return Name }

// Terms tell that currencies are served, as a daily fix.
func (s *Source) Terms() alerts.Terms {
	return alerts.Terms{
		Batch: batch, Interval: interval, Rate: s.rate, Classes: []market.Class{market.ClassCurrency}, Delay: day, Fix: true,
	}
}

func failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: Name, Reason: reason}
}

// pairOf reads EURUSD=X, and SGD=X, which is dollars in Singapore's.
func pairOf(ticker market.Ticker) (base, quote string, ok bool) {
	pair, found := strings.CutSuffix(string(ticker), "=X")
	if len(pair) == 3 {
		pair = "USD" + pair
	}
	if !found || len(pair) != 6 || strings.IndexFunc(pair, func(r rune) bool { return r < 'A' || r > 'Z' }) >= 0 {
		return "", "", false
	}
	return pair[:3], pair[3:], pair[:3] != pair[3:]
}

// days are the rates of several days, in the order of their dates.
type days struct {
	dates []time.Time
	rates []map[string]json.Number
}

// read asks for the rates of one base from a day on; none where a currency is
// not among those of the fix.
func (s *Source) read(ctx context.Context, base string, symbols []string, from time.Time) (days, error) {
	body, err := s.door.Get(ctx, "/v1/"+from.UTC().Format(time.DateOnly)+"..", url.Values{
		"base": {base}, "symbols": {strings.Join(symbols, ",")},
	})
	var e *alerts.SourceError
	if errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusUnprocessableEntity) {
		return days{}, nil
	}
	if err != nil {
		return days{}, err
	}
	var answer struct {
		Rates map[string]map[string]json.Number `json:"rates"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Rates == nil {
		return days{}, failure("its answer has an unknown form")
	}
	var out days
	for text, rates := range answer.Rates {
		date, err := time.Parse(time.DateOnly, text)
		if err != nil {
			continue
		}
		i, _ := slices.BinarySearchFunc(out.dates, date, time.Time.Compare)
		out.dates = slices.Insert(out.dates, i, date)
		out.rates = slices.Insert(out.rates, i, rates)
	}
	return out, nil
}

// Quotes reads pairs of currencies, all of one base with one request. Each is
// marked as a fix; its previous close is the fix before.
func (s *Source) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	var bases []string
	byBase := make(map[string][]market.Ticker)
	for _, t := range tickers {
		base, _, ok := pairOf(t)
		if !ok || slices.Contains(byBase[base], t) {
			continue
		}
		if byBase[base] == nil {
			bases = append(bases, base)
		}
		byBase[base] = append(byBase[base], t)
	}
	var quotes []market.Quote
	for _, base := range bases {
		var symbols []string
		for _, t := range byBase[base] {
			_, symbol, _ := pairOf(t)
			symbols = append(symbols, symbol)
		}
		d, err := s.read(ctx, base, symbols, s.now().Add(-reach))
		if err != nil {
			return quotes, err
		}
		for i, t := range byBase[base] {
			if q, ok := s.quote(t, symbols[i], d); ok {
				quotes = append(quotes, q)
			}
		}
	}
	return quotes, nil
}

func (s *Source) quote(ticker market.Ticker, symbol string, d days) (market.Quote, bool) {
	q := market.Quote{
		Ticker: ticker, Received: s.now().UTC(), Currency: symbol, Unit: market.UnitCurrency, Source: Name, Delay: day, Fix: true,
	}
	found := 0
	for i := len(d.dates) - 1; i >= 0 && found < 2; i-- {
		price, err := market.ParsePrice(d.rates[i][symbol].String())
		if err != nil {
			continue
		}
		if found == 0 {
			q.Price, q.Time = price, d.dates[i].Add(fixHour)
		} else {
			q.PreviousClose = price
		}
		found++
	}
	if q.Time.After(q.Received) {
		q.Time = q.Received
	}
	return q, found > 0
}

// Bars returns daily fixes as bars without a height; other steps give none.
func (s *Source) Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	base, symbol, ok := pairOf(ticker)
	if !ok || step != day {
		return nil, nil
	}
	d, err := s.read(ctx, base, []string{symbol}, from)
	if err != nil {
		return nil, err
	}
	var bars []market.Bar
	for i, date := range d.dates {
		if p, err := market.ParsePrice(d.rates[i][symbol].String()); err == nil && !date.Before(from.Truncate(day)) {
			bars = append(bars, market.Bar{Time: date, Open: p, High: p, Low: p, Close: p})
		}
	}
	return bars, nil
}
