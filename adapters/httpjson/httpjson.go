// Package httpjson reads quotes from any JSON API that the operator describes: a
// template of its address, the paths of its fields, a key, a batch size and a
// rate. It decides how the description is applied, and nothing about any API.
package httpjson

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"bellwether/adapters/fetch"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Options describe an API. Name, URL, Client and Fields.Price are needed.
type Options struct {
	// Name is what its quotes carry as their source.
	Name string
	// URL is the address with {symbol}, for one symbol to a request, or
	// {symbols}, for as many as Batch says. What replaces them is escaped.
	URL       string
	Separator string // between symbols; a comma where empty
	// KeyHeader is the header in which Key is sent; KeyPrefix stands before the
	// key ("Bearer ", "apikey "). The key is never put into the address.
	KeyHeader, KeyPrefix, Key string
	Client                    *http.Client
	Now                       func() time.Time // time.Now where nil
	Batch                     int              // symbols in one request; 1 where zero
	Rate                      float64          // requests a second; 1 where zero
	Interval                  time.Duration    // a minute where zero
	Delay                     time.Duration
	Fix                       bool
	Classes                   []market.Class
	// Symbols gives the API's name for a ticker where it differs.
	Symbols map[market.Ticker]string
	// OnlySymbols restricts the source to the tickers in Symbols.
	OnlySymbols bool
	Fields      Fields
}

// Fields are the paths of what is read: words with dots between them, a number
// for an element of a list, "\." for a dot in a word. "" is the whole.
type Fields struct {
	// Items leads to the quotes: with {symbols} a list, or an object with a
	// symbol's quote under its name; with {symbol} the quote itself.
	Items string
	// Symbol leads to the symbol in an element of a list.
	Symbol        string
	Price         string
	PreviousClose string // "" where there is none
	// Time leads to when the price was made; where "", it counts as made when it
	// was read. TimeFormat is "unix" (the default), "unix_ms", "rfc3339", or a
	// layout as Go writes it, in UTC.
	Time, TimeFormat string
	Currency         string
	Unit             market.Unit // of all prices; "" where it is not known
	// Error leads to what is only there, and neither null, false, 0 nor empty,
	// where the answer is an error.
	Error string
}

// ErrDescription is wrapped by the errors of a description that cannot work.
var ErrDescription = errors.New("description of the source is not usable")

// Source reads an API. It is safe for concurrent use.
type Source struct {
	o    Options
	door *fetch.Door
	path paths
}

// paths are the fields' paths, cut into words.
type paths struct{ items, symbol, price, previous, time, currency, failed []string }

// New returns a source, or says what is wrong with its description.
func New(o Options) (*Source, error) {
	fill(&o)
	one, many := strings.Contains(o.URL, "{symbol}"), strings.Contains(o.URL, "{symbols}")
	address, err := url.Parse(strings.NewReplacer("{symbols}", "A", "{symbol}", "A").Replace(o.URL))
	switch {
	case o.Name == "":
		return nil, fmt.Errorf("%w: it has no name", ErrDescription)
	case err != nil || address.Host == "" || address.Scheme != "http" && address.Scheme != "https":
		return nil, fmt.Errorf("%w: url is not an http or https address", ErrDescription)
	case one == many:
		return nil, fmt.Errorf("%w: url needs either {symbol} or {symbols}", ErrDescription)
	case one && o.Batch > 1:
		return nil, fmt.Errorf("%w: a batch of %d needs {symbols} in url", ErrDescription, o.Batch)
	case o.Fields.Price == "":
		return nil, fmt.Errorf("%w: the path of the price is missing", ErrDescription)
	case o.Key != "" && o.KeyHeader == "":
		return nil, fmt.Errorf("%w: a key needs the name of its header", ErrDescription)
	case o.Client == nil:
		return nil, fmt.Errorf("%w: no client", ErrDescription)
	}
	header := http.Header{}
	if o.Key != "" {
		header.Set(o.KeyHeader, o.KeyPrefix+o.Key)
	}
	s := &Source{o: o, door: fetch.NewDoor(fetch.DoorOptions{
		Source: o.Name, Header: header, Client: o.Client, Rate: o.Rate, Burst: 2, Now: o.Now,
	})}
	f := o.Fields
	s.path = paths{
		items: cut(f.Items), symbol: cut(f.Symbol), price: cut(f.Price), previous: cut(f.PreviousClose),
		time: cut(f.Time), currency: cut(f.Currency), failed: cut(f.Error),
	}
	return s, nil
}

func fill(o *Options) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Separator == "" {
		o.Separator = ","
	}
	o.Batch = max(1, o.Batch)
	if o.Rate <= 0 {
		o.Rate = 1
	}
	if o.Interval <= 0 {
		o.Interval = time.Minute
	}
}

// Name returns the source's name.
func (s *Source) Name() string { return s.o.Name }

// Terms are those of the description.
func (s *Source) Terms() alerts.Terms {
	return alerts.Terms{
		Batch: s.o.Batch, Interval: s.o.Interval, Rate: s.o.Rate, Classes: s.o.Classes, Delay: s.o.Delay, Fix: s.o.Fix,
	}
}

// Quotes reads symbols in batches of the described size.
func (s *Source) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	names := make(map[string]market.Ticker, len(tickers))
	var order []string
	for _, t := range tickers {
		name, listed := s.o.Symbols[t]
		if !listed {
			name = string(t)
		}
		if _, twice := names[name]; twice || s.o.OnlySymbols && !listed || name == "" {
			continue
		}
		names[name] = t
		order = append(order, name)
	}
	var quotes []market.Quote
	for part := range slices.Chunk(order, s.o.Batch) {
		read, err := s.batch(ctx, part, names)
		quotes = append(quotes, read...)
		if err != nil {
			return quotes, err
		}
	}
	return quotes, nil
}

func (s *Source) batch(ctx context.Context, part []string, names map[string]market.Ticker) ([]market.Quote, error) {
	one := url.QueryEscape(part[0])
	if before, _, _ := strings.Cut(s.o.URL, "?"); strings.Contains(before, "{symbol}") {
		one = url.PathEscape(part[0])
	}
	escaped := make([]string, len(part))
	for i, name := range part {
		escaped[i] = url.QueryEscape(name)
	}
	many := strings.Join(escaped, url.QueryEscape(s.o.Separator))
	body, err := s.door.Get(ctx, strings.NewReplacer("{symbols}", many, "{symbol}", one).Replace(s.o.URL), nil)
	var e *alerts.SourceError
	if len(part) == 1 && errors.As(err, &e) && e.Status == http.StatusNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	items, err := s.items(body, part)
	if err != nil {
		return nil, err
	}
	var quotes []market.Quote
	for _, name := range part {
		if item, ok := items[name]; ok {
			if q, ok := s.quote(item); ok {
				q.Ticker = names[name]
				quotes = append(quotes, q)
			}
		}
	}
	return quotes, nil
}
