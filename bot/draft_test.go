package bot_test

import (
	"testing"
	"time"

	"bellwether/alerts/market"
	"bellwether/bot"
	"bellwether/subscriptions"
)

// noisy gives Bitcoin a past that goes up and down over 62000 each day.
func (r *rig) noisy() { r.market.daily("BTC-USD", 60, "60000", "62500") }

// rules counts what is set in the place of a voice.
func (v *voice) rules() int {
	v.r.t.Helper()
	rules, err := v.r.store.RulesOf(v.r.t.Context(), v.stored().ID)
	v.r.must(err)
	return len(rules)
}

// data returns what a button of the newest message that has it carries.
func (v *voice) data(label string) string {
	v.r.t.Helper()
	for _, shown := range v.r.chat.screen(v.place.Address) {
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

func TestNoisyRuleIsShownFirstAndSetByAButtonAfterARestart(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann := r.private("ann")
		r.has(ann.say("/alert BTC > 62000 every time"), "Not set yet", "would have fired 15 times in the last 30 days",
			"Until you choose, nothing is watched.", "[Set it as it is]", "[every time with 7 days cooldown: 4 times]", "[Cancel]")
		r.price("BTC-USD", "62010")
		r.lacks(ann.hears(), "rose to")
		r.has(ann.say("/alerts"), "No alerts yet")
		r.price("BTC-USD", "61900")
		r.restart()
		keep := ann.data("Set it as it is")
		r.has(ann.press("Set it as it is"), "(edit) Alert set", "BTC-USD > 62000 every time", "[Pause][Edit][Delete]")
		r.has(ann.pressData(keep, "1"), "(edit) Alert set", "BTC-USD > 62000 every time")
		if n := ann.rules(); n != 1 {
			t.Errorf("%d rules after two presses", n)
		}
		ann.hears()
		r.price("BTC-USD", "62010")
		r.has(ann.hears(), "Bitcoin rose to 62,000.00")
	})
}

func TestTwoPressesAtOnceSetOneRule(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		mod, other := r.channel("mod", "markets", subscriptions.RoleModerator), r.channel("other", "markets", subscriptions.RoleModerator)
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000 every time", "to", "here"), "(only you) Not set yet")
		one, two := mod.request(), other.request()
		one.Button, two.Button = mod.data("Set it as it is"), mod.data("every time with 7 days cooldown: 4 times")
		one.Message, two.Message = "1", "1"
		r.must(r.bot.Submit(r.t.Context(), one, two))
		r.wait(5 * time.Second)
		if n := mod.rules(); n != 1 {
			t.Errorf("%d rules:\n%s", n, mod.hears())
		}
	})
}

func TestQuietRuleIsSetAtOnceAndAPriceToBeToldOnceAlways(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann := r.private("ann")
		r.has(ann.say("/alert BTC > 70000 every time"), "Alert set", "This would not have fired in the last 30 days.", "[Pause][Edit][Delete]")
		r.has(ann.say("/alert BTC > 62000"), "Alert set", "would have fired 15 times", "You are told once", "[every time with 7 days cooldown: 4 times]")
		r.has(ann.say("/alert BTC moves 1%"), "Not set yet")
		r.has(ann.say("/alert NVDA > 200"), "Alert set", "I have no past prices to try this on.")
		if n := ann.rules(); n != 3 {
			t.Errorf("%d rules", n)
		}
		ann.hears()
		r.price("BTC-USD", "62010")
		r.has(ann.hears(), "Bitcoin rose to 62,000.00")
	})
}

func TestCancelledDraftIsGone(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann := r.private("ann")
		ann.say("/alert BTC > 62000 every time")
		keep, drop := ann.data("Set it as it is"), ann.data("Cancel")
		r.has(ann.press("Cancel"), "(edit) Nothing was set: BTC-USD > 62000 every time")
		r.has(ann.pressData(keep, "1"), "This was decided on already")
		r.has(ann.pressData(drop, "1"), "This was decided on already")
		if n := ann.rules(); n != 0 {
			t.Errorf("%d rules", n)
		}
	})
}

