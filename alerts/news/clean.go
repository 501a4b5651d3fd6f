package news

import (
	"html"
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// maxMarkup is how many bytes of one text are looked at. What follows is of no
// use for a title, a summary or a fingerprint.
const maxMarkup = 512 << 10

// rounds is how often a text is unwrapped: feeds escape titles twice
// ("S&amp;amp;P"), and some escape whole pages that way.
const rounds = 3

var (
	blockTag = regexp.MustCompile(`(?i)</?(?:p|div|br|hr|li|ul|ol|dl|dt|dd|h[1-6]|blockquote|pre|tr|table|section|article|header|footer|aside|figure|figcaption)\b[^<>]*>`)
	// aside is what is printed beside a story: its words are not the story's.
	aside    = regexp.MustCompile(`(?is)<(figcaption|aside|nav|footer|button|form)\b[^>]*>.*?</(?:figcaption|aside|nav|footer|button|form)\s*>`)
	entity   = regexp.MustCompile(`&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});`)
	anyTag   = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9]{0,15}(?:\s[^<>]*)?/?>`)
	emptyRow = regexp.MustCompile(`\n[ \t\r\f\v\x{00A0}]*\n`)
)

// Paragraphs returns the plain text of a page or a fragment of one, paragraph by
// paragraph, each on one line or, where plain text was given, with its own line
// breaks. Markup, scripts and styles are gone, references are resolved.
func Paragraphs(markup string) []string {
	if len(markup) > maxMarkup {
		markup = strings.ToValidUTF8(markup[:maxMarkup], "")
	}
	text := markup
	for range rounds {
		before := text
		text = unwrap(text)
		if text == before || !entity.MatchString(text) && !anyTag.MatchString(text) {
			break
		}
	}
	text = strings.Map(unturned, text)
	var out []string
	for _, p := range emptyRow.Split(text, -1) {
		if p = trimLines(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// unturned drops the characters that turn the direction of what stands around
// them (Unicode, UAX 9: embeddings, overrides, isolates): a headline must not
// reach into the words beside it.
func unturned(r rune) rune {
	if r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 {
		return -1
	}
	return r
}

// unwrap takes one layer of markup off.
func unwrap(text string) string {
	if anyTag.MatchString(text) {
		text = aside.ReplaceAllString(text, "\n\n")
		if blockTag.MatchString(text) {
			// Line breaks in the source of a page mean no more than spaces.
			text = strings.NewReplacer("\r", " ", "\n", " ").Replace(text)
			text = blockTag.ReplaceAllString(text, "\n\n$0")
		}
		text = bluemonday.StrictPolicy().Sanitize(text) //nolint:misspell // the library spells it so
	}
	return html.UnescapeString(text)
}

func trimLines(p string) string {
	lines := strings.Split(strings.ReplaceAll(p, "\r", "\n"), "\n")
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// Line returns the plain text of a title or a name on one line, at most limit
// code points.
func Line(markup string, limit int) string {
	return cut(strings.Join(strings.Fields(strings.Join(Paragraphs(markup), " ")), " "), limit)
}
