package webchat

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"bellwether/bot"
	"bellwether/subscriptions"
)

const (
	cookieName = "bellwether_visitor"
	// The page sends this header with each request; another site's page cannot
	// without the browser asking us first.
	ownHeader   = "X-Bellwether"
	maxBody     = 16 << 10
	maxText     = 2000 // code points of one message
	showEntries = 200
)

// Handler serves the page.
func (c *Chat) Handler() http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the page is embedded
	}
	mux.Handle("GET /{$}", http.HandlerFunc(c.serveIndex))
	mux.Handle("GET /chat.css", http.FileServerFS(files))
	mux.Handle("GET /chat.js", http.FileServerFS(files))
	mux.Handle("GET /icon.svg", http.FileServerFS(files))
	mux.HandleFunc("GET /state", c.visited(c.serveState))
	mux.HandleFunc("GET /stream", c.visited(c.serveStream))
	mux.HandleFunc("GET /suggest", c.visited(c.serveSuggest))
	mux.HandleFunc("GET /picture", c.visited(c.servePicture))
	mux.HandleFunc("POST /say", c.visited(c.own(c.serveSay)))
	mux.HandleFunc("POST /press", c.visited(c.own(c.servePress)))
	return c.guard(mux)
}

// guard refuses hosts that are not ours, so that a stranger's page which makes
// its own name lead to this machine reaches nothing, and sets the headers that
// keep the page to itself.
func (c *Chat) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !c.ours(r.Host) {
			http.Error(w, "This address does not belong to this chat.", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		next.ServeHTTP(w, r)
	})
}

func (c *Chat) ours(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	name = strings.Trim(name, "[]")
	if name == "localhost" || slices.Contains(c.o.Hosts, name) {
		return true
	}
	ip, err := netip.ParseAddr(name)
	return err == nil && ip.IsLoopback()
}

type visitorHandler func(w http.ResponseWriter, r *http.Request, visitor string)

// visited finds out who asks; a request without a visitor's cookie is refused.
func (c *Chat) visited(next visitorHandler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cookie, err := r.Cookie(cookieName)
		if err != nil || !isVisitor(cookie.Value) {
			http.Error(w, "Please load the page again.", http.StatusUnauthorized)
			return
		}
		next(w, r, cookie.Value)
	}
}

// own lets only our own page change something.
func (c *Chat) own(next visitorHandler) visitorHandler {
	return func(w http.ResponseWriter, r *http.Request, visitor string) {
		if subtle.ConstantTimeCompare([]byte(r.Header.Get(ownHeader)), []byte("1")) != 1 {
			http.Error(w, "Only the chat's own page may do that.", http.StatusForbidden)
			return
		}
		if err := c.pace(visitor); err != nil {
			http.Error(w, "Too fast. Please wait a moment.", http.StatusTooManyRequests)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next(w, r, visitor)
	}
}

func isVisitor(s string) bool {
	return len(s) == 24 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz234567") == ""
}

// serveIndex gives the page, and a name to whoever has none.
func (c *Chat) serveIndex(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(cookieName)
	if err != nil || !isVisitor(cookie.Value) {
		id, err := c.newID()
		if err != nil {
			c.fail(w, "make a visitor", err)
			return
		}
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // served on this machine without TLS
			Name: cookieName, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: 400 * 24 * 3600,
		})
	}
	w.Header().Set("Cache-Control", "no-store")
	body, err := page.ReadFile("page/index.html")
	if err != nil {
		c.fail(w, "read the page", err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body)
}

// stateJSON is what the page needs to begin.
type stateJSON struct {
	Entries     []streamJSON  `json:"entries"`
	Commands    []commandJSON `json:"commands"`
	Suggestions []string      `json:"suggestions"`
	Change      int64         `json:"change"`
}

type commandJSON struct {
	Name  string `json:"name"`
	Brief string `json:"brief"`
	Usage string `json:"usage"`
}

type streamJSON struct {
	ID     string          `json:"id"`
	Change int64           `json:"change"`
	Body   json.RawMessage `json:"body"`
}

