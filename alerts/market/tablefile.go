package market

import (
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

//go:embed symbols.tsv
var listed string

// ErrSymbols is wrapped by the errors of symbol files that cannot be used.
var ErrSymbols = errors.New("bad symbol file")

// maxSymbols bounds what one file may bring.
const maxSymbols = 500_000

// DefaultTable returns the table that is shipped: the strip, indices,
// currencies, commodities, crypto and well-known shares.
func DefaultTable() (*Table, error) {
	rows, err := newReader(strings.NewReader(listed), '\t').ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read symbols: %w", err)
	}
	symbols := make([]Symbol, 0, len(rows))
	for _, row := range rows[1:] {
		decimals, err := strconv.Atoi(row[7])
		if err != nil {
			return nil, fmt.Errorf("%w: %s: decimals %q", ErrSymbols, row[0], row[7])
		}
		strip := 0
		if row[8] != "" {
			if strip, err = strconv.Atoi(row[8]); err != nil {
				return nil, fmt.Errorf("%w: %s: place %q", ErrSymbols, row[0], row[8])
			}
		}
		s := Symbol{
			Ticker: Ticker(row[0]), Name: row[1], Exchange: row[3], Currency: row[4], Class: Class(row[5]),
			Unit: Unit(row[6]), Decimals: decimals, Strip: strip, Optional: row[9] == "optional",
		}
		if row[2] != "" {
			s.Aliases = strings.Split(row[2], ",")
		}
		symbols = append(symbols, s)
	}
	return NewTable(symbols), nil
}

func newReader(r io.Reader, comma rune) *csv.Reader {
	reader := csv.NewReader(r)
	reader.Comma = comma
	reader.LazyQuotes = true
	return reader
}

// ReadSymbols reads a CSV file of symbols. Its first line names the columns, in
// any order and case; symbol (or ticker) is needed; name, exchange, currency and
// class are used, others passed over. Lines without a symbol are left out. An
// error names the line.
func ReadSymbols(r io.Reader) ([]Symbol, error) {
	reader := newReader(r, ',')
	reader.FieldsPerRecord = -1
	head, err := reader.Read()
	if err != nil {
		return nil, fmt.Errorf("%w: no first line with the columns' names: %w", ErrSymbols, err)
	}
	columns := make(map[string]int, len(head))
	for i, name := range head {
		columns[strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))] = i
	}
	if _, ok := columns["symbol"]; !ok {
		ticker, ok := columns["ticker"]
		if !ok {
			return nil, fmt.Errorf("%w: no column is called symbol", ErrSymbols)
		}
		columns["symbol"] = ticker
	}
	var out []Symbol
	for {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSymbols, err)
		}
		line, _ := reader.FieldPos(0)
		cell := func(name string) string {
			if i, ok := columns[name]; ok && i < len(row) {
				return strings.TrimSpace(row[i])
			}
			return ""
		}
		if cell("symbol") == "" {
			continue
		}
		s, err := imported(cell)
		if err != nil {
			return nil, fmt.Errorf("%w: line %d: %w", ErrSymbols, line, err)
		}
		if out = append(out, s); len(out) > maxSymbols {
			return nil, fmt.Errorf("%w: more than %d symbols", ErrSymbols, maxSymbols)
		}
	}
}

// imported makes a symbol of a line.
func imported(cell func(string) string) (Symbol, error) {
	ticker, name, currency := strings.ToUpper(cell("symbol")), cell("name"), cell("currency")
	if len(ticker) > 32 || strings.ContainsFunc(ticker, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Symbol{}, fmt.Errorf("symbol %.40q has more than 32 characters or odd ones", ticker)
	}
	if len(name) > 200 || !utf8.ValidString(name) {
		return Symbol{}, fmt.Errorf("name of %s is too long or not UTF-8", ticker)
	}
	s := Symbol{Ticker: Ticker(ticker), Name: name, Exchange: strings.ToUpper(cell("exchange")), Unit: UnitCurrency, Decimals: 2}
	s.Currency = strings.ToUpper(currency)
	if whole := map[string]string{"GBp": "GBP", "GBX": "GBP", "ZAc": "ZAR", "ILA": "ILS"}[currency]; whole != "" {
		s.Currency, s.Unit = whole, UnitPence
	}
	if s.Currency != "" && len(s.Currency) != 3 {
		return Symbol{}, fmt.Errorf("currency %.20q of %s is no ISO 4217 code", currency, ticker)
	}
	s.Class = ClassEquity
	if class := Class(strings.ToLower(cell("class"))); class != "" {
		known := []Class{ClassEquity, ClassETF, ClassIndex, ClassCurrency, ClassCrypto, ClassFuture, ClassYield}
		if !slices.Contains(known, class) {
			return Symbol{}, fmt.Errorf("class %.20q of %s is none of %v", class, ticker, known)
		}
		s.Class = class
	}
	switch s.Class {
	case ClassIndex:
		s.Unit = UnitPoints
	case ClassYield:
		s.Unit = UnitPercent
	case ClassCurrency:
		s.Decimals = 4
	}
	if s.Name == "" {
		s.Name = ticker
	}
	return s, nil
}
