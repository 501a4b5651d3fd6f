package bot_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/bot/outbox"
)

// storm lets more of a person's alerts fire at once than are told one by one,
// and returns when those beyond have joined the message that is to tell them.
func (r *rig) storm(rules int) *voice {
	r.t.Helper()
	ann := r.private("ann")
	for i := range rules {
		ann.say(fmt.Sprintf("/alert NVDA > %d", 130+i))
	}
	for _, p := range []string{"122.60", "122.70", "200", "200.10"} {
		r.price("NVDA", p)
	}
	return ann
}

// phases counts a place's rules by phase.
func (v *voice) phases() map[alerts.Phase]int {
	v.r.t.Helper()
	rules, err := v.r.store.RulesOf(context.Background(), v.stored().ID)
	v.r.must(err)
	n := make(map[alerts.Phase]int)
	for _, rule := range rules {
		for _, st := range rule.States {
			n[st.Phase]++
		}
	}
	return n
}

func isStorm(d outbox.Delivery) bool { return strings.Contains(d.Message.Title, "further alert") }

func TestRulesOfAStormEndWithTheMessageThatTellsThem(t *testing.T) {
	talk(t, func(r *rig) {
		var block atomic.Bool
		r.chat.fail = func(d outbox.Delivery) error {
			if block.Load() && isStorm(d) {
				return &outbox.Failure{Class: outbox.NotSent, Reason: "the platform cannot be reached"}
			}
			return nil
		}
		block.Store(true)
		ann := r.storm(20)
		r.wait(2 * time.Minute)
		if n := count(ann.hears(), "▲ NVIDIA rose to"); n != 15 {
			t.Errorf("%d alerts were told one by one", n)
		}
		if n := ann.phases(); n[alerts.Done] != 15 || n[alerts.Fired] != 5 {
			t.Errorf("while the message waits the rules are %v", n)
		}
		r.has(ann.say("/deliveries"), "Lately: 15 delivered, 5 waiting, 0 dropped", "told together with others: waiting", "the platform cannot be reached")
		ann.hears()
		block.Store(false)
		r.wait(10 * time.Minute)
		r.has(ann.hears(), "5 further alerts", "NVIDIA rose to 149.00")
		if n := ann.phases(); n[alerts.Done] != 20 {
			t.Errorf("after the message came the rules are %v", n)
		}
		r.has(ann.say("/deliveries"), "Lately: 20 delivered, 0 waiting, 0 dropped", "told together with others: delivered")
	})
}

func TestStormWhoseMessageIsDroppedSaysSo(t *testing.T) {
	talk(t, func(r *rig) {
		r.chat.fail = func(d outbox.Delivery) error {
			if isStorm(d) {
				return &outbox.Failure{Class: outbox.Refused, Reason: "the platform refused it"}
			}
			return nil
		}
		ann := r.storm(20)
		r.wait(3 * time.Minute)
		if n := ann.phases(); n[alerts.Done] != 20 {
			t.Errorf("the rules are %v", n)
		}
		r.has(ann.say("/deliveries"), "Lately: 15 delivered, 0 waiting, 5 dropped", "told together with others: dropped", "the platform refused it")
		r.has(ann.say("/why"), "told together with others: dropped", "the platform refused it")
	})
}

// Who read of a false price in a message with others is told so: that message
// cannot be changed for one of them.
func TestFalseAlertOfAStormIsCorrected(t *testing.T) {
	for name, lull := range map[string]time.Duration{"before it was told": 0, "after it was told": 90 * time.Second} {
		t.Run(name, func(t *testing.T) {
			talk(t, func(r *rig) {
				ann := r.storm(17)
				r.wait(lull)
				for _, p := range []string{"122.50", "122.55"} {
					r.price("NVDA", p)
				}
				r.wait(5 * time.Minute)
				out := ann.hears()
				if n := count(out, "Correction: 200.00 was probably a false price."); n != 17 {
					t.Errorf("%d of 17 alerts were corrected:\n%s", n, out)
				}
				if n := count(out, "(edit)"); n != 15 {
					t.Errorf("%d messages were changed", n)
				}
				_, later, ok := strings.Cut(out, "2 further alerts")
				r.has(later, "NVIDIA rose to 145.00", "NVIDIA rose to 146.00")
				if n := count(later, "Correction:"); !ok || n < 2 {
					t.Errorf("%d corrections came after what they correct:\n%s", n, out)
				}
				ann.reply = ann.shows("further alerts")
				r.has(ann.say("/why"), "So many alerts fired here at once", "Delivery: delivered")
			})
		})
	}
}

// shows returns the id of the last message here that contains a text.
func (v *voice) shows(text string) string {
	v.r.t.Helper()
	id := ""
	for _, shown := range v.r.chat.screen(v.place.Address) {
		if count(shown.plain(), text) > 0 {
			id = shown.id
		}
	}
	if id == "" {
		v.r.t.Fatalf("nothing here contains %q:\n%s", text, v.screen())
	}
	return id
}
