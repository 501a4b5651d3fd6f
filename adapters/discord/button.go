package discord

import (
	"slices"
	"strings"

	"bellwether/bot/message"
)

// Limits of buttons (Discord: five rows of five, label 80 code points,
// custom_id 1 to 100, URL 512).
const (
	maxRows     = 5
	maxInRow    = 5
	maxLabel    = 80
	maxCustomID = 100
)

// Kinds and styles of components (Discord: component types, button styles).
const (
	componentRow    = 1
	componentButton = 2

	stylePrimary   = 1
	styleSecondary = 2
	styleDanger    = 4
	styleLink      = 5
)

// row is a line of buttons.
type row struct {
	Kind       int      `json:"type"`
	Components []button `json:"components"`
}

type button struct {
	Kind  int    `json:"type"`
	Style int    `json:"style"`
	Label string `json:"label"`
	ID    string `json:"custom_id,omitempty"`
	URL   string `json:"url,omitempty"`
}

// makeRows returns a message's buttons. One that Discord would refuse is left
// out, since the whole message would be refused for it; so is a second one with
// the same data. A plainer form has no addresses on its buttons.
func makeRows(rows [][]message.Button, form message.Form) []row {
	var made []row
	seen := make(map[string]bool)
	for _, line := range rows {
		current := row{Kind: componentRow}
		for _, b := range line {
			dressed, ok := makeButton(b, form)
			if !ok || seen[dressed.ID] && dressed.ID != "" {
				continue
			}
			seen[dressed.ID] = true
			if len(current.Components) == maxInRow {
				made, current = append(made, current), row{Kind: componentRow}
			}
			current.Components = append(current.Components, dressed)
		}
		if len(current.Components) > 0 {
			made = append(made, current)
		}
	}
	return made[:min(len(made), maxRows)]
}

// aimed returns the rows with buttons that are about another channel than the
// one that they are shown in.
func aimed(rows []row, about string) []row {
	if about == "" {
		return rows
	}
	out := make([]row, len(rows))
	for n, line := range rows {
		out[n] = row{Kind: line.Kind, Components: slices.Clone(line.Components)}
		for i, b := range out[n].Components {
			if b.ID != "" {
				out[n].Components[i].ID = aimedData(b.ID, about)
			}
		}
	}
	return out
}

// aimedData is the data of one of them. What would be too long stays as it is.
func aimedData(data, about string) string {
	if with := data + aimMark + about; about != "" && runes(with) <= maxCustomID {
		return with
	}
	return data
}

// cutAim parts data and the channel that it is about; "" for none.
func cutAim(data string) (bare, about string) {
	const leastID = 17 // digits, since 2016
	i := strings.LastIndex(data, aimMark)
	if i < 0 || len(data)-i-1 < leastID || !isID(data[i+1:]) {
		return data, ""
	}
	return data[:i], data[i+1:]
}

func makeButton(b message.Button, form message.Form) (button, bool) {
	made := button{Kind: componentButton, Style: styleSecondary, Label: strings.TrimSpace(message.Cut(oneLine(b.Label), maxLabel))}
	if made.Label == "" {
		return made, false
	}
	if b.Data != "" {
		switch b.Style {
		case message.Primary:
			made.Style = stylePrimary
		case message.Danger:
			made.Style = styleDanger
		}
		made.ID = b.Data
		return made, runes(b.Data) <= maxCustomID
	}
	made.Style, made.URL = styleLink, b.URL
	return made, form == message.Rich && isAddress(b.URL) && len(b.URL) <= message.MaxButtonURL
}
