package news_test

import (
	"testing"
	"time"

	"bellwether/alerts/news"
)

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"Tue, 18 Jun 2024 09:30:00 +0800":       "2024-06-18T01:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 SGT":         "2024-06-18T01:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 HKT":         "2024-06-18T01:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 MYT":         "2024-06-18T01:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 PHT":         "2024-06-18T01:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 JST":         "2024-06-18T00:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 KST":         "2024-06-18T00:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 WIB":         "2024-06-18T02:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 IST":         "2024-06-18T04:00:00Z",
		"Tue, 18 Jun 2024 09:30:00 AEST":        "2024-06-17T23:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 EDT":         "2024-06-18T13:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 BST":         "2024-06-18T08:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 GMT":         "2024-06-18T09:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 GMT+8":       "2024-06-18T01:30:00Z",
		"Tuesday, 18 June 2024 09:30":           "2024-06-18T09:30:00Z",
		"18 Jun 2024 09:30":                     "2024-06-18T09:30:00Z",
		"Sept 5, 2024":                          "2024-09-05T00:00:00Z",
		"September 5th, 2024 at 4:05 p.m. EST":  "2024-09-05T21:05:00Z",
		"Jun 18, 2024 9:30PM":                   "2024-06-18T21:30:00Z",
		"2024-06-18T09:30:00+08:00":             "2024-06-18T01:30:00Z",
		"2024-06-18T09:30:00.123Z":              "2024-06-18T09:30:00Z",
		"2024-06-18 09:30:00":                   "2024-06-18T09:30:00Z",
		"2024-06-18":                            "2024-06-18T00:00:00Z",
		"1718674200":                            "2024-06-18T01:30:00Z",
		"1718674200000":                         "2024-06-18T01:30:00Z",
		"Tue Jun 18 09:30:00 2024":              "2024-06-18T09:30:00Z",
		"Tue, 18 Jun 24 09:30:00 +0000":         "2024-06-18T09:30:00Z",
		"Tue, 18 Jun 2024 09:30:00 +0530 (IST)": "2024-06-18T04:00:00Z",
		"Tue,  18   Jun 2024 09:30 Z":           "2024-06-18T09:30:00Z",
	} {
		got, ok := news.ParseDate(in)
		if !ok || got.Format(time.RFC3339) != want {
			t.Errorf("ParseDate(%q) = %v, %v; want %s", in, got, ok, want)
		}
	}
	for _, in := range []string{"", "yesterday", "Tue, 18 Jun 2024 09:30:00 QQT", "2024-13-45", "99999999999999", "31 Feb 2024"} {
		if got, ok := news.ParseDate(in); ok {
			t.Errorf("ParseDate(%q) = %v", in, got)
		}
	}
}

func TestPublishedNeverLiesInTheFuture(t *testing.T) {
	seen := time.Date(2024, 6, 18, 1, 31, 0, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"Tue, 18 Jun 2024 09:30:00 SGT":   seen.Add(-time.Minute),
		"Tue, 18 Jun 2024 09:30:00 +0000": seen,
		"Tue, 18 Jun 2024 01:35:00 +0000": seen.Add(4 * time.Minute),
		"nonsense":                        seen,
		"":                                seen,
		"0000000000":                      seen,
	} {
		if got := news.Published(in, seen); !got.Equal(want) {
			t.Errorf("Published(%q) = %v, want %v", in, got, want)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("Tue, 18 Jun 2024 09:30:00 SGT")
	f.Add("1718674200")
	f.Add("+99:99")
	f.Fuzz(func(t *testing.T, s string) {
		if got, ok := news.ParseDate(s); ok && got.Location() != time.UTC {
			t.Fatalf("ParseDate(%q) = %v", s, got)
		}
	})
}
