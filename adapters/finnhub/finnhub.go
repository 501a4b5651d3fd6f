// Package finnhub reads quotes of shares in the United States and news of
// companies from Finnhub, with the operator's key. A free key is for personal
// use. It decides how Finnhub is asked and what its numbers mean.
package finnhub

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"bellwether/adapters/fetch"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Name is what quotes of this package carry as their source.
const Name = "finnhub"

// DefaultURL is the address under which Finnhub's paths (/quote) lie.
const DefaultURL = "https://finnhub.io/api/v1"

const (
	// A free key may ask 60 times a minute.
	perSecond = 1
	burst     = 2
	interval  = time.Minute
)

// Options say how Finnhub is read. Client and Key are needed.
type Options struct {
	URL string // replaces DefaultURL
	// Key is sent in a header, never in an address: addresses end up in logs.
	Key    string
	Client *http.Client
	Now    func() time.Time // time.Now where nil
	// Rate is the most requests a second; 1 where zero.
	Rate float64
}

// Source reads Finnhub. It is safe for concurrent use.
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
	header := http.Header{"X-Finnhub-Token": {o.Key}}
	s.door = fetch.NewDoor(fetch.DoorOptions{
		Source: Name, Base: base, Header: header, Client: o.Client, Rate: s.rate, Burst: burst, Now: s.now,
	})
	return s
}

// Name returns "finnhub".
func (s *Source) Name() string { return Name }

// Terms tell that shares and funds are served, one to a request.
func (s *Source) Terms() alerts.Terms {
	return alerts.Terms{Batch: 1, Interval: interval, Rate: s.rate, Classes: []market.Class{market.ClassEquity, market.ClassETF}}
}

func failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: Name, Reason: reason}
}

// symbolOf returns Finnhub's name for a share in the United States: BRK-B is
// BRK.B there. Symbols with a suffix of another venue are not served.
func symbolOf(ticker market.Ticker) (string, bool) {
	name, class, _ := strings.Cut(string(ticker), "-")
	letters := func(text string) bool {
		return strings.IndexFunc(text, func(r rune) bool { return r < 'A' || r > 'Z' }) < 0
	}
	if name == "" || len(name) > 5 || !letters(name) || len(class) > 1 || !letters(class) {
		return "", false
	}
	if class != "" {
		return name + "." + class, true
	}
	return name, true
}

// Quotes reads symbols one by one, at the rate of a free key.
func (s *Source) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	var quotes []market.Quote
	seen := make(map[market.Ticker]bool, len(tickers))
	for _, ticker := range tickers {
		symbol, ok := symbolOf(ticker)
		if !ok || seen[ticker] {
			continue
		}
		seen[ticker] = true
		body, err := s.door.Get(ctx, "/quote", url.Values{"symbol": {symbol}})
		if err != nil {
			return quotes, err
		}
		var a struct {
			Price    json.Number `json:"c"`
			Previous json.Number `json:"pc"`
			Time     int64       `json:"t"`
			Error    string      `json:"error"`
		}
		if err := json.Unmarshal(body, &a); err != nil {
			return quotes, failure("its answer has an unknown form")
		}
		if a.Error != "" {
			return quotes, failure("it reports an error of its own")
		}
		price, err := market.ParsePrice(a.Price.String())
		if err != nil || price.IsZero() || a.Time <= 0 {
			continue // All is 0 of a symbol that it does not know.
		}
		previous, _ := market.ParsePrice(a.Previous.String())
		quotes = append(quotes, market.Quote{
			Ticker: ticker, Price: price, PreviousClose: previous, Time: time.Unix(a.Time, 0).UTC(), Received: s.now().UTC(),
			Currency: "USD", Unit: market.UnitCurrency, Source: Name,
		})
	}
	return quotes, nil
}

// Article is a piece of news of a company, as Finnhub gives it: its texts are a
// publisher's and not yet cleaned.
type Article struct {
	ID        int64
	Headline  string
	Summary   string
	Publisher string
	URL       string
	Image     string
	Time      time.Time // UTC
}

// News reads what was written about a company in a span of days.
func (s *Source) News(ctx context.Context, ticker market.Ticker, from, until time.Time) ([]Article, error) {
	symbol, ok := symbolOf(ticker)
	if !ok {
		return nil, nil
	}
	body, err := s.door.Get(ctx, "/company-news", url.Values{
		"symbol": {symbol}, "from": {from.UTC().Format(time.DateOnly)}, "to": {until.UTC().Format(time.DateOnly)},
	})
	if err != nil {
		return nil, err
	}
	var rows []struct {
		ID       int64  `json:"id"`
		Headline string `json:"headline"`
		Summary  string `json:"summary"`
		Source   string `json:"source"`
		URL      string `json:"url"`
		Image    string `json:"image"`
		Time     int64  `json:"datetime"`
	}
	if err := json.Unmarshal(body, &rows); err != nil {
		return nil, failure("its answer has an unknown form")
	}
	var articles []Article
	for _, r := range rows {
		if r.Headline == "" || r.URL == "" {
			continue
		}
		articles = append(articles, Article{
			ID: r.ID, Headline: r.Headline, Summary: r.Summary, Publisher: r.Source, URL: r.URL, Image: r.Image,
			Time: time.Unix(r.Time, 0).UTC(),
		})
	}
	return articles, nil
}
