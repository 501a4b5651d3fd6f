package discord_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/discord"
	"bellwether/adapters/discord/discordtest"
	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

const manageServer = 1 << 5

// answers makes the desk answer everything at once with the same.
func answers(a bot.Answer) func(context.Context, bot.Request) (bot.Answer, error) {
	return func(context.Context, bot.Request) (bot.Answer, error) { return a, nil }
}

func TestReadIsAnsweredAtOnce(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Commands = bot.Commands() })
	r.desk.answer = answers(bot.Answer{Message: sentence("70,100.50"), Ephemeral: true})
	r.run(t)
	e := r.interact(t, discordtest.Deed{Name: "quote", Options: map[string]any{"symbol": "BTC-USD"}, Locale: "de", Roles: []string{"7"}})
	reply, err := e.First(within(t))
	if err != nil {
		t.Fatal(err)
	}
	if reply.Kind != 4 || !reply.Ephemeral || !strings.Contains(string(reply.Data), "70,100.50") {
		t.Errorf("reply %d %v %s", reply.Kind, reply.Ephemeral, reply.Data)
	}
	q := r.desk.asked[0]
	if q.ID != "discord/main/"+e.ID || q.Command != "quote" || q.Text != "BTC-USD" || q.Options["symbol"] != "BTC-USD" ||
		q.Role != subscriptions.RoleMember || q.Locale != "de" || len(q.Roles) != 1 || len(q.Lacks) != 0 ||
		q.Place.Address != address(discordtest.General, "") || q.Place.Community != discordtest.Guild || q.Identity.Name != "Person" {
		t.Errorf("request %+v", q)
	}
}

func TestChangeIsWrittenBeforeItIsAcknowledged(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Commands = bot.Commands() })
	r.desk.submit = func(bot.Request) error {
		for _, q := range r.server.Requests() {
			if strings.HasSuffix(q.Path, "/callback") {
				return errors.New("acknowledged before it was written")
			}
		}
		return nil
	}
	r.run(t)
	e := r.interact(t, discordtest.Deed{
		Name: "alert", Sub: "add", Options: map[string]any{"symbol": "BTC-USD", "condition": "> 70000"}, Permissions: manageServer,
	})
	reply, err := e.First(within(t))
	if err != nil || reply.Kind != 5 || !reply.Ephemeral {
		t.Fatalf("reply %+v, %v", reply, err)
	}
	q := r.desk.submitted[0]
	if q.Sub != "add" || q.Text != "BTC-USD > 70000" || q.Role != subscriptions.RoleModerator || q.Via == "" {
		t.Errorf("request %+v", q)
	}
	d := toGeneral(sentence("Alert 3 is set."))
	d.Via, d.User, d.Ephemeral = q.Via, q.Identity.User, true
	if _, err := r.client.Deliver(within(t), d); err != nil {
		t.Fatal(err)
	}
	m, err := e.Original(within(t))
	if err != nil || read(t, m).Embeds0() != "Alert 3 is set." {
		t.Errorf("the answer is %s, %v", m.Body, err)
	}
}

func TestAnswerWaitsForTheAcknowledgement(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	hold, sent := make(chan struct{}), make(chan error, 1)
	r.server.Fail(discordtest.Fault{Path: "/callback", Hold: hold})
	r.desk.submit = func(q bot.Request) error {
		go func() {
			d := toGeneral(sentence("done"))
			d.Via, d.User = q.Via, q.Identity.User
			_, err := r.client.Deliver(context.Background(), d)
			sent <- err
		}()
		return nil
	}
	r.run(t)
	e := r.interact(t, discordtest.Deed{Name: "watch"})
	select {
	case err := <-sent:
		t.Fatalf("the answer came before the acknowledgement: %v", err)
	default:
	}
	close(hold)
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if m, err := e.Original(within(t)); err != nil || read(t, m).Embeds0() != "done" {
		t.Errorf("%s %v", m.Body, err)
	}
}

