package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/outbox"
)

// Ends of requests, beside the caller's own.
const (
	callTimeout   = 30 * time.Second
	uploadTimeout = 90 * time.Second
)

// maxBody bounds an answer: 100 updates of the longest messages fit many times.
const maxBody = 16 << 20

// call makes a request without files. Every error is a *outbox.Failure.
func (c *Client) call(ctx context.Context, method string, params tgbotapi.Params) (json.RawMessage, error) {
	return c.callWithin(ctx, callTimeout, method, params, nil)
}

// callWithin makes a request, with files where there are some, that ends with
// ctx and after limit at the latest.
func (c *Client) callWithin(ctx context.Context, limit time.Duration, method string,
	params tgbotapi.Params, files []tgbotapi.RequestFile,
) (json.RawMessage, error) {
	trip := &roundTrip{ctx: ctx, end: time.Now().Add(limit), carrier: c.carrier}
	api := tgbotapi.BotAPI{Token: c.token, Client: trip}
	api.SetAPIEndpoint(c.endpoint)
	var (
		response *tgbotapi.APIResponse
		err      error
	)
	if len(files) > 0 {
		response, err = api.UploadFiles(method, params, files)
	} else {
		response, err = api.MakeRequest(method, params)
	}
	if err == nil {
		return response.Result, nil
	}
	return nil, c.failure(trip, method, response, err)
}

// failure translates what a request came to.
func (c *Client) failure(trip *roundTrip, method string, response *tgbotapi.APIResponse, err error) *outbox.Failure {
	answer := reply{
		status: trip.status, header: trip.header, ambiguous: trip.mayHaveArrived(), cut: trip.cut,
	}
	var refused *tgbotapi.Error
	if errors.As(err, &refused) && response != nil {
		answer.read = true
		answer.code = response.ErrorCode
		answer.description = c.redact(response.Description)
		answer.retryAfter = refused.RetryAfter
		answer.movedTo = refused.MigrateToChatID
	}
	answer.cause = errors.New(method + ": " + c.redact(cause(err).Error()))
	return classify(answer)
}

// cause unwraps the error that carries the address, and with it the token.
func cause(err error) error {
	var carrier *url.Error
	for errors.As(err, &carrier) {
		err = carrier.Err
	}
	return err
}

// redact takes the token out of words.
func (c *Client) redact(s string) string {
	if !strings.Contains(s, c.token) {
		_, secret, found := strings.Cut(c.token, ":")
		if !found || len(secret) < 8 || !strings.Contains(s, secret) {
			return s
		}
		return strings.ReplaceAll(s, secret, "[token]")
	}
	return strings.ReplaceAll(s, c.token, "[token]")
}

// roundTrip is the library's client for one request: it carries the context and
// remembers how far the request came.
type roundTrip struct {
	ctx     context.Context
	end     time.Time
	carrier carrier

	status  int
	header  http.Header
	cut     bool        // no answer came
	written atomic.Bool // the whole request went out, or may have
}

// Do makes the request.
func (t *roundTrip) Do(req *http.Request) (*http.Response, error) {
	if err := measured(req); err != nil {
		t.cut = true
		return nil, cause(err)
	}
	res, err := t.carrier.carry(t.ctx, t.end, req, &t.written)
	if err != nil {
		t.cut = true
		return nil, cause(err)
	}
	t.status, t.header = res.StatusCode, res.Header
	res.Body = &boundBody{Reader: io.LimitReader(res.Body, maxBody), Closer: res.Body}
	return res, nil
}

// measured gives a request with files its length. The library writes those in
// pieces of no stated length, which not every server of the Bot API, nor every
// proxy before one, takes.
func measured(req *http.Request) error {
	if req.Body == nil || req.Body == http.NoBody || req.ContentLength > 0 {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	if closed := req.Body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("read the request's own body: %w", err)
	}
	req.Body, req.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	return nil
}

// mayHaveArrived tells whether the server may have the whole request.
func (t *roundTrip) mayHaveArrived() bool { return t.status != 0 || t.written.Load() }

// boundBody is a body that ends at a limit. Close reads the few bytes that the
// decoder left, since a connection with unread bytes is not used again.
type boundBody struct {
	io.Reader
	io.Closer
}

// Close ends the reading.
func (b *boundBody) Close() error {
	_, drained := io.CopyN(io.Discard, b.Reader, 4096)
	if err := b.Closer.Close(); err != nil {
		return err
	}
	if drained != nil && !errors.Is(drained, io.EOF) {
		return drained
	}
	return nil
}
