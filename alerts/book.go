package alerts

import (
	"maps"
	"slices"
	"sync"
	"time"

	"bellwether/alerts/market"
)

// Book is the index of all rules by symbol and price. A simple rule (a level or
// a range of one symbol) is held as one or two sorted numbers, so that a quote
// costs the rules that it crosses and not the rules there are; the store has
// the rest of it. Other rules are listed by the symbols that they are about.
// It is safe for concurrent use.
type Book struct {
	mu      sync.RWMutex
	places  map[RuleID]place
	rich    map[RuleID][]market.Ticker // further symbols of rules that are no simple ones
	shelves []*shelf
	index   map[market.Ticker]*shelf
	wakes   map[RuleID]time.Time
}

// place says where a rule is: its shelf and the low bits of its revision.
type place struct {
	shelf    uint32
	revision uint32
}

// NewBook returns an empty book.
func NewBook() *Book {
	return &Book{
		places: map[RuleID]place{}, rich: map[RuleID][]market.Ticker{},
		index: map[market.Ticker]*shelf{}, wakes: map[RuleID]time.Time{},
	}
}

// Seen tells the book a symbol's last accepted quote. Told before the rules are
// put, it spares the first check from looking at every rule that holds already.
func (b *Book) Seen(standings ...Standing) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range standings {
		if traded := s.forRules(); !traded.Quote.Time.IsZero() {
			b.shelf(s.Quote.Ticker).last = &traded
		}
	}
}

// Put adds rules, or replaces what the book knows of them. A rule that the book
// knows in a later revision is left as it is; an equal revision is replaced,
// since its states may have changed.
func (b *Book) Put(records ...Record) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(records) == 1 {
		b.putOne(records[0])
		return
	}
	b.putMany(records)
}

// Remove drops a rule, unless the book knows it in a later revision.
func (b *Book) Remove(id RuleID, revision int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if at, ok := b.places[id]; ok && !newer(at.revision, uint32(revision)) {
		b.drop(id)
	}
}

// newer tells whether revision a comes after b, whose low bits are known.
func newer(a, b uint32) bool { return int32(a-b) > 0 }

// Len returns how many rules the book holds.
func (b *Book) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.places)
}

// Tickers returns the symbols that some rule is about, in no order.
func (b *Book) Tickers() []market.Ticker {
	b.mu.RLock()
	defer b.mu.RUnlock()
	out := make([]market.Ticker, 0, len(b.shelves))
	for _, s := range b.shelves {
		if s.rules > 0 {
			out = append(out, s.ticker)
		}
	}
	return out
}

// Touched appends the rules that a symbol's step from one accepted quote to the
// next may concern, each once; most of them it does. from is nil where there is
// no quote before.
func (b *Book) Touched(out []RuleID, ticker market.Ticker, from *market.Price, to market.Price) []RuleID {
	b.mu.RLock()
	if s := b.index[ticker]; s != nil {
		out = s.touched(out, from, to)
	}
	b.mu.RUnlock()
	return out
}

// Step is a symbol's step from one accepted quote to the next.
type Step struct {
	Ticker market.Ticker
	From   *market.Price // nil where there is no quote before
	To     market.Price
}

// EachTouched hands over, step by step, the rules that the steps of a snapshot
// may concern, each once for a step. The slice is good until take returns. The
// book must not be changed by take.
func (b *Book) EachTouched(steps []Step, take func(step int, rules []RuleID)) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	var out []RuleID
	for i := range steps {
		s := b.index[steps[i].Ticker]
		if s == nil {
			continue
		}
		if out = s.touched(out[:0], steps[i].From, steps[i].To); len(out) > 0 {
			take(i, out)
		}
	}
}

// Nearest returns the closest prices below and above a price at which a rule
// has to be looked at, for planning how often the symbol is read; ok is false
// where there is none on that side.
func (b *Book) Nearest(ticker market.Ticker, price market.Price) (below, above market.Price, hasBelow, hasAbove bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := b.index[ticker]
	if s == nil || s.scale < 0 {
		return 0, 0, false, false
	}
	key := priceKey(price, int(s.scale))
	if i := s.up.search(key + 1); i < len(s.up.keys) {
		above, hasAbove = keyPrice(s.up.keys[i]>>1, int(s.scale))
	}
	if i := s.down.search(key); i > 0 {
		below, hasBelow = keyPrice((s.down.keys[i-1]+1)>>1, int(s.scale))
	}
	return below, above, hasBelow, hasAbove
}

