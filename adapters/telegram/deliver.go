package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"

	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"

	"bellwether/bot/outbox"
)

// sent is what is read of a message that Telegram made.
type sent struct {
	ID    int64 `json:"message_id"`
	Photo []struct {
		FileID string `json:"file_id"`
	} `json:"photo"`
}

// Deliver makes one message, or changes one. The parts of a message depend on
// nothing but the message and the form, so a further part made after a restart
// continues the first.
func (c *Client) Deliver(ctx context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	if d.Message == nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.BadMessage, Reason: "there is no message"}
	}
	c.pending.answered(d.Address)
	laid := c.lay(d.Message, d.Form)
	sheets := laid.sheets
	if d.Kind == outbox.Edit && d.Part < max(len(d.Parts), 1) {
		return c.edit(ctx, d, sheets)
	}
	if d.Part >= len(sheets) {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.Done, Reason: "the message has no such part"}
	}
	s := sheets[d.Part]
	if d.Target == "" && !s.photo {
		receipt, err := c.postText(ctx, d, laid.forms[d.Part])
		receipt.More = err == nil && d.Part+1 < len(sheets)
		return receipt, err
	}
	params := tgbotapi.Params{"chat_id": d.Address.Chat}
	addThread(params, d.Address.Thread)
	if d.Message.Quiet {
		params["disable_notification"] = "true"
	}
	if d.Target != "" && d.Kind == outbox.Reply && d.Part == 0 {
		if _, err := strconv.ParseInt(d.Target, 10, 64); err == nil {
			params["reply_parameters"] = `{"message_id":` + d.Target + `,"allow_sending_without_reply":true}`
		}
	}
	if d.Part == len(sheets)-1 {
		c.addKeyboard(params, d.Message.Buttons, d.Form)
	}
	receipt, err := c.post(ctx, d, s, params)
	receipt.More = err == nil && d.Part+1 < len(sheets)
	return receipt, err
}

// post sends a sheet as a photo or as text. Words without their picture are
// better than silence.
func (c *Client) post(ctx context.Context, d outbox.Delivery, s sheet, params tgbotapi.Params) (outbox.Receipt, error) {
	if png, uploaded, ok := c.picture(d, s); ok {
		s.caption(params)
		receipt, err := c.postPhoto(ctx, params, png, uploaded)
		// A refusal that is not known may be about the picture, too: the words
		// alone show whether it was.
		if !isBadMessage(err) || s.body == "" {
			if err == nil && receipt.ID != "" {
				c.photos.note(params["chat_id"], receipt.ID)
			}
			return receipt, err
		}
		c.log.Warn("picture_left_out", "send", int64(d.Send), "error", err)
		delete(params, "photo")
		delete(params, "caption")
	}
	s.text(params, d.Part, d.Message.Preview)
	return c.receive(c.call(ctx, "sendMessage", params))
}

// picture returns the picture of a sheet, where it has one that can be had.
func (c *Client) picture(d outbox.Delivery, s sheet) (png []byte, uploaded string, ok bool) {
	if !s.photo || d.Picture == nil {
		return nil, "", false
	}
	png, uploaded, err := d.Picture()
	if err != nil || uploaded == "" && len(png) == 0 {
		c.log.Warn("picture_left_out", "send", int64(d.Send), "error", err)
		return nil, "", false
	}
	return png, uploaded, true
}

// postPhoto sends a photo by the name that Telegram gave it, or by its bytes
// where it has none or the name is not known any more.
func (c *Client) postPhoto(ctx context.Context, params tgbotapi.Params, png []byte, uploaded string) (outbox.Receipt, error) {
	if uploaded != "" {
		params["photo"] = uploaded
		receipt, err := c.receive(c.call(ctx, "sendPhoto", params))
		if !isBadMessage(err) || len(png) == 0 {
			return receipt, err
		}
		delete(params, "photo")
	}
	return c.receive(c.callWithin(ctx, uploadTimeout, "sendPhoto", params, photoFile("photo", png)))
}

func photoFile(field string, png []byte) []tgbotapi.RequestFile {
	return []tgbotapi.RequestFile{{Name: field, Data: tgbotapi.FileBytes{Name: "picture.png", Bytes: png}}}
}

// receive reads Telegram's receipt. A message that was made but not described
// was made.
func (c *Client) receive(raw json.RawMessage, err error) (outbox.Receipt, error) {
	if err != nil {
		return outbox.Receipt{}, err
	}
	var made sent
	if err := json.Unmarshal(raw, &made); err != nil || made.ID == 0 {
		return outbox.Receipt{}, nil
	}
	receipt := outbox.Receipt{ID: strconv.FormatInt(made.ID, 10)}
	if n := len(made.Photo); n > 0 {
		receipt.Uploaded = made.Photo[n-1].FileID
	}
	return receipt, nil
}

