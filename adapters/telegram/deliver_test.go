package telegram_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// openRig returns a rig whose every chat exists.
func openRig(t testing.TB) *rig {
	t.Helper()
	return newRig(t, telegramtest.Options{OpenChats: true})
}

func delivery(chat int64, m *message.Message) outbox.Delivery {
	return outbox.Delivery{Address: addressOf(chat, ""), Kind: outbox.New, Message: m, Form: message.Rich}
}

// deliverAll makes every part and returns the receipts.
func deliverAll(t *testing.T, r *rig, d outbox.Delivery) []outbox.Receipt {
	t.Helper()
	var receipts []outbox.Receipt
	for {
		receipt, err := r.client.Deliver(t.Context(), d)
		if err != nil {
			t.Fatalf("part %d: %v", d.Part, err)
		}
		receipts = append(receipts, receipt)
		if !receipt.More {
			return receipts
		}
		d.Parts = append(d.Parts, outbox.Part{ID: receipt.ID})
		d.Part++
	}
}

func words(s string) []message.Inline { return []message.Inline{{Text: s}} }

func fullMessage() *message.Message {
	return &message.Message{
		Title:    "Gold crossed above 2,300",
		TitleURL: "https://example.com/gold?a=1&b=2",
		Blocks: []message.Block{
			{Inlines: []message.Inline{
				{Text: "Now "},
				{Kind: message.Bold, Text: "2,301.20"},
				{Text: " at "},
				{Kind: message.Moment, Text: "16:30 SGT", Time: time.Unix(1764059400, 0)},
			}},
			{Kind: message.Fields, Fields: []message.Field{{Name: "Before", Value: words("2,299.80")}, {Name: "Source", Value: words("Kraken")}}},
			{Kind: message.Quote, Inlines: words("Somebody said so.")},
			{Kind: message.List, Items: [][]message.Inline{words("one"), {{Kind: message.Link, Text: "two", URL: "https://example.com/2"}}}},
			{Kind: message.Table, Rows: [][]string{{"STI", "3,800.10"}, {"BTC", "70,000"}}},
		},
		Footer:  []message.Inline{{Text: "15 minutes late"}},
		Buttons: [][]message.Button{{{Label: "Pause", Data: "1:rule.pause:3f"}, {Label: "Open", URL: "https://example.com"}}},
	}
}

func TestMessageIsDressed(t *testing.T) {
	r := openRig(t)
	receipt := deliverAll(t, r, delivery(7, fullMessage()))
	sent := r.server.Sent()
	if len(sent) != 1 || len(receipt) != 1 || receipt[0].ID != fmt.Sprint(sent[0].ID) {
		t.Fatalf("got %d messages and receipts %+v", len(sent), receipt)
	}
	want := "Gold crossed above 2,300\nNow 2,301.20 at 16:30 SGT\n\nBefore: 2,299.80\nSource: Kraken\n" +
		"Somebody said so.\n• one\n• two\nSTI  3,800.10\nBTC    70,000\n\n15 minutes late"
	if sent[0].Text != want {
		t.Errorf("got %q\nwant %q", sent[0].Text, want)
	}
	var kinds []string
	for _, e := range sent[0].Entities {
		kinds = append(kinds, e.Type)
	}
	if got := strings.Join(kinds, " "); got != "bold text_link bold date_time bold bold blockquote text_link pre italic" {
		t.Errorf("got entities %s", got)
	}
	if b := sent[0].Buttons; len(b) != 1 || b[0][0].Data != "1:rule.pause:3f" || b[0][1].URL != "https://example.com" {
		t.Errorf("got buttons %+v", b)
	}
	if got := r.server.Calls("sendMessage")[0].Params["link_preview_options"]; got != `{"is_disabled":true}` {
		t.Errorf("got preview %s", got)
	}
}

func TestPlainerFormsSayTheSameWithLess(t *testing.T) {
	m := fullMessage()
	m.Picture = message.NewPicture("k", "chart", nil)
	for form, want := range map[message.Form]string{
		message.Flat: "Gold crossed above 2,300\nNow 2,301.20 at 16:30 SGT\n\nBefore: 2,299.80\nSource: Kraken\n" +
			"Somebody said so.\n• one\n• two (https://example.com/2)\nSTI  3,800.10\nBTC    70,000\n\n15 minutes late\n\nhttps://example.com/gold?a=1&b=2",
		message.Bare: "Gold crossed above 2,300\nhttps://example.com/gold?a=1&b=2",
	} {
		r := openRig(t)
		d := delivery(7, m)
		d.Form = form
		deliverAll(t, r, d)
		sent := r.server.Sent()[0]
		if got := sent.Text; got != want {
			t.Errorf("%s: got %q\nwant %q", form, sent.Text, want)
		}
		if len(sent.Entities) != 0 || r.server.Calls("sendMessage")[0].Params["parse_mode"] != "" {
			t.Errorf("%s: is marked up", form)
		}
		for _, row := range sent.Buttons {
			for _, b := range row {
				if b.URL != "" || form == message.Bare {
					t.Errorf("%s: has the button %+v", form, b)
				}
			}
		}
	}
}