func keyPrice(units int64, scale int) (market.Price, bool) {
	p, err := market.NewPrice(units, scale)
	return p, err == nil
}

// Waking returns the rules whose cooldown is over, and forgets that they wait.
func (b *Book) Waking(now time.Time) []RuleID {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []RuleID
	for id, at := range b.wakes {
		if !now.Before(at) {
			out = append(out, id)
			delete(b.wakes, id)
		}
	}
	slices.Sort(out)
	return out
}

func (b *Book) shelf(ticker market.Ticker) *shelf {
	s := b.index[ticker]
	if s == nil {
		s = &shelf{scale: -1, number: uint32(len(b.shelves)), shelfBack: &shelfBack{ticker: ticker}}
		b.index[ticker] = s
		b.shelves = append(b.shelves, s)
	}
	return s
}

// putOne replaces one rule.
func (b *Book) putOne(r Record) {
	if at, ok := b.places[r.Rule.ID]; ok {
		if newer(at.revision, uint32(r.Rule.Revision)) {
			return
		}
		b.drop(r.Rule.ID)
	}
	added := b.place(r)
	if added == nil {
		return
	}
	for _, rung := range added.up {
		added.shelf.up.insert(rung)
	}
	for _, rung := range added.down {
		added.shelf.down.insert(rung)
	}
}

// putMany replaces many rules, one pass for each symbol.
func (b *Book) putMany(records []Record) {
	latest := make(map[RuleID]int, len(records))
	for i, r := range records {
		if j, ok := latest[r.Rule.ID]; !ok || records[j].Rule.Revision <= r.Rule.Revision {
			latest[r.Rule.ID] = i
		}
	}
	b.dropOlder(records, latest)
	added := map[*shelf]*entry{}
	for i, r := range records {
		if _, still := b.places[r.Rule.ID]; still || latest[r.Rule.ID] != i {
			continue // known in a later revision
		}
		e := b.place(r)
		if e == nil {
			continue
		}
		if all := added[e.shelf]; all != nil {
			all.up, all.down = append(all.up, e.up...), append(all.down, e.down...)
		} else {
			added[e.shelf] = e
		}
	}
	// In the order of the shelves, so that neighbours lie together in memory.
	for _, e := range slices.SortedFunc(maps.Values(added), func(a, b *entry) int { return int(a.shelf.number) - int(b.shelf.number) }) {
		e.shelf.up.merge(e.up)
		e.shelf.down.merge(e.down)
	}
}

// dropOlder takes out the rules that are to be replaced.
func (b *Book) dropOlder(records []Record, latest map[RuleID]int) {
	dropped := map[uint32]map[RuleID]bool{}
	for i, r := range records {
		id := r.Rule.ID
		at, ok := b.places[id]
		if !ok || latest[id] != i || newer(at.revision, uint32(r.Rule.Revision)) {
			continue
		}
		if _, rich := b.rich[id]; rich {
			b.drop(id)
			continue
		}
		if dropped[at.shelf] == nil {
			dropped[at.shelf] = map[RuleID]bool{}
		}
		dropped[at.shelf][id] = true
	}
	for i, ids := range dropped {
		b.shelves[i].dropMany(ids)
		for id := range ids {
			b.forget(id)
		}
	}
}

// entry is what a simple rule adds to its shelf's ladders.
type entry struct {
	shelf    *shelf
	up, down []rung
}

