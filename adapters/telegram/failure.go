package telegram

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"bellwether/bot/outbox"
)

// ErrCredential is returned by Run when Telegram does not accept the account's
// token. Trying again is of no use.
var ErrCredential = errors.New("telegram does not accept the bot's token")

// Causes of refusals that Deliver itself has an answer to.
var (
	// errNoText: the message to edit has a caption.
	errNoText = errors.New("the message has no text")
	// errNoPhoto: the chat takes no photos, or Telegram not this one.
	errNoPhoto = errors.New("the photo is not taken")
)

// reply is what is known of a request that failed.
type reply struct {
	read        bool // the answer was the API's own
	code        int  // its error_code; 0 where it had none
	status      int  // of HTTP; 0 where no answer came
	header      http.Header
	description string
	retryAfter  int   // seconds
	movedTo     int64 // the chat's new id; 0 for none
	cut         bool  // the connection failed before an answer
	ambiguous   bool  // the server may have the request
	cause       error // without secrets
}

// classify translates a failed request into the outbox's terms. It is the only
// place where Telegram's codes and descriptions are read.
func classify(r reply) *outbox.Failure {
	code := r.code
	if code == 0 {
		code = r.status
	}
	f := &outbox.Failure{Err: r.cause}
	if code != 0 {
		f.Code = strconv.Itoa(code)
	}
	switch {
	case r.cut && !r.ambiguous:
		f.Class, f.Reason = outbox.NotSent, "Telegram could not be reached"
	case r.cut:
		f.Class, f.Reason = outbox.Ambiguous, "the connection broke before Telegram answered"
	case code == http.StatusTooManyRequests:
		f.Class, f.Scope, f.Reason = outbox.RetryLater, outbox.ScopeDestination, "Telegram asked to wait"
		f.After = r.wait()
	case !r.read:
		r.classifyForeign(f)
	case code >= 500:
		f.Class, f.Unlikely, f.Reason = outbox.Ambiguous, true, "Telegram had trouble of its own"
	case code == http.StatusUnauthorized, code == http.StatusMisdirectedRequest,
		code == http.StatusNotFound && !strings.Contains(r.description, "method not found"):
		f.Class, f.Scope, f.Reason = outbox.Credential, outbox.ScopeAccount, "Telegram does not accept the bot's token"
	case code == http.StatusConflict:
		f.Class, f.Scope, f.Reason = outbox.Broken, outbox.ScopeAccount, "another program uses the same bot"
	case r.movedTo != 0:
		f.Class, f.MovedTo, f.Reason = outbox.Moved, strconv.FormatInt(r.movedTo, 10), "the group became a supergroup"
	default:
		classifyDescription(f, code, strings.ToLower(r.description))
	}
	return f
}

// longestWait bounds what a 429 may ask for, so that a chat is not given up for
// a slip of the server's: 10,072 s were seen (tdlib/td #1331).
const longestWait = 24 * time.Hour

// wait returns how long a 429 asks to wait: at least a second, at most a day.
func (r reply) wait() time.Duration {
	seconds := r.retryAfter
	if seconds <= 0 && r.header != nil {
		seconds, _ = strconv.Atoi(r.header.Get("Retry-After"))
	}
	return time.Duration(min(max(seconds, 1), int(longestWait/time.Second))) * time.Second
}

// classifyForeign judges an answer that the API did not write: a proxy's page, a
// body that was cut off.
func (r reply) classifyForeign(f *outbox.Failure) {
	if r.status == http.StatusRequestEntityTooLarge {
		f.Class, f.Reason = outbox.BadMessage, "the message is too large"
		f.Err = errors.Join(errNoPhoto, f.Err)
		return
	}
	if r.status >= 500 || r.status < 300 {
		f.Class, f.Unlikely, f.Reason = outbox.Ambiguous, r.status >= 500, "Telegram's answer could not be read"
		return
	}
	f.Class, f.Scope, f.After = outbox.Broken, outbox.ScopeAccount, 30*time.Second
	f.Reason = "something in front of Telegram refused the request"
}

