package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"bellwether/subscriptions"
)

// drainer sends what waits for one bot account. All of its state belongs to the
// goroutine of run; requests run beside it and report through results.
type drainer struct {
	out       *Outbox
	account   Account
	messenger Messenger
	rates     Rates
	log       *slog.Logger
	stats     *stats

	wake    chan struct{}
	results chan result

	bucket   *bucket
	patience patience
	tiers    [priorities]tier
	held     [priorities]int
	strands  map[strandID]*strand
	lanes    map[string]*lane
	sweepAt  int
	asleep   sleepers

	ready    []*strand // started, to be handed to the messenger
	inFlight int       // requests under way or not yet recorded
	unsaved  []result  // answers that are not yet recorded

	until    time.Time // the whole account waits
	stopped  bool      // the account is not accepted any more
	answered bool      // the last token went to an answer
	again    bool      // go on without waiting
	poll     time.Time
	wakeNext time.Time
	trouble  trouble
}

func newDrainer(b *Outbox, a Account, m Messenger, r Rates) *drainer {
	now := b.o.Now()
	d := &drainer{
		out: b, account: a, messenger: m, rates: r, log: b.o.Log.With("account", a.String()),
		stats: newStats(), wake: make(chan struct{}, 1), results: make(chan result, b.o.InFlight),
		bucket:  newBucket(r, now),
		strands: make(map[strandID]*strand), lanes: make(map[string]*lane), sweepAt: 1024,
		patience: patience{rates: r, next: make(map[subscriptions.PersonID]time.Time)},
	}
	d.lookAgain()
	return d
}

func (d *drainer) nudge() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// lookAgain makes the next claims ask the store for everything.
func (d *drainer) lookAgain() {
	for i := range d.tiers {
		d.tiers[i].more, d.tiers[i].round = true, false
	}
}

func (d *drainer) wakeAt(at time.Time) {
	if d.wakeNext.IsZero() || at.Before(d.wakeNext) {
		d.wakeNext = at
	}
}

// run drains until ctx ends, and then waits for what is under way.
func (d *drainer) run(ctx context.Context) error {
	var pause time.Duration
	for ctx.Err() == nil {
		err := d.turn(ctx)
		if err == nil {
			pause = 0
			d.rest(ctx)
			continue
		}
		if ctx.Err() != nil {
			break
		}
		pause = min(max(2*pause, 100*time.Millisecond), 15*time.Second)
		d.log.Error("drain the outbox", "error", err, "again_in", pause)
		sleep(ctx, pause)
	}
	return d.finish(context.WithoutCancel(ctx))
}

// turn does all that can be done now.
func (d *drainer) turn(ctx context.Context) error {
	d.again = false
	d.collect()
	if err := d.settle(ctx); err != nil {
		return err
	}
	d.dispatch(ctx)
	now := d.out.o.Now()
	d.rouse(now)
	if d.stopped {
		return nil
	}
	if err := d.claim(ctx, now); err != nil {
		return err
	}
	err := d.start(ctx)
	d.dispatch(ctx)
	return err
}

// rouse queues what may leave now.
func (d *drainer) rouse(now time.Time) {
	for s := d.asleep.due(now); s != nil; s = d.asleep.due(now) {
		if !s.gone {
			d.tiers[s.tier].push(s)
		}
	}
	if !d.poll.After(now) || !d.wakeNext.IsZero() && !d.wakeNext.After(now) {
		d.poll, d.wakeNext = now.Add(d.out.o.Poll), time.Time{}
		d.lookAgain()
	}
}

// rest waits until something can be done.
func (d *drainer) rest(ctx context.Context) {
	d.stats.level(d.bucket)
	if d.again {
		return
	}
	now := d.out.o.Now()
	timer := time.NewTimer(max(0, d.nextTurn(now).Sub(now)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-d.wake:
		d.lookAgain()
	case r := <-d.results:
		d.unsaved = append(d.unsaved, r)
		d.gather()
	}
}

// gather waits a moment for more answers where many requests are under way: one
// transaction then records them all.
func (d *drainer) gather() {
	if d.inFlight < 8 {
		return
	}
	timer := time.NewTimer(time.Millisecond)
	defer timer.Stop()
	for len(d.unsaved) < d.inFlight {
		select {
		case r := <-d.results:
			d.unsaved = append(d.unsaved, r)
		case <-timer.C:
			return
		}
	}
}

// nextTurn is when something can be done without anybody telling us.
func (d *drainer) nextTurn(now time.Time) time.Time {
	next := d.poll
	if !d.wakeNext.IsZero() && d.wakeNext.Before(next) {
		next = d.wakeNext
	}
	if len(d.asleep) > 0 && d.asleep[0].at.Before(next) {
		next = d.asleep[0].at
	}
	if d.stopped || d.room() <= 0 {
		return next
	}
	for i := range d.tiers {
		if len(d.tiers[i].queue) > 0 {
			at := d.bucket.next(now)
			if d.until.After(at) {
				at = d.until
			}
			if at.Before(next) {
				next = at
			}
			break
		}
	}
	return next
}

// room is how many more sends may be started. Some are started ahead of the
// requests under way, so that a request that ends is followed at once.
func (d *drainer) room() int {
	return d.out.o.InFlight + d.out.o.InFlight/2 - d.inFlight - len(d.ready)
}

// collect takes the answers that have come.
func (d *drainer) collect() {
	for {
		select {
		case r := <-d.results:
			d.unsaved = append(d.unsaved, r)
		default:
			return
		}
	}
}

// errStopped says that requests were still under way when time was up.
var errStopped = errors.New("requests were under way when the time to stop was over")

// finish gives back what was not handed over and waits for the rest.
func (d *drainer) finish(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.out.o.StopWithin)
	defer cancel()
	for _, s := range d.ready {
		d.unsaved = append(d.unsaved, result{strand: s, unsent: true})
	}
	d.inFlight += len(d.ready)
	d.ready = nil
	for {
		d.collect()
		if err := d.settle(ctx); err != nil {
			d.log.Error("record outcomes at the end", "error", err)
			if !sleep(ctx, 100*time.Millisecond) {
				return err
			}
			continue
		}
		if d.inFlight == 0 {
			return nil
		}
		select {
		case r := <-d.results:
			d.unsaved = append(d.unsaved, r)
		case <-ctx.Done():
			return errStopped
		}
	}
}
