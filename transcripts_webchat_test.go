package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strconv"
	"strings"
	"sync"
	"time"
)

// webPerson has a page of the web chat open.
type webPerson struct {
	stage  *stage
	client *http.Client
	deeds  int
	form   *webForm

	mu    sync.Mutex
	heard []heard
	now   map[string]webEntry // what stands on the page, by entry
}

// webEntry is what the page shows of something that was said.
type webEntry struct {
	From   string      `json:"from"`
	At     time.Time   `json:"at"`
	Title  string      `json:"title"`
	Blocks []webBlock  `json:"blocks"`
	Footer []webInline `json:"footer"`

	Buttons [][]struct {
		Label string `json:"label"`
		Data  string `json:"data"`
	} `json:"buttons"`
}

type webBlock struct {
	Inlines []webInline `json:"inlines"`
	Fields  []struct {
		Name  string      `json:"name"`
		Value []webInline `json:"value"`
	} `json:"fields"`
	Items [][]webInline `json:"items"`
	Rows  [][]string    `json:"rows"`
}

type webInline struct {
	Text string `json:"text"`
}

type webForm struct {
	Data   string `json:"data"`
	Fields []struct {
		Name string `json:"name"`
	} `json:"fields"`
}

// words returns all that is written in an entry.
func (e webEntry) words() string {
	var b strings.Builder
	write := func(list []webInline) {
		for _, i := range list {
			b.WriteString(i.Text)
		}
		b.WriteByte('\n')
	}
	b.WriteString(e.Title + "\n")
	for _, block := range e.Blocks {
		write(block.Inlines)
		for _, f := range block.Fields {
			b.WriteString(f.Name + ": ")
			write(f.Value)
		}
		for _, item := range block.Items {
			write(item)
		}
		for _, row := range block.Rows {
			b.WriteString(strings.Join(row, " ") + "\n")
		}
	}
	write(e.Footer)
	return b.String()
}

// enterWebChat opens the page as a new visitor.
func (s *stage) enterWebChat() *webPerson {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	p := &webPerson{stage: s, client: &http.Client{Jar: jar}, now: map[string]webEntry{}}
	for _, path := range []string{"/", "/state?zone=Asia/Singapore"} {
		answer, err := p.client.Get(s.web + path)
		if err != nil {
			s.t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			s.t.Fatalf("%s answers %s", path, answer.Status)
		}
	}
	stream, err := p.client.Get(s.web + "/stream")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = stream.Body.Close() })
	go p.follow(bufio.NewReader(stream.Body))
	return p
}

// follow reads what the page is sent, until it is closed.
func (p *webPerson) follow(in *bufio.Reader) {
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		data, ok := strings.CutPrefix(line, "data: ")
		var said struct {
			ID   string   `json:"id"`
			Body webEntry `json:"body"`
		}
		if !ok || json.Unmarshal([]byte(data), &said) != nil || said.Body.From != "bot" {
			continue
		}
		h := heard{Text: said.Body.words()}
		for _, row := range said.Body.Buttons {
			for _, b := range row {
				h.Buttons = append(h.Buttons, b.Label)
			}
		}
		p.mu.Lock()
		p.now[said.ID], p.heard = said.Body, append(p.heard, h)
		p.mu.Unlock()
	}
}

// Hears implements person.
func (p *webPerson) Hears() []heard {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]heard(nil), p.heard...)
}

// Says implements person.
func (p *webPerson) Says(text string) { p.post("/say", map[string]any{"text": text}) }

// Picks implements person.
func (p *webPerson) Picks(label string) {
	p.stage.t.Helper()
	var entry, data string
	eventuallyButton(p.stage.t, p, label, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		entry, data = "", ""
		for id, e := range p.now {
			for _, row := range e.Buttons {
				for _, b := range row {
					if strings.HasPrefix(b.Label, label) && (entry == "" || e.At.After(p.now[entry].At)) {
						entry, data = id, b.Data
					}
				}
			}
		}
		return entry != ""
	})
	p.post("/press", map[string]any{"data": data, "message": entry})
}

// Fills implements person.
func (p *webPerson) Fills(text string) {
	p.stage.t.Helper()
	if p.form == nil || len(p.form.Fields) != 1 {
		p.stage.t.Fatalf("there is no form of one field: %+v", p.form)
	}
	p.post("/press", map[string]any{"data": p.form.Data, "form": map[string]string{p.form.Fields[0].Name: text}})
}

// post does something on the page, and waits where that was too fast.
func (p *webPerson) post(path string, body map[string]any) {
	p.stage.t.Helper()
	p.deeds++
	body["id"] = fmt.Sprintf("deed-%06d", p.deeds)
	encoded, err := json.Marshal(body)
	if err != nil {
		p.stage.t.Fatal(err)
	}
	request, err := http.NewRequestWithContext(p.stage.t.Context(), http.MethodPost, p.stage.web+path, bytes.NewReader(encoded))
	if err != nil {
		p.stage.t.Fatal(err)
	}
	request.Header.Set("X-Bellwether", "1")
	answer, err := p.client.Do(request)
	if err != nil {
		p.stage.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusTooManyRequests {
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
		<-time.After(time.Duration(max(seconds, 1)) * time.Second)
		p.post(path, body)
		return
	}
	var told struct {
		Toast string   `json:"toast"`
		Modal *webForm `json:"modal"`
	}
	if answer.StatusCode != http.StatusOK || json.NewDecoder(answer.Body).Decode(&told) != nil {
		p.stage.t.Fatalf("%s %s answers %s", path, encoded, answer.Status)
	}
	p.form = told.Modal
}
