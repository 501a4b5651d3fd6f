package storage

import (
	"reflect"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

func TestConditionsAreReadAsTheyWereEncoded(t *testing.T) {
	price, err := market.ParsePrice("62000.50")
	if err != nil {
		t.Fatal(err)
	}
	conditions := []alerts.Condition{
		{Kind: alerts.CrossesAbove, Ticker: "BTC-USD", Level: price},
		{Kind: alerts.MovesPercent, Ticker: "^TNX", Change: price, Direction: alerts.Down, Window: 36 * time.Hour, Days: 5},
		{Kind: alerts.CrossesBelow, Level: market.PriceFromPacked(-64), Upper: price},
	}
	for n := 1; n <= len(conditions); n++ {
		text, err := encode(conditions[:n])
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := conditionsAsEncoded(text); !ok || !reflect.DeepEqual(got, conditions[:n]) {
			t.Errorf("%s: %+v, %t", text, got, ok)
		}
	}
	odd := []alerts.Condition{{Kind: alerts.CrossesAbove, Ticker: "A&B\"é", Level: price}}
	text, err := encode(odd)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := decodeConditions(text); err != nil || !reflect.DeepEqual(got, odd) {
		t.Errorf("%s: %+v, %v", text, got, err)
	}
}

// What the quick way reads, the thorough one reads alike.
func FuzzConditions(f *testing.F) {
	for _, text := range []string{
		`[]`, `null`, `[{}]`,
		`[{"Kind":"crosses-above","Ticker":"A","Level":64,"Upper":0,"Change":0,"Direction":"","Window":0,"Days":0}]`,
		`[{"Kind":"crosses-above","Ticker":"A","Level":064,"Upper":0,"Change":0,"Direction":"","Window":0,"Days":-1}]`,
		`[{"Kind":"a","Ticker":"\"","Level":-0,"Upper":0,"Change":0,"Direction":"","Window":0,"Days":9223372036854775808}]`,
		`[{"Kind":"a","Ticker":"A","Level":1,"Upper":0,"Change":0,"Direction":"","Window":0,"Days":0},]`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := conditionsAsEncoded(text)
		if !ok {
			return
		}
		want, err := decode[[]alerts.Condition](text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v, %v", text, got, want, err)
		}
	})
}
