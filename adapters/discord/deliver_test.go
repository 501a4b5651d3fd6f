package discord_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/discord"
	"bellwether/adapters/discord/discordtest"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

const person = "500000000000000001"

func address(chat, thread string) subscriptions.Address {
	return subscriptions.Address{Platform: subscriptions.Discord, Account: "main", Chat: chat, Thread: thread}
}

func toGeneral(m *message.Message) outbox.Delivery {
	return outbox.Delivery{
		Address: address(discordtest.General, ""), Place: subscriptions.Group, Kind: outbox.New,
		Message: m, Form: message.Rich, Key: "send/1/0",
	}
}

// sent is what tests read of a message.
type sent struct {
	Content  string `json:"content"`
	Flags    int    `json:"flags"`
	Mentions *struct {
		Parse []string `json:"parse"`
		Roles []string `json:"roles"`
	} `json:"allowed_mentions"`
	Embeds []struct {
		Title       string `json:"title"`
		URL         string `json:"url"`
		Description string `json:"description"`
		Fields      []struct{ Name, Value string }
		Footer      struct{ Text string }
		Image       struct{ URL string }
	} `json:"embeds"`
	Components []struct {
		Components []struct {
			Label string `json:"label"`
			ID    string `json:"custom_id"`
			URL   string `json:"url"`
		} `json:"components"`
	} `json:"components"`
}

