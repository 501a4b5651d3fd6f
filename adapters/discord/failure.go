package discord

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bellwether/bot/outbox"
)

// Pauses that Discord does not name itself.
const (
	frontPause  = 10 * time.Minute // after an answer of what stands in front of Discord (10 to 60 minutes are advised)
	directPause = 10 * time.Minute // after 40003: direct messages are opened too fast
	busyPause   = 30 * time.Second // after an overload
)

// verdict is what one of Discord's error codes means for a send.
type verdict struct {
	class  outbox.Class
	reason string
	after  time.Duration
	scope  outbox.Scope
}

// verdicts returns what Discord's JSON error codes mean, as its documentation
// numbers them.
func verdicts() map[int]verdict {
	return map[int]verdict{
		10003: {class: outbox.Gone, reason: "the channel was deleted"},
		10004: {class: outbox.Gone, reason: "the server is not there any more, or the bot was removed"},
		10013: {class: outbox.Gone, reason: "the person was not found"},
		10008: {class: outbox.LostTarget, reason: "the message is not there any more"},
		10015: {class: outbox.LostTarget, reason: "the answer came too late"},
		50027: {class: outbox.LostTarget, reason: "the answer came too late"},
		10062: {class: outbox.LostTarget, reason: "the answer came too late"},
		40060: {class: outbox.LostTarget, reason: "it was answered before"},
		40033: {class: outbox.Done, reason: "the message was published before"},

		50001:  {class: outbox.NoRights, reason: "the bot may not see the channel"},
		50013:  {class: outbox.NoRights, reason: "the bot lacks permissions in the channel"},
		50008:  {class: outbox.NoRights, reason: "messages cannot be sent in this kind of channel"},
		50024:  {class: outbox.NoRights, reason: "this kind of channel does not take messages"},
		40058:  {class: outbox.NoRights, reason: "this channel takes posts only"},
		40067:  {class: outbox.NoRights, reason: "the forum demands a tag: choose one with /settings tags"},
		160005: {class: outbox.NoRights, reason: "the thread is locked"},
		160006: {class: outbox.NoRights, reason: "the server has too many open threads"},
		50083:  {class: outbox.NoRights, reason: "the thread is archived"},

		50007: {class: outbox.Gone, reason: "the person does not take direct messages from the bot"},
		50278: {class: outbox.Gone, reason: "the person does not take direct messages from the bot"},

		50035: {class: outbox.BadMessage, reason: "Discord did not take the message's form"},
		50006: {class: outbox.BadMessage, reason: "Discord found the message empty"},
		50109: {class: outbox.BadMessage, reason: "Discord could not read the message"},
		40005: {class: outbox.BadMessage, reason: "the message is too large"},
		50045: {class: outbox.BadMessage, reason: "the picture is too large"},

		200000: {class: outbox.Refused, reason: "the server's filter blocked the message"},
		200001: {class: outbox.Refused, reason: "the server's filter blocked the title"},
		240000: {class: outbox.Refused, reason: "Discord takes a link in the message for harmful"},
		20009:  {class: outbox.Refused, reason: "explicit content may not be sent there"},

		20028:  {class: outbox.RetryLater, reason: "the channel's rate is reached", after: busyPause},
		20029:  {class: outbox.RetryLater, reason: "the server's rate is reached", after: busyPause},
		40062:  {class: outbox.RetryLater, reason: "Discord is limiting the service", after: busyPause},
		30046:  {class: outbox.RetryLater, reason: "old messages were edited too often", after: time.Minute},
		40003:  {class: outbox.RetryLater, reason: "direct messages were opened too fast", after: directPause},
		130000: {class: outbox.Broken, reason: "Discord is overloaded", after: busyPause},
		40333:  {class: outbox.Broken, reason: "what stands in front of Discord refused the request", after: frontPause, scope: outbox.ScopeAccount},

		50014: {class: outbox.Credential, reason: "Discord does not accept the bot's token", scope: outbox.ScopeAccount},
		40001: {class: outbox.Credential, reason: "Discord does not accept the bot's token", scope: outbox.ScopeAccount},
	}
}

