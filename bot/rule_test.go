package bot_test

import (
	"strings"
	"testing"
	"time"

	"bellwether/alerts/market"
	"bellwether/bot"
	"bellwether/subscriptions"
)

func TestAlertIsMadeArrivesAndIsChangedByItsButtons(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alert BTC-USD > 62000"), "Alert set", "BTC-USD > 62000", "Bitcoin now: 61,955.88 · +44.12 (+0.07 %) to 62,000.00",
			"Read: every 15 seconds from test", "[Pause][Edit][Delete]")
		ann.hears()
		r.price("BTC-USD", "62010")
		r.has(ann.hears(), "▲ Bitcoin rose to 62,000.00", "From 61,955.88 (09:00", "to 62,010.00 (09:00", "Because of: BTC-USD > 62000",
			"[Snooze 1 h][Till tomorrow][Pause][Delete]", "[Re-arm][Edit][1 d][1 m][1 y]", "[▼ 61,500.00][▲ 62,500.00]")
		r.has(ann.press("Snooze 1 h"), "(edit) ▲ Bitcoin rose", "Snoozed until 10:00")
		r.has(ann.press("Pause"), "(edit) ▲ Bitcoin rose", "Paused", "[Resume]")
		r.has(ann.press("Resume"), "(edit) ▲ Bitcoin rose", "On again")
		r.has(ann.press("Re-arm"), "(edit) ▲ Bitcoin rose", "Armed again")
		r.price("BTC-USD", "61900")
		ann.hears()
		r.price("BTC-USD", "62020")
		r.has(ann.hears(), "Bitcoin rose to 62,000.00", "62,020.00")
		r.has(ann.press("▲ 62,500.00"), "(edit) ▲ Bitcoin rose", "Moved: BTC-USD > 62500")
		r.has(ann.press("Delete"), "(edit)", "This alert was deleted", "[Make it again]")
		r.has(ann.press("Make it again"), "Alert set", "BTC-USD > 62500")
	})
}

func TestEveryKindOfRuleIsMadeEditedPausedSnoozedArmedMovedDeletedAndUndone(t *testing.T) {
	for _, rule := range []string{
		"BTC-USD > 70000", "BTC-USD < 60000", "BTC-USD crosses 65000", "BTC-USD is above 70000", "BTC-USD is below 50000",
		"D05.SI enters 40..42", "D05.SI leaves 30..40", "NVDA moves 5%", "NVDA moves 12.5", "^TNX moves 10bp in 1d", "NVDA up 5% in 4h",
		"NVDA down 5%", "AAPL new high 20d", "AAPL new low 20d", "NVDA gaps 3%", "AAPL < 170 and ^VIX > 25",
		`GC=F < 2300 every time cooldown 1h note "add more, as we said on Monday morning: a note that is too long for a button"`,
	} {
		t.Run(rule, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.private("ann")
				made := ann.say("/alert " + rule)
				r.has(made, "Alert set", "now: ", "Read: every 15 seconds")
				r.has(ann.say("/alert "+rule), "There is such an alert already")
				r.has(ann.press("Pause"), "Paused", "[Resume]")
				r.has(ann.press("Resume"), "On again", "armed")
				r.has(ann.press("Snooze 1 h"), "Snoozed until 10:00")
				r.has(ann.press("Re-arm"), "Armed again", "armed")
				r.has(ann.press("Delete"), "(edit) Deleted: ", "[Make it again]")
				r.has(ann.press("Make it again"), "(edit) Alert set")
				r.has(ann.press("Edit"), "Send the new text of the alert. Now it is: ")
				r.has(ann.say("BTC-USD > 71000"), "Alert changed", "BTC-USD > 71000")
				r.has(ann.say("/alerts"), "1 alert", "BTC-USD > 71000 · armed, +9,044.12 (+14.60 %) to 71,000.00")
			})
		})
	}
}

