package storage

import (
	"context"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// standingRow keeps a symbol's last accepted quote.
type standingRow struct {
	Ticker string `gorm:"primaryKey"`
	Body   string
}

func (standingRow) TableName() string { return "quotes" }

// guardRow keeps what the guard remembers of a symbol.
type guardRow struct {
	Ticker string `gorm:"primaryKey"`
	Body   string
}

func (guardRow) TableName() string { return "guard_records" }

type barRow struct {
	Ticker string `gorm:"primaryKey"`
	Step   int64  `gorm:"primaryKey"` // seconds
	At     stamp  `gorm:"primaryKey"`
	Open   int64
	High   int64
	Low    int64
	Close  int64
}

func (barRow) TableName() string { return "bars" }

type symbolRow struct {
	Ticker string `gorm:"primaryKey"`
	Body   string
}

func (symbolRow) TableName() string { return "symbols" }

func marketTables(tx *gorm.DB) error {
	return create([]any{&standingRow{}, &guardRow{}, &barRow{}, &symbolRow{}})(tx)
}

// Standings returns the last accepted quotes of symbols; one that was never
// quoted is not among them.
func (s *Store) Standings(ctx context.Context, tickers []market.Ticker) (map[market.Ticker]alerts.Standing, error) {
	out := make(map[market.Ticker]alerts.Standing, len(tickers))
	for start := 0; start < len(tickers); start += 500 {
		var rows []standingRow
		if err := s.fast.WithContext(ctx).Where("ticker IN ?", tickers[start:min(start+500, len(tickers))]).Find(&rows).Error; err != nil {
			return nil, wrap("read quotes", err)
		}
		for _, row := range rows {
			standing, err := decode[alerts.Standing](row.Body)
			if err != nil {
				return nil, err
			}
			out[market.Ticker(row.Ticker)] = standing
		}
	}
	return out, nil
}

// Bars returns the stored bars of a symbol from a time on, oldest first.
func (s *Store) Bars(ctx context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	var rows []barRow
	err := s.fast.WithContext(ctx).Where("ticker = ? AND step = ? AND at >= ?", string(ticker), int64(step/time.Second), toStamp(from)).
		Order("at").Find(&rows).Error
	if err != nil {
		return nil, wrap("read bars", err)
	}
	bars := make([]market.Bar, len(rows))
	for i, r := range rows {
		bars[i] = market.Bar{
			Time: r.At.time(), Open: market.PriceFromPacked(r.Open), High: market.PriceFromPacked(r.High),
			Low: market.PriceFromPacked(r.Low), Close: market.PriceFromPacked(r.Close),
		}
	}
	return bars, nil
}

// PutBars keeps bars, replacing those of the same stretch of time: a symbol has
// one bar of a step in that time, whatever a source gives.
func (s *Store) PutBars(ctx context.Context, ticker market.Ticker, step time.Duration, bars []market.Bar) error {
	bars = oneEach(step, bars)
	if len(bars) == 0 {
		return nil
	}
	rows := make([]barRow, len(bars))
	for i, b := range bars {
		rows[i] = barRow{
			Ticker: string(ticker), Step: int64(step / time.Second), At: toStamp(b.Time), Open: b.Open.Packed(),
			High: b.High.Packed(), Low: b.Low.Packed(), Close: b.Close.Packed(),
		}
	}
	return wrap("write bars", s.fast.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if step >= day {
			if err := dropDays(tx, rows); err != nil {
				return err
			}
		}
		return tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, 200).Error
	}))
}

const (
	day = 24 * time.Hour
	// barGrid is where bars of less than a day begin: every market opens at such a
	// time.
	barGrid = 15 * time.Minute
)

// oneEach returns bars in order, one for each stretch of time.
func oneEach(step time.Duration, bars []market.Bar) []market.Bar {
	bars = slices.Clone(bars)
	apart := market.DayApart
	if step < day {
		apart = min(step, barGrid)
		for i := range bars {
			bars[i].Time = bars[i].Time.UTC().Truncate(apart)
		}
	}
	slices.SortStableFunc(bars, func(a, b market.Bar) int { return a.Time.Compare(b.Time) })
	out := bars[:0]
	for _, b := range bars {
		if last := len(out) - 1; last >= 0 && b.Time.Sub(out[last].Time) < apart {
			out[last] = out[last].And(b)
			continue
		}
		out = append(out, b)
	}
	return out
}

// dropDays deletes stored daily bars that are of the same days as new ones and
// begin at another time, as another source's do.
func dropDays(tx *gorm.DB, rows []barRow) error {
	stored := tx.Model(&barRow{}).Where("ticker = ? AND step = ?", rows[0].Ticker, rows[0].Step)
	var known []stamp
	from, to := rows[0].At.time().Add(-market.DayApart), rows[len(rows)-1].At.time().Add(market.DayApart)
	if err := stored.Session(&gorm.Session{}).Where("at > ? AND at < ?", toStamp(from), toStamp(to)).Order("at").Pluck("at", &known).Error; err != nil {
		return err
	}
	var drop []stamp
	next := 0
	for _, at := range known {
		for next < len(rows) && at.time().Sub(rows[next].At.time()) >= market.DayApart {
			next++
		}
		for _, row := range rows[next:min(next+2, len(rows))] {
			if apart := at.time().Sub(row.At.time()); apart != 0 && apart.Abs() < market.DayApart {
				drop = append(drop, at)
				break
			}
		}
	}
	for part := range slices.Chunk(drop, 500) {
		if err := stored.Session(&gorm.Session{}).Where("at IN ?", part).Delete(&barRow{}).Error; err != nil {
			return err
		}
	}
	return nil
}

// PruneBars deletes bars of a step that are older than a time.
func (s *Store) PruneBars(ctx context.Context, step time.Duration, before time.Time) error {
	return wrap("prune bars", s.fast.WithContext(ctx).
		Where("step = ? AND at < ?", int64(step/time.Second), toStamp(before)).Delete(&barRow{}).Error)
}

// Symbols returns the symbols that were found by search or imported.
func (s *Store) Symbols(ctx context.Context) ([]market.Symbol, error) {
	var rows []symbolRow
	if err := s.fast.WithContext(ctx).Order("ticker").Find(&rows).Error; err != nil {
		return nil, wrap("read symbols", err)
	}
	out := make([]market.Symbol, 0, len(rows))
	for _, row := range rows {
		symbol, err := decode[market.Symbol](row.Body)
		if err != nil {
			return nil, err
		}
		out = append(out, symbol)
	}
	return out, nil
}

// PutSymbols keeps symbols that were found by search or imported.
func (s *Store) PutSymbols(ctx context.Context, symbols []market.Symbol) error {
	return putSymbols(s.fast.WithContext(ctx), symbols)
}

func putSymbols(tx *gorm.DB, symbols []market.Symbol) error {
	rows := make([]symbolRow, 0, len(symbols))
	for _, symbol := range symbols {
		body, err := encode(symbol)
		if err != nil {
			return err
		}
		rows = append(rows, symbolRow{Ticker: string(symbol.Ticker), Body: body})
	}
	if len(rows) == 0 {
		return nil
	}
	return wrap("write symbols", tx.Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, 200).Error)
}
