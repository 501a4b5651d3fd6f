package bot_test

import (
	"strings"
	"testing"
	"time"

	"bellwether/bot/outbox"
)

func TestSettings(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/settings"), "Time zone: UTC, 09:00", "Language: English", "Who may change things: you", "[Set up a channel]")
		for typed, shown := range map[string]string{
			"singapore": "Asia/Singapore, 17:0", "new york": "America/New_York, 04:0", "Europe/Paris": "Europe/Paris, 10:0",
			"asia/kolkata": "Asia/Kolkata, 14:3", "Sinapore": "Asia/Singapore",
		} {
			r.has(ann.say("/settings zone "+typed), shown)
		}
		r.has(ann.say("/settings zone Atlantis"), `I know no zone or city "Atlantis".`)
		r.has(ann.say("/settings zone Mars"), `I know no zone or city "Mars".`)
		r.has(ann.say("/settings zone america"), `"america" can be several zones: `)
		r.has(ann.say("/settings language german"), "Only English for now")
		r.has(ann.say("/settings pictures green"), "Pictures are dark or light")
		r.has(ann.say("/settings pictures light"), "Settings")
		r.has(ann.say("/settings foo bar"), `There is no setting "foo". There are: zone, language, pictures.`)
	})
}

func TestMuteKeepsBackAndDeliversAfterwards(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 62000")
		r.has(ann.say("/mute 1h"), "Muted until 10:00. What happens until then comes afterwards, nothing is lost.")
		ann.hears()
		r.price("BTC-USD", "62010")
		if got := ann.hears(); got != "" {
			t.Errorf("told while muted: %s", got)
		}
		r.has(ann.say("/deliveries"), "waiting, due 10:00")
		r.price("BTC-USD", "61000")
		ann.hears()
		r.wait(time.Hour)
		r.has(ann.hears(), "Bitcoin rose to 62,000.00", "Now: 61,000.00", "told ", " late")
	})
}

func TestMuteCanBeEndedEarly(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 62000")
		ann.say("/mute tomorrow")
		r.price("BTC-USD", "62010")
		ann.hears()
		out := ann.say("/mute off")
		r.wait(time.Minute)
		out += ann.hears()
		r.has(out, "Not muted.", "Bitcoin rose to 62,000.00")
		r.has(ann.say("/mute xyz"), `"xyz" is not a time. Try /mute 1h, /mute tomorrow or /mute off.`)
		r.has(ann.say("/mute -5h"), "is not a time")
		r.has(ann.say("/mute 2d"), "Muted until Wed 5 Jan 09:0")
	})
}

func TestWhyAndDeliveries(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		r.has(ann.say("/why"), "Nothing was sent here yet that I could explain.")
		r.has(ann.say("/deliveries"), "Nothing was sent here yet.")
		ann.say("/alert BTC > 62000")
		r.price("BTC-USD", "62010")
		r.has(ann.say("/why"), "Because of your alert BTC-USD > 62000: test said 61,955.88 at 09:00:", "62,010.00 at 09:00:", "Delivery: delivered 09:00:")
		shown := r.chat.screen(ann.place.Address)
		ann.reply = shown[0].id
		r.has(ann.say("/why"), "That was an answer to something that was asked here.")
		for _, s := range shown {
			if strings.Contains(s.plain(), "rose to") {
				ann.reply = s.id
			}
		}
		r.has(ann.say("/why"), "Because of your alert")
		ann.reply = "nonsense"
		r.has(ann.say("/why"), "I have no record of that message: it is not one of mine.")
		ann.reply = ""
		r.has(ann.say("/deliveries"), "Lately: 1 delivered, 0 waiting, 0 dropped.", "BTC-USD > 62000 · delivered 09:00:")
	})
}

func TestDeliveriesSayWhatWasDroppedAndWhy(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 62000")
		r.chat.fail = func(d outbox.Delivery) error {
			return &outbox.Failure{Class: outbox.BadMessage, Reason: "the platform takes no such message", Code: "400"}
		}
		r.price("BTC-USD", "62010")
		r.wait(time.Minute)
		r.chat.fail = nil
		r.has(ann.say("/deliveries"), "0 delivered, 0 waiting, 1 dropped", "the platform takes no such message")
	})
}
