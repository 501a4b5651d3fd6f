package bot_test

import (
	"testing"
	"time"

	"bellwether/alerts/market"
)

func TestAListGoesOnWhereAWordOfItWasAskedAbout(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/watch STI, gold NVDA"), `"gold" can mean several things. Which one?`)
		r.has(ann.press("GC=F · Gold"), "Watchlist: Straits Times, Gold, NVIDIA.")
		r.has(ann.say("/alert gold < 2300 every time cooldown 1h note \"a note that is too long for a button\""),
			"Try /alert GC=F < 2300 every time cooldown 1h note")
	})
}

func TestQuoteOfOneSymbol(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/quote dbs"), "▲ DBS 36.00", "Change: +0.15 (+0.42 %) since the previous close, 35.85",
			"Symbol: D05.SI · DBS, XSES, share, SGD", "Market: open until 09:30", "test · 09:00:0", "[Alert above][Alert below][Watch][Chart]")
		r.has(ann.press("Alert above"), "Alert set", "D05.SI > 36")
		r.has(ann.press("Watch"), "Added DBS")
		r.has(ann.say("/quote us10y"), "US 10-year yield 4.436 %", "in percent")
	})
}

func TestQuoteOfSeveralSymbols(t *testing.T) {
	talk(t, func(r *rig) {
		r.has(r.private("ann").say("/quote BTC, straits times dbs"), "Bitcoin", "61,955.88", "Straits Times", "3,367.90", "DBS", "36.00")
	})
}

func TestAmbiguousWordAsksWhichAndTheAnswerReplacesTheQuestion(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/quote gold"), `"gold" can mean several things. Which one?`, "Gold, XCEC, future, USD", "Barrick Gold, XNYS, share, USD")
		r.has(ann.press("GOLD · Barrick Gold"), "(edit) ▲ Barrick Gold 17.20")
	})
}

func TestUnknownSymbolNamesNearOnes(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/quote btcc"), `I know no symbol "btcc". Did you mean one of these?`, "[BTC-USD · Bitcoin]")
		r.has(ann.say("/quote qqqqq"), `I know no symbol "qqqqq". Try a name or a ticker`)
		r.has(ann.say("/alert btcc > 5"), `I know no symbol "btcc"`, "[BTC-USD · Bitcoin]")
		r.has(ann.press("BTC-USD · Bitcoin"), "(edit)", "BTC-USD > 5")
	})
}

func TestQuoteSaysWhereNothingCouldBeRead(t *testing.T) {
	talk(t, func(r *rig) {
		r.market.down = true
		ann := r.private("ann")
		r.has(ann.say("/quote btc"), "No price of Bitcoin (BTC-USD) could be read just now")
		r.has(ann.say("/alert BTC > 70000"), "Alert set", "No price could be read just now")
		r.market.down = false
		r.has(ann.say("/quote btc"), "Bitcoin 61,955.88")
	})
}

func TestQuoteTellsDelayAndFalsePreviousClose(t *testing.T) {
	talk(t, func(r *rig) {
		q := r.market.prices["^STI"]
		q.Delay, q.PreviousClose = 15*time.Minute, market.MustPrice("6735.80")
		r.market.prices["^STI"] = q
		ann := r.private("ann")
		r.has(ann.say("/quote sti"), "3,367.90", "not known: the source's previous close is not believable", "test, 15 minutes delayed")
		r.has(ann.say("/alert sti > 3400"), "whose prices are 15 minutes late")
	})
}

func TestMarketShowsTheStripAndTheWatchlist(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/watch nvda btc")
		ann.say("/quote sti btc gc=f")
		out := ann.say("/market")
		r.has(out, "Markets", "Straits Times   3,367.90  ▲ +0.88 %", "Your watchlist", "NVIDIA", "Singapore is open until 09:30.")
	})
}

func TestChart(t *testing.T) {
	talk(t, func(r *rig) {
		r.market.daily("BTC-USD", 60, "60000", "62000")
		ann := r.private("ann")
		r.has(ann.say("/chart btc 1m"), "Bitcoin, 1 month", "Chart of Bitcoin", "[1 d][5 d][1 y]")
		r.has(ann.press("1 y"), "(edit)", "Bitcoin, 1 year")
	})
}

func TestLatePricesAreSaidToBeLate(t *testing.T) {
	talk(t, func(r *rig) {
		r.knowsFailures()
		ann := r.private("ann")
		ann.say("/quote sti btc")
		ann.say("/watch btc nvda")
		r.market.set("BTC-USD", "61000")
		r.wait(16 * time.Second)
		r.market.fail(true)
		r.lacks(ann.say("/quote btc"), "late", "old")
		r.wait(25 * time.Minute)
		why := "test gives no new one since 09:00. The reason: it answers nothing."
		r.has(ann.say("/quote btc"), "This price is 25 minutes", why, "61,000.00")
		r.has(ann.say("/quote sti"), why)
		list := `"Late" means that test gives no new price since 09:00. The reason: it answers nothing.`
		r.has(ann.say("/market"), "▲ +0.88 % late", "▼ −2.83 % late", list)
		r.has(ann.say("/quote btc sti"), list)
		r.has(ann.say("/alert btc > 70000"), "Bitcoin now: 61,000.00", "late: no new price since 09:00")
		r.wait(10 * time.Minute) // Singapore is closed
		r.lacks(ann.say("/quote sti"), "old", "no new one")
		r.has(ann.say("/quote btc sti"), "−2.83 % late")
		r.lacks(ann.say("/quote btc sti"), "+0.88 % late")
		r.market.fail(false)
		r.wait(16 * time.Second)
		r.lacks(ann.say("/quote btc"), "late", "old")
	})
}

func TestPriceIsSaidToBeOldWhereWhatCameSinceIsNotBelieved(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/watch sti")
		r.lacks(ann.say("/quote sti"), "old")
		r.wait(time.Minute)
		r.market.set("^STI", "336790")
		r.wait(10 * time.Minute)
		r.has(ann.say("/quote sti"), "3,367.90", "This price is 10 minutes", "old. No newer one that I believe has come.")
		r.market.set("^STI", "3368")
		r.wait(time.Minute)
		r.lacks(ann.say("/quote sti"), "old")
		r.market.fail(true)
		r.wait(20 * time.Minute) // Singapore is closed
		r.lacks(ann.say("/quote sti"), "old")
	})
}