func read(t *testing.T, m discordtest.Message) sent {
	t.Helper()
	var s sent
	if err := json.Unmarshal(m.Body, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func failure(t *testing.T, err error) *outbox.Failure {
	t.Helper()
	var f *outbox.Failure
	if !errors.As(err, &f) {
		t.Fatalf("error is no failure: %v", err)
	}
	return f
}

// deliverAll sends all parts of a message.
func deliverAll(t *testing.T, c *discord.Client, d outbox.Delivery) []outbox.Receipt {
	t.Helper()
	var receipts []outbox.Receipt
	for part := 0; ; part++ {
		d.Part, d.Key = part, fmt.Sprintf("%s/%d", d.Key, part)
		receipt, err := c.Deliver(within(t), d)
		if err != nil {
			t.Fatalf("part %d: %v: %v", part, err, errors.Unwrap(err))
		}
		receipts = append(receipts, receipt)
		d.Parts = append(d.Parts, outbox.Part{ID: receipt.ID})
		if !receipt.More {
			return receipts
		}
	}
}

func TestMessageWithEverything(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	m := &message.Message{
		Title: "BTC-USD above 70,000", TitleURL: "https://example.com/a_b",
		Blocks: []message.Block{
			message.P(message.T("Now "), message.B("70,100.50"), message.T(" since "), message.When(time.Unix(1764032100, 0), "09:00"), message.T(" for "), message.R("600000000000000001")),
			message.Said(message.T("first line\nsecond line")),
			message.Items(message.Item(message.T("one")), message.Item(message.A("two", "https://example.com/(x)"))),
			message.Rows([]string{"AAPL", "170.00"}, []string{"BTC-USD", "70,100.50"}),
			message.Pairs(message.Pair("Change", message.T("+2.1 %"))),
		},
		Footer:  []message.Inline{message.T("kraken, 3 s ago")},
		Tone:    message.Rise,
		Quiet:   true,
		Mention: "600000000000000001",
		Buttons: [][]message.Button{{{Label: "Pause", Data: "1:rule.pause:3f"}, {Label: "Open", URL: "https://example.com/"}}},
	}
	receipts := deliverAll(t, r.client, toGeneral(m))
	if len(receipts) != 1 || receipts[0].ID == "" {
		t.Fatalf("receipts %v", receipts)
	}
	got := read(t, r.server.Messages(discordtest.General)[0])
	e := got.Embeds[0]
	want := "Now **70,100.50** since <t:1764032100:f> for <@&600000000000000001>\n\n> first line\n> second line\n\n• one\n• [two](<https://example.com/%28x%29>)\n\n" +
		"```\nAAPL        170.00\nBTC-USD  70,100.50\n```"
	if e.Description != want {
		t.Errorf("description\n%s\nwant\n%s", e.Description, want)
	}
	if e.Title != m.Title || e.URL != m.TitleURL || len(e.Fields) != 1 || e.Footer.Text != "kraken, 3 s ago" {
		t.Errorf("embed %+v", e)
	}
	if got.Content != "<@&600000000000000001>" || len(got.Mentions.Parse) != 0 || len(got.Mentions.Roles) != 1 {
		t.Errorf("mention %q %+v", got.Content, got.Mentions)
	}
	if got.Flags != 1<<12 || len(got.Components) != 1 || len(got.Components[0].Components) != 2 {
		t.Errorf("flags %d components %+v", got.Flags, got.Components)
	}
}

func TestHostileWordsCallNobody(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	hostile := "@everyone @here <@1> <@&2> <#3> [free](https://evil.example/) **bold** `code` # head\n- item\n> quote\n1. one"
	m := &message.Message{Title: strings.Repeat("@everyone ", 500), Blocks: []message.Block{
		message.P(message.T(hostile)), message.P(message.A("https://bank.example", "https://evil.example/")),
	}}
	for _, form := range []message.Form{message.Rich, message.Flat, message.Bare} {
		d := toGeneral(m)
		d.Form, d.Key = form, string(form)
		deliverAll(t, r.client, d)
	}
	for _, sentMessage := range r.server.Messages(discordtest.General) {
		got := read(t, sentMessage)
		if got.Mentions == nil || got.Mentions.Parse == nil || len(got.Mentions.Parse)+len(got.Mentions.Roles) != 0 {
			t.Fatalf("allowed mentions %+v", got.Mentions)
		}
		all := got.Content
		for _, e := range got.Embeds {
			all += e.Title + e.Description
		}
		for _, bad := range []string{"@everyone", "@here", "<@", "<#", "bank.example"} {
			if strings.Contains(all, bad) {
				t.Errorf("%q is in %q", bad, all)
			}
		}
		if strings.Contains(got.Content+got.Embeds0(), "[free](") {
			t.Errorf("a masked link came through: %q", got.Content)
		}
	}
}

// Embeds0 returns the words of the first embed.
func (s sent) Embeds0() string {
	if len(s.Embeds) == 0 {
		return ""
	}
	return s.Embeds[0].Description
}

func TestLongMessageBecomesPartsAlwaysTheSame(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "word%d ", i)
	}
	m := sentence(strings.TrimSpace(b.String()))
	for _, form := range []message.Form{message.Rich, message.Flat} {
		before := len(r.server.Messages(discordtest.General))
		d := toGeneral(m)
		d.Form, d.Key = form, string(form)
		receipts := deliverAll(t, r.client, d)
		if len(receipts) < 2 {
			t.Errorf("%s: %d parts", form, len(receipts))
		}
		all := ""
		for _, part := range r.server.Messages(discordtest.General)[before:] {
			got := read(t, part)
			all += got.Content + got.Embeds0() + " "
		}
		for i := range 1000 {
			if !strings.Contains(all, fmt.Sprintf("word%d ", i)) {
				t.Fatalf("%s: word%d was lost", form, i)
			}
		}
	}
	made := r.server.Made()
	d := toGeneral(m)
	d.Key = "Rich/repeat"
	deliverAll(t, r.client, d)
	again := r.server.Made()
	deliverAll(t, r.client, d)
	if r.server.Made() != again || again == made {
		t.Errorf("a repeated send made %d messages more", r.server.Made()-again)
	}
}

func TestSameKeyMakesOneMessage(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.server.Fail(discordtest.Fault{Method: "POST", Path: "/messages", After: true, Cut: true})
	_, err := r.client.Deliver(within(t), toGeneral(sentence("once")))
	if f := failure(t, err); f.Class != outbox.Ambiguous {
		t.Fatalf("class %s", f.Class)
	}
	receipt, err := r.client.Deliver(within(t), toGeneral(sentence("once")))
	if err != nil {
		t.Fatal(err)
	}
	list := r.server.Messages(discordtest.General)
	if len(list) != 1 || list[0].ID != receipt.ID {
		t.Errorf("%d messages, receipt %v", len(list), receipt)
	}
	r.server.DeleteMessage(receipt.ID)
	_, err = r.client.Deliver(within(t), toGeneral(sentence("once")))
	if f := failure(t, err); f.Class != outbox.Done {
		t.Errorf("a message that was deleted since is %s", f.Class)
	}
}

