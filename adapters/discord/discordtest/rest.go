package discordtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxBody is what a request may have (Discord: 25 MiB).
const maxBody = 25 << 20

// problem is Discord's answer to what it refuses.
type problem struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Error says what was refused.
func (p *problem) Error() string { return fmt.Sprintf("%d: %s", p.Code, p.Message) }

func refuse(status, code int, text string) *problem {
	return &problem{status: status, Code: code, Message: text}
}

func invalidForm(format string, args ...any) *problem {
	return refuse(http.StatusBadRequest, 50035, "Invalid Form Body: "+fmt.Sprintf(format, args...))
}

// call is a request with its body read.
type call struct {
	*http.Request
	body  json.RawMessage
	files map[string][]byte
}

// handler answers a call: a value to be written as JSON, nil for 204.
type handler func(c call) (any, error)

var version = regexp.MustCompile(`^/api(/v[0-9]+)?`)

// routes returns what is served, below the API's prefix.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	for pattern, h := range map[string]handler{
		"GET /gateway":                                          s.getGateway,
		"GET /gateway/bot":                                      s.getGatewayBot,
		"GET /users/@me":                                        s.getMe,
		"POST /users/@me/channels":                              s.openDirect,
		"GET /applications/{app}/commands":                      s.getCommands,
		"PUT /applications/{app}/commands":                      s.putCommands,
		"GET /applications/{app}/guilds/{guild}/commands":       s.getCommands,
		"PUT /applications/{app}/guilds/{guild}/commands":       s.putCommands,
		"GET /guilds/{guild}":                                   s.getGuild,
		"GET /guilds/{guild}/members/{user}":                    s.getMember,
		"GET /channels/{channel}":                               s.getChannel,
		"GET /channels/{channel}/messages":                      s.listMessages,
		"POST /channels/{channel}/messages":                     s.createMessage,
		"GET /channels/{channel}/messages/{message}":            s.getMessage,
		"PATCH /channels/{channel}/messages/{message}":          s.editMessage,
		"DELETE /channels/{channel}/messages/{message}":         s.deleteMessage,
		"POST /channels/{channel}/messages/{message}/crosspost": s.crosspost,
		"POST /channels/{channel}/threads":                      s.createThread,
		"POST /interactions/{id}/{token}/callback":              s.callback,
		"POST /webhooks/{app}/{token}":                          s.followUp,
		"PATCH /webhooks/{app}/{token}/messages/{message}":      s.editFollowUp,
		"DELETE /webhooks/{app}/{token}/messages/{message}":     s.deleteFollowUp,
	} {
		mux.HandleFunc(pattern, s.serve(h))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusNotFound, problem{Message: "404: Not Found"})
	})
	return mux
}

// ServeHTTP serves the API below "/api" or "/api/v9", and the gateway.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/ws") {
		s.serveGateway(w, r)
		return
	}
	prefix := version.FindString(r.URL.Path)
	if prefix == "" {
		http.NotFound(w, r)
		return
	}
	inner := r.Clone(r.Context())
	inner.URL.Path = strings.TrimPrefix(r.URL.Path, prefix)
	inner.URL.RawPath = ""
	s.mux.ServeHTTP(w, inner)
}

// serve wraps a handler with what holds for every request.
func (s *Server) serve(h handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := readCall(r)
		f := s.fault(r.Method, r.URL.Path)
		if f != nil && f.Hold != nil {
			select {
			case <-f.Hold:
			case <-r.Context().Done():
			}
		}
		if f != nil && !f.After && (f.Status != 0 || f.Cut) {
			s.note(c, f.Status)
			f.answer(w)
			return
		}
		var result any
		if err == nil {
			err = s.admit(w, c)
		}
		if err == nil {
			result, err = h(c)
		}
		if f != nil && f.After {
			s.note(c, f.Status)
			f.answer(w)
			return
		}
		status, value := outcome(w.Header(), result, err)
		s.note(c, status)
		writeJSON(w, status, value)
	}
}

// outcome returns what is answered to a handler's result.
func outcome(h http.Header, result any, err error) (status int, value any) {
	if err == nil && result == nil {
		return http.StatusNoContent, nil
	}
	if err == nil {
		return http.StatusOK, result
	}
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = invalidForm("%v", err)
	}
	if p.status == http.StatusTooManyRequests {
		return p.status, map[string]any{
			"message": p.Message, "code": 0, "global": h.Get("X-RateLimit-Global") != "", "retry_after": retryAfter(h),
		}
	}
	return p.status, p
}

