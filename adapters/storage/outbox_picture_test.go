package storage_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

func TestPictureIsDrawnOnceAndUploadedOncePerAccountForAThousandPlaces(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		var drawn, uploads atomic.Int64
		r.words.picture = func(outbox.Send) *message.Picture {
			return message.NewPicture("chart/BTC-USD/1d", "Bitcoin", func() ([]byte, error) {
				drawn.Add(1)
				return []byte("png"), nil
			})
		}
		r.chat.script = func(n int, d outbox.Delivery) (outbox.Receipt, error) {
			png, name, err := d.Picture()
			if err != nil {
				return outbox.Receipt{}, err
			}
			if name == "" {
				if uploads.Add(1); string(png) != "png" {
					t.Errorf("uploaded %q", png)
				}
				time.Sleep(200 * time.Millisecond) // others wait for it
				name = "file-" + d.Address.Account
			}
			return outbox.Receipt{ID: fmt.Sprint(n), Uploaded: name}, nil
		}
		var sends []outbox.Send
		for i := range 1000 {
			sends = append(sends, r.alert(r.place(telegramMain, fmt.Sprint(i), subscriptions.Private)))
		}
		r.add(sends...)
		r.start()
		r.until(10 * time.Minute)
		if n := len(r.chat.got()); n != 1000 || drawn.Load() != 1 || uploads.Load() != 1 {
			t.Errorf("%d messages with %d drawings and %d uploads", n, drawn.Load(), uploads.Load())
		}
	})
}

// TestUploadThatHangsHoldsNobodyBack: the others upload for themselves.
func TestUploadThatHangsHoldsNobodyBack(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.words.picture = func(outbox.Send) *message.Picture {
			return message.NewPicture("chart/BTC-USD/1d", "Bitcoin", func() ([]byte, error) { return []byte("png"), nil })
		}
		var uploads atomic.Int64
		r.chat.script = func(n int, d outbox.Delivery) (outbox.Receipt, error) {
			if _, name, err := d.Picture(); name == "" && uploads.Add(1) == 1 {
				time.Sleep(50 * time.Second)
				return outbox.Receipt{}, fail(outbox.Ambiguous)
			} else if err != nil {
				return outbox.Receipt{}, err
			}
			return outbox.Receipt{ID: fmt.Sprint(n), Uploaded: "file"}, nil
		}
		for i := range 40 {
			r.add(r.alert(r.place(telegramMain, fmt.Sprint(i), subscriptions.Private)))
		}
		r.start()
		r.wait(5 * time.Second)
		if n := r.count(outbox.Delivered); n != 39 {
			t.Errorf("%d delivered while an upload hung", n)
		}
		r.until(2 * time.Minute)
		if n := r.count(outbox.Delivered); n != 40 {
			t.Errorf("%d delivered", n)
		}
	})
}

// TestPictureThatWasLeftOutSaysNothingOfOthers: after a chat that takes no
// photos, pictures are uploaded once all the same.
func TestPictureThatWasLeftOutSaysNothingOfOthers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.words.picture = func(s outbox.Send) *message.Picture {
			return message.NewPicture(fmt.Sprint("chart/", s.Happened.Minute()), "Bitcoin", func() ([]byte, error) { return []byte("png"), nil })
		}
		var uploads atomic.Int64
		r.chat.script = func(n int, d outbox.Delivery) (outbox.Receipt, error) {
			_, name, err := d.Picture()
			if err != nil || d.Address.Chat == "without" {
				return outbox.Receipt{ID: fmt.Sprint(n)}, err
			}
			if name == "" {
				uploads.Add(1)
				time.Sleep(200 * time.Millisecond)
			}
			return outbox.Receipt{ID: fmt.Sprint(n), Uploaded: "file"}, nil
		}
		r.add(r.alert(r.private("without")))
		r.start()
		for i := range 3 {
			r.wait(time.Minute)
			for chat := range 20 {
				r.add(r.alert(r.private(fmt.Sprint(chat))))
			}
			r.wait(30 * time.Second)
			if i == 0 {
				uploads.Store(0) // until then nobody knew better
			}
		}
		if n := uploads.Load(); n != 2 {
			t.Errorf("two pictures were uploaded %d times", n)
		}
	})
}