func TestHostileWordsStayWords(t *testing.T) {
	r := openRig(t)
	hostile := "<b>&amp;</b> \"'`*_[x](y)~|\\ @channel @everyone a@b.co /stop #tag $TICK \u202eevil\u202c\u2028\x00\t<script> </a>"
	deliverAll(t, r, delivery(7, &message.Message{
		Title: hostile, TitleURL: "https://example.com/?q=\"><b>",
		Blocks: []message.Block{{Inlines: []message.Inline{
			{Text: hostile}, {Kind: message.Link, Text: hostile, URL: "javascript:alert(1)"},
			{Kind: message.Link, Text: "x", URL: "https://example.com/?a=\"&b=<"},
			{Kind: message.Code, Text: "<@everyone>"},
		}}},
		Buttons: [][]message.Button{{{Label: hostile, Data: "x"}}},
	}))
	sent := r.server.Sent()[0]
	if strings.ContainsAny(sent.Text, "\u202a\u202b\u202c\u202d\u202e\u2028\x00\t") {
		t.Errorf("controls are left in %q", sent.Text)
	}
	if strings.Contains(strings.ReplaceAll(sent.Text, "<@everyone>", ""), "@c") || strings.Contains(sent.Text, "a@b") {
		t.Errorf("somebody is mentioned in %q", sent.Text)
	}
	if !strings.HasPrefix(sent.Text, "<b>&amp;</b> \"'`*_[x](y)~|\\ @\u200cchannel") {
		t.Errorf("words changed: %q", sent.Text)
	}
	for _, e := range sent.Entities {
		if e.Type == "text_link" && !strings.HasPrefix(e.URL, "https://example.com/") {
			t.Errorf("got a link to %q", e.URL)
		}
	}
}

func TestLengthIsCountedInVisibleCodePoints(t *testing.T) {
	for n, parts := range map[int]int{4096: 1, 4097: 2, 9000: 3} {
		r := openRig(t)
		emoji := strings.Repeat("😀", n)
		got := deliverAll(t, r, delivery(7, &message.Message{Blocks: []message.Block{{Inlines: []message.Inline{{Kind: message.Bold, Text: emoji}}}}}))
		if len(got) != parts {
			t.Errorf("%d emoji: got %d parts, want %d", n, len(got), parts)
		}
		var all strings.Builder
		for _, sent := range r.server.Sent() {
			all.WriteString(sent.Text)
		}
		if all.String() != emoji {
			t.Errorf("%d emoji: something was lost", n)
		}
	}
}

func TestLongMessagesAreSplitBetweenLines(t *testing.T) {
	r := openRig(t)
	var items [][]message.Inline
	for i := range 250 {
		items = append(items, []message.Inline{{Kind: message.Link, Text: fmt.Sprintf("Headline number %d about the markets", i), URL: fmt.Sprintf("https://example.com/%d", i)}})
	}
	m := &message.Message{
		Title: "250 more", Blocks: []message.Block{{Kind: message.List, Items: items}},
		Buttons: [][]message.Button{{{Label: "Stop", Data: "s"}}},
	}
	d := delivery(7, m)
	d.Kind, d.Target = outbox.Reply, "99"
	receipts := deliverAll(t, r, d)
	sent := r.server.Sent()
	if len(receipts) < 3 {
		t.Fatalf("got %d parts, want at least 3", len(receipts))
	}
	links := 0
	for i, s := range sent {
		if strings.HasPrefix(s.Text, " ") || !strings.HasPrefix(strings.TrimPrefix(s.Text, "250 more\n"), "• Headline") {
			t.Errorf("part %d begins with %.40q", i, s.Text)
		}
		if (s.ReplyTo == 99) != (i == 0) || (len(s.Buttons) > 0) != (i == len(sent)-1) {
			t.Errorf("part %d: reply to %d, buttons %v", i, s.ReplyTo, s.Buttons)
		}
		for _, e := range s.Entities {
			if e.Type == "text_link" {
				links++
			}
		}
	}
	if links != 250 {
		t.Errorf("got %d links, want 250", links)
	}
}

func TestPlacesAndOptionsAreNamed(t *testing.T) {
	r := newRig(t, telegramtest.Options{})
	r.server.SetChat(telegramtest.Chat{ID: forum, Type: "supergroup", Forum: true, Topics: map[int64]telegramtest.Topic{3: {}}})
	for _, thread := range []string{"3", "", "0", "1"} {
		d := delivery(forum, &message.Message{Title: "x", Quiet: true, Preview: "https://example.com/a"})
		d.Address.Thread = thread
		d.Kind, d.Target = outbox.Reply, "12"
		deliverAll(t, r, d)
	}
	for i, thread := range []int64{3, 0, 0, 0} {
		if s := r.server.Sent()[i]; s.Thread != thread || !s.Quiet || s.ReplyTo != 12 {
			t.Errorf("message %d: %+v", i, s)
		}
	}
	params := r.server.Calls("sendMessage")[0].Params
	if got := params["link_preview_options"]; got != `{"url":"https://example.com/a"}` {
		t.Errorf("got preview %s", got)
	}
	if got := params["reply_parameters"]; got != `{"message_id":12,"allow_sending_without_reply":true}` {
		t.Errorf("got reply %s", got)
	}
}

