package bot

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/robfig/cron/v3"

	"bellwether/subscriptions"
)

// Schedule says when the bot does what: cron expressions of five fields, or six
// with seconds first, or "@every 15s".
type Schedule struct {
	Quotes string // read quotes and judge rules
	Feeds  string // read the feeds that are due
	Bells  string // look for markets that open or close
	Sweep  string // tell what a stop left untold, end delivered rules
	Prune  string // delete what is older than it has to be
}

// Keep says how long things are kept. 0 keeps them for ever.
type Keep struct {
	Inbox, Articles, Events, Sends, MinuteBars, DayBars time.Duration
}

func cronParser() cron.Parser {
	return cron.NewParser(cron.SecondOptional | cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
}

// CheckSchedule tells whether a cron expression can be read.
func CheckSchedule(expression string) error {
	if _, err := cronParser().Parse(expression); err != nil {
		return fmt.Errorf("%q is no cron expression (like \"*/15 * * * * *\" or \"@every 15s\"): %w", expression, err)
	}
	return nil
}

func (s Schedule) check() error {
	for _, expression := range []string{s.Quotes, s.Feeds, s.Bells, s.Sweep, s.Prune} {
		if expression == "" {
			continue
		}
		if err := CheckSchedule(expression); err != nil {
			return err
		}
	}
	return nil
}

// task is something that is done again and again.
type task struct {
	name string
	when string
	run  func(ctx context.Context) error
}

func (b *Bot) tasks() []task {
	return []task{
		{"quotes", b.schedule.Quotes, b.checkQuotes},
		{"feeds", b.schedule.Feeds, b.checkFeeds},
		{"bells", b.schedule.Bells, b.checkBells},
		{"sweep", b.schedule.Sweep, b.sweep},
		{"missed", b.schedule.Quotes, b.catchUp},
		{"prune", b.schedule.Prune, b.prune},
	}
}

// Adapter is a platform's connection.
type Adapter interface {
	// Run serves until ctx ends, or fails for good.
	Run(ctx context.Context) error
}

// Sender drains the outbox.
type Sender interface {
	Wake()
	// Run sends until ctx ends, then finishes what is under way.
	Run(ctx context.Context) error
}

// Running is what Run needs beside what the bot was made of.
type Running struct {
	Outbox   Sender
	Adapters map[string]Adapter // by name, for logs
	Rights   map[subscriptions.Platform]Rights
	// Ready is called when everything is up; may be nil.
	Ready func()
	// Lost is closed when another process may serve the accounts: then sending
	// ends at once. nil where that cannot happen.
	Lost <-chan struct{}
}

// stopTime is how long a stop waits for tasks under way.
const stopTime = 15 * time.Second

// Run starts everything and serves until ctx ends, then stops in order: nothing
// new comes in, what came in is handled, what is being sent is recorded. An
// adapter that fails for good is said once, and the others go on.
func (b *Bot) Run(ctx context.Context, r Running) error {
	ctx, stopServing := context.WithCancel(ctx)
	defer stopServing()
	b.outbox, b.rights = r.Outbox, r.Rights
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	b.mu.Lock()
	b.run = work
	b.mu.Unlock()
	if err := b.load(ctx); err != nil {
		return err
	}
	open, err := b.store.OpenRequests(ctx)
	if err != nil {
		return err
	}
	sending, stopSending := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSending()
	var sent sync.WaitGroup
	var sendErr error
	sent.Go(func() { sendErr = r.Outbox.Run(sending) })
	b.dispatcher.add(work, open...)
	clock, stopTasks := b.startTasks(work)
	var serving sync.WaitGroup
	for name, adapter := range r.Adapters {
		serving.Go(func() { b.serve(ctx, name, adapter) })
	}
	if r.Ready != nil {
		r.Ready()
	}
	lost := false
	select {
	case <-ctx.Done():
	case <-r.Lost:
		lost = true
		stopSending()
		stopWork()
		stopServing()
	}
	b.log.Info("stopping")
	serving.Wait()
	stopTasks()
	waitFor(clock, stopTime)
	b.dispatcher.stop()
	stopWork()
	stopSending()
	sent.Wait()
	if lost {
		return ErrLeaseLost
	}
	if sendErr != nil && !errors.Is(sendErr, context.Canceled) {
		return fmt.Errorf("outbox: %w", sendErr)
	}
	return nil
}

// serve runs an adapter and says once if it fails for good.
func (b *Bot) serve(ctx context.Context, name string, adapter Adapter) {
	if err := adapter.Run(ctx); err != nil && ctx.Err() == nil {
		b.log.Error("platform is not served any more", "platform", name, "error", err)
	}
}

// startTasks starts the clock; the returned function stops it, and done is
// closed when no task runs any more.
func (b *Bot) startTasks(ctx context.Context) (done <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	clock := cron.New(cron.WithParser(cronParser()), cron.WithLocation(time.UTC))
	first := make([]func(), 0, 6)
	var feeds func()
	for _, t := range b.tasks() {
		if t.when == "" {
			continue
		}
		once := b.guarded(ctx, t)
		if t.name == "feeds" {
			feeds = once
		}
		if _, err := clock.AddFunc(t.when, once); err != nil {
			b.log.Error("schedule", "task", t.name, "error", err)
		}
		if t.name != "prune" {
			first = append(first, once)
		}
	}
	var group sync.WaitGroup
	group.Go(func() {
		for _, once := range first {
			if ctx.Err() == nil {
				once()
			}
		}
	})
	group.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-b.soon:
				if feeds != nil {
					feeds()
				}
			}
		}
	})
	group.Go(func() { newSpreader(b, false).run(ctx, b.due[0]) })
	group.Go(func() { newSpreader(b, true).run(ctx, b.due[1]) })
	clock.Start()
	finished := make(chan struct{})
	return finished, func() {
		ended := clock.Stop()
		cancel()
		go func() {
			<-ended.Done()
			group.Wait()
			close(finished)
		}()
	}
}

