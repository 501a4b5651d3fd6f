package chart_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"io"
	"math"
	"strings"
	"sync"
	"testing"

	"bellwether/bot/chart"
	"bellwether/bot/message"
)

func drawPrice(t testing.TB, fonts *chart.Fonts, p chart.Price) image.Image {
	t.Helper()
	var out bytes.Buffer
	if err := chart.DrawPrice(&out, p, fonts); err != nil {
		t.Fatal(err)
	}
	return decode(t, out.Bytes())
}

func TestBadInputGivesAPicture(t *testing.T) {
	fonts := newFonts(t)
	huge := strings.Repeat("Ｗ\u0301\u202E\n\xff", 10_000)
	many := make([]chart.Level, 10_000)
	for i := range many {
		many[i] = chart.Level{Kind: chart.Threshold, Y: float64(i), Label: "1", Name: "n"}
	}
	ticks := make([]chart.Tick, 100_000)
	for i := range ticks {
		ticks[i] = chart.Tick{At: float64(i), Label: "tick"}
	}
	inf, nan := math.Inf(1), math.NaN()
	for name, p := range map[string]chart.Price{
		"nothing at all":    {},
		"only nonsense":     {Points: []chart.Point{{X: nan, Y: 1}, {X: 1, Y: inf}, {X: -inf, Y: nan}}},
		"nonsense between":  {Points: []chart.Point{{X: 0, Y: 1}, {X: 1, Y: nan}, {X: 2, Y: -inf}, {X: 3, Y: 2}}},
		"too large":         {Points: []chart.Point{{X: 0, Y: math.MaxFloat64}, {X: 1, Y: -math.MaxFloat64}}},
		"nearly too large":  {Points: []chart.Point{{X: -1e149, Y: 1e149}, {X: 1e149, Y: -1e149}}},
		"nearly nothing":    {Points: []chart.Point{{X: 0, Y: math.SmallestNonzeroFloat64}, {X: 1, Y: 0}}},
		"out of order":      {Points: []chart.Point{{X: 3, Y: 1}, {X: 1, Y: 2}, {X: 2, Y: 3}}},
		"one place":         {Points: []chart.Point{{X: 1, Y: 1}, {X: 1, Y: 2}, {X: 1, Y: 3}}},
		"range of nonsense": {Points: []chart.Point{{X: 1, Y: 1}, {X: 2, Y: 3}}, From: nan, To: inf},
		"points outside":    {Points: []chart.Point{{X: -50, Y: 1}, {X: 50, Y: 3}}, From: 0, To: 10},
		"lines of nonsense": {Points: []chart.Point{{X: 1, Y: 1}, {X: 2, Y: 3}}, Levels: []chart.Level{{Y: nan, Label: "x"}, {Y: inf, Label: "y"}}},
		"marks of nonsense": {Points: []chart.Point{{X: 1, Y: 1}, {X: 2, Y: 3}}, Marks: []chart.Mark{{X: nan, Y: 1}, {X: 1, Y: inf, Label: "x"}, {X: 1.5, Y: 900, Label: huge}}},
		"too many lines":    {Points: []chart.Point{{X: 1, Y: 1}, {X: 2, Y: 3}}, Levels: many},
		"too many ticks":    {Points: []chart.Point{{X: 1, Y: 1}, {X: 1e5, Y: 1e5}}, XTicks: ticks, YTicks: ticks},
		"endless words":     {Title: huge, Subtitle: huge, Price: huge, Change: huge, Footer: huge, Last: huge, Empty: huge, Points: []chart.Point{{X: 1, Y: 1}}},
		"endless, empty":    {Empty: huge},
		"scale of nonsense": {Scale: nan},
		"negative scale":    {Scale: -4},
		"only a line":       {Levels: []chart.Level{{Kind: chart.Threshold, Y: 5, Label: "5", Name: "Alert"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if b := drawPrice(t, fonts, p).Bounds(); b.Dx() != chart.PriceWidth || b.Dy() != chart.PriceHeight {
				t.Errorf("size is %v", b)
			}
		})
	}
}

func TestBadRowsGiveAStrip(t *testing.T) {
	fonts := newFonts(t)
	huge := strings.Repeat("長い名前", 50_000)
	row := chart.Row{
		Name: huge, SessionText: huge, Price: huge, Change: huge, Percent: huge, Note: huge, Suspect: true, Session: "odd",
		Spark: []chart.Point{{X: math.NaN(), Y: 1}, {X: 1, Y: math.Inf(-1)}, {X: 2, Y: 3}}, Base: math.NaN(), HasBase: true,
	}
	for n, columns := range map[int]int{0: 1, 1: 1, 20: 1, 21: 2, 1000: 2} {
		s := chart.Strip{Title: huge, Subtitle: huge, Footer: huge, Empty: huge}
		for range n {
			s.Rows = append(s.Rows, row)
		}
		var out bytes.Buffer
		if err := chart.DrawStrip(&out, s, fonts); err != nil {
			t.Fatal(err)
		}
		w, h := s.Size()
		if b := decode(t, out.Bytes()).Bounds(); float64(b.Dx()) != w || float64(b.Dy()) != h || b.Dx() != 640*columns {
			t.Errorf("%d rows: size is %v, want %v×%v", n, b, w, h)
		}
	}
}

func TestScaleMultipliesPixels(t *testing.T) {
	fonts, p := newFonts(t), chart.Price{}
	for scale, want := range map[float64]int{0: 800, 1.5: 1200, 9: 2400} {
		p.Scale = scale
		if got := drawPrice(t, fonts, p).Bounds().Dx(); got != want {
			t.Errorf("scale %v is %d pixels wide, want %d", scale, got, want)
		}
	}
}

// TestManyGoroutinesDrawTheSameBytes tells that pictures neither disturb each
// other nor depend on what was drawn before.
func TestManyGoroutinesDrawTheSameBytes(t *testing.T) {
	fonts := newFonts(t)
	draw := func(f *chart.Fonts) (price, list []byte) {
		var a, b bytes.Buffer
		if err := errors.Join(chart.DrawPrice(&a, bitcoin(true), f), chart.DrawStrip(&b, strip(false), f)); err != nil {
			t.Error(err)
		}
		return a.Bytes(), b.Bytes()
	}
	price, list := draw(newFonts(t))
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if p, l := draw(fonts); !bytes.Equal(p, price) || !bytes.Equal(l, list) {
				t.Error("the same input gave other bytes")
			}
		})
	}
	wg.Wait()
}

