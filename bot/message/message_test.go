package message_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"bellwether/bot/message"
)

func sample() message.Message {
	return message.Message{
		Title: "Gold above $4,000", TitleURL: "https://example.com/gold",
		Blocks:  append(blocks(), message.P(message.When(time.Date(2026, 11, 25, 1, 2, 3, 0, time.UTC), "09:02"))),
		Footer:  []message.Inline{message.T("Yahoo · 15 min late")},
		Buttons: [][]message.Button{{{Label: "Pause", Data: message.Data("rule.pause", "3f"), Style: message.Primary}, {Label: "Read", URL: "https://example.com/"}}},
		Tone:    message.Rise, Quiet: true, Mention: "123", Preview: "https://example.com/gold",
	}
}

func TestMessageSurvivesJSON(t *testing.T) {
	m := sample()
	m.Picture = message.NewPicture("chart/GC=F/1d", "Gold, one day", func() ([]byte, error) { return []byte("png"), nil })
	data, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	var got message.Message
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	if _, err := got.Picture.Draw(); !errors.Is(err, message.ErrNotDrawn) {
		t.Errorf("Draw of a stored picture: %v", err)
	}
	if png, err := m.Picture.Draw(); err != nil || string(png) != "png" {
		t.Errorf("Draw = %q, %v", png, err)
	}
	if got.Picture.Key != m.Picture.Key || got.Picture.Alt != m.Picture.Alt {
		t.Errorf("picture = %+v", got.Picture)
	}
	got.Picture, m.Picture = nil, nil
	if !reflect.DeepEqual(got, m) {
		t.Errorf("got  %+v\nwant %+v", got, m)
	}
}

func TestValidateAcceptsASoundMessage(t *testing.T) {
	if err := sample().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidateRefuses(t *testing.T) {
	button := func(b message.Button) func(*message.Message) {
		return func(m *message.Message) { m.Buttons = [][]message.Button{{b}} }
	}
	for name, spoil := range map[string]func(*message.Message){
		"nothing said":        func(m *message.Message) { *m = message.Message{} },
		"title of two lines":  func(m *message.Message) { m.Title = "a\nb" },
		"override":            func(m *message.Message) { m.Title = "a\u202Eb" },
		"broken UTF-8":        func(m *message.Message) { m.Footer = []message.Inline{message.T("\xff")} },
		"script address":      func(m *message.Message) { m.TitleURL = "javascript:x" },
		"link to nowhere":     func(m *message.Message) { m.Blocks = []message.Block{message.P(message.A("x", ""))} },
		"empty paragraph":     func(m *message.Message) { m.Blocks = []message.Block{message.P()} },
		"field without value": func(m *message.Message) { m.Blocks = []message.Block{message.Pairs(message.Pair("Price"))} },
		"moment without time": func(m *message.Message) { m.Blocks = []message.Block{message.P(message.When(time.Time{}, "x"))} },
		"unknown block":       func(m *message.Message) { m.Blocks = []message.Block{{Kind: "poem"}} },
		"unknown words":       func(m *message.Message) { m.Footer = []message.Inline{{Kind: "shout", Text: "x"}} },
		"unknown tone":        func(m *message.Message) { m.Tone = "angry" },
		"dead button":         button(message.Button{Label: "x"}),
		"undecided button":    button(message.Button{Label: "x", Data: "1:x", URL: "https://example.com/"}),
		"button too long":     button(message.Button{Label: strings.Repeat("x", 41), Data: "1:x"}),
		"button without name": button(message.Button{Data: "1:x"}),
		"button data forged":  button(message.Button{Label: "x", Data: "x"}),
		"button address long": button(message.Button{Label: "x", URL: "https://example.com/" + strings.Repeat("a", 512)}),
		"picture without alt": func(m *message.Message) { m.Picture = message.NewPicture("k", "", nil) },
		"six buttons in a row": func(m *message.Message) {
			m.Buttons = [][]message.Button{make([]message.Button, 6)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := sample()
			spoil(&m)
			if err := m.Validate(); err == nil {
				t.Error("Validate took it")
			}
		})
	}
}
