package webchat

import (
	"context"
	"strconv"

	"bellwether/bot/outbox"
)

// Deliver implements outbox.Messenger: it writes into the visitor's transcript,
// which is all that a page shows. A send that is handed in again replaces what
// it wrote before, so nothing comes twice.
func (c *Chat) Deliver(ctx context.Context, d outbox.Delivery) (outbox.Receipt, error) {
	if d.Message == nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.Refused, Reason: "there is nothing to say"}
	}
	visitor, id := d.Address.Chat, deliveryID(d)
	if d.Kind == outbox.Edit {
		id = d.Target
		if id == "" && len(d.Parts) > 0 {
			id = d.Parts[0].ID
		}
	}
	before, found, err := c.o.Transcript.Entry(ctx, visitor, id)
	if err != nil {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.NotSent, Reason: "the transcript cannot be read", Err: err}
	}
	if d.Kind == outbox.Edit && !found {
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.LostTarget, Reason: "the message is not in the transcript any more"}
	}
	e := fromMessage(d.Message)
	e.At = c.o.Now().UTC()
	if found {
		e.At = entryTime(before, e.At)
		e.Edited = d.Kind == outbox.Edit
	}
	if d.Picture != nil && d.Message.Picture != nil {
		// Asked for now, so that the page finds it under its key.
		if _, _, err := d.Picture(); err != nil {
			c.o.Log.Warn("draw a picture", "error", err)
			e.Picture = ""
		}
	}
	if err := c.put(ctx, visitor, id, e); err != nil {
		// The id is the same at the next try: it is safe even where this one
		// was written after all.
		return outbox.Receipt{}, &outbox.Failure{Class: outbox.NotSent, Reason: "the transcript cannot be written", Err: err}
	}
	return outbox.Receipt{ID: id}, nil
}

// deliveryID is the same for every try of one part of a send, even for one that
// another form or a mark of repetition gave another key.
func deliveryID(d outbox.Delivery) string {
	if d.Send == 0 {
		return "b" + d.Key
	}
	return "b" + strconv.FormatInt(int64(d.Send), 36) + "-" + strconv.Itoa(d.Part)
}

// put writes an entry and tells the visitor's pages.
func (c *Chat) put(ctx context.Context, visitor, id string, e entryJSON) error {
	body, err := encodeEntry(e)
	if err != nil {
		return err
	}
	if _, err := c.o.Transcript.PutEntry(ctx, visitor, id, body); err != nil {
		return err
	}
	c.nudge(visitor)
	return nil
}
