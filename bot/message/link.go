package message

import (
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// Limits of addresses in bytes: ours, below what both platforms take.
const (
	MaxURL       = 2048
	MaxButtonURL = 512
)

// CleanURL returns an address from outside in the form in which it may be
// shown, and whether it may: http or https, no user information, a public name
// with a dot and not a number, no more than MaxURL bytes. The name is in its
// ASCII form and everything unusual is percent-encoded.
func CleanURL(s string) (string, bool) { return cleanURL(s, false) }

// CleanLocalURL is CleanURL for addresses that the operator gave: it also takes
// the loopback hosts (localhost, 127.0.0.0/8, ::1).
func CleanLocalURL(s string) (string, bool) { return cleanURL(s, true) }

func cleanURL(s string, local bool) (string, bool) {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > MaxURL || !utf8.ValidString(s) {
		return "", false
	}
	u, err := url.Parse(s)
	if err != nil || u.User != nil || u.Opaque != "" {
		return "", false
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	host, ok := cleanHost(u.Hostname())
	if !ok {
		if host = strings.ToLower(u.Hostname()); !local || !isLoopback(host) {
			return "", false
		}
	}
	if u.Host, ok = withPort(host, u.Port(), u.Scheme); !ok {
		return "", false
	}
	out := escapeURL(u.String())
	return out, len(out) <= MaxURL
}

func withPort(host, port, scheme string) (string, bool) {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" || port == "80" && scheme == "http" || port == "443" && scheme == "https" {
		return host, true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return host + ":" + strconv.FormatUint(n, 10), err == nil && n > 0
}

// cleanHost returns a public name in ASCII.
func cleanHost(host string) (string, bool) {
	host = strings.TrimSuffix(host, ".")
	ascii, err := idna.Lookup.ToASCII(host)
	if err != nil || len(ascii) > 253 {
		return "", false
	}
	ascii = strings.ToLower(ascii)
	// Some names are only valid before they are encoded.
	if again, err := idna.Lookup.ToASCII(ascii); err != nil || again != ascii {
		return "", false
	}
	dot := strings.LastIndexByte(ascii, '.')
	if dot <= 0 {
		return "", false
	}
	// Browsers read 0x7f.1 and 127.1 as numbers: a name whose last label
	// begins with a digit is none.
	last := ascii[dot+1:]
	if last == "" || last[0] >= '0' && last[0] <= '9' {
		return "", false
	}
	switch last {
	case "local", "localhost", "internal", "lan", "arpa":
		return "", false
	}
	return ascii, strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && addr.IsLoopback()
}

// escapeURL percent-encodes what net/url leaves in queries and fragments.
func escapeURL(s string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7F || strings.IndexByte("\"'<>\\^`{|}", c) >= 0 {
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}

// Host returns the name of the place an address leads to, without "www.", for
// showing beside a link; "" where the address is not one.
func Host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.TrimPrefix(strings.ToLower(u.Hostname()), "www.")
}

// SafeLinkText returns text as the visible words of a link to address. Words
// that show another address than the one they lead to are replaced by the
// true host. A name such as Booking.com within a sentence stays.
func SafeLinkText(text, address string) string {
	text = Label(text)
	host := Host(address)
	words := strings.Fields(norm.NFKC.String(strings.ReplaceAll(text, "。", ".")))
	for _, w := range words {
		shown, certain := shownHost(w)
		if shown == "" || !certain && len(words) > 1 {
			continue
		}
		if shown != host && !strings.HasSuffix(host, "."+shown) {
			return host
		}
	}
	if text == "" {
		return host
	}
	return text
}

// shownHost returns the host that a word looks like; certain tells that the
// word can only be read as an address.
func shownHost(word string) (host string, certain bool) {
	word = strings.ToLower(strings.Trim(word, "()[]{}<>\"'“”‘’«»,;:!?."))
	if i := strings.Index(word, "://"); i >= 0 {
		word, certain = word[i+3:], true
	}
	if end := strings.IndexAny(word, "/?#\\"); end >= 0 {
		word, certain = word[:end], certain || end+1 < len(word)
	}
	if i := strings.LastIndexByte(word, '@'); i >= 0 {
		word = word[i+1:]
	}
	if i := strings.IndexByte(word, ':'); i >= 0 {
		word = word[:i]
	}
	name, ok := cleanHost(word)
	if !ok {
		if certain {
			return word, true // an address that leads to no public name
		}
		return "", false
	}
	certain = certain || strings.HasPrefix(name, "www.")
	return strings.TrimPrefix(name, "www."), certain
}