func TestForumThatDemandsATag(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	const forum = "300000000000000015"
	r.server.AddChannel(discordtest.Channel{
		ID: forum, Guild: discordtest.Guild, Kind: 15, DemandsTag: true, Name: "news",
		Tags: []discordtest.Tag{{ID: "700000000000000001", Name: "Markets"}},
	})
	d := toGeneral(sentence("a post"))
	d.Address, d.Place = address(forum, ""), subscriptions.Forum
	_, err := r.client.Deliver(within(t), d)
	f := failure(t, err)
	if f.Class != outbox.NoRights || f.Code != "40067" || !strings.Contains(f.Reason, "tag") {
		t.Fatalf("failure %+v", f)
	}
	d.Tags = []string{"markets"}
	receipts := deliverAll(t, r.client, d)
	posts := r.server.Messages(receipts[0].ID)
	if len(posts) != 1 {
		t.Fatalf("%d messages in the post", len(posts))
	}
	d.Kind, d.Parts, d.Message = outbox.Edit, []outbox.Part{{ID: receipts[0].ID}}, sentence("changed")
	if _, err := r.client.Deliver(within(t), d); err != nil {
		t.Fatal(err)
	}
	if got := read(t, r.server.Messages(receipts[0].ID)[0]); got.Embeds0() != "changed" {
		t.Errorf("the post says %q", got.Embeds0())
	}
}

// TestWordsComeWherePicturesMayNot: the bot may attach no files there.
func TestWordsComeWherePicturesMayNot(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	const poor = "300000000000000031"
	r.server.AddChannel(discordtest.Channel{
		ID: poor, Guild: discordtest.Guild, Permissions: discordtest.ViewChannel | discordtest.SendMessages | discordtest.EmbedLinks,
	})
	for n, key := range []string{"first", "second"} {
		d := toGeneral(sentence("words"))
		d.Address, d.Key = address(poor, ""), key
		d.Message.Picture = message.NewPicture("chart", "a chart", nil)
		d.Picture = func() ([]byte, string, error) { return []byte("PNG"), "", nil }
		deliverAll(t, r.client, d)
		if m := r.server.Messages(poor); len(m) != n+1 || len(m[n].Files) > 0 || read(t, m[n]).Embeds0() != "words" {
			t.Fatalf("messages %+v", m)
		}
	}
	refused := 0
	for _, q := range r.server.Requests() {
		if q.Status == http.StatusForbidden {
			refused++
		}
	}
	if refused != 1 {
		t.Errorf("%d requests were refused", refused)
	}
}

func TestThreadsAnnouncementsAndDirectMessages(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	const thread, announcement = "300000000000000011", "300000000000000005"
	r.server.AddChannel(discordtest.Channel{ID: thread, Guild: discordtest.Guild, Parent: discordtest.General, Kind: 11})
	r.server.AddChannel(discordtest.Channel{ID: announcement, Guild: discordtest.Guild, Kind: 5})

	d := toGeneral(sentence("in a thread"))
	d.Address = address(discordtest.General, thread)
	deliverAll(t, r.client, d)
	if len(r.server.Messages(thread)) != 1 {
		t.Error("nothing in the thread")
	}
	d = toGeneral(sentence("announced"))
	d.Address, d.Place, d.Crosspost, d.Key = address(announcement, ""), subscriptions.Broadcast, true, "a"
	deliverAll(t, r.client, d)
	if list := r.server.Messages(announcement); len(list) != 1 || !list[0].Crossposted {
		t.Errorf("announcement %+v", list)
	}
	r.server.Fail(discordtest.Fault{Path: "/crosspost", Status: 500, Code: 0})
	d.Key = "b"
	deliverAll(t, r.client, d)

	for _, key := range []string{"c", "d"} {
		d = toGeneral(sentence("to you"))
		d.Address, d.Place, d.Key = address("dm:"+person, ""), subscriptions.Private, key
		deliverAll(t, r.client, d)
	}
	if n := len(r.server.Messages(r.server.Direct(person))); n != 2 {
		t.Errorf("%d direct messages", n)
	}
	opened := 0
	for _, q := range r.server.Requests() {
		if q.Path == "/users/@me/channels" {
			opened++
		}
	}
	if opened != 1 {
		t.Errorf("the direct channel was opened %d times", opened)
	}
	r.server.CloseDirect(person)
	d.Key = "e"
	_, err := r.client.Deliver(within(t), d)
	if f := failure(t, err); f.Class != outbox.Gone || f.Code != "50007" {
		t.Errorf("failure %+v", f)
	}
}

