package fetch

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"bellwether/alerts"
)

const (
	maxAnswer = 8 << 20
	// longest is the most time that a request and its wait for the rate take
	// when nobody waits for them any more.
	longest = time.Minute
)

// DoorOptions say how a quote source is asked.
type DoorOptions struct {
	// Source is the name that errors carry.
	Source string
	// Base is what paths are put after; may be empty.
	Base string
	// Header is sent with each request and holds the key, if there is one.
	Header http.Header
	// Client makes the requests. Its redirects are not followed: a redirect's
	// target would be sent the key, and Yahoo's lead to a consent page.
	Client *http.Client
	// Rate is the most requests a second, Burst how many at once; both needed.
	Rate  float64
	Burst int
	// Now is the clock; time.Now where nil.
	Now func() time.Time
}

// Door makes every request to a quote source: at the source's rate, identical
// ones only once. What goes wrong is translated here, once, into what the chain
// of sources acts upon. It is safe for concurrent use.
type Door struct {
	o       DoorOptions
	client  http.Client
	limiter *rate.Limiter
	flight  singleflight.Group
}

// NewDoor returns a door.
func NewDoor(o DoorOptions) *Door {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Door{o: o, client: *o.Client, limiter: rate.NewLimiter(rate.Limit(o.Rate), o.Burst)}
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d
}

// Idle tells that a request would not have to wait for the rate.
func (d *Door) Idle() bool { return d.limiter.Tokens() >= 1 }

// Get reads an address below the base that answers with JSON; numbers in it that
// are none (NaN, Infinity) are null. Its errors are those of ctx and
// *alerts.SourceError.
func (d *Door) Get(ctx context.Context, path string, query url.Values) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	address := d.o.Base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	// The shared request must outlive the one who asked first: others may wait.
	answers := d.flight.DoChan(address, func() (any, error) {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), longest)
		defer cancel()
		if err := d.limiter.Wait(shared); err != nil {
			return nil, d.failure("too many requests wait for it")
		}
		return d.fetch(shared, address)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case answer := <-answers:
		if answer.Err != nil {
			return nil, answer.Err
		}
		return answer.Val.([]byte), nil
	}
}

func (d *Door) fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, d.failure("its address is not usable")
	}
	maps.Copy(req.Header, d.o.Header)
	req.Header.Set("Accept", "application/json")
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, alerts.StatusError(d.o.Source, resp.StatusCode, resp.Header.Get("Retry-After"), d.o.Now())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, d.unreachable(err)
	case len(body) > maxAnswer:
		return nil, d.failure("its answer is too large")
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return nil, d.webPage(body)
	}
	return withoutNaN(body), nil
}

// webPage judges a page that came where data should be: a wall of cookies stays
// where it is, anything else may pass.
func (d *Door) webPage(body []byte) *alerts.SourceError {
	e := d.failure("it answered with a web page instead of data")
	e.Status = http.StatusOK
	lower := bytes.ToLower(body)
	if bytes.Contains(lower, []byte("consent")) || bytes.Contains(lower, []byte("cookie")) {
		e.Refused, e.Reason = true, "it answered with a page that asks for consent to cookies"
	}
	return e
}

// unreachable says why no answer came. The client's own error is not passed on:
// it holds the whole address.
func (d *Door) unreachable(err error) *alerts.SourceError {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return d.failure("it does not answer in time")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return d.failure("its answer broke off")
	case errors.Is(err, ErrTooLarge):
		return d.failure("its answer is too large")
	}
	return d.failure("it cannot be reached")
}

func (d *Door) failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: d.o.Source, Reason: reason}
}

// withoutNaN writes null for the words that some servers write for a number that
// is none, and that would spoil the whole answer.
func withoutNaN(body []byte) []byte {
	if !bytes.Contains(body, []byte("NaN")) && !bytes.Contains(body, []byte("Infinity")) {
		return body
	}
	out := make([]byte, 0, len(body))
	quoted := false
	for i := 0; i < len(body); i++ {
		switch {
		case quoted && body[i] == '\\' && i+1 < len(body):
			out = append(out, body[i])
			i++
		case body[i] == '"':
			quoted = !quoted
		case !quoted:
			if n := wordOfNone(body[i:]); n > 0 {
				out = append(out, "null"...)
				i += n - 1
				continue
			}
		}
		out = append(out, body[i])
	}
	return out
}

// wordOfNone is the length of such a word at the start of a text; 0 for none.
func wordOfNone(text []byte) int {
	for _, word := range []string{"NaN", "-NaN", "Infinity", "-Infinity"} {
		if bytes.HasPrefix(text, []byte(word)) {
			return len(word)
		}
	}
	return 0
}
