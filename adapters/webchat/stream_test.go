package webchat_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"bellwether/bot/message"
)

// page follows the stream as a browser does.
type page struct {
	t    *testing.T
	res  *http.Response
	scan *bufio.Scanner
	last string // Last-Event-ID
}

type event struct{ kind, id, data string }

func (r *room) follow(after, last string) *page {
	r.t.Helper()
	res := r.do("GET", "/stream?after="+after, "", func(q *http.Request) {
		if last != "" {
			q.Header.Set("Last-Event-ID", last)
		}
	})
	if res.StatusCode != 200 || res.Header.Get("Content-Type") != "text/event-stream" {
		r.t.Fatalf("status %d, %v", res.StatusCode, res.Header)
	}
	p := &page{t: r.t, res: res, scan: bufio.NewScanner(res.Body), last: last}
	if e, ok := p.next(); !ok || e.kind != "hello" || e.data == "" {
		r.t.Fatalf("began with %+v", e)
	}
	return p
}

// next returns the next event; ok is false at the stream's end.
func (p *page) next() (e event, ok bool) {
	for p.scan.Scan() {
		key, value, _ := strings.Cut(p.scan.Text(), ": ")
		switch key {
		case "event":
			e.kind = value
		case "id":
			e.id, p.last = value, value
		case "data":
			e.data = value
		case "":
			if e != (event{}) {
				return e, true
			}
		}
	}
	return e, false
}

func (p *page) title() string {
	p.t.Helper()
	e, ok := p.next()
	var item struct{ Body struct{ Title string } }
	if err := json.Unmarshal([]byte(e.data), &item); !ok || err != nil {
		p.t.Fatalf("event %+v: %v", e, err)
	}
	return item.Body.Title
}

func TestStreamFollowsAndContinuesWhereItWasCut(t *testing.T) {
	r := newRoom(t, nil)
	say := func(title string) { r.desk.say(t.Context(), visitor, &message.Message{Title: title}) }
	say("1")
	say("2")
	p := r.follow("1", "")
	if got := p.title(); got != "2" {
		t.Fatalf("got %q first", got)
	}
	say("3")
	if got := p.title(); got != "3" {
		t.Fatalf("got %q live", got)
	}
	p.res.Body.Close()
	say("4")
	r.desk.edit(t.Context(), visitor, "b1-0", &message.Message{Title: "1, edited"})
	say("5")
	p = r.follow("1", p.last) // the browser asks for the same address again
	for _, want := range []string{"4", "1, edited", "5"} {
		if got := p.title(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestStreamLosesAndDoublesNothingHoweverOftenItIsCut(t *testing.T) {
	r := newRoom(t, nil)
	const all = 400
	var busy sync.WaitGroup
	for w := range 4 {
		busy.Go(func() {
			for i := range all / 4 {
				r.desk.say(t.Context(), visitor, &message.Message{Title: strconv.Itoa(w*1000 + i)})
			}
		})
	}
	seen := make(map[string]int)
	for last, n := "", 0; n < all; {
		p := r.follow("0", last)
		for range 1 + n%17 {
			if n == all {
				break
			}
			seen[p.title()]++
			n++
		}
		last = p.last
		p.res.Body.Close()
	}
	busy.Wait()
	if len(seen) != all {
		t.Errorf("%d different entries, want %d", len(seen), all)
	}
}

func TestStreamTellsAPageThatMissedTooMuchToReadAnew(t *testing.T) {
	r := newRoom(t, nil)
	for i := range 501 {
		r.desk.say(t.Context(), visitor, &message.Message{Title: strconv.Itoa(i)})
	}
	p := r.follow("0", "")
	if e, ok := p.next(); !ok || e.kind != "anew" {
		t.Errorf("got %+v", e)
	}
	if got := r.follow("1", "").title(); got != "1" {
		t.Errorf("got %q, want all 500 that were missed", got)
	}
}

func TestOldestPageIsPartedBeyondFour(t *testing.T) {
	r := newRoom(t, nil)
	var pages []*page
	for range 5 {
		pages = append(pages, r.follow("0", ""))
	}
	if e, ok := pages[0].next(); !ok || e.kind != "parted" {
		t.Errorf("the first got %+v", e)
	}
	if _, ok := pages[0].next(); ok {
		t.Error("the first goes on")
	}
	r.desk.say(t.Context(), visitor, &message.Message{Title: "news"})
	for i, p := range pages[1:] {
		if got := p.title(); got != "news" {
			t.Errorf("page %d got %q", i+1, got)
		}
	}
}

func TestStreamsOfOthersAreApart(t *testing.T) {
	r := newRoom(t, nil)
	p := r.follow("0", "")
	r.desk.say(t.Context(), strings.Repeat("b", 24), &message.Message{Title: "another's"})
	r.desk.say(t.Context(), visitor, &message.Message{Title: "own"})
	if got := p.title(); got != "own" {
		t.Errorf("got %q", got)
	}
}

func TestStreamEndsWhereTheTranscriptFails(t *testing.T) {
	r := newRoom(t, nil)
	r.memory.fail(errors.New("locked"))
	if _, ok := r.follow("0", "").next(); ok {
		t.Error("the stream goes on; the page would not try again")
	}
}
