package bot_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing/synctest"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// recorder is a platform that takes everything and remembers what it shows.
type recorder struct {
	mu    sync.Mutex
	calls []outbox.Delivery
	shown []shown
	fail  func(d outbox.Delivery) error
	next  int
}

// shown is a message as it looks now.
type shown struct {
	id        string
	at        subscriptions.Address
	message   *message.Message
	ephemeral bool
}

// plain is the message as words with its buttons below.
func (s shown) plain() string { return plain(s.message, s.ephemeral) }

func plain(m *message.Message, ephemeral bool) string {
	text := m.Plain()
	if ephemeral {
		text = "(only you) " + text
	}
	for _, row := range m.Buttons {
		text += "\n"
		for _, b := range row {
			text += "[" + b.Label + "]"
		}
	}
	if m.Mention != "" {
		text += "\n(mentions " + m.Mention + ")"
	}
	return text + "\n"
}

// Deliver implements outbox.Messenger.
func (p *recorder) Deliver(_ context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.fail != nil {
		if err := p.fail(d); err != nil {
			return outbox.Receipt{}, err
		}
	}
	p.calls = append(p.calls, d)
	if d.Kind == outbox.Edit {
		target := d.Target
		if len(d.Parts) > 0 {
			target = d.Parts[d.Part].ID
		}
		for i := range p.shown {
			if p.shown[i].id == target {
				p.shown[i].message = d.Message
			}
		}
		return outbox.Receipt{ID: target}, nil
	}
	p.next++
	id := fmt.Sprint(p.next)
	p.shown = append(p.shown, shown{id, d.Address, d.Message, d.Ephemeral})
	return outbox.Receipt{ID: id}, nil
}

// immediate records what an adapter shows at once.
func (p *recorder) immediate(at subscriptions.Address, r bot.Request, a bot.Answer) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case a.Modal != nil:
		return fmt.Sprintf("(form) %s: %s [%s]\n", a.Modal.Title, a.Modal.Fields[0].Label, a.Modal.Fields[0].Value)
	case a.Message == nil:
		return a.Toast
	case a.Edit && r.Message != "":
		for i := range p.shown {
			if p.shown[i].id == r.Message {
				p.shown[i].message = a.Message
			}
		}
		return "(edit) " + plain(a.Message, a.Ephemeral)
	}
	p.next++
	p.shown = append(p.shown, shown{fmt.Sprint(p.next), at, a.Message, a.Ephemeral})
	return plain(a.Message, a.Ephemeral)
}

func (p *recorder) mark(at subscriptions.Address, n *int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*n = 0
	for _, d := range p.calls {
		if d.Address == at {
			*n++
		}
	}
}

// since returns what was delivered to a place after the first n.
func (p *recorder) since(at subscriptions.Address, n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, d := range p.calls {
		if d.Address != at {
			continue
		}
		if n--; n >= 0 {
			continue
		}
		if d.Kind == outbox.Edit {
			b.WriteString("(edit) ")
		}
		b.WriteString(plain(d.Message, d.Ephemeral) + "\n")
	}
	return b.String()
}

func (p *recorder) screen(at subscriptions.Address) []shown {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []shown
	for _, s := range p.shown {
		if s.at == at {
			out = append(out, s)
		}
	}
	return out
}

func (p *recorder) settle() { synctest.Wait() }

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

// scriptedFeeds reads what a test wrote.
type scriptedFeeds struct {
	mu       sync.Mutex
	feeds    map[string]news.Feed
	stories  map[string][]news.Article
	problems map[string]error
	explode  string // reading this address panics
}

func newFeeds() *scriptedFeeds {
	f := &scriptedFeeds{feeds: map[string]news.Feed{}, stories: map[string][]news.Article{}, problems: map[string]error{}}
	for _, name := range []string{"one", "two", "three"} {
		address := "https://" + name + ".example/feed"
		f.feeds[address] = news.Feed{URL: address, Title: "The " + strings.ToUpper(name[:1]) + name[1:]}
	}
	return f
}

func topics() []bot.Topic {
	return []bot.Topic{
		{Name: "markets", Feeds: []news.Feed{{URL: "https://one.example/feed", Title: "The One"}, {URL: "https://two.example/feed", Title: "The Two"}}},
		{Name: "crypto", Feeds: []news.Feed{{URL: "https://three.example/feed", Title: "The Three"}}},
	}
}

// publish adds an article to a feed.
func (f *scriptedFeeds) publish(address, id, title string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stories[address] = append([]news.Article{{
		Identity: id, URL: "https://news.example/" + id, Canonical: "https://news.example/" + id, Title: title,
		Summary: "What happened in a sentence.", Published: time.Now().UTC(),
	}}, f.stories[address]...)
}

// Read implements bot.FeedReader.
func (f *scriptedFeeds) Read(_ context.Context, feed news.Feed) (news.Feed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.explode == feed.URL {
		panic("boom")
	}
	if err := f.problems[feed.URL]; err != nil {
		return news.Feed{}, err
	}
	if known, ok := f.feeds[feed.URL]; ok {
		return known, nil
	}
	return news.Feed{}, &problem{kind: "gone"}
}

func (f *scriptedFeeds) articles() feedArticles { return feedArticles{f} }

// feedArticles reads the same feeds with their articles.
type feedArticles struct{ f *scriptedFeeds }

// Read implements alerts.FeedReader.
func (a feedArticles) Read(_ context.Context, feed news.Feed) (news.Reading, error) {
	a.f.mu.Lock()
	defer a.f.mu.Unlock()
	return news.Reading{Feed: feed, Articles: slices.Clone(a.f.stories[feed.URL])}, nil
}

// problem is a reason for which a feed cannot be followed.
type problem struct {
	kind    string
	instead []string
}

func (p *problem) Error() string     { return "cannot be read: " + p.kind }
func (p *problem) Problem() string   { return p.kind }
func (p *problem) Instead() []string { return p.instead }
