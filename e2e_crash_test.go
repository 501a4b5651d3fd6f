package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/alerts"
	price "bellwether/alerts/market"
	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

var killsFlag = flag.Int("kills", 0, "how often the crash suite kills the process") //nolint:gochecknoglobals // A flag.

// howManyKills is what the flag says, else the environment, else a few.
func howManyKills(t *testing.T) int {
	t.Helper()
	if *killsFlag > 0 {
		return *killsFlag
	}
	if text := os.Getenv("BELLWETHER_CRASHES"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatalf("BELLWETHER_CRASHES: %v", err)
		}
		return n
	}
	return 6
}

const (
	crowd    = 1000
	inFlight = 32
	// killsEach is how many kills one fan-out has to live through.
	killsEach = 20
)

// TestKillsLoseNothingInAFanOut kills the program at random moments, from the
// read of the price that fires an alert to its last delivery to a thousand
// chats, and counts.
func TestKillsLoseNothingInAFanOut(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		for left := howManyKills(t); left > 0; left -= killsEach {
			if strings.HasPrefix(database, "sqlite:") {
				crashFanOut(t, sqliteFile(t), min(left, killsEach))
			} else {
				crashFanOut(t, postgresSchema(t), min(left, killsEach))
			}
		}
	})
}

func crashFanOut(t *testing.T, database string, kills int) {
	market := openExchange(t)
	server, chat := openTelegram(t, telegramtest.Options{}, fmt.Sprintf("token = %q\nper_second = 200.0\nprivate_per_second = 20.0", telegramToken))
	// Enough requests are under way at once for a kill to meet many.
	server.Fail(telegramtest.Fault{Method: "sendMessage", Times: -1, Delay: 100 * time.Millisecond})
	file := configFile(t, database, market.asOwn(), chat, fmt.Sprintf("[outbox]\nin_flight = %d", inFlight))
	gather(t, database, "62000")

	run := launch(t, nil, "run", "--config", file)
	eventually(t, "a first price", func() bool { return market.reads("BTC-USD") > 1 })
	market.set("BTC-USD", "62100.00")
	killed := 0
	for ; killed < kills && len(delivered(server)) < crowd; killed++ {
		// Half of the kills come at any time, the others amid deliveries.
		if before := server.Accepted(); killed%2 == 1 {
			eventually(t, "a delivery", func() bool { return server.Accepted() > before })
		}
		<-time.After(time.Duration(rand.Int64N(int64(500 * time.Millisecond))))
		run.kill()
		run = launch(t, nil, "run", "--config", file)
	}
	eventually(t, "the fan-out", func() bool { return len(delivered(server)) > 0 })
	settled(t, database)
	run.stop()
	if n := len(delivered(server)); n != crowd {
		t.Errorf("%d of %d chats have the alert", n, crowd)
	}

	repeats, unmarked := 0, 0
	for _, texts := range delivered(server) {
		repeats += len(texts) - 1
		for _, text := range texts[1:] {
			if !strings.Contains(text, "may have come before") {
				unmarked++
			}
		}
	}
	if repeats > killed*inFlight || unmarked > 0 {
		t.Errorf("%d kills: %d repeats, %d of them not marked", killed, repeats, unmarked)
	}
	t.Logf("%d kills: %d chats, %d repeats", killed, crowd, repeats)
}

func TestStopsLoseAndRepeatNothingInAFanOut(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, database string) {
		market := openExchange(t)
		server, chat := openTelegram(t, telegramtest.Options{}, fmt.Sprintf("token = %q\nper_second = 300.0\nprivate_per_second = 20.0", telegramToken))
		server.Fail(telegramtest.Fault{Method: "sendMessage", Times: -1, Delay: 100 * time.Millisecond})
		file := configFile(t, database, market.asOwn(), chat)
		gather(t, database, "62000")
		run := launch(t, nil, "run", "--config", file)
		eventually(t, "a first price", func() bool { return market.reads("BTC-USD") > 1 })
		market.set("BTC-USD", "62100.00")
		for range 3 {
			before := server.Accepted()
			eventually(t, "deliveries", func() bool { return server.Accepted() > before+50 })
			run.stop()
			run = launch(t, nil, "run", "--config", file)
		}
		settled(t, database)
		run.stop()
		n := 0
		for _, texts := range delivered(server) {
			n += len(texts)
		}
		if len(delivered(server)) != crowd || n != crowd {
			t.Errorf("%d messages in %d of %d chats", n, len(delivered(server)), crowd)
		}
	})
}

