// Package chart draws the pictures: the chart of a price and the strip of
// markets. It decides how they look. Every word and number in them is given,
// ready to be shown; the package knows no language, no zone, no market, no
// store and no clock, and the same input gives the same bytes on one kind of
// machine.
package chart

import (
	"image/color"
	"math"

	"bellwether/bot/message"
)

// theme is the colours of a picture.
type theme struct {
	ground, band, grid, edge color.RGBA
	ink, soft, faint         color.RGBA
	rise, fall, calm, warn   color.RGBA
	onTone                   color.RGBA // letters on a ground of a tone
	shade                    float64    // strength of the area under a line
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 255}
}

// themeOf returns the light or the dark colours. The green leans to blue and
// the red to orange, so that they differ for most who confuse the two; sign
// and shape say the same again.
func themeOf(dark bool) theme {
	if dark {
		return theme{
			ground: rgb(0x10141D), band: rgb(0x171D29), grid: rgb(0x202837), edge: rgb(0x303A4D),
			ink: rgb(0xF3F6FA), soft: rgb(0x97A3B6), faint: rgb(0x66728A),
			rise: rgb(0x2FCB93), fall: rgb(0xFF6B5E), calm: rgb(0x6AA5FF), warn: rgb(0xF2B43C),
			onTone: rgb(0x0B0F16), shade: 0.30,
		}
	}
	return theme{
		ground: rgb(0xFFFFFF), band: rgb(0xF6F8FB), grid: rgb(0xECEFF4), edge: rgb(0xD3DAE4),
		ink: rgb(0x111827), soft: rgb(0x5E6A7D), faint: rgb(0x8F9AAB),
		rise: rgb(0x0A8F63), fall: rgb(0xD5382B), calm: rgb(0x2563EB), warn: rgb(0xB97500),
		onTone: rgb(0xFFFFFF), shade: 0.22,
	}
}

func (t theme) tone(tone message.Tone) color.RGBA {
	switch tone {
	case message.Rise:
		return t.rise
	case message.Fall:
		return t.fall
	case message.Warning:
		return t.warn
	}
	return t.calm
}

// Point is a value on a line. X is any measure that grows to the right: seconds,
// or what Axis.At returns. What is not finite is not drawn and leaves a gap.
type Point struct {
	X, Y float64
	// Gap tells that nothing joins it to the point before.
	Gap bool
}

// Tick is a place on an axis and what stands beside it.
type Tick struct {
	At    float64
	Label string
}

// scaleOf returns the pixels to a unit for what a caller asked: 1 to 3.
func scaleOf(scale float64) float64 {
	if !(scale >= 1) {
		return 1
	}
	return math.Min(scale, 3)
}
