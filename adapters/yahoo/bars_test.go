package yahoo_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bellwether/adapters/yahoo"
	"bellwether/alerts/market"
)

func TestBarsLeaveOutNullsAndJoinTheLastTrade(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); r.URL.Path != "/v8/finance/chart/^GSPC" || q.Get("interval") != "5m" || q.Get("period1") != "1772632200" {
			t.Errorf("asked for %s", r.URL)
		}
		_, _ = fmt.Fprint(w, `{"chart":{"result":[{"meta":{"priceHint":2,"instrumentType":"INDEX"},
 "timestamp":[1772632200,1772632500,1772632800,1772633000],"indicators":{"quote":[{
 "open":[10,null,12,12.5],"high":[11,null,13,14],"low":[9,null,11.5,12],"close":[10.5,null,12.25,12.75]}]}}],"error":null}}`)
	})
	bars, err := s.Bars(t.Context(), "^GSPC", 5*time.Minute, time.Unix(1772632200, 0))
	if err != nil || len(bars) != 2 {
		t.Fatalf("%v, %v", bars, err)
	}
	p := market.MustPrice
	want := market.Bar{Time: time.Unix(1772632800, 0).UTC(), Open: p("12"), High: p("14"), Low: p("11.5"), Close: p("12.75")}
	if bars[1] != want {
		t.Errorf("got %+v, want %+v", bars[1], want)
	}
}

func TestBarsAskOnlyForWhatIsServed(t *testing.T) {
	for step, want := range map[time.Duration]string{
		time.Minute: "1m", 2 * time.Minute: "2m", 10 * time.Minute: "5m", time.Hour: "60m", 4 * time.Hour: "60m", 24 * time.Hour: "1d",
	} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.URL.Query().Get("interval"); got != want {
				t.Errorf("bars of %s read as %s, want %s", step, got, want)
			}
			if want == "1m" && r.URL.Query().Get("period1") != fmt.Sprint(now.Add(-7*24*time.Hour).Unix()) {
				t.Errorf("minutes from %s", r.URL.Query().Get("period1"))
			}
			_, _ = fmt.Fprint(w, `{"chart":{"result":[{"meta":{},"timestamp":[],"indicators":{"quote":[{}]}}]}}`)
		})
		if bars, err := s.Bars(t.Context(), "AAPL", step, now.AddDate(-1, 0, 0)); err != nil || len(bars) != 0 {
			t.Errorf("%v, %v", bars, err)
		}
	}
}

func TestSplits(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"chart":{"result":[{"meta":{},"events":{"splits":{
 "2":{"date":1772632800,"numerator":1,"denominator":8},"1":{"date":1598880600,"numerator":4.0,"denominator":1.0},
 "3":{"date":1700000000,"numerator":3,"denominator":0}}}}]}}`)
	})
	got, err := s.Splits(t.Context(), "AAPL", time.Unix(0, 0))
	if err != nil || len(got) != 2 || got[0] != (yahoo.Split{Time: time.Unix(1598880600, 0).UTC(), Numerator: 4, Denominator: 1}) ||
		got[1].Denominator != 8 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRecordedChart(t *testing.T) {
	dir := os.Getenv("BELLWETHER_TESTDATA")
	if dir == "" {
		t.Skip("BELLWETHER_TESTDATA is not set: the recorded answers are not read")
	}
	file, err := os.ReadFile(filepath.Join(dir, "quotes/yahoo/chart-BTC-USD-2020-01-01-to-2020-01-03.json"))
	if err != nil {
		t.Fatal(err)
	}
	var recorded struct{ Body json.RawMessage }
	if err := json.Unmarshal(file, &recorded); err != nil {
		t.Fatal(err)
	}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(recorded.Body) })
	quotes, err := s.Quotes(t.Context(), []market.Ticker{"BTC-USD"})
	if err != nil || len(quotes) != 1 || quotes[0].Price.String() != "84613.16" || quotes[0].Currency != "USD" {
		t.Errorf("quote %+v, %v", quotes, err)
	}
	if !quotes[0].PreviousClose.IsZero() {
		t.Errorf("the close before the range was taken for the previous close: %s", quotes[0].PreviousClose)
	}
	bars, err := s.Bars(t.Context(), "BTC-USD", 24*time.Hour, time.Unix(1577836800, 0))
	if err != nil || len(bars) != 3 || bars[0].Open.String() != "7194.89" || bars[2].High.String() != "7413.72" {
		t.Errorf("bars %+v, %v", bars, err)
	}
}