func TestBadRulesSayWhatToTypeInstead(t *testing.T) {
	for _, c := range []struct{ typed, says string }{
		{"BTC > seventy", "A number is missing"},
		{"BTC > 70,00", "70,00"},
		{"BTC > -5", "can't be as low as -5"},
		{"BTC moves -5%", "A move has no sign (-5%); say up or down."},
		{"BTC moves 0%", "A move of 0% is no move."},
		{"BTC moves 100000%", "too large"},
		{"BTC moves 10bp", "Basis points (10bp) are for yields"},
		{"BTC > 70000 cooldown 1y1", "is not a length of time"},
		{"BTC > 70000 until yesterday", "yesterday"},
		{"gold > 2400", `"gold" can mean several symbols.`},
		{"BTC > 70000 sometimes", "I don't understand \"sometimes\" here."},
	} {
		t.Run(c.typed, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.private("ann")
				out := ann.say("/alert " + c.typed)
				r.has(out, c.says)
				r.lacks(out, "Alert set", "<no value>")
			})
		})
	}
}

func TestThousandsSeparatorsAreReadOrAskedAbout(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alert BTC > 70,000"), `"70,000" can be read as 70000 and as 70`, "Try /alert BTC > 70000")
		r.has(ann.press("BTC > 70000"), "(edit) Alert set", "BTC-USD > 70000")
		r.has(ann.say("/alert BTC > 1,234,567.5"), "BTC-USD > 1234567.5")
	})
}

func TestRuleThatIsTrueAlreadySaysSoAndWaits(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alert BTC > 60000"), "Alert set", "This is so already", "move away and come back")
		r.price("BTC-USD", "61960")
		r.lacks(ann.hears(), "rose to")
	})
}

func TestPreviewTellsHowOftenAndOffersLess(t *testing.T) {
	talk(t, func(r *rig) {
		r.market.daily("BTC-USD", 60, "60000", "62500")
		ann := r.private("ann")
		out := ann.say("/alert BTC > 62000 every time")
		r.has(out, "Not set yet", "This would have fired 15 times in the last 30 days, last on Sunday.", "Tried on daily prices")
		r.has(ann.press("every time with 7 days cooldown: 4 times"), "(edit) Alert set", "BTC-USD > 62000 every time cooldown 7d")
		r.has(ann.say("/alert BTC > 62001"), "Alert set", "fired 15 times", "You are told once, the next time it happens")
		r.has(ann.press("every time with 7 days cooldown: 4 times"), "(edit) Alert changed", "BTC-USD > 62001 every time cooldown 7d")
	})
}

func TestSuggestionsFitOnTheButtonsOfLongRules(t *testing.T) {
	talk(t, func(r *rig) {
		r.market.daily("BTC-USD", 60, "60000", "62500")
		few := market.MustPrice("61000") // the price moves by a little more often than by much
		for i, bar := range r.market.bars["BTC-USD"] {
			for _, p := range []*market.Price{&bar.Open, &bar.High, &bar.Close} {
				if i%8 < 6 && few.Less(*p) {
					*p = few
				}
			}
			r.market.bars["BTC-USD"][i] = bar
		}
		ann := r.private("ann")
		ann.say("/settings zone singapore")
		out := ann.say(`/alert BTC moves 1% every time until 31 dec note "add more, as we said on Monday morning"`)
		r.has(out, `BTC-USD moves 1% every time until 31 Dec 2000 note "add more`, "would have fired", "That is often")
		for _, label := range []string{"[2%: ", "[every time with 7 days cooldown: "} {
			r.has(out, label)
		}
		label := ""
		screen := r.chat.screen(ann.place.Address)
		for _, row := range screen[len(screen)-1].message.Buttons {
			if strings.HasPrefix(row[0].Label, "every time with") {
				label = row[0].Label
			}
		}
		r.has(ann.press(label), `BTC-USD moves 1% every time cooldown 7d until 31 Dec 2000 note "add more`)
		r.has(ann.say("/alerts"), "until 31 Dec 2000")
		r.has(ann.say("/alert BTC moves 3% in 1h"), "I have no past prices that are fine enough to try this on.")
	})
}

func TestLimitsAreNamed(t *testing.T) {
	talk(t, func(r *rig) {
		r.stop()
		r.limits = subscriptions.Limits{RulesPerPerson: 3, RulesPerPlace: 2, FeedsPerPlace: 1, WatchedPerPlace: 2}
		r.start()
		ann := r.private("ann")
		ann.say("/alert BTC > 70000")
		ann.say("/alert BTC > 71000")
		r.has(ann.say("/alert BTC > 72000"), "This place has reached its limit of 2 alerts. Delete one with /alerts first.")
		ann.say("/follow one.example/feed")
		r.has(ann.say("/follow two.example/feed"), "limit of 1 feed.")
		r.has(ann.say("/watch sti dbs nvda"), "The watchlist has reached its limit of 2 symbols.")
		if rules, err := r.store.RulesOf(r.t.Context(), ann.stored().ID); err != nil || len(rules) != 2 {
			t.Errorf("rules %d, %v", len(rules), err)
		}
	})
}

