package storage_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// everyStore runs a test on SQLite and, where BELLWETHER_TEST_POSTGRES holds
// the address of a server, on PostgreSQL, in a schema of its own.
func everyStore(t *testing.T, test func(t *testing.T, s *storage.Store)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		test(t, openStore(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db")))
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, openStore(t, postgresSchema(t)))
	})
}

func openStore(t *testing.T, address string) *storage.Store {
	t.Helper()
	s, err := storage.Open(context.Background(), storage.Options{URL: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// postgresSchema makes an empty schema and returns an address that leads to it.
func postgresSchema(t *testing.T) string {
	t.Helper()
	dsn := os.Getenv("BELLWETHER_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("BELLWETHER_TEST_POSTGRES is not set")
	}
	name := strings.ToLower(strings.NewReplacer("/", "_", "-", "_").Replace(t.Name()))
	name = fmt.Sprintf("t_%x_%s", time.Now().UnixNano(), name)
	name = name[:min(len(name), 60)]
	if err := storage.CreateSchema(context.Background(), dsn, name); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

func place(chat string) subscriptions.Destination {
	return subscriptions.Destination{
		Address: subscriptions.Address{Platform: subscriptions.Telegram, Account: "main", Chat: chat},
		Kind:    subscriptions.Private, Title: "Ann", Zone: "Asia/Singapore", Locale: "en",
	}
}

func TestPlaceIsMadeOnceAndFoundAgain(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		first, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		again, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		if first.ID == 0 || again.ID != first.ID || again.Standing != subscriptions.Active || again.Zone != "Asia/Singapore" {
			t.Fatalf("got %+v then %+v", first, again)
		}
	})
}

func TestPersonIsTheSameForOneIdentity(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		who := subscriptions.Identity{Platform: subscriptions.Discord, User: "42", Name: "Ann"}
		a, err := s.Person(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		who.Name = "Anna"
		b, err := s.Person(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		name, err := s.Name(ctx, a)
		if err != nil || a == 0 || a != b || name != "Anna" {
			t.Fatalf("persons %d and %d, name %q, error %v", a, b, name, err)
		}
	})
}

func rule(id alerts.RuleID) alerts.Rule {
	return alerts.Rule{
		ID: id, Revision: 1, Repeat: alerts.Once, Created: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Note: "a \"note\"",
		Conditions: []alerts.Condition{{Kind: alerts.CrossesAbove, Ticker: "BTC-USD", Level: market.MustPrice("70000.00000001")}},
	}
}

func TestOutcomeIsStoredOnceAndWhole(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		d, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		fresh, err := s.PutRequests(ctx, []bot.Request{{ID: "telegram/main/1", Via: "secret"}, {ID: "telegram/main/1"}})
		if err != nil || len(fresh) != 1 {
			t.Fatalf("fresh %v, error %v", fresh, err)
		}
		o := bot.Outcome{
			Request: "telegram/main/1",
			Effects: []bot.Effect{bot.PutRule{Rule: rule(11), Destination: d.ID, Owner: 3}},
			Changes: []subscriptions.Change{{Request: "telegram/main/1", Author: 3, Destination: d.ID, What: "rule", After: "BTC-USD > 70000"}},
			Answers: []outbox.Send{{Destination: d.ID, Address: d.Address, Kind: outbox.New, State: outbox.Waiting, Form: "rich", Created: time.Now(), Due: time.Now()}},
		}
		if err := s.Apply(ctx, o); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(ctx, o); !errors.Is(err, bot.ErrHandled) {
			t.Fatalf("second time: %v", err)
		}
		rules, err := s.RulesOf(ctx, d.ID)
		if err != nil || len(rules) != 1 {
			t.Fatalf("rules %v, error %v", rules, err)
		}
		if got, want := alerts.Canonical(rules[0].Rule), alerts.Canonical(rule(11)); got != want || rules[0].Rule.Note != rule(11).Note {
			t.Errorf("got %q, want %q", got, want)
		}
		changes, err := s.Changes(ctx, d.ID, 10)
		if err != nil || len(changes) != 1 || changes[0].After != "BTC-USD > 70000" {
			t.Errorf("changes %v, error %v", changes, err)
		}
		sends, err := s.SendsOf(ctx, d.ID, 10)
		if err != nil || len(sends) != 1 {
			t.Errorf("sends %v, error %v", sends, err)
		}
		open, err := s.OpenRequests(ctx)
		if err != nil || len(open) != 0 {
			t.Errorf("open %v, error %v", open, err)
		}
	})
}

func TestLimitIsHeldAndNothingIsStored(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		d, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		limits := subscriptions.Limits{RulesPerPlace: 1}
		put := func(id alerts.RuleID) error {
			return s.Apply(ctx, bot.Outcome{Effects: []bot.Effect{bot.PutRule{Rule: rule(id), Destination: d.ID, Owner: 1, Limits: limits}}})
		}
		if err := put(1); err != nil {
			t.Fatal(err)
		}
		var limit *subscriptions.LimitError
		if err := put(2); !errors.As(err, &limit) || limit.Limit != 1 {
			t.Fatalf("got %v", err)
		}
		if rules, _ := s.RulesOf(ctx, d.ID); len(rules) != 1 {
			t.Errorf("%d rules", len(rules))
		}
	})
}

// TestFeedIsKnownByOneId: nobody subscribes to an id that nothing comes from.
func TestFeedIsKnownByOneId(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		put := func(id news.FeedID) error {
			f := news.Feed{ID: id, URL: "https://one.example/feed"}
			return s.Apply(ctx, bot.Outcome{Effects: []bot.Effect{bot.PutFeed{Feed: f}}})
		}
		for range 2 {
			if err := put(7); err != nil {
				t.Fatal(err)
			}
		}
		if err := put(8); !errors.Is(err, bot.ErrFeedKnown) {
			t.Fatalf("under another id: %v", err)
		}
	})
}

