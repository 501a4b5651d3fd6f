package main

import (
	"slices"
	"strings"
	"testing"

	"bellwether/adapters/telegram/telegramtest"
)

// received returns what a chat was told with a text in it.
func received(server *telegramtest.Server, chat int64, text string) []telegramtest.Sent {
	var out []telegramtest.Sent
	for _, s := range server.Sent() {
		if s.Chat == chat && strings.Contains(s.Text, text) {
			out = append(out, s)
		}
	}
	return out
}

func hears(t *testing.T, server *telegramtest.Server, chat int64, text string) telegramtest.Sent {
	t.Helper()
	eventually(t, "the chat to be told "+text, func() bool { return len(received(server, chat, text)) > 0 })
	return received(server, chat, text)[0]
}

// TestPersonSubscribesAndIsToldOnce is the whole road, from a person in Telegram
// and a quote of Yahoo to the alert, over a restart.
func TestPersonSubscribesAndIsToldOnce(t *testing.T) {
	t.Parallel()
	market, paper := openExchange(t), openPress(t)
	market.list("BTC-USD", "69500.25", "69010.00")
	server, chat := openTelegram(t, telegramtest.Options{}, "token = \""+telegramToken+"\"", quick)
	paper.print("Harbour opens a second quay")
	file := configFile(t, sqliteFile(t), market.asYahoo(), chat, readPress(), tradesNow(t, "XIDX"))
	run := launch(t, nil, "run", "--config", file)

	const ada = 1001
	server.Say(telegramtest.Speech{Chat: ada, Text: "/start"})
	first := hears(t, server, ada, "What do you want to watch?")
	if len(first.Buttons) < 2 || !slices.ContainsFunc(first.Buttons[len(first.Buttons)-1], func(b telegramtest.Button) bool { return b.Text == "Skip" }) {
		t.Errorf("the first question has the buttons %+v", first.Buttons)
	}
	server.Press(ada, first.ID, ada, first.Buttons[len(first.Buttons)-1][0].Data)
	hears(t, server, ada, "What do you want to read?")

	server.Say(telegramtest.Speech{Chat: ada, Text: "/alert BTC-USD > 70000"})
	hears(t, server, ada, "Alert set")
	server.Say(telegramtest.Speech{Chat: ada, Text: "/alert ^JKSE moves 10%"})
	server.Say(telegramtest.Speech{Chat: ada, Text: "/alert ^JKSE > 7200"})
	eventually(t, "three alerts", func() bool { return len(received(server, ada, "Alert set")) == 3 })
	server.Say(telegramtest.Speech{Chat: ada, Text: "/follow " + paper.url})
	hears(t, server, ada, "Following The Harbour Post")
	hears(t, server, ada, "Harbour opens a second quay")
	paper.print("Ferries run all night")
	hears(t, server, ada, "Ferries run all night")

	for symbol := range strip() {
		eventually(t, symbol+" to be read", func() bool { return market.reads(symbol) > 0 })
	}
	market.set("BTC-USD", "70120.50")
	market.set("^JKSE", "7230.10")
	alert := hears(t, server, ada, "Bitcoin USD rose to")
	if !strings.Contains(alert.Text, "70,000") || !strings.Contains(alert.Text, "70,120.50") || len(alert.Buttons) == 0 {
		t.Errorf("the alert says %q with %d rows of buttons", alert.Text, len(alert.Buttons))
	}
	if !strings.Contains(alert.Text, "69,500.25") {
		t.Errorf("the alert does not say where the price came from: %q", alert.Text)
	}
	hears(t, server, ada, "Jakarta Composite Index rose to")
	run.stop()

	again := launch(t, nil, "run", "--config", file)
	paper.print("The old bridge is mended")
	hears(t, server, ada, "The old bridge is mended")
	server.Say(telegramtest.Speech{Chat: ada, Text: "/following"})
	eventually(t, "the feeds", func() bool {
		return slices.ContainsFunc(received(server, ada, "The Harbour Post"), func(s telegramtest.Sent) bool { return strings.Contains(s.Text, "1") })
	})
	before := len(server.Sent())
	server.Say(telegramtest.Speech{Chat: ada, Text: "/alerts"})
	eventually(t, "the list of alerts", func() bool { return len(server.Sent()) > before })
	again.stop()

	for _, once := range []string{"Bitcoin USD rose to", "Jakarta Composite Index rose to", "Ferries run all night", "Harbour opens a second quay"} {
		n := 0
		for _, s := range received(server, ada, once) {
			if s.Method == "sendMessage" || s.Method == "sendPhoto" {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%q came %d times", once, n)
		}
	}
	if false := received(server, ada, "Jakarta Composite Index is down"); len(false) > 0 {
		t.Errorf("a false previous close raised an alert: %q", false[0].Text)
	}
	if strings.Contains(run.out.String()+again.out.String(), "AAsecret") {
		t.Error("the token was printed")
	}
}
