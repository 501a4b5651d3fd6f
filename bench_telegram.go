package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func telegramAccount() outbox.Account {
	return outbox.Account{Platform: subscriptions.Telegram, Name: mainAccount}
}

// withStation measures at a station of its own, beside a stand-in of its own.
func withStation(ctx context.Context, b *bench, account outbox.Account, c benchServerCommand, chats int, rates outbox.Rates,
	measure func(s *station) ([]finding, error),
) (findings []finding, err error) {
	c.Platform = string(account.Platform)
	server, err := startStandIn(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	s, err := newStation(ctx, b, account, server, chats, rates)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return measure(s)
}

// measureLimited sends to every chat while the stand-in holds to Telegram's
// limits.
func measureLimited(ctx context.Context, b *bench) ([]finding, error) {
	const rate, burst = 30, 30
	c := benchServerCommand{All: rate, Burst: burst, Chat: 1}
	return withStation(ctx, b, telegramAccount(), c, b.chats, outbox.DefaultRates(subscriptions.Telegram), func(s *station) ([]finding, error) {
		took, seen, err := s.fanOut(ctx, rate)
		if err != nil {
			return nil, err
		}
		lost, twice := s.faults(seen, 1)
		ideal := float64(b.chats-burst) / rate
		return []finding{
			atMost(fmt.Sprintf("%d chats at 30/s: time to the last ÷ ideal %.1f s", b.chats, ideal), took.Seconds()/ideal, 1.01, ""),
			none("lost", lost), none("twice", twice), none("429", seen.Limited),
		}, nil
	})
}

// measureSlower sends to every chat while the stand-in takes less than we think.
func measureSlower(ctx context.Context, b *bench) ([]finding, error) {
	const rate, burst = 22, 30
	c := benchServerCommand{All: rate, Burst: burst, Chat: 1}
	return withStation(ctx, b, telegramAccount(), c, b.chats, outbox.DefaultRates(subscriptions.Telegram), func(s *station) ([]finding, error) {
		took, seen, err := s.fanOut(ctx, rate)
		if err != nil {
			return nil, err
		}
		lost, twice := s.faults(seen, 1)
		return []finding{
			atLeast(fmt.Sprintf("%d chats, 22/s taken, 30/s configured: messages a second ÷ 22", b.chats), float64(b.chats)/took.Seconds()/rate, 0.95, ""),
			atMost("429 in requests", 100*float64(seen.Limited)/float64(max(seen.Requests, 1)), 1, " %"),
			none("lost", lost), none("twice", twice),
		}, nil
	})
}

// fanOut sends one message to each place and returns how long it took until
// the last was there.
func (s *station) fanOut(ctx context.Context, rate float64) (time.Duration, benchStats, error) {
	if err := s.server.reset(ctx); err != nil {
		return 0, benchStats{}, err
	}
	if err := s.add(ctx, outbox.PriorityNews, s.places); err != nil {
		return 0, benchStats{}, err
	}
	return s.empty(ctx, len(s.places), rate)
}

// empty sends the n messages that are queued and returns how long it took until
// the last was there.
func (s *station) empty(ctx context.Context, n int, rate float64) (time.Duration, benchStats, error) {
	began := time.Now()
	if err := s.run(ctx); err != nil {
		return 0, benchStats{}, err
	}
	seen, err := s.until(ctx, int64(n), time.Duration(3*float64(n)/rate*float64(time.Second))+time.Minute)
	if err != nil {
		return 0, seen, err
	}
	return seen.Last.Sub(began), seen, s.halt()
}

// pace is how fast a run of messages was, and what it cost this process.
type pace struct {
	perSecond, cpuPerThousand float64 // CPU in milliseconds
	seen                      benchStats
}

func paceOf(n int, took, cpu time.Duration, seen benchStats) pace {
	return pace{float64(n) / took.Seconds(), cpu.Seconds() * 1e6 / float64(n), seen}
}

// drain measures how fast a full queue is emptied.
func (s *station) drain(ctx context.Context) (pace, error) {
	if err := s.server.reset(ctx); err != nil {
		return pace{}, err
	}
	if err := s.add(ctx, outbox.PriorityNews, s.places); err != nil {
		return pace{}, err
	}
	cpu, began := cpuTime(), time.Now()
	if err := s.run(ctx); err != nil {
		return pace{}, err
	}
	seen, err := s.until(ctx, int64(len(s.places)), 5*time.Minute)
	if err != nil {
		return pace{}, err
	}
	used := cpuTime() - cpu
	return paceOf(len(s.places), seen.Last.Sub(began), used, seen), s.halt()
}

// bare measures the same requests by nothing but a client of net/http with
// eight connections.
func (s *station) bare(ctx context.Context) (pace, error) {
	const connections = 8
	if err := s.server.reset(ctx); err != nil {
		return pace{}, err
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	address := s.server.address + "/bot" + benchToken + "/sendMessage"
	text := strings.Join(strings.Fields(fmt.Sprint(*benchText())), " ")
	cpu, began := cpuTime(), time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	errs := make([]error, connections)
	for i := range connections {
		all.Go(func() {
			for errs[i] == nil {
				n := next.Add(1) - 1
				if n >= int64(len(s.places)) {
					return
				}
				errs[i] = postForm(ctx, client, address, url.Values{
					"chat_id": {s.places[n].Address.Chat}, "text": {text}, "parse_mode": {"HTML"},
				})
			}
		})
	}
	all.Wait()
	if err := errors.Join(errs...); err != nil {
		return pace{}, err
	}
	used := cpuTime() - cpu
	seen, err := s.server.stats(ctx)
	return paceOf(len(s.places), seen.Last.Sub(began), used, seen), err
}

func postForm(ctx context.Context, client *http.Client, address string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(r)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}

// measureUnlimited compares the whole delivery with a bare client, where the
// stand-in takes what comes.
func measureUnlimited(ctx context.Context, b *bench) ([]finding, error) {
	return withStation(ctx, b, telegramAccount(), benchServerCommand{}, b.chats, outbox.Rates{}, func(s *station) ([]finding, error) {
		var speed, cost []float64
		var lost, twice int64
		if _, err := s.bare(ctx); err != nil { // warms both sides up
			return nil, err
		}
		for range b.rounds {
			bare, err := s.bare(ctx)
			if err != nil {
				return nil, err
			}
			whole, err := s.drain(ctx)
			if err != nil {
				return nil, err
			}
			l, t := s.faults(whole.seen, 1)
			lost, twice = lost+l, twice+t
			speed = append(speed, whole.perSecond/bare.perSecond)
			if bare.cpuPerThousand > 0 {
				cost = append(cost, whole.cpuPerThousand/bare.cpuPerThousand)
			}
			b.say("  bare %.0f/s, %.0f ms CPU per 1,000; whole %.0f/s, %.0f ms", bare.perSecond, bare.cpuPerThousand, whole.perSecond, whole.cpuPerThousand)
		}
		found := []finding{atLeast("no limit: messages a second ÷ bare client's", median(speed), 0.5, "")}
		if len(cost) > 0 {
			found = append(found, atMost("CPU per 1,000 ÷ bare client's", median(cost), 2, ""))
		}
		return append(found, none("lost", lost), none("twice", twice)), nil
	})
}

func median(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// measureDistance sends to a stand-in that takes 50 ms for each answer.
func measureDistance(ctx context.Context, b *bench) ([]finding, error) {
	c := benchServerCommand{Delay: 50 * time.Millisecond}
	return withStation(ctx, b, telegramAccount(), c, b.chats, outbox.Rates{}, func(s *station) ([]finding, error) {
		var speed []float64
		for range b.rounds {
			whole, err := s.drain(ctx)
			if err != nil {
				return nil, err
			}
			speed = append(speed, whole.perSecond)
			b.say("  %.0f/s", whole.perSecond)
		}
		return []finding{atLeast("50 ms away, 32 in flight: messages a second", median(speed), 600, "")}, nil
	})
}