// TestRuleIsStoredOnceInAPlace: made and changed, by any number of people at
// once.
func TestRuleIsStoredOnceInAPlace(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		d, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		put := func(r alerts.Rule) error {
			return s.Apply(ctx, bot.Outcome{Effects: []bot.Effect{bot.PutRule{Rule: r, Destination: d.ID, Owner: 1}}})
		}
		var all sync.WaitGroup
		var stored, refused atomic.Int64
		for id := range 8 {
			all.Go(func() {
				var twice *subscriptions.TwiceError
				switch err := put(rule(alerts.RuleID(id + 1))); {
				case err == nil:
					stored.Add(1)
				case errors.As(err, &twice):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if stored.Load() != 1 || refused.Load() != 7 {
			t.Fatalf("%d stored, %d refused", stored.Load(), refused.Load())
		}
		other := rule(20)
		other.Note = "another"
		if err := put(other); err != nil {
			t.Fatal(err)
		}
		other.Revision, other.Paused = 2, true
		if err := put(other); err != nil {
			t.Fatal(err)
		}
		other.Revision, other.Note = 3, rule(1).Note
		var twice *subscriptions.TwiceError
		if err := put(other); !errors.As(err, &twice) {
			t.Errorf("changed into one that is there: %v", err)
		}
	})
}

func TestRuleChangesOnlyFromTheRevisionBefore(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		d, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(ctx, bot.Outcome{Effects: []bot.Effect{bot.PutRule{Rule: rule(5), Destination: d.ID, Owner: 1}}}); err != nil {
			t.Fatal(err)
		}
		changed := rule(5)
		changed.Revision, changed.Paused = 2, true
		put := bot.Outcome{Effects: []bot.Effect{bot.PutRule{Rule: changed, Destination: d.ID, Owner: 1}}}
		if err := s.Apply(ctx, put); err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(ctx, put); !errors.Is(err, subscriptions.ErrChanged) {
			t.Fatalf("got %v", err)
		}
		owned, err := s.Rule(ctx, 5)
		if err != nil || !owned.Rule.Paused || owned.Owner != 1 || owned.Rule.Created.IsZero() {
			t.Errorf("got %+v, error %v", owned, err)
		}
	})
}

func TestRequestThatEndsTheProcessIsSetAside(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		if _, err := s.PutRequests(ctx, []bot.Request{{ID: "a"}}); err != nil {
			t.Fatal(err)
		}
		for start := range 5 {
			open, err := s.OpenRequests(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if want := start < 3; want != (len(open) == 1) {
				t.Errorf("start %d: %d open", start, len(open))
			}
		}
	})
}

func TestStatesAreComparedAndSet(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		d, err := s.Place(ctx, place("7"))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Apply(ctx, bot.Outcome{Effects: []bot.Effect{bot.PutRule{Rule: rule(5), Destination: d.ID, Owner: 1}}}); err != nil {
			t.Fatal(err)
		}
		checks := s.Checks()
		batch := alerts.Batch{
			States: []alerts.State{{Rule: 5, Ticker: "BTC-USD", Phase: alerts.Fired, Arming: 1}},
			Events: []alerts.Event{{Kind: alerts.EventFired, Key: "k", Topic: alerts.Topic{Kind: alerts.TopicRule, ID: 5}}},
		}
		if err := checks.Commit(ctx, batch); err != nil {
			t.Fatal(err)
		}
		var conflict *alerts.ConflictError
		if err := checks.Commit(ctx, batch); !errors.As(err, &conflict) {
			t.Fatalf("the same version again: %v", err)
		}
		batch.States[0].Version = 1
		if err := checks.Commit(ctx, batch); err != nil {
			t.Fatalf("the next version, the same event: %v", err)
		}
		found, err := s.Unmatched(ctx, false, 0, 10)
		if err != nil || len(found) != 1 {
			t.Errorf("%d events, error %v", len(found), err)
		}
		batch.States[0].Rule = 6
		if err := checks.Commit(ctx, batch); !errors.As(err, &conflict) {
			t.Errorf("a rule that is gone: %v", err)
		}
	})
}

func TestEventThatGrowsWhileItIsToldIsToldAgain(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		ctx := context.Background()
		event := alerts.Event{
			Kind: alerts.EventQuotesLate, Key: "late/x", Subject: "late/x", At: time.Now(), Detected: time.Now(),
			Topic: alerts.Topic{Kind: alerts.TopicRule, ID: 1},
		}
		put := func() []bot.Unmatched {
			if err := s.PutEvents(ctx, []alerts.Event{event}); err != nil {
				t.Fatal(err)
			}
			found, err := s.Unmatched(ctx, false, 0, 100)
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			return found
		}
		seen := put()[0]
		event.Topics = []alerts.Topic{{Kind: alerts.TopicRule, ID: 2}}
		grown := put()[0]
		for _, u := range []bot.Unmatched{seen, grown} {
			found, err := s.Unmatched(ctx, false, 0, 100)
			if err != nil || len(found) != 1 {
				t.Errorf("%d events are to be told, %v", len(found), err)
			}
			if err := s.Enqueue(ctx, bot.Matched{Event: u.Event.ID, Last: true, Text: u.Text}); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := s.Unmatched(ctx, false, 0, 100); err != nil || len(found) != 0 {
			t.Errorf("%d events are told for ever, %v", len(found), err)
		}
	})
}
