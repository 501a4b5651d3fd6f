package storage

import (
	"context"
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

// PutBars keeps bars, replacing those of the same time.
func (s *Store) PutBars(ctx context.Context, ticker market.Ticker, step time.Duration, bars []market.Bar) error {
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
	return wrap("write bars", s.fast.WithContext(ctx).Clauses(clause.OnConflict{UpdateAll: true}).CreateInBatches(rows, 200).Error)
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
