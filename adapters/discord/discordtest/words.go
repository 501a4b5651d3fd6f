package discordtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// words is what is checked of a message.
type words struct {
	Content      string  `json:"content"`
	Nonce        any     `json:"nonce"`
	EnforceNonce bool    `json:"enforce_nonce"`
	Flags        int     `json:"flags"`
	Embeds       []embed `json:"embeds"`
	Components   []struct {
		Kind       int      `json:"type"`
		Components []button `json:"components"`
	} `json:"components"`
	Attachments []struct {
		ID   any    `json:"id"`
		Name string `json:"filename"`
	} `json:"attachments"`
	Reference *struct {
		Message string `json:"message_id"`
		Fail    *bool  `json:"fail_if_not_exists"`
	} `json:"message_reference"`
}

// button is what is checked of a button.
type button struct {
	Kind  int    `json:"type"`
	Style int    `json:"style"`
	Label string `json:"label"`
	ID    string `json:"custom_id"`
	URL   string `json:"url"`
}

// check refuses a button that Discord would refuse.
func (b button) check() error {
	const link = 5
	switch {
	case b.Kind != 2 || b.Style < 1 || b.Style > link:
		return invalidForm("components: not a button")
	case utf8.RuneCountInString(b.Label) > 80 || b.Label == "":
		return invalidForm("components.label: length")
	case b.Style == link && (b.URL == "" || len(b.URL) > 512 || b.ID != ""):
		return invalidForm("components.url")
	case b.Style != link && (b.ID == "" || utf8.RuneCountInString(b.ID) > 100 || b.URL != ""):
		return invalidForm("components.custom_id: length")
	}
	return nil
}

// embed is what is checked of an embed.
type embed struct {
	Title       string `json:"title"`
	URL         string `json:"url"`
	Description string `json:"description"`
	Fields      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Image *struct {
		URL string `json:"url"`
	} `json:"image"`
}

func count(s string) int { return utf8.RuneCountInString(strings.TrimSpace(s)) }

// checkWords refuses what Discord would refuse of a message.
func checkWords(body json.RawMessage, files map[string][]byte, edit bool) (words, error) {
	var w words
	if err := json.Unmarshal(body, &w); err != nil {
		return w, invalidForm("%v", err)
	}
	if count(w.Content) > 2000 {
		return w, invalidForm("content: must be 2000 or fewer in length")
	}
	if n, ok := w.Nonce.(string); ok && len(n) > 25 {
		return w, invalidForm("nonce: must be 25 or fewer in length")
	}
	if err := checkEmbeds(w, files); err != nil {
		return w, err
	}
	if err := checkComponents(w); err != nil {
		return w, err
	}
	if !edit && count(w.Content) == 0 && len(w.Embeds) == 0 && len(files) == 0 && len(w.Components) == 0 {
		return w, refuse(http.StatusBadRequest, 50006, "Cannot send an empty message")
	}
	return w, nil
}

func checkEmbeds(w words, files map[string][]byte) error {
	if len(w.Embeds) > 10 {
		return invalidForm("embeds: must be 10 or fewer")
	}
	sum := 0
	for i := range w.Embeds {
		size, err := w.Embeds[i].check(w, files)
		if err != nil {
			return err
		}
		sum += size
	}
	if sum > 6000 {
		return invalidForm("embeds: exceeds the maximum size of 6000")
	}
	return nil
}

// check refuses an embed that Discord would refuse, and returns its size.
func (e *embed) check(w words, files map[string][]byte) (size int, err error) {
	footer := ""
	if e.Footer != nil {
		footer = e.Footer.Text
	}
	if count(e.Title) > 256 || count(e.Description) > 4096 || count(footer) > 2048 || len(e.Fields) > 25 {
		return 0, invalidForm("embeds: too long")
	}
	fields, err := e.checkFields()
	if err != nil {
		return 0, err
	}
	size = count(e.Title) + count(e.Description) + count(footer) + fields
	if e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
		return 0, invalidForm("embeds.url: scheme")
	}
	if e.Image != nil {
		if name, ok := strings.CutPrefix(e.Image.URL, "attachment://"); ok && !attached(w, files, name) {
			return 0, invalidForm("embeds.image.url: no such attachment")
		}
	}
	if size == 0 && e.Image == nil {
		return 0, refuse(http.StatusBadRequest, 50006, "Cannot send an empty message")
	}
	return size, nil
}

func (e *embed) checkFields() (size int, err error) {
	for _, f := range e.Fields {
		name, value := count(f.Name), count(f.Value)
		if name == 0 || name > 256 || value == 0 || value > 1024 {
			return 0, invalidForm("embeds.fields: length")
		}
		size += name + value
	}
	return size, nil
}

func attached(w words, files map[string][]byte, name string) bool {
	for _, a := range w.Attachments {
		if a.Name == name && len(files[fmt.Sprint(a.ID)]) > 0 {
			return true
		}
	}
	return false
}

func checkComponents(w words) error {
	if len(w.Components) > 5 {
		return invalidForm("components: must be 5 or fewer")
	}
	seen := make(map[string]bool)
	for _, row := range w.Components {
		if row.Kind != 1 || len(row.Components) == 0 || len(row.Components) > 5 {
			return invalidForm("components: a row has 1 to 5 buttons")
		}
		for _, b := range row.Components {
			if err := b.check(); err != nil {
				return err
			}
			if b.ID != "" && seen[b.ID] {
				return refuse(http.StatusBadRequest, 50035, "Component custom id cannot be duplicated")
			}
			seen[b.ID] = true
		}
	}
	return nil
}
