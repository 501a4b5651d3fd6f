package bot_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot"
	"bellwether/subscriptions"
)

// scriptedMarket quotes what a test says.
type scriptedMarket struct {
	mu     sync.Mutex
	prices map[market.Ticker]market.Quote
	bars   map[market.Ticker][]market.Bar
	down   bool
}

func newMarket() *scriptedMarket {
	m := &scriptedMarket{prices: map[market.Ticker]market.Quote{}, bars: map[market.Ticker][]market.Bar{}}
	for ticker, both := range map[market.Ticker][2]string{
		"BTC-USD": {"61955.88", "62777.45"}, "^STI": {"3367.90", "3338.57"}, "GC=F": {"2340.00", "2333.40"},
		"GOLD": {"17.20", "17.10"}, "D05.SI": {"36.00", "35.85"}, "NVDA": {"122.67", "124.30"}, "AAPL": {"220.27", "216.75"},
		"^TNX": {"4.436", "4.479"}, "^VIX": {"13.20", "13.10"},
	} {
		m.prices[ticker] = market.Quote{
			Ticker: ticker, Price: market.MustPrice(both[0]), PreviousClose: market.MustPrice(both[1]), Source: "test",
		}
	}
	return m
}

func (m *scriptedMarket) set(ticker market.Ticker, price string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.prices[ticker]
	q.Ticker, q.Price = ticker, market.MustPrice(price)
	m.prices[ticker] = q
}

// fail has the market answer nothing, or answer again.
func (m *scriptedMarket) fail(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

// Failing implements bot.Sources.
func (m *scriptedMarket) Failing(market.Ticker) (alerts.Notice, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return alerts.Notice{Source: "test", Reason: "it answers nothing"}, m.down
}

// Name implements alerts.QuoteSource.
func (m *scriptedMarket) Name() string { return "test" }

// Terms implements alerts.QuoteSource.
func (m *scriptedMarket) Terms() alerts.Terms {
	return alerts.Terms{Batch: 100, Interval: 10 * time.Second, Rate: 100}
}

// Quotes implements alerts.QuoteSource.
func (m *scriptedMarket) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return nil, &alerts.SourceError{Source: "test", Reason: "it answers nothing"}
	}
	var out []market.Quote
	for _, t := range tickers {
		if q, ok := m.prices[t]; ok {
			q.Time, q.Received = time.Now().UTC(), time.Now().UTC()
			out = append(out, q)
		}
	}
	return out, nil
}

// Bars implements alerts.BarSource.
func (m *scriptedMarket) Bars(_ context.Context, ticker market.Ticker, step time.Duration, from time.Time) ([]market.Bar, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if step < 24*time.Hour {
		return nil, nil
	}
	var out []market.Bar
	for _, b := range m.bars[ticker] {
		if !b.Time.Before(from) {
			out = append(out, b)
		}
	}
	return out, nil
}

// daily gives a symbol a history that swings between two prices.
func (m *scriptedMarket) daily(ticker market.Ticker, days int, low, high string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	today := time.Now().UTC().Truncate(24 * time.Hour)
	a, b := market.MustPrice(low), market.MustPrice(high)
	for i := days; i > 0; i-- {
		bar := market.Bar{Time: today.AddDate(0, 0, -i), Open: a, High: b, Low: a, Close: b}
		if i%2 == 0 {
			bar.Open, bar.Close = b, a
		}
		m.bars[ticker] = append(m.bars[ticker], bar)
	}
}

// symbolTable is a small table of symbols.
type symbolTable struct {
	mu  sync.Mutex
	all []market.Symbol
}

