package chart_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"

	"bellwether/bot/chart"
)

// collection puts fonts into one file as a TrueType collection.
func collection(fonts ...[]byte) []byte {
	head := 12 + 4*len(fonts)
	out := make([]byte, head)
	copy(out, "ttcf\x00\x01\x00\x00")
	binary.BigEndian.PutUint32(out[8:], uint32(len(fonts)))
	for i, font := range fonts {
		base := len(out)
		binary.BigEndian.PutUint32(out[12+4*i:], uint32(base))
		out = append(out, font...)
		for n := range int(binary.BigEndian.Uint16(font[4:])) {
			at := out[base+12+16*n+8:]
			binary.BigEndian.PutUint32(at, binary.BigEndian.Uint32(at)+uint32(base))
		}
	}
	return out
}

func TestNewFontsOpensFontsAndCollections(t *testing.T) {
	dir := t.TempDir()
	put := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	single := put("single.ttf", goitalic.TTF)
	both := put("both.ttc", collection(goitalic.TTF, gomono.TTF))
	broken := put("broken.ttf", []byte("not a font"))
	for path, want := range map[string]bool{
		"": true, single: true, single + "#0": true, both: true, both + "#1": true,
		single + "#1": false, both + "#2": false, broken: false, filepath.Join(dir, "none.ttf"): false, dir: false,
	} {
		fonts, err := chart.NewFonts(path)
		if (err == nil) != want {
			t.Errorf("NewFonts(%q): %v", filepath.Base(path), err)
		}
		if fonts == nil {
			continue
		}
		if want {
			drawPrice(t, fonts, nikkei(true))
		}
		if err := fonts.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFallbackFontDrawsWhatOursLack needs a font with Chinese characters, whose
// path BELLWETHER_CJK_FONT gives.
func TestFallbackFontDrawsWhatOursLack(t *testing.T) {
	path := os.Getenv("BELLWETHER_CJK_FONT")
	if path == "" {
		t.Skip("BELLWETHER_CJK_FONT names no font")
	}
	draw := func(f *chart.Fonts, title string) []byte {
		var out bytes.Buffer
		p := flat()
		p.Title = title
		if err := chart.DrawPrice(&out, p, f); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	with, without := newFonts(t, path), newFonts(t)
	if bytes.Equal(draw(with, "日経平均"), draw(without, "日経平均")) {
		t.Error("the fallback font draws nothing of its own")
	}
	if bytes.Equal(draw(with, "日経平均"), draw(with, "恒生指数")) {
		t.Error("all characters look the same")
	}
	if !bytes.Equal(draw(with, "Nikkei"), draw(without, "Nikkei")) {
		t.Error("the fallback font draws what ours have")
	}
}
