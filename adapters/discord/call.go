package discord

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"

	"bellwether/bot/outbox"
)

// request is a request to Discord.
type request struct {
	method string
	path   string // below the API: "channels/1/messages"
	route  string // the path without its lesser ids, for the library's buckets
	body   []byte
	kind   string // of the body; "" for JSON
	once   bool   // an interaction's: its bucket is thrown away
}

// lockPatience is how long a send waits for another on the same route: there is
// none, unless a person's answer and an alert meet.
const lockPatience = 100 * time.Millisecond

// call makes a request with the library, without its sleeps and retries. Every
// error is an *outbox.Failure.
func (c *Client) call(ctx context.Context, r request) ([]byte, error) {
	limiter := c.rest.Ratelimiter
	if r.once {
		limiter = discordgo.NewRatelimiter()
	}
	route := r.route
	if route == "" {
		route = r.path
	}
	bucket := limiter.GetBucket(r.method + " " + route)
	if !bucket.TryLock() {
		return nil, tooEarly(lockPatience, outbox.ScopeDestination)
	}
	if early := limiter.GetWaitTime(bucket, 1); early > 0 {
		scope := outbox.ScopeDestination
		if bucket.Remaining > 0 {
			scope = outbox.ScopeAccount // the bucket has room: the pause is global
		}
		bucket.Unlock()
		return nil, tooEarly(early, scope)
	}
	bucket.Remaining--
	kind := r.kind
	if kind == "" {
		kind = "application/json"
	}
	x := new(exchange)
	answer, err := c.rest.RequestWithLockedBucket(
		r.method, discordgo.EndpointAPI+r.path, kind, r.body, bucket, 0,
		discordgo.WithContext(context.WithValue(ctx, exchangeKey{}, x)),
		discordgo.WithRetryOnRatelimit(false), discordgo.WithRestRetries(0),
	)
	if err != nil {
		return nil, c.classify(r, x, err)
	}
	return answer, nil
}

// patience bounds how long what is no send waits for its turn.
const patience = 5 * time.Second

// askPatiently is ask for what is no send: it waits for its turn.
func (c *Client) askPatiently(ctx context.Context, r request, body, result any) error {
	waited := time.Duration(0)
	for {
		err := c.ask(ctx, r, body, result)
		f := asFailure(err)
		if f == nil || f.Class != outbox.RetryLater || waited+f.After > patience {
			return err
		}
		waited += f.After
		if c.timing.Wait(ctx, f.After) != nil {
			return err
		}
	}
}

// ask makes a request with a body of JSON and reads its result; either may be nil.
func (c *Client) ask(ctx context.Context, r request, body, result any) error {
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return &outbox.Failure{Class: outbox.BadMessage, Reason: "the request cannot be written", Err: err}
		}
		r.body = encoded
	}
	answer, err := c.call(ctx, r)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return &outbox.Failure{Class: outbox.Ambiguous, Reason: "Discord's answer could not be read", Err: errors.New("answer is not the JSON that was expected")}
	}
	return nil
}

func tooEarly(after time.Duration, scope outbox.Scope) *outbox.Failure {
	return &outbox.Failure{Class: outbox.RetryLater, After: after, Scope: scope, Code: "local", Reason: "Discord's rate is kept"}
}

// refusal reads what the library's error holds, and keeps nothing else of it:
// it also carries the token and the address.
func refusal(err error) (code int, text string, after time.Duration) {
	var rest *discordgo.RESTError
	if errors.As(err, &rest) && rest.Message != nil {
		return rest.Message.Code, rest.Message.Message, 0
	}
	var limited *discordgo.RateLimitError
	if errors.As(err, &limited) && limited.RateLimit != nil && limited.TooManyRequests != nil {
		return 0, limited.Message, min(limited.RetryAfter, longestWait)
	}
	return 0, "", 0
}

// bareCause returns the cause of a request that broke, without its address.
func bareCause(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		return wrapped.Err
	}
	return errors.New("the request broke")
}

// isID tells whether s is one of Discord's ids, so that it may stand in a path.
func isID(s string) bool {
	if s == "" || len(s) > 20 {
		return false
	}
	return strings.Trim(s, "0123456789") == ""
}
