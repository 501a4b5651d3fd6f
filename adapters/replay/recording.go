package replay

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sort"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// Recording plays recorded quotes again: at any moment it gives each symbol's
// newest quote that had been made and published by then.
type Recording struct {
	quotes map[market.Ticker][]market.Quote // oldest first
	shift  time.Duration
	now    func() time.Time
}

// NewRecording returns a source that plays quotes. Where start is not zero, the
// recording is moved in time so that its first quote is made then. A quote keeps
// the source's name that it carries; one without gets "replay".
func NewRecording(quotes []market.Quote, start time.Time, now func() time.Time) *Recording {
	if now == nil {
		now = time.Now
	}
	r := &Recording{quotes: make(map[market.Ticker][]market.Quote), now: now}
	ordered := slices.Clone(quotes)
	slices.SortStableFunc(ordered, func(a, b market.Quote) int { return a.Time.Compare(b.Time) })
	for _, q := range ordered {
		r.quotes[q.Ticker] = append(r.quotes[q.Ticker], q)
	}
	if !start.IsZero() && len(ordered) > 0 {
		r.shift = start.Sub(ordered[0].Time)
	}
	return r
}

// Name returns "replay".
func (r *Recording) Name() string { return Name }

// Terms tell that everything may be read once a second.
func (r *Recording) Terms() alerts.Terms { return terms() }

// Quotes returns what was known at this moment of the recording.
func (r *Recording) Quotes(ctx context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := r.now().UTC()
	var out []market.Quote
	for _, ticker := range tickers {
		list := r.quotes[ticker]
		n := sort.Search(len(list), func(i int) bool { return list[i].Time.Add(r.shift + list[i].Delay).After(now) })
		if n == 0 {
			continue
		}
		q := list[n-1]
		q.Time, q.Received = q.Time.Add(r.shift).UTC(), now
		if q.Source == "" {
			q.Source = Name
		}
		out = append(out, q)
	}
	return out, nil
}

// recorded is a line of a recording.
type recorded struct {
	Symbol        string      `json:"symbol"`
	Price         json.Number `json:"price"`
	PreviousClose json.Number `json:"previous_close,omitempty"`
	Time          time.Time   `json:"time"`
	Currency      string      `json:"currency,omitempty"`
	Unit          string      `json:"unit,omitempty"`
	Source        string      `json:"source,omitempty"`
	DelaySeconds  int64       `json:"delay_seconds,omitempty"`
	Fix           bool        `json:"fix,omitempty"`
}

// errRecording is wrapped by the errors of a recording that cannot be read.
var errRecording = errors.New("recording is not usable")

// ReadRecording reads quotes that were written one JSON object to a line:
// {"symbol":"^STI","price":"3367.90","time":"2024-07-02T09:00:00Z"} with, where
// known, previous_close, currency, unit, source, delay_seconds and fix. Prices
// are numbers or texts. An unknown key is an error.
func ReadRecording(r io.Reader) ([]market.Quote, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<10)
	var out []market.Quote
	for n := 1; lines.Scan(); n++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		q, err := readLine(lines.Bytes())
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", errRecording, n, err)
		}
		out = append(out, q)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", errRecording, err)
	}
	return out, nil
}

func readLine(line []byte) (market.Quote, error) {
	var rec recorded
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&rec); err != nil {
		return market.Quote{}, err
	}
	if rec.Symbol == "" || rec.Time.IsZero() {
		return market.Quote{}, errors.New("symbol and time are needed")
	}
	q := market.Quote{
		Ticker: market.Ticker(rec.Symbol), Time: rec.Time.UTC(), Currency: rec.Currency, Unit: market.Unit(rec.Unit),
		Source: rec.Source, Delay: time.Duration(rec.DelaySeconds) * time.Second, Fix: rec.Fix,
	}
	var err error
	if q.Price, err = market.ParsePrice(rec.Price.String()); err != nil {
		return market.Quote{}, fmt.Errorf("price: %w", err)
	}
	if rec.PreviousClose != "" {
		if q.PreviousClose, err = market.ParsePrice(rec.PreviousClose.String()); err != nil {
			return market.Quote{}, fmt.Errorf("previous_close: %w", err)
		}
	}
	return q, nil
}
