package bot_test

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	_ "bellwether/adapters/storage" // registers the driver "sqlite"
)

// sql changes the store's file beside the bot.
func (r *rig) sql(statement string) {
	r.t.Helper()
	db, err := sql.Open("sqlite", "file:"+r.file)
	r.must(err)
	_, err = db.Exec(statement)
	r.must(err)
	r.must(db.Close())
}

// crowd are people who wait for the same price.
func (r *rig) crowd(n int) []*voice {
	r.t.Helper()
	people := make([]*voice, n)
	for i := range people {
		people[i] = r.private(fmt.Sprintf("p%d", i))
		people[i].say("/alert D05.SI below 36")
		people[i].hears()
	}
	return people
}

func TestEventThatCannotBeToldHoldsNoOtherBack(t *testing.T) {
	for name, fault := range map[string]struct{ begin, end string }{
		"not stored": {
			"CREATE TRIGGER broken BEFORE INSERT ON sends WHEN NEW.event <> 0 AND NEW.destination = %d BEGIN SELECT RAISE(ABORT, 'no room'); END",
			"DROP TRIGGER broken",
		},
		"not read": {
			"CREATE TRIGGER broken AFTER INSERT ON events WHEN NEW.key LIKE 'rule/' || (SELECT id FROM rules WHERE destination = %d) || '/%%' BEGIN UPDATE events SET body = '?' || body WHERE id = NEW.id; END",
			"DROP TRIGGER broken; UPDATE events SET body = substr(body, 2) WHERE body LIKE '?%'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			talk(t, func(r *rig) {
				r.market.set("D05.SI", "40")
				people := r.crowd(5)
				unlucky := people[2]
				r.sql(fmt.Sprintf(fault.begin, unlucky.stored().ID))
				r.market.set("D05.SI", "35")
				r.wait(32 * time.Second)
				for i, p := range people {
					if p != unlucky {
						r.has(p.hears(), "fell to 36.00")
					} else if got := p.hears(); got != "" {
						t.Errorf("%d heard %q", i, got)
					}
				}
				// Tried after 1, 2, 4, 8 and 16 seconds, and every 20 from then on.
				r.wait(2 * time.Minute)
				if tried := count(r.log.String(), "event could not be told"); tried < 7 || tried > 12 {
					t.Errorf("tried %d times", tried)
				}
				r.sql(fault.end)
				r.wait(21 * time.Second)
				r.has(unlucky.hears(), "fell to 36.00")
				before := r.log.String()
				r.wait(5 * time.Minute)
				if r.log.String() != before {
					t.Errorf("something is still tried:\n%s", r.log.String()[len(before):])
				}
			})
		})
	}
}

// While nothing can be stored little is tried, and all is told soon after.
func TestEventsAreToldOnceTheStoreWorksAgain(t *testing.T) {
	talk(t, func(r *rig) {
		r.market.set("D05.SI", "40")
		people := r.crowd(12)
		r.sql("CREATE TRIGGER broken BEFORE INSERT ON sends WHEN NEW.event <> 0 BEGIN SELECT RAISE(ABORT, 'no room'); END")
		r.market.set("D05.SI", "35")
		r.wait(time.Minute)
		if tried := count(r.log.String(), "event could not be told"); tried == 0 || tried > 40 {
			t.Errorf("tried %d times in a minute", tried)
		}
		r.sql("DROP TRIGGER broken")
		r.wait(40 * time.Second)
		for _, p := range people {
			if got := p.hears(); count(got, "fell to 36.00") != 1 {
				t.Errorf("%s heard %q", p.who.Name, got)
			}
		}
	})
}