func TestButtonsThatTelegramRefusesAreLeftOut(t *testing.T) {
	r := openRig(t)
	var many []message.Button
	for i := range 130 {
		many = append(many, message.Button{Label: fmt.Sprint(i), Data: fmt.Sprint(i), Style: message.Danger})
	}
	deliverAll(t, r, delivery(7, &message.Message{Title: "x", Buttons: [][]message.Button{
		{{Label: "bad", URL: "http://localhost/x"}, {Label: "bad", URL: "ftp://example.com"}, {Label: "good", URL: "https://example.com/x"}},
		{{Label: "long", Data: strings.Repeat("d", 65)}, {Label: "", Data: "empty"}},
		many,
	}}))
	rows := r.server.Sent()[0].Buttons
	if len(rows[0]) != 1 || rows[0][0].Text != "good" {
		t.Errorf("got %+v, want the good button", rows[0])
	}
	total := 0
	for _, row := range rows {
		total += len(row)
		if len(row) > 8 {
			t.Errorf("got a row of %d", len(row))
		}
	}
	if total != 100 {
		t.Errorf("got %d buttons, want 100", total)
	}
}

func TestPickerIsAKeyOfItsOwn(t *testing.T) {
	r := openRig(t)
	deliverAll(t, r, delivery(7, &message.Message{Title: "x", Buttons: [][]message.Button{{{Label: "Choose \"it\"", Data: telegram.PickChannel}}}}))
	if got := r.server.Calls("sendMessage")[0].Params["reply_markup"]; !strings.Contains(got, `"request_chat":{`) {
		t.Errorf("got %s", got)
	}
}

// pictured returns a delivery with a picture that was or was not uploaded.
func pictured(m *message.Message, png []byte, uploaded *string) outbox.Delivery {
	m.Picture = message.NewPicture("k", "chart", nil)
	d := delivery(7, m)
	d.Picture = func() ([]byte, string, error) { return png, *uploaded, nil }
	return d
}

// editOf returns a delivery that changes a message.
func editOf(id string, m *message.Message) outbox.Delivery {
	d := delivery(7, m)
	d.Kind, d.Target = outbox.Edit, id
	return d
}

func TestEditChangesWhatIsThere(t *testing.T) {
	r := openRig(t)
	first := deliverAll(t, r, delivery(7, fullMessage()))
	m := fullMessage()
	m.Title, m.Buttons = "Changed", nil
	for range 2 { // the second says the same, which is no failure
		got := deliverAll(t, r, editOf(first[0].ID, m))
		if len(got) != 1 || got[0].ID != first[0].ID {
			t.Errorf("got %+v, want the same message", got)
		}
	}
	sent := r.server.Sent()
	if len(sent) != 2 || !strings.HasPrefix(sent[1].Text, "Changed") || sent[1].Buttons != nil {
		t.Errorf("got %+v", sent)
	}
	_, err := r.client.Deliver(t.Context(), editOf("424242", m))
	if f := failure(t, err); f.Class != outbox.LostTarget {
		t.Errorf("got %v, want a lost target", f)
	}
	_, err = r.client.Deliver(t.Context(), editOf("", m))
	if f := failure(t, err); f.Class != outbox.LostTarget {
		t.Errorf("got %v, want a lost target", f)
	}
}

func TestEditMayChangeHowManyPartsThereAre(t *testing.T) {
	r := openRig(t)
	long := &message.Message{Title: "Long", Blocks: []message.Block{{Inlines: words(strings.Repeat("word ", 1500))}}}
	receipts := deliverAll(t, r, delivery(7, long))
	if len(receipts) != 2 {
		t.Fatalf("got %d parts, want 2", len(receipts))
	}
	d := editOf("", &message.Message{Title: "Short"})
	d.Parts = []outbox.Part{{ID: receipts[0].ID}, {ID: receipts[1].ID}}
	for part := range 2 {
		d.Part = part
		got, err := r.client.Deliver(t.Context(), d)
		if err != nil || got.More != (part == 0) {
			t.Errorf("part %d: got %+v, %v", part, got, err)
		}
	}
	if got := r.server.Calls("deleteMessage"); len(got) != 1 || got[0].Params["message_id"] != receipts[1].ID {
		t.Errorf("deleted %+v, want the second part", got)
	}
	d = editOf(receipts[0].ID, long)
	d.Part, d.Parts = 1, []outbox.Part{{ID: receipts[0].ID}}
	if got, err := r.client.Deliver(t.Context(), d); err != nil || got.ID == receipts[0].ID {
		t.Errorf("got %+v, %v, want a message of its own", got, err)
	}
}
