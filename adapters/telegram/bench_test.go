package telegram_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"bellwether/adapters/telegram"
	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot/message"
)

func benchServer(b *testing.B) string {
	b.Helper()
	s, err := telegramtest.NewServer(telegramtest.Options{OpenChats: true, Lax: true, Forget: true})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(s)
	b.Cleanup(server.Close)
	return server.URL
}

// BenchmarkDeliver measures sends through the adapter; compare it with
// BenchmarkBareClient.
func BenchmarkDeliver(b *testing.B) {
	r := &rig{desk: newDesk(), memory: &fakeMemory{kept: make(map[string]string)}, log: &journal{}}
	r.connect(b, benchServer(b), nil)
	m := fullMessage()
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for chat := int64(1); pb.Next(); chat++ {
			if _, err := r.client.Deliver(b.Context(), delivery(chat, m)); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkBareClient measures the same requests without any of ours.
func BenchmarkBareClient(b *testing.B) {
	address := benchServer(b) + "/bot" + testToken + "/sendMessage"
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 40}}
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for chat := 1; pb.Next(); chat++ {
			form := url.Values{"chat_id": {strconv.Itoa(chat)}, "text": {strings.Repeat("word ", 40)}}
			res, err := client.PostForm(address, form)
			if err != nil {
				b.Error(err)
				continue
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
	})
}

// BenchmarkLayOut measures the dressing alone.
func BenchmarkLayOut(b *testing.B) {
	m := fullMessage()
	b.ReportAllocs()
	for b.Loop() {
		telegram.LayOut(m, message.Rich)
	}
}
