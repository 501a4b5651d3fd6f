package bot_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/bot"
)

// split has the guard hear of a split of every share.
func (r *rig) split(s market.Split) {
	r.t.Helper()
	symbols := newSymbols()
	r.adapt = func(o *bot.Options) {
		checks, ok := o.Checks.(bot.PriceChecks)
		if !ok {
			r.t.Fatal("the checks of prices are of another kind")
		}
		checks.Gate = alerts.NewGate(alerts.GateOptions{
			Symbol: func(t market.Ticker) market.Symbol { s, _ := symbols.Get(t); return s },
			Splits: func(context.Context, market.Ticker, time.Time) ([]market.Split, error) { return []market.Split{s}, nil },
			Log:    slog.New(slog.DiscardHandler),
		})
		checks.Checker.Guard = checks.Gate
		o.Checks = checks
	}
	r.restart()
}

// button returns what a button of the newest message here that has it carries.
func (v *voice) button(label string) string {
	v.r.t.Helper()
	for _, shown := range slices.Backward(v.r.chat.screen(v.place.Address)) {
		for _, row := range shown.message.Buttons {
			for _, b := range row {
				if b.Label == label {
					return b.Data
				}
			}
		}
	}
	v.r.t.Fatalf("no button %q in:\n%s", label, v.screen())
	return ""
}

func TestSplitProposesTheRescaledThreshold(t *testing.T) {
	for name, test := range map[string]struct {
		press string
		want  []string
		after string // a price that fires then
		title string
	}{
		"moved": {"Move it", []string{"Moved: D05.SI < 9"}, "8.9", "fell to 9.00"},
		"kept":  {"Leave it as it is", []string{"It stays as it is", "D05.SI < 36"}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, func(r *rig) {
				r.split(market.Split{Old: 1, New: 4, Day: time.Date(2000, 1, 3, 0, 0, 0, 0, time.UTC)})
				ann := r.private("ann")
				r.price("D05.SI", "40")
				r.has(ann.say("/alert D05.SI < 36"), "Alert set")
				r.price("D05.SI", "40.1")
				r.price("D05.SI", "10")
				r.price("D05.SI", "10.1")
				heard := ann.hears()
				r.has(heard, "was split 4:1", "The price went from 40.10 to 10.00", "Your alert: D05.SI < 36", "After the split: D05.SI < 9",
					"[Move it][Leave it as it is]", "[Edit][Delete]")
				if count(heard, "was split") != 1 {
					t.Errorf("told more than once:\n%s", heard)
				}
				r.has(ann.say("/alerts"), "held")
				pressed := ann.button(test.press)
				shown := ann.press(test.press)
				r.has(shown, test.want...)
				r.lacks(shown, "Shall I move it?")
				if test.after != "" {
					ann.hears()
					r.price("D05.SI", "9.4")
					r.price("D05.SI", test.after)
					r.has(ann.hears(), test.title)
				}
				r.has(ann.pressData(pressed, ""), "That was decided before")
			})
		})
	}
}

func TestNoticesOfPricesReachTheOwnersOfRules(t *testing.T) {
	for name, test := range map[string]struct {
		notice alerts.Notice
		want   []string
	}{
		"a doubted price": {
			alerts.Notice{
				Kind: alerts.NoticeDoubted, Source: "yahoo", Tickers: []market.Ticker{"D05.SI"}, Price: market.MustPrice("0.4"),
				Last: market.MustPrice("40"), Reason: "probably a wrong unit",
			},
			[]string{"yahoo gives 0.40 for DBS", "after 40.00: probably a wrong unit", "I don't believe it yet"},
		},
		"a symbol that stopped": {
			alerts.Notice{Kind: alerts.NoticeStopped, Tickers: []market.Ticker{"D05.SI"}, Last: market.MustPrice("40")},
			[]string{"has had no new price since", "the last one was 40.00"},
		},
		"what was not seen": {
			alerts.Notice{Kind: alerts.NoticeUnseen, Tickers: []market.Ticker{"D05.SI"}, Until: time.Date(2000, 1, 3, 9, 0, 0, 0, time.UTC)},
			[]string{"I was away", "can't be seen"},
		},
		"late quotes": {
			alerts.Notice{Source: "yahoo", Reason: "it does not answer in time"},
			[]string{"Quotes from yahoo are late since", "it does not answer in time"},
		},
		"quotes of another source": {
			alerts.Notice{
				Kind: alerts.NoticeRescued, Source: "yahoo", By: "kraken", Tickers: []market.Ticker{"D05.SI"},
				Until: time.Date(2000, 1, 3, 9, 25, 0, 0, time.UTC), Reason: "it repeats an old price while the market is open",
			},
			[]string{"Quotes of DBS", "come from kraken since", "Those from yahoo are late since", "it repeats an old price", "Alerts go on"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.private("ann")
				ann.say("/alert D05.SI < 36")
				ann.say("/alert D05.SI < 35")
				rules, err := r.store.RulesOf(r.t.Context(), ann.stored().ID)
				r.must(err)
				topics := make([]alerts.Topic, len(rules))
				for i, rule := range rules {
					topics[i] = alerts.Topic{Kind: alerts.TopicRule, ID: int64(rule.Rule.ID)}
				}
				n := test.notice
				n.Since = time.Now().Add(-time.Hour)
				tell := func(topics []alerts.Topic) {
					r.must(r.store.PutEvents(r.t.Context(), []alerts.Event{{
						Kind: alerts.EventQuotesLate, Key: "notice/1", Subject: "notice/1", Topic: topics[0], Topics: topics[1:],
						At: n.Since, Detected: time.Now(), Notice: &n,
					}}))
					r.wait(2 * time.Minute)
				}
				ann.hears()
				tell(topics[:1])
				heard := ann.hears()
				r.has(heard, test.want...)
				tell(topics)
				if again := ann.hears(); again != "" {
					t.Errorf("told twice:\n%s", again)
				}
			})
		})
	}
}
