package rss

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/html/charset"

	"bellwether/alerts/news"
)

// answer is what a server said.
type answer struct {
	address      string // where the feed is to be read from now on
	body         []byte // in the encoding that its declaration names, or UTF-8
	html         bool   // the server calls it a page
	unchanged    bool
	etag         string
	lastModified string
	wish         time.Duration // how long the server wants to be left alone
}

const accept = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, " +
	"application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.6, */*;q=0.1"

// maxValidator is the longest ETag or date that is kept and sent back.
const maxValidator = 500

// fetch asks for a feed, if it has changed since it was read.
func (r *Reader) fetch(ctx context.Context, feed news.Feed) (*answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, feed.URL, nil)
	if err != nil {
		return nil, problem(kindGone, "its address is not one", nil)
	}
	req.Header.Set("Accept", accept)
	if r.agent != "" {
		req.Header.Set("User-Agent", r.agent)
	}
	// A feed whose articles are not known yet is wanted whole.
	if feed.Primed {
		if feed.ETag != "" {
			req.Header.Set("If-None-Match", feed.ETag)
		}
		if feed.LastModified != "" {
			req.Header.Set("If-Modified-Since", feed.LastModified)
		}
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, failed(err)
	}
	defer func() { _ = resp.Body.Close() }()
	now := r.now().UTC()
	out := &answer{address: moved(feed.URL, resp), wish: wish(resp.Header, now)}
	if resp.Header.Get("Expires") != "0" { // such a server changes its validators at will
		out.etag, out.lastModified = validator(resp, "ETag"), validator(resp, "Last-Modified")
	}
	if resp.StatusCode == http.StatusNotModified {
		out.unchanged = true
		return out, nil
	}
	if err := judge(resp, now); err != nil {
		return nil, err
	}
	out.body, err = r.body(resp)
	if err != nil {
		return nil, err
	}
	media := strings.ToLower(resp.Header.Get("Content-Type"))
	out.html = strings.HasPrefix(media, "text/html") || strings.HasPrefix(media, "application/xhtml")
	out.body = decoded(out.body, resp.Header.Get("Content-Type"))
	return out, nil
}

func validator(resp *http.Response, name string) string {
	if v := resp.Header.Get(name); len(v) <= maxValidator {
		return v
	}
	return ""
}

// moved returns the address to be remembered: the last one, where every
// redirect on the way to it was a permanent one.
func moved(asked string, resp *http.Response) string {
	final := resp.Request.URL
	for req := resp.Request; req != nil && req.Response != nil; req = req.Response.Request {
		code := req.Response.StatusCode
		if code != http.StatusMovedPermanently && code != http.StatusPermanentRedirect {
			return asked
		}
	}
	if final.String() == asked {
		return asked
	}
	to := url.URL{Scheme: final.Scheme, Host: final.Host, Path: final.Path, RawPath: final.RawPath, RawQuery: final.RawQuery}
	return to.String()
}

// challengePause is how long a site is left alone that lets only browsers in.
const challengePause = 6 * time.Hour

// judge explains an answer that holds no feed.
func judge(resp *http.Response, now time.Time) error {
	code := resp.StatusCode
	after := min(retryAfter(resp.Header, now), longest)
	status := errors.New("status " + strconv.Itoa(code))
	switch {
	case resp.Header.Get("Cf-Mitigated") == "challenge":
		return problem(kindRefused, "its site lets only browsers in", status).wait(challengePause)
	case code >= 200 && code < 300:
		return nil
	case code == http.StatusGone:
		p := problem(kindGone, "it was taken off for good", status)
		p.read.Gone = true
		return p
	case code == http.StatusNotFound:
		return problem(kindGone, "there is nothing at its address", status)
	case code == http.StatusTooManyRequests:
		return problem(kindRefused, "its server was asked too often", status).wait(max(after, shortest))
	case code >= 500:
		return problem(kindSlow, fmt.Sprintf("its server is in trouble (status %d)", code), status).wait(after)
	}
	return problem(kindRefused, fmt.Sprintf("its server refuses us (status %d)", code), status).wait(after)
}

// body reads a bounded amount.
func (r *Reader) body(resp *http.Response) ([]byte, error) {
	var from io.Reader = resp.Body
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip", "x-gzip": // sent although the transport did not ask for it
		unpacked, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, problem(kindBroken, "its compression is broken", nil)
		}
		from = unpacked
	default:
		return nil, problem(kindBroken, "it is compressed in a way that was not asked for", nil)
	}
	body, err := io.ReadAll(io.LimitReader(from, r.limit+1))
	switch {
	case int64(len(body)) > r.limit:
		return nil, problem(kindLarge, "the feed is too large", nil)
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader):
		return nil, problem(kindBroken, "its compression is broken", nil)
	case err != nil:
		return nil, failed(err)
	}
	return body, nil
}

// declared finds the encoding that an XML declaration names.
var declared = regexp.MustCompile(`(?i)^(<\?xml[^>]{0,100}?)\s+encoding\s*=\s*["'][^"']*["']`)

// decoded turns a body into UTF-8 where only the server, or a mark at its
// beginning, names its encoding.
func decoded(body []byte, contentType string) []byte {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	wide := bytes.HasPrefix(body, []byte("\xfe\xff")) || bytes.HasPrefix(body, []byte("\xff\xfe"))
	if !wide && (declared.Match(body[:min(len(body), 200)]) || !strings.Contains(strings.ToLower(contentType), "charset=")) {
		return body
	}
	encoding, name, _ := charset.DetermineEncoding(body, contentType)
	if name == "utf-8" {
		return body
	}
	plain, err := encoding.NewDecoder().Bytes(body)
	if err != nil {
		return body
	}
	// The declaration would say what it is not any more.
	return declared.ReplaceAll(bytes.TrimPrefix(plain, []byte("\xef\xbb\xbf")), []byte("$1"))
}
