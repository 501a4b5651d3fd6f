package bot

import (
	"context"

	"bellwether/bot/outbox"
)

// PictureShelf keeps what was drawn, by the picture's key.
type PictureShelf interface {
	// Picture returns the PNG kept under a key; nil where there is none.
	Picture(ctx context.Context, key string) ([]byte, error)
	// KeepPicture keeps it.
	KeepPicture(ctx context.Context, key string, png []byte) error
}

// keepPictures draws the pictures of answers before they are stored: a message
// that was read back cannot be drawn any more. A picture that cannot be drawn is
// left out, and the words go without it.
func (b *Bot) keepPictures(ctx context.Context, sends []outbox.Send) {
	for i := range sends {
		m := sends[i].Message
		if m == nil || m.Picture == nil {
			continue
		}
		if err := b.keepPicture(ctx, &sends[i]); err != nil {
			b.log.Warn("draw a picture", "key", m.Picture.Key, "error", err)
			plain := *m
			plain.Picture = nil
			sends[i].Message = &plain
		}
	}
}

func (b *Bot) keepPicture(ctx context.Context, s *outbox.Send) error {
	if b.pictures == nil {
		return nil
	}
	p := s.Message.Picture
	known, err := b.pictures.Picture(ctx, p.Key)
	if err != nil || len(known) > 0 {
		return err
	}
	png, err := p.Draw()
	if err != nil {
		return err
	}
	return b.pictures.KeepPicture(ctx, p.Key, png)
}
