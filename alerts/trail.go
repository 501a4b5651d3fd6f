package alerts

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"bellwether/alerts/market"
)

// Trail remembers where prices were, as a View. It is made from accepted quotes
// and daily bars, oldest first, and after a restart is made again from those
// that were stored. A day is a session where the symbol has sessions, else a
// date in UTC. It is safe for concurrent use.
type Trail struct {
	mu    sync.RWMutex
	hours Hours
	paths map[market.Ticker]*trailPath
}

type trailPath struct {
	last   Standing
	points []trailPoint // in the order of their times
	days   []trailDay   // in the order of their dates
}

type trailPoint struct {
	at    int64 // nanoseconds since 1970
	price market.Price
}

type trailDay struct {
	date      int64 // days since 1970
	low, high market.Price
}

// What a Trail keeps: every accepted price of a bit more than a day, so that
// windows up to a day are exact; then the last of each quarter of an hour; after
// nine days the last of each six hours, up to a bit more than a year.
const (
	trailExact  = 26 * time.Hour
	trailFine   = 9 * day
	trailCoarse = 400 * day
	trailSlack  = 512 // points between two clearings
)

// NewTrail returns an empty trail; hours may be nil.
func NewTrail(hours Hours) *Trail {
	return &Trail{hours: hours, paths: map[market.Ticker]*trailPath{}}
}

func (t *Trail) path(ticker market.Ticker) *trailPath {
	p := t.paths[ticker]
	if p == nil {
		p = &trailPath{}
		t.paths[ticker] = p
	}
	return p
}

