package alerts_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
)

// shelfSource is a source that has a few prices, or fails.
type shelfSource struct {
	name   string
	prices map[market.Ticker]string
	terms  alerts.Terms
	err    error
	calls  int
	asked  []market.Ticker
}

func (s *shelfSource) Name() string        { return s.name }
func (s *shelfSource) Terms() alerts.Terms { return s.terms }

func (s *shelfSource) Quotes(_ context.Context, tickers []market.Ticker) ([]market.Quote, error) {
	s.calls++
	s.asked = slices.Clone(tickers)
	var out []market.Quote
	for _, t := range tickers {
		if p, ok := s.prices[t]; ok {
			out = append(out, market.Quote{Ticker: t, Price: market.MustPrice(p), Source: s.name, Fix: s.terms.Fix})
		}
	}
	return out, s.err
}

func refusal(status int) error {
	return alerts.StatusError("first", status, "", time.Time{})
}

type chainRig struct {
	first, second *shelfSource
	chain         *alerts.Chain
	notices       []alerts.Notice
}

func newChainRig() *chainRig {
	r := &chainRig{
		first:  &shelfSource{name: "first", prices: map[market.Ticker]string{"A": "1", "B": "2"}},
		second: &shelfSource{name: "second", prices: map[market.Ticker]string{"A": "1.1", "C": "3"}},
	}
	r.chain = alerts.NewChain(alerts.ChainOptions{
		Sources: []alerts.QuoteSource{r.first, r.second},
		Report:  func(n alerts.Notice) { r.notices = append(r.notices, n) },
		Random:  func() float64 { return 0 },
	})
	return r
}

func sources(quotes []market.Quote) map[market.Ticker]string {
	out := make(map[market.Ticker]string)
	for _, q := range quotes {
		out[q.Ticker] = q.Source
	}
	return out
}

func TestChainAsksTheNextForWhatIsMissing(t *testing.T) {
	r := newChainRig()
	quotes, err := r.chain.Quotes(t.Context(), []market.Ticker{"A", "B", "C", "D", "A"})
	got := sources(quotes)
	if err != nil || len(quotes) != 3 || got["A"] != "first" || got["B"] != "first" || got["C"] != "second" {
		t.Errorf("got %v, %v", got, err)
	}
	if !slices.Equal(r.second.asked, []market.Ticker{"C", "D"}) {
		t.Errorf("the second was asked for %v", r.second.asked)
	}
}

func TestChainLeavesARefusingSourceAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newChainRig()
		prices := r.first.prices
		r.first.err, r.first.prices = refusal(429), nil
		read := func() error {
			_, err := r.chain.Quotes(t.Context(), []market.Ticker{"A", "B"})
			return err
		}
		pause := 5 * time.Minute
		for want := 1; want <= 9; want++ {
			if err := read(); !errors.Is(err, alerts.ErrSource) || r.first.calls != want {
				t.Fatalf("%d calls, %v; want %d", r.first.calls, err, want)
			}
			if name, _ := r.chain.Serving("A"); name != "second" {
				t.Errorf("served by %q while the first rests", name)
			}
			wait(pause - time.Second)
			if err := read(); !errors.Is(err, alerts.ErrSource) || r.first.calls != want {
				t.Fatalf("asked again too early: %d calls, %v", r.first.calls, err)
			}
			wait(2 * time.Second)
			pause = min(2*pause, 6*time.Hour)
		}
		r.first.err, r.first.prices = nil, prices
		if err := read(); err != nil {
			t.Error(err)
		}
		if len(r.notices) != 2 || r.notices[0].Over || r.notices[0].Reason == "" || !r.notices[1].Over {
			t.Errorf("told %+v; want once bad and once well", r.notices)
		}
		r.first.err, r.first.prices = refusal(403), nil
		_ = read()
		calls := r.first.calls
		wait(5*time.Minute + time.Second)
		if _ = read(); r.first.calls != calls+1 {
			t.Error("the pause did not begin anew after a success")
		}
	})
}

func TestChainTriesAnOutageAgainSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newChainRig()
		r.first.err = alerts.StatusError("first", 503, "", time.Time{})
		r.first.prices = nil
		quotes, err := r.chain.Quotes(t.Context(), []market.Ticker{"A"})
		if err != nil || sources(quotes)["A"] != "second" {
			t.Fatalf("got %v, %v; want the second's", quotes, err)
		}
		if len(r.notices) != 0 {
			t.Errorf("told of a single failure: %+v", r.notices)
		}
		wait(16 * time.Second)
		_, _ = r.chain.Quotes(t.Context(), []market.Ticker{"A"})
		if r.first.calls != 2 || len(r.notices) != 1 {
			t.Errorf("%d calls, %d notices; want two and one", r.first.calls, len(r.notices))
		}
	})
}

func TestChainHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newChainRig()
		r.first.err = &alerts.SourceError{Source: "first", Refused: true, RetryAfter: time.Hour}
		r.first.prices = nil
		_, _ = r.chain.Quotes(t.Context(), []market.Ticker{"A"})
		wait(59 * time.Minute)
		_, _ = r.chain.Quotes(t.Context(), []market.Ticker{"A"})
		if r.first.calls != 1 {
			t.Error("asked before the time that it named")
		}
		if got := r.chain.Resting(); len(got) != 1 || got["first"].IsZero() {
			t.Errorf("resting: %v", got)
		}
	})
}

func TestChainKeepsWhatASourceGaveBesideAFailure(t *testing.T) {
	r := newChainRig()
	r.first.err = &alerts.SourceError{Source: "first", Reason: "half is missing"}
	for range 2 {
		quotes, err := r.chain.Quotes(t.Context(), []market.Ticker{"A", "D"})
		if len(quotes) != 1 || !errors.Is(err, alerts.ErrSource) {
			t.Errorf("got %v, %v", quotes, err)
		}
	}
	if r.first.calls != 2 || len(r.notices) != 0 {
		t.Errorf("%d calls, notices %v", r.first.calls, r.notices)
	}
}

