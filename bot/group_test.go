package bot_test

import (
	"errors"
	"testing"
	"time"

	"bellwether/bot"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestGroupMembersAskAndModeratorsSetUp(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		ann, bob := r.group("ann", "-100", ""), r.group("bob", "-100", "")
		r.has(ann.say("/start"), "I am ready here.")
		r.has(bob.say("/quote btc"), "Bitcoin 61,955.88")
		for _, typed := range []string{"/alert BTC > 62000", "/follow markets", "/watch btc", "/settings zone paris", "/mute 1h", "/stop", "/deliveries", "/bells sgx"} {
			r.has(bob.say(typed), "Only moderators change what this place gets. In a private chat with me you can set up your own.")
		}
		r.has(ann.say("/alert BTC > 62000"), "Alert set")
		r.has(bob.say("/alerts"), "1 alert", "BTC-USD > 62000")
		r.has(bob.press("1"), "BTC-USD > 62000", "[Pause]")
		r.has(bob.press("Pause"), "(note) Only moderators change what this place gets.")
		r.price("BTC-USD", "62010")
		r.has(bob.hears(), "Bitcoin rose to 62,000.00")
		r.has(bob.press("Snooze 1 h"), "(note) Only moderators")
		r.has(ann.press("Snooze 1 h"), "(edit) ▲ Bitcoin rose", "Snoozed until 10:")
		r.has(bob.say("/why"), "Because of the alert BTC-USD > 62000 that ann made")
		if got := bob.say("just talking"); got != "" {
			t.Errorf("answered talk: %s", got)
		}
	})
}

func TestRightIsAskedForAtEachChange(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.group("ann", "-100", "")
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		ann.say("/alert BTC > 70000")
		r.rights.set("-100", "u-ann", subscriptions.RoleMember)
		r.has(ann.press("Delete"), "(note) Only moderators")
		r.rights.err = errors.New("make me an administrator here first")
		r.has(ann.say("/mute 1h"), "I could not find out whether you may do that (make me an administrator here first")
	})
}

func TestTopicsAreDestinationsOfTheirOwn(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		general, topic := r.group("ann", "-100", ""), r.group("ann", "-100", "7")
		topic.say("/alert BTC > 62000")
		r.has(general.say("/alerts"), "No alerts yet")
		r.price("BTC-USD", "62010")
		r.has(topic.hears(), "Bitcoin rose")
		r.lacks(general.hears(), "Bitcoin rose")
	})
}

func TestRulesOfOtherPlacesAreInvisible(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		r.rights.set("-200", "u-bob", subscriptions.RoleModerator)
		ann, bob := r.group("ann", "-100", ""), r.group("bob", "-200", "")
		ann.say("/alert BTC > 70000")
		rules, err := r.store.RulesOf(r.t.Context(), ann.stored().ID)
		r.must(err)
		id := id36(int64(rules[0].Rule.ID))
		r.has(bob.say("/alerts"), "No alerts yet")
		for _, data := range []string{"1:rule.show:" + id, "1:rule.drop:" + id, "1:rule.edit:" + id, "1:rule.copy:" + id} {
			r.has(bob.pressData(data, "1"), "That is not there any more")
		}
		r.has(bob.say("/alert pause #"+id), "That is not there any more")
	})
}