func TestListHasPagesAndIsEdited(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		for _, level := range []string{"70000", "71000", "72000", "73000", "74000", "75000", "76000"} {
			ann.say("/alert BTC > " + level)
		}
		r.has(ann.say("/alerts"), "7 alerts", "1. BTC-USD > 70000 · armed, +8,044.12 (+12.98 %) to 70,000.00, read every 15 seconds", "[1][2][3][4][5]", "[Page 2 of 2]")
		r.has(ann.press("Page 2 of 2"), "(edit)", "7. BTC-USD > 76000", "[6][7]", "[Back]")
		r.has(ann.press("7"), "(edit)", "BTC-USD > 76000", "[Pause][Edit][Delete]", "[Re-arm][Snooze 1 h][Till tomorrow]", "[▼ 75,500.00][▲ 76,500.00]", "[All alerts]")
		r.has(ann.press("All alerts"), "(edit)", "7 alerts")
		r.has(ann.say("/alert pause 2"), "Paused", "BTC-USD > 71000")
		r.has(ann.say("/alert remove 7"), "Deleted: BTC-USD > 76000")
		r.has(ann.say("/alert edit 1 > 70500"), "Alert changed", "BTC-USD > 70500")
		r.has(ann.say("/alert pause 99"), "Which alert? Say its number: there are 6")
	})
}

func TestWatchlistRuleHoldsForSymbolsAddedLater(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alert watchlist moves 3%"), "There is no watchlist here yet")
		ann.say("/watch btc")
		r.has(ann.say("/alert watchlist moves 3%"), "Alert set", "watchlist moves 3%", "Bitcoin now: 61,955.88 · −1.31 %, alert at 3 %")
		r.has(ann.say("/watch nvda"), "Added NVIDIA")
		r.has(ann.say("/alerts"), "watchlist moves 3% · on 2 symbols")
		ann.hears()
		r.price("NVDA", "128.50")
		r.price("NVDA", "128.60")
		r.has(ann.hears(), "NVIDIA is up 3.", "since the previous close")
		ann.say("/unwatch nvda")
		r.has(ann.say("/alerts"), "on 1 symbol")
	})
}

func TestFiringThatTurnsBackEditsItsMessage(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 62000 every time band 100")
		ann.hears()
		r.price("BTC-USD", "62010")
		r.has(ann.hears(), "Bitcoin rose to 62,000.00")
		r.price("BTC-USD", "61800")
		r.wait(time.Minute)
		out := ann.hears()
		r.has(out, "(edit) ▲ Bitcoin rose to 62,000.00", "Back after 15 seconds: 61,800.00")
		if n := len(r.chat.screen(ann.place.Address)); n != 2 {
			t.Errorf("%d messages stand there", n)
		}
	})
}

func TestAlertOfAFalsePriceIsCorrectedInItsMessage(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert NVDA > 130")
		ann.say("/alert NVDA < 120 every time")
		for _, p := range []string{"122.60", "122.70", "160", "160.10"} {
			r.price("NVDA", p)
		}
		r.has(ann.hears(), "▲ NVIDIA rose to 130.00", "to 160.00")
		r.restart()
		for _, p := range []string{"122.50", "122.55"} {
			r.price("NVDA", p)
		}
		r.wait(2 * time.Minute)
		out := ann.hears()
		r.has(out, "(edit) ▲ NVIDIA rose to 130.00", "Correction: 160.00 was probably a false price.", "122.55 at 09:", "The alert is armed again.")
		r.lacks(out, "fell to", "Back after")
		r.has(ann.say("/alerts"), "1. NVDA > 130 · armed", "2. NVDA < 120 every time · armed")
		r.price("NVDA", "126")
		r.price("NVDA", "131")
		r.has(ann.hears(), "▲ NVIDIA rose to 130.00", "to 131.00")
	})
}