func TestLookSetsNothingUntilAButtonIsPressed(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann := r.private("ann")
		r.has(ann.say("/alert preview BTC > 70000"), "Only a look: nothing is set", "would not have fired", "[Set this alert]", "[Cancel]")
		r.has(ann.say("/alert preview NVDA > 200"), "Only a look", "I have no past prices to try this on.")
		r.has(ann.say("/alert preview BTC > nonsense"), "A number is missing")
		if n := ann.rules(); n != 0 {
			t.Errorf("%d rules", n)
		}
		r.has(ann.press("Set this alert"), "(edit) Alert set", "NVDA > 200")
		r.has(ann.say("/alert preview"), "What should I watch for?")
		r.has(ann.say("BTC > 71000"), "Only a look", "BTC-USD > 71000")
		r.has(ann.say("/alert preview NVDA"), "What should NVDA do?")
		r.has(ann.say("> 210"), "Only a look", "NVDA > 210")
		r.has(ann.say("/alert preview NVDA > 200"), "There is such an alert already")
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "preview", "yes"),
			"(only you) Only a look", "would have fired 15 times", "[every time with 7 days cooldown: 4 times]")
		r.has(mod.press("every time with 7 days cooldown: 4 times"), "(edit) Alert set", "BTC-USD > 62000 every time cooldown 7d")
		if n := ann.rules() + mod.rules(); n != 2 {
			t.Errorf("%d rules", n)
		}
	})
}

func TestEditThatWouldBeNoisyAsksFirst(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann := r.private("ann")
		ann.say("/alert BTC > 70000 every time")
		r.has(ann.say("/alert edit 1 > 62000 every time"), "Not changed yet", "BTC-USD > 62000 every time", "the alert stays as it was", "[Change it all the same]")
		r.has(ann.say("/alerts"), "BTC-USD > 70000 every time")
		keep := ann.data("Change it all the same")
		r.has(ann.press("every time with 7 days cooldown: 4 times"), "(edit) Alert changed", "BTC-USD > 62000 every time cooldown 7d")
		r.has(ann.pressData(keep, "1"), "This was decided on already")
		r.has(ann.say(`/alert edit 1 > 62000 every time cooldown 7d note "sell"`), "Alert changed", `cooldown 7d note "sell"`)
		r.has(ann.say("/alert edit 1 BTC-USD moves 1%"), "Not changed yet")
		r.has(ann.press("Cancel"), "(edit) The alert stays as it was.")
		r.has(ann.say("/alerts"), "1 alert", "BTC-USD > 62000 every time cooldown 7d")
	})
}

func TestDraftIsDecidedOnByThoseWhoMay(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann, bob := r.private("ann"), r.private("bob")
		ann.say("/alert BTC > 62000 every time")
		keep := ann.data("Set it as it is")
		r.has(bob.pressData(keep, "1"), "This was decided on already") // nothing is told of what others have
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000 every time", "to", "here")
		keep = mod.data("Set it as it is")
		r.has(r.channel("eve", "markets", subscriptions.RoleMember).pressData(keep, "1"), "(only you) Only moderators")
		mod.role = subscriptions.RoleMember
		r.has(mod.pressData(keep, "1"), "(only you) Only moderators")
		if n := ann.rules() + mod.rules(); n != 0 {
			t.Errorf("%d rules", n)
		}
		r.has(r.channel("two", "markets", subscriptions.RoleModerator).pressData(keep, "1"), "Alert set")
		eve := r.channel("eve", "markets", subscriptions.RoleMember)
		r.has(eve.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62001 every time"), "(only you) Not set yet", "It would come to you by direct message.")
		r.has(eve.press("Set it as it is"), "Alert set", "It comes to you by direct message.")
		if n := eve.dm().rules(); n != 1 {
			t.Errorf("%d rules of eve's own", n)
		}
	})
}

func TestLimitsAndDoublesAreLookedAtWhenADraftIsSet(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		r.stop()
		r.limits = subscriptions.Limits{RulesPerPerson: 3, RulesPerPlace: 1}
		r.start()
		ann := r.private("ann")
		ann.say("/alert BTC > 62000 every time")
		ann.say("/alert BTC > 70000")
		r.has(ann.press("Set it as it is"), "This place has reached its limit of 1 alert.")
		ann.say("/alert remove 1")
		r.has(ann.press("Set it as it is"), "Alert set")
		ann.say("/alert remove 1")
		ann.say("/alert BTC > 62001 every time")
		first := ann.data("Set it as it is")
		ann.say("/alert BTC > 62001 every time")
		r.has(ann.press("Set it as it is"), "Alert set")
		r.has(ann.pressData(first, "1"), "(edit) There is such an alert already")
		if n := ann.rules(); n != 1 {
			t.Errorf("%d rules", n)
		}
	})
}

