package webchat

import (
	"encoding/json"
	"time"

	"bellwether/bot"
	"bellwether/bot/message"
)

// The page's words: JSON that its script reads.
type entryJSON struct {
	From    string       `json:"from"` // "bot" or "you"
	At      time.Time    `json:"at"`
	Text    string       `json:"text,omitempty"`
	Title   string       `json:"title,omitempty"`
	URL     string       `json:"url,omitempty"`
	Tone    string       `json:"tone,omitempty"`
	Blocks  []blockJSON  `json:"blocks,omitempty"`
	Footer  []inlineJSON `json:"footer,omitempty"`
	Picture string       `json:"picture,omitempty"`
	Alt     string       `json:"alt,omitempty"`
	Buttons [][]button   `json:"buttons,omitempty"`
	Quiet   bool         `json:"quiet,omitempty"`
	Edited  bool         `json:"edited,omitempty"`
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
	// Later tells that the answer comes as an entry.
	Later bool       `json:"later,omitempty"`
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

// commandJSON is a command as the page's menu and completion know it.
type commandJSON struct {
	Name  string `json:"name"`
	Brief string `json:"brief"`
	Usage string `json:"usage,omitempty"`
	// Named tells that a value is typed after its option's name.
	Named   bool         `json:"named,omitempty"`
	Options []optionJSON `json:"options,omitempty"`
}

type optionJSON struct {
	Name    string       `json:"name"`
	Brief   string       `json:"brief"`
	Suggest bool         `json:"suggest,omitempty"`
	Choices []choiceJSON `json:"choices,omitempty"`
}

type choiceJSON struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// commands makes the page's table. Where a command has several options and
// needs none of them, each is typed with its name; otherwise they are typed in
// their order. Of a command with parts the first is what is typed without its
// name.
func commands(table []bot.Command) []commandJSON {
	out := make([]commandJSON, 0, len(table))
	for _, c := range table {
		one := commandJSON{Name: c.Name, Brief: c.Brief, Usage: c.Usage}
		options := c.Options
		if len(c.Subs) > 0 {
			options = c.Subs[0].Options
		}
		one.Named = len(options) > 1 && !options[0].Required
		for _, o := range options {
			if o.Kind != bot.OptionText || !one.Named && !o.Required && (len(c.Subs) > 0 || len(o.Choices) == 0) {
				continue // no chat of one has roles or channels
			}
			option := optionJSON{Name: o.Name, Brief: o.Brief, Suggest: o.Suggest}
			for _, choice := range o.Choices {
				option.Choices = append(option.Choices, choiceJSON(choice))
			}
			one.Options = append(one.Options, option)
		}
		out = append(out, one)
	}
	return out
}
