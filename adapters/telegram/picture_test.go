package telegram_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"bellwether/adapters/telegram/telegramtest"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
)

func TestPictureIsUploadedOnce(t *testing.T) {
	r := openRig(t)
	uploaded := ""
	d := pictured(fullMessage(), []byte("\x89PNG picture"), &uploaded)
	first := deliverAll(t, r, d)
	if len(first) != 1 || first[0].Uploaded == "" {
		t.Fatalf("got %+v, want one part with a file's name", first)
	}
	uploaded = first[0].Uploaded
	deliverAll(t, r, d)
	sent := r.server.Sent()
	if !sent[0].Uploaded || sent[1].Uploaded || sent[1].Photo != uploaded || sent[1].Text == "" {
		t.Errorf("got %+v", sent)
	}
	r.server.ForgetFiles()
	deliverAll(t, r, d)
	if sent := r.server.Sent(); len(sent) != 3 || !sent[2].Uploaded {
		t.Error("a forgotten file was not uploaded again")
	}
}

func TestLongStoryGoesBehindItsPicture(t *testing.T) {
	r := openRig(t)
	uploaded := ""
	m := fullMessage()
	m.Blocks = append(m.Blocks, message.Block{Inlines: words(strings.Repeat("word ", 300))})
	deliverAll(t, r, pictured(m, []byte("png"), &uploaded))
	sent := r.server.Sent()
	if len(sent) != 2 || sent[0].Text != m.Title || sent[0].Photo == "" || sent[0].Buttons != nil {
		t.Fatalf("got %+v", sent)
	}
	if strings.Contains(sent[1].Text, m.Title) || !strings.Contains(sent[1].Text, "word word") || sent[1].Buttons == nil {
		t.Errorf("got %q", sent[1].Text)
	}
}

func TestWordsGoWithoutAPictureThatIsMissing(t *testing.T) {
	r := openRig(t)
	m := fullMessage()
	m.Picture = message.NewPicture("k", "chart", nil)
	d := delivery(7, m)
	d.Picture = func() ([]byte, string, error) { return nil, "", errors.New("not drawn") }
	deliverAll(t, r, d)
	if sent := r.server.Sent(); len(sent) != 1 || sent[0].Photo != "" || !strings.HasPrefix(sent[0].Text, m.Title) {
		t.Errorf("got %+v", sent)
	}
}

func TestWordsGoWhereNoPhotosAreTaken(t *testing.T) {
	r := openRig(t)
	uploaded := ""
	r.server.Fail(telegramtest.Fault{Method: "sendPhoto", Status: 400, Description: "Bad Request: not enough rights to send photos to the chat"})
	deliverAll(t, r, pictured(fullMessage(), []byte("png"), &uploaded))
	if sent := r.server.Sent(); len(sent) != 1 || sent[0].Method != "sendMessage" || len(sent[0].Entities) == 0 {
		t.Errorf("got %+v, want the words", sent)
	}
}

// TestWordsGoWhereAServerRefusesPicturesInItsOwnWords: not every server says so
// in Telegram's words, and the words are what matters.
func TestWordsGoWhereAServerRefusesPicturesInItsOwnWords(t *testing.T) {
	r := openRig(t)
	uploaded := ""
	r.server.Fail(telegramtest.Fault{Method: "sendPhoto", Status: 400, Description: "Bad Request: no pictures today"})
	deliverAll(t, r, pictured(fullMessage(), []byte("png"), &uploaded))
	if sent := r.server.Sent(); len(sent) != 1 || sent[0].Method != "sendMessage" || len(sent[0].Entities) == 0 {
		t.Errorf("got %+v, want the words", sent)
	}
}

// A server, or a proxy before it, refuses what is too large without reading it,
// and the connection breaks while the picture is still being written.
func TestWordsGoWhereAPictureIsRefusedBeforeItIsRead(t *testing.T) {
	r := openRig(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !strings.HasSuffix(req.URL.Path, "/sendPhoto") {
			r.server.ServeHTTP(w, req)
			return
		}
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		write(conn, "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope")
		_ = conn.Close()
	}))
	t.Cleanup(server.Close)
	r.connect(t, server.URL, nil)
	uploaded := ""
	deliverAll(t, r, pictured(fullMessage(), make([]byte, 16<<20), &uploaded))
	if sent := r.server.Sent(); len(sent) != 1 || sent[0].Method != "sendMessage" {
		t.Errorf("got %+v, want the words", sent)
	}
}

func TestWordsGoWhereAKnownPictureIsForgottenAndNotAtHand(t *testing.T) {
	r := openRig(t)
	uploaded := "AgACforgotten"
	deliverAll(t, r, pictured(fullMessage(), nil, &uploaded))
	if sent := r.server.Sent(); len(sent) != 1 || sent[0].Method != "sendMessage" {
		t.Errorf("got %+v, want the words", sent)
	}
}

func TestEditOfAPictureKeepsOrReplacesIt(t *testing.T) {
	r := openRig(t)
	uploaded := ""
	first := deliverAll(t, r, pictured(fullMessage(), []byte("png"), &uploaded))
	deliverAll(t, r, editOf(first[0].ID, &message.Message{Title: "Words only"}))
	d := pictured(&message.Message{Title: "New picture"}, []byte("other"), &uploaded)
	d.Kind, d.Target = outbox.Edit, first[0].ID
	if got := deliverAll(t, r, d); got[0].Uploaded == "" || got[0].Uploaded == first[0].Uploaded {
		t.Errorf("got %+v, want the new file's name", got)
	}
	sent := r.server.Sent()
	if sent[1].Method != "editMessageCaption" || sent[1].Photo != first[0].Uploaded || sent[2].Method != "editMessageMedia" {
		t.Errorf("got %+v", sent)
	}
}

// TestCaptionIsNotTakenForAText: neither where the client sent the picture nor
// where, after a restart, a pressed button shows that there is one.
func TestCaptionIsNotTakenForAText(t *testing.T) {
	r := openRig(t)
	uploaded := ""
	first := deliverAll(t, r, pictured(fullMessage(), []byte("png"), &uploaded))
	deliverAll(t, r, editOf(first[0].ID, &message.Message{Title: "Paused"}))
	address := httptest.NewServer(r.server)
	t.Cleanup(address.Close)
	r.connect(t, address.URL, nil)
	press := `{"update_id":9,"callback_query":{"id":"1","from":{"id":7},"data":"1:x","message":{"message_id":` + first[0].ID +
		`,"date":1,"chat":{"id":7,"type":"private"},"photo":[{"file_id":"a"}]}}}`
	if _, _, err := r.client.Read([]byte(press)); err != nil {
		t.Fatal(err)
	}
	deliverAll(t, r, editOf(first[0].ID, &message.Message{Title: "On again"}))
	if n := len(r.server.Calls("editMessageText")); n != 0 {
		t.Errorf("%d edits took the caption for a text", n)
	}
	if sent := r.server.Sent(); len(sent) != 3 || sent[2].Method != "editMessageCaption" || sent[2].Text != "On again" {
		t.Errorf("got %+v", sent)
	}
}
