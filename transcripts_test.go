package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"bellwether/alerts"
	"bellwether/subscriptions"
)

// person is somebody on one of the platforms.
type person interface {
	// Says types a command, or words.
	Says(text string)
	// Picks presses the lowest button on the screen whose label begins so.
	Picks(label string)
	// Fills answers the form of one field that was asked for last.
	Fills(text string)
	// Hears returns what the person was told, oldest first: a message that was
	// changed comes again.
	Hears() []heard
}

// heard is a message as a person sees it.
type heard struct {
	Text    string
	Buttons []string
	Private bool // shown to this person only, where others are there too
}

// step is one turn of a conversation: something happens, and the person is told.
type step struct {
	// One of these happens.
	says, picks, fills string
	moves              string // a price: "BTC-USD 70120.50"
	prints             string // the title of an article
	// hears are parts of one message that comes then, offers the beginnings of
	// buttons under it.
	hears, offers []string
	// lacks is in none of the messages that came so far since the step began.
	lacks string
	// on names the platforms where the step is made; none for all.
	on []subscriptions.Platform
}

// offer makes the message have buttons.
func (s step) offer(labels ...string) step { s.offers = labels; return s }

func says(text string, hears ...string) step   { return step{says: text, hears: hears} }
func picks(label string, hears ...string) step { return step{picks: label, hears: hears} }
func fills(text string, hears ...string) step  { return step{fills: text, hears: hears} }
func moves(line string, hears ...string) step  { return step{moves: line, hears: hears} }

// at returns a step that is made on some platforms only.
func (s step) at(platforms ...subscriptions.Platform) step { s.on = platforms; return s }

// platforms are all that there are.
func platforms() []subscriptions.Platform {
	return []subscriptions.Platform{subscriptions.Telegram, subscriptions.Discord, subscriptions.WebChat}
}

// turnTime is how long an answer may take.
const turnTime = 12 * time.Second

// eventuallyButton waits for something on a person's screen, and shows the
// screen where it does not come.
func eventuallyButton(t *testing.T, p person, what string, come func() bool) {
	t.Helper()
	if !comesWithin(turnTime, come) {
		t.Fatalf("no %q on the screen; heard:\n%s", what, transcriptOf(p.Hears()))
	}
}

func comesWithin(limit time.Duration, come func() bool) bool {
	end := time.After(limit)
	tick := time.NewTicker(15 * time.Millisecond)
	defer tick.Stop()
	for !come() {
		select {
		case <-end:
			return come()
		case <-tick.C:
		}
	}
	return true
}

func transcriptOf(list []heard) string {
	var b strings.Builder
	for _, h := range list {
		fmt.Fprintf(&b, "  | %s %q\n", strings.ReplaceAll(strings.TrimSpace(h.Text), "\n", "\n  |   "), h.Buttons)
	}
	return b.String()
}

// matches tells whether a message has all that a step wants.
func (s step) matches(h heard) bool {
	for _, part := range s.hears {
		if !strings.Contains(h.Text, part) {
			return false
		}
	}
	for _, label := range s.offers {
		if !slices.ContainsFunc(h.Buttons, func(b string) bool { return strings.HasPrefix(b, label) }) {
			return false
		}
	}
	return true
}

// talk is a conversation with one person.
type talk struct {
	person person
	steps  []step
	name   string
	mark   int // how much the person had heard when the turn began
}

// converse plays a conversation with one person.
func (s *stage) converse(p person, steps []step) {
	s.t.Helper()
	s.converseAll([]*talk{{person: p, steps: steps}})
}

// converseAll plays conversations with several people in step: what one waits
// for comes while the others do something too.
func (s *stage) converseAll(talks []*talk) {
	s.t.Helper()
	for n, more := 0, true; more; n++ {
		more = false
		for _, t := range talks {
			if n < len(t.steps) && s.made(t.steps[n]) {
				s.act(t, n)
			}
		}
		for _, t := range talks {
			if n < len(t.steps) && s.made(t.steps[n]) {
				s.await(t, n)
			}
			more = more || n+1 < len(t.steps)
		}
	}
}

// made tells whether a step is made on this platform.
func (s *stage) made(turn step) bool {
	return len(turn.on) == 0 || slices.Contains(turn.on, s.platform)
}

// act does what a step is about.
func (s *stage) act(t *talk, n int) {
	s.t.Helper()
	turn := t.steps[n]
	if turn.happens() != "" {
		t.mark = len(t.person.Hears())
	}
	switch {
	case turn.says != "":
		t.person.Says(strings.ReplaceAll(turn.says, "{feed}", s.paper.url))
	case turn.picks != "":
		t.person.Picks(turn.picks)
	case turn.fills != "":
		t.person.Fills(turn.fills)
	case turn.moves != "":
		s.floor.moves(turn.moves)
	case turn.prints != "":
		s.paper.print(turn.prints)
	}
}