func TestPictureIsUploadedOnce(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	m := sentence("chart")
	m.Picture = &message.Picture{Key: "k", Alt: "a chart that rises"}
	uploaded := ""
	for i := range 2 {
		d := toGeneral(m)
		d.Key = fmt.Sprint(i)
		d.Picture = func() ([]byte, string, error) { return []byte("\x89PNG"), uploaded, nil }
		receipt, err := r.client.Deliver(within(t), d)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			uploaded = receipt.Uploaded
		}
	}
	list := r.server.Messages(discordtest.General)
	if len(list[0].Files) != 1 || len(list[1].Files) != 0 || uploaded == "" {
		t.Fatalf("files %d and %d, uploaded %q", len(list[0].Files), len(list[1].Files), uploaded)
	}
	if got := read(t, list[1]); got.Embeds[0].Image.URL != uploaded {
		t.Errorf("second picture is %q", got.Embeds[0].Image.URL)
	}
	d := toGeneral(m)
	d.Key = "expired"
	d.Picture = func() ([]byte, string, error) { return []byte("\x89PNG"), "https://cdn.example.com/p.png?ex=1", nil }
	deliverAll(t, r.client, d)
	if list := r.server.Messages(discordtest.General); len(list[2].Files) != 1 {
		t.Error("an address that is over was used")
	}
}

func TestEditChangesAndShrinks(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	long := sentence(strings.Repeat("many words ", 500))
	d := toGeneral(long)
	receipts := deliverAll(t, r.client, d)
	if len(receipts) != 2 {
		t.Fatalf("%d parts", len(receipts))
	}
	d = toGeneral(sentence("short"))
	d.Kind = outbox.Edit
	for _, receipt := range receipts {
		d.Parts = append(d.Parts, outbox.Part{ID: receipt.ID})
	}
	for d.Part = range receipts {
		if _, err := r.client.Deliver(within(t), d); err != nil {
			t.Fatal(err)
		}
	}
	list := r.server.Messages(discordtest.General)
	if len(list) != 1 || read(t, list[0]).Embeds0() != "short" {
		t.Errorf("left %d messages", len(list))
	}
	r.server.DeleteMessage(list[0].ID)
	d.Part = 0
	_, err := r.client.Deliver(within(t), d)
	if f := failure(t, err); f.Class != outbox.LostTarget {
		t.Errorf("failure %+v", f)
	}
}

func TestAnswerToADeletedMessageIsStillSent(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	d := toGeneral(sentence("an answer"))
	d.Kind, d.Target = outbox.Reply, "800000000000000001"
	deliverAll(t, r.client, d)
}

func TestEveryCodeHasItsClass(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	for _, c := range []struct {
		status, code int
		class        outbox.Class
	}{
		{404, 10003, outbox.Gone}, {404, 10004, outbox.Gone}, {403, 50007, outbox.Gone}, {403, 50278, outbox.Gone},
		{403, 50001, outbox.NoRights}, {403, 50013, outbox.NoRights}, {400, 50008, outbox.NoRights}, {400, 50024, outbox.NoRights},
		{400, 40058, outbox.NoRights}, {400, 40067, outbox.NoRights}, {400, 160005, outbox.NoRights}, {400, 160006, outbox.NoRights},
		{400, 50083, outbox.NoRights}, {403, 0, outbox.NoRights},
		{400, 50035, outbox.BadMessage}, {400, 50006, outbox.BadMessage}, {400, 50109, outbox.BadMessage}, {413, 40005, outbox.BadMessage},
		{400, 50045, outbox.BadMessage}, {400, 0, outbox.BadMessage},
		{400, 200000, outbox.Refused}, {400, 200001, outbox.Refused}, {400, 240000, outbox.Refused}, {403, 20009, outbox.Refused},
		{400, 40033, outbox.Done}, {404, 10008, outbox.Done},
		{429, 0, outbox.RetryLater}, {403, 20028, outbox.RetryLater}, {403, 20029, outbox.RetryLater}, {403, 40062, outbox.RetryLater},
		{403, 40003, outbox.RetryLater}, {400, 30046, outbox.RetryLater}, {503, 130000, outbox.Broken}, {403, 40333, outbox.Broken},
		{500, 0, outbox.Ambiguous}, {502, 0, outbox.Ambiguous}, {504, 0, outbox.Ambiguous}, {503, 0, outbox.Broken},
		{404, 10015, outbox.LostTarget}, {404, 10062, outbox.LostTarget}, {400, 40060, outbox.LostTarget},
	} {
		r.server.Fail(discordtest.Fault{Method: "POST", Path: "/messages", Status: c.status, Code: c.code, Text: "refused"})
		_, err := r.client.Deliver(within(t), toGeneral(sentence("x")))
		f := failure(t, err)
		if f.Class != c.class || f.Reason == "" {
			t.Errorf("%d/%d is %s (%s), want %s", c.status, c.code, f.Class, f.Reason, c.class)
		}
		if c.code == 40003 && f.After < 10*time.Minute {
			t.Errorf("40003 waits %v", f.After)
		}
		if strings.Contains(f.Error()+fmt.Sprint(f.Err), token) {
			t.Errorf("%d shows the token", c.code)
		}
	}
}

