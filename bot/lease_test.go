package bot_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bellwether/bot"
)

// shelf is a lease in memory, as a database would keep it.
type shelf struct {
	mu      sync.Mutex
	held    bot.Tenancy
	expires time.Time
	down    bool
}

func (s *shelf) Take(_ context.Context, holder string, length time.Duration) (bot.Tenancy, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return bot.Tenancy{}, errors.New("database is away")
	}
	if now := time.Now(); s.held.Holder == holder || !s.expires.After(now) {
		if s.held.Holder != holder {
			s.held = bot.Tenancy{Holder: holder, Epoch: s.held.Epoch + 1}
		}
		s.expires = now.Add(length)
	}
	s.held.Left = time.Until(s.expires)
	return s.held, nil
}

func (s *shelf) Yield(_ context.Context, epoch int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch == s.held.Epoch {
		s.expires = time.Time{}
	}
	return nil
}

func (s *shelf) fail(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func options(s *shelf, holder string) bot.LeaseOptions {
	return bot.LeaseOptions{Lease: s, Holder: holder, Log: slog.New(slog.DiscardHandler)}
}

func take(t *testing.T, o bot.LeaseOptions) *bot.Tenure {
	t.Helper()
	tenure, err := bot.TakeLease(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return tenure
}

func TestSecondHolderWaitsForTheFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		first := take(t, options(s, "a"))
		got := make(chan *bot.Tenure)
		go func() { got <- take(t, options(s, "b")) }()
		select {
		case <-got:
			t.Error("two hold the lease")
		case <-time.After(time.Hour):
		}
		if err := first.End(t.Context()); err != nil {
			t.Fatal(err)
		}
		from := time.Now()
		second := <-got
		if took := time.Since(from); took > 2*time.Second {
			t.Errorf("the second waited %s more", took)
		}
		if err := second.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		first := take(t, options(s, "a"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := bot.TakeLease(ctx, options(s, "b")); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if err := first.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestHolderStopsBeforeAnotherMayStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		first := take(t, options(s, "a"))
		time.Sleep(5 * time.Minute)
		s.fail(true)
		from := time.Now()
		<-first.Lost()
		lost := time.Now()
		s.fail(false)
		second := take(t, options(s, "b"))
		if gap := time.Since(lost); gap < 15*time.Second || lost.Sub(from) > time.Minute {
			t.Errorf("the first stopped after %s, the second began %s later", lost.Sub(from), gap)
		}
		if err := errors.Join(first.End(t.Context()), second.End(t.Context())); err != nil {
			t.Fatal(err)
		}
	})
}

func TestShortTroubleLosesNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{}
		tenure := take(t, options(s, "a"))
		for range 10 {
			s.fail(true)
			time.Sleep(25 * time.Second)
			s.fail(false)
			time.Sleep(11 * time.Second)
		}
		select {
		case <-tenure.Lost():
			t.Error("the lease was lost")
		default:
		}
		if err := tenure.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestLeaseOfTheDeadIsTakenAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shelf{held: bot.Tenancy{Holder: "a", Epoch: 3}, expires: time.Now().Add(time.Minute)}
		o := options(s, "b")
		o.Dead = func(holder string) bool { return holder == "a" }
		from := time.Now()
		tenure := take(t, o)
		if took := time.Since(from); took > time.Second || s.held.Epoch != 4 {
			t.Errorf("it took %s, epoch %d", took, s.held.Epoch)
		}
		if err := tenure.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