// await waits for what the person is told at a step.
func (s *stage) await(t *talk, n int) {
	s.t.Helper()
	turn := t.steps[n]
	if len(turn.hears) == 0 && len(turn.offers) == 0 {
		return
	}
	var news []heard
	if !comesWithin(turnTime, func() bool {
		news = t.person.Hears()[t.mark:]
		return slices.ContainsFunc(news, turn.matches)
	}) {
		s.t.Fatalf("%s step %d, %q: waited for %q with %q, heard:\n%s", t.name, n+1, turn.happens(), turn.hears, turn.offers, transcriptOf(news))
	}
	if turn.lacks != "" && slices.ContainsFunc(news, func(h heard) bool { return strings.Contains(h.Text, turn.lacks) }) {
		s.t.Errorf("%s step %d, %q: %q was said:\n%s", t.name, n+1, turn.happens(), turn.lacks, transcriptOf(news))
	}
}

// happens names what a step is about; "" where something is only waited for.
func (s step) happens() string { return s.says + s.picks + s.fills + s.moves + s.prints }

// conversations are held on every platform in the same words.
func conversations() map[string][]step {
	const telegram, discord, web = subscriptions.Telegram, subscriptions.Discord, subscriptions.WebChat
	return map[string][]step{
		"first steps": {
			step{hears: []string{"Hello, I am Bellwether", "/help"}, offers: []string{"Show the markets", "Follow market news"}}.at(web),
			picks("Show the markets", "Markets", "Bitcoin").at(web),
			says("/start", "Hello, I am Bellwether", "What do you want to watch?").offer("Bitcoin", "Skip").at(telegram, discord),
			picks("Skip", "What do you want to read?").offer("harbour", "Back", "Skip").at(telegram, discord),
			picks("Back", "What do you want to watch?").at(telegram, discord),
			picks("Bitcoin", "Added Bitcoin", "What do you want to read?").at(telegram, discord),
			picks("harbour", "The Harbour Post", "Which time zone are you in?").at(telegram, discord),
			picks("Tokyo", "All set", "/alert BTC-USD > 70000").offer("My alerts", "All commands").at(telegram, discord),
			picks("My alerts", "No alerts yet").at(telegram, discord),
			says("/settings", "Asia/Tokyo").at(telegram, discord),
			says("/settings", "Asia/Singapore").at(web),
			says("/help", "What I can do", "/quote", "/alert"),
			says("/help alert", "What an alert can say", "new high"),
			says("/watch", "Watchlist: Bitcoin").at(telegram),
		},
		"asking": {
			says("/quote BTC-USD", "Bitcoin", "69,500.25", "69,010.00", "floor").offer("Alert above", "Alert below", "Watch", "Chart"),
			says("/quote gold", `"gold" can mean several things`, "GC=F").offer("GC=F"),
			picks("GC=F", "Gold", "2,340.00"),
			says("/quote BTC-USD AAPL", "Bitcoin", "Apple", "201.50"),
			says("/quote stngs", `"stngs"`),
			says("/quote qqqzzz", `I know no symbol "qqqzzz"`),
			says("/quote", "Which symbol?").at(telegram, web),
			says("sti", "Straits Times", "3,367.90").at(telegram, web),
			says("/market", "Markets", "Straits Times", "3,367.90", "change in doubt"),
			says("/chart AAPL 1m", "Apple").at(telegram, web),
			says("/why", "Nothing was sent here yet"),
			says("/deliveries", "othing"),
			says("/quot BTC-USD", "Did you mean /quote?").at(telegram, web),
			says("/unfollow http://nowhere.example/feed", "is not followed here"),
		},
		"an alert's life": {
			says("/alert BTC-USD > 70000", "Alert set", "BTC-USD > 70000", "69,500.25", "This would have fired").offer("Pause", "Edit", "Delete"),
			says("/alert BTC-USD > 70000", "There is such an alert already"),
			says("/alert BTC-USD >", "number is missing").at(telegram, web),
			says("/alert BTC-USD flies 3", "BTC-USD").at(telegram, web),
			says("/alerts", "1 alert", "BTC-USD > 70000", "armed").offer("1"),
			picks("1", "BTC-USD > 70000", "armed").offer("Pause", "Edit", "Re-arm", "Snooze 1 h", "▲ "),
			picks("Pause", "Paused").offer("Resume"),
			picks("Resume", "On again").offer("Pause"),
			picks("▲ ", "Moved", "BTC-USD > 70500"),
			picks("▼ ", "Moved", "BTC-USD > 70000"),
			picks("Edit"),
			fills("BTC-USD > 69900 every time note \"look\"", "Alert changed", "BTC-USD > 69900 every time"),
			moves("BTC-USD 70120.50", "Bitcoin USD rose to", "69,900.00", "69,500.25", "70,120.50", "look", "floor").
				offer("Snooze 1 h", "Till tomorrow", "Pause", "Delete", "Re-arm", "Edit", "1 d", "1 m", "1 y"),
			says("/quote BTC-USD", "Bitcoin USD"), // by then the alert's delivery is on record
			says("/why", "Why this message", "floor said", "69,500.25", "70,120.50", "delivered"),
			says("/deliveries", "BTC-USD > 69900", "delivered"),
			picks("Snooze 1 h", "Snoozed until", "Bitcoin USD rose to"),
			picks("Re-arm", "Armed again", "Bitcoin USD rose to"),
			picks("▲ ", "Moved", "Bitcoin USD rose to"),
			picks("1 m", "Bitcoin").at(telegram, web),
			picks("Delete", "This alert was deleted", "Bitcoin USD rose to").offer("Make it again"),
			says("/alerts", "No alerts yet"),
			picks("Make it again", "Alert set", "every time"),
			says("/alerts", "1 alert"),
			says("/alert pause 1", "Paused"),
			says("/alert edit 1 > 88000", "Alert changed", "BTC-USD > 88000"),
			says("/alert remove 1", "Deleted: BTC-USD > 88000").offer("Make it again"),
			picks("Make it again", "Alert set", "BTC-USD > 88000"),
		},
		"a noisy alert": {
			says("/alert preview BTC-USD > 70000", "Only a look: nothing is set", "This would have fired").offer("Set this alert", "Cancel"),
			picks("Cancel", "Nothing was set: BTC-USD > 70000"),
			says("/alert BTC-USD crosses 69500 every time", "Not set yet", "This would have fired", "last on").offer("Set it as it is", "every time with 7 days cooldown: ", "Cancel"),
			says("/alerts", "No alerts yet"),
			picks("every time with 7 days", "Alert set", "BTC-USD crosses 69500 every time cooldown 7d").offer("Pause", "Edit", "Delete"),
			says("/alert edit 1 BTC-USD moves 1%", "Not changed yet", "BTC-USD moves 1%").offer("Change it all the same", "Cancel"),
			picks("Cancel", "The alert stays as it was."),
			says("/alert edit 1 BTC-USD moves 1%", "Not changed yet"),
			picks("Change it all the same", "Alert changed", "BTC-USD moves 1%"),
			says("/alert preview AAPL < 170", "Only a look: nothing is set", "This would not have fired"),
			picks("Set this alert", "Alert set", "AAPL < 170"),
			says("/alerts", "2 alerts", "BTC-USD moves 1%", "AAPL < 170"),
		},
		"a watchlist": {
			says("/alert watchlist moves 3%", "There is no watchlist here yet"),
			says("/watch NVDA AAPL", "Added", "Watchlist:"),
			says("/watch NVDA", "Already on the watchlist"),
			says("/market", "Your watchlist", "121.00"),
			says("/alert watchlist > 1 every time", "watchlist").at(telegram),
			says("/alert watchlist moves 3%", "Not set yet", "watchlist moves 3%", "would have fired 14 times"),
			picks("Set it as it is", "Alert set", "watchlist moves 3%"),
			moves("NVDA 124.50", "NVIDIA", "is up", "since the previous close", "124.50"),
			says("/unwatch NVDA", "Done", "Apple"),
			says("/alerts", "watchlist moves 3%"),
		},
		"news": {
			{prints: "Harbour opens &lt;b&gt;a second&lt;/b&gt; quay"},
			says("/follow {feed}", "Following The Harbour Post").offer("Unfollow"),
			step{prints: "Ferries run all night", hears: []string{"Ferries run all night"}},
			says("/why", "Because The Harbour Post is followed here"),
			says("/follow harbour", "All feeds of harbour are followed here already"),
			says("/follow {feed}", "is followed here already"),
			says("/following", "Following 1 feed", "The Harbour Post").offer("Unfollow 1"),
			picks("Unfollow 1", "is not followed here any more"),
			says("/following", "Nothing is followed here"),
			says("/follow harbour", "Following harbour", "The Harbour Post"),
			says("/unfollow 1", "is not followed here any more"),
			says("/follow nonsense", "neither an address nor a topic"),
			says("/follow", "What do you want to follow?").at(telegram, web),
		},
		"settings and the end": {
			says("/settings", "Settings", "Time zone", "UTC").at(telegram, discord),
			says("/settings zone Tokyo", "Asia/Tokyo"),
			says("/settings zone Atlantis", `I know no zone or city "Atlantis"`),
			says("/settings pictures light", "Settings"),
			says("/settings colour red", `There is no setting "colour"`).at(telegram, web),
			says("/mute 1h", "Muted until"),
			says("/settings", "Muted until"),
			says("/mute soon", `"soon" is not a time`),
			says("/mute off", "Not muted"),
			says("/alert AAPL < 170", "Alert set"),
			says("/stop", "This ends everything here", "1 alert", "Are you sure?").offer("End everything", "Keep it"),
			picks("Keep it", "Nothing was changed"),
			says("/alerts", "AAPL < 170"),
			says("/stop", "Are you sure?"),
			picks("End everything", "Everything here was ended"),
			says("/alerts", "No alerts yet"),
			says("/start", "Hello, I am Bellwether"),
		},
		"hostile words": {
			says("/quote <b>@everyone</b>", "@").at(telegram, web),
			says("/alert BTC-USD > 70000 note \"@everyone <a href='x'>[y](http://evil.example)\"", "Alert set"),
			says("/follow {feed}", "Following The Harbour Post"),
			{prints: "@everyone *bold* _it_ [click](http://evil.example) ` ~~ || &lt;script&gt;alert(1)&lt;/script&gt;", hears: []string{"click", "~~ ||"}, lacks: "<script>"},
			{prints: "\u202egnp.exe \u2066hidden\u2069 " + strings.Repeat("long ", 1000), hears: []string{"gnp.exe", "long"}, lacks: "\u202e"},
			moves("BTC-USD 70120.50", "Bitcoin USD rose to", "evil.example"),
		},
	}
}

