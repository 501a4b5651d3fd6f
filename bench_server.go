package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"bellwether/adapters/discord/discordtest"
	"bellwether/adapters/telegram/telegramtest"
)

// benchServerCommand is a stand-in of a platform for bench, which starts it as
// a process of its own. It prints its address and ends when its input ends.
type benchServerCommand struct {
	Platform string        `enum:"telegram,discord" default:"telegram"`
	All      float64       `help:"Messages a second that are taken over all chats; 0 for no limit."`
	Burst    float64       `help:"How many of them at once (Telegram only)."`
	Chat     float64       `help:"Messages a second that one chat takes (Telegram only); 0 for no limit."`
	Channel  int           `help:"Messages in five seconds that one channel takes (Discord only); 0 for no limit."`
	Delay    time.Duration `help:"How long each answer takes."`
}

// benchStats are what a stand-in saw.
type benchStats struct {
	Requests, Made, Limited int64
	First, Last             time.Time // of messages that were made
	Chats                   map[string]int64
	// Watched is when the first message came to each chat whose id is told by
	// the request for the figures.
	Watched map[string]time.Time
}

// Run serves until its input ends.
func (c benchServerCommand) Run(_ context.Context, w world) error {
	handler, err := c.platform()
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	counter := &benchCounter{next: handler, delay: c.Delay, chat: chatOfForm}
	if c.Platform == "discord" {
		counter.chat = chatOfPath
	}
	counter.reset()
	server := &http.Server{Handler: counter, ReadHeaderTimeout: 10 * time.Second}
	if _, err := fmt.Fprintf(w.stdout, "http://%s\n", listener.Addr()); err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // its end is what is waited for
		_ = server.Close()
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (c benchServerCommand) platform() (http.Handler, error) {
	if c.Platform == "discord" {
		return discordtest.New(discordtest.Options{PerChannel: c.Channel, PerSecond: int(c.All), Lean: true}), nil
	}
	return telegramtest.NewServer(telegramtest.Options{
		OpenChats: true, Lax: true, Forget: true,
		Limits: telegramtest.Limits{Account: c.All, AccountBurst: c.Burst, Chat: c.Chat, ChatBurst: 1},
	})
}

// benchCounter counts what a stand-in took.
type benchCounter struct {
	next  http.Handler
	delay time.Duration
	chat  func(r *http.Request, body []byte) string

	mu    sync.Mutex
	stats benchStats
	came  map[string]time.Time
}

func (c *benchCounter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats = benchStats{Chats: make(map[string]int64)}
	c.came = make(map[string]time.Time)
}

// ServeHTTP counts a request and hands it on.
func (c *benchCounter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/bench/reset":
		c.reset()
		return
	case "/bench/stats":
		c.tell(w, r.URL.Query()["watch"])
		return
	}
	at := time.Now()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if c.delay > 0 {
		timer := time.NewTimer(c.delay)
		<-timer.C
	}
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	c.next.ServeHTTP(seen, r)
	c.count(c.chat(r, body), seen.status, at)
}

func (c *benchCounter) count(chat string, status int, at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Requests++
	switch {
	case status == http.StatusTooManyRequests:
		c.stats.Limited++
	case chat != "" && status < 300:
		c.stats.Made++
		c.stats.Chats[chat]++
		c.stats.Last = time.Now()
		if c.stats.First.IsZero() {
			c.stats.First = c.stats.Last
		}
		if c.stats.Chats[chat] == 1 {
			c.came[chat] = at
		}
	}
}

func (c *benchCounter) tell(w http.ResponseWriter, watched []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := c.stats
	out.Watched = make(map[string]time.Time)
	for _, chat := range watched {
		if at, ok := c.came[chat]; ok {
			out.Watched[chat] = at
		}
	}
	_ = json.NewEncoder(w).Encode(out) // who asked may be gone
}

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// chatOfForm finds the chat of a Telegram call.
func chatOfForm(r *http.Request, body []byte) string {
	if !strings.HasSuffix(r.URL.Path, "/sendMessage") {
		return ""
	}
	_, rest, ok := bytes.Cut(body, []byte("chat_id="))
	if !ok {
		return ""
	}
	chat, _, _ := bytes.Cut(rest, []byte("&"))
	return string(chat)
}

// chatOfPath finds the channel of a Discord request.
func chatOfPath(r *http.Request, _ []byte) string {
	_, rest, ok := strings.Cut(r.URL.Path, "/channels/")
	if !ok || r.Method != http.MethodPost {
		return ""
	}
	channel, _, _ := strings.Cut(rest, "/")
	return channel
}

// standIn is a stand-in that runs in a process of its own.
type standIn struct {
	address string
	input   io.Closer
	process *exec.Cmd
}

// startStandIn starts this program again as a stand-in.
func startStandIn(ctx context.Context, c benchServerCommand) (*standIn, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	process := exec.CommandContext(ctx, self, "bench-server", "--platform", c.Platform, //nolint:gosec // It is this program itself.
		"--all", decimalOf(c.All), "--burst", decimalOf(c.Burst), "--chat", decimalOf(c.Chat),
		"--channel", strconv.Itoa(c.Channel), "--delay", c.Delay.String())
	input, err := process.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the stand-in: %w", err)
	}
	output, err := process.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the stand-in: %w", err)
	}
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		return nil, fmt.Errorf("start the stand-in: %w", err)
	}
	s := &standIn{input: input, process: process}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the stand-in: %w", err), s.stop())
	}
	s.address = strings.TrimSpace(line)
	return s, nil
}

func decimalOf(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// stop ends the process.
func (s *standIn) stop() error {
	err := s.input.Close()
	if waited := s.process.Wait(); waited != nil {
		return errors.Join(err, fmt.Errorf("end the stand-in: %w", waited))
	}
	return err
}

// stats asks what the stand-in saw.
func (s *standIn) stats(ctx context.Context, watch ...string) (benchStats, error) {
	var out benchStats
	body, err := s.get(ctx, "/bench/stats?"+url.Values{"watch": watch}.Encode())
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("read the stand-in's figures: %w", err)
	}
	return out, nil
}

// reset lets the stand-in count from the beginning.
func (s *standIn) reset(ctx context.Context) error {
	_, err := s.get(ctx, "/bench/reset")
	return err
}

func (s *standIn) get(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the stand-in: %w", err)
	}
	body, err := io.ReadAll(answer.Body)
	return body, errors.Join(err, answer.Body.Close())
}
