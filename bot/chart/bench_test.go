package chart_test

import (
	"io"
	"testing"

	"bellwether/bot/chart"
)

// The aims: a chart in 20 ms and 6 MB, a strip of fifteen in 30 ms.
func BenchmarkDrawPrice(b *testing.B) {
	fonts, p := newFonts(b), bitcoin(true)
	b.ReportAllocs()
	for b.Loop() {
		if err := chart.DrawPrice(io.Discard, p, fonts); err != nil {
			b.Fatal(err)
		}
	}
}

// Twice as sharp, for screens with two pixels to a point.
func BenchmarkDrawPriceTwice(b *testing.B) {
	fonts, p := newFonts(b), bitcoin(true)
	p.Scale = 2
	b.ReportAllocs()
	for b.Loop() {
		if err := chart.DrawPrice(io.Discard, p, fonts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDrawStripTwice(b *testing.B) {
	fonts, s := newFonts(b), strip(true)
	s.Scale = 2
	b.ReportAllocs()
	for b.Loop() {
		if err := chart.DrawStrip(io.Discard, s, fonts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDrawPriceOfManyPoints(b *testing.B) {
	fonts := newFonts(b)
	p := plain("50,000 points", "104.20", 2, walk(50000, 100, 104.2, 0.3, 2)...)
	b.ReportAllocs()
	for b.Loop() {
		if err := chart.DrawPrice(io.Discard, p, fonts); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDrawStrip(b *testing.B) {
	fonts, s := newFonts(b), strip(true)
	b.ReportAllocs()
	for b.Loop() {
		if err := chart.DrawStrip(io.Discard, s, fonts); err != nil {
			b.Fatal(err)
		}
	}
}
