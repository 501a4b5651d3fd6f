package news_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"bellwether/alerts/news"
)

func TestLineIsPlain(t *testing.T) {
	for name, tt := range map[string]struct{ in, want string }{
		"escaped twice":       {"S&amp;amp;P 500 ends higher", "S&P 500 ends higher"},
		"escaped once":        {"S&amp;P 500 ends higher", "S&P 500 ends higher"},
		"markup":              {"<b>Gold</b> &#8216;shines&#8217;", "Gold ‘shines’"},
		"escaped markup":      {"&lt;em&gt;Gold&lt;/em&gt; rises", "Gold rises"},
		"a comparison":        {"Why 3 < 4 > 2 & more", "Why 3 < 4 > 2 & more"},
		"script":              {"Hi<script>alert('x')</script> there", "Hi there"},
		"escaped script":      {"Hi&lt;script&gt;alert(1)&lt;/script&gt; there", "Hi there"},
		"handler":             {`<img src=x onerror="alert(1)">Oil falls`, "Oil falls"},
		"several lines":       {" a\n\t b\r\n\r\nc ", "a b c"},
		"ampersand in a name": {"AT&T rises", "AT&T rises"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := news.Line(tt.in, 300); got != tt.want {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestLineIsCutByCodePointsAtAWord(t *testing.T) {
	if got := news.Line("Nikkei 225 closes at a record high", 20); got != "Nikkei 225 closes…" {
		t.Errorf("cut to %q", got)
	}
	if got := news.Line("日経平均株価が最高値を更新", 6); got != "日経平均株…" {
		t.Errorf("cut to %q", got)
	}
	if got := news.Line("ab👩\u200D💻cd", 4); got != "ab…" {
		t.Errorf("cut within a character: %q", got)
	}
}

func TestParagraphsOfAPage(t *testing.T) {
	got := news.Paragraphs(`<p>Gold rose
	to a record.</p><figure><img src="a.png"><figcaption>A bar of gold</figcaption></figure>
	<p>Silver followed.<br>So did tin.</p><script>track()</script><p>&nbsp;</p>`)
	want := []string{"Gold rose to a record.", "Silver followed.", "So did tin."}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestStoryLosesBoilerplate(t *testing.T) {
	for _, p := range []string{
		"ADVERTISEMENT", "Advertisement", "— Advertisement —", "Sponsored Content", "Story continues below advertisement",
		"Read more", "Continue reading →", "Read also: Gold rises for a third day",
		"Sign up for our daily newsletter and never miss a thing.",
		"Get the day's news delivered to your inbox.",
		"Follow us on Facebook, Twitter and Telegram for more.",
		"Download our new app for iOS and Android.",
		"Copyright © 2024 South China Morning Post Publishers Ltd. All rights reserved.",
		"Copyright (c) 2024. South China Morning Post Publishers Ltd. All rights reserved.",
		"© 2026 The Strait Ledger",
		"Reporting by Jane Tan; Editing by Lee Min",
	} {
		if got, _ := news.Story([]string{p}, "example.com"); got != nil {
			t.Errorf("kept %q", p)
		}
	}
}

func TestStoryKeepsRealParagraphs(t *testing.T) {
	for _, p := range []string{
		"Advertisement revenue fell 12 per cent in the third quarter, the company said.",
		"Advertising spending in Asia rose.",
		"Sponsored products made up half of the growth.",
		"Copyright law in Japan will change next year, the ministry said.",
		"Copyright 3000, a software house, was sold to a rival for $4 million.",
		"Follow-on orders from Vietnam lifted sales.",
		"Do you have questions about the merger? Shareholders did, for three hours.",
		"This article of the constitution was first published in 1947.",
		"Subscribe revenue, as the company calls it, doubled.",
		"Read more carefully, the report says the opposite.",
		"The report first appeared in March, when nobody read it, and it changed everything for the three banks that were named in it, analysts said.",
		"Join the queue: three more banks want a licence.",
	} {
		got, _ := news.Story([]string{p}, "example.com")
		if len(got) != 1 && !strings.HasPrefix(p, "The report first") {
			t.Errorf("dropped %q", p)
		}
	}
}

func TestStoryNamesThePublisher(t *testing.T) {
	for p, want := range map[string]string{
		"This article originally appeared in the South China Morning Post (SCMP), the most authoritative voice.": "South China Morning Post",
		"This story was originally published by The Strait Ledger.":                                              "The Strait Ledger",
		"The post Gold rises appeared first on Metal Weekly.":                                                    "Metal Weekly",
		"This article first appeared in Harbour Times, a weekly.":                                                "Harbour Times",
	} {
		story, publisher := news.Story([]string{"Gold rose.", p}, "")
		if publisher != want || len(story) != 1 {
			t.Errorf("%q: publisher %q, story %q", p, publisher, story)
		}
	}
}

func TestStoryLosesAnAdvertisementLineWithinAParagraph(t *testing.T) {
	got, _ := news.Story([]string{"Gold rose on Monday.\nADVERTISEMENT\nSilver fell. [&#8230;]"}, "")
	if want := []string{"Gold rose on Monday. Silver fell. [&#8230;]"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
	got, _ = news.Story([]string{"Gold rose on Monday, traders […]"}, "")
	if want := []string{"Gold rose on Monday, traders…"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q", got)
	}
}

func TestStoryOfOneSiteOnly(t *testing.T) {
	p := []string{"Join ST's Telegram channel and get the latest breaking news delivered to you."}
	if got, _ := news.Story(p, "www.straitstimes.com"); len(got) != 0 {
		t.Errorf("kept %q", got)
	}
	if got, _ := news.Story(p, "example.com"); len(got) != 1 {
		t.Errorf("dropped on another site")
	}
}

// seedPage is the page that the project started from: one syndicated article.
func seedPage(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("BELLWETHER_TESTDATA")
	if dir == "" {
		t.Skip("BELLWETHER_TESTDATA names no folder of test data")
	}
	text, err := os.ReadFile(filepath.Join(dir, "seed-page.txt"))
	if err != nil {
		t.Fatal(err)
	}
	_, article, ok := strings.Cut(string(text), "Putin's Pyongyang visit\n")
	if !ok {
		t.Fatal("the page has another title")
	}
	return news.Paragraphs(article)
}

func TestSeedPage(t *testing.T) {
	all := seedPage(t)
	story, publisher := news.Story(all, "sg.finance.yahoo.com")
	if publisher != "South China Morning Post" {
		t.Errorf("publisher %q", publisher)
	}
	if len(all)-len(story) != 4 {
		t.Errorf("dropped %d paragraphs, want the 4 that are not the story's", len(all)-len(story))
	}
	for _, p := range story {
		for _, unwanted := range []string{"ADVERTISEMENT", "SCMP Knowledge", "originally appeared", "Copyright"} {
			if strings.Contains(p, unwanted) {
				t.Errorf("kept %q", p)
			}
		}
	}
	summary := news.Summary(story, "Chinese senior officials' South Korea trip to coincide with Putin's Pyongyang visit", 320)
	want := "A trip to South Korea by senior Chinese foreign and defence officials will coincide with Russian President Vladimir Putin's visit to Pyongyang next door, as tensions soar in the Korean peninsula."
	if summary != want {
		t.Errorf("summary %q", summary)
	}
}

func TestSummary(t *testing.T) {
	for name, tt := range map[string]struct {
		story []string
		limit int
		want  string
	}{
		"two sentences":      {[]string{"Gold rose. Silver fell. Tin slept."}, 100, "Gold rose. Silver fell."},
		"one long":           {[]string{"Gold rose.", strings.Repeat("Silver fell and ", 20)}, 60, "Gold rose."},
		"abbreviations":      {[]string{"Shares of Apple Inc. Fell 2% in U.S. Trading on Monday. Volume was thin."}, 100, "Shares of Apple Inc. Fell 2% in U.S. Trading on Monday. Volume was thin."},
		"decimals":           {[]string{"The STI rose 0.3% to 3,367.90. Banks led."}, 100, "The STI rose 0.3% to 3,367.90. Banks led."},
		"full-width":         {[]string{"日経平均は上昇した。円は下落した。金は横ばい。"}, 100, "日経平均は上昇した。円は下落した。"},
		"no end":             {[]string{"Gold rises"}, 100, "Gold rises"},
		"nothing but title":  {[]string{"Gold Rises!"}, 100, ""},
		"nothing":            {nil, 100, ""},
		"cut in code points": {[]string{"Gold rose to a record on Monday"}, 16, "Gold rose to a…"},
	} {
		t.Run(name, func(t *testing.T) {
			title := ""
			if name == "nothing but title" {
				title = "Gold rises"
			}
			if got := news.Summary(tt.story, title, tt.limit); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzParagraphs(f *testing.F) {
	f.Add("<p>S&amp;amp;P &lt;b&gt;500&lt;/b&gt;</p><script>x</script>ADVERTISEMENT")
	f.Add("<<a<b>>&#x110000;&#0;\xff<p")
	f.Fuzz(func(t *testing.T, s string) {
		story, publisher := news.Story(news.Paragraphs(s), "example.com")
		for _, p := range story {
			if p == "" || strings.Contains(p, "\n") {
				t.Fatalf("paragraph %q of %q", p, s)
			}
		}
		if n := utf8.RuneCountInString(news.Summary(story, "", 50)); n > 50 {
			t.Fatalf("summary of %d code points", n)
		}
		if utf8.RuneCountInString(publisher) > 80 || utf8.RuneCountInString(news.Line(s, 10)) > 10 {
			t.Fatal("too long")
		}
	})
}

func BenchmarkStory(b *testing.B) {
	real := "The agency said on Tuesday that the two sides would exchange views on trade, on the peninsula and on other topics of interest, including the situation in the region."
	page := make([]string, 25)
	for i := range page {
		page[i] = real
	}
	for b.Loop() {
		news.Story(page, "example.com")
	}
}

func BenchmarkParagraphs(b *testing.B) {
	page := strings.Repeat("<p>The agency said on Tuesday that &quot;the two sides&quot; would exchange <b>views</b> on trade.</p>\n", 25)
	for b.Loop() {
		news.Paragraphs(page)
	}
}
