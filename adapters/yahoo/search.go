package yahoo

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"unicode"

	"bellwether/alerts/market"
)

const (
	found     = 10
	maxText   = 80 // characters of what is searched for
	maxName   = 80 // characters of a name that are kept
	maxTicker = 24
)

// Search returns up to ten symbols that Yahoo finds for a text, best first.
func (s *Source) Search(ctx context.Context, text string) ([]market.Symbol, error) {
	text = clean(text, maxText)
	if text == "" {
		return nil, nil
	}
	body, err := s.door.Get(ctx, "/v1/finance/search", url.Values{"q": {text}, "quotesCount": {"10"}, "newsCount": {"0"}})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Quotes []struct {
			Symbol    string `json:"symbol"`
			ShortName string `json:"shortname"`
			LongName  string `json:"longname"`
			Type      string `json:"quoteType"`
			Exchange  string `json:"exchange"`
		} `json:"quotes"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, unknownForm()
	}
	var symbols []market.Symbol
	for _, q := range answer.Quotes {
		class, ok := classOf(market.Ticker(q.Symbol), q.Type)
		if !ok || !isTicker(q.Symbol) || len(symbols) == found {
			continue
		}
		name := clean(q.LongName, maxName)
		if name == "" {
			name = clean(q.ShortName, maxName)
		}
		if name == "" {
			name = q.Symbol
		}
		symbols = append(symbols, symbolOf(market.Ticker(q.Symbol), name, class, q.Exchange))
	}
	return symbols, nil
}

func symbolOf(ticker market.Ticker, name string, class market.Class, exchange string) market.Symbol {
	s := market.Symbol{Ticker: ticker, Name: name, Class: class, Exchange: venues[exchange], Unit: market.UnitCurrency, Decimals: 2}
	switch class {
	case market.ClassIndex:
		s.Unit = market.UnitPoints
	case market.ClassYield:
		s.Unit, s.Decimals = market.UnitPercent, 3
	case market.ClassCurrency:
		s.Decimals = 4
	}
	if class == market.ClassCrypto {
		if i := strings.LastIndexByte(string(ticker), '-'); i >= 0 && len(ticker)-i == 4 {
			s.Currency = string(ticker)[i+1:]
		}
	}
	return s
}

func classOf(ticker market.Ticker, kind string) (market.Class, bool) {
	if _, unit := unitOf(ticker, "", "INDEX"); unit == market.UnitPercent {
		return market.ClassYield, true
	}
	switch strings.ToUpper(kind) {
	case "EQUITY":
		return market.ClassEquity, true
	case "ETF", "MUTUALFUND":
		return market.ClassETF, true
	case "INDEX":
		return market.ClassIndex, true
	case "CURRENCY":
		return market.ClassCurrency, true
	case "CRYPTOCURRENCY":
		return market.ClassCrypto, true
	case "FUTURE":
		return market.ClassFuture, true
	}
	return "", false
}

// venues gives the ISO 10383 code of the venue whose hours a symbol of one of
// Yahoo's exchanges keeps.
var venues = map[string]string{ //nolint:gochecknoglobals // Read only; Go has no constants of this kind.
	"NMS": "XNAS", "NGM": "XNAS", "NCM": "XNAS", "NYQ": "XNYS", "ASE": "XNYS", "PCX": "XNYS", "BTS": "XNYS",
	"SES": "XSES", "HKG": "XHKG", "JPX": "XTKS", "LSE": "XLON", "KLS": "XKLS", "JKT": "XIDX", "PHS": "XPHS", "PHP": "XPHS",
	"GER": "XETR", "PAR": "XPAR", "ASX": "XASX", "SHH": "XSHG", "TAI": "XTAI", "NSI": "XNSE", "TOR": "XTSE", "EBS": "XSWX",
}

func isTicker(text string) bool {
	if text == "" || len(text) > maxTicker {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(".^=-_", r)
	}) < 0
}

// clean makes a text fit for one line: outside text is hostile.
func clean(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return ' '
		case r == unicode.ReplacementChar || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > limit {
		text = strings.TrimSpace(string(runes[:limit]))
	}
	return text
}
