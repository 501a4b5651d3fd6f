package httpjson

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"bellwether/alerts"
)

const (
	maxBody = 8 << 20
	// longest is the most time that a request and its wait for the rate take
	// when nobody waits for them any more.
	longest = time.Minute
)

// door makes every request: at the source's rate, identical ones only once.
type door struct {
	name    string
	header  http.Header // sent with each request; holds the key
	client  http.Client
	limiter *rate.Limiter
	flight  singleflight.Group
	now     func() time.Time
}

func newDoor(name string, header http.Header, client *http.Client, limiter *rate.Limiter, now func() time.Time) *door {
	d := &door{name: name, header: header, client: *client, limiter: limiter, now: now}
	// A redirect's target would be sent the key.
	d.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return d
}

// get reads an address that answers with JSON. Its errors are those of ctx and
// *alerts.SourceError.
func (d *door) get(ctx context.Context, address string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
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

func (d *door) fetch(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, d.failure("its address is not usable")
	}
	maps.Copy(req.Header, d.header)
	req.Header.Set("Accept", "application/json")
	resp, err := d.client.Do(req)
	if err != nil {
		return nil, d.unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, alerts.StatusError(d.name, resp.StatusCode, resp.Header.Get("Retry-After"), d.now())
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, d.unreachable(err)
	case len(body) > maxBody:
		return nil, d.failure("its answer is too large")
	case bytes.HasPrefix(bytes.TrimSpace(body), []byte("<")):
		return nil, d.failure("it answered with a web page instead of data")
	}
	return body, nil
}

// unreachable says why no answer came. The client's own error is not passed on:
// it holds the whole address.
func (d *door) unreachable(err error) *alerts.SourceError {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return d.failure("it does not answer in time")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return d.failure("its answer broke off")
	}
	return d.failure("it cannot be reached")
}

func (d *door) failure(reason string) *alerts.SourceError {
	return &alerts.SourceError{Source: d.name, Reason: reason}
}
