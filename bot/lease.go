package bot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// Lease lets one process at a time serve an installation. Times are measured by
// the clock of whoever keeps it, so that two machines need not agree.
type Lease interface {
	// Take takes the lease for a length of time where nobody holds it, or
	// renews it for the holder who does, and returns who holds it then.
	Take(ctx context.Context, holder string, length time.Duration) (Tenancy, error)
	// Yield ends a tenancy: the holder's own, or that of one who is known to be
	// dead. It does nothing where the epoch is over.
	Yield(ctx context.Context, epoch int64) error
}

// Tenancy is who holds a lease.
type Tenancy struct {
	Holder string
	Epoch  int64         // grows with each new holder
	Left   time.Duration // until it ends unless it is renewed
}

// ErrLeaseLost says that the lease could not be renewed in time: another
// process may serve the bot's accounts now.
var ErrLeaseLost = errors.New("the lease on the bot's accounts could not be renewed")

const (
	// leaseLength is how long a process that vanished keeps others waiting,
	// where they cannot see that it is dead.
	leaseLength = time.Minute
	leaseRenew  = 10 * time.Second
	leaseRetry  = time.Second
	// leaseSafe is for how long a holder goes on after its last renewal. What
	// is left of the lease then is the time that the requests under way have.
	leaseSafe = 40 * time.Second
)

// LeaseOptions say how a lease is taken.
type LeaseOptions struct {
	Lease Lease
	// Holder names this process as no other one.
	Holder string
	// Dead tells that a holder's process is certain to have ended; nil where
	// nobody can tell.
	Dead func(holder string) bool
	Log  *slog.Logger
}

// Tenure is the time during which this process holds the lease.
type Tenure struct {
	o      LeaseOptions
	epoch  int64
	lost   chan struct{}
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

// TakeLease waits until this process may serve the installation, says once if
// it has to wait, and then renews the lease until End.
func TakeLease(ctx context.Context, o LeaseOptions) (*Tenure, error) {
	said := false
	for {
		asked := time.Now()
		held, err := o.Lease.Take(ctx, o.Holder, leaseLength)
		if err != nil {
			return nil, fmt.Errorf("take the lease: %w", err)
		}
		if held.Holder == o.Holder {
			if said {
				o.Log.Info("the other process ended, this one takes over")
			}
			return o.hold(ctx, held.Epoch, asked), nil
		}
		if o.Dead != nil && o.Dead(held.Holder) {
			if err := o.Lease.Yield(ctx, held.Epoch); err != nil {
				return nil, fmt.Errorf("end the lease of a dead process: %w", err)
			}
			continue
		}
		if !said {
			said = true
			o.Log.Warn("another process serves this database's bot accounts; this one waits until it ends", "holder", held.Holder)
		}
		if !pause(ctx, min(held.Left, leaseRetry)) {
			return nil, ctx.Err()
		}
	}
}

func (o LeaseOptions) hold(ctx context.Context, epoch int64, asked time.Time) *Tenure {
	t := &Tenure{o: o, epoch: epoch, lost: make(chan struct{})}
	ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	t.ended.Go(func() { t.renew(ctx, asked) })
	return t
}

// Lost is closed when the lease could not be renewed in time.
func (t *Tenure) Lost() <-chan struct{} { return t.lost }

// End gives the lease back, so that the next process need not wait.
func (t *Tenure) End(ctx context.Context) error {
	t.cancel()
	t.ended.Wait()
	if err := t.o.Lease.Yield(ctx, t.epoch); err != nil {
		return fmt.Errorf("give the lease back: %w", err)
	}
	return nil
}

// renew renews until ctx ends or the lease is lost. The time counts from before
// the question: the answer may be late.
func (t *Tenure) renew(ctx context.Context, last time.Time) {
	wait := leaseRenew
	for pause(ctx, wait) {
		asked := time.Now()
		within, cancel := context.WithDeadline(ctx, last.Add(leaseSafe))
		held, err := t.o.Lease.Take(within, t.o.Holder, leaseLength)
		cancel()
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && held.Holder == t.o.Holder && held.Epoch == t.epoch:
			last, wait = asked, leaseRenew
			continue
		case err == nil:
			t.lose("holder", held.Holder)
			return
		case time.Since(last) >= leaseSafe:
			t.lose("error", err)
			return
		}
		wait = leaseRetry
	}
}

func (t *Tenure) lose(why string, value any) {
	t.o.Log.Error("the lease on the bot's accounts was lost; nothing more is sent", why, value)
	close(t.lost)
}

// pause waits and tells whether ctx lets us go on.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(max(d, 10*time.Millisecond))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