func TestLateAnswerBecomesADirectMessage(t *testing.T) {
	for name, via := range map[string]string{
		"over":    "i:" + discordtest.Application + ":abc:1",
		"unknown": "i:" + discordtest.Application + ":abc:" + strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10),
		"foreign": "what is this",
	} {
		r := build(t, discordtest.Options{}, nil)
		d := toGeneral(sentence("done"))
		d.Via, d.User = via, person
		if _, err := r.client.Deliver(within(t), d); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := len(r.server.Messages(r.server.Direct(person))); n != 1 {
			t.Errorf("%s: %d direct messages", name, n)
		}
		d.User, d.Key = "", "another"
		_, err := r.client.Deliver(within(t), d)
		if f := failure(t, err); f.Class != outbox.LostTarget || strings.Contains(f.Error(), "abc") {
			t.Errorf("%s: without a person %+v", name, f)
		}
		r.server.CloseDirect(person)
		d.User, d.Key = person, "third"
		_, err = r.client.Deliver(within(t), d)
		if f := failure(t, err); f.Class != outbox.LostTarget {
			t.Errorf("%s: closed messages %+v", name, f)
		}
	}
}

func TestInteractionWithoutData(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.desk.answer = answers(bot.Answer{Message: sentence("fine")})
	r.run(t)
	for _, kind := range []int{discordtest.Command, discordtest.Component, discordtest.Modal, discordtest.Autocomplete} {
		for _, data := range []string{"null", `[]`, `{"name":7,"custom_id":[],"options":{},"components":[{"type":18,"component":7}]}`} {
			e := r.interact(t, discordtest.Deed{Kind: kind, Data: json.RawMessage(data)})
			if _, err := e.First(within(t)); err != nil {
				t.Errorf("kind %d with %s: %v", kind, data, err)
			}
		}
	}
	e := r.interact(t, discordtest.Deed{Name: "quote"})
	if reply, err := e.First(within(t)); err != nil || reply.Kind != 4 {
		t.Errorf("afterwards: %+v, %v", reply, err)
	}
	if n := r.server.Identifies(); n != 1 {
		t.Errorf("connected %d times", n)
	}
}

func TestModalOfNewerKindIsRead(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.run(t)
	r.interact(t, discordtest.Deed{Kind: discordtest.Modal, Data: json.RawMessage(
		`{"custom_id":"1:rule.set:3","components":[{"type":18,"id":1,"component":{"type":4,"custom_id":"price","value":"71000"}}]}`)})
	r.desk.await(t, "the form", func() bool { return len(r.desk.submitted) == 1 })
	if q := r.desk.submitted[0]; q.Form["price"] != "71000" || q.Button != "1:rule.set:3" {
		t.Errorf("request %+v", q)
	}
}

func TestModalIsTheFirstResponse(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	modal := &bot.Modal{Data: "1:rule.set:3", Title: strings.Repeat("t", 60), Fields: []bot.ModalField{
		{Name: "price", Label: strings.Repeat("l", 60), Value: "70000", Hint: "a price", Required: true, Max: 20},
	}}
	r.desk.answer = func(_ context.Context, q bot.Request) (bot.Answer, error) {
		if len(q.Form) > 0 {
			return bot.Answer{}, bot.ErrSubmit
		}
		return bot.Answer{Modal: modal}, nil
	}
	r.run(t)
	e := r.interact(t, discordtest.Deed{Kind: discordtest.Component, CustomID: "1:rule.edit:3", Message: "800000000000000001"})
	if reply, err := e.First(within(t)); err != nil || reply.Kind != 9 {
		t.Fatalf("reply %+v, %v", reply, err)
	}
	e = r.interact(t, discordtest.Deed{Kind: discordtest.Modal, CustomID: "1:rule.set:3", Form: map[string]string{"price": "71000"}, Message: "800000000000000001"})
	if reply, err := e.First(within(t)); err != nil || reply.Kind != 6 {
		t.Fatalf("reply %+v, %v", reply, err)
	}
	if q := r.desk.submitted[0]; q.Form["price"] != "71000" || q.Message != "800000000000000001" {
		t.Errorf("request %+v", q)
	}
}

