package webchat

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"time"

	"bellwether/bot"
)

const (
	showEntries = 200
	maxTyped    = 200 // code points and bytes of what is completed
	maxKey      = 300 // bytes of a picture's key
	offered     = 8   // choices that a page shows at once
)

// Handler serves the page.
func (c *Chat) Handler() http.Handler {
	mux := http.NewServeMux()
	files, err := fs.Sub(page, "page")
	if err != nil {
		panic(err) // the page is embedded
	}
	mux.HandleFunc("GET /{$}", c.serveIndex)
	for _, name := range []string{"/chat.css", "/chat.js", "/icon.svg"} {
		mux.Handle("GET "+name, http.FileServerFS(files))
	}
	mux.HandleFunc("GET /state", c.visited(c.serveState))
	mux.HandleFunc("GET /stream", c.visited(c.serveStream))
	mux.HandleFunc("GET /suggest", c.visited(c.serveSuggest))
	mux.HandleFunc("GET /picture", c.visited(c.servePicture))
	mux.HandleFunc("POST /say", c.visited(c.own(c.serveSay)))
	mux.HandleFunc("POST /press", c.visited(c.own(c.servePress)))
	return c.guard(mux)
}

// serveIndex gives the page, and a name to whoever has none.
func (c *Chat) serveIndex(w http.ResponseWriter, r *http.Request) {
	cookie, err := r.Cookie(cookieName)
	if err != nil || !isVisitor(cookie.Value) {
		visitor, err := c.newVisitor()
		if err != nil {
			c.fail(w, r, "make a visitor", err)
			return
		}
		http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure only where there is TLS: this machine's own address has none
			Name: cookieName, Value: visitor, Path: "/", HttpOnly: true, Secure: r.TLS != nil,
			SameSite: http.SameSiteLaxMode, MaxAge: 400 * 24 * 3600,
		})
	}
	body, err := page.ReadFile("page/index.html")
	if err != nil {
		c.fail(w, r, "read the page", err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(body)
}

// stateJSON is what the page needs to begin.
type stateJSON struct {
	Life        string        `json:"life"`
	Entries     []streamJSON  `json:"entries"`
	Commands    []commandJSON `json:"commands"`
	Suggestions []string      `json:"suggestions"`
	Change      int64         `json:"change"`
}

// serveState gives the transcript as it is now, and welcomes a new visitor.
func (c *Chat) serveState(w http.ResponseWriter, r *http.Request, visitor string) {
	entries, err := c.o.Transcript.EntriesAfter(r.Context(), visitor, 0, showEntries)
	if err != nil {
		c.fail(w, r, "read a transcript", err)
		return
	}
	if len(entries) == 0 {
		start := bot.Request{ID: requestID(visitor, "start"), Command: "start"}
		start.Place.Zone = knownZone(r.URL.Query().Get("zone"))
		if err := c.o.Desk.Submit(r.Context(), c.complete(visitor, start)); err != nil {
			c.fail(w, r, "welcome a visitor", err)
			return
		}
	}
	state := stateJSON{Life: c.life, Suggestions: c.o.Suggestions, Entries: []streamJSON{}, Commands: commands(c.o.Commands)}
	for _, e := range entries {
		state.Change = max(state.Change, e.Change)
	}
	// By when they were first said: one that was edited stays where it was.
	slices.SortStableFunc(entries, func(a, b Entry) int {
		return entryTime(a, time.Time{}).Compare(entryTime(b, time.Time{}))
	})
	for _, e := range entries {
		if json.Valid([]byte(e.Body)) {
			state.Entries = append(state.Entries, streamJSON{ID: e.ID, Change: e.Change, Body: json.RawMessage(e.Body)})
		}
	}
	c.answer(w, state)
}

// serveSuggest completes what a visitor types.
func (c *Chat) serveSuggest(w http.ResponseWriter, r *http.Request, visitor string) {
	q := r.URL.Query()
	command, option, typed := q.Get("command"), q.Get("option"), q.Get("typed")
	if len(command) > 32 || len(option) > 32 || len(typed) > maxTyped {
		c.answer(w, []bot.Choice{})
		return
	}
	request := c.complete(visitor, bot.Request{ID: requestID(visitor, "suggest"), Command: strings.ToLower(command)})
	choices, err := c.o.Desk.Suggest(r.Context(), request, option, typed)
	if err != nil {
		c.fail(w, r, "suggest", err)
		return
	}
	out := make([]choiceJSON, 0, offered)
	for _, choice := range choices[:min(len(choices), offered)] {
		out = append(out, choiceJSON(choice))
	}
	c.answer(w, out)
}

// servePicture gives a picture by its key. A key tells all that its picture
// shows: whoever knows it learns nothing new.
func (c *Chat) servePicture(w http.ResponseWriter, r *http.Request, _ string) {
	key := r.URL.Query().Get("key")
	if c.o.Pictures == nil || key == "" || len(key) > maxKey {
		http.NotFound(w, r)
		return
	}
	png, err := c.o.Pictures(r.Context(), key)
	if err != nil {
		c.fail(w, r, "read a picture", err)
		return
	}
	if len(png) == 0 {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
	_, _ = w.Write(png)
}

func (c *Chat) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		c.o.Log.Debug("answer a page", "error", err)
	}
}

// fail tells a page that we are at fault, and the log why. A page that went
// away is nobody's fault.
func (c *Chat) fail(w http.ResponseWriter, r *http.Request, doing string, err error) {
	if r.Context().Err() == nil {
		c.o.Log.Error("web chat", "doing", doing, "error", err)
	}
	http.Error(w, "Something went wrong on our side. Please try again.", http.StatusInternalServerError)
}
