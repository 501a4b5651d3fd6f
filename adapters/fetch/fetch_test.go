package fetch_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"bellwether/adapters/fetch"
)

func loopback() []netip.Prefix {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
}

func get(t *testing.T, client *http.Client, url string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}

func TestUserAgent(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.UserAgent())
	}))
	defer server.Close()
	got, err := get(t, fetch.New(fetch.Options{Version: "1.2", Contact: "https://example.org/bot"}), server.URL)
	want := "Mozilla/5.0 (compatible; Bellwether/1.2; +https://example.org/bot)"
	if err != nil || got != want {
		t.Errorf("user agent %q, %v; want %q", got, err, want)
	}
}

func TestGuardedRefusesAddresses(t *testing.T) {
	client := fetch.Guarded(fetch.Options{Timeout: 5 * time.Second})
	for url, want := range map[string]error{
		"http://127.0.0.1/":                  fetch.ErrPrivate,
		"http://127.0.0.1:8080/":             fetch.ErrPrivate,
		"http://[::1]/":                      fetch.ErrPrivate,
		"http://[::ffff:127.0.0.1]/":         fetch.ErrPrivate,
		"http://[64:ff9b::7f00:1]/":          fetch.ErrPrivate,
		"http://[fd00::1]/":                  fetch.ErrPrivate,
		"http://0.0.0.0/":                    fetch.ErrPrivate,
		"http://10.1.2.3/":                   fetch.ErrPrivate,
		"http://192.168.1.1/":                fetch.ErrPrivate,
		"http://100.64.0.1/":                 fetch.ErrPrivate,
		"http://169.254.169.254/latest/meta": fetch.ErrPrivate,
		"http://localhost/":                  fetch.ErrPrivate,
		"http://8.8.8.8:25/":                 fetch.ErrPort,
		"ftp://example.org/":                 fetch.ErrScheme,
		"file:///etc/passwd":                 fetch.ErrScheme,
	} {
		t.Run(url, func(t *testing.T) {
			_, err := get(t, client, url)
			if !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}

func TestRefusalIsFoundWithoutItsPackage(t *testing.T) {
	_, err := get(t, fetch.Guarded(fetch.Options{}), "http://127.0.0.1/")
	var refusal interface{ Refused() string }
	if !errors.As(err, &refusal) || refusal.Refused() != "private" {
		t.Errorf("got %v, want a refusal of kind private", err)
	}
}

func TestGuardedFollowsRedirectsOnlyWhereAllowed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/private", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/secret", http.StatusFound)
	})
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/loop", http.StatusFound)
	})
	mux.HandleFunc("/once", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/end", http.StatusFound)
	})
	mux.HandleFunc("/end", func(w http.ResponseWriter, r *http.Request) {
		if r.Referer() != "" {
			t.Errorf("told where it came from: %q", r.Referer())
		}
		_, _ = io.WriteString(w, "end")
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	client := fetch.Guarded(fetch.Options{AllowNetworks: loopback()})

	if _, err := get(t, client, server.URL+"/private"); !errors.Is(err, fetch.ErrPrivate) {
		t.Errorf("redirect to a private address: %v", err)
	}
	if _, err := get(t, client, server.URL+"/loop"); !errors.Is(err, fetch.ErrRedirects) {
		t.Errorf("endless redirect: %v", err)
	}
	if body, err := get(t, client, server.URL+"/once"); err != nil || body != "end" {
		t.Errorf("one redirect: %q, %v", body, err)
	}
}

func TestRedirectFromHTTPSIsNotFollowedToHTTP(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	private := httptest.NewTLSServer(http.RedirectHandler(plain.URL, http.StatusFound))
	defer private.Close()
	pool := x509.NewCertPool()
	pool.AddCert(private.Certificate())
	client := fetch.Guarded(fetch.Options{AllowNetworks: loopback(), RootCAs: pool})
	if _, err := get(t, client, private.URL); !errors.Is(err, fetch.ErrDowngrade) {
		t.Errorf("got %v, want a refused downgrade", err)
	}
}

func TestGuardedIgnoresProxy(t *testing.T) {
	proxy := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the proxy was asked")
	}))
	defer proxy.Close()
	t.Setenv("HTTP_PROXY", proxy.URL)
	if _, err := get(t, fetch.Guarded(fetch.Options{}), "http://10.0.0.1/"); !errors.Is(err, fetch.ErrPrivate) {
		t.Errorf("got %v", err)
	}
}

func TestBodyIsCapped(t *testing.T) {
	const limit = 1000
	var bomb bytes.Buffer
	packer := gzip.NewWriter(&bomb)
	_, _ = packer.Write(make([]byte, 1<<20))
	_ = packer.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/full", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", limit))
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", limit+1))
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 512)); err != nil {
				return
			}
			w.(http.Flusher).Flush()
		}
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	client := fetch.New(fetch.Options{MaxBody: limit})

	if body, err := get(t, client, server.URL+"/full"); err != nil || len(body) != limit {
		t.Errorf("a body of the limit: %d bytes, %v", len(body), err)
	}
	for _, path := range []string{"/long", "/endless", "/bomb"} {
		if body, err := get(t, client, server.URL+path); !errors.Is(err, fetch.ErrTooLarge) || len(body) > limit {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
	}
}

func TestStalledBodyTimesOut(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "{")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	defer server.Close()
	_, err := get(t, fetch.New(fetch.Options{Timeout: 50 * time.Millisecond}), server.URL)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want a time-out", err)
	}
}
