package discord_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"bellwether/adapters/discord"
	"bellwether/adapters/discord/discordtest"
)

// clock is a clock that only waiting moves: by all of it, or by little.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	waits []time.Duration
	moves bool
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Wait(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, d)
	if !c.moves {
		d = min(d, 1500*time.Millisecond)
	}
	c.now = c.now.Add(d)
	return ctx.Err()
}

func newClock(moves bool) *clock {
	return &clock{now: time.Date(2026, 11, 25, 9, 0, 0, 0, time.UTC), moves: moves}
}

func (c *clock) use(o *discord.Options) {
	o.Now, o.Timing.Wait = c.Now, c.Wait
	o.Timing.Random = func() float64 { return 0.5 }
}

func TestWrongTokenStopsAndIsNotShown(t *testing.T) {
	var said bytes.Buffer
	r := build(t, discordtest.Options{Token: "another"}, func(o *discord.Options) {
		o.Log = slog.New(slog.NewTextHandler(&said, nil))
	})
	err := r.client.Run(within(t))
	if !errors.Is(err, discord.ErrCredential) {
		t.Fatalf("run returned %v", err)
	}
	if n := r.server.Identifies(); n != 0 {
		t.Errorf("identified %d times with a token that was refused", n)
	}
	if strings.Contains(said.String()+err.Error(), token) {
		t.Error("the token was shown")
	}
}

func TestCloseCodesThatEndIt(t *testing.T) {
	for _, code := range []int{4004, 4010, 4011, 4012, 4013, 4014} {
		for _, after := range []bool{false, true} {
			clock := newClock(true)
			r := build(t, discordtest.Options{}, clock.use)
			r.server.Script(func(int) discordtest.Greeting {
				if after {
					return discordtest.Greeting{CloseAfter: code}
				}
				return discordtest.Greeting{Close: code}
			})
			err := r.client.Run(within(t))
			var closed *discord.ClosedError
			if !errors.Is(err, discord.ErrCredential) && (!errors.As(err, &closed) || closed.Code != code) {
				t.Errorf("%d: run returned %v", code, err)
			}
			if n := r.server.Identifies(); n != 1 {
				t.Errorf("%d: identified %d times", code, n)
			}
		}
	}
}

func TestReconnectBeforeReadyDoesNotHang(t *testing.T) {
	for _, op := range []int{7, 9} {
		clock := newClock(true)
		r := build(t, discordtest.Options{}, clock.use)
		r.server.Script(func(n int) discordtest.Greeting {
			if n <= 2 {
				return discordtest.Greeting{Op: op}
			}
			return discordtest.Greeting{}
		})
		r.run(t)
		if n := r.server.Identifies(); n != 3 {
			t.Errorf("op %d: identified %d times", op, n)
		}
	}
}

func TestReconnectWhenAskedLater(t *testing.T) {
	for _, end := range []func(*discordtest.Server){
		func(s *discordtest.Server) { s.SendOp(7, nil) },
		func(s *discordtest.Server) { s.SendOp(9, false) },
		func(s *discordtest.Server) { s.CloseGateway(4000) },
		func(s *discordtest.Server) { s.Drop() },
	} {
		clock := newClock(true)
		r := build(t, discordtest.Options{}, clock.use)
		r.run(t)
		end(r.server)
		if err := r.server.AwaitIdentifies(within(t), 2); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSilentGatewayIsAbandoned(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) {
		newClock(true).use(o)
		o.Timing.Open = 50 * time.Millisecond
	})
	r.server.Script(func(n int) discordtest.Greeting { return discordtest.Greeting{Silent: n == 1} })
	r.run(t)
	if n := r.server.Identifies(); n != 2 {
		t.Errorf("identified %d times", n)
	}
}

func TestUnansweredHeartbeatsEndTheConnection(t *testing.T) {
	r := build(t, discordtest.Options{Heartbeat: 20 * time.Millisecond}, func(o *discord.Options) {
		newClock(true).use(o)
		o.Timing.AckSlack, o.Timing.Check = 40*time.Millisecond, 5*time.Millisecond
	})
	r.server.Script(func(n int) discordtest.Greeting { return discordtest.Greeting{Deaf: n == 1} })
	r.run(t)
	if err := r.server.AwaitIdentifies(within(t), 2); err != nil {
		t.Fatal(err)
	}
}

func TestStormOfReconnectsCoolsDown(t *testing.T) {
	clock := newClock(true)
	r := build(t, discordtest.Options{}, clock.use)
	r.server.Script(func(n int) discordtest.Greeting {
		if n < 12 {
			return discordtest.Greeting{CloseAfter: 4000}
		}
		return discordtest.Greeting{Close: 4014}
	})
	began := clock.Now()
	_ = r.client.Run(within(t)) // it ends with 4014
	clock.mu.Lock()
	defer clock.mu.Unlock()
	cooled := 0
	for i, d := range clock.waits {
		if d == 5*time.Minute {
			cooled++
		}
		if i > 0 && d == clock.waits[i-1] && d < time.Minute {
			t.Errorf("pauses do not grow: %v", clock.waits)
		}
	}
	if cooled < 3 {
		t.Errorf("cooled down %d times in %v", cooled, clock.waits)
	}
	if passed := clock.now.Sub(began); passed < 25*time.Minute {
		t.Errorf("12 connections took %v", passed)
	}
}

func TestDailyLimitOfConnectionsStops(t *testing.T) {
	clock := newClock(false)
	r := build(t, discordtest.Options{}, clock.use)
	r.server.Script(func(int) discordtest.Greeting { return discordtest.Greeting{Close: 4000} })
	if err := r.client.Run(within(t)); !errors.Is(err, discord.ErrTooManyConnects) {
		t.Fatalf("run returned %v", err)
	}
	if n := r.server.Identifies(); n != 300 {
		t.Errorf("identified %d times", n)
	}
}

// TestFewStartsLeftAreKept until Discord grants new ones, when it said that it
// would.
func TestFewStartsLeftAreKept(t *testing.T) {
	var r *rig
	var pause time.Duration
	before := -1
	r = build(t, discordtest.Options{Starts: 19}, func(o *discord.Options) {
		o.Timing.Wait = func(ctx context.Context, d time.Duration) error {
			if before < 0 {
				pause, before = d, r.server.Identifies()
				r.server.Grant(1000)
			}
			return ctx.Err()
		}
	})
	r.run(t)
	if before != 0 || pause != time.Hour {
		t.Errorf("identified %d times, then waited %v", before, pause)
	}
}

func TestServerThatIsAwayIsTriedAgain(t *testing.T) {
	clock := newClock(true)
	r := build(t, discordtest.Options{}, clock.use)
	r.server.Fail(discordtest.Fault{Path: "/gateway/bot", Status: 503, Body: "<html>busy</html>", Times: 3})
	r.run(t)
	clock.mu.Lock()
	defer clock.mu.Unlock()
	if len(clock.waits) < 3 {
		t.Errorf("waited %v", clock.waits)
	}
}

func TestAPIAddressWithVersion(t *testing.T) {
	for _, path := range []string{"", "/", "/api", "/api/v10"} {
		var client *discord.Client
		r := build(t, discordtest.Options{}, func(o *discord.Options) { o.APIURL += path })
		client = r.client
		if _, err := client.Deliver(within(t), toGeneral(sentence("hello"))); err != nil {
			t.Errorf("%q: %v", path, err)
		}
	}
}
