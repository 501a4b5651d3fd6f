package outbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"
)

// CollapseRule says when a destination cannot keep up with its news.
type CollapseRule struct {
	// Within is how long its waiting news may take at its own rate.
	Within time.Duration
	// Late is how long the oldest may wait where at least Least wait.
	Late  time.Duration
	Least int
}

// Options are what an outbox is made of. Zero values take the defaults.
type Options struct {
	Store      Store
	Pictures   Pictures // nil where nothing draws
	Messengers map[Account]Messenger
	Composer   Composer
	Collapser  Collapser // nil: nothing is collapsed
	// Rates differ from DefaultRates for these accounts.
	Rates map[Account]Rates
	// InFlight is how many requests of an account may be under way or not yet
	// recorded: at most so many repeat after a kill. 32.
	InFlight int
	// RepeatNews sends news again whose answer was lost, marked. By default
	// they end as unknown.
	RepeatNews bool
	// KeepTrying is for how long a send is tried that never reached its
	// platform. 24 h.
	KeepTrying time.Duration
	// Tries is how many answers a platform may owe for one send. 5.
	Tries int
	// StopWithin is how long Run waits for requests under way when it has to
	// stop. 20 s.
	StopWithin time.Duration
	// Poll is how often the store is asked although nobody called Wake. 2 s.
	Poll time.Duration
	// Collapse is 30 s, and 10 min for at least five, by default.
	Collapse CollapseRule
	// Notify is called after outcomes that parked or moved places, so that
	// people are told of it. May be nil.
	Notify func(ctx context.Context) error
	Now    func() time.Time
	// Jitter returns a number from 0 up to 1.
	Jitter func() float64
	Log    *slog.Logger
}

func (o Options) withDefaults() Options {
	setDefault(&o.InFlight, 32)
	setDefault(&o.KeepTrying, 24*time.Hour)
	setDefault(&o.Tries, 5)
	setDefault(&o.StopWithin, 20*time.Second)
	setDefault(&o.Poll, 2*time.Second)
	setDefault(&o.Collapse.Within, 30*time.Second)
	setDefault(&o.Collapse.Late, 10*time.Minute)
	setDefault(&o.Collapse.Least, 5)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Jitter == nil {
		o.Jitter = rand.Float64
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

func setDefault[T comparable](v *T, to T) {
	var zero T
	if *v == zero {
		*v = to
	}
}

// maxCrashes is how many starts may find a send under way before it is set
// aside.
const maxCrashes = 3

// Outbox drains sends, each bot account on its own.
type Outbox struct {
	o        Options
	drainers []*drainer
	gallery  *gallery
	news     chan struct{} // there may be something to notify of
	// suspect is held by the one send under way that a start found under way
	// before. Alone it cannot be taken for the culprit when another one ends
	// the process again.
	suspect chan struct{}
}

// NewOutbox returns an outbox for the accounts that have a messenger.
func NewOutbox(o Options) *Outbox {
	o = o.withDefaults()
	b := &Outbox{o: o, suspect: make(chan struct{}, 1), news: make(chan struct{}, 1)}
	b.gallery = newGallery(o)
	for a, m := range o.Messengers {
		rates, ok := o.Rates[a]
		if !ok {
			rates = DefaultRates(a.Platform)
		}
		b.drainers = append(b.drainers, newDrainer(b, a, m, rates))
	}
	return b
}

// Run drains until ctx ends. Then it starts nothing more, waits for the
// requests under way, records what became of them and returns. Run is called
// once. Where the store fails it goes on trying.
func (b *Outbox) Run(ctx context.Context) error {
	if err := b.recover(ctx); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, len(b.drainers))
	for i, d := range b.drainers {
		all.Go(func() { errs[i] = d.run(ctx) })
	}
	all.Go(func() { b.probe(ctx) })
	all.Go(func() { b.notify(ctx) })
	all.Wait()
	select {
	case <-b.news: // what the last answers told
		b.tell(context.WithoutCancel(ctx))
	default:
	}
	return errors.Join(errs...)
}

func (b *Outbox) recover(ctx context.Context) error {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		n, err := b.o.Store.Recover(ctx, maxCrashes, b.o.Now())
		if err == nil {
			if n > 0 {
				b.o.Log.Warn("sends were under way when the process ended", "count", n)
			}
			return nil
		}
		b.o.Log.Error("recover sends", "error", err, "again_in", pause)
		if !sleep(ctx, pause) {
			return fmt.Errorf("recover sends: %w", err)
		}
	}
}

// probe lets places that were parked for want of rights be tried again.
func (b *Outbox) probe(ctx context.Context) {
	for sleep(ctx, time.Minute) {
		n, err := b.o.Store.Probe(ctx, b.o.Now())
		if err != nil {
			b.o.Log.Error("probe parked places", "error", err)
		}
		if n > 0 {
			b.Wake()
		}
	}
}

// Wake tells that sends were stored. It never waits.
func (b *Outbox) Wake() {
	for _, d := range b.drainers {
		d.nudge()
	}
}

// sleep waits and tells whether ctx lets us go on.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