func TestDraftIsForgottenAfterAMonthAndByStop(t *testing.T) {
	talk(t, func(r *rig) {
		r.noisy()
		ann := r.private("ann")
		ann.say("/alert BTC > 62000 every time")
		keep := ann.data("Set it as it is")
		r.must(r.store.Prune(r.t.Context(), bot.Horizon{Drafts: time.Now().Add(-time.Hour)}))
		r.must(r.store.Prune(r.t.Context(), bot.Horizon{}))
		r.has(ann.say("/alert preview BTC > 70000"), "Only a look")
		r.wait(time.Hour)
		r.must(r.store.Prune(r.t.Context(), bot.Horizon{Drafts: time.Now()}))
		r.has(ann.pressData(keep, "1"), "This was decided on already, or it is too long ago.")
		r.has(ann.say("/alert BTC > 62000 every time"), "Not set yet")
		ann.say("/stop")
		ann.press("End everything")
		r.has(ann.press("Set it as it is"), "This was decided on already")
	})
}

func TestEditToWhatIsSetAlreadySaysSo(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 70000")
		ann.say("/alert BTC > 71000")
		r.has(ann.say("/alert edit 2 > 70000"), "There is such an alert already: BTC-USD > 70000")
		r.has(ann.say("/alert edit 2 watchlist moves 3%"), "There is no watchlist here yet")
		r.has(ann.say("/alerts"), "BTC-USD > 71000")
	})
}

func TestTrialIsTheSameAfterOldBarsAreDeleted(t *testing.T) {
	talk(t, func(r *rig) {
		r.stop()
		r.adapt = func(o *bot.Options) {
			o.Keep, o.Schedule.Prune = bot.Keep{MinuteBars: 10 * 24 * time.Hour}, "@every 1m"
		}
		r.start()
		ann := r.private("ann")
		r.quarters("BTC-USD", 30*24*time.Hour, 0)
		looks := func() string {
			t.Helper()
			out := ann.say("/alert preview BTC > 62400")
			r.has(out, "the last 30 days")
			r.lacks(out, "daily prices")
			return out
		}
		looks()
		r.must(r.store.PutBars(r.t.Context(), "BTC-USD", 5*time.Minute, []market.Bar{{Time: time.Now().Add(-11 * 24 * time.Hour)}}))
		r.wait(2 * time.Minute)
		kept, err := r.store.Bars(r.t.Context(), "BTC-USD", 15*time.Minute, time.Time{})
		r.must(err)
		fine, err := r.store.Bars(r.t.Context(), "BTC-USD", 5*time.Minute, time.Time{})
		r.must(err)
		if len(kept) < 29*96 || len(fine) > 2 {
			t.Errorf("%d bars of 15 minutes and %d of five are left", len(kept), len(fine))
		}
		looks()
	})
}

func TestTrialOnAPastThatEndedLongAgoIsNone(t *testing.T) {
	talk(t, func(r *rig) {
		r.quarters("BTC-USD", 30*24*time.Hour, 10*24*time.Hour)
		ann := r.private("ann")
		r.lacks(ann.say("/alert preview BTC > 62400"), "the last 30 days")
		r.wait(16 * time.Minute) // it asks the source again
		r.market.daily("BTC-USD", 40, "62000", "62300")
		r.has(ann.say("/alert preview BTC > 62400"), "the last 30 days", "Tried on daily prices")
	})
}

// quarters stores bars of 15 minutes that swing, from one time ago to another.
func (r *rig) quarters(ticker market.Ticker, from, to time.Duration) {
	r.t.Helper()
	now := time.Now().UTC()
	low, high := market.MustPrice("62000"), market.MustPrice("62300")
	var bars []market.Bar
	for at := now.Add(-from).Truncate(15 * time.Minute); at.Before(now.Add(-to)); at = at.Add(15 * time.Minute) {
		bars = append(bars, market.Bar{Time: at, Open: low, High: high, Low: low, Close: high})
	}
	r.must(r.store.PutBars(r.t.Context(), ticker, 15*time.Minute, bars))
}
