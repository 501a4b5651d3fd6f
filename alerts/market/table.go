package market

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"
	"unicode"
)

// Table knows symbols by ticker, name and alias. It is safe for concurrent use.
type Table struct {
	mu      sync.RWMutex
	symbols []Symbol
	tickers map[Ticker]int32
	exact   map[string][]int32 // by all that a symbol is called
	tokens  map[string]int32   // the words of names and aliases, by their place in spelled
	spelled []spelling
	prefix  []entry // sorted by key
}

// entry is a text that a symbol can be found by while it is typed.
type entry struct {
	key    string
	symbol int32
	rank   uint8 // 0 for a ticker or alias, 1 for a name, 2 for a later word of a name
}

// nearest is how many similar symbols are suggested.
const nearest = 5

// NewTable returns a table of these symbols.
func NewTable(symbols []Symbol) *Table {
	t := &Table{tickers: make(map[Ticker]int32), exact: make(map[string][]int32), tokens: make(map[string]int32)}
	t.Add(symbols...)
	return t
}

// normal is a text as it is compared: lower case, single spaces, no "$".
func normal(text string) string {
	return strings.TrimPrefix(strings.Join(strings.Fields(strings.ToLower(text)), " "), "$")
}

func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) })
}

// Add remembers symbols. One whose ticker is known is left as it is, as are
// those without a ticker.
func (t *Table) Add(symbols ...Symbol) {
	t.mu.Lock()
	defer t.mu.Unlock()
	grown := len(t.prefix)
	for _, s := range symbols {
		if _, known := t.tickers[s.Ticker]; known || s.Ticker == "" {
			continue
		}
		at := int32(len(t.symbols))
		s.Aliases = slices.Clone(s.Aliases)
		t.symbols = append(t.symbols, s)
		t.tickers[s.Ticker] = at
		t.index(s, at)
	}
	if len(t.prefix) > grown {
		slices.SortFunc(t.prefix, func(a, b entry) int {
			return cmp.Or(strings.Compare(a.key, b.key), cmp.Compare(a.symbol, b.symbol))
		})
	}
}

func (t *Table) index(s Symbol, at int32) {
	ticker, name := normal(string(s.Ticker)), normal(s.Name)
	calls := append([]string{ticker, name}, s.Aliases...)
	if bare, index := strings.CutPrefix(ticker, "^"); index {
		calls = append(calls, bare)
	}
	for i, text := range calls {
		key := normal(text)
		if key == "" {
			continue
		}
		t.exact[key] = appendNew(t.exact[key], at)
		rank := uint8(0)
		if i == 1 {
			rank = 1
		}
		t.prefix = append(t.prefix, entry{key, at, rank})
		for k, word := range words(key) {
			place, known := t.tokens[word]
			if !known {
				place = int32(len(t.spelled))
				t.tokens[word] = place
				t.spelled = append(t.spelled, spellingOf(word))
			}
			t.spelled[place].symbols = appendNew(t.spelled[place].symbols, at)
			if k > 0 && i == 1 {
				t.prefix = append(t.prefix, entry{word, at, 2})
			}
		}
	}
}

func appendNew(list []int32, v int32) []int32 {
	if n := len(list); n > 0 && list[n-1] == v {
		return list
	}
	return append(list, v)
}

// Get returns a symbol by its ticker.
func (t *Table) Get(ticker Ticker) (Symbol, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	at, ok := t.tickers[ticker]
	if !ok {
		return Symbol{}, false
	}
	return t.symbols[at], true
}

// Len is how many symbols the table knows.
func (t *Table) Len() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return len(t.symbols)
}

// Strip returns the symbols of the market strip in their order.
func (t *Table) Strip() []Symbol {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var out []Symbol
	for _, s := range t.symbols {
		if s.Strip > 0 {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Symbol) int { return cmp.Compare(a.Strip, b.Strip) })
	return out
}

// Lookup finds what a text stands for. found holds the symbols whose ticker,
// alias or name it is, several where it is ambiguous; where there is none, near
// holds at most five similar ones, best first, forgiving two wrong letters in a
// word.
func (t *Table) Lookup(text string) (found, near []Symbol) {
	key := normal(text)
	if key == "" {
		return nil, nil
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, at := range t.exact[key] {
		found = append(found, t.symbols[at])
	}
	if len(found) > 0 {
		slices.SortStableFunc(found, func(a, b Symbol) int { return cmp.Compare(stripOrder(&a), stripOrder(&b)) })
		return found, nil
	}
	return nil, t.similar(key)
}

func stripOrder(s *Symbol) int {
	if s.Strip == 0 {
		return 1 << 30
	}
	return s.Strip
}

// Search completes what is being typed: at most limit symbols, exact ones
// first, then the strip, then short tickers.
func (t *Table) Search(typed string, limit int) []Symbol {
	key := normal(typed)
	t.mu.RLock()
	defer t.mu.RUnlock()
	if limit <= 0 {
		return nil
	}
	if key == "" {
		return t.first(limit)
	}
	return t.pick(t.completions(key), limit)
}

// first returns the first symbols of the table.
func (t *Table) first(limit int) []Symbol {
	return slices.Clone(t.symbols[:min(limit, len(t.symbols))])
}

// fits tells for each symbol of the table how well it fits: 0 not at all, else
// the lower the better.
type fits []uint8

func (f fits) lower(at int32, fit uint8) {
	if f[at] == 0 || fit < f[at] {
		f[at] = fit
	}
}

// completions returns the symbols that a text begins.
func (t *Table) completions(key string) fits {
	out := make(fits, len(t.symbols))
	from := sort.Search(len(t.prefix), func(i int) bool { return t.prefix[i].key >= key })
	for _, e := range t.prefix[from:] {
		if !strings.HasPrefix(e.key, key) {
			break
		}
		fit := 2 + e.rank
		if e.key == key && e.rank < 2 {
			fit = 1
		}
		out.lower(e.symbol, fit)
	}
	return out
}

// pick returns the best of the symbols that fit.
func (t *Table) pick(f fits, limit int) []Symbol {
	compare := func(a, b int32) int {
		x, y := &t.symbols[a], &t.symbols[b]
		return cmp.Or(cmp.Compare(f[a], f[b]), cmp.Compare(stripOrder(x), stripOrder(y)),
			cmp.Compare(len(x.Ticker), len(y.Ticker)), strings.Compare(string(x.Ticker), string(y.Ticker)))
	}
	limit = min(limit, len(t.symbols))
	best := make([]int32, 0, limit+1)
	for i, fit := range f {
		at := int32(i)
		if fit == 0 || len(best) == limit && compare(at, best[limit-1]) > 0 {
			continue
		}
		place, _ := slices.BinarySearchFunc(best, at, compare)
		best = slices.Insert(best, place, at)
		best = best[:min(len(best), limit)]
	}
	out := make([]Symbol, len(best))
	for i, at := range best {
		out[i] = t.symbols[at]
	}
	return out
}
