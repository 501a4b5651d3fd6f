package alerts

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"bellwether/alerts/market"
)

// outage is a time in which a source's fault makes quotes late.
type outage struct {
	since time.Time // of the last quote before it
	// tickers are the symbols that were told to be late, with the source that gives
	// them instead, which was told as well; "" where none does.
	tickers map[market.Ticker]string
	// untold are symbols of which the last change is still to be told, and since
	// when; reason is why the source is passed over.
	untold map[market.Ticker]time.Time
	reason string
}

// gathering is how long symbols are gathered that are late, or rescued, one after
// another, so that who has alerts on several is told once.
const gathering = time.Minute

func newOutage(since time.Time) *outage {
	return &outage{since: since, tickers: map[market.Ticker]string{}, untold: map[market.Ticker]time.Time{}}
}

// set notes what is to be told of a symbol.
func (o *outage) set(ticker market.Ticker, by, reason string, now time.Time) {
	o.tickers[ticker], o.untold[ticker], o.reason = by, now, reason
}

// drop forgets a symbol.
func (o *outage) drop(ticker market.Ticker) {
	delete(o.tickers, ticker)
	delete(o.untold, ticker)
}

// keptOutage is an outage as it is kept.
type keptOutage struct {
	Source  string
	Since   time.Time
	Tickers []market.Ticker
	By      map[market.Ticker]string `json:",omitempty"`
}

// remembered returns the outages from before a restart.
func (w *Watch) remembered() map[string]*outage {
	out := map[string]*outage{}
	var kept []keptOutage
	if err := json.Unmarshal([]byte(w.Kept), &kept); err != nil {
		return out // None, or not ours: at worst something is told twice.
	}
	for _, k := range kept {
		o := newOutage(k.Since)
		for _, ticker := range k.Tickers {
			o.tickers[ticker] = k.By[ticker]
		}
		out[k.Source] = o
	}
	return out
}

// keep keeps the outages, where they changed.
func (w *Watch) keep(ctx context.Context) error {
	if w.Keep == nil {
		return nil
	}
	kept := make([]keptOutage, 0, len(w.outages))
	for _, source := range slices.Sorted(maps.Keys(w.outages)) {
		o := w.outages[source]
		k := keptOutage{Source: source, Since: o.since, By: map[market.Ticker]string{}}
		for _, ticker := range slices.Sorted(maps.Keys(o.tickers)) {
			if _, untold := o.untold[ticker]; untold {
				continue // It is noticed again.
			}
			k.Tickers = append(k.Tickers, ticker)
			if by := o.tickers[ticker]; by != "" {
				k.By[ticker] = by
			}
		}
		if len(k.Tickers) > 0 {
			kept = append(kept, k)
		}
	}
	text, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("keep outages: %w", err)
	}
	if string(text) == w.Kept || len(kept) == 0 && w.Kept == "" {
		return nil
	}
	if err := w.Keep(ctx, string(text)); err != nil {
		return fmt.Errorf("keep outages: %w", err)
	}
	w.Kept = string(text)
	return nil
}