// guarded runs a task so that a tick which finds its predecessor running is
// skipped and counted, and a panic is logged and the process lives.
func (b *Bot) guarded(ctx context.Context, t task) func() {
	var busy sync.Mutex
	return func() {
		if !busy.TryLock() {
			b.counters.skipped.Add(1)
			return
		}
		defer busy.Unlock()
		defer func() {
			if p := recover(); p != nil {
				b.counters.panics.Add(1)
				b.log.Error("task panicked", "task", t.name, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			}
		}()
		if err := t.run(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("task", "task", t.name, "error", err)
		}
	}
}

func waitFor(done <-chan struct{}, limit time.Duration) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

func (b *Bot) checkQuotes(ctx context.Context) error {
	checked, err := b.checks.Check(ctx)
	b.counters.quotes.Add(int64(checked.Read))
	b.counters.events.Add(int64(checked.Events))
	if checked.Events > 0 {
		b.spread()
	}
	return err
}

// catchUp looks, symbol by symbol, at what happened while no checks were done.
func (b *Bot) catchUp(ctx context.Context) error {
	for more := true; more; {
		var checked Checked
		var err error
		checked, more, err = b.checks.CatchUp(ctx)
		b.counters.events.Add(int64(checked.Events))
		if checked.Events > 0 {
			b.spread()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *Bot) checkFeeds(ctx context.Context) error {
	checked, err := b.feedChecks.Check(ctx)
	b.counters.articles.Add(int64(checked.Read))
	b.counters.events.Add(int64(checked.Events))
	if checked.Events > 0 {
		b.spread()
	}
	return err
}

// sweep tells what a stop left untold and ends rules whose alert arrived.
func (b *Bot) sweep(ctx context.Context) error {
	b.spread()
	err := b.TellNotices(ctx)
	if _, finishErr := b.store.FinishDelivered(ctx); finishErr != nil {
		err = errors.Join(err, finishErr)
	}
	b.wake()
	return err
}

// trialKeep is how long the bars are kept on which rules are tried: as long as
// others of minutes, and no shorter than a trial looks back.
func trialKeep(minutes time.Duration) time.Duration {
	if minutes == 0 {
		return 0
	}
	return max(minutes, (previewDays+1)*24*time.Hour)
}

func (b *Bot) prune(ctx context.Context) error {
	now := b.now().UTC()
	ago := func(d time.Duration) time.Time {
		if d == 0 {
			return time.Time{}
		}
		return now.Add(-d)
	}
	return b.store.Prune(ctx, Horizon{
		Inbox: ago(b.keep.Inbox), Drafts: ago(draftLife), Articles: ago(b.keep.Articles), Events: ago(b.keep.Events), Sends: ago(b.keep.Sends),
		MinuteBars: ago(b.keep.MinuteBars), DayBars: ago(b.keep.DayBars), TrialBars: ago(trialKeep(b.keep.MinuteBars)),
	})
}
