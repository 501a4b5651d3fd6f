package discord

import (
	"testing"
	"time"
)

func TestLimitHoldsWhereRequestsArrive(t *testing.T) {
	c := crossings{limit: 3, span: time.Second}
	start := time.Unix(1000, 0)
	at := func(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }
	for _, ms := range []int{0, 10, 20} {
		if wait := c.take(at(ms)); wait != 0 {
			t.Fatalf("at %d ms: wait %s", ms, wait)
		}
	}
	if wait := c.take(at(500)); wait != awayPause {
		t.Fatalf("all are under way: wait %s", wait)
	}
	c.over(at(0), at(10))   // the fastest: it is taken to arrive as it left
	c.over(at(10), at(20))  // as fast
	c.over(at(20), at(320)) // 290 ms late
	if wait := c.take(at(400)); wait != 600*time.Millisecond {
		t.Fatalf("wait %s for the first", wait)
	}
	for i := range 2 {
		if wait := c.take(at(1010)); wait != 0 {
			t.Fatalf("take %d: wait %s", i, wait)
		}
	}
	if wait := c.take(at(1100)); wait < 200*time.Millisecond || wait > 215*time.Millisecond {
		t.Fatalf("wait %s for the one that was late", wait)
	}
}
