package bot_test

import (
	"strings"
	"testing"
	"time"

	"bellwether/alerts/market"
	"bellwether/alerts/market/hours"
	"bellwether/bot"
	"bellwether/subscriptions"
)

func TestBellsRing(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/bells sgx 10m"), "You will be told 10 minutes before Singapore opens and closes.", "[No bells]")
		r.has(ann.say("/bells atlantis"), `I know no market "atlantis". I know: Singapore, Nasdaq.`)
		r.wait(21 * time.Minute)
		r.has(ann.hears(), "Singapore closes in 10 minutes")
		r.has(ann.press("No bells"), "(edit) The bells of Singapore don't ring here any more.")
		r.has(ann.say("/bells sgx off"), "don't ring")
	})
}

func TestTimesBeforeABellAreRead(t *testing.T) {
	talk(t, func(r *rig) {
		ann, dan := r.private("ann"), r.channel("dan", "markets", subscriptions.RoleModerator)
		for typed, want := range map[string]string{
			"10": "10 minutes", "10m": "10 minutes", "10 min": "10 minutes", "1 minute": "1 minute", "1h30m": "1 hour 30 minutes", "2 Hours": "2 hours",
		} {
			r.has(ann.say("/bells singapore "+typed), "You will be told "+want+" before Singapore opens and closes.")
		}
		for _, typed := range []string{"0", "-5m", "13h", "soon", "10s", "1e3m"} {
			r.has(ann.say("/bells sgx "+typed), `"`+typed+`" is no time before a bell of Singapore. Try 10m or 1h; 12h at most.`)
		}
		r.has(dan.command("bells", "", "market", "Singapore", "before", "10m"), "You will be told 10 minutes before Singapore opens and closes.")
		r.has(dan.command("bells", "", "market", "Singapore", "before", "soon"), `"soon" is no time before a bell`)
	})
}

func TestOffEndsAllBellsOfAMarketOrTheOneThatIsNamed(t *testing.T) {
	for name, tt := range map[string]struct {
		ends   func(v *voice) string
		says   string
		silent bool // at the bell, and ten minutes before
	}{
		"all by words":          {func(v *voice) string { return v.say("/bells sgx off") }, "The bells of Singapore don't ring here any more.", true},
		"all by button":         {func(v *voice) string { return v.press("No bells") }, "The bells of Singapore don't ring here any more.", true},
		"one, the others go on": {func(v *voice) string { return v.say("/bells sgx 10m off") }, "You will not be told 10 minutes before Singapore opens", false},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann, bob := r.private("ann"), r.private("bob")
				bob.say("/bells sgx 10m")
				ann.say("/bells sgx")
				ann.say("/bells sgx 10m")
				r.has(tt.ends(ann), tt.says)
				r.wait(21 * time.Minute)
				if heard := ann.hears(); strings.Contains(heard, "closes in") {
					t.Errorf("told: %s", heard)
				}
				r.has(bob.hears(), "Singapore closes in 10 minutes")
				r.wait(10 * time.Minute)
				if heard := ann.hears(); strings.Contains(heard, "closes now") == tt.silent {
					t.Errorf("told %q", heard)
				}
			})
		})
	}
}

func TestBellRingsOnceOnEachPlatformOverARestart(t *testing.T) {
	talk(t, func(r *rig) {
		ann, dan := r.private("ann"), r.channel("dan", "markets", subscriptions.RoleModerator)
		ann.say("/bells sgx")
		dan.command("bells", "", "market", "sgx")
		r.wait(29 * time.Minute)
		r.restart()
		r.wait(2 * time.Minute)
		for _, heard := range []string{ann.hears(), dan.hears()} {
			if r.has(heard, "Singapore closes now"); strings.Contains(heard, "late") {
				t.Errorf("called late: %s", heard)
			}
		}
		r.restart()
		r.wait(5 * time.Minute)
		if again := ann.hears() + dan.hears(); strings.Contains(again, "Singapore") {
			t.Errorf("rang again: %s", again)
		}
	})
}

func TestLateBellsSayThatTheyAre(t *testing.T) {
	for name, tt := range map[string]struct {
		typed           string
		stops, comes    time.Duration // after 09:00; Singapore closes at 09:30
		want, wantLater string
	}{
		"before the bell":       {"/bells sgx 10m", 15 * time.Minute, 25 * time.Minute, "Singapore closes in 5 minutes", "told 5 minutes late"},
		"after the bell":        {"/bells sgx 10m", 15 * time.Minute, 45 * time.Minute, "Singapore closed at 09:30", "told 25 minutes late"},
		"at the bell":           {"/bells sgx", 15 * time.Minute, 40 * time.Minute, "Singapore closed at 09:30", "told 10 minutes late"},
		"too late to be of use": {"/bells sgx", 15 * time.Minute, 95 * time.Minute, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.private("ann")
				ann.say(tt.typed)
				r.wait(tt.stops)
				r.stop()
				time.Sleep(tt.comes - tt.stops)
				r.start()
				r.wait(61 * time.Second)
				heard := ann.hears()
				if tt.want == "" && strings.Contains(heard, "Singapore clos") {
					t.Errorf("told: %s", heard)
				} else if tt.want != "" {
					r.has(heard, tt.want, tt.wantLater)
				}
			})
		})
	}
}