// place notes a rule that the book does not know and returns the rungs to add;
// nil where it adds none.
func (b *Book) place(r Record) *entry {
	id, rule := r.Rule.ID, r.Rule
	if len(rule.Conditions) == 0 {
		return nil
	}
	if !rule.simple() {
		b.placeRich(r)
		return nil
	}
	ticker := rule.Conditions[0].Ticker
	s := b.shelf(ticker)
	b.places[id] = place{shelf: s.number, revision: uint32(rule.Revision)}
	s.rules++
	edges, always, wake := rule.edges(r.state(ticker), s.last)
	if !wake.IsZero() {
		b.wakes[id] = wake
	}
	e := &entry{shelf: s}
	for _, edge := range edges {
		if s.scale < 0 {
			s.scale = int8(scaleFor(edge.level))
		}
		key, ok := levelKey(edge.level, int(s.scale))
		switch {
		case !ok:
			always = true
		case edge.up && edge.past:
			e.up = append(e.up, rung{key + 1, id})
		case edge.up:
			e.up = append(e.up, rung{key, id})
		case edge.past:
			e.down = append(e.down, rung{key - 1, id})
		default:
			e.down = append(e.down, rung{key, id})
		}
	}
	if always {
		s.watch(id)
	}
	return e
}

// placeRich lists a rule under each symbol that it is about.
func (b *Book) placeRich(r Record) {
	subjects := map[market.Ticker]bool{}
	for _, c := range r.Rule.Conditions {
		if c.Ticker != "" {
			subjects[c.Ticker] = true
			continue
		}
		for _, t := range r.Tickers {
			subjects[t] = true
		}
	}
	b.places[r.Rule.ID] = place{revision: uint32(r.Rule.Revision)}
	b.rich[r.Rule.ID] = slices.Sorted(maps.Keys(subjects))
	still := r.Rule.Paused || r.Rule.HeldFor != ""
	for ticker := range subjects {
		s := b.shelf(ticker)
		s.rules++
		if !still {
			s.watch(r.Rule.ID)
		}
	}
}

func (b *Book) forget(id RuleID) {
	delete(b.places, id)
	delete(b.wakes, id)
}

// drop takes one rule out.
func (b *Book) drop(id RuleID) {
	at := b.places[id]
	tickers, rich := b.rich[id]
	b.forget(id)
	delete(b.rich, id)
	same := func(other RuleID) bool { return other == id }
	for _, ticker := range tickers {
		s := b.shelf(ticker)
		s.rules--
		s.unwatch(same)
	}
	if rich {
		return
	}
	s := b.shelves[at.shelf]
	s.rules--
	s.up.drop(same)
	s.down.drop(same)
	s.unwatch(same)
}

// Has tells whether some rule is about a symbol.
func (b *Book) Has(ticker market.Ticker) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := b.index[ticker]
	return s != nil && s.rules > 0
}

// Active returns the rules that wait for something of a symbol, by ID.
func (b *Book) Active(ticker market.Ticker) []RuleID {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := b.index[ticker]
	if s == nil {
		return nil
	}
	out := slices.Concat(s.always, s.up.rules, s.down.rules)
	slices.Sort(out)
	return slices.Compact(out)
}

// About returns all rules on a symbol, those that rest among them, by ID.
func (b *Book) About(ticker market.Ticker) []RuleID {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s := b.index[ticker]
	if s == nil {
		return nil
	}
	var out []RuleID
	for id, at := range b.places {
		tickers, rich := b.rich[id]
		if rich && slices.Contains(tickers, ticker) || !rich && at.shelf == s.number {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// Distance tells how far a symbol's last accepted price is from the nearest
// price at which a rule has to be looked at, in percent; ok is false where
// there is no such price or no quote yet. A symbol that some rule follows with
// each quote is at distance 0.
func (b *Book) Distance(ticker market.Ticker) (percent market.Price, ok bool) {
	b.mu.RLock()
	s := b.index[ticker]
	if s == nil || s.last == nil {
		b.mu.RUnlock()
		return 0, false
	}
	busy, price := s.busy, s.last.Quote.Price
	b.mu.RUnlock()
	if busy {
		return 0, true
	}
	below, above, hasBelow, hasAbove := b.Nearest(ticker, price)
	for _, edge := range []struct {
		level market.Price
		ok    bool
	}{{below, hasBelow}, {above, hasAbove}} {
		if !edge.ok {
			continue
		}
		away := edge.level.ChangePercent(price)
		if away.Sign() < 0 {
			away = away.Neg()
		}
		if !ok || away.Less(percent) {
			percent, ok = away, true
		}
	}
	return percent, ok
}
