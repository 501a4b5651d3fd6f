package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"bellwether/adapters/discord/discordtest"
)

const (
	moderator    = "600000000000000001"
	member       = "600000000000000002"
	manageServer = 1 << 5
)

// discordSpec reads Discord's description once, where there is one.
//

var discordSpec = sync.OnceValues(func() (*discordtest.Spec, error) { //nolint:gochecknoglobals // It takes seconds and is the same for all tests.
	specs := os.Getenv("BELLWETHER_SPECS")
	if specs == "" {
		return nil, nil
	}
	return discordtest.LoadSpec(filepath.Join(specs, "discord-openapi.json"))
})

func openDiscord(t *testing.T) (*discordtest.Server, string) {
	t.Helper()
	spec, err := discordSpec()
	if err != nil {
		t.Fatal(err)
	}
	server := discordtest.New(discordtest.Options{Token: discordToken, Spec: spec})
	address, err := server.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server, fmt.Sprintf("[discord]\ntoken = %q\napi_url = %q\nguild = %q", discordToken, address, discordtest.Guild)
}

// guild is a Discord server whose people do things, one after another.
type guild struct {
	t      *testing.T
	ctx    context.Context
	server *discordtest.Server
}

// does lets somebody do something and returns the first response.
func (g guild) does(d discordtest.Deed) (*discordtest.Exchange, discordtest.Reply) {
	g.t.Helper()
	e, err := g.server.Interact(d)
	if err != nil {
		g.t.Fatal(err)
	}
	reply, err := e.First(g.ctx)
	if err != nil {
		g.t.Fatalf("%+v: %v", d, err)
	}
	return e, reply
}

// says lets somebody do something and wants these words as the answer.
func (g guild) says(d discordtest.Deed, words ...string) {
	g.t.Helper()
	e, reply := g.does(d)
	text := string(reply.Data)
	switch reply.Kind {
	case 5: // deferred: the answer takes its place
		m, err := e.Original(g.ctx)
		if err != nil {
			g.t.Fatalf("%+v: %v", d, err)
		}
		text = string(m.Body)
	case 6: // a button or a form was taken: the answer follows
		later, err := e.Later(g.ctx, 1)
		if err != nil {
			g.t.Fatalf("%+v: %v", d, err)
		}
		text = string(later[0].Body)
	}
	for _, w := range words {
		if !strings.Contains(plainJSON(text), w) {
			g.t.Errorf("%s %s %s: %q is not in %s", d.Name, d.Sub, d.CustomID, w, text)
		}
	}
}

// plainJSON undoes the escapes that stand between a test and what it looks for.
func plainJSON(text string) string {
	return strings.NewReplacer(`\u003e`, ">", `\u003c`, "<", `\u0026`, "&", `\"`, `"`).Replace(text)
}

// posted waits for a message with these words and returns it.
func (g guild) posted(channel func() string, words string) discordtest.Message {
	g.t.Helper()
	var found discordtest.Message
	eventually(g.t, words, func() bool {
		for _, m := range g.server.Messages(channel()) {
			if strings.Contains(plainJSON(string(m.Body)), words) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func general() string { return discordtest.General }

// button returns the data of a button by its words.
func button(t *testing.T, m discordtest.Message, label string) string {
	t.Helper()
	var body struct {
		Components []struct {
			Components []struct {
				Label    string `json:"label"`
				CustomID string `json:"custom_id"`
			} `json:"components"`
		} `json:"components"`
	}
	if err := json.Unmarshal(m.Body, &body); err != nil {
		t.Fatal(err)
	}
	for _, row := range body.Components {
		for _, b := range row.Components {
			if b.Label == label {
				return b.CustomID
			}
		}
	}
	t.Fatalf("no button %q in %s", label, m.Body)
	return ""
}

func TestModeratorSetsAThresholdInDiscord(t *testing.T) {
	t.Parallel()
	market, paper := openExchange(t), openPress(t)
	paper.print("Harbour opens a second quay")
	server, chat := openDiscord(t)
	run := launch(t, nil, "run", "--config", configFile(t, sqliteFile(t), market.asOwn(), chat, readPress()))
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	if err := server.AwaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the commands to be registered", func() bool {
		commands, _ := server.Commands(discordtest.Guild)
		return strings.Contains(string(commands), `"alert"`)
	})
	g := guild{t: t, ctx: ctx, server: server}

	add := discordtest.Deed{User: member, Name: "alert", Sub: "add", Options: map[string]any{"symbol": "BTC-USD", "condition": "> 62000", "repeat": "every time", "to": "here"}}
	g.says(add, "Only moderators")
	add.User, add.Permissions = moderator, manageServer
	g.says(add, "Alert set", "BTC-USD > 62000 every time")
	_, choices := g.does(discordtest.Deed{Kind: discordtest.Autocomplete, User: member, Name: "alert", Sub: "add", Options: map[string]any{"symbol": "gol"}, Focus: "symbol"})
	if choices.Kind != 8 || !strings.Contains(string(choices.Data), "GC=F") {
		t.Errorf("choices %d %s", choices.Kind, choices.Data)
	}
	_, quote := g.does(discordtest.Deed{User: member, Name: "quote", Options: map[string]any{"symbol": "GC=F"}})
	if !strings.Contains(string(quote.Data), "2,340.00") {
		t.Errorf("quote %d %s", quote.Kind, quote.Data)
	}

	market.set("BTC-USD", "62100.00")
	alert := g.posted(general, "Bitcoin USD rose to")
	g.says(discordtest.Deed{Kind: discordtest.Component, User: member, CustomID: button(t, alert, "Pause"), Message: alert.ID}, "Only moderators")
	g.says(discordtest.Deed{Kind: discordtest.Component, User: member, CustomID: button(t, alert, "Alert me too"), Message: alert.ID}, "by direct message")

	_, form := g.does(discordtest.Deed{Kind: discordtest.Component, User: moderator, Permissions: manageServer, CustomID: button(t, alert, "Edit"), Message: alert.ID})
	ids := regexp.MustCompile(`"custom_id":"([^"]+)"`).FindAllStringSubmatch(string(form.Data), -1)
	if form.Kind != 9 || len(ids) != 2 {
		t.Fatalf("form %d %s", form.Kind, form.Data)
	}
	data, field := ids[0][1], ids[1][1]
	if !strings.Contains(data, ":") {
		data, field = field, data
	}
	entered := discordtest.Deed{Kind: discordtest.Modal, User: member, CustomID: data, Form: map[string]string{field: "BTC-USD > 1"}, Message: alert.ID}
	g.says(entered, "Only moderators")
	g.says(discordtest.Deed{User: moderator, Permissions: manageServer, Name: "alert", Sub: "list"}, "BTC-USD > 62000 every time")

	g.says(discordtest.Deed{User: moderator, Permissions: manageServer, Name: "follow", Sub: "add", Options: map[string]any{"feed": paper.url}}, "Following The Harbour Post")
	g.posted(general, "Harbour opens a second quay")
	market.set("BTC-USD", "60500.00")
	silentlyOn(t, market)
	market.set("BTC-USD", "62200.00")
	g.posted(func() string { return server.Direct(member) }, "Bitcoin USD rose to")
	run.stop()
	if strings.Contains(run.out.String(), "secretSecret") {
		t.Error("the token was printed")
	}
}