func TestTwoPeoplePressOneButton(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.run(t)
	receipts := deliverAll(t, r.client, toGeneral(sentence("an alert")))
	users := []string{"500000000000000001", "500000000000000002"}
	for i, user := range users {
		e := r.interact(t, discordtest.Deed{
			Kind: discordtest.Component, CustomID: "1:rule.pause:3f", Message: receipts[0].ID, User: user, Permissions: uint64(i) * manageServer,
		})
		if reply, err := e.First(within(t)); err != nil || reply.Kind != 6 {
			t.Fatalf("reply %+v, %v", reply, err)
		}
	}
	r.desk.await(t, "both", func() bool { return len(r.desk.submitted) == 2 })
	roles := map[string]subscriptions.Role{}
	ids := map[string]bool{}
	for _, q := range r.desk.submitted {
		roles[q.Identity.User], ids[q.ID] = q.Role, true
		if q.Button != "1:rule.pause:3f" || q.Message != receipts[0].ID {
			t.Errorf("request %+v", q)
		}
	}
	if len(ids) != 2 || roles[users[0]] != subscriptions.RoleMember || roles[users[1]] != subscriptions.RoleModerator {
		t.Errorf("ids %v roles %v", ids, roles)
	}
	// One gets the message changed, the other a note of their own.
	for i, q := range r.desk.submitted {
		d := toGeneral(sentence("paused"))
		d.Via, d.User, d.Key = q.Via, q.Identity.User, fmt.Sprint(i)
		if i == 0 {
			d.Kind, d.Target = outbox.Edit, q.Message
		} else {
			d.Ephemeral = true
		}
		if _, err := r.client.Deliver(within(t), d); err != nil {
			t.Fatal(err)
		}
	}
	if list := r.server.Messages(discordtest.General); len(list) != 1 || read(t, list[0]).Embeds0() != "paused" {
		t.Errorf("messages %+v", list)
	}
}

func TestButtonFromLastYear(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.desk.answer = func(_ context.Context, q bot.Request) (bot.Answer, error) {
		if _, _, err := message.ParseData(q.Button); err == nil {
			return bot.Answer{}, errors.New("old data was taken for today's")
		}
		return bot.Answer{Message: sentence("This button is too old."), Ephemeral: true}, nil
	}
	r.run(t)
	for _, data := range []string{"0:pause", "pause_rule|17", strings.Repeat("x", 100)} {
		e := r.interact(t, discordtest.Deed{Kind: discordtest.Component, CustomID: data, Message: "800000000000000001"})
		if reply, err := e.First(within(t)); err != nil || reply.Kind != 4 || !reply.Ephemeral || !strings.Contains(string(reply.Data), "too old") {
			t.Errorf("%q: %+v, %v", data, reply, err)
		}
	}
}

func TestSameInteractionTwiceIsOne(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.run(t)
	e := r.interact(t, discordtest.Deed{Name: "watch"})
	if _, err := e.First(within(t)); err != nil {
		t.Fatal(err)
	}
	r.interact(t, discordtest.Deed{Name: "watch", ID: e.ID})
	last := r.interact(t, discordtest.Deed{Name: "watch"})
	if _, err := last.First(within(t)); err != nil {
		t.Fatal(err)
	}
	if n := len(r.desk.submitted); n != 2 {
		t.Errorf("submitted %d", n)
	}
}

func TestSlowAnswerIsAnnounced(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Timing.Defer = 20 * time.Millisecond })
	goOn := make(chan struct{})
	r.desk.answer = func(context.Context, bot.Request) (bot.Answer, error) {
		<-goOn
		return bot.Answer{Message: sentence(strings.Repeat("long ", 1200))}, nil
	}
	r.run(t)
	e := r.interact(t, discordtest.Deed{Name: "chart"})
	if reply, err := e.First(within(t)); err != nil || reply.Kind != 5 {
		t.Fatalf("reply %+v, %v", reply, err)
	}
	close(goOn)
	if m, err := e.Original(within(t)); err != nil || !strings.HasPrefix(read(t, m).Embeds0(), "long ") {
		t.Errorf("%s, %v", m.Body, err)
	}
	if _, err := e.Later(within(t), 1); err != nil {
		t.Errorf("the second part: %v", err)
	}
}

func TestDeskInTrouble(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	mode := make(chan string, 1)
	r.desk.answer = func(context.Context, bot.Request) (bot.Answer, error) {
		switch <-mode {
		case "panic":
			panic("a bug")
		case "submit":
			return bot.Answer{}, bot.ErrSubmit
		}
		return bot.Answer{}, errDesk
	}
	r.desk.submit = func(bot.Request) error { return errDesk }
	r.run(t)
	for _, m := range []string{"panic", "error", "submit"} {
		mode <- m
		e := r.interact(t, discordtest.Deed{Name: "quote"})
		reply, err := e.First(within(t))
		if err != nil || reply.Kind != 4 || !reply.Ephemeral || strings.Contains(string(reply.Data), "database") {
			t.Errorf("%s: %+v, %v", m, reply, err)
		}
	}
}

