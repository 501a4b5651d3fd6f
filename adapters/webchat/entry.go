package webchat

import (
	"encoding/json"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// The page's words: JSON that its script reads.
type entryJSON struct {
	From      string       `json:"from"` // "bot" or "you"
	At        time.Time    `json:"at"`
	Text      string       `json:"text,omitempty"`
	Title     string       `json:"title,omitempty"`
	URL       string       `json:"url,omitempty"`
	Tone      string       `json:"tone,omitempty"`
	Blocks    []blockJSON  `json:"blocks,omitempty"`
	Footer    []inlineJSON `json:"footer,omitempty"`
	Picture   string       `json:"picture,omitempty"`
	Alt       string       `json:"alt,omitempty"`
	Buttons   [][]button   `json:"buttons,omitempty"`
	Quiet     bool         `json:"quiet,omitempty"`
	Ephemeral bool         `json:"-"`
}

type blockJSON struct {
	Kind    string         `json:"kind"`
	Inlines []inlineJSON   `json:"inlines,omitempty"`
	Fields  []fieldJSON    `json:"fields,omitempty"`
	Items   [][]inlineJSON `json:"items,omitempty"`
	Rows    [][]string     `json:"rows,omitempty"`
}

type inlineJSON struct {
	Kind string     `json:"kind,omitempty"`
	Text string     `json:"text"`
	URL  string     `json:"url,omitempty"`
	At   *time.Time `json:"at,omitempty"`
}

type fieldJSON struct {
	Name  string       `json:"name"`
	Value []inlineJSON `json:"value"`
}

type button struct {
	Label string `json:"label"`
	Data  string `json:"data,omitempty"`
	URL   string `json:"url,omitempty"`
	Style string `json:"style,omitempty"`
}

// botBody makes an entry of what the bot says.
func botBody(d outbox.Delivery, at time.Time) (string, error) {
	e := fromMessage(d.Message)
	e.At = at
	return encodeEntry(e)
}

func fromMessage(m *message.Message) entryJSON {
	e := entryJSON{From: "bot", Title: m.Title, URL: m.TitleURL, Tone: string(m.Tone), Footer: inlines(m.Footer), Quiet: m.Quiet}
	for _, b := range m.Blocks {
		block := blockJSON{Kind: string(b.Kind), Inlines: inlines(b.Inlines), Rows: b.Rows}
		for _, f := range b.Fields {
			block.Fields = append(block.Fields, fieldJSON{Name: f.Name, Value: inlines(f.Value)})
		}
		for _, item := range b.Items {
			block.Items = append(block.Items, inlines(item))
		}
		e.Blocks = append(e.Blocks, block)
	}
	if m.Picture != nil {
		e.Picture, e.Alt = m.Picture.Key, m.Picture.Alt
	}
	for _, row := range m.Buttons {
		var out []button
		for _, b := range row {
			out = append(out, button{Label: b.Label, Data: b.Data, URL: b.URL, Style: string(b.Style)})
		}
		e.Buttons = append(e.Buttons, out)
	}
	return e
}

func inlines(list []message.Inline) []inlineJSON {
	out := make([]inlineJSON, 0, len(list))
	for _, i := range list {
		one := inlineJSON{Kind: string(i.Kind), Text: i.Text, URL: i.URL}
		if i.Kind == message.Moment {
			at := i.Time.UTC()
			one.At = &at
		}
		out = append(out, one)
	}
	return out
}

func encodeEntry(e entryJSON) (string, error) {
	b, err := json.Marshal(e)
	return string(b), err
}

// entryTime returns when an entry was made first.
func entryTime(e Entry, otherwise time.Time) time.Time {
	var old entryJSON
	if err := json.Unmarshal([]byte(e.Body), &old); err != nil || old.At.IsZero() {
		return otherwise
	}
	return old.At
}

// answerJSON is what the page is told at once.
type answerJSON struct {
	Toast string     `json:"toast,omitempty"`
	Modal *modalJSON `json:"modal,omitempty"`
}

type modalJSON struct {
	Data   string           `json:"data"`
	Title  string           `json:"title"`
	Fields []modalFieldJSON `json:"fields"`
}

type modalFieldJSON struct {
	Name     string `json:"name"`
	Label    string `json:"label"`
	Value    string `json:"value"`
	Hint     string `json:"hint"`
	Long     bool   `json:"long"`
	Required bool   `json:"required"`
	Max      int    `json:"max"`
}

func fromModal(m *bot.Modal) *modalJSON {
	if m == nil {
		return nil
	}
	out := &modalJSON{Data: m.Data, Title: m.Title}
	for _, f := range m.Fields {
		out.Fields = append(out.Fields, modalFieldJSON(f))
	}
	return out
}
