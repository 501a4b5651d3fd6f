package rss

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"
	gorss "github.com/mmcdole/gofeed/rss"
)

// The least and the longest time between two readings of a feed.
const (
	shortest = 2 * time.Minute
	longest  = 6 * time.Hour
)

// spread is by how much a pause is longer or shorter, so that feeds which were
// added together are not read together for ever.
const spread = 0.1

// next returns when a feed may be read again, given for how long its server
// wants to be left alone. An interval below the least is the operator's wish,
// for a server of their own.
func (r *Reader) next(now time.Time, wish time.Duration) time.Time {
	pause := min(max(r.interval, wish, min(shortest, r.interval)), longest)
	factor := 1 - spread + 2*spread*r.jitter()
	return now.Add(time.Duration(float64(pause) * factor))
}

// wish reads from an answer how long the server wants to be left alone.
func wish(h http.Header, now time.Time) time.Duration {
	return max(retryAfter(h, now), maxAge(h), expires(h, now), 0)
}

// retryAfter reads seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	v := strings.TrimSpace(h.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(v, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	return until(v, now)
}

func expires(h http.Header, now time.Time) time.Duration { return until(h.Get("Expires"), now) }

func until(date string, now time.Time) time.Duration {
	t, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	return max(0, t.Sub(now))
}

func maxAge(h http.Header) time.Duration {
	for _, line := range h.Values("Cache-Control") {
		for part := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
			if !strings.EqualFold(name, "max-age") {
				continue
			}
			if seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32); err == nil {
				return time.Duration(seconds) * time.Second
			}
		}
	}
	return 0
}

// timeToLive reads an RSS feed's ttl, in minutes.
func timeToLive(feed *gofeed.Feed) time.Duration {
	original, ok := feed.OriginalFeed().(*gorss.Feed)
	if !ok {
		return 0
	}
	minutes, err := strconv.ParseInt(strings.TrimSpace(original.TTL), 10, 32)
	if err != nil {
		return 0
	}
	return time.Duration(minutes) * time.Minute
}
