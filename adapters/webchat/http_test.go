package webchat_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/webchat"
	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

func text(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFirstVisitGetsANameAndAClosedPage(t *testing.T) {
	r := newRoom(t, nil)
	res := r.do("GET", "/", "", func(q *http.Request) { q.Header.Del("Cookie") })
	if res.StatusCode != http.StatusOK || len(res.Cookies()) != 1 {
		t.Fatalf("status %d, cookies %v", res.StatusCode, res.Cookies())
	}
	c := res.Cookies()[0]
	if c.Name != cookieName || len(c.Value) != 24 || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %v", c)
	}
	csp := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy %q lacks %q", csp, want)
		}
	}
	if strings.Contains(csp, "unsafe") {
		t.Errorf("policy %q", csp)
	}
	if again := r.do("GET", "/", "", nil); len(again.Cookies()) != 0 {
		t.Error("a known visitor got another name")
	}
	if forged := r.do("GET", "/", "", func(q *http.Request) { q.Header.Set("Cookie", cookieName+"=../x") }); len(forged.Cookies()) != 1 {
		t.Error("a forged name was kept")
	}
}

func TestOnlyOwnAddressesAreServed(t *testing.T) {
	r := newRoom(t, func(o *webchat.Options) { o.Hosts = []string{"chat.example.org"} })
	for host, want := range map[string]int{
		"localhost:8383": 200, "127.0.0.1": 200, "[::1]:8383": 200, "chat.example.org": 200, "Chat.Example.org:443": 200,
		"evil.example": 421, "127.0.0.1.evil.example": 421, "10.0.0.8": 421, "localhost.evil.example:80": 421,
	} {
		if res := r.do("GET", "/", "", func(q *http.Request) { q.Host = host }); res.StatusCode != want {
			t.Errorf("host %s: status %d, want %d", host, res.StatusCode, want)
		}
	}
}

