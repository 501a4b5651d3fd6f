package main

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts"
	"bellwether/alerts/market"
)

func TestAStartRemembersTheDaysBetweenRuns(t *testing.T) {
	store, err := storage.Open(t.Context(), storage.Options{URL: "sqlite:" + filepath.Join(t.TempDir(), "b.db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	now := time.Date(2026, 3, 11, 15, 0, 0, 0, time.UTC)
	flat := func(at time.Time, step time.Duration, n int, text string) []market.Bar {
		p := market.MustPrice(text)
		var out []market.Bar
		for i := range n {
			out = append(out, market.Bar{Time: at.Add(time.Duration(i) * step), Open: p, High: p, Low: p, Close: p})
		}
		return out
	}
	day := now.Truncate(24 * time.Hour)
	put := func(step time.Duration, bars []market.Bar) {
		if err := store.PutBars(t.Context(), "BTC-USD", step, bars); err != nil {
			t.Fatal(err)
		}
	}
	put(24*time.Hour, flat(day.AddDate(0, 0, -30), 24*time.Hour, 30, "60000"))
	put(5*time.Minute, flat(now.AddDate(0, 0, -8), 5*time.Minute, 12, "50000")) // it ran then
	put(5*time.Minute, flat(now.Add(-time.Hour), 5*time.Minute, 10, "62000"))   // and today
	last := alerts.Standing{Quote: market.Quote{Ticker: "BTC-USD", Price: market.MustPrice("62000"), Time: now, Received: now, Source: "yahoo"}}
	if err := store.Checks().Commit(t.Context(), alerts.Batch{Standings: []alerts.Standing{last}}); err != nil {
		t.Fatal(err)
	}
	p := &parts{store: store, trail: alerts.NewTrail(nil), now: func() time.Time { return now }}
	if err := p.recall(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, _, ok := p.trail.At("BTC-USD", now.AddDate(0, 0, -3), now.AddDate(0, 0, -7)); !ok || got != market.MustPrice("60000") {
		t.Errorf("three days ago it was %s, %t", got, ok)
	}
	if got, ok := p.trail.Latest("BTC-USD"); !ok || !got.Quote.Time.Equal(now) {
		t.Errorf("the last is %+v", got)
	}
}
