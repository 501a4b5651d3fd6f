package rss

import (
	"context"
	"errors"
	"net"
	"net/url"
	"time"

	"bellwether/alerts/news"
)

// The kinds of trouble with a feed.
const (
	kindNotFeed = "not-feed"
	kindPrivate = "private"
	kindLarge   = "large"
	kindSlow    = "slow"
	kindBroken  = "broken"
	kindGone    = "gone"
	kindRefused = "refused"
)

// Problem says why an address gave no articles. It is a bot.FeedProblem and
// wraps a *news.ReadError. Its text never holds an address, which may carry its
// owner's key.
type Problem struct {
	kind    string
	instead []string
	read    *news.ReadError
}

// Error says the reason.
func (p *Problem) Error() string { return p.read.Error() }

// Problem returns the kind: "not-feed", "private", "large", "slow", "broken",
// "gone" or "refused".
func (p *Problem) Problem() string { return p.kind }

// Instead lists the feeds that a page names, at most three, the best first.
func (p *Problem) Instead() []string { return p.instead }

// Unwrap returns the *news.ReadError.
func (p *Problem) Unwrap() error { return p.read }

func problem(kind, reason string, cause error) *Problem {
	return &Problem{kind: kind, read: &news.ReadError{Reason: reason, Err: cause}}
}

// wait asks that the feed be left alone for a while.
func (p *Problem) wait(d time.Duration) *Problem {
	p.read.After = d
	return p
}

// refusal is an error of a client that would not make a request.
type refusal interface {
	error
	Refused() string
}

// failed explains an error of the client.
func failed(err error) *Problem {
	err = withoutAddress(err)
	if refused, ok := errors.AsType[refusal](err); ok {
		switch refused.Refused() {
		case "too-large":
			return problem(kindLarge, "the feed is too large", err)
		case "redirects":
			return problem(kindRefused, "it redirects too often", err)
		case "downgrade":
			return problem(kindRefused, "it redirects from https to an address without", err)
		}
		return problem(kindPrivate, "its address is not on the public internet", err)
	}
	var timeout net.Error
	var lookup *net.DNSError
	switch {
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return problem(kindGone, "its server does not exist", errNoSuchHost)
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return problem(kindSlow, "its server did not answer in time", context.DeadlineExceeded)
	}
	return problem(kindSlow, "its server could not be reached", err)
}

var errNoSuchHost = errors.New("no such host")

// withoutAddress takes the address that was asked for out of an error.
func withoutAddress(err error) error {
	if withURL, ok := errors.AsType[*url.Error](err); ok {
		return withURL.Err
	}
	return err
}
