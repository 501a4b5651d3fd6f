package message_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"bellwether/bot/message"
)

func TestDataRoundTrip(t *testing.T) {
	for _, args := range [][]string{nil, {"3f"}, {"BTC-USD", "1d"}, {""}, {"a:b%", "日経"}} {
		data := message.Data("rule.pause", args...)
		verb, got, err := message.ParseData(data)
		if err != nil || verb != "rule.pause" || !reflect.DeepEqual(got, args) {
			t.Errorf("ParseData(%q) = %q, %q, %v", data, verb, got, err)
		}
	}
	if got := message.Data("rule.pause", "3f"); got != "1:rule.pause:3f" {
		t.Errorf("Data = %q", got)
	}
}

func TestDataRefusesWhatDoesNotFit(t *testing.T) {
	for _, got := range []string{
		message.Data(""), message.Data("Bad Verb"), message.Data("a:b"), message.Data("x", "line\nend"),
		message.Data("x", "\xff"), message.Data("x", strings.Repeat("a", 61)),
	} {
		if got != "" {
			t.Errorf("Data = %q", got)
		}
	}
	if got := message.Data("x", strings.Repeat("a", 60)); len(got) != message.MaxData {
		t.Errorf("Data = %q, %d bytes", got, len(got))
	}
}

func TestParseDataTellsOldFromForged(t *testing.T) {
	for data, want := range map[string]error{
		"2:rule.pause:3f":              message.ErrDataVersion,
		"12:x":                         message.ErrDataVersion,
		"":                             message.ErrDataForged,
		"1":                            message.ErrDataForged,
		"1:":                           message.ErrDataForged,
		"01:x":                         message.ErrDataForged,
		"1:Rule":                       message.ErrDataForged,
		"1:x:%zz":                      message.ErrDataForged,
		"1:x:%41":                      message.ErrDataForged,
		"1:x:a\x00":                    message.ErrDataForged,
		"x:y":                          message.ErrDataForged,
		"1:" + strings.Repeat("a", 63): message.ErrDataForged,
	} {
		if _, _, err := message.ParseData(data); !errors.Is(err, want) {
			t.Errorf("ParseData(%q): %v, want %v", data, err, want)
		}
	}
}

func FuzzParseData(f *testing.F) {
	f.Add("1:rule.pause:3f:%3A")
	f.Fuzz(func(t *testing.T, s string) {
		verb, args, err := message.ParseData(s)
		if err != nil {
			if !errors.Is(err, message.ErrDataForged) && !errors.Is(err, message.ErrDataVersion) {
				t.Fatalf("ParseData(%q): %v", s, err)
			}
			return
		}
		if got := message.Data(verb, args...); got != s {
			t.Fatalf("ParseData(%q) made %q", s, got)
		}
	})
}
