package webchat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

const (
	maxText   = 2000 // code points of one message
	maxData   = 64   // bytes of a button's data
	maxFields = 5    // of a form
)

// sayJSON is what a visitor typed.
type sayJSON struct {
	ID   string `json:"id"` // the page's own, so that a repeated request is known
	Text string `json:"text"`
	Zone string `json:"zone"`
}

// serveSay takes what a visitor typed.
func (c *Chat) serveSay(w http.ResponseWriter, r *http.Request, visitor string) {
	var said sayJSON
	if err := json.NewDecoder(r.Body).Decode(&said); err != nil || !isToken(said.ID) {
		http.Error(w, "That could not be read. Please load the page again.", http.StatusBadRequest)
		return
	}
	text := message.Clean(said.Text)
	if text == "" || utf8.RuneCountInString(text) > maxText {
		http.Error(w, fmt.Sprintf("Please write 1 to %d characters.", maxText), http.StatusUnprocessableEntity)
		return
	}
	request := typed(text)
	request.ID = requestID(visitor, said.ID)
	request.Place.Zone = knownZone(said.Zone)
	if err := c.echo(r.Context(), visitor, "y"+said.ID, text); err != nil {
		c.fail(w, r, "write a transcript", err)
		return
	}
	c.take(w, r, visitor, request)
}

// typed reads a command from what was typed.
func typed(text string) bot.Request {
	rest, ok := strings.CutPrefix(text, "/")
	if !ok {
		return bot.Request{Text: text}
	}
	end := strings.IndexFunc(rest, unicode.IsSpace)
	if end < 0 {
		end = len(rest)
	}
	return bot.Request{Command: strings.ToLower(rest[:end]), Text: strings.TrimSpace(rest[end:])}
}

// pressJSON is a button that a visitor pressed, or a form that they filled in.
type pressJSON struct {
	ID      string            `json:"id"`
	Data    string            `json:"data"`
	Message string            `json:"message"` // the entry that carries the button
	Form    map[string]string `json:"form"`
	Zone    string            `json:"zone"`
}

func (p pressJSON) valid() bool {
	return isToken(p.ID) && p.Data != "" && len(p.Data) <= maxData && len(p.Form) <= maxFields && (p.Message == "" || isEntry(p.Message))
}

// servePress takes a pressed button, or a form.
func (c *Chat) servePress(w http.ResponseWriter, r *http.Request, visitor string) {
	var pressed pressJSON
	if err := json.NewDecoder(r.Body).Decode(&pressed); err != nil || !pressed.valid() {
		http.Error(w, "That could not be read. Please load the page again.", http.StatusBadRequest)
		return
	}
	request := bot.Request{ID: requestID(visitor, pressed.ID), Button: pressed.Data, Message: pressed.Message, Form: pressed.Form}
	request.Place.Zone = knownZone(pressed.Zone)
	c.take(w, r, visitor, request)
}

// take answers a request at once, or has it written down.
func (c *Chat) take(w http.ResponseWriter, r *http.Request, visitor string, request bot.Request) {
	request = c.complete(visitor, request)
	answer, err := c.o.Desk.Answer(r.Context(), request)
	if errors.Is(err, bot.ErrSubmit) {
		answer, err = bot.Answer{}, c.o.Desk.Submit(r.Context(), request)
		if err == nil {
			c.answer(w, answerJSON{Later: true})
			return
		}
	}
	if err == nil && answer.Message != nil {
		err = c.show(r.Context(), visitor, request, answer)
	}
	if err != nil {
		c.fail(w, r, "take a request", err)
		return
	}
	c.answer(w, answerJSON{Toast: answer.Toast, Modal: fromModal(answer.Modal)})
}

// show puts an answer that came at once into the transcript.
func (c *Chat) show(ctx context.Context, visitor string, request bot.Request, answer bot.Answer) error {
	e := fromMessage(answer.Message)
	e.At = c.o.Now().UTC()
	id := "a" + request.ID[strings.LastIndexByte(request.ID, '/')+1:]
	if answer.Edit && request.Message != "" {
		before, found, err := c.o.Transcript.Entry(ctx, visitor, request.Message)
		if err != nil {
			return err
		}
		if found {
			id, e.At, e.Edited = request.Message, entryTime(before, e.At), true
		}
	}
	if !e.Edited {
		// A repeated request is answered in the place of its first answer.
		before, found, err := c.o.Transcript.Entry(ctx, visitor, id)
		if err != nil {
			return err
		}
		if found {
			e.At = entryTime(before, e.At)
		}
	}
	if p := answer.Message.Picture; p != nil && c.o.Draw != nil {
		if err := c.o.Draw(ctx, p); err != nil {
			c.o.Log.Warn("draw a picture", "error", err)
			e.Picture = ""
		}
	}
	return c.put(ctx, visitor, id, e)
}

// echo keeps what the visitor said; a repeated request says nothing new.
func (c *Chat) echo(ctx context.Context, visitor, id, text string) error {
	if _, found, err := c.o.Transcript.Entry(ctx, visitor, id); err != nil || found {
		return err
	}
	return c.put(ctx, visitor, id, entryJSON{From: "you", Text: text, At: c.o.Now().UTC()})
}

// complete adds to a request who asks and where.
func (c *Chat) complete(visitor string, r bot.Request) bot.Request {
	r.Identity = subscriptions.Identity{Platform: subscriptions.WebChat, User: visitor, Name: "Guest"}
	r.Place.Address, r.Place.Kind, r.Place.Title = Address(visitor), subscriptions.Private, "Web chat"
	r.At, r.Locale = c.o.Now().UTC(), "en"
	return r
}

func requestID(visitor, deed string) string { return "webchat/" + visitor + "/" + deed }

const tokenLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// isToken tells whether an id of the page is one.
func isToken(s string) bool {
	return len(s) >= 8 && len(s) <= 40 && strings.Trim(s, tokenLetters) == ""
}

// isEntry tells whether s can be the id of something that the bot said.
func isEntry(s string) bool {
	return len(s) >= 2 && len(s) <= 60 && (s[0] == 'a' || s[0] == 'b') && strings.Trim(s, tokenLetters) == ""
}

// knownZone returns the browser's time zone where it is one.
func knownZone(name string) string {
	if name == "" || name == "Local" || len(name) > 60 {
		return ""
	}
	if _, err := time.LoadLocation(name); err != nil {
		return ""
	}
	return name
}
