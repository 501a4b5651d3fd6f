package chart

import (
	"errors"
	"fmt"
	"image"
	"image/draw"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// weight is how heavy letters are. Fallback fonts have one weight only.
type weight uint8

const (
	regular weight = iota
	medium
	bold
	weights
)

// maxGlyphs bounds the glyphs that are kept drawn: about 2 MB at the sizes of
// our pictures.
const maxGlyphs = 4096

// Fonts are the letters that pictures are drawn with: the Go fonts, which are
// part of the program, and for characters that they lack the fonts that the
// operator names. It is safe for concurrent use and meant to live as long as
// the program.
type Fonts struct {
	own       [weights]*sfnt.Font
	fallbacks []*sfnt.Font
	files     []*os.File
	canvases  sync.Pool // *canvas

	mu     sync.RWMutex
	glyphs map[glyphKey]*glyph
}

// glyphKey names a drawn glyph. Size is pixels per em in 1/64, sub the quarter
// of a pixel at which it begins.
type glyphKey struct {
	r      rune
	size   fixed.Int26_6
	weight weight
	sub    uint8
}

// glyph is a character as a mask. It is not changed once it is made.
type glyph struct {
	mask    image.Alpha // its bounds are relative to the baseline's pixel
	advance fixed.Int26_6
	missing bool // no font has it
}

// NewFonts returns the embedded fonts and those in the named files, which are
// asked in their order for characters that the fonts before them lack. A file
// may be TrueType, OpenType or a collection; "#2" after its name takes the
// third font of a collection instead of its first. Empty names are passed over.
// The files stay open until Close.
func NewFonts(paths ...string) (*Fonts, error) {
	f := &Fonts{glyphs: make(map[glyphKey]*glyph)}
	for w, data := range [weights][]byte{regular: goregular.TTF, medium: gomedium.TTF, bold: gobold.TTF} {
		parsed, err := sfnt.Parse(data)
		if err != nil {
			return nil, fmt.Errorf("parse embedded font: %w", err)
		}
		f.own[w] = parsed
	}
	for _, path := range paths {
		if path == "" {
			continue
		}
		if err := f.open(path); err != nil {
			return nil, errors.Join(fmt.Errorf("open font %q: %w", path, err), f.Close())
		}
	}
	return f, nil
}

func (f *Fonts) open(path string) error {
	index := 0
	if name, number, ok := cutLast(path, "#"); ok {
		if n, err := strconv.Atoi(number); err == nil && n >= 0 {
			path, index = name, n
		}
	}
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	f.files = append(f.files, file)
	collection, err := sfnt.ParseCollectionReaderAt(file)
	if err != nil {
		return err
	}
	if index >= collection.NumFonts() {
		return fmt.Errorf("it holds %d fonts, number %d is asked for", collection.NumFonts(), index)
	}
	parsed, err := collection.Font(index)
	if err != nil {
		return err
	}
	f.fallbacks = append(f.fallbacks, parsed)
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// Close closes the files of the fallback fonts. Nothing may be drawn after it.
func (f *Fonts) Close() error {
	var errs []error
	for _, file := range f.files {
		errs = append(errs, file.Close())
	}
	f.files = nil
	return errors.Join(errs...)
}

// glyph returns a character as it is drawn.
func (f *Fonts) glyph(key glyphKey) *glyph {
	f.mu.RLock()
	g := f.glyphs[key]
	f.mu.RUnlock()
	if g != nil {
		return g
	}
	g = f.drawGlyph(key)
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.glyphs) >= maxGlyphs {
		clear(f.glyphs)
	}
	f.glyphs[key] = g
	return g
}

// drawGlyph asks the fonts in their order. A font that cannot draw what it
// claims to have is passed over like one that lacks it.
func (f *Fonts) drawGlyph(key glyphKey) *glyph {
	var buf sfnt.Buffer
	if g := rasterize(f.own[key.weight], &buf, key, 0); g != nil {
		return g
	}
	// Fallback fonts have one weight: heavier letters are drawn twice.
	extra := [weights]fixed.Int26_6{regular: 0, medium: key.size / 50, bold: key.size / 28}[key.weight]
	for _, font := range f.fallbacks {
		if g := rasterize(font, &buf, key, extra); g != nil {
			return g
		}
	}
	return &glyph{advance: key.size * 5 / 8, missing: true}
}

func rasterize(face *sfnt.Font, buf *sfnt.Buffer, key glyphKey, extra fixed.Int26_6) *glyph {
	index, err := face.GlyphIndex(buf, key.r)
	if err != nil || index == 0 {
		return nil
	}
	advance, err := face.GlyphAdvance(buf, index, key.size, font.HintingNone)
	if err != nil {
		return nil
	}
	segments, err := face.LoadGlyph(buf, index, key.size, nil)
	if err != nil {
		return nil
	}
	g := &glyph{advance: advance}
	sub := fixed.Int26_6(key.sub) * 16
	box := segments.Bounds().Add(fixed.Point26_6{X: sub})
	r := image.Rect(box.Min.X.Floor(), box.Min.Y.Floor(), (box.Max.X + extra).Ceil(), box.Max.Y.Ceil())
	if r.Empty() || r.Dx() > 1024 || r.Dy() > 1024 {
		return g
	}
	rast := vector.NewRasterizer(r.Dx(), r.Dy())
	rast.DrawOp = draw.Src
	at := fixed.Point26_6{X: sub - fixed.I(r.Min.X), Y: -fixed.I(r.Min.Y)}
	trace(rast, segments, at)
	if extra > 0 {
		trace(rast, segments, at.Add(fixed.Point26_6{X: extra}))
	}
	mask := image.NewAlpha(image.Rect(0, 0, r.Dx(), r.Dy()))
	rast.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	mask.Rect = r
	g.mask = *mask
	return g
}

// trace hands a glyph's outline to the rasterizer, moved by off.
func trace(rast *vector.Rasterizer, segments sfnt.Segments, off fixed.Point26_6) {
	at := func(p fixed.Point26_6) (x, y float32) {
		return float32(p.X+off.X) / 64, float32(p.Y+off.Y) / 64
	}
	for _, s := range segments {
		ax, ay := at(s.Args[0])
		bx, by := at(s.Args[1])
		cx, cy := at(s.Args[2])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			rast.ClosePath()
			rast.MoveTo(ax, ay)
		case sfnt.SegmentOpLineTo:
			rast.LineTo(ax, ay)
		case sfnt.SegmentOpQuadTo:
			rast.QuadTo(ax, ay, bx, by)
		case sfnt.SegmentOpCubeTo:
			rast.CubeTo(ax, ay, bx, by, cx, cy)
		}
	}
	rast.ClosePath()
}
