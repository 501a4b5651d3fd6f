package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

// press keeps what was laid out lately: a fan-out sends one message, which never
// changes, to thousands of chats.
type press struct {
	mu   sync.Mutex
	kept map[plate]*printed
}

type plate struct {
	message *message.Message
	form    message.Form
}

// printed is a message as it is sent.
type printed struct {
	sheets []sheet
	forms  []string // of each sheet that is a text: all parameters but those of the chat
}

// platesKept bounds the press.
const platesKept = 64

// lay returns a message laid out in a form.
func (p *press) lay(m *message.Message, form message.Form) *printed {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := plate{m, form}
	if known := p.kept[k]; known != nil {
		return known
	}
	made := &printed{sheets: layOut(m, form)}
	made.forms = make([]string, len(made.sheets))
	for i, s := range made.sheets {
		if s.photo {
			continue
		}
		params := tgbotapi.Params{}
		s.text(params, i, m.Preview)
		if m.Quiet {
			params["disable_notification"] = "true"
		}
		if i == len(made.sheets)-1 {
			addKeyboard(params, m.Buttons, form)
		}
		values := make(url.Values, len(params))
		for name, value := range params {
			values.Set(name, value)
		}
		made.forms[i] = values.Encode()
	}
	if p.kept == nil || len(p.kept) >= platesKept {
		p.kept = make(map[plate]*printed)
	}
	p.kept[k] = made
	return made
}

// made is Telegram's answer to a message.
type made struct {
	tgbotapi.APIResponse
	Result sent `json:"result"`
}

// postText sends a text whose form was written before. The library would write
// all of it again for each chat.
func (c *Client) postText(ctx context.Context, d outbox.Delivery, form string) (outbox.Receipt, error) {
	const method = "sendMessage"
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	params := tgbotapi.Params{}
	addThread(params, d.Address.Thread)
	form += "&chat_id=" + url.QueryEscape(d.Address.Chat)
	for name, value := range params {
		form += "&" + name + "=" + url.QueryEscape(value)
	}
	trip := &roundTrip{ctx: ctx, client: c.http}
	var answer made
	err := c.exchange(trip, method, form, &answer)
	var described *json.UnmarshalTypeError
	switch {
	case errors.As(err, &described) && answer.Ok:
		// It was made, although it is not described.
		return outbox.Receipt{}, nil
	case err != nil:
		return outbox.Receipt{}, c.failure(trip, method, nil, err)
	case !answer.Ok:
		refused := &tgbotapi.Error{Code: answer.ErrorCode, Message: answer.Description}
		if answer.Parameters != nil {
			refused.ResponseParameters = *answer.Parameters
		}
		return outbox.Receipt{}, c.failure(trip, method, &answer.APIResponse, refused)
	case answer.Result.ID == 0:
		return outbox.Receipt{}, nil
	}
	return outbox.Receipt{ID: strconv.FormatInt(answer.Result.ID, 10)}, nil
}

// exchange posts a form and reads the answer.
func (c *Client) exchange(trip *roundTrip, method, form string, answer *made) error {
	request, err := http.NewRequestWithContext(trip.ctx, http.MethodPost, fmt.Sprintf(c.endpoint, c.token, method), strings.NewReader(form))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := trip.Do(request)
	if err != nil {
		return err
	}
	const usual = 1024 // bytes
	body := bytes.NewBuffer(make([]byte, 0, usual))
	_, err = body.ReadFrom(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return err
	}
	return json.Unmarshal(body.Bytes(), answer)
}