func TestFrontOfDiscordAndBrokenConnections(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	try := func(f discordtest.Fault) *outbox.Failure {
		f.Method, f.Path = "POST", "/messages"
		r.server.Fail(f)
		_, err := r.client.Deliver(within(t), toGeneral(sentence("x")))
		return failure(t, err)
	}
	if f := try(discordtest.Fault{Status: 429, Body: "<html>error 1015</html>"}); f.Class != outbox.Broken || f.Scope != outbox.ScopeAccount || f.After < 10*time.Minute {
		t.Errorf("a page with 429 is %+v", f)
	}
	if f := try(discordtest.Fault{Status: 403, Body: "<html>denied</html>"}); f.Class != outbox.Broken || f.Scope != outbox.ScopeAccount {
		t.Errorf("a page with 403 is %+v", f)
	}
	if f := try(discordtest.Fault{Status: 200, Body: "<html>hello</html>"}); f.Class != outbox.Ambiguous {
		t.Errorf("a page with 200 is %+v", f)
	}
	if f := try(discordtest.Fault{Cut: true}); f.Class != outbox.Ambiguous {
		t.Errorf("a cut after the request is %+v", f)
	}
	r.server.Close()
	_, err := r.client.Deliver(within(t), toGeneral(sentence("x")))
	if f := failure(t, err); f.Class != outbox.NotSent || strings.Contains(fmt.Sprint(f.Err), "channels/") {
		t.Errorf("without a server it is %+v", f)
	}
}

func TestRatesAreKeptWithoutSleeping(t *testing.T) {
	r := build(t, discordtest.Options{PerChannel: 2, PerChannelSpan: time.Hour}, nil)
	var last error
	for i := range 3 {
		d := toGeneral(sentence("x"))
		d.Key = fmt.Sprint(i)
		_, last = r.client.Deliver(within(t), d)
	}
	f := failure(t, last)
	if f.Class != outbox.RetryLater || f.Code != "local" || f.Scope != outbox.ScopeDestination || f.After < 50*time.Minute {
		t.Errorf("third message: %+v", f)
	}
	if r.server.Refused() != 0 {
		t.Error("the server had to refuse")
	}
	const other = "300000000000000002"
	r.server.AddChannel(discordtest.Channel{ID: other, Guild: discordtest.Guild})
	d := toGeneral(sentence("x"))
	d.Address = address(other, "")
	if _, err := r.client.Deliver(within(t), d); err != nil {
		t.Errorf("another channel waits too: %v", err)
	}
	// A global pause holds for every channel, though Discord names no Reset-After.
	r.server.Fail(discordtest.Fault{Method: "POST", Path: "/messages", Status: 429, Body: `{"message":"slow","retry_after":30,"global":true}`,
		Header: map[string]string{"Content-Type": "application/json", "X-RateLimit-Global": "true", "Retry-After": "30"}})
	d.Key = "global"
	_, err := r.client.Deliver(within(t), d)
	if f := failure(t, err); f.Class != outbox.RetryLater || f.Scope != outbox.ScopeAccount || f.After != 30*time.Second {
		t.Errorf("global 429: %+v", f)
	}
	const third = "300000000000000003"
	r.server.AddChannel(discordtest.Channel{ID: third, Guild: discordtest.Guild})
	d.Address = address(third, "")
	_, err = r.client.Deliver(within(t), d)
	if f := failure(t, err); f.Class != outbox.RetryLater || f.Code != "local" {
		t.Errorf("a third channel after a global 429: %+v", f)
	}
}