func newID(t *testing.T, store *storage.Store) int64 {
	t.Helper()
	id, err := store.NewID(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// gather stores an alert on Bitcoin that a crowd of private chats asked for.
func gather(t *testing.T, database, level string) {
	t.Helper()
	ctx := context.Background()
	store, err := storage.Open(ctx, storage.Options{URL: database})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	rule := alerts.Rule{
		ID: alerts.RuleID(newID(t, store)), Revision: 1, Repeat: alerts.Once, Created: time.Now().UTC(),
		Conditions: []alerts.Condition{{Kind: alerts.CrossesAbove, Ticker: "BTC-USD", Level: price.MustPrice(level)}},
	}
	effects := []bot.Effect{}
	for i := range crowd {
		d, err := store.Place(ctx, subscriptions.Destination{
			Address: subscriptions.Address{Platform: subscriptions.Telegram, Account: mainAccount, Chat: strconv.Itoa(5000 + i)},
			Kind:    subscriptions.Private, Zone: "UTC", Locale: "en",
		})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			states := []alerts.State{{Rule: rule.ID, Ticker: "BTC-USD", Phase: alerts.Armed}}
			effects = append(effects, bot.PutRule{Rule: rule, Destination: d.ID, Owner: 1, States: states})
		}
		effects = append(effects, bot.Subscribe{Subscription: subscriptions.Subscription{
			ID: subscriptions.SubscriptionID(newID(t, store)), Destination: d.ID, Topic: alerts.Topic{Kind: alerts.TopicRule, ID: int64(rule.ID)}, Owner: 1, Created: time.Now().UTC(),
		}})
	}
	if err := store.Apply(ctx, bot.Outcome{Effects: effects}); err != nil {
		t.Fatal(err)
	}
}

// delivered returns the texts of the alert that each chat got.
func delivered(server *telegramtest.Server) map[int64][]string {
	out := make(map[int64][]string)
	for _, s := range server.Sent() {
		if s.Method == "sendMessage" && strings.Contains(s.Text, "Bitcoin USD rose to") {
			out[s.Chat] = append(out[s.Chat], s.Text)
		}
	}
	return out
}

// settled waits until every send of the crowd is recorded as delivered.
func settled(t *testing.T, database string) {
	t.Helper()
	store := openStore(t, database)
	// What was under way in a kill is tried again one after another.
	eventuallyWithin(t, 5*time.Minute, "every send to be recorded", func() bool {
		depths, err := store.Outbox().Depths(t.Context())
		return err == nil && len(depths) == 0
	})
	for i := range crowd {
		d, err := store.Place(t.Context(), subscriptions.Destination{
			Address: subscriptions.Address{Platform: subscriptions.Telegram, Account: mainAccount, Chat: strconv.Itoa(5000 + i)},
		})
		if err != nil {
			t.Fatal(err)
		}
		sends, err := store.SendsOf(t.Context(), d.ID, 10)
		if err != nil || len(sends) != 1 {
			t.Fatalf("chat %s has %d sends, %v", d.Address.Chat, len(sends), err)
		}
		// What three kills met by chance is set aside and says so, as what ended
		// the process itself would be; it did arrive.
		switch s := sends[0]; {
		case s.State == outbox.SetAside && s.Reason != "":
			t.Logf("chat %s: %s after %d kills", d.Address.Chat, s.State, s.Crashes)
		case s.State != outbox.Delivered:
			t.Errorf("chat %s: %s (%s)", d.Address.Chat, s.State, s.Reason)
		}
	}
}