// classify translates a failed request into the outbox's terms. It is the only
// place where Discord's codes are read.
func (c *Client) classify(r request, x *exchange, err error) *outbox.Failure {
	var early *localWait
	var foreign *foreignAnswer
	switch {
	case errors.As(err, &early):
		return tooEarly(early.after, outbox.ScopeAccount)
	case errors.Is(err, ErrCredential):
		return &outbox.Failure{
			Class: outbox.Credential, Scope: outbox.ScopeAccount, Code: "401",
			Reason: "Discord does not accept the bot's token", Err: ErrCredential,
		}
	case errors.Is(err, errBreaker):
		return &outbox.Failure{
			Class: outbox.Broken, Scope: outbox.ScopeAccount, After: time.Minute, Code: "local",
			Reason: "too many requests were refused", Err: errBreaker,
		}
	case errors.As(err, &foreign):
		return classifyForeign(foreign)
	case x.status == 0:
		if x.wrote.Load() {
			return &outbox.Failure{Class: outbox.Ambiguous, Reason: "the connection broke before Discord answered", Err: bareCause(err)}
		}
		return &outbox.Failure{Class: outbox.NotSent, Reason: "Discord could not be reached", Err: bareCause(err)}
	case x.status < http.StatusMultipleChoices:
		return &outbox.Failure{Class: outbox.Ambiguous, Reason: "Discord's answer could not be read", Code: strconv.Itoa(x.status)}
	}
	code, text, after := refusal(err)
	return judge(r, x, code, text, after)
}

// classifyForeign judges what a server in trouble, or something in front of it,
// answered. After a 503 nothing was done; after another 5xx nobody knows.
func classifyForeign(a *foreignAnswer) *outbox.Failure {
	f := &outbox.Failure{Code: strconv.Itoa(a.status), Err: a}
	switch {
	case a.status == http.StatusServiceUnavailable:
		f.Class, f.Reason, f.After = outbox.Broken, "Discord is not available", a.after
	case a.status < http.StatusMultipleChoices:
		f.Class, f.Reason = outbox.Ambiguous, "Discord's answer could not be read"
	case a.status >= http.StatusInternalServerError:
		f.Class, f.Unlikely, f.Reason, f.After = outbox.Ambiguous, true, "Discord had trouble of its own", a.after
	default:
		f.Class, f.Scope, f.After = outbox.Broken, outbox.ScopeAccount, max(a.after, frontPause)
		f.Reason = "something in front of Discord refused the request"
	}
	return f
}

// judge reads a refusal of Discord's API.
func judge(r request, x *exchange, code int, text string, after time.Duration) *outbox.Failure {
	f := &outbox.Failure{Code: strconv.Itoa(x.status)}
	if code != 0 {
		f.Code = strconv.Itoa(code)
		f.Err = errors.New(clip(oneLine(text), 200))
	}
	if v, ok := verdicts()[code]; ok {
		f.Class, f.Reason, f.After, f.Scope = v.class, v.reason, max(v.after, after, x.after), v.scope
		if x.global {
			f.Scope = outbox.ScopeAccount
		}
		if code == 10008 && r.method == http.MethodPost && strings.HasSuffix(r.path, "/messages") {
			// The nonce was known, but its message was deleted meanwhile.
			f.Class, f.Reason = outbox.Done, "the message was sent before and deleted"
		}
		return f
	}
	switch x.status {
	case http.StatusTooManyRequests:
		f.Class, f.Scope, f.Reason = outbox.RetryLater, outbox.ScopeDestination, "Discord asked to wait"
		f.After = max(after, x.after, 50*time.Millisecond)
		if x.global {
			f.Scope = outbox.ScopeAccount
		}
	case http.StatusUnauthorized:
		f.Class, f.Scope, f.Reason = outbox.Credential, outbox.ScopeAccount, "Discord does not accept the bot's token"
		if r.once {
			f.Class, f.Scope, f.Reason = outbox.LostTarget, "", "the answer came too late"
		}
	case http.StatusForbidden:
		f.Class, f.Reason = outbox.NoRights, "Discord does not let the bot do this there"
	case http.StatusNotFound:
		f.Class, f.Reason = outbox.NoRights, "Discord did not find the place"
		if r.once {
			f.Class, f.Reason = outbox.LostTarget, "the answer came too late"
		}
	case http.StatusRequestEntityTooLarge, http.StatusBadRequest:
		f.Class, f.Reason = outbox.BadMessage, "Discord did not take the message's form"
	default:
		f.Class, f.Reason, f.After = outbox.Broken, "Discord refused the request", busyPause
	}
	return f
}

func asFailure(err error) *outbox.Failure {
	f, _ := errors.AsType[*outbox.Failure](err)
	return f
}
