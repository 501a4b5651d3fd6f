package chart

import (
	"slices"
	"testing"
)

func TestPillsNeverCoverEachOther(t *testing.T) {
	for _, places := range [][]float64{
		{110}, {104, 104, 104}, {340, 340, 339}, {200, 201, 260}, {104, 126, 127, 340},
		{200, 200, 200, 200, 200, 200, 200, 200, 200}, {150, 172, 194, 195},
	} {
		pills := make([]pill, len(places))
		for i, y := range places {
			pills[i].y = y
		}
		spread(pills, plotTop, plotBottom)
		for i, p := range pills {
			if p.at < plotTop-1 || p.at > plotBottom+1 {
				t.Errorf("%v: pill %d stands at %v", places, i, p.at)
			}
			if i > 0 && p.at-pills[i-1].at < pillHeight {
				t.Errorf("%v: pills %d and %d cover each other", places, i-1, i)
			}
		}
	}
	alone := []pill{{y: 150}, {y: 250}}
	spread(alone, plotTop, plotBottom)
	if !slices.Equal([]float64{alone[0].at, alone[1].at}, []float64{150, 250}) {
		t.Errorf("pills with room were moved: %v, %v", alone[0].at, alone[1].at)
	}
}
