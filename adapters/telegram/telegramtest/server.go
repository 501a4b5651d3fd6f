// Package telegramtest is a strict stand-in for Telegram's Bot API server. It
// keeps chats, hands out updates by long poll, parses markup as Telegram does,
// holds to Telegram's limits and refuses what Telegram refuses, and more: a
// parameter that the Bot API does not name is an error here. Faults can be
// scripted. It knows nothing of the bot.
package telegramtest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// SpecsVariable names the environment's variable that holds the folder of the
// Bot API's description, telegram.json.
const SpecsVariable = "BELLWETHER_SPECS"

// Options say what sort of server it is. The zero value is a strict server
// without limits that takes any token and knows only the chats that were added.
type Options struct {
	Token    string // the only one accepted; "" for any
	Username string // of the bot; "" for "BellwetherTestBot"
	// Spec is the path of the Bot API's description; "" for the one in the
	// environment's folder, if any. With it, methods and fields are checked.
	Spec   string
	Limits Limits
	// OpenChats makes every chat exist: private for positive ids, a supergroup
	// for negative ones.
	OpenChats bool
	// Lax skips all checks of content, for measuring.
	Lax bool
	// Forget keeps no record of calls and messages, for measuring.
	Forget bool
	Now    func() time.Time // nil for time.Now
}

// BotID is the user id of the bot that the server serves.
const BotID = 4242424242

// Server is the stand-in. It is an http.Handler, safe for concurrent use.
type Server struct {
	options Options
	spec    *spec
	now     func() time.Time

	nextMessage atomic.Int64
	accepted    atomic.Int64
	limited     atomic.Int64

	limits limiter
	polls  mailbox

	mu       sync.Mutex
	chats    map[int64]*Chat
	messages map[messageKey]*stored
	files    map[string]bool
	menus    map[string]string
	faults   []*Fault
	calls    []Call
	sent     []Sent
	changed  chan struct{} // closed when a record is added
}

type messageKey struct{ chat, id int64 }

