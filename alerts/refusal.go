package alerts

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// StatusError states as an error that a source answered with an HTTP status
// other than 200, so that every source judges a status alike. RetryAfter is the
// header of that name, in seconds or as a date; it may be empty.
func StatusError(source string, status int, retryAfter string, now time.Time) *SourceError {
	e := &SourceError{Source: source, Status: status, RetryAfter: retryDelay(retryAfter, now)}
	switch {
	case status >= 300 && status < 400:
		// Nobody follows a source's redirects: they lead to consent pages, and a
		// key would travel with them.
		e.Refused, e.Reason = true, "it redirects elsewhere, perhaps to ask for consent"
	case status == http.StatusUnauthorized:
		e.Refused, e.Reason = true, "it wants a key or a session"
	case status == http.StatusForbidden:
		e.Refused, e.Reason = true, "it refuses to serve us"
	case status == http.StatusTooManyRequests, status == http.StatusTeapot:
		e.Refused, e.Reason = true, "it wants fewer requests"
	case status == http.StatusUnavailableForLegalReasons:
		e.Refused, e.Reason = true, "it does not serve this country"
	case status >= 500:
		e.Reason = "it is out of order"
	default:
		e.Reason = "it does not understand the request"
	}
	e.Reason += " (status " + strconv.Itoa(status) + ")"
	return e
}

// retryDelay reads a Retry-After header; 0 where it says nothing usable. A day
// is the longest that is believed.
func retryDelay(text string, now time.Time) time.Duration {
	const longest = 24 * time.Hour
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		if seconds > int64(longest/time.Second) {
			return longest
		}
		return max(0, time.Duration(seconds)*time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(longest, max(0, at.Sub(now)))
	}
	return 0
}