func TestBellAfterASilenceIsLate(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/bells sgx")
		ann.say("/mute 1h")
		r.wait(62 * time.Minute)
		r.has(ann.hears(), "Singapore closed at 09:30", "told 30 minutes late")
	})
}

func TestBellThatRangBeforeItWasAskedForIsNotTold(t *testing.T) {
	talk(t, func(r *rig) {
		r.wait(35 * time.Minute)
		ann := r.private("ann")
		r.has(ann.say("/bells sgx"), "You will be told")
		r.wait(5 * time.Minute)
		if heard := ann.hears(); strings.Contains(heard, "closed") || strings.Contains(heard, "closes now") {
			t.Errorf("told: %s", heard)
		}
	})
}

// endingHours knows markets until a day.
type endingHours struct {
	*scriptedHours
	until time.Time
}

// Session implements bot.Hours.
func (h *endingHours) Session(s market.Symbol, at time.Time) bot.MarketSession {
	if !at.Before(h.until.AddDate(0, 0, 1)) {
		return bot.MarketSession{}
	}
	session := h.scriptedHours.Session(s, at)
	if session.State == bot.MarketClosed {
		session.Until = time.Time{}
	}
	return session
}

// Venues implements bot.Hours.
func (h *endingHours) Venues() []bot.Venue {
	venues := h.scriptedHours.Venues()
	for i := range venues {
		venues[i].Until = h.until
	}
	return venues
}

// Rings implements bot.Hours.
func (h *endingHours) Rings(venue string, after, until time.Time) []bot.Ring {
	rings := h.scriptedHours.Rings(venue, after, until)
	for i := range rings {
		rings[i].Last = true
	}
	return rings
}

func TestEndOfKnownHoursIsSaid(t *testing.T) {
	talk(t, func(r *rig) {
		today := time.Now().UTC().Truncate(24 * time.Hour)
		r.stop()
		ending := &endingHours{r.hours, today}
		r.adapt = func(o *bot.Options) { o.Hours = ending }
		r.start()
		ann := r.private("ann")
		r.has(ann.say("/bells sgx"), "You will be told when Singapore opens", "When Singapore trades is known until "+today.Format("2 January 2006")+".")
		r.wait(31 * time.Minute)
		r.has(ann.hears(), "Singapore closes now", "When it opens next is not known.")
		r.has(ann.say("/market"), "Singapore is closed. When it opens next is not known.")
		ending.until = today.AddDate(0, 0, -3)
		r.has(ann.say("/market"), "When Singapore trades is not known.")
		r.has(ann.say("/quote sti"), "hours not known")
		r.has(ann.say("/bells sgx"), "is not known yet: its bells ring once it is.")
	})
}

// calendarHours are the hours that come with the program.
type calendarHours struct{ calendar *hours.Calendar }

// Session implements bot.Hours.
func (h calendarHours) Session(s market.Symbol, at time.Time) bot.MarketSession {
	status := h.calendar.AtSymbol(s, at)
	return bot.MarketSession{State: bot.SessionState(status.State), Until: status.Next}
}

// Sessions implements bot.Hours.
func (calendarHours) Sessions(market.Symbol, time.Time, time.Time) []bot.OpenSpan { return nil }

// Venues implements bot.Hours.
func (h calendarHours) Venues() []bot.Venue {
	var out []bot.Venue
	for _, v := range h.calendar.Venues() {
		out = append(out, bot.Venue{MIC: v.Code, Name: v.Name, Words: v.Words, Until: v.Until})
	}
	return out
}

// Rings implements bot.Hours.
func (calendarHours) Rings(string, time.Time, time.Time) []bot.Ring { return nil }

func TestMarketCountsDownToTheOpening(t *testing.T) {
	calendar, err := hours.Default()
	if err != nil {
		t.Fatal(err)
	}
	talk(t, func(r *rig) {
		r.adapt = func(o *bot.Options) { o.Hours = calendarHours{calendar} }
		for _, want := range []struct{ at, market, quote, gold string }{
			{"2024-07-03T06:34:00+08:00", "Singapore opens in 2 hours 26 minutes.", "closed, opens in 2 hours 26 minutes", "open until Thu 4 Jul 05:00"},
			{"2024-07-03T12:20:00+08:00", "Singapore: lunch break until 13:00.", "lunch break until 13:00", "open until Thu 4 Jul 05:00"},
			{"2024-07-04T05:20:00+08:00", "Singapore opens in 3 hours 40 minutes.", "closed, opens in 3 hours 40 minutes", "halted until 06:00"},
			{"2026-12-31T18:00:00+08:00", "Singapore is closed. When it opens next is not known.", "closed, next opening not known", "open until 1 Jan 2027 06:00"},
			{"2027-01-04T10:00:00+08:00", "When Singapore trades is not known.", "hours not known", "hours not known"},
		} {
			at, err := time.Parse(time.RFC3339, want.at)
			r.must(err)
			r.stop()
			time.Sleep(time.Until(at))
			r.start()
			ann := r.private("ann")
			ann.say("/settings zone Asia/Singapore")
			r.has(ann.say("/market"), want.market)
			r.has(ann.say("/quote sti"), want.quote)
			r.has(ann.say("/quote gc=f"), want.gold)
		}
	})
}
