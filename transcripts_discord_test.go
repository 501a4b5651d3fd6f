package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/discord/discordtest"
	"bellwether/subscriptions"
)

// readDiscordSpec reads the description that requests are checked against; nil
// where there is none.
func readDiscordSpec(t *testing.T) *discordtest.Spec {
	t.Helper()
	folder := os.Getenv("BELLWETHER_SPECS")
	if folder == "" {
		return nil
	}
	spec, err := discordtest.LoadSpec(filepath.Join(folder, "discord-openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// discordPerson is somebody in Discord: in a direct message with the bot, or in
// a channel.
type discordPerson struct {
	stage       *stage
	user        string
	guild       string // "-" for a direct message
	channel     string
	permissions uint64
	roles       []string
	exchanges   []*discordtest.Exchange
	pressed     string // the message that carried the last button
}

// enterDiscord opens a direct message with the bot.
func (s *stage) enterDiscord(user string) *discordPerson {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.api+"/api/v10/users/@me/channels",
		strings.NewReader(`{"recipient_id":"`+user+`"}`))
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bot "+discordToken)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "DiscordBot (person, 1)")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	return &discordPerson{stage: s, user: user, guild: "-", channel: s.discord.Direct(user)}
}

// does lets the person do something, once the bot is connected.
func (p *discordPerson) does(d discordtest.Deed) *discordtest.Exchange {
	p.stage.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := p.stage.discord.AwaitReady(ctx); err != nil {
		p.stage.t.Fatal("the bot does not connect to the gateway")
	}
	d.User, d.Guild, d.Channel, d.Permissions, d.Roles = p.user, p.guild, p.channel, p.permissions, p.roles
	e, err := p.stage.discord.Interact(d)
	if err != nil {
		p.stage.t.Fatal(err)
	}
	p.exchanges = append(p.exchanges, e)
	return e
}

// Says implements person: what is typed elsewhere are options here.
func (p *discordPerson) Says(text string) {
	p.stage.t.Helper()
	p.does(slashed(text))
}

// slashed translates a typed command into a command with options.
func slashed(text string) discordtest.Deed {
	name, rest, _ := strings.Cut(strings.TrimPrefix(text, "/"), " ")
	d := discordtest.Deed{Kind: discordtest.Command, Name: name, Options: map[string]any{}}
	first, more, _ := strings.Cut(rest, " ")
	set := func(option, value string) {
		if value != "" {
			d.Options[option] = value
		}
	}
	switch name {
	case "quote", "chart", "watch", "unwatch":
		set("symbol", rest)
	case "help":
		set("command", rest)
	case "unfollow":
		set("feed", rest)
	case "bells":
		set("market", rest)
	case "mute":
		set("time", rest)
	case "settings":
		set(first, more)
	case "follow":
		d.Sub = "add"
		if first == "remove" || first == "list" {
			d.Sub, rest = first, more
		}
		set("feed", rest)
	case "alert":
		d.Sub = "add"
		switch first {
		case "edit", "pause", "remove", "list":
			d.Sub = first
			number, condition, _ := strings.Cut(more, " ")
			set("alert", number)
			set("condition", condition)
		default:
			if first == "preview" {
				set("preview", "yes")
				first, more, _ = strings.Cut(more, " ")
			}
			set("symbol", first)
			ruleOptions(more, set)
		}
	}
	return d
}

// ruleOptions divides the end of a rule into the options that Discord has.
func ruleOptions(text string, set func(option, value string)) {
	if before, note, ok := strings.Cut(text, ` note "`); ok {
		text = before
		set("note", strings.TrimSuffix(note, `"`))
	}
	for _, option := range []string{"until", "cooldown"} {
		if before, value, ok := strings.Cut(text, " "+option+" "); ok {
			text = before
			set(option, value)
		}
	}
	if before, ok := strings.CutSuffix(text, " every time"); ok {
		text = before
		set("repeat", "every time")
	}
	set("condition", text)
}

// body is what is read of a message of Discord.
type discordBody struct {
	Content string `json:"content"`
	Flags   int    `json:"flags"`
	Embeds  []struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Fields      []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"fields"`
		Footer struct {
			Text string `json:"text"`
		} `json:"footer"`
	} `json:"embeds"`
	Rows []struct {
		Buttons []struct {
			Label string `json:"label"`
			ID    string `json:"custom_id"`
		} `json:"components"`
	} `json:"components"`
}

// read returns what a person sees of a message, without its markup.
func (b discordBody) read() heard {
	lines := []string{b.Content}
	for _, e := range b.Embeds {
		lines = append(lines, e.Title, e.Description)
		for _, f := range e.Fields {
			lines = append(lines, f.Name+": "+f.Value)
		}
		lines = append(lines, e.Footer.Text)
	}
	h := heard{Text: strings.NewReplacer(`\`, "", "`", "", "**", "").Replace(strings.Join(lines, "\n")), Private: b.Flags&64 != 0}
	for _, row := range b.Rows {
		for _, button := range row.Buttons {
			h.Buttons = append(h.Buttons, button.Label)
		}
	}
	return h
}

// Hears implements person: what came to the channel, in direct messages, and
// as answers to what the person did.
func (p *discordPerson) Hears() []heard {
	mine := map[string]bool{}
	for _, e := range p.exchanges {
		mine[e.Token] = true
	}
	direct := p.stage.discord.Direct(p.user)
	var out []heard
	for _, r := range p.stage.discord.Requests() {
		parts := strings.Split(strings.Trim(r.Path, "/"), "/")
		if r.Status >= http.StatusMultipleChoices || r.Method == http.MethodGet || len(parts) < 3 {
			continue
		}
		raw := r.Body
		switch {
		case parts[0] == "interactions" && mine[parts[2]]:
			var callback struct {
				Data json.RawMessage `json:"data"`
			}
			if json.Unmarshal(raw, &callback) != nil || len(callback.Data) == 0 {
				continue
			}
			raw = callback.Data
		case parts[0] == "webhooks" && mine[parts[2]]:
		case parts[0] == "channels" && (parts[1] == p.channel || parts[1] == direct):
		default:
			continue
		}
		var body discordBody
		if json.Unmarshal(raw, &body) == nil && (body.Content != "" || len(body.Embeds) > 0) {
			out = append(out, body.read())
		}
	}
	return out
}

// screen returns the messages that the person sees now.
func (p *discordPerson) screen() []discordtest.Message {
	d := p.stage.discord
	all := d.Messages(p.channel)
	if direct := d.Direct(p.user); direct != p.channel {
		all = append(all, d.Messages(direct)...)
	}
	over, cancel := context.WithCancel(context.Background())
	cancel() // only what is there already
	for _, e := range p.exchanges {
		if m, err := e.Original(over); err == nil {
			all = append(all, m)
		}
		if later, err := e.Later(over, 0); err == nil {
			all = append(all, later...)
		}
	}
	return all
}

// Picks implements person.
func (p *discordPerson) Picks(label string) {
	p.stage.t.Helper()
	message, data := p.button(label)
	p.pressed = message
	p.does(discordtest.Deed{Kind: discordtest.Component, CustomID: data, Message: message})
}

// button finds the lowest message on the screen with a button.
func (p *discordPerson) button(label string) (message, data string) {
	p.stage.t.Helper()
	eventuallyButton(p.stage.t, p, label, func() bool {
		message, data = "", ""
		for _, m := range p.screen() {
			var body discordBody
			if m.Deleted || json.Unmarshal(m.Body, &body) != nil || message != "" && m.ID <= message {
				continue
			}
			for _, row := range body.Rows {
				for _, b := range row.Buttons {
					if strings.HasPrefix(b.Label, label) {
						message, data = m.ID, b.ID
					}
				}
			}
		}
		return data != ""
	})
	return message, data
}

// form is what a modal shows.
type discordForm struct {
	ID   string `json:"custom_id"`
	Rows []struct {
		Fields []struct {
			Name  string `json:"custom_id"`
			Value string `json:"value"`
		} `json:"components"`
	} `json:"components"`
}

// Fills implements person.
func (p *discordPerson) Fills(text string) {
	p.stage.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	first, err := p.exchanges[len(p.exchanges)-1].First(ctx)
	var form discordForm
	if err != nil || json.Unmarshal(first.Data, &form) != nil || len(form.Rows) != 1 {
		p.stage.t.Fatalf("there is no form of one field: %v %s", err, first.Data)
	}
	p.does(discordtest.Deed{Kind: discordtest.Modal, CustomID: form.ID, Message: p.pressed, Form: map[string]string{form.Rows[0].Fields[0].Name: text}})
}

// TestDiscordChannelBelongsToItsModerators: what is set up is shown to who does
// it, members copy, and moderators decide for all.
func TestDiscordChannelBelongsToItsModerators(t *testing.T) {
	t.Parallel()
	s := openStage(t, subscriptions.Discord, stageOptions{})
	moderator := &discordPerson{stage: s, user: "500000000000000011", channel: discordtest.General, permissions: manageServer}
	member := &discordPerson{stage: s, user: "500000000000000012", channel: discordtest.General}
	s.converse(moderator, []step{says("/alert AAPL > 203 every time", "Alert set", "AAPL > 203 every time").offer("Pause")})
	s.converse(member, []step{
		says("/quote AAPL", "Apple", "201.50"),
		says("/follow harbour", "Only moderators change what this place gets"),
		says("/alert AAPL > 220", "Alert set", "It comes to you by direct message"),
		moves("AAPL 203.50", "Apple rose to", "203.00").offer("Alert me too", "Snooze 1 h"),
		picks("Alert me too", "Alert set", "AAPL > 203 every time", "direct message"),
	})
	alert, pause := "", ""
	eventuallyButton(t, member, "the alert in the channel", func() bool {
		for _, m := range s.discord.Messages(discordtest.General) {
			var body discordBody
			if json.Unmarshal(m.Body, &body) != nil {
				continue
			}
			for _, row := range body.Rows {
				for _, b := range row.Buttons {
					if b.Label == "Pause" {
						alert, pause = m.ID, b.ID
					}
				}
			}
		}
		return pause != ""
	})
	for _, try := range []struct {
		who  *discordPerson
		says string
	}{{member, "Only moderators change"}, {moderator, "Paused"}} {
		mark := len(try.who.Hears())
		try.who.does(discordtest.Deed{Kind: discordtest.Component, CustomID: pause, Message: alert})
		if !comesWithin(turnTime, func() bool { return strings.Contains(transcriptOf(try.who.Hears()[mark:]), try.says) }) {
			t.Errorf("waited for %q, heard:\n%s", try.says, transcriptOf(try.who.Hears()[mark:]))
		}
	}
	s.setUpIsPrivate(moderator, member)
	s.nothingRefused()
}

// setUpIsPrivate wants the first answers of commands that set up to be shown to
// who gave them only, and that of a question to all.
func (s *stage) setUpIsPrivate(moderator, member *discordPerson) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), turnTime)
	defer cancel()
	for name, e := range map[string]*discordtest.Exchange{
		"an alert": moderator.does(slashed("/alert AAPL > 230")), "the list": member.does(slashed("/alerts")), "settings": moderator.does(slashed("/settings")),
	} {
		if first, err := e.First(ctx); err != nil || !first.Ephemeral {
			s.t.Errorf("%s is not shown privately: %v, kind %d", name, err, first.Kind)
		}
	}
}

