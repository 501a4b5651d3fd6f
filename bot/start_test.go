package bot_test

import (
	"strings"
	"testing"

	"bellwether/bot"
	"bellwether/subscriptions"
)

func TestStartAsksThreeThings(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/start"), "Hello, I am Bellwether", "What do you want to watch?", "[Bitcoin]", "[Skip]")
		r.has(ann.press("Bitcoin"), "(edit)", "Added Bitcoin", "What do you want to read?", "[markets][crypto]", "[Back][Skip]")
		r.has(ann.press("Back"), "(edit)", "What do you want to watch?")
		r.has(ann.say("nvda"), "Added NVIDIA. Watchlist: Bitcoin, NVIDIA", "What do you want to read?")
		r.has(ann.say("crypto"), "Following crypto: The Three.", "Which time zone are you in? Now it is UTC, 09:00")
		r.has(ann.say("singapore"), "All set", "/alert BTC-USD > 70000")
		r.has(ann.say("/settings"), "Time zone: Asia/Singapore, 17:00")
		r.has(ann.say("/following"), "Following 1 feed", "The Three")
	})
}

func TestStartCanBeSkippedAndAsksAgainWhereAnAnswerIsUnclear(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/start")
		r.has(ann.say("gold"), `"gold" can mean several things`, "GC=F", "Gold, XCEC, future, USD", "GOLD", "Barrick Gold, XNYS, share, USD")
		r.has(ann.say("nvda"), "What do you want to read?")
		r.has(ann.press("Skip"), "Which time zone")
		r.has(ann.press("Skip"), "All set")
		r.has(ann.say("hello"), "I did not understand that")
	})
}

func TestAnotherCommandEndsAQuestion(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/quote"), "Which symbol?")
		ann.say("/market")
		r.has(ann.say("xyzzy"), "I did not understand that")
	})
}

func TestCommandWithoutItsPartAsksForIt(t *testing.T) {
	for _, c := range []struct{ command, asks, then, gets string }{
		{"/quote", "Which symbol?", "btc", "Bitcoin 61,955.88"},
		{"/chart", "Which symbol?", "btc 1m", "no history of Bitcoin"},
		{"/watch", "Which symbols?", "sti dbs", "Added Straits Times, DBS"},
		{"/alert", "What should I watch for?", "BTC > 70000", "BTC-USD > 70000"},
		{"/alert BTC", "What should BTC-USD do?", "> 70000", "BTC-USD > 70000"},
		{"/alert BTC", "What should BTC-USD do?", "NVDA moves 5%", "NVDA moves 5%"},
		{"/follow", "What do you want to follow?", "one.example/feed", "Following The One"},
		{"/bells", "Which market?", "sgx", "when Singapore opens and closes"},
		{"/settings zone", "Which city or zone?", "paris", "Europe/Paris"},
	} {
		t.Run(c.command+" "+c.then, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.private("ann")
				r.has(ann.say(c.command), c.asks)
				r.has(ann.say(c.then), c.gets)
			})
		})
	}
}

func TestUnknownCommandsNameANearOne(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/alart BTC"), "I don't know /alart. Did you mean /alert?")
		r.has(ann.say("/marke"), "Did you mean /market?")
		r.has(ann.say("/xyzzy"), "I don't know /xyzzy. /help lists what I know.")
		r.has(ann.say("/help nothing"), "I don't know /nothing")
	})
}

func TestHelpIsMadeOfTheTables(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		help := ann.say("/help")
		r.has(help, "/quote SYMBOL", "/alert SYMBOL > PRICE", "/stop", "[Everything an alert can say]")
		r.has(ann.press("Everything an alert can say"), "SYMBOL crosses PRICE", "every time", "cooldown TIME")
		r.has(ann.say("/help watch"), "/watch SYMBOL", "add symbols to the watchlist")
		bob := r.group("bob", "-100", "")
		shared := bob.say("/help")
		r.has(shared, "/quote", "Moderators set up what is posted here")
		r.lacks(shared, "/follow URL")
	})
}