// refusal is a class and the words that tell it in a description.
type refusal struct {
	words  []string // any of them
	class  outbox.Class
	reason string
	cause  error // nil where the class says it all
}

// refusals returns the descriptions of 400 and 403, in lower case, in the order
// in which they are looked for.
func refusals() []refusal {
	return []refusal{
		{[]string{"message is not modified"}, outbox.Done, "the message says so already", nil},
		{[]string{"there is no text in the message"}, outbox.BadMessage, "the message has a caption", errNoText},
		{[]string{"method not found"}, outbox.BadMessage, "the server cannot do that", nil},
		{
			[]string{
				"rights to send photos", "chat_send_photos_forbidden", "chat_send_media_forbidden",
				"photo_invalid_dimensions", "image_process_failed", "photo_save_file_invalid", "file is too big",
				"failed to get http url content", "wrong type of the web page content", "wrong http url specified",
				"request entity too large", "remote file identifier", "wrong file identifier", "file_reference_",
			}, outbox.BadMessage, "the picture was not taken", errNoPhoto,
		},
		{
			[]string{
				"message to edit not found", "message can't be edited", "message_id_invalid",
				"message to be replied not found", "message to reply not found", "replied message not found",
				"message to delete not found", "message can't be deleted", "message identifier is not specified",
			}, outbox.LostTarget, "the message is not there any more", nil,
		},
		{[]string{"bot was blocked by the user", "user_is_blocked"}, outbox.Gone, "the bot was blocked", nil},
		{[]string{"user is deactivated", "input_user_deactivated"}, outbox.Gone, "the account was deleted", nil},
		// Where it does not say to which one, the chat's own messages do.
		{[]string{"upgraded to a supergroup"}, outbox.Gone, "the group became a supergroup", nil},
		{[]string{"bot was kicked", "bot is not a member"}, outbox.Gone, "the bot was removed", nil},
		{[]string{"chat was deleted", "chat was deactivated", "group is deactivated"}, outbox.Gone, "the group was deleted", nil},
		{
			[]string{"can't initiate conversation", "peer_id_invalid", "can't send messages to bots"},
			outbox.Gone, "the person has not started the bot", nil,
		},
		{[]string{"chat not found", "chat_id is empty", "channel_private", "channel_invalid"}, outbox.Gone, "the chat was not found", nil},
		{
			[]string{"message thread not found", "topic_deleted", "topic_id_invalid"},
			outbox.NoRights, outbox.ReasonTopicDeleted, nil,
		},
		{[]string{"topic_closed"}, outbox.NoRights, outbox.ReasonTopicClosed, nil},
		{
			[]string{
				"not enough rights", "have no write access", "chat_write_forbidden", "chat_restricted",
				"need administrator rights", "chat_admin_required", "chat_send_", "user_banned_in_channel",
				"have no rights", "user_restricted", "chat_forbidden", "guest_send_forbidden", "bot is not an administrator",
			}, outbox.NoRights, "the bot may not write there", nil,
		},
		{[]string{"too many requests"}, outbox.RetryLater, "Telegram asked to wait", nil},
	}
}

// classifyDescription judges a refusal by its words. A 403 that is not known is
// NoRights: of the two that park a destination it is the one that is tried
// again, so a wrong guess costs least. A 400 that is not known speaks of the
// message, and a plainer form is tried.
func classifyDescription(f *outbox.Failure, code int, description string) {
	for _, known := range refusals() {
		for _, words := range known.words {
			if strings.Contains(description, words) {
				f.Class, f.Reason = known.class, known.reason
				if known.cause != nil {
					f.Err = errors.Join(known.cause, f.Err)
				}
				if known.class == outbox.RetryLater {
					f.After = time.Second
				}
				return
			}
		}
	}
	if code == http.StatusForbidden {
		f.Class, f.Reason = outbox.NoRights, "Telegram does not let the bot write there"
		return
	}
	f.Class, f.Reason = outbox.BadMessage, "Telegram did not take the message's form"
}
