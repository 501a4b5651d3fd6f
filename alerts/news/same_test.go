package news_test

import (
	"math/bits"
	"strconv"
	"strings"
	"testing"
	"time"

	"bellwether/alerts/news"
)

func at(hours int) time.Time {
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour)
}

func TestSameStory(t *testing.T) {
	lead := "The benchmark index slipped for a third session on Monday as banks fell, after the central bank kept its policy unchanged."
	comparer := news.NewComparer()
	for name, tt := range map[string]struct {
		a, b news.Article
		want bool
	}{
		"one address": {
			news.Article{Canonical: "https://example.com/a", Published: at(0)},
			news.Article{Canonical: "https://example.com/a", Published: at(70)}, true},
		"one address, later": {
			news.Article{Canonical: "https://example.com/a", Published: at(0)},
			news.Article{Canonical: "https://example.com/a", Published: at(73)}, false},
		"nearly one title": {
			news.Article{Title: "DBS raises dividend after record first quarter profit"},
			news.Article{Title: "DBS raises dividend after record quarter profit"}, true},
		"another number": {
			news.Article{Title: "STI ends 0.3% higher as banks lead"},
			news.Article{Title: "STI ends 0.8% higher as banks lead"}, false},
		"another direction": {
			news.Article{Title: "Nikkei ends higher as exporters lead the way"},
			news.Article{Title: "Nikkei ends lower as exporters lead the way"}, false},
		"short titles": {
			news.Article{Title: "Market wrap"}, news.Article{Title: "Market wrap"}, false},
		"one lead, other titles": {
			news.Article{Title: "Stocks slip again", Summary: lead},
			news.Article{Title: "Banks drag index down", Summary: lead + " Analysts expected as much."}, true},
		"other stories": {
			news.Article{Title: "Gold climbs to a record on safe haven demand", Summary: lead},
			news.Article{Title: "Oil slides as inventories grow", Summary: "Crude futures fell two per cent after a report showed that stocks had grown for a fifth week in a row."}, false},
		"nothing known": {news.Article{}, news.Article{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := news.SameStory(tt.a, tt.b); got != tt.want {
				t.Errorf("got %v", got)
			}
			if news.SameStory(tt.b, tt.a) != tt.want {
				t.Error("not the same the other way round")
			}
			if comparer.Same(tt.a, tt.b) != tt.want {
				t.Error("a comparer thinks otherwise")
			}
		})
	}
}

func distance(a, b string) int { return bits.OnesCount64(news.Fingerprint(a) ^ news.Fingerprint(b)) }

func TestFingerprintOfTheSeedPage(t *testing.T) {
	all := seedPage(t)
	story, _ := news.Story(all, "")
	whole := strings.Join(story, "\n")
	if d := distance(whole, strings.Join(all, "\n")); d > 10 {
		t.Errorf("the uncleaned page differs in %d bits", d)
	}
	edited := strings.NewReplacer("on Tuesday", "this week", "has confirmed", "confirmed", "last month", "in May").Replace(strings.Join(story[:len(story)-1], "\n"))
	if d := distance(whole, edited); d > 10 {
		t.Errorf("an edited copy differs in %d bits", d)
	}
	half := len(story) / 2
	if d := distance(strings.Join(story[:half], "\n"), strings.Join(story[half:], "\n")); d <= 10 {
		t.Errorf("two texts on one topic differ in %d bits only", d)
	}
}

func TestFingerprintNeedsEnoughWords(t *testing.T) {
	if got := news.Fingerprint("Gold rises to a record"); got != 0 {
		t.Errorf("got %x", got)
	}
	han := "日経平均株価は月曜日に最高値を更新した。半導体株が買われ、円安も支えとなった。市場関係者は年末まで上昇が続くとみている。"
	if news.Fingerprint(han) == 0 {
		t.Error("no fingerprint of a text without spaces")
	}
	if d := distance(han, strings.Replace(han, "月曜日", "週明け", 1)); d > 20 {
		t.Errorf("an edited text differs in %d bits", d)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	text := strings.Repeat("The benchmark index slipped for a third session on Monday as banks fell. ", 40)
	for b.Loop() {
		news.Fingerprint(text)
	}
}

func BenchmarkComparer(b *testing.B) {
	recent := make([]news.Article, 5000)
	for i := range recent {
		n := strconv.Itoa(i)
		recent[i] = news.Article{
			Title:   "Shares of company " + n + " end the session without direction",
			Summary: "The " + n + " shares moved in a narrow range on day " + n + " as traders waited for what the central bank would say.",
		}
	}
	fresh := news.Article{
		Title: "Gold climbs to a record on safe haven demand", Summary: "Gold rose to a record as investors looked for safety while stocks and bonds fell all over the world.",
	}
	comparer := news.NewComparer()
	for b.Loop() {
		for _, a := range recent {
			comparer.Same(a, fresh)
		}
	}
}