func (c *Chat) serveState(w http.ResponseWriter, r *http.Request, visitor string) {
	entries, err := c.o.Transcript.EntriesAfter(r.Context(), visitor, 0, showEntries)
	if err != nil {
		c.fail(w, "read a transcript", err)
		return
	}
	if len(entries) == 0 {
		if err := c.submit(r.Context(), visitor, bot.Request{ID: "webchat/" + visitor + "/start", Command: "start"}); err != nil {
			c.fail(w, "welcome a visitor", err)
			return
		}
	}
	state := stateJSON{Suggestions: c.o.Suggestions, Entries: []streamJSON{}}
	for _, e := range entries {
		state.Entries = append(state.Entries, streamJSON{ID: e.ID, Change: e.Change, Body: json.RawMessage(e.Body)})
		state.Change = max(state.Change, e.Change)
	}
	for _, command := range c.o.Commands {
		state.Commands = append(state.Commands, commandJSON{Name: command.Name, Brief: command.Brief, Usage: command.Usage})
	}
	c.answer(w, state)
}

// serveStream follows a transcript by server-sent events. A page that was cut
// off says what it saw last, so nothing is missing and nothing comes twice.
func (c *Chat) serveStream(w http.ResponseWriter, r *http.Request, visitor string) {
	flusher, ok := w.(http.Flusher)
	if !ok {
		http.Error(w, "streams are not possible here", http.StatusInternalServerError)
		return
	}
	seen, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64)
	if err != nil {
		seen, _ = strconv.ParseInt(r.URL.Query().Get("after"), 10, 64)
	}
	s, leave := c.join(visitor)
	defer leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = fmt.Fprint(w, "retry: 1000\n\n")
	alive := time.NewTicker(20 * time.Second)
	defer alive.Stop()
	for {
		entries, err := c.o.Transcript.EntriesAfter(r.Context(), visitor, seen, showEntries)
		if err != nil {
			c.o.Log.Warn("follow a transcript", "error", err)
			return
		}
		for _, e := range entries {
			seen = e.Change
			line, err := json.Marshal(streamJSON{ID: e.ID, Change: e.Change, Body: json.RawMessage(e.Body)})
			if err != nil {
				c.o.Log.Warn("follow a transcript", "error", err)
				return
			}
			if _, err := fmt.Fprintf(w, "id: %d\ndata: %s\n\n", e.Change, line); err != nil {
				return
			}
		}
		flusher.Flush()
		select {
		case <-r.Context().Done():
			return
		case <-s.news:
		case <-alive.C:
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil {
				return
			}
		}
	}
}

// sayJSON is what a visitor typed.
type sayJSON struct {
	ID   string `json:"id"` // the page's own, so that a repeated request is known
	Text string `json:"text"`
	Zone string `json:"zone"`
}

func (c *Chat) serveSay(w http.ResponseWriter, r *http.Request, visitor string) {
	var said sayJSON
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil || !isToken(said.ID) {
		http.Error(w, "That could not be read. Please load the page again.", http.StatusBadRequest)
		return
	}
	text := strings.TrimSpace(said.Text)
	if text == "" || utf8.RuneCountInString(text) > maxText {
		http.Error(w, fmt.Sprintf("Please write 1 to %d characters.", maxText), http.StatusUnprocessableEntity)
		return
	}
	request := bot.Request{ID: "webchat/" + visitor + "/" + said.ID, Text: text}
	if rest, ok := strings.CutPrefix(text, "/"); ok {
		name, after, _ := strings.Cut(rest, " ")
		request.Command, request.Text = strings.ToLower(name), strings.TrimSpace(after)
	}
	request.Place.Zone = knownZone(said.Zone)
	if err := c.echo(r.Context(), visitor, "y"+said.ID, text); err != nil {
		c.fail(w, "write a transcript", err)
		return
	}
	c.take(w, r, visitor, request)
}

// pressJSON is a button that a visitor pressed, or a form that they filled in.
type pressJSON struct {
	ID      string            `json:"id"`
	Data    string            `json:"data"`
	Message string            `json:"message"`
	Label   string            `json:"label"`
	Form    map[string]string `json:"form"`
}

func (c *Chat) servePress(w http.ResponseWriter, r *http.Request, visitor string) {
	var pressed pressJSON
	if err := json.NewDecoder(r.Body).Decode(&pressed); err != nil || !isToken(pressed.ID) || len(pressed.Data) > 64 {
		http.Error(w, "That could not be read. Please load the page again.", http.StatusBadRequest)
		return
	}
	c.take(w, r, visitor, bot.Request{
		ID: "webchat/" + visitor + "/" + pressed.ID, Button: pressed.Data, Message: pressed.Message, Form: pressed.Form,
	})
}

