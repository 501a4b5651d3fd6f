package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bellwether/adapters/telegram/telegramtest"
)

// strangeFeeds serves what people take for feeds.
func strangeFeeds(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("<!doctype html><html><head><title>A page</title></head><body>No feed</body></html>"))
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/rss+xml")
		_, _ = w.Write([]byte(`<?xml version="1.0"?><rss version="2.0"><channel><title>Half`))
	})
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<?xml version="1.0"?><rss version="2.0"><channel><title>Huge</title>`))
		for range 12 << 10 {
			if _, err := fmt.Fprintf(w, "<item><title>%s</title></item>", strings.Repeat("x", 1000)); err != nil {
				return
			}
		}
	})
	mux.Handle("/inside", http.RedirectHandler("http://10.1.2.3/feed", http.StatusFound))
	mux.HandleFunc("/gone", http.NotFound)
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestBadInputIsAnswered(t *testing.T) {
	t.Parallel()
	market, feeds := openExchange(t), strangeFeeds(t)
	server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"", quick)
	run := launch(t, nil, "run", "--config", configFile(t, sqliteFile(t), market.asOwn(), chat, readPress()))
	rows := []struct{ text, want string }{
		{"/quote BTC-UDS", "BTC-USD"},
		{"/alert bitcoyn > 70000", "Bitcoin"},
		{"/alert BTC-USD > lots", "number"},
		{"/alert BTC-USD > 70,000", "BTC-USD > 70000"},
		{"/alert BTC-USD moves -5%", "%"},
		{"/alert BTC-USD moves 5000000%", "%"},
		{"/alert gold > 2400", "can mean several"},
		{"/follow not an address", "neither an address nor a topic"},
		{"/follow " + feeds + "/page", "not a feed"},
		{"/follow " + feeds + "/broken", "broken"},
		{"/follow " + feeds + "/huge", "too large"},
		{"/follow " + feeds + "/inside", "private network"},
		{"/follow http://192.168.7.7/feed", "private network"},
		{"/follow " + feeds + "/gone", "nothing at that address"},
		{"/settings zone Atlantis", "Atlantis"},
		{"/dance", "/help"},
	}
	for i, row := range rows {
		// One chat for each, so that no conversation takes up another's text.
		who := int64(100 + i)
		server.Say(telegramtest.Speech{Chat: who, Text: row.text})
		answers := func() (all string) {
			for _, s := range received(server, who, "") {
				all += s.Text + "\n"
				for _, row := range s.Buttons {
					for _, b := range row {
						all += "[" + b.Text + "]"
					}
				}
			}
			return all
		}
		eventually(t, "an answer to "+row.text, func() bool { return answers() != "" })
		if !strings.Contains(answers(), row.want) {
			t.Errorf("%s: %q", row.text, answers())
		}
	}
	run.stop()
	if strings.Contains(run.out.String(), "panic") {
		t.Error("something panicked")
	}
}

func TestQuoteSourceInTroubleLosesNoCrossing(t *testing.T) {
	t.Parallel()
	market := openExchange(t)
	server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"", quick)
	run := launch(t, nil, "run", "--config", configFile(t, sqliteFile(t), market.asOwn(), chat))
	server.Say(telegramtest.Speech{Chat: 7, Text: "/alert BTC-USD > 62000"})
	hears(t, server, 7, "Alert set")
	market.breakWith(func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>We value your privacy</html>")) })
	run.prints("quote source gives no answers")
	market.set("BTC-USD", "62100")
	market.breakWith(nil)
	run.prints("quote source answers again")
	hears(t, server, 7, "Bitcoin USD rose to")
	run.stop()
	if n := strings.Count(run.out.String(), "quote source gives no answers"); n > 2 {
		t.Errorf("the trouble is said %d times", n)
	}
}

// TestGroupListensToItsModerators speaks with the program in a topic of a group.
func TestGroupListensToItsModerators(t *testing.T) {
	t.Parallel()
	market := openExchange(t)
	server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"", quick)
	const group, topic, creator, guestUser = -1001000000001, 7, 11, 12
	server.SetChat(telegramtest.Chat{
		ID: group, Type: "supergroup", Title: "Traders", Forum: true, Topics: map[int64]telegramtest.Topic{topic: {Name: "Crypto"}},
		Members: map[int64]telegramtest.Member{
			creator: {Status: "creator", Name: "Ada"}, guestUser: {Status: "member", Name: "Bob"}, telegramtest.BotID: {Status: "administrator"},
		},
	})
	run := launch(t, nil, "run", "--config", configFile(t, sqliteFile(t), market.asOwn(), chat))
	server.Say(telegramtest.Speech{Chat: group, User: guestUser, Name: "Bob", Thread: topic, Text: "/quote@BellwetherTestBot BTC-USD"})
	if price := hears(t, server, group, "61,955.88"); price.Thread != topic {
		t.Errorf("the answer is in topic %d", price.Thread)
	}
	server.Say(telegramtest.Speech{Chat: group, User: guestUser, Name: "Bob", Thread: topic, Text: "/alert BTC-USD > 62000"})
	hears(t, server, group, "Only moderators")
	server.Say(telegramtest.Speech{Chat: group, User: creator, Name: "Ada", Thread: topic, Text: "/alert BTC-USD > 62000"})
	hears(t, server, group, "Alert set")
	market.set("BTC-USD", "62100")
	alert := hears(t, server, group, "Bitcoin USD rose to")
	if alert.Thread != topic {
		t.Errorf("the alert is in topic %d", alert.Thread)
	}
	run.stop()
}
