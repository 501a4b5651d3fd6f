package bot_test

import (
	"testing"
	"time"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestDiscordSubCommandsOptionsAndForms(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "repeat", "every time", "cooldown", "1h",
			"note", `say "sell"`, "to", "here"), "(only you) Alert set", `BTC-USD > 62000 every time cooldown 1h note "say 'sell'"`)
		r.has(mod.command("alert", "list"), "(only you) 1 alert", "BTC-USD > 62000")
		rules, err := r.store.RulesOf(r.t.Context(), mod.stored().ID)
		r.must(err)
		named := "#" + id36(int64(rules[0].Rule.ID))
		r.has(mod.command("alert", "pause", "alert", named), "(only you) Paused")
		r.has(mod.command("alert", "pause", "alert", named), "(only you) On again")
		r.has(mod.command("alert", "edit", "alert", named, "condition", "> 62100"), "(only you) Alert changed", "BTC-USD > 62100")
		r.has(mod.press("Edit"), "(form) Change the alert: What should I watch for? [BTC-USD > 62100 every time cooldown 1h note \"say 'sell'\"]")
		r.has(mod.fill("BTC-USD > 62200"), "Alert changed", "BTC-USD > 62200")
		r.has(mod.press("Edit"), "(form)")
		r.has(mod.fill("BTC-USD > nonsense"), "(only you) A number is missing")
		r.has(mod.command("alert", "remove", "alert", named), "(only you) Deleted: BTC-USD > 62200")
		r.has(mod.command("follow", "add", "feed", "crypto"), "(only you) Following crypto")
		r.has(mod.command("follow", "list"), "(only you) Following 1 feed")
		r.has(mod.command("follow", "remove", "feed", "1"), "(only you) The Three is not followed here any more.")
		r.has(mod.command("quote", "", "symbol", "BTC-USD"), "Bitcoin 61,955.88")
		r.lacks(mod.command("market", ""), "(only you)")
		r.has(mod.command("help", ""), "(only you) What I can do")
		r.has(mod.command("settings", "", "zone", "Asia/Singapore"), "(only you) Settings", "Asia/Singapore")
		r.has(mod.command("mute", "", "time", "1h"), "(only you) Muted until 18:")
	})
}

func TestDiscordMembersGetTheirOwnByDirectMessage(t *testing.T) {
	talk(t, func(r *rig) {
		bob := r.channel("bob", "markets", subscriptions.RoleMember)
		r.has(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000"), "(only you) Alert set", "It comes to you by direct message.")
		r.has(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 63000", "to", "here"), "(only you) Only moderators change what this place gets.")
		r.has(bob.command("alert", "list"), "1 alert", "by direct message")
		other := r.channel("eve", "markets", subscriptions.RoleModerator)
		r.has(other.command("alert", "list"), "No alerts yet")
		r.price("BTC-USD", "62010")
		r.has(bob.dm().hears(), "Bitcoin rose to 62,000.00")
		if got := r.channel("x", "markets", subscriptions.RoleMember).hears(); count(got, "Bitcoin rose") > 0 {
			t.Errorf("told in the channel: %s", got)
		}
	})
}

func TestAlertMeTooCopiesAChannelsRule(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		mod.command("settings", "", "mention", "777")
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000 every time", "mention", "777", "to", "here"), "Alert set")
		r.price("BTC-USD", "62010")
		out := mod.hears()
		r.has(out, "Bitcoin rose to 62,000.00", "[Alert me too]", "(mentions 777)")
		bob := r.channel("bob", "markets", subscriptions.RoleMember)
		r.has(bob.press("Alert me too"), "(only you) Alert set", "It comes to you by direct message.")
		r.has(bob.press("Alert me too"), "(only you) There is such an alert already")
		rules, err := r.store.RulesOf(r.t.Context(), mod.stored().ID)
		r.must(err)
		r.has(bob.pressData("1:rule.pause:"+id36(int64(rules[0].Rule.ID)), "1"), "(only you) Only moderators")
		r.price("BTC-USD", "61000")
		r.wait(time.Minute)
		r.price("BTC-USD", "62020")
		told := bob.dm().hears()
		r.has(told, "Bitcoin rose to 62,000.00", "62,020.00")
		r.lacks(told, "mentions", "Alert me too")
		bob2 := bob.dm()
		r.has(bob2.press("Delete"), "(edit)", "This alert was deleted")
	})
}