func TestAnonymousAdministratorProvesByAButton(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		nobody, ann, bob := r.group("", "-100", ""), r.group("ann", "-100", ""), r.group("bob", "-100", "")
		nobody.anon = true
		r.has(nobody.say("/alert BTC > 70000"), "You write as an anonymous administrator. Press the button to show that you may do this: /alert BTC > 70000", "[It's me, do it]")
		r.has(bob.press("It's me, do it"), "(note) Only moderators")
		r.has(ann.press("It's me, do it"), "(edit) Alert set", "BTC-USD > 70000")
		r.has(nobody.say("/quote btc"), "Bitcoin 61,955.88")
		long := `/alert BTC > 71000 note "a very long note that does not fit into the data of a button at all"`
		r.has(nobody.say(long), "Press the button to show that you may do this: "+long, "[It's me, do it]")
		old := r.chat.screen(nobody.place.Address)
		forgotten := old[len(old)-1]
		r.has(bob.press("It's me, do it"), "(note) Only moderators")
		r.has(ann.press("It's me, do it"), "(edit) Alert set", "a very long note")
		r.has(ann.pressData(forgotten.message.Buttons[0][0].Data, forgotten.id), "Please type it again")
		r.has(nobody.say(long+" until friday"), "[It's me, do it]")
		nobody.say("/alert BTC > 73000")
		old = r.chat.screen(nobody.place.Address)
		r.has(ann.pressData(old[len(old)-2].message.Buttons[0][0].Data, old[len(old)-2].id), "Please type it again")
		channel := r.group("", "-100", "")
		channel.role = subscriptions.RoleNobody
		r.has(channel.say("/alert BTC > 72000"), "Only moderators")
	})
}

func TestTwoPeoplePressOneButton(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		r.rights.set("-100", "u-bob", subscriptions.RoleModerator)
		ann, bob := r.group("ann", "-100", ""), r.group("bob", "-100", "")
		ann.say("/alert BTC > 70000")
		shown := r.chat.screen(ann.place.Address)[0]
		data := shown.message.Buttons[0][0].Data
		one, two := ann.request(), bob.request()
		one.Button, one.Message, two.Button, two.Message = data, shown.id, data, shown.id
		r.must(r.bot.Submit(r.t.Context(), one, two))
		r.wait(5 * time.Second)
		r.has(ann.screen(), "Paused")
		changes, err := r.store.Changes(r.t.Context(), ann.stored().ID, 10)
		r.must(err)
		if len(changes) != 2 {
			t.Errorf("%d changes: %+v", len(changes), changes)
		}
		drop := shown.message.Buttons[0][2].Data
		r.has(ann.pressData(drop, shown.id), "Deleted")
		r.has(bob.pressData(drop, shown.id), "That is not there any more.")
	})
}

func TestPlaceThatIsLostIsToldToItsAuthorOnceAndRevives(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		ann, home := r.group("ann", "-100", ""), r.private("ann")
		ann.say("/alert BTC > 62000")
		lost := bot.Signal{Kind: bot.SignalNoRights, Place: ann.place, Reason: "the bot may not write there", At: time.Now()}
		r.must(r.bot.Report(r.t.Context(), lost))
		r.must(r.bot.Report(r.t.Context(), lost))
		r.wait(5 * time.Second)
		out := home.hears()
		r.has(out, "I can't post in Group -100 any more: the bot may not write there. What is set up there is kept, and goes on by itself when I can.")
		if count(out, "I can't post") != 1 {
			t.Errorf("said more than once: %s", out)
		}
		ann.hears()
		r.price("BTC-USD", "62010")
		if got := ann.hears(); got != "" {
			t.Errorf("sent to a parked place: %s", got)
		}
		back := bot.Signal{Kind: bot.SignalRights, Place: ann.place, At: time.Now()}
		r.must(r.bot.Report(r.t.Context(), back, back))
		r.wait(time.Minute)
		out = ann.hears()
		r.has(out, "I can post here again. What is set up here goes on.", "Bitcoin rose to 62,000.00")
		if count(out, "again") != 1 {
			t.Errorf("said more than once: %s", out)
		}
	})
}

func TestUpgradedGroupSaysSoOnceAndKeepsEverything(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-5", "u-ann", subscriptions.RoleModerator)
		r.rights.set("-1005", "u-ann", subscriptions.RoleModerator)
		ann := r.group("ann", "-5", "")
		ann.say("/alert BTC > 62000")
		moved := bot.Signal{Kind: bot.SignalMoved, Place: ann.place, MovedTo: "-1005", At: time.Now()}
		r.must(r.bot.Report(r.t.Context(), moved, moved))
		r.wait(5 * time.Second)
		now := r.group("ann", "-1005", "")
		out := now.hears()
		r.has(out, "This group was upgraded. What is set up here goes on as before.")
		if count(out, "upgraded") != 1 {
			t.Errorf("said more than once: %s", out)
		}
		r.price("BTC-USD", "62010")
		r.has(now.hears(), "Bitcoin rose")
		r.has(now.say("/alerts"), "1 alert")
	})
}