func retryAfter(h http.Header) float64 {
	f, _ := strconv.ParseFloat(h.Get("Retry-After"), 64) // 0 where it is not set
	return f
}

// note keeps a request and wakes who waits for it.
func (s *Server) note(c call, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.Lean {
		return
	}
	s.requests = append(s.requests, Request{c.Method, c.URL.Path, c.Header, c.body, status})
	s.tell()
}

func readCall(r *http.Request) (call, error) {
	c := call{Request: r}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return c, refuse(http.StatusRequestEntityTooLarge, 40005, "Request entity too large")
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		c.body = raw
		if len(raw) > 0 && (kind != "application/json" || !json.Valid(raw)) {
			return c, refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
		}
		return c, nil
	}
	c.files = make(map[string][]byte)
	parts := multipart.NewReader(bytes.NewReader(raw), params["boundary"])
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return c, invalidForm("multipart: %v", err)
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return c, invalidForm("multipart: %v", err)
		}
		switch name := part.FormName(); {
		case name == "payload_json":
			c.body = data
		case strings.HasPrefix(name, "files["):
			c.files[strings.TrimSuffix(strings.TrimPrefix(name, "files["), "]")] = data
		default:
			return c, invalidForm("multipart: unknown part %q", name)
		}
	}
	if !json.Valid(c.body) {
		return c, refuse(http.StatusBadRequest, 50109, "The request body contains invalid JSON.")
	}
	return c, nil
}

// admit refuses who may not ask, who asks too fast, and what nobody may ask.
func (s *Server) admit(w http.ResponseWriter, c call) error {
	if !strings.HasPrefix(c.UserAgent(), "DiscordBot (") {
		return refuse(http.StatusForbidden, 40333, "internal network error")
	}
	interaction := strings.HasPrefix(c.URL.Path, "/interactions/") || strings.HasPrefix(c.URL.Path, "/webhooks/")
	if !interaction && c.URL.Path != "/gateway" && !s.accepts(strings.TrimPrefix(c.Header.Get("Authorization"), "Bot ")) {
		return refuse(http.StatusUnauthorized, 0, "401: "+http.StatusText(http.StatusUnauthorized))
	}
	s.mu.Lock()
	err := s.limit(w.Header(), c, interaction)
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if s.spec != nil {
		if err := s.spec.check(c.Method, c.URL.Path, c.body); err != nil {
			return invalidForm("%v", err)
		}
	}
	return nil
}

func (s *Server) accepts(token string) bool { return s.options.Token == "" || token == s.options.Token }

// limit counts a request. mu is held.
func (s *Server) limit(h http.Header, c call, interaction bool) error {
	now := s.now()
	if s.options.PerSecond > 0 && !interaction {
		if ok, _, after := s.limits.global.take(now, s.options.PerSecond, time.Second); !ok {
			// Discord names no Reset-After here.
			h.Set("X-RateLimit-Global", "true")
			h.Set("X-RateLimit-Scope", "global")
			h.Set("Retry-After", duration(after))
			s.limits.refused++
			return refuse(http.StatusTooManyRequests, 0, "You are being rate limited.")
		}
	}
	channel := strings.TrimPrefix(c.URL.Path, "/channels/")
	channel, rest, _ := strings.Cut(channel, "/")
	if s.options.PerChannel <= 0 || c.Method != http.MethodPost || rest != "messages" && rest != "threads" {
		return nil
	}
	bucket := s.limits.channels[channel+rest]
	if bucket == nil {
		bucket = new(span)
		s.limits.channels[channel+rest] = bucket
	}
	ok, left, after := bucket.take(now, s.options.PerChannel, s.options.PerChannelSpan)
	h.Set("X-RateLimit-Limit", strconv.Itoa(s.options.PerChannel))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(left))
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(float64(now.Add(after).UnixMilli())/1000, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", duration(after))
	h.Set("X-RateLimit-Bucket", rest)
	if !ok {
		h.Set("X-RateLimit-Scope", "user")
		h.Set("Retry-After", duration(after))
		s.limits.refused++
		return refuse(http.StatusTooManyRequests, 0, "You are being rate limited.")
	}
	return nil
}

// duration writes seconds, rounded up so that waiting so long is enough.
func duration(d time.Duration) string {
	return strconv.FormatFloat((d + time.Millisecond).Seconds(), 'f', 3, 64)
}

func writeJSON(w http.ResponseWriter, status int, value any) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	encoded, err := json.Marshal(value)
	if err != nil {
		status, encoded = http.StatusInternalServerError, []byte(`{"message":"500: Internal Server Error","code":0}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(encoded) // the client may be gone
}