func TestChannelThatIsOpenToEveryone(t *testing.T) {
	talk(t, func(r *rig) {
		mod, bob, eve := r.channel("mod", "open", subscriptions.RoleModerator), r.channel("bob", "open", subscriptions.RoleMember), r.channel("eve", "open", subscriptions.RoleMember)
		r.has(mod.command("settings", "", "open", "everyone"), "moderators; everyone may make their own alerts")
		r.has(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "to", "here"), "Alert set")
		r.has(bob.press("Pause"), "Paused")
		rules, err := r.store.RulesOf(r.t.Context(), bob.stored().ID)
		r.must(err)
		r.has(eve.command("alert", "remove", "alert", "#"+id36(int64(rules[0].Rule.ID))), "Only moderators")
		r.has(mod.command("alert", "remove", "alert", "#"+id36(int64(rules[0].Rule.ID))), "Deleted")
		r.has(bob.command("follow", "add", "feed", "crypto"), "Only moderators")
		r.has(mod.command("settings", "", "open", "moderators"), "Who may change things: moderators\n")
		r.has(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "to", "here"), "Only moderators")
	})
}

func TestRolesAreModerators(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		bob := r.channel("bob", "markets", subscriptions.RoleMember, "55")
		r.has(bob.command("mute", "", "time", "1h"), "Only moderators")
		r.has(mod.command("settings", "", "moderators", "55"), "Settings")
		r.has(bob.command("mute", "", "time", "1h"), "Muted until")
		r.has(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000"), "Alert set")
		r.has(mod.command("settings", "", "moderators", "55"), "Settings")
		r.has(bob.command("mute", "", "time", "off"), "Only moderators")
	})
}

func TestOnlyAllowedRolesAreMentioned(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "mention", "777", "to", "here"),
			"Alerts here may not notify", "/settings mention")
	})
}

func TestMissingPermissionsAreNamed(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		req := mod.request()
		req.Command, req.Lacks = "settings", []string{"Send Messages", "Attach Files"}
		r.has(mod.hand(req), "I lack these permissions here: Send Messages, Attach Files")
		for command, options := range map[string]map[string]string{
			"alert": {"symbol": "BTC-USD", "condition": "> 62000"}, "follow": {"feed": "crypto"}, "bells": {"market": "SGX"},
		} {
			req = mod.request()
			req.Command, req.Options, req.Lacks = command, options, []string{"Send Messages", "Attach Files"}
			r.has(mod.hand(req), "I can't post there yet, so nothing was set up.", "try again: Send Messages, Attach Files.")
		}
		r.has(mod.command("alert", "list"), "No alerts yet")
		bob := r.channel("bob", "markets", subscriptions.RoleMember)
		req = bob.request()
		req.Command, req.Sub, req.Options, req.Lacks = "alert", "add", map[string]string{"symbol": "BTC-USD", "condition": "> 62000"}, []string{"Send Messages"}
		r.has(bob.hand(req), "Alert set", "It comes to you by direct message.")
	})
}

// TestEditKeepsWhatTheNewConditionDoesNotSay: a note or a repeat is not lost
// with the price.
func TestEditKeepsWhatTheNewConditionDoesNotSay(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 64000", "repeat", "every time", "cooldown", "1h", "until", "2000-02-01", "note", "sell", "to", "here")
		edit := func(condition string) string {
			return mod.command("alert", "edit", "alert", "1", "condition", condition)
		}
		r.has(edit("> 64500"), "Alert changed", `BTC-USD > 64500 every time cooldown 1h until 1 Feb 2000 note "sell"`)
		r.has(edit(`> 64600 note "buy"`), `BTC-USD > 64600 every time cooldown 1h until 1 Feb 2000 note "buy"`)
		r.has(edit("> 64700 once"), `BTC-USD > 64700 until 1 Feb 2000 note "buy"`)
	})
}

// TestWhyOfALinkedMessage: in Discord a command can't answer a message.
func TestWhyOfALinkedMessage(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		r.has(mod.command("why", ""), "/why with the link of a message of mine")
		mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "to", "here")
		mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62100", "to", "here")
		r.price("BTC-USD", "62010")
		mod.hears()
		told := r.chat.screen(mod.place.Address)
		first := told[len(told)-1].id
		r.price("BTC-USD", "62110")
		r.has(mod.hears(), "62,100.00")
		r.has(mod.command("why", ""), "Because of the alert BTC-USD > 62100")
		r.has(mod.command("why", "", "message", "https://discord.com/channels/200/300/"+first), "Because of the alert BTC-USD > 62000")
		r.has(mod.command("why", "", "message", "https://discord.com/channels/200/300/404"), "I know no such message here")
	})
}

