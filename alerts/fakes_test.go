package alerts_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// memoryStore keeps everything in maps, with the rules of a real store:
// compare-and-set on versions, events once by their key, all or nothing.
type memoryStore struct {
	mu        sync.Mutex
	rules     map[alerts.RuleID]alerts.Rule
	lists     map[alerts.WatchlistID][]market.Ticker
	states    map[alerts.RuleID]map[market.Ticker]alerts.State
	standings map[market.Ticker]alerts.Standing
	events    []alerts.Event
	keys      map[string]bool
	grown     map[string]alerts.Event // what came under a known key
	missed    string                  // as a checker keeps it
	largest   int                     // batch
	before    func(alerts.Batch) error
}

func newMemoryStore() *memoryStore {
	return &memoryStore{
		rules: map[alerts.RuleID]alerts.Rule{}, lists: map[alerts.WatchlistID][]market.Ticker{},
		states:    map[alerts.RuleID]map[market.Ticker]alerts.State{},
		standings: map[market.Ticker]alerts.Standing{}, keys: map[string]bool{}, grown: map[string]alerts.Event{},
	}
}

// add types a rule, stores it and returns its record.
func (s *memoryStore) add(t testing.TB, id alerts.RuleID, text string) alerts.Record {
	t.Helper()
	draft, err := alerts.Parse(text, env())
	if err != nil {
		t.Fatal(err)
	}
	draft.Rule.ID, draft.Rule.Revision = id, 1
	s.rules[id] = draft.Rule
	return s.record(id)
}

func (s *memoryStore) record(id alerts.RuleID) alerts.Record {
	rule := s.rules[id]
	r := alerts.Record{Rule: rule, Tickers: alerts.Standpoints(rule, s.lists[rule.Watchlist])}
	for _, state := range s.states[id] {
		r.States = append(r.States, state)
	}
	return r
}

func (s *memoryStore) all() []alerts.Record {
	out := make([]alerts.Record, 0, len(s.rules))
	for id := range s.rules {
		out = append(out, s.record(id))
	}
	return out
}

func (s *memoryStore) Records(_ context.Context, ids []alerts.RuleID) ([]alerts.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []alerts.Record
	for _, id := range ids {
		if _, ok := s.rules[id]; ok {
			out = append(out, s.record(id))
		}
	}
	return out, nil
}

func (s *memoryStore) Standings(context.Context) ([]alerts.Standing, error) {
	var out []alerts.Standing
	for _, standing := range s.standings {
		out = append(out, standing)
	}
	return out, nil
}

func (s *memoryStore) EachFiring(_ context.Context, ticker market.Ticker, since time.Time, take func([]alerts.Firing) error) error {
	var out []alerts.Firing
	for _, e := range s.events {
		if e.Kind == alerts.EventFired && e.Firing.To.Ticker == ticker && !e.Detected.Before(since) {
			out = append(out, *e.Firing)
		}
	}
	return take(out)
}

func (s *memoryStore) Commit(_ context.Context, batch alerts.Batch) error {
	if s.before != nil {
		if err := s.before(batch); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var conflict alerts.ConflictError
	for _, state := range batch.States {
		if rule, ok := s.rules[state.Rule]; !ok || rule.Revision != batch.Revisions[state.Rule] || s.states[state.Rule][state.Ticker].Version != state.Version {
			conflict.Rules = append(conflict.Rules, state.Rule)
		}
	}
	for _, h := range batch.Holds {
		if s.rules[h.Rule].Revision != h.Revision {
			conflict.Rules = append(conflict.Rules, h.Rule)
		}
	}
	if len(conflict.Rules) > 0 {
		return &conflict
	}
	for _, h := range batch.Holds {
		rule := s.rules[h.Rule]
		rule.HeldFor, rule.Revision = h.For, h.Revision+1
		s.rules[h.Rule] = rule
	}
	s.largest = max(s.largest, len(batch.States))
	for _, state := range batch.States {
		if s.states[state.Rule] == nil {
			s.states[state.Rule] = map[market.Ticker]alerts.State{}
		}
		state.Version++
		s.states[state.Rule][state.Ticker] = state
	}
	for _, event := range batch.Events {
		if !s.keys[event.Key] {
			s.keys[event.Key] = true
			s.events = append(s.events, event)
		} else {
			s.grown[event.Key] = event
		}
	}
	for _, standing := range batch.Standings {
		s.standings[standing.Quote.Ticker] = standing
	}
	return nil
}

// fired returns the keys of the firings, sorted.
func (s *memoryStore) fired() []string {
	var out []string
	for _, event := range s.events {
		if event.Kind == alerts.EventFired {
			out = append(out, event.Key)
		}
	}
	slices.Sort(out)
	return out
}

// everything is a planner that always reads all.
type everything struct{}

func (everything) Due(_ time.Time, watched []market.Ticker) []market.Ticker { return watched }

func (everything) Read(time.Time, []market.Ticker, []market.Quote, error) {}

// trusting is a guard that believes all quotes that are newer than the last.
type trusting struct{ held map[market.Price]bool }

func (g trusting) Judge(last alerts.Standing, quote market.Quote, _ market.Ticker, _ time.Time) alerts.Verdict {
	switch {
	case g.held[quote.Price]:
		return alerts.Verdict{Held: true}
	case !quote.Time.After(last.Quote.Time):
		return alerts.Verdict{Reason: "not new"}
	}
	return alerts.Verdict{Accepted: true, Base: quote.PreviousClose}
}

// script is a quote source that answers what a test tells it to.
type script struct {
	quotes []market.Quote
	err    error
	asked  []market.Ticker
}

func (s *script) Name() string { return "script" }

func (s *script) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	s.asked = tickers
	return s.quotes, s.err
}

func (s *script) Terms() alerts.Terms { return alerts.Terms{} }

// desk is a checker with its fakes.
type desk struct {
	*alerts.Checker
	store  *memoryStore
	script *script
	now    time.Time
}

func newDesk(t testing.TB, store *memoryStore) *desk {
	t.Helper()
	d := &desk{store: store, script: &script{}, now: wednesday()}
	d.Checker = &alerts.Checker{
		Store: store, Source: d.script, Planner: everything{}, Guard: trusting{}, Book: alerts.NewBook(),
		Now: func() time.Time { return d.now }, Log: slog.New(slog.DiscardHandler),
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d.Book.Put(store.all()...)
	return d
}

// quote checks one price of each given symbol, a minute after the check before.
func (d *desk) quote(t testing.TB, pairs ...string) {
	t.Helper()
	d.now = d.now.Add(time.Minute)
	d.script.quotes = nil
	for i := 0; i+1 < len(pairs); i += 2 {
		d.script.quotes = append(d.script.quotes, market.Quote{
			Ticker: market.Ticker(pairs[i]), Price: price(pairs[i+1]), PreviousClose: price("100"), Time: d.now, Received: d.now,
		})
	}
	if _, err := d.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
}