// TestSlowInboxIsAcknowledgedInTime: the change is still being written when
// Discord's time is over, and what the person reads is what became of it.
func TestSlowInboxIsAcknowledgedInTime(t *testing.T) {
	for name, fails := range map[string]bool{"written in the end": false, "not written": true} {
		t.Run(name, func(t *testing.T) {
			r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Timing.Defer = 20 * time.Millisecond })
			goOn := make(chan struct{})
			r.desk.submit = func(bot.Request) error {
				<-goOn
				if fails {
					return errDesk
				}
				return nil
			}
			r.run(t)
			const people = 50
			var exchanges []*discordtest.Exchange
			for range people {
				exchanges = append(exchanges, r.interact(t, discordtest.Deed{Name: "watch"}))
			}
			for _, e := range exchanges {
				if reply, err := e.First(within(t)); err != nil || reply.Kind != 5 || !reply.Ephemeral {
					t.Fatalf("reply %+v, %v", reply, err)
				}
			}
			close(goOn)
			if fails {
				for _, e := range exchanges {
					if m, err := e.Original(within(t)); err != nil || !strings.Contains(string(m.Body), "could not save") || strings.Contains(string(m.Body), "Nothing was changed") {
						t.Fatalf("%s, %v", m.Body, err)
					}
				}
				return
			}
			r.desk.await(t, "all of them", func() bool { return len(r.desk.submitted) == people })
			q := r.desk.submitted[0]
			d := toGeneral(sentence("done"))
			d.Via, d.User, d.Ephemeral = q.Via, q.Identity.User, true
			if _, err := r.client.Deliver(within(t), d); err != nil {
				t.Fatal(err)
			}
			if n := len(r.server.Messages(r.server.Direct(person))); n != 0 {
				t.Errorf("%d answers came by direct message", n)
			}
		})
	}
}

// TestManyWhoAskForTheSamePictureAreAcknowledgedInTime: it takes longer to draw
// than Discord waits, and is drawn once.
func TestManyWhoAskForTheSamePictureAreAcknowledgedInTime(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Timing.Defer = 20 * time.Millisecond })
	finished, drawn := make(chan struct{}), make(chan struct{}, 100)
	r.desk.answer = func(context.Context, bot.Request) (bot.Answer, error) {
		m := sentence("Markets")
		m.Picture = message.NewPicture("strip/1", "markets", func() ([]byte, error) {
			drawn <- struct{}{}
			<-finished
			return []byte("PNG"), nil
		})
		return bot.Answer{Message: m}, nil
	}
	r.run(t)
	var exchanges []*discordtest.Exchange
	for range 200 {
		exchanges = append(exchanges, r.interact(t, discordtest.Deed{Name: "market"}))
	}
	for _, e := range exchanges {
		if reply, err := e.First(within(t)); err != nil || reply.Kind != 5 {
			t.Fatalf("reply %+v, %v", reply, err)
		}
	}
	close(finished)
	for _, e := range exchanges {
		if m, err := e.Original(within(t)); err != nil || len(m.Files) != 1 {
			t.Fatalf("%s with %d files, %v", m.Body, len(m.Files), err)
		}
	}
	if n := len(drawn); n != 1 {
		t.Errorf("drawn %d times", n)
	}
}

func TestToastsAndSilence(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	next := make(chan bot.Answer, 1)
	r.desk.answer = func(context.Context, bot.Request) (bot.Answer, error) { return <-next, nil }
	r.run(t)
	for _, c := range []struct {
		deed   discordtest.Deed
		answer bot.Answer
		kind   int
	}{
		{discordtest.Deed{Kind: discordtest.Component, CustomID: "1:a", Message: "800000000000000001"}, bot.Answer{}, 6},
		{discordtest.Deed{Kind: discordtest.Component, CustomID: "1:a", Message: "800000000000000001"}, bot.Answer{Toast: "Paused."}, 4},
		{discordtest.Deed{Kind: discordtest.Component, CustomID: "1:a", Message: "800000000000000001"}, bot.Answer{Message: sentence("x"), Edit: true}, 7},
		{discordtest.Deed{Name: "quote"}, bot.Answer{}, 4},
	} {
		next <- c.answer
		e := r.interact(t, c.deed)
		if reply, err := e.First(within(t)); err != nil || reply.Kind != c.kind {
			t.Errorf("%+v: reply %d, %v", c.answer, reply.Kind, err)
		}
	}
}