// tell tells once that a source's fault makes quotes late, to all whom it
// concerns; once that another source gives them; and once that they are fresh
// again. An outage that grows is told anew under its key, which reaches only who
// was not told.
func (w *Watch) tell(run *run, tickers []market.Ticker) {
	if w.Failing == nil {
		return
	}
	late := w.late(run, tickers)
	if w.Faults != nil {
		for _, ticker := range tickers {
			if s := w.symbols[ticker]; !late[ticker] && s.source != "" && s.came.Equal(run.now) {
				w.rescue(ticker, s, run.now)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.outages)) {
		w.speak(run, name, late)
		w.recover(run, name, tickers, late)
	}
}

// speak tells what is to be told of an outage, but for symbols to which others may
// come in the next moment.
func (w *Watch) speak(run *run, name string, late map[market.Ticker]bool) {
	o := w.outages[name]
	groups, said := map[string][]market.Ticker{}, map[string]bool{} // by who gives the symbols instead
	for _, ticker := range slices.Sorted(maps.Keys(o.tickers)) {
		by := o.tickers[ticker]
		switch _, untold := o.untold[ticker]; {
		case !untold:
			said[by] = true
		case by == "" && !late[ticker]:
			o.drop(ticker) // It came before anybody was told.
		default:
			groups[by] = append(groups[by], ticker)
		}
	}
	for _, by := range slices.Sorted(maps.Keys(groups)) {
		group := groups[by]
		n, key := noticeOf(name, o), lateKey(name, o)
		n.Reason = o.reason
		first, from := run.now, time.Time{}
		for _, ticker := range group {
			if since := o.untold[ticker]; since.Before(first) {
				first = since
			}
			from = later(from, w.symbols[ticker].from)
		}
		whole := by == "" && n.Kind == NoticeLate // It names no symbol.
		if !whole && run.now.Sub(first) < gathering {
			continue
		}
		if by != "" {
			n.Kind, n.By, n.Until = NoticeRescued, by, from
			key += "/by/" + by
		}
		switch {
		case whole:
			group = o.givenBy("")
		case said[by]:
			key += "/" + stampKey(run.now)
		}
		run.notice(EventQuotesLate, key, group, n)
		for _, ticker := range group {
			delete(o.untold, ticker)
		}
	}
}

// late notes the symbols that are late, and returns them.
func (w *Watch) late(run *run, tickers []market.Ticker) map[market.Ticker]bool {
	began := map[*outage]bool{}
	late := map[market.Ticker]bool{}
	for _, ticker := range tickers {
		patience := w.patience(ticker)
		if patience <= 0 || w.age(ticker, run.now) <= patience {
			continue
		}
		late[ticker] = true
		failing, ok := w.fault(run, ticker)
		if !ok || w.saidLate(ticker, outageName(failing)) {
			continue
		}
		name := outageName(failing)
		o := w.outage(name)
		if len(o.tickers) == 0 {
			began[o] = true
		}
		if began[o] {
			o.since = later(o.since, w.symbols[ticker].came)
		}
		if _, told := o.tickers[ticker]; !told {
			o.set(ticker, "", failing.Reason, run.now)
		}
	}
	return late
}

// saidLate tells that people know a symbol to be late, by another outage.
func (w *Watch) saidLate(ticker market.Ticker, besides string) bool {
	return slices.ContainsFunc(w.concerning(ticker), func(name string) bool {
		return name != besides && w.outages[name].tickers[ticker] == ""
	})
}

// outage returns the outage of a name, a new one where there is none.
func (w *Watch) outage(name string) *outage {
	o := w.outages[name]
	if o == nil {
		o = newOutage(time.Time{})
		w.outages[name] = o
	}
	return o
}

// fault returns what makes a symbol late: what is wrong with the source that
// gave it instead of another, where one did, or else with the first that is not
// well.
func (w *Watch) fault(run *run, ticker market.Ticker) (Notice, bool) {
	n, known := w.faultOf(ticker, w.rescuer(ticker))
	if !known {
		n, known = w.Failing(ticker)
	}
	if !known && w.symbols[ticker].misses >= cleanMisses {
		n, known = Notice{Source: run.latest(ticker).Quote.Source, Reason: reasonAbsent, Tickers: []market.Ticker{ticker}}, true
	}
	return n, known
}

// faultOf returns what is wrong with one source of a symbol.
func (w *Watch) faultOf(ticker market.Ticker, source string) (Notice, bool) {
	if source != "" && w.Faults != nil {
		for _, n := range w.Faults(ticker) {
			if n.Source == source {
				return n, n.Reason != ""
			}
		}
	}
	return Notice{}, false
}

// rescuer returns the source that was told to give a symbol instead of another.
func (w *Watch) rescuer(ticker market.Ticker) string {
	for _, name := range w.concerning(ticker) {
		if by := w.outages[name].tickers[ticker]; by != "" {
			return by
		}
	}
	return ""
}

// givenBy returns the symbols that a source gives instead, sorted.
func (o *outage) givenBy(source string) []market.Ticker {
	var out []market.Ticker
	for ticker, by := range o.tickers {
		if by == source {
			out = append(out, ticker)
		}
	}
	slices.Sort(out)
	return out
}

// rescue notes what it means for the outages that a symbol comes from its present
// source: where it was late, and a source before that one is still passed over,
// it is rescued.
func (w *Watch) rescue(ticker market.Ticker, s *watched, now time.Time) {
	passed := w.passed(ticker, s.source)
	concerned := w.concerning(ticker)
	if len(concerned) == 0 && s.from.Equal(now) {
		for _, n := range passed {
			if n.Since.IsZero() || now.Sub(n.Since) <= w.patience(ticker) {
				continue // Its quotes were not late.
			}
			o := w.outage(outageName(n))
			if len(o.tickers) == 0 {
				o.since = n.Since
			}
			o.set(ticker, s.source, n.Reason, now)
		}
		return
	}
	well := slices.ContainsFunc(concerned, func(name string) bool { return sourceOf(name) == s.source })
	for _, name := range concerned {
		o := w.outages[name]
		n, before := passed[sourceOf(name)]
		switch {
		case sourceOf(name) == s.source:
			if s.made.After(o.since) && o.tickers[ticker] != "" {
				o.tickers[ticker] = ""
				delete(o.untold, ticker)
			}
		case before && o.tickers[ticker] == "":
			o.set(ticker, s.source, cmp.Or(n.Reason, reasonAbsent), now)
		case !before && well:
			o.drop(ticker) // That the source before it is well says it all.
		}
	}
}

// passed returns the sources that are asked for a symbol before another one,
// with what is wrong with each.
func (w *Watch) passed(ticker market.Ticker, source string) map[string]Notice {
	out := map[string]Notice{}
	for _, n := range w.Faults(ticker) {
		if n.Source == source {
			break
		}
		out[n.Source] = n
	}
	return out
}

// concerning returns the names of the outages that a symbol was told of.
func (w *Watch) concerning(ticker market.Ticker) []string {
	var out []string
	for name, o := range w.outages {
		if _, told := o.tickers[ticker]; told {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// wellAfter is how long a symbol comes again before that is told of it alone,
// while others of its outage are late still.
const wellAfter = 10 * time.Minute

// recover ends an outage when all of its symbols that trade come from its source
// again. Where some do and others do not, it ends for these a while later.
func (w *Watch) recover(run *run, name string, tickers []market.Ticker, late map[market.Ticker]bool) {
	o := w.outages[name]
	fresh, whole := false, true
	var well []market.Ticker
	for ticker, by := range o.tickers {
		s := w.symbol(ticker, run.now)
		switch _, wanted := slices.BinarySearch(tickers, ticker); {
		case !wanted:
			o.drop(ticker)
		case late[ticker] || by != "":
			whole = false
		default:
			fresh = fresh || s.came.After(o.since)
			if _, untold := o.untold[ticker]; !untold && s.source != "" && run.now.Sub(s.came) <= w.patience(ticker) && run.now.Sub(s.from) >= wellAfter {
				well = append(well, ticker)
			}
		}
	}
	if !whole {
		w.recoverSome(run, name, well)
		return
	}
	if len(o.tickers) == 0 {
		delete(w.outages, name)
	}
	if !fresh {
		return // only closed in the meantime
	}
	delete(w.outages, name)
	n := noticeOf(name, o)
	n.Until, n.Over = run.now, true
	run.notice(EventQuotesLate, lateKey(name, o)+"/over", slices.Sorted(maps.Keys(o.tickers)), n)
}

// recoverSome tells that some symbols of an outage are fresh again.
func (w *Watch) recoverSome(run *run, name string, well []market.Ticker) {
	if len(well) == 0 {
		return
	}
	o := w.outages[name]
	slices.Sort(well)
	n := noticeOf(name, o)
	n.Kind, n.Until, n.Over = NoticePartly, run.now, true
	run.notice(EventQuotesLate, lateKey(name, o)+"/over/"+stampKey(run.now), well, n)
	for _, ticker := range well {
		o.drop(ticker)
	}
}

// outageName names what is one outage: a source's, or that of a source's symbols
// with one fault.
func outageName(failing Notice) string {
	if len(failing.Tickers) == 0 {
		return failing.Source
	}
	return failing.Source + "/" + failing.Reason
}

func sourceOf(name string) string {
	source, _, _ := strings.Cut(name, "/")
	return source
}

// noticeOf begins what is told of an outage.
func noticeOf(name string, o *outage) Notice {
	n := Notice{Source: sourceOf(name), Since: o.since}
	if n.Source != name {
		n.Kind = NoticePartly
	}
	return n
}

func lateKey(name string, o *outage) string { return "late/" + name + "/" + stampKey(o.since) }
