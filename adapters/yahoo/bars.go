package yahoo

import (
	"cmp"
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"time"

	"bellwether/alerts/market"
)

const day = 24 * time.Hour

// span is a length of bars that Yahoo serves, and how far back it goes.
type span struct {
	word  string
	step  time.Duration
	reach time.Duration
}

func spans() [7]span {
	return [7]span{
		{"1d", day, 100 * 365 * day},
		{"60m", time.Hour, 729 * day},
		{"30m", 30 * time.Minute, 59 * day},
		{"15m", 15 * time.Minute, 59 * day},
		{"5m", 5 * time.Minute, 59 * day},
		{"2m", 2 * time.Minute, 59 * day},
		{"1m", time.Minute, 7 * day},
	}
}

// Bars reads a symbol's bars, oldest first. A step that Yahoo does not serve is
// put together from shorter bars. Minutes go back seven days, up to half an hour
// 59 days, an hour two years, days for ever.
func (s *Source) Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	served, ok := serving(step)
	if !ok {
		return nil, nil
	}
	now := s.now().UTC()
	if oldest := now.Add(-served.reach); from.Before(oldest) {
		from = oldest
	}
	c, err := s.chart(ctx, ticker, url.Values{
		"interval": {served.word}, "period1": {strconv.FormatInt(max(0, from.Unix()), 10)},
		"period2": {strconv.FormatInt(now.Unix()+1, 10)}, "includePrePost": {"false"},
	})
	if err != nil || c == nil {
		return nil, err
	}
	d := c.Meta.describe(ticker, now)
	s.remember(ticker, d)
	return c.bars(step, from, d.hint), nil
}

func serving(step time.Duration) (span, bool) {
	for _, s := range spans() {
		if step >= s.step && step%s.step == 0 && step <= day {
			return s, true
		}
	}
	return span{}, false
}

// bars returns the chart's bars. Yahoo adds the last trade as a bar of its own:
// what begins inside of the bar before belongs to it.
func (c *chart) bars(step time.Duration, from time.Time, hint int) []market.Bar {
	if len(c.Indicators.Quote) == 0 {
		return nil
	}
	inside := step
	if step == day {
		inside = market.DayApart
	}
	columns := c.Indicators.Quote[0]
	var bars []market.Bar
	for i, stamp := range c.Timestamp {
		at := unixTime(stamp)
		b := market.Bar{Time: at}
		ok := !at.IsZero() && !at.Before(from)
		for _, field := range []struct {
			to     *market.Price
			column []json.Number
		}{{&b.Open, columns.Open}, {&b.High, columns.High}, {&b.Low, columns.Low}, {&b.Close, columns.Close}} {
			if !ok || i >= len(field.column) {
				ok = false
				break
			}
			*field.to, ok = readPrice(field.column[i].String(), hint)
		}
		if !ok {
			continue
		}
		if last := len(bars) - 1; last >= 0 && at.Sub(bars[last].Time) < inside {
			bars[last] = bars[last].And(b)
			continue
		}
		bars = append(bars, b)
	}
	return bars
}

// Split is a day on which each Denominator shares became Numerator shares: 4 and
// 1 for a split of four to one.
type Split struct {
	Time                   time.Time // UTC, at the session's start
	Numerator, Denominator int64
}

// Splits reads a share's splits from a time on, oldest first.
func (s *Source) Splits(ctx context.Context, ticker market.Ticker, from time.Time) ([]Split, error) {
	c, err := s.chart(ctx, ticker, url.Values{
		"interval": {"1d"}, "period1": {strconv.FormatInt(max(0, from.Unix()), 10)},
		"period2": {strconv.FormatInt(s.now().Unix()+1, 10)}, "events": {"div,splits"},
	})
	if err != nil || c == nil {
		return nil, err
	}
	var splits []Split
	for _, e := range c.Events.Splits {
		up, down, ok := ratio(e.Numerator, e.Denominator)
		if at := unixTime(e.Date); ok && !at.IsZero() {
			splits = append(splits, Split{Time: at, Numerator: up, Denominator: down})
		}
	}
	slices.SortFunc(splits, func(a, b Split) int { return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Numerator, b.Numerator)) })
	return splits, nil
}

// ratio reads the two numbers of a split, which may come as 3.0 or 1.5.
func ratio(up, down json.Number) (numerator, denominator int64, ok bool) {
	a, okA := readPrice(up.String(), unknownHint)
	b, okB := readPrice(down.String(), unknownHint)
	if !okA || !okB || a.Sign() <= 0 || b.Sign() <= 0 {
		return 0, 0, false
	}
	scale := max(a.Scale(), b.Scale())
	numerator, okA = a.Units(scale)
	denominator, okB = b.Units(scale)
	return numerator, denominator, okA && okB
}