func TestAutocomplete(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Timing.Suggest = 50 * time.Millisecond })
	r.desk.suggest = func(ctx context.Context, q bot.Request, option, typed string) ([]bot.Choice, error) {
		if typed == "slow" {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		var list []bot.Choice
		for i := range 40 {
			list = append(list, bot.Choice{Label: strings.Repeat("n", 150) + q.Command + option, Value: fmt.Sprint(i)})
		}
		return append(list[:3], append([]bot.Choice{{Label: "", Value: "x"}, {Label: "y", Value: strings.Repeat("v", 101)}}, list[3:]...)...), nil
	}
	r.run(t)
	for typed, want := range map[string]int{"bt": 25, "slow": 0} {
		e := r.interact(t, discordtest.Deed{
			Kind: discordtest.Autocomplete, Name: "alert", Sub: "add", Options: map[string]any{"symbol": typed}, Focus: "symbol",
		})
		reply, err := e.First(within(t))
		if err != nil {
			t.Fatal(err)
		}
		var data struct{ Choices []struct{ Name string } }
		if err := json.Unmarshal(reply.Data, &data); err != nil || reply.Kind != 8 || len(data.Choices) != want {
			t.Errorf("%s: kind %d with %d choices, %v", typed, reply.Kind, len(data.Choices), err)
		}
	}
}

func TestPlacesOfInteractions(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Commands = bot.Commands() })
	const thread, announcement, forum, direct = "300000000000000011", "300000000000000005", "300000000000000015", "300000000000000099"
	r.server.AddChannel(discordtest.Channel{ID: thread, Guild: discordtest.Guild, Parent: discordtest.General, Kind: 11, Name: "topic"})
	r.server.AddChannel(discordtest.Channel{ID: announcement, Guild: discordtest.Guild, Kind: 5})
	r.server.AddChannel(discordtest.Channel{ID: forum, Guild: discordtest.Guild, Kind: 15})
	r.server.AddChannel(discordtest.Channel{ID: direct, Kind: 1})
	r.desk.answer = answers(bot.Answer{Message: sentence("fine")})
	r.run(t)
	for _, c := range []struct {
		deed  discordtest.Deed
		place subscriptions.Address
		kind  subscriptions.DestinationKind
		lacks string
	}{
		{discordtest.Deed{Channel: thread, AppPermissions: discordtest.ViewChannel | discordtest.SendMessages}, address(discordtest.General, thread), subscriptions.Group, "Send Messages in Threads"},
		{discordtest.Deed{Channel: announcement}, address(announcement, ""), subscriptions.Broadcast, ""},
		{discordtest.Deed{In: forum, Permissions: manageServer}, address(forum, ""), subscriptions.Forum, ""},
		{discordtest.Deed{Channel: direct, Guild: "-"}, address("dm:"+person, ""), subscriptions.Private, ""},
	} {
		c.deed.Name = "mute"
		e := r.interact(t, c.deed)
		if _, err := e.First(within(t)); err != nil {
			t.Fatal(err)
		}
		q := r.desk.asked[len(r.desk.asked)-1]
		if q.Place.Address != c.place || q.Place.Kind != c.kind || !strings.Contains(strings.Join(q.Lacks, ", "), c.lacks) || c.lacks == "" && len(q.Lacks) > 0 {
			t.Errorf("place %+v lacks %v", q.Place, q.Lacks)
		}
	}
}

// TestWhoCannotSeeAChannelLearnsNothingOfIt: a command may be about another
// channel, which not everybody sees, nor the bot.
func TestWhoCannotSeeAChannelLearnsNothingOfIt(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Commands = bot.Commands() })
	const secret, elsewhere = "300000000000000021", "300000000000000022"
	r.server.AddChannel(discordtest.Channel{ID: secret, Guild: discordtest.Guild, Name: "secret", Tags: []discordtest.Tag{{ID: "7", Name: "Oil"}}, Kind: 15})
	r.server.AddChannel(discordtest.Channel{ID: elsewhere, Guild: "200000000000000009", Name: "elsewhere"})
	r.desk.answer = answers(bot.Answer{Message: sentence("fine")})
	r.desk.suggest = func(context.Context, bot.Request, string, string) ([]bot.Choice, error) {
		return []bot.Choice{{Label: "shown", Value: "shown"}}, nil
	}
	r.run(t)
	for _, c := range []struct {
		in   string
		kind int
		may  uint64
		says string
	}{
		{secret, discordtest.Command, 0, "You can't see that channel"},
		{secret, discordtest.Command, discordtest.ViewChannel, "fine"},
		{secret, discordtest.Command, manageServer, "fine"},
		{secret, discordtest.Autocomplete, discordtest.ViewChannel, `"choices":[]`},
		{secret, discordtest.Autocomplete, manageServer, "shown"},
		{elsewhere, discordtest.Autocomplete, manageServer, `"choices":[]`},
	} {
		e := r.interact(t, discordtest.Deed{Kind: c.kind, Name: "alert", Sub: "list", In: c.in, Permissions: c.may, Options: map[string]any{"x": "y"}, Focus: "x"})
		if reply, err := e.First(within(t)); err != nil || !strings.Contains(string(reply.Data), c.says) {
			t.Errorf("%+v: %s, %v", c, reply.Data, err)
		}
	}
	if q := r.desk.asked[len(r.desk.asked)-1]; q.Place.Address.Chat != secret || len(q.Tags) != 1 || q.Tags[0] != "Oil" {
		t.Errorf("place %+v with tags %v", q.Place, q.Tags)
	}
}

