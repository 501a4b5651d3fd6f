package discordtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"bellwether/adapters/discord/discordtest"
)

// client asks a server as a bot would.
type client struct {
	t   *testing.T
	url string
}

func start(t *testing.T, o discordtest.Options) (*discordtest.Server, client) {
	t.Helper()
	s := discordtest.New(o)
	url, err := s.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, client{t, url}
}

func (c client) ask(method, path, body string) (int, map[string]any, http.Header) {
	c.t.Helper()
	var reader io.Reader
	if body != "" {
		reader = bytes.NewReader([]byte(body))
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.url+"/api/v10"+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("User-Agent", "DiscordBot (https://example.com, 1)")
	r.Header.Set("Authorization", "Bot secret")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var out map[string]any
	_ = json.NewDecoder(resp.Body).Decode(&out) // some answers are no objects
	return resp.StatusCode, out, resp.Header
}

const messages = "/channels/" + discordtest.General + "/messages"

func code(out map[string]any) int {
	f, _ := out["code"].(float64)
	return int(f)
}

func TestMessagesThatAreRefused(t *testing.T) {
	_, c := start(t, discordtest.Options{Token: "secret"})
	long := strings.Repeat("x", 2001)
	for name, want := range map[string]struct {
		body string
		code int
	}{
		"nothing to say":     {`{}`, 50006},
		"too long":           {`{"content":"` + long + `"}`, 50035},
		"no JSON":            {`{"content":`, 50109},
		"embed too long":     {`{"embeds":[{"description":"` + strings.Repeat("x", 4097) + `"}]}`, 50035},
		"embeds too long":    {`{"embeds":[{"description":"` + strings.Repeat("x", 4000) + `"},{"description":"` + strings.Repeat("x", 2001) + `"}]}`, 50035},
		"twice the same id":  {`{"content":"x","components":[{"type":1,"components":[{"type":2,"style":2,"label":"a","custom_id":"i"},{"type":2,"style":2,"label":"b","custom_id":"i"}]}]}`, 50035},
		"button with both":   {`{"content":"x","components":[{"type":1,"components":[{"type":2,"style":5,"label":"a","custom_id":"i","url":"https://a.example"}]}]}`, 50035},
		"nonce too long":     {`{"content":"x","nonce":"` + strings.Repeat("n", 26) + `"}`, 50035},
		"no such attachment": {`{"embeds":[{"image":{"url":"attachment://a.png"}}]}`, 50035},
		"lost reference":     {`{"content":"x","message_reference":{"message_id":"1"}}`, 50035},
	} {
		status, out, _ := c.ask("POST", messages, want.body)
		if status != http.StatusBadRequest || code(out) != want.code {
			t.Errorf("%s: %d %v", name, status, out)
		}
	}
	if status, out, _ := c.ask("POST", "/channels/1/messages", `{"content":"x"}`); status != 404 || code(out) != 10003 {
		t.Errorf("unknown channel: %d %v", status, out)
	}
}

func TestNonceHoldsForMinutes(t *testing.T) {
	now := time.Now()
	s, c := start(t, discordtest.Options{Now: func() time.Time { return now }})
	body := `{"content":"x","nonce":"n1","enforce_nonce":true}`
	_, first, _ := c.ask("POST", messages, body)
	_, second, _ := c.ask("POST", messages, body)
	if first["id"] != second["id"] || s.Made() != 1 {
		t.Errorf("made %d", s.Made())
	}
	now = now.Add(5 * time.Minute)
	if _, third, _ := c.ask("POST", messages, body); third["id"] == first["id"] {
		t.Error("a nonce was known after five minutes")
	}
}

func TestLimits(t *testing.T) {
	now := time.Now()
	s, c := start(t, discordtest.Options{PerChannel: 5, PerSecond: 7, Now: func() time.Time { return now }})
	for i := range 6 {
		status, out, h := c.ask("POST", messages, `{"content":"x"}`)
		switch {
		case i < 5 && (status != 200 || h.Get("X-RateLimit-Remaining") != fmt.Sprint(4-i)):
			t.Errorf("message %d: %d, %v", i, status, h)
		case i == 5 && (status != 429 || out["global"] != false || h.Get("Retry-After") != "5.001"):
			t.Errorf("message %d: %d %v %v", i, status, out, h)
		}
	}
	c.ask("GET", "/users/@me", "")
	status, out, h := c.ask("GET", "/users/@me", "")
	if status != 429 || out["global"] != true || h.Get("X-RateLimit-Reset-After") != "" || h.Get("X-RateLimit-Global") == "" {
		t.Errorf("global: %d %v %v", status, out, h)
	}
	if s.Refused() != 2 {
		t.Errorf("refused %d", s.Refused())
	}
}

func TestUnknownKeysAndPathsAreRefused(t *testing.T) {
	specs := os.Getenv("BELLWETHER_SPECS")
	if specs == "" {
		t.Skip("BELLWETHER_SPECS is not set: there is no description to check against")
	}
	spec, err := discordtest.LoadSpec(filepath.Join(specs, "discord-openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	_, c := start(t, discordtest.Options{Spec: spec})
	for body, want := range map[string]int{
		`{"content":"x","allowed_mentions":{"parse":[]},"embeds":[{"title":"t","fields":[{"name":"n","value":"v"}]}]}`: 200,
		`{"content":"x","sneaky":1}`:                                 400,
		`{"content":"x","embeds":[{"titel":"t"}]}`:                   400,
		`{"content":"x","allowed_mentions":{"parse":["everybody"]}}`: 400,
		`{"content":7}`: 400,
	} {
		if status, out, _ := c.ask("POST", messages, body); status != want {
			t.Errorf("%s: %d %v", body, status, out)
		}
	}
}

func TestGatewayResumes(t *testing.T) {
	s, c := start(t, discordtest.Options{Token: "secret"})
	dial := func() *websocket.Conn {
		conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	type packet struct {
		Op   int    `json:"op"`
		Seq  int    `json:"s"`
		Kind string `json:"t"`
		Data struct {
			Session string `json:"session_id"`
		} `json:"d"`
	}
	read := func(conn *websocket.Conn) (p packet) {
		if err := conn.ReadJSON(&p); err != nil && p.Kind == "" && p.Op == 0 {
			t.Fatal(err)
		}
		return p
	}
	first := dial()
	if p := read(first); p.Op != 10 {
		t.Fatalf("hello is %+v", p)
	}
	_ = first.WriteJSON(map[string]any{"op": 2, "d": map[string]any{"token": "Bot secret", "intents": 1}})
	ready := read(first)
	guild := read(first)
	if ready.Kind != "READY" || guild.Kind != "GUILD_CREATE" {
		t.Fatalf("%+v %+v", ready, guild)
	}
	_ = first.WriteJSON(map[string]any{"op": 1, "d": 2})
	if p := read(first); p.Op != 11 {
		t.Errorf("heartbeat answered by %+v", p)
	}
	s.Dispatch("CHANNEL_DELETE", map[string]any{"id": "1"})
	_ = first.Close() // without a close frame: the session can be resumed
	second := dial()
	read(second)
	_ = second.WriteJSON(map[string]any{"op": 6, "d": map[string]any{"token": "Bot secret", "session_id": ready.Data.Session, "seq": guild.Seq}})
	if missed, resumed := read(second), read(second); missed.Kind != "CHANNEL_DELETE" || resumed.Kind != "RESUMED" {
		t.Errorf("%+v %+v", missed, resumed)
	}
	if s.Resumes() != 1 {
		t.Errorf("resumed %d times", s.Resumes())
	}
	_ = second.WriteJSON(map[string]any{"op": 2, "d": map[string]any{"token": "Bot secret", "intents": 1}})
	if _, _, err := second.ReadMessage(); !websocket.IsCloseError(err, 4005) {
		t.Errorf("identified twice: %v", err)
	}
	third := dial()
	read(third)
	_ = third.WriteJSON(map[string]any{"op": 2, "d": map[string]any{"token": "Bot wrong", "intents": 1}})
	if _, _, err := third.ReadMessage(); !websocket.IsCloseError(err, 4004) {
		t.Errorf("wrong token: %v", err)
	}
}

func TestInteractionDeadlines(t *testing.T) {
	now := time.Now()
	s, c := start(t, discordtest.Options{Now: func() time.Time { return now }})
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.WriteJSON(map[string]any{"op": 2, "d": map[string]any{"token": "Bot x", "intents": 1}})
	if err := s.AwaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	deed := func() *discordtest.Exchange {
		e, err := s.Interact(discordtest.Deed{Name: "quote"})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	callback := func(e *discordtest.Exchange) (int, int) {
		status, out, _ := c.ask("POST", "/interactions/"+e.ID+"/"+e.Token+"/callback", `{"type":4,"data":{"content":"x"}}`)
		return status, code(out)
	}
	late := deed()
	now = now.Add(4 * time.Second)
	if status, n := callback(late); status != 404 || n != 10062 {
		t.Errorf("late: %d %d", status, n)
	}
	e := deed()
	webhook := "/webhooks/" + discordtest.Application + "/" + e.Token
	if status, out, _ := c.ask("POST", webhook, `{"content":"x"}`); status != 404 || code(out) != 10015 {
		t.Errorf("before the first response: %d %v", status, out)
	}
	if status, _ := callback(e); status != 204 {
		t.Errorf("first: %d", status)
	}
	if status, n := callback(e); status != 400 || n != 40060 {
		t.Errorf("twice: %d %d", status, n)
	}
	if status, _, _ := c.ask("PATCH", webhook+"/messages/@original", `{"content":"y"}`); status != 200 {
		t.Errorf("edit: %d", status)
	}
	now = now.Add(16 * time.Minute)
	if status, out, _ := c.ask("POST", webhook, `{"content":"x"}`); status != 401 || code(out) != 50027 {
		t.Errorf("after 15 minutes: %d %v", status, out)
	}
}

func BenchmarkLean(b *testing.B) {
	s := discordtest.New(discordtest.Options{Lean: true})
	url, err := s.Start()
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Close)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			r, _ := http.NewRequest("POST", url+"/api/v9"+messages, strings.NewReader(`{"content":"x"}`))
			r.Header.Set("User-Agent", "DiscordBot (x, 1)")
			r.Header.Set("Content-Type", "application/json")
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, resp.Body) // only the connection counts
			_ = resp.Body.Close()
		}
	})
}