func TestLeavingCallerDoesNotBlameTheSource(t *testing.T) {
	r := newChainRig()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.first.err, r.first.prices = context.Canceled, nil
	if _, err := r.chain.Quotes(ctx, []market.Ticker{"A"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	r.first.err = nil
	_, _ = r.chain.Quotes(t.Context(), []market.Ticker{"A"})
	if r.first.calls != 2 {
		t.Error("the source is left alone")
	}
}

func TestChainByClass(t *testing.T) {
	usd := &shelfSource{name: "coins", prices: map[market.Ticker]string{"BTC-USD": "60000"},
		terms: alerts.Terms{Classes: []market.Class{market.ClassCrypto}}}
	fix := &shelfSource{name: "fix", prices: map[market.Ticker]string{"EURUSD=X": "1.1"},
		terms: alerts.Terms{Fix: true, Classes: []market.Class{market.ClassCurrency}}}
	all := &shelfSource{name: "all", prices: map[market.Ticker]string{"BTC-USD": "60001", "EURUSD=X": "1.2"}}
	chain := alerts.NewChain(alerts.ChainOptions{
		Sources: []alerts.QuoteSource{all, usd, fix},
		ByClass: map[market.Class][]alerts.QuoteSource{market.ClassCrypto: {usd, all}},
		Class: func(ticker market.Ticker) (market.Class, bool) {
			switch ticker {
			case "BTC-USD":
				return market.ClassCrypto, true
			case "EURUSD=X":
				return market.ClassCurrency, true
			}
			return "", false
		},
	})
	quotes, err := chain.Quotes(t.Context(), []market.Ticker{"BTC-USD", "EURUSD=X", "WHAT"})
	if got := sources(quotes); err != nil || got["BTC-USD"] != "coins" || got["EURUSD=X"] != "all" {
		t.Errorf("got %v, %v", got, err)
	}
	if slices.Contains(usd.asked, "WHAT") || slices.Contains(fix.asked, "WHAT") {
		t.Error("a symbol of an unknown class went to a source of one class")
	}
	if q, err := chain.SecondOpinion(t.Context(), "BTC-USD", "coins"); err != nil || q.Source != "all" {
		t.Errorf("second opinion %+v, %v", q, err)
	}
	if q, err := chain.SecondOpinion(t.Context(), "EURUSD=X", "all"); !errors.Is(err, alerts.ErrSource) {
		t.Errorf("a fix passed for a second opinion: %+v", q)
	}
}

// wait lets a bubble's clock run.
func wait(d time.Duration) { <-time.After(d) }

func TestBarsOfTheFutureAreLeftOut(t *testing.T) {
	now := wednesday()
	source := &barShelf{bars: []market.Bar{bar(now.Add(-time.Hour)), bar(now), bar(now.Add(time.Hour)), bar(now.AddDate(100, 0, 0))}}
	chain := alerts.NewChain(alerts.ChainOptions{Sources: []alerts.QuoteSource{source}, Now: func() time.Time { return now }})
	if got, err := chain.Bars(t.Context(), "A", time.Hour, now.AddDate(0, 0, -1)); err != nil || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
}

// barShelf is a source that has bars alone.
type barShelf struct {
	shelfSource
	bars []market.Bar
}

func (s *barShelf) Bars(context.Context, market.Ticker, time.Duration, time.Time) ([]market.Bar, error) {
	return s.bars, nil
}

func bar(at time.Time) market.Bar {
	p := market.MustPrice("100")
	return market.Bar{Time: at, Open: p, High: p, Low: p, Close: p}
}

func TestSourceThatNobodyNeedsDoesNotCountAsFailing(t *testing.T) {
	r := newChainRig()
	r.second.err, r.second.prices = refusal(429), nil
	if _, err := r.chain.Quotes(t.Context(), []market.Ticker{"A", "C"}); !errors.Is(err, alerts.ErrSource) {
		t.Fatal(err)
	}
	if n, ok := r.chain.Failing("A"); ok {
		t.Errorf("A, which the first gives: %+v", n)
	}
	if n, ok := r.chain.Failing("C"); !ok || n.Source != "second" {
		t.Errorf("C, which the second alone has: %+v, %t", n, ok)
	}
	delete(r.first.prices, "A")
	_, _ = r.chain.Quotes(t.Context(), []market.Ticker{"A"})
	if n, ok := r.chain.Failing("A"); !ok || n.Source != "second" {
		t.Errorf("A, which the first gives no more: %+v, %t", n, ok)
	}
}

func TestAPriceOfTheFutureHidesNoTrueOne(t *testing.T) {
	now := wednesday()
	class := func(market.Ticker) (market.Class, bool) { return market.ClassCrypto, true }
	for name, wrong := range map[string]market.Quote{
		"two hours ahead": {Price: price("60000"), Time: now.Add(2 * time.Hour)},
		"below nought":    {Price: price("-60000"), Time: now},
	} {
		wrong.Ticker, wrong.Source = "BTC-USD", "first"
		right := market.Quote{Ticker: "BTC-USD", Price: price("60100"), Time: now.Add(-time.Second), Source: "second"}
		chain := alerts.NewChain(alerts.ChainOptions{
			Sources: []alerts.QuoteSource{&sole{quote: wrong, says: true}, &sole{quote: right, says: true, name: "second"}},
			Class:   class, Now: func() time.Time { return now }, Pace: &alerts.Pace{Class: class},
		})
		if got, err := chain.Quotes(t.Context(), []market.Ticker{"BTC-USD"}); err != nil || len(got) != 1 || got[0] != right {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