func TestStepsFitTheThreshold(t *testing.T) {
	for rule, want := range map[string]string{
		"BTC-USD > 70000": "[▼ 69,500.00][▲ 70,500.00]", "D05.SI enters 40..42": "[▼ 39.80 to 41.80][▲ 40.20 to 42.20]",
		"NVDA moves 5%": "[▼ 4.5 %][▲ 5.5 %]", "NVDA moves 1%": "[▼ 0.9 %][▲ 1.1 %]", "NVDA moves 0.5%": "[▼ 0.45 %][▲ 0.55 %]",
		"NVDA moves 10%": "[▼ 9 %][▲ 11 %]", "NVDA moves 3%": "[▼ 2.8 %][▲ 3.2 %]", "^TNX moves 10bp in 1d": "[▼ 9 bp][▲ 11 bp]",
		"NVDA moves 0.01%": "[▲ 0.011 %]", "NVDA moves 12.5": "[▼ 11.5][▲ 13.5]", "NVDA gaps 3%": "[▼ 2.8 %][▲ 3.2 %]",
		"NVDA down 95%": "[▼ 90 %]",
	} {
		t.Run(rule, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.private("ann")
				ann.say("/alert " + rule)
				ann.say("/alerts")
				r.has(ann.press("1"), want)
			})
		})
	}
}

func TestMovedThresholdKeepsTheRuleWhole(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert NVDA moves 1% every time band 1%")
		ann.say("/alert D05.SI enters 40..40.5")
		ann.say("/alert D05.SI enters 40.6..41.1")
		ann.say("/alerts")
		ann.press("1")
		r.has(ann.press("▼ 0.9 %"), "Moved: NVDA moves 0.9% every time band 0.9")
		ann.say("/alerts")
		ann.press("2")
		ann.press("▲ 40.20 to 40.70")
		r.has(ann.press("▲ 40.40 to 40.90"), "Moved: D05.SI enters 40.4..40.9")
		r.has(ann.press("▲ 40.60 to 41.10"), "There is such an alert already: D05.SI enters 40.6..41.1")
		r.has(ann.say("/alerts"), "D05.SI enters 40.4..40.9", "D05.SI enters 40.6..41.1")
	})
}

func TestEverySymbolOfARuleIsSearchedForOutside(t *testing.T) {
	talk(t, func(r *rig) {
		r.stop()
		r.adapt = func(o *bot.Options) { o.Search = outsideSearch{} }
		r.start()
		for _, t := range []market.Ticker{"ONE-USD", "TWO-USD", "THREE-USD"} {
			r.market.set(t, "5.5")
		}
		ann := r.private("ann")
		r.has(ann.say("/alert ONE-USD > 5 and TWO-USD > 6 and THREE-USD < 7"), "Alert set", "ONE-USD > 5 and TWO-USD > 6 and THREE-USD < 7")
		r.has(ann.say("/alert FOUR-USD > 5 and nothing > 6"), `I know no symbol "nothing"`)
	})
}

func TestRuleWithoutQuotesIsShownAsHeld(t *testing.T) {
	talk(t, func(r *rig) {
		r.knowsFailures()
		ann := r.private("ann")
		ann.say("/alert BTC > 70000")
		r.has(ann.say("/alerts"), "BTC-USD > 70000 · armed")
		r.market.set("BTC-USD", "61000")
		r.wait(16 * time.Second)
		r.market.fail(true)
		r.wait(20 * time.Second)
		r.has(ann.say("/alerts"), "BTC-USD > 70000 · armed")
		r.wait(time.Minute)
		r.has(ann.say("/alerts"), "BTC-USD > 70000 · held: no quotes from test since 09:00")
		r.market.fail(false)
		r.wait(16 * time.Second)
		r.has(ann.say("/alerts"), "BTC-USD > 70000 · armed")
	})
}

