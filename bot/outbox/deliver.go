package outbox

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"
)

// result is what became of one request, or of a send that did not get as far.
type result struct {
	strand   *strand
	receipt  Receipt
	err      error
	at       time.Time // UTC; of the platform's answer
	took     time.Duration
	panicked bool
	inner    bool // no request was made
	unsent   bool // given back at the end
	outcome  *Outcome
}

// job is one request to be made.
type job struct {
	strand   *strand
	delivery Delivery
	done     func(uploaded string, ok bool)
}

// dispatch hands over what is ready, as far as requests may be under way.
func (d *drainer) dispatch(ctx context.Context) {
	if d.trouble.pause > 0 && d.until.After(d.out.o.Now()) {
		return
	}
	n := 0
	for n < len(d.ready) && d.inFlight < d.abreast() {
		s := d.ready[n]
		n++
		d.inFlight++
		j := job{strand: s}
		j.delivery, j.done = d.delivery(ctx, s)
		if d.inFlight > d.hands {
			d.hands++
			go d.work(context.WithoutCancel(ctx))
		}
		d.jobs <- j
	}
	d.ready = append(d.ready[:0], d.ready[n:]...)
}

// work makes one request after another: there are as many workers as requests
// were ever under way at once. A stop does not cut a request off, since its
// outcome would be unknown.
func (d *drainer) work(ctx context.Context) {
	for j := range d.jobs {
		r := d.deliver(ctx, j.delivery)
		j.done(r.receipt.Uploaded, r.err == nil)
		r.strand = j.strand
		d.results <- r
		if n := d.wanted.Load(); n > 0 && int64(len(d.results)) >= n {
			select {
			case d.enough <- struct{}{}:
			default:
			}
		}
	}
}

// deliver makes the request. A panic of an adapter costs its send, not the
// process.
func (d *drainer) deliver(ctx context.Context, delivery Delivery) (r result) {
	began := d.out.o.Now()
	defer func() {
		r.at = d.out.o.Now()
		r.took = r.at.Sub(began)
		if v := recover(); v != nil {
			d.stats.panicked()
			d.log.Error("panic while a message was handed over", "send", int64(delivery.Send), "panic", v, "stack", string(debug.Stack()))
			r.err, r.panicked = fmt.Errorf("panic: %v", v), true
		}
	}()
	r.receipt, r.err = d.messenger.Deliver(ctx, delivery)
	return r
}

// delivery says what the adapter is to do. done is called afterwards.
func (d *drainer) delivery(ctx context.Context, s *strand) (Delivery, func(uploaded string, ok bool)) {
	send := s.send
	out := Delivery{
		Send: send.ID, Address: send.Address, Place: send.Place, Kind: send.Kind, Message: s.say, Form: send.Form,
		Part: len(send.Parts), Parts: send.Parts, Target: send.Target, Via: send.Via, User: send.User,
		Ephemeral: send.Ephemeral, Crosspost: send.Crosspost, Tags: send.Tags,
	}
	switch send.Kind {
	case Collapse:
		out.Kind = New
	case Edit:
		out.Part, out.Parts = s.made, s.targets
		if out.Target == "" && len(s.targets) > 0 {
			out.Target = s.targets[0].ID
		}
	}
	out.Key = keyOf(send, out.Part, d.out.o.Now())
	if s.say.Picture == nil {
		return out, func(string, bool) {}
	}
	u := d.out.gallery.use(context.WithoutCancel(ctx), d.account, *send, s.say.Picture)
	out.Picture = u.picture
	return out, u.done
}
