package alerts

import (
	"errors"
	"sync"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"

	"bellwether/alerts/market"
)

// How long a source that failed is left alone. A refusal means that we are not
// wanted, and asking again soon makes it worse; other failures pass by themselves.
const (
	refusedFirst   = 5 * time.Minute
	refusedLongest = 6 * time.Hour
	brokenFirst    = 4 * time.Second
	brokenLongest  = 10 * time.Minute
	// spread is the part of a pause by which chance makes it longer, so that many
	// installations do not return at the same moment.
	spread = 0.2
)

// errResting is given instead of an answer while a source is left alone.
var errResting = errors.New("source is left alone")

// fuse is a source with its circuit breaker. A failure opens it at once; after
// the pause one request is tried, which closes it or doubles the pause.
type fuse struct {
	source   QuoteSource
	executor failsafe.Executor[[]market.Quote]
	now      func() time.Time
	random   func() float64
	report   func(Notice)

	mu      sync.Mutex
	streak  int // failures since the last success
	since   time.Time
	why     string // the last failure's reason
	told    bool
	trial   bool
	resting time.Time
}

func newFuse(source QuoteSource, now func() time.Time, random func() float64, report func(Notice)) *fuse {
	f := &fuse{source: source, now: now, random: random, report: report}
	breaker := circuitbreaker.NewBuilder[[]market.Quote]().
		HandleIf(func(quotes []market.Quote, err error) bool { return f.failed(quotes, err) }).
		WithFailureThreshold(1).
		WithDelayFunc(func(exec failsafe.ExecutionAttempt[[]market.Quote]) time.Duration { return f.pause(exec.LastError()) }).
		OnHalfOpen(func(circuitbreaker.StateChangedEvent) { f.mark(true) }).
		OnClose(func(circuitbreaker.StateChangedEvent) { f.mark(false) }).
		OnOpen(func(circuitbreaker.StateChangedEvent) { f.mark(false) }).
		Build()
	f.executor = failsafe.With(breaker)
	return f
}

func (f *fuse) mark(trial bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trial = trial
}

// failed tells whether an answer counts as a failure of the source. A part of an
// answer is none, unless the source refused the rest. Where the caller left, the
// source did nothing wrong, but a trial that was not finished proves nothing.
func (f *fuse) failed(quotes []market.Quote, err error) bool {
	var e *SourceError
	switch {
	case err == nil:
		return false
	case errors.As(err, &e):
		return e.Refused || len(quotes) == 0
	case errors.Is(err, ErrSource):
		return len(quotes) == 0
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.trial
}

// pause returns how long the source is left alone after a failure.
func (f *fuse) pause(err error) time.Duration {
	var e *SourceError
	refused := errors.As(err, &e) && e.Refused
	first, longest := brokenFirst, brokenLongest
	if refused {
		first, longest = refusedFirst, refusedLongest
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	d := longest
	if f.streak < 12 {
		d = min(longest, first<<f.streak)
	}
	if errors.Is(err, ErrSource) {
		f.streak++
	}
	d += time.Duration(spread * f.random() * float64(d))
	if e != nil && e.RetryAfter > d {
		d = e.RetryAfter
	}
	f.resting = f.now().Add(d)
	return d
}

// do asks the source, unless it is left alone.
func (f *fuse) do(ask func() ([]market.Quote, error)) ([]market.Quote, error) {
	// The breaker gives back no answer beside an error, so parts are kept here.
	var part []market.Quote
	quotes, err := f.executor.Get(func() ([]market.Quote, error) {
		answer, err := ask()
		part = answer
		return answer, err
	})
	if errors.Is(err, circuitbreaker.ErrOpen) {
		return nil, errResting
	}
	if err == nil {
		part = quotes
	}
	f.tell(part, err)
	return part, err
}

// aside asks for something beside quotes, unless the source is left alone. That
// it has no such thing says nothing of its quotes; only a refusal, which is
// meant for all that we ask, has it left alone.
func (f *fuse) aside(ask func() error) error {
	if !f.restsUntil().IsZero() {
		return errResting
	}
	err := ask()
	var e *SourceError
	if errors.As(err, &e) && e.Refused {
		_, err = f.do(func() ([]market.Quote, error) { return nil, e })
	}
	return err
}

// tell reports once that the source went bad, and once that it is well again. A
// refusal is told at once, another failure when it comes a second time.
func (f *fuse) tell(quotes []market.Quote, err error) {
	var e *SourceError
	bad := errors.As(err, &e) && (e.Refused || len(quotes) == 0)
	if err != nil && !bad && !errors.Is(err, ErrSource) {
		return
	}
	now := f.now().UTC()
	f.mu.Lock()
	var notice Notice
	switch {
	case bad:
		if f.since.IsZero() {
			f.since = now
		}
		f.why = e.Reason
		if !f.told && (e.Refused || f.streak >= 2) {
			f.told = true
			notice = Notice{Source: f.source.Name(), Since: f.since, Reason: e.Reason}
		}
	default:
		if f.told {
			notice = Notice{Source: f.source.Name(), Since: f.since, Over: true}
		}
		f.streak, f.since, f.told, f.resting = 0, time.Time{}, false, time.Time{}
	}
	f.mu.Unlock()
	if notice.Source != "" && f.report != nil {
		f.report(notice)
	}
}

// restsUntil returns until when the source is left alone; zero where it is not.
func (f *fuse) restsUntil() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.resting.After(f.now()) {
		return f.resting.UTC()
	}
	return time.Time{}
}

// failing tells since when the source gives nothing, and why; ok is false where
// it is well.
func (f *fuse) failing() (n Notice, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return Notice{Source: f.source.Name(), Since: f.since, Reason: f.why}, !f.since.IsZero()
}

// describe gives a source's resting a source's error.
func (f *fuse) describe(err error) error {
	if !errors.Is(err, errResting) {
		return err
	}
	e := &SourceError{Source: f.source.Name(), Reason: "it failed before and is left alone for now"}
	if until := f.restsUntil(); !until.IsZero() {
		e.Reason = "it failed before and is left alone until " + until.Format("15:04 UTC")
		e.RetryAfter = until.Sub(f.now())
	}
	return e
}