func TestPlainWordsAreGuessed(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("btc"), "Bitcoin 61,955.88")
		r.has(ann.say("BTC > 70000"), "Alert set")
		r.has(ann.say("https://two.example/feed"), "Following The Two")
		r.has(ann.say("BTC > -5"), "can't be as low as -5", "Try")
	})
}

func TestStopEndsEverythingAfterAQuestion(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 62000")
		ann.say("/follow crypto")
		ann.say("/watch sti")
		r.has(ann.say("/stop"), "This ends everything here: 1 alert, 1 feed, the watchlist and bells. Are you sure?")
		r.has(ann.press("Keep it"), "(edit) Nothing was changed.")
		r.has(ann.say("/alerts"), "1 alert")
		ann.say("/stop")
		r.has(ann.press("End everything"), "(edit) Everything here was ended.")
		r.has(ann.say("/alerts"), "No alerts yet")
		r.has(ann.say("/following"), "Nothing is followed here")
		ann.hears()
		r.price("BTC-USD", "62010")
		if got := ann.hears(); got != "" {
			t.Errorf("told after the end: %s", got)
		}
	})
}

func TestHandlerThatPanicsAnswersKindly(t *testing.T) {
	talk(t, func(r *rig) {
		r.stop()
		r.feeds.problems["https://boom.example/feed"] = nil
		r.feeds.explode = "https://boom.example/feed"
		r.start()
		ann := r.private("ann")
		r.has(ann.say("/follow https://boom.example/feed"), "Something went wrong on our side and nothing was changed")
		r.has(r.log.String(), "handler panicked", "boom")
		r.has(ann.say("/quote btc"), "Bitcoin")
		if n := r.bot.Counters().Panics; n == 0 {
			t.Error("panic was not counted")
		}
	})
}

func TestRestartBetweenStepsKeepsTheConversation(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/start")
		r.restart()
		r.has(ann.say("nvda"), "Added NVIDIA", "What do you want to read?")
		r.restart()
		r.has(ann.press("crypto"), "Following crypto", "Which time zone")
		ann.say("/alert BTC > 62000")
		r.restart()
		ann.hears()
		r.price("BTC-USD", "62010")
		r.has(ann.hears(), "Bitcoin rose to 62,000.00")
	})
}

func TestRequestThatIsHandedInTwiceIsDoneOnce(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		first := ann.say("/alert BTC > 62000")
		r.serial--
		again := ann.say("/alert BTC > 62000")
		r.has(first, "Alert set")
		if again != "" {
			t.Errorf("answered twice: %s", again)
		}
		place := ann.stored()
		rules, err := r.store.RulesOf(r.t.Context(), place.ID)
		r.must(err)
		if len(rules) != 1 {
			t.Errorf("%d rules", len(rules))
		}
	})
}

func TestWebVisitorIsWelcomedWithThingsToTry(t *testing.T) {
	talk(t, func(r *rig) {
		guest := r.private("guest")
		guest.place.Address.Platform, guest.place.Address.Account = subscriptions.WebChat, "web"
		guest.who.Platform = subscriptions.WebChat
		answer := guest.ask("start")
		r.has(answer, "Hello, I am Bellwether", "[Alert me: Bitcoin above 62,000]", "[Show the markets][Follow market news]")
		if strings.Contains(answer, "(only you)") {
			t.Error("a private welcome needs no mark")
		}
	})
}

func TestEveryCommandOfTheTableIsAnswered(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		for _, c := range bot.Commands() {
			if got := ann.say("/" + c.Name); got == "" || strings.Contains(got, "I don't know") {
				t.Errorf("/%s: %q", c.Name, got)
			}
			r.lacks(ann.say("/help "+c.Name), "I don't know")
		}
	})
}
