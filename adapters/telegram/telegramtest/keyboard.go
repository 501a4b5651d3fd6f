package telegramtest

import (
	"encoding/json"
	"strings"
)

// Limits of keyboards (Bot API: callback_data is 1-64 bytes; 8 buttons a row and
// 100 in all, as clients were seen to be held to).
const (
	maxData    = 64
	maxRow     = 8
	maxButtons = 100
)

// readKeyboard parses and checks the inline keyboard of a call; other keyboards
// are only checked to be JSON.
func (s *Server) readKeyboard(call request) ([][]Button, error) {
	raw := call.params["reply_markup"]
	if raw == "" || s.options.Lax {
		return nil, nil
	}
	var markup struct {
		Inline [][]inlineButton `json:"inline_keyboard"`
	}
	if err := json.Unmarshal([]byte(raw), &markup); err != nil {
		return nil, bad("can't parse reply keyboard markup JSON object")
	}
	var rows [][]Button
	count := 0
	for _, line := range markup.Inline {
		row := make([]Button, 0, len(line))
		for _, b := range line {
			made, err := b.read()
			if err != nil {
				return nil, err
			}
			row = append(row, made)
		}
		if count += len(row); len(row) > maxRow || count > maxButtons {
			return nil, bad("reply markup is too long")
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// inlineButton is a button as it is sent.
type inlineButton struct {
	Text string  `json:"text"`
	Data *string `json:"callback_data"`
	URL  *string `json:"url"`
}

// read checks the button: it has words, and one thing to do.
func (b inlineButton) read() (Button, error) {
	made := Button{Text: b.Text}
	switch {
	case strings.TrimSpace(b.Text) == "":
		return made, bad("inline keyboard button text must be non-empty")
	case b.Data != nil && b.URL == nil:
		made.Data = *b.Data
		if len(made.Data) < 1 || len(made.Data) > maxData {
			return made, bad("BUTTON_DATA_INVALID")
		}
	case b.URL != nil && b.Data == nil:
		made.URL = *b.URL
		if !linkTaken(made.URL) {
			return made, bad("inline keyboard button URL '%s' is invalid: Wrong HTTP URL", made.URL)
		}
	default:
		return made, bad("text buttons are unallowed in the inline keyboard")
	}
	return made, nil
}
