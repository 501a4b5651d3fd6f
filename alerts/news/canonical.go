package news

import (
	"html"
	"net/url"
	"strings"
)

// maxAddress is how many bytes an address may have.
const maxAddress = 2048

// Canonical returns an address in the form in which two are compared: without
// tracking, fragment, default port, "www." or "m.", trailing slash and the
// difference of http and https. Everything else keeps its order and encoding.
// It returns "" for what is not an address of the web.
func Canonical(address string) string {
	u, ok := webAddress(address)
	if !ok {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	for _, prefix := range []string{"www.", "m.", "mobile."} {
		if rest, ok := strings.CutPrefix(host, prefix); ok && strings.Contains(rest, ".") {
			host = rest
			break
		}
	}
	query := untracked(u.RawQuery, host)
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != "80" && port != "443" {
		host += ":" + port
	}
	out := "https://" + host + strings.TrimRight(u.EscapedPath(), "/")
	if query != "" {
		out += "?" + query
	}
	return out
}

// Untracked returns an address as people should follow it: resolved against
// base where it is relative, and without tracking. It returns "" for what is
// not an address of the web.
func Untracked(address, base string) string {
	address = strings.TrimSpace(html.UnescapeString(address))
	if address == "" {
		return ""
	}
	if b, err := url.Parse(base); err == nil && base != "" {
		if ref, err := b.Parse(address); err == nil {
			address = ref.String()
		}
	}
	u, ok := webAddress(address)
	if !ok {
		return ""
	}
	u.RawQuery = untracked(u.RawQuery, strings.ToLower(u.Hostname()))
	u.ForceQuery = false
	return u.String()
}

func webAddress(address string) (*url.URL, bool) {
	// WordPress writes the ampersand as &#038; even where nothing unescapes it.
	address = strings.TrimSpace(html.UnescapeString(address))
	if address == "" || len(address) > maxAddress {
		return nil, false
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.Opaque != "" {
		return nil, false
	}
	u.Scheme = strings.ToLower(u.Scheme)
	return u, u.Scheme == "http" || u.Scheme == "https"
}

// untracked drops the parameters that say where a reader came from.
func untracked(query, host string) string {
	if query == "" {
		return ""
	}
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if pair != "" && !tracks(strings.ToLower(name), value, host) {
			kept = append(kept, pair)
		}
	}
	return strings.Join(kept, "&")
}

// tracks tells whether a parameter only follows readers around.
func tracks(name, value, host string) bool {
	for _, prefix := range []string{"utm_", "mtm_", "guce_referrer", "pk_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	switch name {
	case "fbclid", "gclid", "dclid", "gbraid", "wbraid", "gclsrc", "msclkid", "twclid", "yclid", "ysclid",
		"mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "igshid", "srsltid", "cmpid", "ncid",
		"guccounter", ".tsrc", "soc_src", "soc_trk":
		return true
	case "ref":
		// A reference that is a site's name; "ref=3" may choose a page.
		return strings.Contains(value, ".")
	}
	for site, names := range siteTracking() {
		if host != site && !strings.HasSuffix(host, "."+site) {
			continue
		}
		for _, n := range names {
			if prefix, ok := strings.CutSuffix(n, "*"); n == name || ok && strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

// siteTracking lists what single sites add; a name that ends in * is a prefix.
func siteTracking() map[string][]string {
	return map[string][]string{
		"bbc.co.uk":            {"at_*"},
		"bbc.com":              {"at_*"},
		"bloomberg.com":        {"srnd", "leadsource"},
		"channelnewsasia.com":  {"cid"},
		"cnbc.com":             {"__source", "par"},
		"marketwatch.com":      {"mod"},
		"scmp.com":             {"module", "pgtype", "campaign"},
		"theguardian.com":      {"cmp"},
		"businesstimes.com.sg": {"close"},
	}
}