func newSymbols() *symbolTable {
	return &symbolTable{all: []market.Symbol{
		{Ticker: "^STI", Name: "Straits Times", Aliases: []string{"sti"}, Exchange: "XSES", Class: market.ClassIndex, Unit: market.UnitPoints, Decimals: 2, Strip: 1},
		{Ticker: "BTC-USD", Name: "Bitcoin", Aliases: []string{"btc", "bitcoin"}, Currency: "USD", Class: market.ClassCrypto, Unit: market.UnitCurrency, Decimals: 2, Strip: 2},
		{Ticker: "GC=F", Name: "Gold", Aliases: []string{"gold"}, Exchange: "XCEC", Currency: "USD", Class: market.ClassFuture, Unit: market.UnitCurrency, Decimals: 2, Strip: 3},
		{Ticker: "GOLD", Name: "Barrick Gold", Exchange: "XNYS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency, Decimals: 2},
		{Ticker: "D05.SI", Name: "DBS", Aliases: []string{"dbs"}, Exchange: "XSES", Currency: "SGD", Class: market.ClassEquity, Unit: market.UnitCurrency, Decimals: 2},
		{Ticker: "NVDA", Name: "NVIDIA", Aliases: []string{"nvidia"}, Exchange: "XNAS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency, Decimals: 2},
		{Ticker: "AAPL", Name: "Apple", Aliases: []string{"apple"}, Exchange: "XNAS", Currency: "USD", Class: market.ClassEquity, Unit: market.UnitCurrency, Decimals: 2},
		{Ticker: "^TNX", Name: "US 10-year yield", Aliases: []string{"us10y"}, Class: market.ClassYield, Unit: market.UnitPercent, Decimals: 3},
		{Ticker: "^VIX", Name: "VIX", Aliases: []string{"vix"}, Class: market.ClassIndex, Unit: market.UnitPoints, Decimals: 2},
	}}
}

func (s *symbolTable) strip() []market.Symbol { return s.all[:3] }

// Lookup implements bot.Symbols.
func (s *symbolTable) Lookup(text string) (found, near []market.Symbol) {
	s.mu.Lock()
	defer s.mu.Unlock()
	want := strings.ToLower(strings.TrimSpace(text))
	for _, symbol := range s.all {
		name := strings.ToLower(symbol.Name)
		switch {
		case strings.ToLower(string(symbol.Ticker)) == want, name == want, slices.Contains(symbol.Aliases, want):
			found = append(found, symbol)
		case len(want) >= 3 && (strings.HasPrefix(name, want[:3]) || strings.HasPrefix(strings.ToLower(string(symbol.Ticker)), want[:3])):
			near = append(near, symbol)
		}
	}
	return found, near
}

// Search implements bot.Symbols and completes.
func (s *symbolTable) Search(typed string, limit int) []market.Symbol {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []market.Symbol
	for _, symbol := range s.all {
		if len(out) < limit && strings.Contains(strings.ToLower(string(symbol.Ticker)+" "+symbol.Name), strings.ToLower(typed)) {
			out = append(out, symbol)
		}
	}
	return out
}

// Get implements bot.Symbols.
func (s *symbolTable) Get(t market.Ticker) (market.Symbol, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, symbol := range s.all {
		if symbol.Ticker == t {
			return symbol, true
		}
	}
	return market.Symbol{}, false
}

// outsideSearch finds a crypto symbol of any name that ends in -USD.
type outsideSearch struct{}

// Search implements alerts.SymbolSource.
func (outsideSearch) Search(_ context.Context, text string) ([]market.Symbol, error) {
	if !strings.HasSuffix(text, "-USD") {
		return nil, nil
	}
	return []market.Symbol{{Ticker: market.Ticker(text), Name: "Coin " + text, Currency: "USD", Class: market.ClassCrypto, Decimals: 2}}, nil
}

// Add implements bot.Symbols.
func (s *symbolTable) Add(symbols ...market.Symbol) {
	for _, symbol := range symbols {
		if _, ok := s.Get(symbol.Ticker); !ok {
			s.mu.Lock()
			s.all = append(s.all, symbol)
			s.mu.Unlock()
		}
	}
}

// scriptedHours has one market, Singapore, from 01:00 to 09:30 UTC.
type scriptedHours struct{}

// Session implements bot.Hours.
func (*scriptedHours) Session(s market.Symbol, at time.Time) bot.MarketSession {
	if s.Exchange != "XSES" {
		return bot.MarketSession{}
	}
	day := at.UTC().Truncate(24 * time.Hour)
	opens, closes := day.Add(time.Hour), day.Add(9*time.Hour+30*time.Minute)
	switch {
	case at.Before(opens):
		return bot.MarketSession{State: bot.MarketClosed, Until: opens}
	case at.Before(closes):
		return bot.MarketSession{State: bot.MarketOpen, Until: closes}
	}
	return bot.MarketSession{State: bot.MarketClosed, Until: opens.Add(24 * time.Hour)}
}

// Sessions implements bot.Hours.
func (*scriptedHours) Sessions(market.Symbol, time.Time, time.Time) []bot.OpenSpan { return nil }

// Venues implements bot.Hours.
func (*scriptedHours) Venues() []bot.Venue {
	return []bot.Venue{{MIC: "XSES", Name: "Singapore", Words: []string{"sgx"}}, {MIC: "XNAS", Name: "Nasdaq", Words: []string{"nasdaq"}}}
}

// Rings implements bot.Hours.
func (*scriptedHours) Rings(venue string, after, until time.Time) []bot.Ring {
	if venue != "XSES" {
		return nil
	}
	closes := after.UTC().Truncate(24 * time.Hour).Add(9*time.Hour + 30*time.Minute)
	if closes.After(after) && !closes.After(until) {
		return []bot.Ring{{At: closes}}
	}
	return nil
}

// scriptedRights says what a test says of people; who is not named is a member.
type scriptedRights struct {
	mu    sync.Mutex
	roles map[string]subscriptions.Role // "chat/user"
	err   error
}

func (s *scriptedRights) set(chat, user string, role subscriptions.Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.roles == nil {
		s.roles = map[string]subscriptions.Role{}
	}
	s.roles[chat+"/"+user] = role
}

// Role implements bot.Rights.
func (s *scriptedRights) Role(_ context.Context, place subscriptions.Address, user string) (subscriptions.Role, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return subscriptions.RoleUnknown, s.err
	}
	if role, ok := s.roles[place.Chat+"/"+user]; ok {
		return role, nil
	}
	return subscriptions.RoleMember, nil
}