func TestOthersCannotAct(t *testing.T) {
	r := newRoom(t, nil)
	say := `{"id":"aaaaaaaa","text":"hello"}`
	for name, tt := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"without the page's header":    {func(q *http.Request) { q.Header.Del("X-Bellwether") }, 403},
		"from another site":            {func(q *http.Request) { q.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"from another origin":          {func(q *http.Request) { q.Header.Set("Origin", "https://evil.example") }, 403},
		"without a cookie":             {func(q *http.Request) { q.Header.Del("Cookie") }, 401},
		"with a name that is none":     {func(q *http.Request) { q.Header.Set("Cookie", cookieName+"=ABC") }, 401},
		"the page itself, to compare":  {nil, 200},
		"with the wrong kind of deed ": {func(q *http.Request) { q.Method = "PUT" }, 405},
	} {
		if res := r.do("POST", "/say", say, tt.change); res.StatusCode != tt.want {
			t.Errorf("%s: status %d, want %d", name, res.StatusCode, tt.want)
		}
	}
	if n := len(r.memory.of(visitor)); n != 1 {
		t.Errorf("%d entries, want 1", n)
	}
}

func TestNewVisitorIsWelcomedOnce(t *testing.T) {
	r := newRoom(t, nil)
	for range 3 {
		if res := r.do("GET", "/state?zone=Asia/Singapore", "", nil); res.StatusCode != 200 {
			t.Fatalf("status %d", res.StatusCode)
		}
	}
	got := r.desk.requests()
	if len(got) != 1 || got[0].Command != "start" || got[0].ID != "webchat/"+visitor+"/start" || got[0].Place.Zone != "Asia/Singapore" {
		t.Errorf("submitted %+v", got)
	}
}

func TestZoneIsBelievedOnlyWhereItIsOne(t *testing.T) {
	for zone, want := range map[string]string{
		"Europe/Paris": "Europe/Paris", "UTC": "UTC", "": "", "Local": "", "Mars/Base": "", "../../etc/passwd": "", "/etc/localtime": "",
		strings.Repeat("a/", 40): "",
	} {
		r := newRoom(t, nil)
		body, _ := json.Marshal(map[string]string{"id": "aaaaaaaa", "text": "hello", "zone": zone})
		if res := r.do("POST", "/say", string(body), nil); res.StatusCode != 200 {
			t.Errorf("zone %q: status %d", zone, res.StatusCode)
		}
		if got := r.desk.requests(); len(got) != 1 || got[0].Place.Zone != want {
			t.Errorf("zone %q became %+v", zone, got)
		}
	}
}

func TestSayBecomesARequest(t *testing.T) {
	for said, want := range map[string]bot.Request{
		"BTC-USD > 70000":                {Text: "BTC-USD > 70000"},
		"/Alert  BTC-USD > 70000 ":       {Command: "alert", Text: "BTC-USD > 70000"},
		"/watch\nSTI":                    {Command: "watch", Text: "STI"},
		"/help":                          {Command: "help"},
		"/":                              {},
		"gold \u202Ebelow\u0000 2300":    {Text: "gold below 2300"},
		"  STI \u200B moves 2%\r\n\r\n ": {Text: "STI moves 2%"},
	} {
		r := newRoom(t, nil)
		body, _ := json.Marshal(map[string]string{"id": "aaaaaaaa", "text": said})
		r.do("POST", "/say", string(body), nil)
		got := r.desk.requests()
		if len(got) != 1 || got[0].Command != want.Command || got[0].Text != want.Text {
			t.Errorf("%q became %+v", said, got)
			continue
		}
		if got[0].Identity.User != visitor || got[0].Place.Address != webchat.Address(visitor) || got[0].At != r.clock.now() {
			t.Errorf("%q is from %+v at %+v", said, got[0].Identity, got[0].Place)
		}
	}
}

func TestBadRequestsAreRefused(t *testing.T) {
	r := newRoom(t, nil)
	for name, tt := range map[string]struct {
		path, body string
		want       int
	}{
		"no JSON":                 {"/say", `hello`, 400},
		"no id":                   {"/say", `{"text":"a"}`, 400},
		"an id with a path":       {"/say", `{"id":"../../../a","text":"a"}`, 400},
		"nothing said":            {"/say", `{"id":"aaaaaaaa","text":" \u200b\n"}`, 422},
		"too much said":           {"/say", `{"id":"aaaaaaaa","text":"` + strings.Repeat("é", 2001) + `"}`, 422},
		"a body without an end":   {"/say", `{"id":"aaaaaaaa","text":"` + strings.Repeat("a", 1<<18) + `"}`, 400},
		"a button without data":   {"/press", `{"id":"aaaaaaaa"}`, 400},
		"long data":               {"/press", `{"id":"aaaaaaaa","data":"` + strings.Repeat("a", 65) + `"}`, 400},
		"a button of one's own":   {"/press", `{"id":"aaaaaaaa","data":"1:x","message":"yaaaaaaaa"}`, 400},
		"a form of six":           {"/press", `{"id":"aaaaaaaa","data":"1:x","form":{"a":"","b":"","c":"","d":"","e":"","f":""}}`, 400},
		"a page that is not here": {"/admin", `{}`, 404},
	} {
		if res := r.do("POST", tt.path, tt.body, nil); res.StatusCode != tt.want {
			t.Errorf("%s: status %d, want %d", name, res.StatusCode, tt.want)
		}
	}
	if got := r.desk.requests(); len(got) != 0 {
		t.Errorf("submitted %+v", got)
	}
}

func TestRepeatedRequestsAreDoneOnce(t *testing.T) {
	r := newRoom(t, nil)
	r.desk.reply = func(bot.Request) (*message.Message, string) { return &message.Message{Title: "Done"}, "" }
	r.do("POST", "/say", `{"id":"aaaaaaaa","text":"watch STI"}`, nil)
	before := r.memory.of(visitor)
	r.clock.move(time.Second)
	r.do("POST", "/say", `{"id":"aaaaaaaa","text":"watch STI"}`, nil)
	after := r.memory.of(visitor)
	if len(before) != 2 || len(after) != 2 || before[0] != after[0] || before[1] != after[1] {
		t.Errorf("before %v, after %v", before, after)
	}

	// One that is answered at once is answered again, in its place.
	r.desk.answer = func(bot.Request) (bot.Answer, error) {
		return bot.Answer{Message: &message.Message{Title: "Quote"}}, nil
	}
	r.do("POST", "/say", `{"id":"bbbbbbbb","text":"/quote STI"}`, nil)
	r.clock.move(time.Second)
	r.do("POST", "/say", `{"id":"bbbbbbbb","text":"/quote STI"}`, nil)
	all := r.memory.of(visitor)
	if len(all) != 4 || all[3].ID != "abbbbbbbb" || !strings.Contains(all[3].Body, `"at":"2026-11-25T06:00:01Z"`) {
		t.Errorf("entries %v", all)
	}
}

func TestButtonEditsItsEntryInPlace(t *testing.T) {
	r := newRoom(t, nil)
	id := r.desk.say(t.Context(), visitor, &message.Message{Title: "Page 1"})
	r.clock.move(time.Minute)
	r.desk.say(t.Context(), visitor, &message.Message{Title: "Later"})
	r.desk.answer = func(q bot.Request) (bot.Answer, error) {
		return bot.Answer{Message: &message.Message{Title: "Page 2"}, Edit: true, Toast: "Turned"}, nil
	}
	r.clock.move(time.Minute)
	res := r.do("POST", "/press", `{"id":"aaaaaaaa","data":"1:page:2","message":"`+id+`"}`, nil)
	if got := text(t, res); !strings.Contains(got, `"toast":"Turned"`) {
		t.Errorf("answer %s", got)
	}
	var state struct {
		Entries []struct {
			ID   string
			Body struct {
				Title  string
				Edited bool
				At     time.Time
			}
		}
	}
	if err := json.NewDecoder(r.do("GET", "/state", "", nil).Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	if len(state.Entries) != 2 || state.Entries[0].ID != id || state.Entries[0].Body.Title != "Page 2" || !state.Entries[0].Body.Edited ||
		!state.Entries[0].Body.At.Equal(time.Date(2026, 11, 25, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("state %+v", state.Entries)
	}
}

func TestTroubleIsToldWithoutItsInside(t *testing.T) {
	r := newRoom(t, nil)
	secret := errors.New("postgres://user:hunter2@db refused")
	check := func(name string, res *http.Response) {
		t.Helper()
		if got := text(t, res); res.StatusCode != 500 || strings.Contains(got, "hunter2") || !strings.Contains(got, "our side") {
			t.Errorf("%s: status %d, %q", name, res.StatusCode, got)
		}
	}
	r.desk.err = secret
	check("desk", r.do("POST", "/say", `{"id":"aaaaaaaa","text":"a"}`, nil))
	r.memory.fail(secret)
	check("transcript", r.do("GET", "/state", "", nil))
	check("transcript", r.do("POST", "/say", `{"id":"aaaaaaab","text":"a"}`, nil))
}

func TestPaceAllowsPeopleAndStopsFloods(t *testing.T) {
	r := newRoom(t, nil)
	say := func(i int, who string) *http.Response {
		return r.do("POST", "/say", `{"id":"aaaaaaaa`+strconv.Itoa(i)+`","text":"a"}`, func(q *http.Request) {
			q.Header.Set("Cookie", cookieName+"="+who)
		})
	}
	for i := range 30 {
		if res := say(i, visitor); res.StatusCode != 200 {
			t.Fatalf("request %d: status %d", i, res.StatusCode)
		}
	}
	if res := say(30, visitor); res.StatusCode != 429 || res.Header.Get("Retry-After") != "1" {
		t.Errorf("status %d, retry after %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	if res := say(0, strings.Repeat("b", 24)); res.StatusCode != 200 {
		t.Errorf("another visitor: status %d", res.StatusCode)
	}
	r.clock.move(200 * time.Millisecond)
	if res := say(30, visitor); res.StatusCode != 200 {
		t.Errorf("after a pause: status %d", res.StatusCode)
	}
}

func TestSuggestOffersAFew(t *testing.T) {
	r := newRoom(t, nil)
	for i := range 20 {
		r.desk.choices = append(r.desk.choices, bot.Choice{Label: "L" + strconv.Itoa(i), Value: "V" + strconv.Itoa(i)})
	}
	var got []struct{ Label, Value string }
	if err := json.NewDecoder(r.do("GET", "/suggest?command=QUOTE&option=symbol&typed=v", "", nil).Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 8 || got[0].Label != "L0" || got[0].Value != "V0" || r.desk.suggest[0] != "quote/symbol/v" {
		t.Errorf("offered %v for %v", got, r.desk.suggest)
	}
	if got := text(t, r.do("GET", "/suggest?command=quote&option=symbol&typed="+strings.Repeat("a", 300), "", nil)); got != "[]\n" {
		t.Errorf("offered %s for far too much", got)
	}
}

func TestPicture(t *testing.T) {
	r := newRoom(t, func(o *webchat.Options) {
		o.Pictures = func(_ context.Context, key string) ([]byte, error) {
			switch key {
			case "chart/a b":
				return []byte("png"), nil
			case "broken":
				return nil, errors.New("disk")
			}
			return nil, nil
		}
	})
	for path, want := range map[string]int{
		"/picture?key=chart/a+b": 200, "/picture?key=other": 404, "/picture?key=broken": 500, "/picture": 404,
		"/picture?key=" + strings.Repeat("a", 301): 404,
	} {
		res := r.do("GET", path, "", nil)
		if res.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, res.StatusCode, want)
		}
		if want == 200 && (res.Header.Get("Content-Type") != "image/png" || text(t, res) != "png") {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
}

func TestDeliver(t *testing.T) {
	r := newRoom(t, nil)
	deliver := func(d outbox.Delivery) (outbox.Receipt, outbox.Class) {
		t.Helper()
		d.Address = webchat.Address(visitor)
		receipt, err := r.chat.Deliver(t.Context(), d)
		var f *outbox.Failure
		if err != nil && !errors.As(err, &f) {
			t.Fatalf("not a failure: %v", err)
		}
		if f != nil {
			return receipt, f.Class
		}
		return receipt, ""
	}
	first, class := deliver(outbox.Delivery{Send: 77, Kind: outbox.New, Message: &message.Message{Title: "One"}, Key: "25rabc-0"})
	if class != "" || first.ID != "b25-0" || first.More || first.Uploaded != "" {
		t.Fatalf("receipt %+v, %s", first, class)
	}
	r.clock.move(time.Minute)
	again, _ := deliver(outbox.Delivery{Send: 77, Kind: outbox.New, Message: &message.Message{Title: "One"}, Key: "25rxabc-0"})
	entries := r.memory.of(visitor)
	if again != first || len(entries) != 1 || !strings.Contains(entries[0].Body, `"at":"2026-11-25T06:00:00Z"`) || strings.Contains(entries[0].Body, "edited") {
		t.Errorf("handed in twice: %+v, %v", again, entries)
	}
	edited, class := deliver(outbox.Delivery{Send: 78, Kind: outbox.Edit, Parts: []outbox.Part{{ID: first.ID}}, Message: &message.Message{Title: "Two"}})
	entries = r.memory.of(visitor)
	if class != "" || edited.ID != first.ID || len(entries) != 1 || !strings.Contains(entries[0].Body, "Two") || !strings.Contains(entries[0].Body, "T06:00:00Z") {
		t.Errorf("edit: %+v, %s, %v", edited, class, entries)
	}
	if _, class := deliver(outbox.Delivery{Send: 79, Kind: outbox.Edit, Target: "b999-0", Message: &message.Message{}}); class != outbox.LostTarget {
		t.Errorf("edit of nothing: %s", class)
	}
	if _, class := deliver(outbox.Delivery{Send: 80, Kind: outbox.New}); class != outbox.Refused {
		t.Errorf("nothing to say: %s", class)
	}
	undrawn := &message.Message{Title: "Chart", Picture: message.NewPicture("chart/x", "A chart", nil)}
	if _, class := deliver(outbox.Delivery{Send: 81, Kind: outbox.New, Message: undrawn, Picture: func() ([]byte, string, error) { return nil, "", errors.New("no font") }}); class != "" {
		t.Errorf("picture that fails: %s", class)
	}
	if last := r.memory.of(visitor)[1].Body; strings.Contains(last, "chart/x") || !strings.Contains(last, "A chart") {
		t.Errorf("picture that fails: %s", last)
	}
	r.memory.fail(errors.New("locked"))
	if _, class := deliver(outbox.Delivery{Send: 82, Kind: outbox.New, Message: undrawn}); class != outbox.NotSent {
		t.Errorf("database locked: %s", class)
	}
}