// TestDiscordCompletesWhatIsTyped: symbols, own rules, feeds and zones.
func TestDiscordCompletesWhatIsTyped(t *testing.T) {
	t.Parallel()
	s := openStage(t, subscriptions.Discord, stageOptions{})
	p := s.enterDiscord("500000000000000021")
	s.converse(p, []step{says("/alert AAPL > 210", "Alert set"), says("/follow harbour", "Following harbour")})
	for _, typing := range []struct{ name, sub, option, typed, offers string }{
		{"quote", "", "symbol", "bitc", "BTC-USD"}, {"alert", "pause", "alert", "", "AAPL > 210"}, {"alert", "add", "condition", "cross", "crosses"},
		{"follow", "remove", "feed", "", "Harbour Post"}, {"follow", "add", "feed", "har", "harbour"}, {"settings", "", "zone", "tok", "Asia/Tokyo"},
	} {
		e := p.does(discordtest.Deed{
			Kind: discordtest.Autocomplete, Name: typing.name, Sub: typing.sub, Focus: typing.option, Options: map[string]any{typing.option: typing.typed},
		})
		ctx, cancel := context.WithTimeout(context.Background(), turnTime)
		first, err := e.First(ctx)
		cancel()
		var text string
		if err == nil {
			text = strings.ReplaceAll(string(first.Data), `\u003e`, ">")
		}
		if !strings.Contains(text, typing.offers) {
			t.Errorf("/%s %s %s=%q offers %s, %v", typing.name, typing.sub, typing.option, typing.typed, text, err)
		}
	}
	s.nothingRefused()
}