// TestButtonsOfAnAnswerAboutAnotherChannel are about that channel as well, and
// so are the form that one opens and the answer to it.
func TestButtonsOfAnAnswerAboutAnotherChannel(t *testing.T) {
	r := build(t, discordtest.Options{}, func(o *discord.Options) { o.Commands = bot.Commands() })
	const forum = "300000000000000015"
	r.server.AddChannel(discordtest.Channel{ID: forum, Guild: discordtest.Guild, Kind: 15})
	m := sentence("fine")
	m.Buttons = [][]message.Button{{{Label: "Edit", Data: "1:rule.edit:3"}}}
	r.desk.answer = answers(bot.Answer{Message: m, Ephemeral: true})
	r.run(t)
	first, err := r.interact(t, discordtest.Deed{Name: "alert", Sub: "list", In: forum, Permissions: discordtest.ViewChannel}).First(within(t))
	if err != nil || !strings.Contains(string(first.Data), `"custom_id":"1:rule.edit:3@`+forum+`"`) {
		t.Fatalf("%s, %v", first.Data, err)
	}
	r.desk.answer = answers(bot.Answer{Modal: &bot.Modal{Data: "1:rule.edited:3", Title: "Change", Fields: []bot.ModalField{{Name: "rule", Label: "What"}}}})
	form, err := r.interact(t, discordtest.Deed{Kind: discordtest.Component, CustomID: "1:rule.edit:3@" + forum, Message: "9"}).First(within(t))
	if err != nil || !strings.Contains(string(form.Data), `"custom_id":"1:rule.edited:3@`+forum+`"`) {
		t.Fatalf("%s, %v", form.Data, err)
	}
	r.desk.answer = nil
	e := r.interact(t, discordtest.Deed{Kind: discordtest.Modal, CustomID: "1:rule.edited:3@" + forum, Message: "9", Form: map[string]string{"rule": "x"}})
	r.desk.await(t, "the form", func() bool { return len(r.desk.submitted) == 1 })
	q := r.desk.submitted[0]
	if q.Button != "1:rule.edited:3" || q.Place.Address != address(forum, "") || q.Role != subscriptions.RoleMember {
		t.Errorf("request %+v", q)
	}
	d := toGeneral(m)
	d.Address, d.Via, d.User, d.Ephemeral = q.Place.Address, q.Via, q.Identity.User, true
	if _, err := r.client.Deliver(within(t), d); err != nil {
		t.Fatal(err)
	}
	if later, err := e.Later(within(t), 1); err != nil || !strings.Contains(string(later[0].Body), "1:rule.edit:3@"+forum) {
		t.Errorf("%v, %v", later, err)
	}
}

func TestRoleIsAsked(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.server.SetMember(discordtest.Guild, "500000000000000007", manageServer)
	r.server.SetMember(discordtest.Guild, "500000000000000008", 0)
	r.server.SetMember(discordtest.Guild, "400000000000000001", 0)
	for user, want := range map[string]subscriptions.Role{
		"500000000000000007": subscriptions.RoleModerator, "500000000000000008": subscriptions.RoleMember,
		"400000000000000001": subscriptions.RoleModerator, "500000000000000009": subscriptions.RoleNobody, "x/../y": subscriptions.RoleNobody,
	} {
		if role, err := r.client.Role(within(t), address(discordtest.General, ""), user); err != nil || role != want {
			t.Errorf("%s is %q, %v", user, role, err)
		}
	}
	if role, err := r.client.Role(within(t), address("300000000000000404", ""), person); err == nil || role != subscriptions.RoleUnknown {
		t.Errorf("in an unknown channel: %q, %v", role, err)
	}
	if role, err := r.client.Role(within(t), address("dm:"+person, ""), person); err != nil || role != subscriptions.RoleMember {
		t.Errorf("in direct messages: %q, %v", role, err)
	}
}