func TestBlockedPersonIsRevivedByStart(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		ann.say("/alert BTC > 62000")
		r.must(r.bot.Report(r.t.Context(), bot.Signal{Kind: bot.SignalRemoved, Place: ann.place, Reason: "the bot was blocked"}))
		r.price("BTC-USD", "62010")
		ann.hears()
		out := ann.say("/start")
		r.wait(time.Minute)
		r.has(out+ann.hears(), "Hello, I am Bellwether", "Bitcoin rose to 62,000.00")
	})
}

func TestChannelIsSetUpFromThePrivateChat(t *testing.T) {
	talk(t, func(r *rig) {
		ann, bob := r.private("ann"), r.private("bob")
		r.rights.set("-300", "u-ann", subscriptions.RoleModerator)
		r.has(ann.say("/channels"), "Choose a channel of which you are an administrator.", "[Choose a channel]")
		r.has(bob.share("-300", "Market news"), "Only administrators of Market news can set it up.")
		r.has(ann.share("-300", "Market news"), "You are setting up Market news now", "/done ends that")
		r.has(ann.say("/alert BTC > 62000"), "Alert set", "about Market news; /done ends that")
		r.has(ann.say("/follow crypto"), "Following crypto", "about Market news")
		r.has(ann.say("/alerts"), "1 alert")
		r.has(ann.press("1"), "(edit)", "BTC-USD > 62000")
		r.has(ann.press("Edit"), "Send the new text")
		r.has(ann.say("BTC > 62001"), "Alert changed", "about Market news")
		r.has(ann.say("/done"), "Your commands are about this chat again.")
		r.has(ann.say("/alerts"), "No alerts yet")
		r.has(ann.press("Pause"), "(edit)", "Paused")
		r.has(ann.press("Resume"), "(edit)", "On again")
		channel := r.group("", "-300", "")
		ann.hears()
		r.price("BTC-USD", "62010")
		out := channel.hears()
		r.has(out, "Bitcoin rose to 62,001.00")
		r.lacks(out, "[Pause]", "[Snooze 1 h]")
		r.lacks(ann.hears(), "Bitcoin rose")
		ann.share("-300", "Market news")
		r.rights.set("-300", "u-ann", subscriptions.RoleMember)
		r.has(ann.say("/alert BTC > 70000"), "You are not an administrator of Market news any more")
		r.has(ann.say("/done"), "No channel is being set up here.")
	})
}

// TestOldButtonOfATopicWorksInIt: of an old message Telegram tells the chat alone.
func TestOldButtonOfATopicWorksInIt(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		general, topic := r.group("ann", "-100", ""), r.group("ann", "-100", "7")
		general.say("/alert BTC > 71000")
		topic.say("/alert BTC > 70000")
		shown := r.chat.screen(topic.place.Address)[0]
		general.pressData(shown.message.Buttons[0][0].Data, shown.id)
		r.has(topic.screen(), "Paused", "BTC-USD > 70000")
		r.lacks(general.screen(), "Paused", "not there any more")
		r.has(general.press("Pause"), "Paused")
	})
}

// TestTwoModeratorsAtOnceSetOneAlert: neither saw the other's when they asked.
func TestTwoModeratorsAtOnceSetOneAlert(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		r.rights.set("-100", "u-bob", subscriptions.RoleModerator)
		ann, bob := r.group("ann", "-100", ""), r.group("bob", "-100", "")
		cho, dan := r.channel("cho", "55", subscriptions.RoleModerator), r.channel("dan", "55", subscriptions.RoleModerator)
		for _, pair := range [][2]*voice{{ann, bob}, {cho, dan}} {
			one, two := pair[0].request(), pair[1].request()
			one.Command, one.Text, two.Command, two.Text = "alert", "BTC > 70000", "alert", "BTC > 70000"
			r.must(r.bot.Submit(r.t.Context(), one, two))
			r.wait(5 * time.Second)
			out := pair[0].screen()
			if count(out, "Alert set") != 1 || count(out, "There is such an alert already, set by ") != 1 {
				t.Errorf("two at once:\n%s", out)
			}
			rules, err := r.store.RulesOf(r.t.Context(), pair[0].stored().ID)
			r.must(err)
			if len(rules) != 1 {
				t.Errorf("%d rules", len(rules))
			}
		}
	})
}

