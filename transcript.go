package main

import (
	"context"

	"bellwether/adapters/storage"
	"bellwether/adapters/webchat"
	"bellwether/bot/message"
)

// transcript lets the web chat keep what was said in the store.
type transcript struct{ store *storage.Store }

var _ webchat.Transcript = transcript{}

// PutEntry implements webchat.Transcript.
func (t transcript) PutEntry(ctx context.Context, visitor, id, body string) (webchat.Entry, error) {
	e, err := t.store.PutEntry(ctx, visitor, id, body)
	return webchat.Entry(e), err
}

// Entry implements webchat.Transcript.
func (t transcript) Entry(ctx context.Context, visitor, id string) (webchat.Entry, bool, error) {
	e, found, err := t.store.Entry(ctx, visitor, id)
	return webchat.Entry(e), found, err
}

// EntriesAfter implements webchat.Transcript.
func (t transcript) EntriesAfter(ctx context.Context, visitor string, change int64, limit int) ([]webchat.Entry, error) {
	found, err := t.store.EntriesAfter(ctx, visitor, change, limit)
	out := make([]webchat.Entry, len(found))
	for i, e := range found {
		out[i] = webchat.Entry(e)
	}
	return out, err
}

// keepPicture draws a picture and keeps it under its key, once.
func keepPicture(shelf *storage.Outbox) func(context.Context, *message.Picture) error {
	return func(ctx context.Context, p *message.Picture) error {
		known, err := shelf.Picture(ctx, p.Key)
		if err != nil || len(known) > 0 {
			return err
		}
		png, err := p.Draw()
		if err != nil {
			return err
		}
		return shelf.KeepPicture(ctx, p.Key, png)
	}
}
