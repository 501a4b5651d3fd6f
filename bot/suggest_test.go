package bot_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"bellwether/alerts/market"
	"bellwether/bot"
	"bellwether/subscriptions"
)

func TestSuggestionsStayWithinDiscordsLimits(t *testing.T) {
	talk(t, func(r *rig) {
		r.stop()
		r.adapt = func(o *bot.Options) {
			for i := range 200 {
				o.Symbols.Add(market.Symbol{
					Ticker: market.Ticker(fmt.Sprintf("T%03d", i)), Name: strings.Repeat("Very Long Name ", 12) + fmt.Sprint(i), Exchange: "XNAS", Class: market.ClassEquity,
				})
			}
		}
		r.start()
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		for i := range 30 {
			mod.command("alert", "add", "symbol", "BTC-USD", "condition", fmt.Sprintf("> %d", 70000+i), "note", strings.Repeat("long ", 30), "to", "here")
		}
		for _, name := range []string{"one", "two", "three"} {
			mod.command("follow", "add", "feed", name+".example/feed")
		}
		for _, c := range []struct {
			command, sub, option, typed string
			least                       int
			first                       string
		}{
			{"quote", "", "symbol", "", 3, "^STI"},
			{"quote", "", "symbol", "very", 25, "T000"},
			{"quote", "", "symbol", "bitc", 1, "BTC-USD"},
			{"quote", "", "symbol", "zzz", 0, ""},
			{"alert", "add", "condition", "", 5, "> 70000"},
			{"alert", "add", "condition", "moves", 1, "moves"},
			{"alert", "add", "condition", strings.Repeat("x", 300), 1, ""},
			{"alert", "edit", "alert", "", 25, "#"},
			{"alert", "remove", "alert", "7000", 10, "#"},
			{"follow", "add", "feed", "", 2, "markets"},
			{"follow", "add", "feed", "https://one.example/feed", 1, "https://one.example/feed"},
			{"follow", "remove", "feed", "two", 1, "2"},
			{"unfollow", "", "feed", "", 3, "1"},
			{"settings", "", "zone", "", 25, "Africa/Cairo"},
			{"settings", "", "zone", "sing", 1, "Asia/Singapore"},
			{"bells", "", "market", "sg", 1, "Singapore"},
			{"nothing", "", "nothing", "x", 0, ""},
		} {
			req := mod.request()
			req.Command, req.Sub = c.command, c.sub
			began := time.Now()
			got, err := r.bot.Suggest(r.t.Context(), req, c.option, c.typed)
			r.must(err)
			name := c.command + " " + c.option + " " + c.typed
			if time.Since(began) > time.Second || len(got) > 25 || len(got) < c.least {
				t.Errorf("%s: %d choices after %s", name, len(got), time.Since(began))
			}
			if len(got) > 0 && !strings.HasPrefix(got[0].Value, c.first) {
				t.Errorf("%s: first is %q", name, got[0].Value)
			}
			for _, choice := range got {
				if n := utf8.RuneCountInString(choice.Label); n < 1 || n > 100 {
					t.Errorf("%s: label of %d: %q", name, n, choice.Label)
				}
				if n := utf8.RuneCountInString(choice.Value); n < 1 || n > 100 {
					t.Errorf("%s: value of %d: %q", name, n, choice.Value)
				}
			}
		}
	})
}

func TestSuggestionsShowOnlyWhatTheCallerMaySee(t *testing.T) {
	talk(t, func(r *rig) {
		mod, other := r.channel("mod", "one", subscriptions.RoleModerator), r.channel("eve", "two", subscriptions.RoleModerator)
		mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 70000", "to", "here")
		mod.command("follow", "add", "feed", "crypto")
		req := other.request()
		req.Command, req.Sub = "alert", "remove"
		got, err := r.bot.Suggest(r.t.Context(), req, "alert", "")
		r.must(err)
		req.Command = "follow"
		feeds, err := r.bot.Suggest(r.t.Context(), req, "feed", "")
		r.must(err)
		if len(got)+len(feeds) != 0 {
			t.Errorf("another channel sees %v, %v", got, feeds)
		}
		bob := r.channel("bob", "one", subscriptions.RoleMember)
		bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 70000")
		req = bob.request()
		req.Command, req.Sub = "alert", "remove"
		got, err = r.bot.Suggest(r.t.Context(), req, "alert", "")
		r.must(err)
		if len(got) != 2 || got[0].Label != "1. BTC-USD > 70000" || got[1].Label != "2. BTC-USD > 70000 · by direct message" {
			t.Errorf("the channel's and the own are %v", got)
		}
	})
}