// TestAlertMeTooOnTelegram: a member of a group or a reader of a channel gets the
// alert in their private chat, where they began it before or by the button's
// address; nobody else does, whatever they make up.
func TestAlertMeTooOnTelegram(t *testing.T) {
	talk(t, func(r *rig) {
		for _, chat := range []string{"-100", "-300"} {
			r.rights.set(chat, "u-ann", subscriptions.RoleModerator)
		}
		ann, bob, cho, eve := r.private("ann"), r.private("bob"), r.private("cho"), r.private("eve")
		group, channel := r.group("bob", "-100", "7"), r.group("bob", "-300", "")
		channel.place.Kind = subscriptions.Broadcast
		r.has(r.group("ann", "-100", "7").say("/alert BTC > 62000 every time note \"ours\""), "Alert set")
		ann.share("-300", "Market news")
		r.has(ann.say("/alert BTC > 62000"), "Alert set")
		ann.say("/done")
		r.price("BTC-USD", "62010")
		for _, v := range []*voice{group, channel} {
			r.has(v.hears(), "Bitcoin rose to 62,000.00", "[Alert me too]")
		}
		r.lacks(channel.screen(), "[Pause]")

		// cho never spoke to the bot, so the button leads there.
		there := r.group("cho", "-100", "7")
		r.has(there.press("Alert me too"), "(opens copy-")
		payload := there.last.Open
		r.lacks(cho.hears(), "Alert set")
		r.has(cho.say("/start "+payload), "Alert set", "BTC-USD > 62000 every time")
		r.lacks(cho.screen(), "ours")
		r.has(cho.say("/start "+payload), "There is such an alert already")

		bob.say("/help")
		r.rights.set("-100", "u-bob", subscriptions.RoleMember)
		r.rights.set("-300", "u-bob", subscriptions.RoleMember)
		r.has(group.press("Alert me too"), "(note) The answer is in your private chat with me.")
		r.has(bob.hears(), "Alert set", "BTC-USD > 62000 every time")
		r.has(channel.press("Alert me too"), "(note) The answer is in your private chat with me.")
		r.has(bob.hears(), "Alert set")
		r.has(channel.press("Alert me too"), "(note) The answer is in your private chat with me.")
		r.has(bob.hears(), "There is such an alert already")
		for _, v := range []*voice{group, channel} {
			r.lacks(v.screen(), "Alert set: ", "already", "set by")
		}

		// Not for who is no member, and not by made up data or addresses.
		r.rights.set("-100", "u-eve", subscriptions.RoleNobody)
		r.rights.set("-300", "u-eve", subscriptions.RoleNobody)
		r.has(r.group("eve", "-100", "7").press("Alert me too"), "(note) Only members of this chat")
		channels, err := r.store.RulesOf(r.t.Context(), channel.stored().ID)
		r.must(err)
		r.has(group.pressData("1:rule.copy:"+id36(int64(channels[0].Rule.ID)), "1"), "(note) That is not there any more")
		bobs, err := r.store.RulesOf(r.t.Context(), bob.stored().ID)
		r.must(err)
		for _, forged := range []string{payload, "copy-", "copy-zzzzz", "copy-!", "copy--1", "copy-" + id36(int64(bobs[0].Rule.ID))} {
			out := eve.say("/start " + forged)
			r.has(out, "That alert is not there any more, or belongs to a chat of which you are not a member.")
			r.lacks(out, "62000", "Group")
		}
		r.rights.set("-100", "u-eve", subscriptions.RoleUnknown)
		r.has(eve.say("/start "+payload), "Telegram does not tell me whether you are a member of that chat.")
		r.has(r.group("eve", "-100", "7").press("Alert me too"), "(note) The answer is in your private chat with me.")
	})
}

