package chart

import (
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// canvas draws on pixels in units of the picture; k is pixels to a unit.
// Nothing is rasterized beyond the box of what is drawn.
type canvas struct {
	img   *image.RGBA
	k     float64
	fonts *Fonts
	rast  vector.Rasterizer
	mask  []uint8
	rows  []uint8 // of the encoder
}

// point is a place in units of the picture.
type point struct{ x, y float64 }

// canvas returns an empty picture of w by h units.
func (f *Fonts) canvas(w, h, k float64, ground color.RGBA) *canvas {
	c, ok := f.canvases.Get().(*canvas)
	if !ok {
		c = &canvas{img: &image.RGBA{}}
	}
	c.fonts, c.k = f, k
	pw, ph := int(math.Round(w*k)), int(math.Round(h*k))
	if n := pw * ph * 4; cap(c.img.Pix) < n {
		c.img.Pix = make([]uint8, n)
	} else {
		c.img.Pix = c.img.Pix[:n]
	}
	c.img.Stride, c.img.Rect = pw*4, image.Rect(0, 0, pw, ph)
	pix := c.img.Pix
	n := copy(pix, []uint8{ground.R, ground.G, ground.B, 255})
	for n < len(pix) {
		n += copy(pix[n:], pix[:n])
	}
	return c
}

// maxKept is how large a canvas may be to be kept for the next picture: a
// chart or a strip at a scale of 2.
const maxKept = 12 << 20

// done gives the canvas back for the next picture.
func (c *canvas) done() {
	if cap(c.img.Pix) <= maxKept {
		c.fonts.canvases.Put(c)
	}
}

func (c *canvas) px(v float64) int { return int(math.Round(v * c.k)) }

func (c *canvas) ppem(size float64) fixed.Int26_6 {
	return fixed.Int26_6(math.Round(size * c.k * 64))
}

// rect fills a box whose edges are moved to whole pixels; it is at least one
// pixel wide and high.
func (c *canvas) rect(x, y, w, h float64, fill color.RGBA) {
	x0, y0 := c.px(x), c.px(y)
	c.pixels(image.Rect(x0, y0, max(c.px(x+w), x0+1), max(c.px(y+h), y0+1)), fill)
}

func (c *canvas) pixels(r image.Rectangle, fill color.RGBA) {
	r = r.Intersect(c.img.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := c.img.Pix[c.img.PixOffset(r.Min.X, y):c.img.PixOffset(r.Max.X, y)]
		for i := 0; i < len(row); i += 4 {
			blend(row[i:i+4:i+4], fill, 255)
		}
	}
}

// blend lays a colour over a pixel through a mask of 0 to 255. It reckons in
// 1/65025, because rounding twice makes faint colours overflow on white.
func blend(dst []uint8, src color.RGBA, mask uint32) {
	if mask == 0 {
		return
	}
	const whole = 255 * 255
	keep := whole - uint32(src.A)*mask
	if keep == 0 {
		dst[0], dst[1], dst[2] = src.R, src.G, src.B
		return
	}
	over := mask * 255
	dst[0] = uint8((uint32(src.R)*over + uint32(dst[0])*keep + whole/2) / whole)
	dst[1] = uint8((uint32(src.G)*over + uint32(dst[1])*keep + whole/2) / whole)
	dst[2] = uint8((uint32(src.B)*over + uint32(dst[2])*keep + whole/2) / whole)
}

// dashes draws a horizontal broken line from x0 to x1. Each dash is a box of
// whole pixels, so nothing needs to be rasterized.
func (c *canvas) dashes(x0, x1, y, on, off, thick float64, fill color.RGBA) {
	for x := x0; x < x1; x += on + off {
		c.rect(x, y-thick/2, min(on, x1-x), thick, fill)
	}
}

// text draws a line whose baseline begins at x, y.
func (c *canvas) text(x, y float64, l line, ink color.RGBA) {
	pen := fixed.Int26_6(math.Round(x * c.k * 64))
	base := c.px(y)
	size := c.ppem(l.style.size)
	for _, r := range l.runes {
		sub := uint8(pen & 63 / 16)
		g := c.fonts.glyph(glyphKey{r: r, size: size, weight: l.style.weight, sub: sub})
		if g.missing {
			c.missing(float64(pen)/64/c.k, y, l.style.size, ink)
		} else {
			c.stamp(&g.mask, pen.Floor(), base, ink)
		}
		pen += g.advance
	}
}

func (c *canvas) textRight(x, y float64, l line, ink color.RGBA) { c.text(x-l.width, y, l, ink) }

func (c *canvas) textMiddle(x, y float64, l line, ink color.RGBA) {
	c.text(x-l.width/2, y, l, ink)
}

// stamp lays a glyph down.
func (c *canvas) stamp(mask *image.Alpha, dx, dy int, ink color.RGBA) {
	r := mask.Rect.Add(image.Pt(dx, dy)).Intersect(c.img.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from := mask.PixOffset(r.Min.X-dx, y-dy)
		cover := mask.Pix[from : from+r.Dx()]
		row := c.img.Pix[c.img.PixOffset(r.Min.X, y):]
		for i, a := range cover {
			blend(row[i*4:i*4+4:i*4+4], ink, uint32(a))
		}
	}
}

// missing draws a small hollow box in the place of a character that no font
// has.
func (c *canvas) missing(x, y, size float64, ink color.RGBA) {
	box := shape{}
	w, h, t := size*0.44, size*0.58, max(size/18, 0.8)
	x += size * 0.09
	box.roundRect(x, y-h, w, h, size*0.1)
	box.hole(x+t, y-h+t, w-2*t, h-2*t, size*0.1-t)
	c.fill(&box, fade(ink, 0.45))
}

// fill fills a shape.
func (c *canvas) fill(s *shape, ink color.RGBA) {
	r, ok := c.begin(s)
	if !ok {
		return
	}
	c.rast.DrawOp = draw.Over
	c.rast.Draw(c.img, r, image.NewUniform(ink), image.Point{})
}

// fillFade fills a shape with a colour that fades from full at the top y0 to
// nothing at y1.
func (c *canvas) fillFade(s *shape, ink color.RGBA, y0, y1, full float64) {
	r, ok := c.begin(s)
	if !ok {
		return
	}
	n := r.Dx() * r.Dy()
	if cap(c.mask) < n {
		c.mask = make([]uint8, n)
	}
	mask := image.Alpha{Pix: c.mask[:n], Stride: r.Dx(), Rect: image.Rect(0, 0, r.Dx(), r.Dy())}
	c.rast.DrawOp = draw.Src
	c.rast.Draw(&mask, mask.Rect, image.Opaque, image.Point{})
	top, height := y0*c.k, max((y1-y0)*c.k, 1)
	for y := range r.Dy() {
		left := 1 - (float64(y+r.Min.Y)-top)/height
		shade := fade(ink, full*min(max(left, 0), 1))
		if shade.A == 0 {
			continue
		}
		row := c.img.Pix[c.img.PixOffset(r.Min.X, r.Min.Y+y):]
		for x, a := range mask.Pix[y*mask.Stride : (y+1)*mask.Stride] {
			if a != 0 {
				blend(row[x*4:x*4+4:x*4+4], shade, uint32(a))
			}
		}
	}
}

// begin hands a shape to the rasterizer within its own box.
func (c *canvas) begin(s *shape) (image.Rectangle, bool) {
	if len(s.points) == 0 {
		return image.Rectangle{}, false
	}
	w, h := float64(c.img.Rect.Dx()), float64(c.img.Rect.Dy())
	lo, hi := point{w, h}, point{}
	for i, p := range s.points {
		p = point{min(max(p.x*c.k, 0), w), min(max(p.y*c.k, 0), h)}
		s.points[i] = p
		lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
	}
	r := image.Rect(int(lo.x), int(lo.y), int(math.Ceil(hi.x)), int(math.Ceil(hi.y)))
	if r.Empty() {
		return r, false
	}
	c.rast.Reset(r.Dx(), r.Dy())
	ox, oy := float64(r.Min.X), float64(r.Min.Y)
	from := 0
	for _, end := range s.ends {
		for i, p := range s.points[from:end] {
			if x, y := float32(p.x-ox), float32(p.y-oy); i == 0 {
				c.rast.MoveTo(x, y)
			} else {
				c.rast.LineTo(x, y)
			}
		}
		c.rast.ClosePath()
		from = end
	}
	s.points = s.points[:0]
	s.ends = s.ends[:0]
	return r, true
}

// fade returns a colour at a part of its strength, as the blender wants it:
// multiplied by its alpha.
func fade(ink color.RGBA, part float64) color.RGBA {
	m := func(v uint8) uint8 { return uint8(math.Round(float64(v) * part)) }
	return color.RGBA{R: m(ink.R), G: m(ink.G), B: m(ink.B), A: m(ink.A)}
}
