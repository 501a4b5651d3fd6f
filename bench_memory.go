package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// queued is how many messages wait in the rows on memory and on an alert.
const queued = 100_000

// resident returns how much memory this process has, in bytes.
func resident() int64 {
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		if fields := strings.Fields(string(text)); len(fields) > 1 {
			if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
				return pages * int64(os.Getpagesize())
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys - m.HeapReleased)
}

// watchMemory returns a function that ends the watch and returns the peak.
func watchMemory() (peak func() int64) {
	var highest atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for {
			highest.Store(max(highest.Load(), resident()))
			select {
			case <-ticker.C:
			case <-stop:
				return
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return highest.Load()
	}
}

// queue fills the queue with so many articles.
func (s *station) queue(ctx context.Context, n int) error {
	for left := n; left > 0; left -= len(s.places) {
		if err := s.add(ctx, outbox.PriorityNews, s.places[:min(left, len(s.places))]); err != nil {
			return err
		}
	}
	return nil
}

// measureMemory compares the memory of the idle outbox with the most that it
// takes while 100,000 messages wait and are sent.
func measureMemory(ctx context.Context, b *bench) ([]finding, error) {
	const span = 10 * time.Second
	rates := outbox.DefaultRates(subscriptions.Telegram)
	return withStation(ctx, b, telegramAccount(), benchServerCommand{}, b.chats, rates, func(s *station) ([]finding, error) {
		if err := s.run(ctx); err != nil {
			return nil, err
		}
		if err := pauseFor(ctx, time.Second); err != nil {
			return nil, err
		}
		idle := resident()
		peak := watchMemory()
		if err := s.queue(ctx, queued); err != nil {
			return nil, err
		}
		if err := pauseFor(ctx, span); err != nil {
			return nil, err
		}
		slow := peak()
		// The same without a limit, where most is in memory.
		if err := s.halt(); err != nil {
			return nil, err
		}
		s.rates = outbox.Rates{}
		peak = watchMemory()
		if err := s.run(ctx); err != nil {
			return nil, err
		}
		if err := pauseFor(ctx, span); err != nil {
			return nil, err
		}
		fast := peak()
		return []finding{
			told("memory when idle", fmt.Sprintf("%.1f MiB", mebibytes(idle))),
			atMost(fmt.Sprintf("%d queued, 30/s: peak above idle", queued), mebibytes(slow-idle), 64, " MiB"),
			atMost("the same sent without a limit: peak above idle", mebibytes(fast-idle), 64, " MiB"),
		}, nil
	})
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// measureAlert queues alerts behind 100,000 articles and measures how long each
// takes until its request is there, at 30 messages a second.
func measureAlert(ctx context.Context, b *bench) ([]finding, error) {
	const alerts = 20
	rates := outbox.DefaultRates(subscriptions.Telegram)
	c := benchServerCommand{All: 30, Burst: 30, Chat: 1}
	return withStation(ctx, b, telegramAccount(), c, b.chats+alerts, rates, func(s *station) ([]finding, error) {
		quiet := s.places[b.chats:]
		s.places = s.places[:b.chats]
		if err := s.queue(ctx, queued); err != nil {
			return nil, err
		}
		if err := s.run(ctx); err != nil {
			return nil, err
		}
		var slowest, sum, commit time.Duration
		for i := range alerts {
			// Not in step with the tokens, which come every 33 ms.
			if err := pauseFor(ctx, 300*time.Millisecond+time.Duration(i)*7*time.Millisecond); err != nil {
				return nil, err
			}
			began := time.Now()
			if err := s.add(ctx, outbox.PriorityAlert, quiet[i:i+1]); err != nil {
				return nil, err
			}
			kept := time.Since(began)
			came, err := s.comes(ctx, quiet[i].Address.Chat)
			if err != nil {
				return nil, err
			}
			slowest, sum, commit = max(slowest, came.Sub(began)), sum+came.Sub(began), max(commit, kept)
		}
		return []finding{
			told(fmt.Sprintf("an alert behind %d articles: mean time to its request", queued), fmt.Sprintf("%.1f ms", sum.Seconds()*1000/alerts)),
			told("the slowest until it is on the disk", fmt.Sprintf("%.1f ms", commit.Seconds()*1000)),
			atMost(fmt.Sprintf("the slowest of %d", alerts), slowest.Seconds()*1000, 100, " ms"),
		}, nil
	})
}

// comes returns when the first message came to a chat.
func (s *station) comes(ctx context.Context, chat string) (time.Time, error) {
	for range 500 {
		seen, err := s.server.stats(ctx, chat)
		if err != nil {
			return time.Time{}, err
		}
		if at, ok := seen.Watched[chat]; ok {
			return at, nil
		}
		if err := pauseFor(ctx, 20*time.Millisecond); err != nil {
			return time.Time{}, err
		}
	}
	return time.Time{}, fmt.Errorf("nothing came to chat %s in ten seconds", chat)
}
