package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"bellwether/adapters/discord"
	"bellwether/adapters/storage"
	"bellwether/adapters/telegram"
	"bellwether/alerts"
	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// station is the delivery as it is in the bot: the outbox, the adapter and a
// SQLite file.
type station struct {
	account outbox.Account
	store   *storage.Store
	rates   outbox.Rates
	server  *standIn
	places  []subscriptions.Destination
	event   int64

	box  *outbox.Outbox
	end  context.CancelFunc
	done chan error
}

// benchToken is what the stand-ins take: anything.
const benchToken = "42:nobody"

// benchText is what is sent: as long as an alert is.
func benchText() *message.Message {
	return &message.Message{
		Title: "NVIDIA rose above 180.00", TitleURL: "https://finance.example/quote/NVDA",
		Blocks: []message.Block{
			message.P(message.B("NVDA"), message.T(" 181.35  ▲ 2.4% today")),
			message.Pairs(message.Pair("High", message.T("181.92")), message.Pair("Low", message.T("176.10"))),
		},
		Footer: []message.Inline{message.T("Your alert 7. It is done.")},
	}
}

// newStation makes the places and the store, in a folder of its own.
func newStation(ctx context.Context, b *bench, account outbox.Account, server *standIn, chats int, rates outbox.Rates) (*station, error) {
	folder, err := os.MkdirTemp(b.folder, "station-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary folder: %w", err)
	}
	store, err := storage.Open(ctx, storage.Options{URL: "sqlite:" + filepath.Join(folder, "bench.db")})
	if err != nil {
		return nil, err
	}
	s := &station{account: account, store: store, rates: rates, server: server}
	kind := subscriptions.Private
	if account.Platform == subscriptions.Discord {
		kind = subscriptions.Group
	}
	for i := range chats {
		place, err := store.Place(ctx, subscriptions.Destination{
			Kind: kind,
			Address: subscriptions.Address{
				Platform: account.Platform, Account: account.Name, Chat: strconv.Itoa(1_000_000 + i),
			},
		})
		if err != nil {
			return nil, errors.Join(err, store.Close())
		}
		s.places = append(s.places, place)
	}
	return s, nil
}

// add queues a message to each of the places.
func (s *station) add(ctx context.Context, priority outbox.Priority, places []subscriptions.Destination) error {
	const chunk = 1000
	s.event++
	for len(places) > 0 {
		n := min(chunk, len(places))
		sends := make([]outbox.Send, n)
		now := time.Now().UTC()
		for i, d := range places[:n] {
			sends[i] = outbox.Send{
				Destination: d.ID, Address: d.Address, Place: d.Kind, Kind: outbox.New, Priority: priority, State: outbox.Waiting,
				Event: s.event, Form: message.Rich, Happened: now, Created: now, Due: now,
			}
		}
		places = places[n:]
		if err := s.store.Enqueue(ctx, bot.Matched{Event: alerts.EventID(s.event), Sends: sends, Last: len(places) == 0}); err != nil {
			return err
		}
	}
	if s.box != nil {
		s.box.Wake()
	}
	return nil
}

// run starts the outbox.
func (s *station) run(ctx context.Context) error {
	messenger, err := s.messenger()
	if err != nil {
		return err
	}
	shelf := s.store.Outbox()
	words := benchWords{text: benchText()}
	s.box = outbox.NewOutbox(outbox.Options{
		Store: shelf, Pictures: shelf, Composer: words, Collapser: words, InFlight: 32,
		Messengers: map[outbox.Account]outbox.Messenger{s.account: messenger},
		Rates:      map[outbox.Account]outbox.Rates{s.account: s.rates},
		Log:        slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	ctx, s.end = context.WithCancel(ctx)
	s.done = make(chan error, 1)
	go func() { s.done <- s.box.Run(ctx) }()
	return nil
}

func (s *station) messenger() (outbox.Messenger, error) {
	if s.account.Platform == subscriptions.Discord {
		return discord.New(discord.Options{
			Account: s.account.Name, Token: benchToken, APIURL: s.server.address, Desk: benchDesk{}, Memory: s.store,
		})
	}
	return telegram.New(telegram.Options{
		Account: s.account.Name, Token: benchToken, APIURL: s.server.address, Desk: benchDesk{}, Memory: s.store,
	})
}

// halt stops the outbox, after which run may be called again.
func (s *station) halt() error {
	if s.box == nil {
		return nil
	}
	s.end()
	s.box = nil
	return <-s.done
}

// close ends everything.
func (s *station) close() error { return errors.Join(s.halt(), s.store.Close()) }

// until returns when the stand-in took so many messages and all of them are
// recorded, with what the stand-in saw then.
func (s *station) until(ctx context.Context, made int64, longest time.Duration) (benchStats, error) {
	deadline := time.Now().Add(longest)
	for {
		ended := int64(0)
		for _, a := range s.box.Accounts() {
			for _, n := range a.Ended {
				ended += n
			}
		}
		if ended >= made {
			return s.server.stats(ctx)
		}
		if time.Now().After(deadline) {
			return benchStats{}, fmt.Errorf("after %s only %d of %d messages had ended", longest, ended, made)
		}
		if err := pauseFor(ctx, 20*time.Millisecond); err != nil {
			return benchStats{}, err
		}
	}
}

func pauseFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// faults tells how many messages were lost and how many came twice, where each
// chat was to get so many.
func (s *station) faults(seen benchStats, each int64) (lost, twice int64) {
	for _, d := range s.places {
		got := seen.Chats[d.Address.Chat]
		lost += max(0, each-got)
		twice += max(0, got-each)
	}
	return lost, twice
}

// benchWords says the same to all.
type benchWords struct{ text *message.Message }

// Compose implements outbox.Composer.
func (w benchWords) Compose(_ context.Context, sends []*outbox.Send) error {
	for _, s := range sends {
		s.Message = w.text
	}
	return nil
}

// Repeat implements outbox.Composer.
func (w benchWords) Repeat(context.Context, outbox.Send) (*message.Message, error) {
	return w.text, nil
}

// Collapse implements outbox.Collapser.
func (w benchWords) Collapse(context.Context, outbox.Backlog) (*message.Message, error) {
	return w.text, nil
}

// benchDesk is nobody's: the stand-ins send no updates.
type benchDesk struct{}

// Submit implements bot.Desk.
func (benchDesk) Submit(context.Context, ...bot.Request) error { return nil }

// Answer implements bot.Desk.
func (benchDesk) Answer(context.Context, bot.Request) (bot.Answer, error) {
	return bot.Answer{}, bot.ErrSubmit
}

// Suggest implements bot.Desk.
func (benchDesk) Suggest(context.Context, bot.Request, string, string) ([]bot.Choice, error) {
	return nil, nil
}

// Report implements bot.Desk.
func (benchDesk) Report(context.Context, ...bot.Signal) error { return nil }
