package yahoo

import (
	"testing"
)

func TestReadPrice(t *testing.T) {
	for _, c := range []struct {
		text string
		hint int
		want string
	}{
		{"333.69000244140625", 2, "333.69"},
		{"333.69000244140625", unknownHint, "333.69"},
		{"7174.9443359375", 2, "7174.94"},
		{"7174.9443359375", unknownHint, "7174.9443"},
		{"39331.8515625", unknownHint, "39331.85"},
		{"84613.16", unknownHint, "84613.16"},
		{"61955.880000000005", unknownHint, "61955.88"},
		{"1.1718000173568726", 4, "1.1718"},
		{"0.0000123", 2, "0.0000123"},
		{"0.33500000834465027", 2, "0.335"},
		{"-37.630001068115234", 2, "-37.63"},
		{"1.5E2", unknownHint, "150"},
		{"0", 2, "0"},
	} {
		got, ok := readPrice(c.text, c.hint)
		if !ok || got.String() != c.want {
			t.Errorf("%s with hint %d: %s, %v; want %s", c.text, c.hint, got, ok, c.want)
		}
	}
	for _, text := range []string{"", "null", "NaN", "Infinity", "1e400", "1e99999999", "1,234.5", "0x10"} {
		if got, ok := readPrice(text, unknownHint); ok {
			t.Errorf("%q read as %s", text, got)
		}
	}
}

func FuzzReadSpark(f *testing.F) {
	f.Add([]byte(`{"AAPL":{"timestamp":[1],"close":[1.5,null]}}`))
	f.Add([]byte(`{"spark":{"result":[{"symbol":"A","response":[{"indicators":{"quote":[{"close":[1]}]}}]}],"error":null}}`))
	f.Add([]byte(`{"finance":{"error":{"code":"x"}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		lines, err := readSpark(body)
		if err != nil {
			return
		}
		for _, l := range lines {
			price, _ := lastClose(l.Timestamp, l.Close)
			if p, ok := readPrice(price.String(), unknownHint); ok && len(p.String()) > 64 {
				t.Errorf("a price of %d characters", len(p.String()))
			}
		}
	})
}
