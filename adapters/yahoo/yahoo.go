// Package yahoo reads quotes, bars, splits and symbols from Yahoo Finance's
// unofficial, keyless addresses. It decides how to read them politely and what
// their numbers mean; which of them to believe is decided elsewhere. Yahoo lets
// its data be used for personal purposes only: show the source and its delay.
package yahoo

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"bellwether/adapters/fetch"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Name is what quotes of this package carry as their source.
const Name = "yahoo"

// DefaultURL is the address under which Yahoo's paths (/v8/finance/spark, …) lie.
const DefaultURL = "https://query2.finance.yahoo.com"

// Options say how Yahoo is read. Client is needed.
type Options struct {
	// URL replaces DefaultURL.
	URL string
	// Client makes the requests; its redirects are not followed, since Yahoo's
	// lead to a consent page.
	Client *http.Client
	// Now is the clock; time.Now where nil.
	Now func() time.Time
	// Interval is the least time between two reads of a symbol: a minute where
	// zero, at least 15 seconds.
	Interval time.Duration
	// Rate is the most requests a second; 1 where zero, with bursts of two.
	Rate float64
	// Log hears of what is odd but no failure; nothing is logged where nil.
	Log *slog.Logger
}

const (
	// batch is the most symbols that the spark address answers at once.
	batch = 20
	// Above six requests at once Yahoo begins to refuse clients, for hours.
	defaultRate     = 1
	burst           = 2
	defaultInterval = time.Minute
	leastInterval   = 15 * time.Second
)

// Source reads Yahoo. It is safe for concurrent use.
type Source struct {
	door     *fetch.Door
	now      func() time.Time
	log      *slog.Logger
	interval time.Duration
	rate     float64

	mu    sync.Mutex
	known map[market.Ticker]described
	turn  int // where the next reading of single symbols begins
}

// New returns a source.
func New(o Options) *Source {
	s := &Source{now: o.Now, log: o.Log, interval: o.Interval, rate: o.Rate, known: make(map[market.Ticker]described)}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.interval <= 0 {
		s.interval = defaultInterval
	}
	s.interval = max(s.interval, leastInterval)
	if s.rate <= 0 {
		s.rate = defaultRate
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

// Name returns "yahoo".
func (s *Source) Name() string { return Name }

// Terms tell Yahoo's: every class, 20 symbols to a request, about a quarter of
// an hour late where a symbol's own delay is not known.
func (s *Source) Terms() alerts.Terms {
	return alerts.Terms{Batch: batch, Interval: s.interval, Rate: s.rate, Delay: usualDelay}
}

func failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: Name, Reason: reason}
}