// take answers a request at once, or has it written down.
func (c *Chat) take(w http.ResponseWriter, r *http.Request, visitor string, request bot.Request) {
	request = c.complete(visitor, request)
	answer, err := c.o.Desk.Answer(r.Context(), request)
	if errors.Is(err, bot.ErrSubmit) {
		if err = c.o.Desk.Submit(r.Context(), request); err == nil {
			c.answer(w, answerJSON{})
			return
		}
	}
	if err != nil {
		c.fail(w, "take a request", err)
		return
	}
	if answer.Message != nil {
		if err := c.show(r.Context(), visitor, request, answer); err != nil {
			c.fail(w, "write a transcript", err)
			return
		}
	}
	c.answer(w, answerJSON{Toast: answer.Toast, Modal: fromModal(answer.Modal)})
}

// show puts an answer that came at once into the transcript.
func (c *Chat) show(ctx context.Context, visitor string, request bot.Request, answer bot.Answer) error {
	entry := fromMessage(answer.Message)
	entry.At = c.o.Now().UTC()
	id := "a" + request.ID[strings.LastIndexByte(request.ID, '/')+1:]
	if answer.Edit && request.Message != "" {
		if before, found, err := c.o.Transcript.Entry(ctx, visitor, request.Message); err != nil {
			return err
		} else if found {
			id, entry.At = request.Message, entryTime(before, entry.At)
		}
	}
	if p := answer.Message.Picture; p != nil && c.o.Draw != nil {
		if err := c.o.Draw(ctx, p); err != nil {
			c.o.Log.Warn("draw a picture", "error", err)
			entry.Picture = ""
		}
	}
	body, err := encodeEntry(entry)
	if err != nil {
		return err
	}
	if _, err := c.o.Transcript.PutEntry(ctx, visitor, id, body); err != nil {
		return err
	}
	c.nudge(visitor)
	return nil
}

func (c *Chat) complete(visitor string, r bot.Request) bot.Request {
	r.Identity = subscriptions.Identity{Platform: subscriptions.WebChat, User: visitor, Name: "Guest"}
	r.Place.Address, r.Place.Kind, r.Place.Title = Address(visitor), subscriptions.Private, "Web chat"
	r.At, r.Locale = c.o.Now().UTC(), "en"
	return r
}

func (c *Chat) submit(ctx context.Context, visitor string, r bot.Request) error {
	return c.o.Desk.Submit(ctx, c.complete(visitor, r))
}

// echo keeps what the visitor said.
func (c *Chat) echo(ctx context.Context, visitor, id, text string) error {
	body, err := encodeEntry(entryJSON{From: "you", Text: text, At: c.o.Now().UTC()})
	if err != nil {
		return err
	}
	if _, err := c.o.Transcript.PutEntry(ctx, visitor, id, body); err != nil {
		return err
	}
	c.nudge(visitor)
	return nil
}

func (c *Chat) serveSuggest(w http.ResponseWriter, r *http.Request, visitor string) {
	q := r.URL.Query()
	request := c.complete(visitor, bot.Request{ID: "webchat/suggest", Command: q.Get("command")})
	choices, err := c.o.Desk.Suggest(r.Context(), request, q.Get("option"), q.Get("typed"))
	if err != nil {
		c.fail(w, "suggest", err)
		return
	}
	out := make([]map[string]string, 0, len(choices))
	for _, choice := range choices[:min(len(choices), 8)] {
		out = append(out, map[string]string{"label": choice.Label, "value": choice.Value})
	}
	c.answer(w, out)
}

func (c *Chat) servePicture(w http.ResponseWriter, r *http.Request, _ string) {
	if c.o.Pictures == nil {
		http.NotFound(w, r)
		return
	}
	png, err := c.o.Pictures(r.Context(), r.URL.Query().Get("key"))
	if err != nil || len(png) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = w.Write(png)
}

func (c *Chat) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		c.o.Log.Debug("answer a page", "error", err)
	}
}

func (c *Chat) fail(w http.ResponseWriter, doing string, err error) {
	c.o.Log.Error("web chat", "doing", doing, "error", err)
	http.Error(w, "Something went wrong on our side. Please try again.", http.StatusInternalServerError)
}

// isToken tells whether an id of the page is one: 8 to 40 letters and digits.
func isToken(s string) bool {
	return len(s) >= 8 && len(s) <= 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// knownZone returns the browser's time zone where it is one.
func knownZone(name string) string {
	if name == "" || len(name) > 60 {
		return ""
	}
	if _, err := time.LoadLocation(name); err != nil {
		return ""
	}
	return name
}
