package fetch

import (
	"io"
	"net/http"
)

// courteous introduces the client and limits what is read.
type courteous struct {
	next  http.RoundTripper
	agent string
	limit int64
}

// RoundTrip makes the request with our user agent. Compression is left to the
// transport, so that the limit counts what a body unpacks to.
func (c *courteous) RoundTrip(req *http.Request) (*http.Response, error) {
	if s := req.URL.Scheme; s != "http" && s != "https" {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, ErrScheme
	}
	req = req.Clone(req.Context())
	if req.Header.Get("User-Agent") == "" {
		req.Header.Set("User-Agent", c.agent)
	}
	req.Header.Del("Accept-Encoding")
	// The standard client tells a redirect's target where it came from.
	req.Header.Del("Referer")
	resp, err := c.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if resp.ContentLength > c.limit && req.Method != http.MethodHead {
		_ = resp.Body.Close()
		return nil, ErrTooLarge
	}
	resp.Body = &capped{body: resp.Body, left: c.limit}
	return resp, nil
}

// capped fails with ErrTooLarge instead of ending early: half a document must
// not pass for a whole one.
type capped struct {
	body io.ReadCloser
	left int64
}

// Read reads up to the limit.
func (c *capped) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if c.left < 0 {
		return 0, ErrTooLarge
	}
	// One byte more than allowed tells a full body from one that goes on.
	if int64(len(p)) > c.left+1 {
		p = p[:c.left+1]
	}
	n, err := c.body.Read(p)
	c.left -= int64(n)
	if c.left < 0 {
		return n - 1, ErrTooLarge
	}
	return n, err
}

// Close closes the body.
func (c *capped) Close() error { return c.body.Close() }
