package outbox

import (
	"context"
	"sync"
	"time"

	"bellwether/bot/message"
)

// galleryShelf is how many pictures are kept in memory: those of a fan-out
// under way. Each is about 30 KB.
const galleryShelf = 32

// uploadPatience is how long a delivery waits for another that uploads the same
// picture. An upload that hangs would otherwise hold back all of a fan-out, and
// by the places under way everything else of the account.
const uploadPatience = 2 * time.Second

// gallery draws each picture once and lets each account upload it once.
type gallery struct {
	store    Pictures
	composer Composer

	mu      sync.Mutex
	drawn   map[string]*drawing
	order   []string // of drawn, oldest first
	uploads map[upload]*uploading
	names   map[Account]bool // whether the account's platform names uploads
}

type drawing struct {
	once sync.Once
	png  []byte
	err  error
}

type upload struct {
	account Account
	key     string
}

// uploading is a picture whose first upload is under way.
type uploading struct{ over chan struct{} }

func newGallery(o Options) *gallery {
	return &gallery{
		store: o.Pictures, composer: o.Composer,
		drawn: make(map[string]*drawing), uploads: make(map[upload]*uploading), names: make(map[Account]bool),
	}
}

// use is one delivery's use of a picture.
type use struct {
	g       *gallery
	ctx     context.Context
	id      upload
	send    Send
	pic     *message.Picture
	holding *uploading // it is the one that uploads
}

func (g *gallery) use(ctx context.Context, a Account, s Send, p *message.Picture) *use {
	return &use{g: g, ctx: ctx, id: upload{a, p.Key}, send: s, pic: p}
}

// picture returns the PNG and the name of an earlier upload. Where another
// delivery is uploading the same picture it waits a little for that one.
func (u *use) picture() ([]byte, string, error) {
	name, err := u.claim()
	if err != nil {
		return nil, "", err
	}
	png, err := u.g.png(u.ctx, u.send, u.pic)
	if name != "" {
		return png, name, nil
	}
	return png, "", err
}

// claim returns the name of an earlier upload, or makes this delivery the one
// that uploads. It returns neither where another one takes too long.
func (u *use) claim() (string, error) {
	g := u.g
	enough := time.NewTimer(uploadPatience)
	defer enough.Stop()
	for {
		if g.store != nil {
			name, err := g.store.Uploaded(u.ctx, u.id.account, u.id.key)
			if name != "" || err != nil {
				return name, err
			}
		}
		g.mu.Lock()
		named, known := g.names[u.id.account]
		if known && !named || u.holding != nil {
			g.mu.Unlock()
			return "", nil
		}
		first := g.uploads[u.id]
		if first == nil {
			u.holding = &uploading{over: make(chan struct{})}
			g.uploads[u.id] = u.holding
			g.mu.Unlock()
			continue
		}
		g.mu.Unlock()
		select {
		case <-first.over:
		case <-enough.C:
			return "", nil
		case <-u.ctx.Done():
			return "", u.ctx.Err()
		}
	}
}

// done keeps the name of an upload and lets those who wait for it go on.
func (u *use) done(uploaded string, ok bool) {
	g := u.g
	if uploaded != "" && g.store != nil {
		// A name that was not kept costs one more upload.
		_ = g.store.KeepUploaded(u.ctx, u.id.account, u.id.key, uploaded)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	// A message without a name may have left its picture out: whoever gave a
	// name once does so again.
	if uploaded != "" {
		g.names[u.id.account] = true
	}
	if u.holding == nil {
		return
	}
	if ok && !g.names[u.id.account] {
		g.names[u.id.account] = false
	}
	delete(g.uploads, u.id)
	close(u.holding.over)
	u.holding = nil
}

// png returns the bytes of a picture: as they were kept, or drawn now.
func (g *gallery) png(ctx context.Context, s Send, p *message.Picture) ([]byte, error) {
	g.mu.Lock()
	one := g.drawn[p.Key]
	if one == nil {
		one = &drawing{}
		g.drawn[p.Key] = one
		g.order = append(g.order, p.Key)
		if len(g.order) > galleryShelf {
			delete(g.drawn, g.order[0])
			g.order = g.order[1:]
		}
	}
	g.mu.Unlock()
	one.once.Do(func() {
		one.err = message.ErrNotDrawn // where drawing panics
		one.png, one.err = g.load(ctx, s, p)
	})
	if one.err != nil {
		g.mu.Lock()
		if g.drawn[p.Key] == one {
			g.drawn[p.Key] = &drawing{} // to be tried again
		}
		g.mu.Unlock()
	}
	return one.png, one.err
}

func (g *gallery) load(ctx context.Context, s Send, p *message.Picture) ([]byte, error) {
	if g.store != nil {
		if png, err := g.store.Picture(ctx, p.Key); err == nil && len(png) > 0 {
			return png, nil
		}
	}
	png, err := p.Draw()
	if err != nil && s.Event != 0 {
		// The message was read back from the store: its event can draw again.
		s.Message = nil
		if cerr := g.composer.Compose(ctx, []*Send{&s}); cerr == nil && s.Message != nil && s.Message.Picture != nil {
			png, err = s.Message.Picture.Draw()
		}
	}
	if err != nil {
		return nil, err
	}
	if g.store != nil {
		if err := g.store.KeepPicture(ctx, p.Key, png); err != nil {
			return png, nil // it is only drawn once more
		}
	}
	return png, nil
}
