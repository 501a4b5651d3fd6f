package storage_test

import (
	"testing"
	"time"

	"bellwether/adapters/storage"
	"bellwether/alerts/market"
)

// flat returns bars of one price.
func flat(price string, start time.Time, every time.Duration, n int) []market.Bar {
	p := market.MustPrice(price)
	bars := make([]market.Bar, n)
	for i := range bars {
		bars[i] = market.Bar{Time: start.Add(time.Duration(i) * every), Open: p, High: p, Low: p, Close: p}
	}
	return bars
}

func TestOneBarIsKeptForEachStretchOfTime(t *testing.T) {
	const day = 24 * time.Hour
	start := time.Date(2024, 7, 1, 13, 30, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		step, every, shift time.Duration // shift: by which each further answer begins later
		bars, most         int
	}{
		"seconds given as five minutes": {5 * time.Minute, time.Second, 700 * time.Millisecond, 3600, 13},
		"quarters that begin anywhere":  {15 * time.Minute, 15 * time.Minute, 97 * time.Second, 4, 5},
		"minutes given as days":         {day, time.Minute, 7 * time.Second, 600, 1},
		"days that begin anywhere":      {day, day, 31 * time.Minute, 30, 31},
	} {
		t.Run(name, func(t *testing.T) {
			everyStore(t, func(t *testing.T, s *storage.Store) {
				for i := range 10 {
					if err := s.PutBars(t.Context(), "AAPL", test.step, flat("100", start.Add(time.Duration(i)*test.shift), test.every, test.bars)); err != nil {
						t.Fatal(err)
					}
				}
				kept, err := s.Bars(t.Context(), "AAPL", test.step, time.Time{})
				if err != nil || len(kept) > test.most || len(kept) == 0 {
					t.Errorf("%d bars are kept, want at most %d; %v", len(kept), test.most, err)
				}
			})
		})
	}
}

func TestDailyBarsOfClocksThatChangeAreAllKept(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		zone, err := time.LoadLocation("America/New_York")
		if err != nil {
			t.Fatal(err)
		}
		var bars []market.Bar
		for i := range 500 {
			bars = append(bars, flat("100", time.Date(2024, 1, 1+i, 9, 30, 0, 0, zone), 0, 1)...)
		}
		for _, part := range [][]market.Bar{bars, bars[100:], bars[300:310], bars[499:]} {
			if err := s.PutBars(t.Context(), "AAPL", 24*time.Hour, part); err != nil {
				t.Fatal(err)
			}
		}
		if kept, err := s.Bars(t.Context(), "AAPL", 24*time.Hour, time.Time{}); err != nil || len(kept) != len(bars) {
			t.Errorf("%d of %d bars are kept; %v", len(kept), len(bars), err)
		}
	})
}

func TestBarsOfOneStretchBecomeOne(t *testing.T) {
	everyStore(t, func(t *testing.T, s *storage.Store) {
		at := time.Date(2024, 7, 1, 13, 30, 0, 0, time.UTC)
		bars := flat("100", at, time.Minute, 5)
		bars[1].High, bars[3].Low, bars[4].Close = market.MustPrice("101"), market.MustPrice("98"), market.MustPrice("99")
		if err := s.PutBars(t.Context(), "AAPL", 5*time.Minute, bars); err != nil {
			t.Fatal(err)
		}
		kept, err := s.Bars(t.Context(), "AAPL", 5*time.Minute, time.Time{})
		want := market.Bar{Time: at, Open: market.MustPrice("100"), High: market.MustPrice("101"), Low: market.MustPrice("98"), Close: market.MustPrice("99")}
		if err != nil || len(kept) != 1 || kept[0] != want {
			t.Errorf("kept %+v, %v", kept, err)
		}
	})
}
