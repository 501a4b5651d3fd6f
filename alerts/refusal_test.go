package alerts_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"bellwether/alerts"
)

func TestStatusError(t *testing.T) {
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		status  int
		retry   string
		refused bool
		after   time.Duration
	}{
		"redirect":               {302, "", true, 0},
		"key wanted":             {401, "", true, 0},
		"forbidden":              {403, "", true, 0},
		"too many, in seconds":   {429, "120", true, 2 * time.Minute},
		"too many, as a date":    {429, now.Add(time.Hour).Format(http.TimeFormat), true, time.Hour},
		"too many, in the past":  {429, now.Add(-time.Hour).Format(http.TimeFormat), true, 0},
		"too many, negative":     {429, "-5", true, 0},
		"too many, absurd":       {429, "99999999999999", true, 24 * time.Hour},
		"too many, not a number": {429, "soon", true, 0},
		"banned":                 {418, "", true, 0},
		"country":                {451, "", true, 0},
		"out of order":           {503, "30", false, 30 * time.Second},
		"bad request":            {400, "", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			err := alerts.StatusError("yahoo", c.status, c.retry, now)
			if err.Refused != c.refused || err.RetryAfter != c.after || err.Status != c.status || err.Reason == "" {
				t.Errorf("got %+v", err)
			}
			if !errors.Is(err, alerts.ErrSource) {
				t.Error("is not an ErrSource")
			}
		})
	}
}
