package outbox

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
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
	wanted  atomic.Int64  // answers that are waited for; 0 for none
	enough  chan struct{} // as many came
	jobs    chan job
	hands   int // workers

	bucket   *bucket
	patience patience
	tiers    [priorities]tier
	held     [priorities]int
	strands  map[strandID]*strand
	lanes    map[string]*lane
	sweepAt  int
	asleep   sleepers
	events   map[int64]bool // whose messages were written before
	trip     time.Duration  // how long requests take, about

	ready    []*strand // started, to be handed to the messenger
	inFlight int       // requests under way or not yet recorded
	unsaved  []result  // answers that are not yet recorded

	until    time.Time // the whole account waits
	stopped  bool      // the account is not accepted any more
	answered bool      // the last token went to an answer
	again    bool      // go on without waiting
	merges   int       // backlogs that may still be merged in this turn
	poll     time.Time
	wakeNext time.Time
	trouble  trouble
}

func newDrainer(b *Outbox, a Account, m Messenger, r Rates) *drainer {
	now := b.o.Now()
	d := &drainer{
		out: b, account: a, messenger: m, rates: r, log: b.o.Log.With("account", a.String()),
		stats: newStats(), wake: make(chan struct{}, 1),
		results: make(chan result, b.o.InFlight), enough: make(chan struct{}, 1), jobs: make(chan job, b.o.InFlight),
		bucket:  newBucket(r, now),
		strands: make(map[strandID]*strand), lanes: make(map[string]*lane), sweepAt: 1024,
		events:   make(map[int64]bool),
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
	// The workers end with what they have; nothing more is handed over.
	close(d.jobs)
	return d.finish(context.WithoutCancel(ctx))
}

// turn does all that can be done now. What became of requests and what is sent
// next are written in one transaction.
func (d *drainer) turn(ctx context.Context) error {
	d.again = false
	d.collect()
	d.judgeAll()
	d.dispatch(ctx)
	now := d.out.o.Now()
	d.rouse(now)
	// Also while the bot stops: what was sent has to be known, and a write that
	// is broken off would leave that open.
	whole := context.WithoutCancel(ctx)
	var chosen []*strand
	if !d.stopped {
		if err := d.claim(whole, now); err != nil {
			return err
		}
		chosen = d.choose()
		if err := d.prepare(whole, chosen); err != nil {
			d.putBack(chosen)
			return err
		}
	}
	err := d.advance(whole, chosen)
	d.dispatch(ctx)
	return err
}

// advance records what has become of requests, and only then lets their lanes
// go on; and it freezes the messages of what was chosen and marks it as being
// sent, and only then makes it ready.
func (d *drainer) advance(ctx context.Context, chosen []*strand) error {
	d.judgeAll()
	fit := make([]*Send, 0, len(chosen))
	for _, s := range chosen {
		if !s.settled {
			fit = append(fit, s.send)
		}
	}
	if len(d.unsaved) == 0 && len(fit) == 0 {
		return nil
	}
	outcomes := make([]Outcome, len(d.unsaved))
	for i := range d.unsaved {
		outcomes[i] = *d.unsaved[i].outcome
	}
	if err := d.out.o.Store.Advance(ctx, outcomes, fit, d.out.o.Now()); err != nil {
		d.putBack(chosen)
		return err
	}
	d.started(chosen)
	for i := range d.unsaved {
		d.apply(&d.unsaved[i])
		d.unsaved[i] = result{}
	}
	d.unsaved = d.unsaved[:0]
	return nil
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
		// However much there is to do, what was stored meanwhile may be urgent.
		select {
		case <-d.wake:
			d.lookAgain()
		default:
		}
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

// How long the drainer waits for more answers: one transaction then records many.
const (
	nearby    = 10 * time.Millisecond // a round trip below which waiting for more is worth while
	gatherFor = 2 * time.Millisecond
)

// gather waits a little for the answers to all that is under way. Where a
// platform is far away, each of them frees a place that is worth more than a
// transaction.
func (d *drainer) gather() {
	if d.inFlight < 8 || d.trip > nearby {
		return
	}
	want := d.inFlight - len(d.unsaved)
	select {
	case <-d.enough:
	default:
	}
	// They are counted, not received: each would wake this goroutine.
	d.wanted.Store(int64(want))
	defer d.wanted.Store(0)
	if len(d.results) >= want {
		return
	}
	limit := time.NewTimer(gatherFor)
	defer limit.Stop()
	select {
	case <-d.enough:
	case <-d.wake:
		d.lookAgain()
	case <-limit.C:
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
	if len(d.ready) > 0 && d.until.Before(next) && d.inFlight < d.abreast() {
		next = d.until
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
	return 2*d.abreast() - (d.inFlight - len(d.unsaved)) - len(d.ready)
}

// anotherTry is how long requests of an account in trouble may take before one
// more is made beside them: they may hang where the next one would not.
const anotherTry = 5 * time.Second

// abreast is how many requests may be under way at once: few while the account
// is in trouble, since the answers of all of them may be lost.
func (d *drainer) abreast() int {
	if d.trouble.pause == 0 {
		return d.out.o.InFlight
	}
	more := max(0, d.out.o.Now().Sub(d.until)) / anotherTry
	return min(inTrouble+int(more), d.out.o.InFlight)
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
		if err := d.advance(ctx, nil); err != nil {
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
