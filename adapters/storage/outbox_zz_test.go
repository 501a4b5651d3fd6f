package storage_test
import ("testing";"time";"fmt";"context";"bellwether/bot/outbox")
func TestZZ(t *testing.T) {
	everyOutbox(t, func(t *testing.T, s *suite) {
		var all []outbox.Send
		for i := range 500 { d := s.private(fmt.Sprint(i)); for range 40 { all = append(all, s.news(d)) } }
		d := s.private("x"); for range 20000 { all = append(all, s.news(d)) }
		at := time.Now()
		s.add(all...)
		t.Log("insert 40000", time.Since(at))
		for range 3 { at = time.Now(); h := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Limit: 256, Behind: 31}); t.Log("heads", len(h), time.Since(at)) }
		at = time.Now(); h := s.heads(outbox.Claim{Priority: outbox.PriorityNews, Limit: 1000, Behind: 31}); t.Log("heads", len(h), time.Since(at))
		at = time.Now(); h = s.heads(outbox.Claim{Priority: outbox.PriorityNews, Limit: 10, After: outbox.Strand{Destination: d.ID-1}, Behind: 31}); t.Log("last", len(h), time.Since(at))
		at = time.Now(); h = s.heads(outbox.Claim{Priority: outbox.PriorityNews, Only: []outbox.Strand{{Destination: d.ID}}, Behind: 31}); t.Log("only", len(h), time.Since(at))
		at = time.Now(); n, err := s.box.Collapse(context.Background(), h[0].Send, s.now); t.Log("collapse", n, err, time.Since(at))
		at = time.Now(); s.box.Depths(context.Background()); t.Log("depths", time.Since(at))
	})
}