// TestDirectMessagesAreTriedAgainForWhoAsks: who closed them and asks for
// something there is told, and gets what waits.
func TestDirectMessagesAreTriedAgainForWhoAsks(t *testing.T) {
	talk(t, func(r *rig) {
		bob := r.channel("bob", "markets", subscriptions.RoleMember)
		bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000")
		home := bob.dm().stored().ID
		_, err := r.store.Park(r.t.Context(), []subscriptions.DestinationID{home}, subscriptions.Parked, "the person does not take direct messages from the bot")
		r.must(err)
		r.price("BTC-USD", "62010")
		r.lacks(bob.dm().hears(), "rose to")
		r.has(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 65000"), "Alert set", "please allow direct messages from this server")
		r.wait(time.Minute)
		r.has(bob.dm().hears(), "Bitcoin rose to 62,000.00")
		r.lacks(bob.command("alert", "add", "symbol", "BTC-USD", "condition", "> 66000"), "please allow direct messages")
		_, err = r.store.Park(r.t.Context(), []subscriptions.DestinationID{home}, subscriptions.Parked, "the person does not take direct messages from the bot")
		r.must(err)
		r.has(bob.command("alerts", ""), "3 alerts", "please allow direct messages")
		r.lacks(bob.command("alerts", ""), "please allow direct messages")
	})
}

// TestPostsHaveTheForumsTags: nobody can type in a forum, so its settings are
// named from elsewhere; a tag that it lacks would have Discord refuse its posts.
func TestPostsHaveTheForumsTags(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "stories", subscriptions.RoleModerator)
		set := func(tags string) string {
			req := mod.request()
			req.Place.Kind, req.Command, req.Options, req.Tags = subscriptions.Forum, "settings", map[string]string{"tags": tags}, []string{"Markets", "Oil & Gas"}
			return mod.hand(req)
		}
		r.has(set("Weather"), `has no tag "Weather". It has: Markets, Oil & Gas.`)
		r.has(set("markets, oil & gas"), "Place: #stories", "Tags: Markets, Oil & Gas")
		r.lacks(set("none"), "Tags")
		r.has(r.channel("mod", "general", subscriptions.RoleModerator).command("settings", "", "tags", "Markets"), "Only a forum's posts have tags")
		req := mod.request()
		req.Command, req.Tags = "settings", []string{"Markets", "Oil & Gas"}
		choices, err := r.bot.Suggest(r.t.Context(), req, "tags", "Markets, o")
		if err != nil || len(choices) != 1 || choices[0].Value != "Markets, Oil & Gas" {
			t.Errorf("choices %v, %v", choices, err)
		}
	})
}

func TestChannelThatIsOpenToARole(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "open", subscriptions.RoleModerator)
		r.has(mod.command("settings", "", "open_role", "55"), "May make their own alerts: 55")
		add := []string{"symbol", "BTC-USD", "condition", "> 62000", "to", "here"}
		r.has(r.channel("eve", "open", subscriptions.RoleMember).command("alert", "add", add...), "Only moderators")
		bob := r.channel("bob", "open", subscriptions.RoleMember, "55")
		r.has(bob.command("alert", "add", add...), "Alert set")
		r.has(bob.press("Edit"), "(form)")
		r.has(bob.fill("BTC-USD > 62500"), "(only you) Alert changed")
		r.has(mod.command("settings", "", "open", "moderators"), "Who may change things: moderators\n")
	})
}

// TestRolesAreShownByName: people know a role by its name, which a number in the
// middle of a rule is not.
func TestRolesAreShownByName(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		mod.command("settings", "", "mention", "777")
		set := mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "mention", "777", "to", "here")
		r.has(set, "BTC-USD > 62000 777")
		r.lacks(set, `mention "777"`)
		r.has(mod.press("Edit"), `mention "777"`)
		r.price("BTC-USD", "62010")
		told := mod.hears()
		r.has(told, "(mentions 777)", "Because of: BTC-USD > 62000\n")
	})
}

