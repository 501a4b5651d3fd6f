// Package kraken reads crypto prices and bars from Kraken's public addresses,
// which want no key. It decides how Kraken's pairs are named and what its
// numbers mean; it trades nothing.
package kraken

import (
	"context"
	"encoding/json"
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
const Name = "kraken"

// DefaultURL is the address under which Kraken's paths (/0/public/Ticker) lie.
const DefaultURL = "https://api.kraken.com"

const (
	batch = 20
	// Kraken's public addresses serve about one request a second.
	perSecond = 1
	burst     = 2
	interval  = 15 * time.Second
)

// Options say how Kraken is read. Client is needed.
type Options struct {
	URL    string // replaces DefaultURL
	Client *http.Client
	Now    func() time.Time // time.Now where nil
	// Rate is the most requests a second; 1 where zero.
	Rate float64
}

// Source reads Kraken. It is safe for concurrent use.
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

// Name returns "kraken".
func (s *Source) Name() string { return Name }

// Terms tell that crypto is served, live.
func (s *Source) Terms() alerts.Terms {
	return alerts.Terms{Batch: batch, Interval: interval, Rate: s.rate, Classes: []market.Class{market.ClassCrypto}}
}

func failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: Name, Reason: reason}
}

// pairOf returns Kraken's name for a symbol such as BTC-USD; ok is false where
// it has the form of none.
func pairOf(ticker market.Ticker) (pair, currency string, ok bool) {
	coin, currency, found := strings.Cut(string(ticker), "-")
	if !found || !isCode(coin) || !isCode(currency) || len(currency) != 3 {
		return "", "", false
	}
	return kraken(coin) + currency, currency, true
}

// kraken returns a coin's name as Kraken writes it.
func kraken(coin string) string {
	switch coin {
	case "BTC":
		return "XBT"
	case "DOGE":
		return "XDG"
	}
	return coin
}

func isCode(text string) bool {
	return text != "" && len(text) <= 10 && strings.IndexFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}) < 0
}

// same tells whether an answer's name is that of the pair that was asked for.
// Kraken answers XBTUSD as XXBTZUSD: an X before an old coin, a Z before a
// currency.
func same(answered, pair, currency string) bool {
	coin := strings.TrimSuffix(pair, currency)
	return slices.Contains([]string{pair, "X" + coin + "Z" + currency, "X" + coin + currency, coin + "Z" + currency}, answered)
}

// answer is the envelope of every answer; errors come with status 200.
type answer struct {
	Error  []string                   `json:"error"`
	Result map[string]json.RawMessage `json:"result"`
}

// read asks Kraken; unknown is true where it does not know one of the pairs, and
// then it answers for none of them.
func (s *Source) read(ctx context.Context, path string, query url.Values) (result map[string]json.RawMessage, unknown bool, err error) {
	body, err := s.door.Get(ctx, path, query)
	if err != nil {
		return nil, false, err
	}
	var a answer
	if err := json.Unmarshal(body, &a); err != nil || a.Result == nil && len(a.Error) == 0 {
		return nil, false, failure("its answer has an unknown form")
	}
	for _, text := range a.Error {
		switch {
		case strings.HasPrefix(text, "W"): // A warning stands beside an answer.
		case strings.Contains(text, "Unknown asset pair"):
			return nil, true, nil
		case strings.Contains(text, "Rate limit"), strings.Contains(text, "Too many requests"):
			e := failure("it wants fewer requests")
			e.Refused, e.Status = true, http.StatusOK
			return nil, false, e
		default:
			e := failure("it reports an error of its own")
			e.Status = http.StatusOK
			return nil, false, e
		}
	}
	return a.Result, false, nil
}

// Quotes reads symbols of the form BTC-USD in batches. The price is that of the
// last trade; it counts as made when it was read, since Kraken does not say
// when. The previous close is the day's first price at 00:00 UTC.
func (s *Source) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	var known []market.Ticker
	for _, t := range tickers {
		if _, _, ok := pairOf(t); ok && !slices.Contains(known, t) {
			known = append(known, t)
		}
	}
	var quotes []market.Quote
	for part := range slices.Chunk(known, batch) {
		read, err := s.batch(ctx, part)
		quotes = append(quotes, read...)
		if err != nil {
			return quotes, err
		}
	}
	return quotes, nil
}

// batch reads some pairs. Where one of them is unknown, Kraken answers for none:
// halves find the culprit in few requests.
func (s *Source) batch(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	pairs := make([]string, len(tickers))
	for i, t := range tickers {
		pairs[i], _, _ = pairOf(t)
	}
	result, unknown, err := s.read(ctx, "/0/public/Ticker", url.Values{"pair": {strings.Join(pairs, ",")}})
	switch {
	case err != nil:
		return nil, err
	case unknown && len(tickers) == 1:
		return nil, nil
	case unknown:
		first, err := s.batch(ctx, tickers[:len(tickers)/2])
		if err != nil {
			return first, err
		}
		second, err := s.batch(ctx, tickers[len(tickers)/2:])
		return append(first, second...), err
	}
	now := s.now().UTC()
	var quotes []market.Quote
	for _, t := range tickers {
		pair, currency, _ := pairOf(t)
		for name, part := range result {
			if !same(name, pair, currency) {
				continue
			}
			if q, ok := quoteOf(part); ok {
				q.Ticker, q.Currency, q.Time, q.Received = t, currency, now, now
				quotes = append(quotes, q)
			}
			break
		}
	}
	return quotes, nil
}

func quoteOf(part json.RawMessage) (market.Quote, bool) {
	var t struct {
		Last []json.Number `json:"c"` // price, size
		Open json.Number   `json:"o"`
	}
	if err := json.Unmarshal(part, &t); err != nil || len(t.Last) == 0 {
		return market.Quote{}, false
	}
	price, err := market.ParsePrice(t.Last[0].String())
	if err != nil {
		return market.Quote{}, false
	}
	open, _ := market.ParsePrice(t.Open.String())
	return market.Quote{Price: price, PreviousClose: open, Unit: market.UnitCurrency, Source: Name}, true
}
