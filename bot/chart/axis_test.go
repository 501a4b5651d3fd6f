package chart_test

import (
	"math"
	"reflect"
	"testing"
	"time"

	"bellwether/bot/chart"
)

func TestNiceTicks(t *testing.T) {
	for _, tt := range []struct {
		lo, hi float64
		n      int
		want   []float64
	}{
		{0, 100, 5, []float64{0, 20, 40, 60, 80, 100}},
		{67800, 70600, 5, []float64{68000, 69000, 70000}},
		{-42, 21, 5, []float64{-40, -20, 0, 20}},
		{4.01, 4.08, 4, []float64{4.02, 4.04, 4.06, 4.08}},
		{0.00000695, 0.00000715, 4, []float64{0.00000695, 0.000007, 0.00000705, 0.0000071, 0.00000715}},
		{98_700_000_000, 98_780_000_000, 4, []float64{98.70e9, 98.72e9, 98.74e9, 98.76e9, 98.78e9}},
		{1, 1, 5, nil}, {2, 1, 5, nil}, {1, 2, 0, nil},
		{math.NaN(), 1, 5, nil}, {0, math.Inf(1), 5, nil}, {-math.MaxFloat64, math.MaxFloat64, 5, nil},
	} {
		if got := chart.NiceTicks(tt.lo, tt.hi, tt.n); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("NiceTicks(%v, %v, %d) = %v, want %v", tt.lo, tt.hi, tt.n, got, tt.want)
		}
	}
}

func TestTickDecimals(t *testing.T) {
	for want, ticks := range map[int][]float64{
		0: {68000, 69000}, 2: {0, 0.25, 0.5}, 8: {0.000007, 0.00000705},
	} {
		if got := chart.TickDecimals(ticks); got != want {
			t.Errorf("TickDecimals(%v) = %d, want %d", ticks, got, want)
		}
	}
}

func FuzzNiceTicks(f *testing.F) {
	f.Add(98_700_000_000.0, 98_700_000_000.00002, 5)
	f.Add(5e-324, 1e-323, 3)
	f.Fuzz(func(t *testing.T, lo, hi float64, n int) {
		ticks := chart.NiceTicks(lo, hi, n%50)
		if len(ticks) > 2*max(n%50, 0) {
			t.Fatalf("NiceTicks(%v, %v, %d) has %d", lo, hi, n, len(ticks))
		}
		for i, v := range ticks {
			if math.IsNaN(v) || math.IsInf(v, 0) || i > 0 && v <= ticks[i-1] {
				t.Fatalf("NiceTicks(%v, %v, %d) = %v", lo, hi, n, ticks)
			}
		}
	})
}

func TestAxisClosesWhatLiesBetweenSpans(t *testing.T) {
	day := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	at := func(h float64) time.Time { return day.Add(time.Duration(h * float64(time.Hour))) }
	axis := chart.NewAxis(
		chart.Span{From: at(1), To: at(3)},
		chart.Span{From: at(2), To: at(4)}, // overlaps
		chart.Span{From: at(5), To: at(5)}, // empty
		chart.Span{From: at(5), To: at(6)},
		chart.Span{From: at(25), To: at(26)},
	)
	for hour, want := range map[float64]float64{0: 0, 1: 0, 2: 3600, 3: 7200, 4: 7200, 5: 7200, 5.5: 9000, 20: 10800, 25.5: 12600, 99: 14400} {
		if got := axis.At(at(hour)); got != want {
			t.Errorf("hour %v is at %v, want %v", hour, got, want)
		}
	}
	if got := axis.Length(); got != 14400 {
		t.Errorf("Length = %v", got)
	}
	if got, want := axis.Seams(), []float64{7200, 10800}; !reflect.DeepEqual(got, want) {
		t.Errorf("Seams = %v, want %v", got, want)
	}
	if empty := chart.NewAxis(); empty.At(day) != 0 || empty.Length() != 0 || empty.Seams() != nil {
		t.Error("an axis without spans has a length")
	}
}

func TestRangeHoldsWhatIsNear(t *testing.T) {
	p := chart.Price{Points: []chart.Point{{X: 0, Y: 100}, {X: 1, Y: 110}}}
	lo, hi := p.Range()
	if lo >= 100 || lo < 98 || hi <= 110 || hi > 112 {
		t.Errorf("Range = %v, %v", lo, hi)
	}
	p.Levels = []chart.Level{{Y: 115}, {Y: 1000}}
	if _, hi = p.Range(); hi < 115 || hi > 120 {
		t.Errorf("Range with a level reaches %v", hi)
	}
	for _, p := range []chart.Price{{}, {Points: []chart.Point{{Y: 5}}}, {Levels: []chart.Level{{Y: -3}}}} {
		if lo, hi := p.Range(); !(lo < hi) {
			t.Errorf("Range = %v, %v", lo, hi)
		}
	}
}