// NewServer returns a server. It fails where a description is named and cannot
// be read.
func NewServer(o Options) (*Server, error) {
	if o.Username == "" {
		o.Username = "BellwetherTestBot"
	}
	s := &Server{
		options: o, now: o.Now,
		chats: make(map[int64]*Chat), messages: make(map[messageKey]*stored),
		files: make(map[string]bool), menus: make(map[string]string), changed: make(chan struct{}),
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.limits = limiter{rules: o.Limits, chats: make(map[int64]*chatBuckets)}
	s.polls.init()
	path := o.Spec
	if folder := os.Getenv(SpecsVariable); path == "" && folder != "" {
		path = filepath.Join(folder, "telegram.json")
	}
	if path != "" && !o.Lax {
		read, err := readSpec(path)
		if err != nil {
			return nil, err
		}
		s.spec = read
	}
	return s, nil
}

// refusal is an answer that is not ok.
type refusal struct {
	code       int
	text       string
	retryAfter int
	migrateTo  int64
}

func (r *refusal) Error() string { return r.text }

func bad(format string, args ...any) error {
	return &refusal{code: http.StatusBadRequest, text: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func forbidden(text string) error {
	return &refusal{code: http.StatusForbidden, text: "Forbidden: " + text}
}

// request is one call of a method.
type request struct {
	method string
	params map[string]string
	files  map[string]int // sizes of uploaded files by field
	http   *http.Request
}

func (r request) integer(name string) int64 {
	n, _ := strconv.ParseInt(r.params[name], 10, 64)
	return n
}

// ServeHTTP answers a call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	token, method, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/bot"), "/")
	if !ok || !strings.HasPrefix(r.URL.Path, "/bot") {
		writeRefusal(w, &refusal{code: http.StatusNotFound, text: "Not Found"})
		return
	}
	call, err := readRequest(r, method)
	if err != nil {
		writeRefusal(w, err)
		return
	}
	if s.options.Token != "" && token != s.options.Token {
		s.note(call)
		writeRefusal(w, &refusal{code: http.StatusUnauthorized, text: http.StatusText(http.StatusUnauthorized)})
		return
	}
	s.note(call)
	fault := s.nextFault(method)
	if fault != nil && fault.before(w, r) {
		return
	}
	result, err := s.handle(call)
	if fault != nil && fault.after(w, r, result) {
		return
	}
	if err != nil {
		writeRefusal(w, err)
		return
	}
	writeResult(w, result)
}

// handle does what a method asks for and returns its result as JSON.
func (s *Server) handle(call request) (json.RawMessage, error) {
	if !s.options.Lax {
		if err := s.checkFields(call); err != nil {
			return nil, err
		}
	}
	switch call.method {
	case "getMe":
		return json.Marshal(s.self())
	case "getUpdates":
		return s.getUpdates(call)
	case "deleteWebhook", "setWebhook":
		s.polls.setWebhook(call.method == "setWebhook" && call.params["url"] != "")
		return json.RawMessage("true"), nil
	case "setMyCommands":
		return s.setMyCommands(call)
	case "sendMessage", "sendPhoto":
		return s.send(call)
	case "editMessageText", "editMessageCaption", "editMessageMedia", "editMessageReplyMarkup":
		return s.edit(call)
	case "deleteMessage":
		return s.deleteMessage(call)
	case "answerCallbackQuery":
		return s.answerQuery(call)
	case "sendChatAction":
		if _, err := s.reach(call); err != nil {
			return nil, err
		}
		return json.RawMessage("true"), nil
	case "getChat", "getChatMember", "getChatAdministrators":
		return s.tellChat(call)
	}
	return nil, &refusal{code: http.StatusNotFound, text: "Not Found: method not found"}
}

func (s *Server) self() map[string]any {
	return map[string]any{
		"id": BotID, "is_bot": true, "first_name": "Bellwether", "username": s.options.Username,
		"can_join_groups": true, "can_read_all_group_messages": false, "supports_inline_queries": false,
	}
}

// maxUpload bounds a request: the largest photo is 10 MB.
const maxUpload = 12 << 20

// readRequest reads parameters from the address, a form, JSON or multipart.
func readRequest(r *http.Request, method string) (request, error) {
	call := request{method: method, params: make(map[string]string), http: r}
	if r.ContentLength < 0 {
		// Telegram itself takes it; servers that others wrote often do not.
		return call, &refusal{code: http.StatusLengthRequired, text: http.StatusText(http.StatusLengthRequired)}
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	addValues(call.params, r.URL.Query())
	switch kind {
	case "multipart/form-data":
		if err := r.ParseMultipartForm(maxUpload); err != nil {
			return call, bad("can't parse form: %v", err)
		}
		addValues(call.params, r.MultipartForm.Value)
		call.files = make(map[string]int)
		for field, headers := range r.MultipartForm.File {
			call.files[field] = int(headers[0].Size)
		}
		return call, nil
	case "application/json":
		var fields map[string]json.RawMessage
		if err := json.NewDecoder(io.LimitReader(r.Body, maxUpload)).Decode(&fields); err != nil {
			return call, bad("can't parse JSON: %v", err)
		}
		for name, raw := range fields {
			var text string
			if json.Unmarshal(raw, &text) != nil {
				text = string(raw)
			}
			call.params[name] = text
		}
		return call, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxUpload))
	if err != nil {
		return call, bad("can't read body")
	}
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return call, bad("can't parse form: %v", err)
	}
	addValues(call.params, values)
	return call, nil
}

func addValues(params map[string]string, values url.Values) {
	for name, list := range values {
		if len(list) > 0 {
			params[name] = list[len(list)-1]
		}
	}
}

func writeResult(w http.ResponseWriter, result json.RawMessage) {
	body := make([]byte, 0, len(result)+24)
	body = append(body, `{"ok":true,"result":`...)
	body = append(body, result...)
	body = append(body, '}')
	writeBody(w, http.StatusOK, body)
}

func writeRefusal(w http.ResponseWriter, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		r = &refusal{code: http.StatusInternalServerError, text: "Internal Server Error: " + err.Error()}
	}
	answer := map[string]any{"ok": false, "error_code": r.code, "description": r.text}
	if r.retryAfter > 0 {
		answer["parameters"] = map[string]any{"retry_after": r.retryAfter}
		w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	if r.migrateTo != 0 {
		answer["parameters"] = map[string]any{"migrate_to_chat_id": r.migrateTo}
	}
	body, err := json.Marshal(answer)
	if err != nil {
		body = []byte(`{"ok":false,"error_code":500}`)
	}
	writeBody(w, r.code, body)
}

func writeBody(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that went away is its own affair.
	_, _ = w.Write(body)
}

// tooMany refuses for a while, told in whole seconds.
func tooMany(wait time.Duration) error {
	seconds := max(int(math.Ceil(wait.Seconds())), 1)
	return &refusal{
		code:       http.StatusTooManyRequests,
		text:       fmt.Sprintf("Too Many Requests: retry after %d", seconds),
		retryAfter: seconds,
	}
}