// TestForumPostHasItsTagsAndNotifiesOneRole: what the platform is handed says
// which tags and whom.
func TestForumPostHasItsTagsAndNotifiesOneRole(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "stories", subscriptions.RoleModerator)
		mod.place.Kind = subscriptions.Forum
		mod.command("settings", "", "tags", "Markets", "mention", "777")
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "to", "here", "mention", "888"), "may not notify that role")
		r.has(mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000", "to", "here", "mention", "777"), "Alert set")
		r.price("BTC-USD", "62010")
		r.has(mod.hears(), "Bitcoin rose to 62,000.00", "(mentions 777)")
		d := r.chat.calls[len(r.chat.calls)-1]
		if d.Place != subscriptions.Forum || len(d.Tags) != 1 || d.Tags[0] != "Markets" || d.Kind != outbox.New {
			t.Errorf("delivered in a %s with tags %v as %s", d.Place, d.Tags, d.Kind)
		}
	})
}

// TestButtonsOfAForumsPost are pressed in the thread that the post is, and are
// about the forum: its rule, its moderators.
func TestButtonsOfAForumsPost(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "stories", subscriptions.RoleModerator)
		mod.place.Kind = subscriptions.Forum
		mod.command("alert", "add", "symbol", "BTC-USD", "condition", "> 62000 every time", "to", "here")
		r.price("BTC-USD", "62010")
		r.has(mod.hears(), "Bitcoin rose to 62,000.00")
		told := r.chat.screen(mod.place.Address)
		post := told[len(told)-1]
		inPost := func(name string, role subscriptions.Role, button string) string {
			v := r.channel(name, "stories", role)
			req := v.request()
			req.Place.Address.Thread, req.Button, req.Message = post.id, button, post.id
			return v.hand(req)
		}
		rules, err := r.store.RulesOf(r.t.Context(), mod.stored().ID)
		r.must(err)
		id := id36(int64(rules[0].Rule.ID))
		r.has(inPost("bob", subscriptions.RoleMember, "1:rule.pause:"+id), "(only you) Only moderators")
		r.has(inPost("bob", subscriptions.RoleMember, "1:rule.copy:"+id), "(only you) Alert set", "by direct message")
		r.has(inPost("mod", subscriptions.RoleModerator, "1:rule.pause:"+id), "(edit)", "Bitcoin rose to 62,000.00", "Paused")
		why := r.channel("bob", "stories", subscriptions.RoleMember)
		req := why.request()
		req.Place.Address.Thread, req.Command = post.id, "why"
		r.has(why.hand(req), "Because of the alert BTC-USD > 62000 every time that mod made")
		r.has(inPost("mod", subscriptions.RoleModerator, "1:rule.drop:"+id), "(edit)", "This alert was deleted", "[Make it again]")
	})
}

// TestAnswerThatMayHaveComeBeforeSaysSo alone under what has no small print.
func TestAnswerThatMayHaveComeBeforeSaysSo(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		send := outbox.Send{Destination: mod.stored().ID, Message: &message.Message{Blocks: []message.Block{message.P(message.T("Not muted."))}}}
		m, err := r.bot.Repeat(r.t.Context(), send)
		r.must(err)
		if got := m.Plain(); got != "Not muted.\n\nmay have come before" {
			t.Errorf("it says %q", got)
		}
	})
}

func TestEditConflictIsSaid(t *testing.T) {
	talk(t, func(r *rig) {
		mod := r.channel("mod", "markets", subscriptions.RoleModerator)
		mod.stored()
		mod.command("settings", "", "zone", "Asia/Singapore")
		one, two := mod.request(), r.channel("mod2", "markets", subscriptions.RoleModerator).request()
		one.Command, two.Command = "settings", "settings"
		one.Options, two.Options = map[string]string{"zone": "Europe/Paris"}, map[string]string{"pictures": "light"}
		r.must(r.bot.Submit(r.t.Context(), one, two))
		r.wait(5 * time.Second)
		out := mod.hears()
		d := mod.stored()
		both := d.Zone == "Europe/Paris" && d.Settings.Light
		if !both && count(out, "Somebody else changed this a moment ago") != 1 {
			t.Errorf("zone %s, light %t:\n%s", d.Zone, d.Settings.Light, out)
		}
	})
}