// TestListOfAChannelIsShownToItsAdministratorsOnly: the right is looked at when
// somebody reads from afar, too, by command and by button.
func TestListOfAChannelIsShownToItsAdministratorsOnly(t *testing.T) {
	talk(t, func(r *rig) {
		ann := r.private("ann")
		for _, read := range []func() string{
			func() string { return ann.say("/alerts") }, func() string { return ann.say("/deliveries") },
			func() string { return ann.pressData("1:rules:0", "7") }, func() string { return ann.say("btc") },
		} {
			r.rights.set("-300", "u-ann", subscriptions.RoleModerator)
			r.has(ann.share("-300", "Market news"), "You are setting up Market news now")
			ann.say("/alert BTC > 70000 every time")
			r.has(ann.say("/alerts"), "BTC-USD > 70000", "about Market news")
			r.rights.set("-300", "u-ann", subscriptions.RoleMember)
			out := read()
			r.has(out, "You are not an administrator of Market news any more", "about this chat again")
			r.lacks(out, "70000", "about Market news; /done")
			r.has(ann.say("/alerts"), "No alerts yet")
		}
	})
}

func TestOutboxParksAndSaysWhyInDeliveries(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		ann := r.group("ann", "-100", "")
		ann.say("/alert BTC > 62000")
		r.chat.fail = func(outbox.Delivery) error {
			return &outbox.Failure{Class: outbox.NoRights, Reason: "the bot may not write there", Code: "403"}
		}
		r.price("BTC-USD", "62010")
		r.chat.fail = nil
		r.has(ann.say("/deliveries"), "kept until this place can be reached again: the bot may not write there")
	})
}

// TestPlaceThatASendFindsLostIsToldToItsAuthorOnce: nobody told the bot that it
// may not write any more, a refused alert did.
func TestPlaceThatASendFindsLostIsToldToItsAuthorOnce(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		ann, topic, home := r.group("ann", "-100", ""), r.group("ann", "-100", "7"), r.private("ann")
		ann.say("/alert BTC > 62000 every time")
		topic.say("/alert BTC > 62000 every time")
		r.chat.fail = func(d outbox.Delivery) error {
			if d.Address.Thread == "7" {
				return &outbox.Failure{Class: outbox.NoRights, Reason: outbox.ReasonTopicDeleted, Code: "400"}
			}
			return nil
		}
		r.price("BTC-USD", "62010")
		r.price("BTC-USD", "61000")
		r.price("BTC-USD", "62010")
		out := home.hears()
		r.has(out, "I can't post in Group -100 any more: the topic was deleted. What is set up there is kept")
		if count(out, "I can't post") != 1 {
			t.Errorf("said more than once: %s", out)
		}
		for _, kind := range []bot.SignalKind{bot.SignalRemoved, bot.SignalAdded, bot.SignalRights} {
			r.must(r.bot.Report(r.t.Context(), bot.Signal{Kind: kind, Place: ann.place, Reason: "the bot was removed", At: time.Now()}))
			r.wait(time.Minute)
		}
		r.lacks(home.hears(), "topic")
		if got := topic.stored().Standing; got != subscriptions.Parked {
			t.Errorf("the chat's rights opened a topic that is gone: %s", got)
		}
		r.chat.fail = nil
		r.must(r.bot.Report(r.t.Context(), bot.Signal{Kind: bot.SignalRights, Place: topic.place, Topic: true, At: time.Now()}))
		r.wait(time.Minute)
		r.has(topic.hears(), "I can post here again", "Bitcoin rose to 62,000.00")
	})
}

