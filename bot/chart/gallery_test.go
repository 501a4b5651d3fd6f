package chart_test

import (
	"bytes"
	"flag"
	"fmt"
	"html"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bellwether/bot/chart"
)

var update = flag.Bool("update", false, "write the pictures of testdata anew, with a page that shows them") //nolint:gochecknoglobals // A flag.

// TestGallery compares every variant with the picture that was found right.
// Another kind of machine may round differently, so a few pixels may differ.
func TestGallery(t *testing.T) {
	fonts := newFonts(t)
	var page strings.Builder
	page.WriteString("<!doctype html><meta charset=utf-8><title>Pictures</title>\n<style>body{font:16px system-ui;background:#8893a5;margin:2rem}img{display:block;max-width:100%;margin:.4rem 0 2rem}</style>\n")
	for _, v := range variants() {
		t.Run(v.name, func(t *testing.T) {
			var out bytes.Buffer
			if err := v.draw(&out, fonts); err != nil {
				t.Fatal(err)
			}
			got := decode(t, out.Bytes())
			name := filepath.Join("testdata", v.name+".png")
			if *update {
				write(t, name, got)
				fmt.Fprintf(&page, "<figure><figcaption>%s</figcaption><img src=%q alt=%q></figure>\n", html.EscapeString(v.what), v.name+".png", v.what)
				return
			}
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			differ(t, got, decode(t, data))
		})
	}
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", "gallery.html"), []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func newFonts(t testing.TB, paths ...string) *chart.Fonts {
	t.Helper()
	fonts, err := chart.NewFonts(paths...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fonts.Close(); err != nil {
			t.Error(err)
		}
	})
	return fonts
}

func decode(t testing.TB, data []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func write(t *testing.T, name string, img image.Image) {
	t.Helper()
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// differ fails where more than one pixel in five hundred is plainly another.
func differ(t *testing.T, got, want image.Image) {
	t.Helper()
	if got.Bounds() != want.Bounds() {
		t.Fatalf("size is %v, want %v", got.Bounds(), want.Bounds())
	}
	b := got.Bounds()
	other := 0
	one, two := pixels(t, got), pixels(t, want)
	for i := 0; i < len(one); i += 4 {
		if far(one[i], two[i]) || far(one[i+1], two[i+1]) || far(one[i+2], two[i+2]) {
			other++
		}
	}
	if limit := b.Dx() * b.Dy() / 500; other > limit {
		t.Errorf("%d pixels differ, at most %d may; look at it and run with -update", other, limit)
	}
}

func far(a, b uint8) bool { return max(a, b)-min(a, b) > 24 }

func pixels(t *testing.T, img image.Image) []uint8 {
	t.Helper()
	rgba, ok := img.(*image.RGBA)
	if !ok {
		t.Fatalf("picture is a %T, not opaque colours", img)
	}
	return rgba.Pix
}