// edit changes the message of one part. Parts that the message no longer has
// are deleted; parts that it has now and had not are sent by Deliver.
func (c *Client) edit(ctx context.Context, d outbox.Delivery, sheets []sheet) (outbox.Receipt, error) {
	id := d.Target
	if d.Part < len(d.Parts) {
		id = d.Parts[d.Part].ID
	}
	if _, err := strconv.ParseInt(id, 10, 64); err != nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.LostTarget, Reason: "it is not known which message to change"}
	}
	params := tgbotapi.Params{"chat_id": d.Address.Chat, "message_id": id}
	more := d.Part+1 < max(len(sheets), len(d.Parts))
	if d.Part >= len(sheets) {
		return c.remove(ctx, params, outbox.Receipt{ID: id, More: more})
	}
	// An edit without a keyboard removes the one that was there.
	if d.Part == len(sheets)-1 {
		c.addKeyboard(params, d.Message.Buttons, d.Form)
	}
	receipt, err := c.change(ctx, d, sheets[d.Part], params)
	if f := asFailure(err); f != nil && f.Class == outbox.Done {
		receipt, err = outbox.Receipt{}, nil
	}
	if err != nil {
		return outbox.Receipt{}, err
	}
	receipt.ID, receipt.More = id, more
	return receipt, nil
}

// change makes the edit that the sheet and the message there ask for.
func (c *Client) change(ctx context.Context, d outbox.Delivery, s sheet, params tgbotapi.Params) (outbox.Receipt, error) {
	if png, uploaded, ok := c.picture(d, s); ok {
		receipt, err := c.changePhoto(ctx, s, params, png, uploaded)
		if !errors.Is(err, errNoPhoto) {
			if err == nil {
				c.photos.note(params["chat_id"], params["message_id"])
			}
			return receipt, err
		}
		delete(params, "media")
	}
	if c.photos.has(params["chat_id"], params["message_id"]) && s.fitsCaption() {
		return c.changeCaption(ctx, s, params)
	}
	s.text(params, d.Part, d.Message.Preview)
	receipt, err := c.receive(c.call(ctx, "editMessageText", params))
	if !errors.Is(err, errNoText) || !s.fitsCaption() {
		return receipt, err
	}
	delete(params, "text")
	delete(params, "parse_mode")
	delete(params, "link_preview_options")
	c.photos.note(params["chat_id"], params["message_id"])
	return c.changeCaption(ctx, s, params)
}

// changeCaption edits a message with a photo: it has a caption instead of a text.
func (c *Client) changeCaption(ctx context.Context, s sheet, params tgbotapi.Params) (outbox.Receipt, error) {
	s.caption(params)
	return c.receive(c.call(ctx, "editMessageCaption", params))
}

// changePhoto replaces a message's photo and caption.
func (c *Client) changePhoto(ctx context.Context, s sheet, params tgbotapi.Params, png []byte, uploaded string) (outbox.Receipt, error) {
	media := struct {
		Type      string `json:"type"`
		Media     string `json:"media"`
		Caption   string `json:"caption,omitempty"`
		ParseMode string `json:"parse_mode,omitempty"`
	}{Type: "photo", Media: uploaded, Caption: s.body, ParseMode: s.mode}
	var files []tgbotapi.RequestFile
	if uploaded == "" {
		media.Media = "attach://picture"
		files = photoFile("picture", png)
	}
	encoded, err := json.Marshal(media)
	if err != nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.BadMessage, Reason: "the picture cannot be described", Err: err}
	}
	params["media"] = string(encoded)
	return c.receive(c.callWithin(ctx, uploadTimeout, "editMessageMedia", params, files))
}

// remove deletes a message that is not a part any more.
func (c *Client) remove(ctx context.Context, params tgbotapi.Params, done outbox.Receipt) (outbox.Receipt, error) {
	_, err := c.call(ctx, "deleteMessage", params)
	if f := asFailure(err); f != nil && f.Class != outbox.LostTarget && f.Class != outbox.Done {
		return outbox.Receipt{}, err
	}
	return done, nil
}

func asFailure(err error) *outbox.Failure {
	f, _ := errors.AsType[*outbox.Failure](err)
	return f
}

func isBadMessage(err error) bool {
	f := asFailure(err)
	return f != nil && f.Class == outbox.BadMessage
}

// The client is what the outbox and the bot ask for.
var _ outbox.Messenger = (*Client)(nil)