func TestFallHasItsOwnShape(t *testing.T) {
	fonts := newFonts(t)
	p := plain("Shape", "1.00", 2, 1, 2, 3)
	p.Change = "▲ 1.00"
	up := drawPrice(t, fonts, p)
	p.Tone = message.Fall
	down := drawPrice(t, fonts, p)
	// The triangle stands left of the label: its rows widen when it points up.
	if w := inked(up, 72); w <= inked(up, 68) {
		t.Error("a rise does not point up")
	}
	if w := inked(down, 68); w <= inked(down, 74) {
		t.Error("a fall does not point down")
	}
}

// inked counts the pixels of a row that differ from the ground, where a short
// label has its triangle.
func inked(img image.Image, y int) int {
	n := 0
	ground := color.RGBAModel.Convert(img.At(2, 2))
	for x := 700; x < 740; x++ {
		if color.RGBAModel.Convert(img.At(x, y)) != ground {
			n++
		}
	}
	return n
}

func TestDenseLineReachesItsExtremes(t *testing.T) {
	values := make([]float64, 50_000)
	for i := range values {
		values[i] = 100
	}
	values[31_234] = 200 // one point among 70 of its column
	img := drawPrice(t, newFonts(t), plain("Spike", "100", 0, values...))
	tall := 0
	ground := img.At(2, 2)
	for x := 30; x < 700; x++ {
		if img.At(x, 140) != ground {
			tall++
		}
	}
	if tall == 0 {
		t.Error("the spike was lost")
	}
}

type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestAFullWriterIsToldOf(t *testing.T) {
	fonts := newFonts(t)
	for _, room := range []int{0, 20, 40, 9000} {
		if err := chart.DrawPrice(&full{room}, bitcoin(true), fonts); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("with room for %d: %v", room, err)
		}
	}
}