func TestClosedGeneralTopicLeavesTheOthersOpen(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		general, topic, home := r.group("ann", "-100", ""), r.group("ann", "-100", "7"), r.private("ann")
		general.say("/alert BTC > 62000")
		topic.say("/alert BTC > 62000")
		closed := bot.Signal{Kind: bot.SignalNoRights, Place: general.place, Topic: true, Reason: outbox.ReasonTopicClosed, At: time.Now()}
		r.must(r.bot.Report(r.t.Context(), closed))
		r.wait(5 * time.Second)
		general.hears()
		r.has(home.hears(), "the topic is closed")
		r.price("BTC-USD", "62010")
		r.has(topic.hears(), "Bitcoin rose")
		r.lacks(general.hears(), "Bitcoin rose")
	})
}

func TestGroupThatNamesTheBotIsAnswered(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		ann, bob := r.group("ann", "-100", ""), r.group("bob", "-100", "")
		bob.mentioned, ann.mentioned = true, true
		for said, heard := range map[string]string{
			"btc?": "Bitcoin 61,955.88", "": "What I can do", "quote btc": "Bitcoin 61,955.88", "Market": "Markets",
			"what do you think of it": "Name a price, like gold or BTC-USD, or ask for /help", "BTC > 62000": "Only moderators change",
			"alert BTC > 62000": "Only moderators change", "😀": "Name a price",
			"hey  btc?": "Bitcoin 61,955.88", "hey , how is BTC-USD today": "Bitcoin 61,955.88", "BTC or GOLD": "Name a price",
		} {
			r.has(bob.say(said), heard)
		}
		r.has(ann.say("alert BTC > 62000"), "Alert set")
		r.has(ann.say("alert"), "What should I watch for?")
		r.has(ann.say("BTC > 63000"), "Alert set")
	})
}

// TestGroupIsGreetedOnceAndSetUpInPrivate: whoever comes by the group's button
// sets the group up from their private chat, where they may.
func TestGroupIsGreetedOnceAndSetUpInPrivate(t *testing.T) {
	talk(t, func(r *rig) {
		r.rights.set("-100", "u-ann", subscriptions.RoleModerator)
		group, ann, bob := r.group("ann", "-100", ""), r.private("ann"), r.private("bob")
		added := bot.Signal{Kind: bot.SignalAdded, Place: group.place, At: time.Now()}
		r.must(r.bot.Report(r.t.Context(), added, added))
		r.wait(5 * time.Second)
		r.must(r.bot.Report(r.t.Context(), added))
		r.wait(5 * time.Second)
		out := group.hears()
		r.has(out, "I am ready here", "[Set it up in private]")
		if count(out, "I am ready") != 1 {
			t.Errorf("greeted more than once: %s", out)
		}
		payload := "set-" + id36(int64(group.stored().ID))
		r.has(bob.say("/start "+payload), "Only administrators of Group -100 can set it up.")
		r.has(ann.say("/start "+payload), "You are setting up Group -100 now")
		r.has(ann.say("/alert BTC > 62000"), "Alert set", "about Group -100; /done ends that")
		r.lacks(ann.screen(), "by direct message")
		r.price("BTC-USD", "62010")
		r.has(group.hears(), "Bitcoin rose")
		r.has(ann.say("/done"), "about this chat again")
		for _, forged := range []string{"set-zzzz", "set-", "set-!", "set-" + id36(int64(bob.stored().ID)), "anything"} {
			r.has(ann.say("/start "+forged), "What do you want to watch?")
		}
	})
}

// TestCommunityWithoutPlacesIsNobodysNews: Discord tells of every server, also of
// those in which nobody set anything up.
func TestCommunityWithoutPlacesIsNobodysNews(t *testing.T) {
	talk(t, func(r *rig) {
		empty := subscriptions.Destination{
			Address: subscriptions.Address{Platform: subscriptions.Discord, Account: "main"}, Community: "77",
		}
		for _, kind := range []bot.SignalKind{bot.SignalAdded, bot.SignalRights, bot.SignalNoRights, bot.SignalRemoved, bot.SignalCommunity, bot.SignalGone} {
			r.must(r.bot.Report(r.t.Context(), bot.Signal{Kind: kind, Place: empty, Reason: "the bot was removed", At: time.Now()}))
		}
	})
}