// Note adds an accepted quote. One that is older than the last is passed over,
// and so is a rate that is set once a day: no move is measured from it.
func (t *Trail) Note(s Standing) {
	if s.Quote.Fix {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.path(s.Quote.Ticker)
	at := s.Quote.Time.UnixNano()
	if last := p.last.Quote.Time; !last.IsZero() && s.Quote.Time.Before(last) {
		return
	}
	// What is later than the last quote is the close of a day that is not over: it
	// stands at the day's end.
	for n := len(p.points); n > 0 && p.points[n-1].at > at; n-- {
		p.points = p.points[:n-1]
	}
	p.last = s
	p.points = append(p.points, trailPoint{at, s.Quote.Price})
	p.widen(t.date(s.Quote.Ticker, s.Quote.Time), s.Quote.Price, s.Quote.Price)
	if len(p.points)%trailSlack == 0 {
		p.thin(s.Quote.Time)
	}
}

// Days adds daily bars, for highs and lows, ranges and windows of days. Bars of
// days that quotes tell of, too, widen them.
func (t *Trail) Days(line market.Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.path(line.Ticker)
	for _, bar := range line.Bars {
		date := t.date(line.Ticker, bar.Time)
		if bar.Time.Equal(bar.Time.Truncate(day)) {
			date = dateOf(bar.Time) // a date, not the time of an opening
		}
		p.widen(date, bar.Low, bar.High)
		p.insert(trailPoint{bar.Time.Add(line.Step - time.Second).UnixNano(), bar.Close})
	}
}

// Fill adds bars shorter than a day of a time of which no quotes were noted, and
// the quote before it.
func (t *Trail) Fill(before Standing, line market.Line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.path(line.Ticker)
	p.fill(trailPoint{before.Quote.Time.UnixNano(), before.Quote.Price}, 0)
	for _, bar := range line.Bars {
		p.widen(t.date(line.Ticker, bar.Time), bar.Low, bar.High)
		p.fill(trailPoint{bar.Time.Add(line.Step - time.Second).UnixNano(), bar.Close}, line.Step/2)
	}
}

// fill adds a point between others, unless one is there already or a little before.
func (p *trailPath) fill(point trailPoint, apart time.Duration) {
	i, found := slices.BinarySearchFunc(p.points, point.at, func(a trailPoint, at int64) int { return cmp.Compare(a.at, at) })
	if found || i == len(p.points) || i > 0 && point.at-p.points[i-1].at < int64(apart) {
		return
	}
	p.points = slices.Insert(p.points, i, point)
}

// insert adds the close of a day, unless quotes tell more of that time.
func (p *trailPath) insert(point trailPoint) {
	i, found := slices.BinarySearchFunc(p.points, point.at, func(a trailPoint, at int64) int { return cmp.Compare(a.at, at) })
	if found || i > 0 && point.at-p.points[i-1].at < int64(time.Hour) || i == len(p.points) && !p.last.Quote.Time.IsZero() {
		return
	}
	p.points = slices.Insert(p.points, i, point)
}

func (t *Trail) date(ticker market.Ticker, at time.Time) int64 {
	if t.hours != nil {
		if start, _, ok := t.hours.Session(ticker, at); ok {
			return dateOf(start)
		}
	}
	return dateOf(at)
}

func dateOf(at time.Time) int64 {
	seconds := at.Unix()
	if seconds < 0 {
		seconds -= 86399
	}
	return seconds / 86400
}

func (p *trailPath) widen(date int64, low, high market.Price) {
	i, found := slices.BinarySearchFunc(p.days, date, func(d trailDay, date int64) int { return cmp.Compare(d.date, date) })
	if !found {
		p.days = slices.Insert(p.days, i, trailDay{date, low, high})
		if len(p.days) > 400 {
			p.days = slices.Delete(p.days, 0, len(p.days)-400)
		}
		return
	}
	if low.Less(p.days[i].low) {
		p.days[i].low = low
	}
	if p.days[i].high.Less(high) {
		p.days[i].high = high
	}
}

// thin drops points that the trail no longer has to keep.
func (p *trailPath) thin(now time.Time) {
	kept := p.points[:0]
	for i, point := range p.points {
		age := now.Sub(time.Unix(0, point.at))
		grain := int64(0)
		switch {
		case age > trailCoarse:
			continue
		case age > trailFine:
			grain = int64(6 * time.Hour)
		case age > trailExact:
			grain = int64(15 * time.Minute)
		}
		// The last point of each grain stays: it is the one "at or before" its end.
		if grain == 0 || i+1 == len(p.points) || p.points[i+1].at/grain != point.at/grain {
			kept = append(kept, point)
		}
	}
	p.points = kept
}

// Latest returns the symbol's last quote.
func (t *Trail) Latest(ticker market.Ticker) (Standing, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := t.paths[ticker]
	if p == nil || p.last.Quote.Time.IsZero() {
		return Standing{}, false
	}
	return p.last, true
}

// At returns the last price at or before a time; where none is known, the first
// one after it.
func (t *Trail) At(ticker market.Ticker, at, since time.Time) (market.Price, time.Time, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := t.paths[ticker]
	if p == nil {
		return 0, time.Time{}, false
	}
	nanos := at.UnixNano()
	i, _ := slices.BinarySearchFunc(p.points, nanos+1, func(a trailPoint, at int64) int { return cmp.Compare(a.at, at) })
	if i > 0 && !time.Unix(0, p.points[i-1].at).Before(since) {
		i--
	}
	if i == len(p.points) {
		return 0, time.Time{}, false
	}
	return p.points[i].price, time.Unix(0, p.points[i].at).UTC(), true
}

// Extremes returns the lowest and highest price of the last days with prices
// before the day of a time.
func (t *Trail) Extremes(ticker market.Ticker, before time.Time, days int) (low, high market.Price, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := t.paths[ticker]
	if p == nil || days < 1 {
		return 0, 0, false
	}
	date := t.date(ticker, before)
	end, _ := slices.BinarySearchFunc(p.days, date, func(d trailDay, date int64) int { return cmp.Compare(d.date, date) })
	if end < days {
		return 0, 0, false
	}
	low, high = p.days[end-1].low, p.days[end-1].high
	for _, d := range p.days[end-days : end] {
		if d.low.Less(low) {
			low = d.low
		}
		if high.Less(d.high) {
			high = d.high
		}
	}
	return low, high, true
}

// Range returns the median of the daily ranges of the last 30 full days; 0
// where fewer than five are known.
func (t *Trail) Range(ticker market.Ticker) market.Price {
	t.mu.RLock()
	defer t.mu.RUnlock()
	p := t.paths[ticker]
	if p == nil || len(p.days) < 6 {
		return 0
	}
	full := p.days[max(0, len(p.days)-31) : len(p.days)-1]
	ranges := make([]market.Price, len(full))
	for i, d := range full {
		ranges[i] = d.high.Sub(d.low)
	}
	slices.SortFunc(ranges, market.Price.Cmp)
	return ranges[len(ranges)/2]
}

// Retract forgets the prices of a symbol from a time on: they were false. The
// day's high and low are then those of the prices that are left.
func (t *Trail) Retract(ticker market.Ticker, from time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.paths[ticker]
	if p == nil {
		return
	}
	i, _ := slices.BinarySearchFunc(p.points, from.UnixNano(), func(a trailPoint, at int64) int { return cmp.Compare(a.at, at) })
	if i == len(p.points) {
		return
	}
	p.points = p.points[:i]
	date := t.date(ticker, from)
	p.days = slices.DeleteFunc(p.days, func(d trailDay) bool { return d.date >= date })
	for _, point := range p.points {
		if t.date(ticker, time.Unix(0, point.at)) == date {
			p.widen(date, point.price, point.price)
		}
	}
}

// Rescale multiplies what is remembered of a symbol by a split's factor.
func (t *Trail) Rescale(ticker market.Ticker, split market.Split) {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.paths[ticker]
	if p == nil {
		return
	}
	p.last = p.last.scaled(split)
	for i := range p.points {
		p.points[i].price = split.Scale(p.points[i].price)
	}
	for i := range p.days {
		p.days[i].low, p.days[i].high = split.Scale(p.days[i].low), split.Scale(p.days[i].high)
	}
}
