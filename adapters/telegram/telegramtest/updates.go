package telegramtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// maxPoll is the longest that a poll is held (Bot API server: 50 s).
const maxPoll = 50 * time.Second

// queued is an update that was not confirmed yet.
type queued struct {
	id   int64
	kind string
	raw  json.RawMessage
}

// mailbox holds updates until they are confirmed.
type mailbox struct {
	mu      sync.Mutex
	queue   []queued
	last    int64
	allowed []string // remembered from the poll that named it last
	webhook bool
	news    chan struct{} // closed when an update comes
	poll    chan struct{} // of the poll that is held; closed to end it
}

func (m *mailbox) init() {
	m.last = 1000
	m.news = make(chan struct{})
}

func (m *mailbox) setWebhook(on bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.webhook = on
}

// Push queues an update of the given kind ("message", "callback_query") and
// returns its id.
func (s *Server) Push(kind string, content any) int64 {
	encoded, err := json.Marshal(content)
	if err != nil {
		panic("telegramtest: an update that cannot be encoded: " + err.Error())
	}
	m := &s.polls
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	var raw bytes.Buffer
	raw.WriteString(`{"update_id":` + strconv.FormatInt(m.last, 10) + `,` + strconv.Quote(kind) + `:`)
	raw.Write(encoded)
	raw.WriteByte('}')
	m.add(queued{m.last, kind, raw.Bytes()})
	return m.last
}

// PushRaw queues an update as it is, which may be none at all. It takes the
// next id in the queue, whatever the text says.
func (s *Server) PushRaw(raw string) {
	m := &s.polls
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last++
	m.add(queued{m.last, "", json.RawMessage(raw)})
}

func (m *mailbox) add(q queued) {
	m.queue = append(m.queue, q)
	close(m.news)
	m.news = make(chan struct{})
}

// BeginAnew makes the next update's id follow on the given one, as Telegram
// does after a week without updates.
func (s *Server) BeginAnew(id int64) {
	s.polls.mu.Lock()
	defer s.polls.mu.Unlock()
	s.polls.last = id
}

// Unconfirmed returns how many updates wait to be confirmed.
func (s *Server) Unconfirmed() int {
	s.polls.mu.Lock()
	defer s.polls.mu.Unlock()
	return len(s.polls.queue)
}

func conflict(text string) error {
	return &refusal{code: http.StatusConflict, text: "Conflict: " + text}
}

func (s *Server) getUpdates(call request) (json.RawMessage, error) {
	m := &s.polls
	limit := int(call.integer("limit"))
	if limit <= 0 || limit > 100 {
		limit = 100
	}
	hold := min(time.Duration(call.integer("timeout"))*time.Second, maxPoll)
	mine, err := m.begin(call)
	if err != nil {
		return nil, err
	}
	defer m.finish(mine)
	timer := time.NewTimer(hold)
	defer timer.Stop()
	for {
		batch, news := m.read(limit)
		if len(batch) > 0 || hold <= 0 {
			return batch.encode(), nil
		}
		select {
		case <-news:
		case <-timer.C:
			return json.RawMessage("[]"), nil
		case <-mine:
			return nil, conflict("terminated by other getUpdates request; make sure that only one bot instance is running")
		case <-call.http.Context().Done():
			return json.RawMessage("[]"), nil
		}
	}
}

// begin confirms what lies before the offset and ends a poll that is held.
func (m *mailbox) begin(call request) (chan struct{}, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.webhook {
		return nil, conflict("can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first")
	}
	if m.poll != nil {
		close(m.poll)
	}
	mine := make(chan struct{})
	m.poll = mine
	if list := call.params["allowed_updates"]; list != "" {
		var names []string
		if json.Unmarshal([]byte(list), &names) != nil {
			return nil, bad("can't parse allowed updates JSON object")
		}
		m.allowed = names
	}
	offset := call.integer("offset")
	switch {
	case offset < 0:
		m.queue = m.queue[max(0, len(m.queue)+int(offset)):]
	case offset > m.last+10:
		// An offset of another sequence confirms nothing.
	default:
		m.queue = slices.DeleteFunc(m.queue, func(q queued) bool { return q.id < offset })
	}
	return mine, nil
}

func (m *mailbox) finish(mine chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.poll == mine {
		m.poll = nil
	}
}

type batch []queued

func (m *mailbox) read(limit int) (batch, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out batch
	for _, q := range m.queue {
		if len(out) == limit {
			break
		}
		if q.kind == "" || len(m.allowed) == 0 || slices.Contains(m.allowed, q.kind) {
			out = append(out, q)
		}
	}
	return out, m.news
}

func (b batch) encode() json.RawMessage {
	raw := []byte{'['}
	for i, q := range b {
		if i > 0 {
			raw = append(raw, ',')
		}
		raw = append(raw, q.raw...)
	}
	return append(raw, ']')
}
