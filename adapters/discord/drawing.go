package discord

import (
	"runtime"
	"slices"
	"sync"

	"bellwether/bot/message"
)

// drawings keeps the pictures of the last answers by what they show: when many
// ask for the same at once, as when a market opens, it is drawn once. Drawing
// takes a whole processor, so no more are drawn at once than there are: all
// together would keep each other, and the acknowledgements, waiting.
type drawings struct {
	brushes chan struct{}

	mu   sync.Mutex
	kept map[string]*drawing
	keys []string // oldest first
}

// maxDrawings bounds what is kept; a picture takes some 50 kB.
const maxDrawings = 64

// drawing is a picture that is drawn, or being drawn.
type drawing struct {
	once sync.Once
	png  []byte
	err  error
}

func newDrawings() *drawings {
	return &drawings{brushes: make(chan struct{}, runtime.GOMAXPROCS(0)), kept: make(map[string]*drawing)}
}

// draw returns the PNG of a picture. One that could not be drawn is tried again
// when it is asked for again.
func (d *drawings) draw(p *message.Picture) ([]byte, error) {
	one := d.find(p.Key)
	one.once.Do(func() {
		d.brushes <- struct{}{}
		defer func() { <-d.brushes }()
		one.png, one.err = p.Draw()
	})
	if one.err != nil {
		d.forget(p.Key, one)
	}
	return one.png, one.err
}

func (d *drawings) find(key string) *drawing {
	d.mu.Lock()
	defer d.mu.Unlock()
	one, ok := d.kept[key]
	if ok {
		return one
	}
	one = new(drawing)
	if len(d.keys) >= maxDrawings {
		delete(d.kept, d.keys[0])
		d.keys = slices.Delete(d.keys, 0, 1)
	}
	d.kept[key], d.keys = one, append(d.keys, key)
	return one
}

func (d *drawings) forget(key string, one *drawing) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.kept[key] == one {
		delete(d.kept, key)
		d.keys = slices.DeleteFunc(d.keys, func(have string) bool { return have == key })
	}
}
