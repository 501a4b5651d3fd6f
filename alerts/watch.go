package alerts

import (
	"context"
	"slices"
	"time"

	"bellwether/alerts/market"
)

// Watch notices what does not come: quotes that are late because a source
// fails, symbols that have stopped trading. The checker asks it after each
// check. Cadence is needed.
type Watch struct {
	// Cadence tells how often a symbol is read while its market is open; 0 where
	// it is not.
	Cadence func(ticker market.Ticker) time.Duration
	// Failing returns the source that ought to be read for a symbol and fails at
	// present. Chain has this method. Nil where nobody knows.
	Failing func(ticker market.Ticker) (Notice, bool)
	// Useless tells that what the sources give of a symbol is of no use at
	// present, since when and why. Chain has this method. May be nil.
	Useless func(ticker market.Ticker) (Notice, bool)
	// Faults returns a symbol's sources in the order in which they are asked, with
	// what is wrong with each. Chain has this method. Nil where nobody knows.
	Faults func(ticker market.Ticker) []Notice
	// Sessions tells when symbols trade; nil where everything always does.
	Sessions Sessions
	// Optional tells which symbols the sources may no longer carry; may be nil.
	Optional func(ticker market.Ticker) bool
	// Keep keeps the outages that people were told of, opaque to everyone else,
	// so that a restart tells none of them twice; Kept is what it was given last.
	// May be nil.
	Keep func(ctx context.Context, outages string) error
	Kept string

	symbols map[market.Ticker]*watched
	outages map[string]*outage // by source, and the reason where it is one of some symbols
	slow    time.Time          // of the last look at what needs no hurry
}

// watched is what is known of how a symbol comes.
type watched struct {
	came    time.Time // when a quote of it came last, or when it was first waited for
	printed time.Time // the latest time that a quote of it had
	looked  time.Time // that time when it was last looked whether the symbol stopped
	source  string    // that it comes from
	from    time.Time // since when it has come from there without a gap
	made    time.Time // the time of its last quote from there
	misses  int       // clean answers in a row without it
	said    bool      // that it is not served any more
}

const (
	// lateAfter is how many of a symbol's readings may fail before its quotes
	// count as late.
	lateAfter = 3
	// slowly is the time between two looks for symbols that stopped trading.
	slowly = 15 * time.Minute
	// cleanMisses is how many answers without a symbol show that it is gone.
	cleanMisses = 3
)

// watch has the watch see what a check brought, and saves what it tells.
func (c *Checker) watch(ctx context.Context, run *run, asked []market.Ticker, quotes []market.Quote, sourceErr error) error {
	w := c.Watch
	if w.symbols == nil {
		w.symbols, w.outages = map[market.Ticker]*watched{}, w.remembered()
	}
	tickers := c.Book.Tickers()
	slices.Sort(tickers)
	for _, ticker := range tickers {
		if w.symbols[ticker] == nil {
			w.symbol(ticker, run.now).came = run.latest(ticker).Quote.Received
		}
	}
	w.read(run.now, asked, quotes, sourceErr)
	w.tell(run, tickers)
	if run.now.Sub(w.slow) >= slowly {
		w.slow = run.now
		w.stopped(run, tickers)
		w.gone(run, asked)
		w.forget(tickers, asked)
	}
	if err := run.flush(ctx); err != nil {
		return err
	}
	return w.keep(ctx)
}

// read notes what came of what was asked for.
func (w *Watch) read(now time.Time, asked []market.Ticker, quotes []market.Quote, sourceErr error) {
	came := make(map[market.Ticker]bool, len(quotes))
	for _, q := range quotes {
		came[q.Ticker] = true
		s := w.symbol(q.Ticker, now)
		s.misses, s.said = 0, false
		s.printed = later(s.printed, q.Time)
		if q.Fix {
			continue // No rule is judged on it.
		}
		if w.Useless != nil {
			if n, ok := w.Useless(q.Ticker); ok {
				if n.Since.Before(s.came) {
					s.came = n.Since
				}
				continue
			}
		}
		if s.source != q.Source || now.Sub(s.came) > w.patience(q.Ticker) {
			s.source, s.from = q.Source, now
		}
		s.came, s.made = now, q.Time
	}
	for _, ticker := range asked {
		if !came[ticker] && sourceErr == nil {
			w.symbol(ticker, now).misses++
		}
	}
}

func (w *Watch) symbol(ticker market.Ticker, now time.Time) *watched {
	s := w.symbols[ticker]
	if s == nil {
		s = &watched{came: now}
		w.symbols[ticker] = s
	}
	return s
}

// patience is how long a symbol's readings may fail before its quotes are late.
func (w *Watch) patience(ticker market.Ticker) time.Duration { return lateAfter * w.Cadence(ticker) }

// age tells for how long a symbol that trades has not come; 0 where it does not
// trade.
func (w *Watch) age(ticker market.Ticker, now time.Time) time.Duration {
	from := w.symbol(ticker, now).came
	if from.IsZero() {
		return 0 // never seen: whoever makes a rule is told that there is no quote
	}
	if w.Sessions != nil {
		open, since := w.Sessions.Open(ticker, now)
		if !open {
			return 0
		}
		from = later(from, since)
	}
	return now.Sub(from)
}

// stopped tells the owners of rules of symbols that have had no new price for a
// day of trading, though their sources answer.
func (w *Watch) stopped(run *run, tickers []market.Ticker) {
	for _, ticker := range tickers {
		s := w.symbol(ticker, run.now)
		last := run.latest(ticker).Quote
		printed := later(last.Time, s.printed)
		if last.Time.IsZero() || last.Fix || !s.came.Equal(run.now) && s.misses < cleanMisses {
			continue
		}
		moves := printed.After(s.looked)
		s.looked = printed
		if moves || printed.After(run.checker.dayBefore(ticker, run.now)) {
			continue // New prices come, if old ones.
		}
		run.notice(EventHeld, "stopped/"+string(ticker)+"/"+stampKey(printed), []market.Ticker{ticker}, Notice{
			Kind: NoticeStopped, Source: last.Source, Last: last.Price, Since: printed,
		})
	}
}

// dayBefore returns the start of the session before the one that is under way;
// where there are no sessions, a day before. It is zero where the symbol does
// not trade now, since nothing is to be expected then.
func (c *Checker) dayBefore(ticker market.Ticker, now time.Time) time.Time {
	before := now.Add(-day)
	if c.Hours == nil {
		return before
	}
	start, regular, ok := c.Hours.Session(ticker, now)
	switch {
	case !ok:
		return before
	case !regular:
		return time.Time{}
	}
	previous, _, ok := c.Hours.Session(ticker, start.Add(-time.Nanosecond))
	if !ok {
		return time.Time{}
	}
	if previous.Before(before) {
		return previous
	}
	return before
}

// gone logs once that an optional symbol is not served any more.
func (w *Watch) gone(run *run, asked []market.Ticker) {
	for _, ticker := range asked {
		s := w.symbol(ticker, run.now)
		if s.misses >= cleanMisses && !s.said && w.Optional != nil && w.Optional(ticker) {
			s.said = true
			run.checker.Log.Info("optional symbol is served by no source", "ticker", ticker)
		}
	}
}

// forget drops what nobody waits for any more.
func (w *Watch) forget(tickers, asked []market.Ticker) {
	if len(w.symbols) <= 2*(len(tickers)+len(asked))+1000 {
		return
	}
	kept := make(map[market.Ticker]*watched, len(tickers))
	for _, ticker := range tickers {
		if s := w.symbols[ticker]; s != nil {
			kept[ticker] = s
		}
	}
	w.symbols = kept
}
