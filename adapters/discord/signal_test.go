package discord_test

import (
	"encoding/json"
	"log/slog"
	"testing"

	"bellwether/adapters/discord"
	"bellwether/adapters/discord/discordtest"
	"bellwether/bot"
)

func TestSignalsOfPlaces(t *testing.T) {
	const thread = "300000000000000011"
	channel := map[string]any{"id": discordtest.General, "guild_id": discordtest.Guild, "type": 0, "name": "general"}
	inThread := map[string]any{"id": thread, "guild_id": discordtest.Guild, "type": 11, "parent_id": discordtest.General, "thread_metadata": map[string]any{"locked": true}}
	for _, c := range []struct {
		event string
		data  any
		kind  bot.SignalKind
	}{
		{"CHANNEL_DELETE", channel, bot.SignalGone},
		{"CHANNEL_UPDATE", channel, bot.SignalRights},
		{"THREAD_DELETE", inThread, bot.SignalGone},
		{"THREAD_UPDATE", inThread, bot.SignalNoRights},
		{"GUILD_ROLE_UPDATE", map[string]any{"guild_id": discordtest.Guild, "role": map[string]any{"id": "1"}}, bot.SignalRights},
	} {
		r := build(t, discordtest.Options{}, nil)
		r.run(t)
		r.desk.await(t, "the server", func() bool { return len(r.desk.signals) == 1 })
		r.server.Dispatch(c.event, c.data)
		r.desk.await(t, c.event, func() bool { return len(r.desk.signals) >= 2 })
		s := r.desk.signals[1]
		chat := discordtest.General
		if c.event == "GUILD_ROLE_UPDATE" {
			chat = "" // all of the server's places
		}
		if s.Kind != c.kind || s.Place.Address.Chat != chat || s.Place.Community != discordtest.Guild {
			t.Errorf("%s: %+v", c.event, s)
		}
		if c.event == "THREAD_DELETE" && s.Place.Address.Thread != thread {
			t.Errorf("%s: %+v", c.event, s.Place.Address)
		}
	}
}

func TestRemovalIsToldFromAnOutage(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.run(t)
	r.desk.await(t, "the server", func() bool { return len(r.desk.signals) == 1 })
	if s := r.desk.signals[0]; s.Kind != bot.SignalAdded || s.Place.Community != discordtest.Guild {
		t.Fatalf("%+v", s)
	}
	r.server.RemoveGuild(discordtest.Guild, true)
	r.server.AddGuild("200000000000000002")
	r.desk.await(t, "the new server", func() bool { return len(r.desk.signals) == 2 })
	r.server.RemoveGuild(discordtest.Guild, false)
	r.desk.await(t, "the removal", func() bool { return len(r.desk.signals) == 3 })
	if s := r.desk.signals[2]; s.Kind != bot.SignalCommunity || s.Place.Community != discordtest.Guild {
		t.Errorf("%+v", s)
	}
}

func TestRemovalWhileAwayIsNoticed(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.memory.kept = map[string]string{"discord/main/guilds": discordtest.Guild + " 200000000000000009"}
	r.run(t)
	r.desk.await(t, "the removal", func() bool { return len(r.desk.signals) == 1 })
	if s := r.desk.signals[0]; s.Kind != bot.SignalCommunity || s.Place.Community != "200000000000000009" {
		t.Errorf("%+v", s)
	}
}

func TestHalfDecodedEventsAreSurvived(t *testing.T) {
	r := build(t, discordtest.Options{}, nil)
	r.run(t)
	for _, kind := range []string{"GUILD_CREATE", "GUILD_DELETE", "CHANNEL_UPDATE", "THREAD_UPDATE", "INTERACTION_CREATE", "READY", "SOMETHING_NEW"} {
		for _, data := range []string{"null", "[]", `{"id":7}`, `"x"`, `{"guilds":{},"channels":7}`} {
			r.server.Dispatch(kind, json.RawMessage(data))
		}
	}
	e := r.interact(t, discordtest.Deed{Name: "watch"})
	if _, err := e.First(within(t)); err != nil {
		t.Fatal(err)
	}
}

func TestCommandsAreWrittenOnlyWhenChanged(t *testing.T) {
	for _, guild := range []string{"", discordtest.Guild} {
		r := build(t, discordtest.Options{}, func(o *discord.Options) {
			o.Commands, o.Guild, o.Log = bot.Commands(), guild, slog.New(slog.NewTextHandler(t.Output(), nil))
		})
		r.run(t)
		if err := r.server.AwaitRequest(within(t), "PUT", "/commands", 1); err != nil {
			t.Fatal(err)
		}
		r.server.SendOp(7, nil)
		if err := r.server.AwaitRequest(within(t), "GET", "/commands", 2); err != nil {
			t.Fatal(err)
		}
		raw, puts := r.server.Commands(guild)
		var list []struct {
			Name        string  `json:"name"`
			Contexts    []int   `json:"contexts"`
			Permissions *string `json:"default_member_permissions"`
		}
		if err := json.Unmarshal(raw, &list); err != nil || puts != 1 || len(list) != len(bot.Commands()) {
			t.Errorf("%d commands written %d times, %v", len(list), puts, err)
		}
		for _, c := range list {
			if len(c.Contexts) != 2 || c.Permissions != nil {
				t.Errorf("%+v", c)
			}
		}
	}
}