// TestConversations holds every conversation on every platform.
func TestConversations(t *testing.T) {
	for _, platform := range platforms() {
		for name, steps := range conversations() {
			t.Run(string(platform)+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := openStage(t, platform, stageOptions{})
				s.converse(s.enter(1), steps)
				s.nothingRefused()
			})
		}
	}
}

// TestEveryKindOfAlertLives makes, edits, snoozes, deletes and makes again an
// alert of every form of the grammar, on every platform.
func TestEveryKindOfAlertLives(t *testing.T) {
	for _, platform := range platforms() {
		t.Run(string(platform), func(t *testing.T) {
			t.Parallel()
			s := openStage(t, platform, stageOptions{})
			var talks []*talk
			for n, form := range alerts.Grammar() {
				talks = append(talks, &talk{person: s.enter(100 + n), steps: lifeOf(form), name: form.ID})
			}
			// A few at a time: how many people a slow machine serves within
			// Discord's three seconds is not what is tried here.
			for some := range slices.Chunk(talks, 7) {
				s.converseAll(some)
			}
			s.nothingRefused()
		})
	}
}

// lifeOf is the conversation about an alert of one form.
func lifeOf(form alerts.Form) []step {
	if form.ID == "mention" {
		return []step{says("/alert "+form.Example, "may not notify")}
	}
	steps := []step{says("/watch AAPL NVDA", "Added"), says("/alert "+form.Example, "Alert set").offer("Pause", "Edit", "Delete")}
	changed := strings.ReplaceAll(form.Example, `"add"`, `"sell"`)
	if strings.HasPrefix(form.Example, "watchlist moves") {
		steps[1] = says("/alert "+form.Example, "Not set yet").offer("Set it as it is", "Cancel")
		steps = append(steps, picks("Set it as it is", "Alert set").offer("Pause", "Edit", "Delete"))
	}
	if rest, ok := strings.CutPrefix(form.Example, "gold "); ok {
		// It is the name of a future and the ticker of a miner.
		steps[1] = says("/alert "+form.Example, `"gold" can mean several symbols`).offer("GC=F", "GOLD")
		steps = append(steps, picks("GC=F", "Alert set", "GC=F").offer("Pause", "Edit", "Delete"))
		changed = strings.ReplaceAll("GC=F "+rest, `"add"`, `"sell"`)
	}
	return append(steps,
		says("/alerts", "1 alert").offer("1"),
		picks("1").offer("Snooze 1 h", "Re-arm", "Edit"),
		picks("Snooze 1 h", "Snoozed until"),
		picks("Re-arm", "Armed again"),
		picks("Pause", "Paused").offer("Resume"),
		picks("Resume", "On again"),
		picks("Edit"),
		fills(changed, "Alert changed"),
		says("/alerts", "1 alert"),
		picks("Delete", "Deleted:").offer("Make it again"),
		says("/alerts", "No alerts yet"),
		picks("Make it again", "Alert set"),
		says("/alert list", "1 alert"),
	)
}
