// Package fetch builds the HTTP clients that main hands to the adapters: a plain
// one for addresses that the operator configured, and a guarded one for
// addresses that people typed. It decides what a client may connect to, how
// much it reads and how long it waits; and, for quote sources, how often one is
// asked and what its failures mean. It knows no source, no feed and no platform,
// and it retries nothing: whoever asks knows when asking again helps.
package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Options say how a client behaves. The zero value is usable.
type Options struct {
	// Version is the program's, for the user agent; "dev" where empty.
	Version string
	// Contact is the address of a page that says who reads; it stands in the
	// user agent, so that an operator of a server can complain.
	Contact string
	// Timeout is the longest time for one request with its redirects and its
	// body; 20 s where zero.
	Timeout time.Duration
	// MaxBody is the most bytes of a body after decompression; 8 MB where zero.
	MaxBody int64
	// AllowNetworks are private networks that a guarded client may reach
	// nevertheless, on any port. A plain client ignores them.
	AllowNetworks []netip.Prefix
	// PerHost limits a client's connections to one host; 0 for two.
	PerHost int
	// RootCAs replaces the system's certificate authorities where set.
	RootCAs *x509.CertPool
}

const (
	defaultTimeout = 20 * time.Second
	defaultMaxBody = 8 << 20
	defaultPerHost = 2
	maxHeader      = 256 << 10
	maxRedirects   = 5
)

// UserAgent returns the text by which the clients introduce themselves. The
// form "Mozilla/5.0 (compatible; …)" is honest and is let through by servers
// that turn unknown words away.
func (o Options) UserAgent() string {
	version := o.Version
	if version == "" {
		version = "dev"
	}
	agent := "Mozilla/5.0 (compatible; Bellwether/" + version
	if o.Contact != "" {
		agent += "; +" + o.Contact
	}
	return agent + ")"
}

// New returns a client for addresses that the operator chose: private networks
// and the environment's proxy are allowed, time and size are limited.
func New(o Options) *http.Client {
	t := o.transport(&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second})
	t.Proxy = http.ProxyFromEnvironment
	return o.client(t)
}

func (o Options) client(t *http.Transport) *http.Client {
	timeout := o.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	limit := o.MaxBody
	if limit <= 0 {
		limit = defaultMaxBody
	}
	return &http.Client{
		Timeout:       timeout,
		CheckRedirect: checkRedirect,
		Transport:     &courteous{next: t, agent: o.UserAgent(), limit: limit},
	}
}

func (o Options) transport(dialer *net.Dialer) *http.Transport {
	perHost := o.PerHost
	if perHost <= 0 {
		perHost = defaultPerHost
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		ForceAttemptHTTP2:      true,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: o.RootCAs},
		TLSHandshakeTimeout:    10 * time.Second,
		ResponseHeaderTimeout:  15 * time.Second,
		ExpectContinueTimeout:  time.Second,
		IdleConnTimeout:        90 * time.Second,
		MaxIdleConns:           64,
		MaxConnsPerHost:        perHost,
		MaxResponseHeaderBytes: maxHeader,
	}
}

// checkRedirect follows a few redirects, but never from a private connection to
// an open one.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return ErrRedirects
	}
	if via[len(via)-1].URL.Scheme == "https" && req.URL.Scheme != "https" {
		return ErrDowngrade
	}
	return nil
}