func TestForgedAndOldButtonsAreAnsweredKindly(t *testing.T) {
	talk(t, func(r *rig) {
		ann, bob := r.private("ann"), r.private("bob")
		ann.say("/alert BTC > 70000")
		rules, err := r.store.RulesOf(r.t.Context(), ann.stored().ID)
		r.must(err)
		id := id36(int64(rules[0].Rule.ID))
		for _, c := range []struct{ data, says string }{
			{"", "I did not understand"},
			{"nonsense", "This button does not work here"},
			{"1:rule.drop", "This button does not work here"},
			{"1:rule.drop:zz", "not there any more"},
			{"1:rule.drop:" + id, "not there any more"},
			{"1:rule.snooze:" + id + ":99y", "not there any more"},
			{"1:rule.show:" + id, "not there any more"},
			{"1:rule.edit:" + id, "not there any more"},
			{"1:rule.copy:" + id, "not there any more"},
			{"1:rule.undo:test/1", "can't be undone any more"},
			{"1:do:nothing", "This button does not work here"},
			{"1:start:nowhere:x", "This button does not work here"},
			{"1:rules:-7", "No alerts yet"},
			{"1:feed.off:zz:0", "not followed here any more"},
			{"0:rule.drop:" + id, "does not work here"},
			{"9:rule.drop:" + id, "This button is from an older version"},
			{"1:prove:nothing:x", "This button does not work here"},
		} {
			if got := bob.pressData(c.data, "1"); c.data != "" {
				r.has(got, c.says)
			}
		}
		if rules, err = r.store.RulesOf(r.t.Context(), ann.stored().ID); err != nil || len(rules) != 1 || rules[0].Rule.Paused {
			t.Errorf("rules after forged buttons: %v, %v", rules, err)
		}
	})
}

func TestChangesAreKeptWithAuthorBeforeAndAfter(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 70000")
		ann.press("Pause")
		ann.press("Edit")
		ann.say("BTC > 71000")
		ann.press("Delete")
		ann.say("/settings zone paris")
		changes, err := r.store.Changes(r.t.Context(), ann.stored().ID, 10)
		r.must(err)
		want := [][3]string{
			{"settings", "zone: UTC", "zone: Europe/Paris"}, {"rule", "BTC-USD > 71000", ""},
			{"rule", "BTC-USD > 70000 (now paused)", "BTC-USD > 71000"},
			{"rule", "BTC-USD > 70000", "BTC-USD > 70000 (now paused)"}, {"rule", "", "BTC-USD > 70000"},
		}
		if len(changes) != len(want) {
			t.Fatalf("%d changes: %+v", len(changes), changes)
		}
		for i, c := range changes {
			if got := [3]string{c.What, c.Before, c.After}; got != want[i] || c.Author == 0 {
				t.Errorf("change %d: %q by %d, want %q", i, got, c.Author, want[i])
			}
		}
	})
}

func TestAlertOnTwoSymbolsNamesTheOneThatMadeItTrue(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alert NVDA < 122 and BTC > 62000"), "Alert set")
		ann.hears()
		r.price("NVDA", "121.50")
		r.price("BTC-USD", "62010")
		r.has(ann.hears(), "Bitcoin rose to 62,000.00", "to 62,010.00", "Because of: NVDA < 122 and BTC-USD > 62000")
	})
}

func TestStormBecomesOneMessageAndAQuestion(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		for i := range 20 {
			r.has(ann.say("/alert BTC > 620"+string(rune('0'+i/10))+string(rune('0'+i%10))), "Alert set")
		}
		ann.hears()
		r.price("BTC-USD", "62050")
		out := ann.hears()
		if n := count(out, "Bitcoin rose to"); n != 15 {
			t.Errorf("%d alerts came by themselves:\n%s", n, out)
		}
		r.wait(time.Minute)
		r.has(ann.hears(), "5 further alerts", "Bitcoin rose to 62,0", "Shall I be quiet for a while? Nothing is lost.", "[Mute for 1 h]")
		r.has(ann.press("Mute for 1 h"), "Muted until 10:")
	})
}

func TestTheArrowOfAMoveIsThatOfTheMove(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alert BTC down 0.8% in 1m"), "Alert set")
		for _, p := range []string{"62500", "62510", "62520", "61960", "61970"} {
			r.price("BTC-USD", p)
		}
		r.has(ann.hears(), "▼ Bitcoin is down 0.8", "From 61,960.00", "to 61,970.00")
	})
}

func TestARuleThatIsTrueAlreadySaysSo(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		for _, rule := range []string{"BTC > 60000", "BTC < 70000", "BTC enters 60000..70000", "BTC leaves 70000..80000", "BTC down 1%", "BTC moves 100"} {
			r.has(ann.say("/alert "+rule), "Alert set", "This is so already.")
		}
		for _, rule := range []string{"BTC > 70000", "BTC enters 70000..80000", "BTC leaves 50000..70000", "BTC up 1%", "BTC up 100", "BTC moves 9000"} {
			if out := ann.say("/alert " + rule); strings.Contains(out, "already") {
				t.Errorf("%s:\n%s", rule, out)
			}
		}
	})
}
