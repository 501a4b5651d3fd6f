package telegram

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"
)

// carrier takes one request to the server and brings its answer.
type carrier interface {
	// carry ends with ctx, and at end at the latest. It follows no redirect,
	// which would carry the token elsewhere, and keeps no cookie. It sets written
	// where the whole request went out, or may have.
	carry(ctx context.Context, end time.Time, req *http.Request, written *atomic.Bool) (*http.Response, error)
}

// newCarrier returns what carries polls and sends to a server.
func newCarrier(server *url.URL, inFlight int) carrier {
	if inFlight <= 0 {
		inFlight = 32
	}
	idle := inFlight + 8
	dial := (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: server})
	if server.Scheme == "http" && proxy == nil && err == nil {
		return newPlain(server, idle, dial)
	}
	return transport{&http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dial,
		MaxIdleConns:        idle,
		MaxIdleConnsPerHost: idle,
		IdleConnTimeout:     idleFor,
		TLSHandshakeTimeout: 10 * time.Second,
		ForceAttemptHTTP2:   true,
		// All requests share a connection then: one that died silently is noticed by pings.
		HTTP2: &http.HTTP2Config{SendPingTimeout: 20 * time.Second, PingTimeout: 10 * time.Second},
	}}
}

// idleFor is how long a connection waits for the next request: less than the
// server waits for one, which would cut a send.
const idleFor = 45 * time.Second

// transport is a carrier by net/http's transport.
type transport struct{ http.RoundTripper }

func (t transport) carry(ctx context.Context, end time.Time, req *http.Request, written *atomic.Bool) (*http.Response, error) {
	ctx, cancel := context.WithDeadline(ctx, end)
	var connected atomic.Bool
	trace := &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				written.Store(true)
			}
		},
	}
	res, err := t.RoundTrip(req.WithContext(httptrace.WithClientTrace(ctx, trace)))
	if err != nil {
		// When the time is over while a request is written, nobody says how much
		// of it went out.
		if connected.Load() && ctx.Err() != nil {
			written.Store(true)
		}
		cancel()
		return nil, err
	}
	res.Body = &endingBody{res.Body, cancel}
	return res, nil
}

// endingBody ends its request's context when it is closed.
type endingBody struct {
	io.ReadCloser
	end context.CancelFunc
}

// Close ends the reading.
func (b *endingBody) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}
