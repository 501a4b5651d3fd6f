package message_test

import (
	"net/url"
	"strings"
	"testing"

	"bellwether/bot/message"
)

func TestCleanURL(t *testing.T) {
	for in, want := range map[string]string{
		"https://Example.com/a?b=c#d":                "https://example.com/a?b=c#d",
		" http://example.com:80/ ":                   "http://example.com/",
		"https://example.com:8443/x":                 "https://example.com:8443/x",
		"https://bücher.example/ü?q=ü x":             "https://xn--bcher-kva.example/%C3%BC?q=%C3%BC%20x",
		`https://example.com/a"b<c>?q="'<>`:          "https://example.com/a%22b%3Cc%3E?q=%22%27%3C%3E",
		"HTTPS://example.com":                        "https://example.com",
		"javascript:alert(1)":                        "",
		"ftp://example.com/":                         "",
		"data:text/html,x":                           "",
		"https:example.com":                          "",
		"//example.com/":                             "",
		"https://user:pass@example.com/":             "",
		"https://example.com\\@evil.com/":            "",
		"https://localhost/":                         "",
		"https://intranet/":                          "",
		"https://db.internal/":                       "",
		"https://127.0.0.1/":                         "",
		"https://127.1/":                             "",
		"https://0x7f.0x1/":                          "",
		"https://[::1]/":                             "",
		"https://1.1.1.1/":                           "",
		"https://example.com:0/":                     "",
		"https://example.com:99999/":                 "",
		"https://exa\nmple.com/":                     "",
		"https://e.com/" + strings.Repeat("a", 2048): "",
		"": "",
	} {
		got, ok := message.CleanURL(in)
		if ok != (want != "") || ok && got != want {
			t.Errorf("CleanURL(%.60q) = %q, %t, want %q", in, got, ok, want)
		}
	}
}

func TestCleanLocalURLTakesLoopbackOnly(t *testing.T) {
	for in, want := range map[string]bool{
		"http://localhost:8080/a": true,
		"http://127.0.0.1:80/":    true,
		"http://[::1]:8080/":      true,
		"https://example.com/":    true,
		"http://10.0.0.1/":        false,
		"http://169.254.169.254/": false,
		"http://nas/":             false,
	} {
		if got, ok := message.CleanLocalURL(in); ok != want {
			t.Errorf("CleanLocalURL(%q) = %q, %t", in, got, ok)
		}
	}
}

func TestSafeLinkText(t *testing.T) {
	const to = "https://www.reuters.com/markets/1"
	for text, want := range map[string]string{
		"Oil climbs as talks stall":           "Oil climbs as talks stall",
		"Booking.com raises its forecast":     "Booking.com raises its forecast",
		"Profit up 2.5bn, says the U.S. firm": "Profit up 2.5bn, says the U.S. firm",
		"reuters.com":                         "reuters.com",
		"https://www.reuters.com/":            "https://www.reuters.com/",
		"paypal.com":                          "reuters.com",
		"Log in at https://paypal.com now":    "reuters.com",
		"see www.paypal.com":                  "reuters.com",
		"see paypal.com/login":                "reuters.com",
		"paypal。com":                          "reuters.com",
		"http://127.0.0.1/x":                  "reuters.com",
		"notreuters.com":                      "reuters.com",
		"":                                    "reuters.com",
	} {
		if got := message.SafeLinkText(text, to); got != want {
			t.Errorf("SafeLinkText(%q) = %q, want %q", text, got, want)
		}
	}
}

func FuzzCleanURL(f *testing.F) {
	f.Add("https://bücher.example:444/ü?q=%zz#\"")
	f.Add("http://[::1%25eth0]:80/")
	f.Fuzz(func(t *testing.T, s string) {
		for _, clean := range []func(string) (string, bool){message.CleanURL, message.CleanLocalURL} {
			got, ok := clean(s)
			if !ok {
				continue
			}
			again, ok := clean(got)
			if !ok || again != got {
				t.Fatalf("CleanURL(%q) = %q, then %q, %t", s, got, again, ok)
			}
			u, err := url.Parse(got)
			if err != nil || u.User != nil || strings.ContainsAny(got, " \"<>\n") || len(got) > message.MaxURL {
				t.Fatalf("CleanURL(%q) = %q: %v", s, got, err)
			}
		}
		message.SafeLinkText(s, "https://example.com/")
	})
}