func TestOwnGlobalLimitHoldsBack(t *testing.T) {
	clock := newClock(true)
	r := build(t, discordtest.Options{}, clock.use)
	held := 0
	for i := range 60 {
		id := fmt.Sprintf("3000000000000001%02d", i)
		r.server.AddChannel(discordtest.Channel{ID: id, Guild: discordtest.Guild})
		d := toGeneral(sentence("x"))
		d.Address, d.Key = address(id, ""), id
		if _, err := r.client.Deliver(within(t), d); err != nil {
			if f := failure(t, err); f.Class != outbox.RetryLater || f.Scope != outbox.ScopeAccount || f.Code != "local" {
				t.Fatalf("%+v", f)
			}
			held++
		}
	}
	if held != 10 {
		t.Errorf("%d of 60 were held back", held)
	}
}

func TestTooManyRefusalsOpenTheBreaker(t *testing.T) {
	clock := newClock(true)
	r := build(t, discordtest.Options{}, clock.use)
	r.server.Fail(discordtest.Fault{Method: "POST", Path: "/messages", Status: 403, Code: 50013, Times: 600})
	for i := range 501 {
		_, err := r.client.Deliver(within(t), toGeneral(sentence("x")))
		f := failure(t, err)
		if i == 500 && (f.Class != outbox.Broken || f.Code != "local") {
			t.Errorf("after 500 refusals: %+v", f)
		}
		if i == 499 && f.Class != outbox.NoRights {
			t.Errorf("before: %+v", f)
		}
		_ = clock.Wait(context.Background(), 100*time.Millisecond) // it only moves the clock
	}
}

func TestRefusedTokenStopsEverything(t *testing.T) {
	r := build(t, discordtest.Options{Token: "another"}, nil)
	for range 3 {
		_, err := r.client.Deliver(within(t), toGeneral(sentence("x")))
		if f := failure(t, err); f.Class != outbox.Credential || f.Scope != outbox.ScopeAccount {
			t.Fatalf("%+v", f)
		}
	}
	if n := len(r.server.Requests()); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// called finds a name that Discord would call.
var called = regexp.MustCompile(`(^|[^\\\\])<[@#:t]`)

func FuzzDeliver(f *testing.F) {
	for _, s := range []string{"@everyone", "**a** `b` [c](d)", "<@1> https://a.example/x_y", strings.Repeat("`", 300), "\u200d\u0301é", "- a\n1. b\n> c"} {
		f.Add(s, s)
	}
	server := discordtest.New(discordtest.Options{})
	url, err := server.Start()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(server.Close)
	n := 0
	f.Fuzz(func(t *testing.T, title, text string) {
		// Readers of feeds leave no text that is not UTF-8.
		title, text = message.Label(strings.ToValidUTF8(title, "\uFFFD")), message.Clean(strings.ToValidUTF8(text, "\uFFFD"))
		client, err := discord.New(discord.Options{Account: "main", Token: token, APIURL: url, Desk: &desk{}, Memory: &memory{}})
		if err != nil {
			t.Fatal(err)
		}
		m := &message.Message{Title: title, Blocks: []message.Block{
			message.P(message.T(text), message.B(text), message.A(text, "https://example.com/")), message.Said(message.I(text)),
			message.Rows([]string{title, title}), message.Pairs(message.Pair(title, message.C(text))), message.Items(message.Item(message.T(text))),
		}, Footer: []message.Inline{message.T(text)}}
		for _, form := range []message.Form{message.Rich, message.Flat, message.Bare} {
			d := toGeneral(m)
			n++
			d.Form, d.Key = form, fmt.Sprint(n)
			for d.Part = 0; ; d.Part++ {
				d.Key += "+"
				receipt, err := client.Deliver(within(t), d)
				if err != nil {
					t.Fatalf("%s: %v", form, err)
				}
				if !receipt.More {
					break
				}
			}
		}
		for _, made := range server.Messages(discordtest.General) {
			got := read(t, made)
			lower := strings.ToLower(got.Content)
			if strings.Contains(lower, "@everyone") || strings.Contains(lower, "@here") || called.MatchString(got.Content) {
				t.Fatalf("somebody is called: %q", got.Content)
			}
			server.DeleteMessage(made.ID)
		}
	})
}
