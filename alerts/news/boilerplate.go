package news

import (
	"regexp"
	"strings"
)

// rule finds what surrounds a story without being part of it. A pattern covers
// a whole paragraph or a whole line of one: a real sentence that begins with
// the same words ("Advertisement revenue fell…") goes on differently and stays.
type rule struct {
	host      string // of the site that it is for, with its subdomains; "" for all
	pattern   *regexp.Regexp
	publisher bool // its first group names who wrote the story first
}

var (
	adLine = regexp.MustCompile(`(?i)^\W*(?:advertisements?|advertising|sponsored(?: content)?|promoted content|paid post|partner content|(?:story|article) continues(?: below)?(?: (?:this )?advertisement)?|scroll to continue(?: with content)?|listen to this article|\d{1,2}[- ]min(?:ute)? read)\W*$`)

	moreLine = regexp.MustCompile(`(?i)^\W*(?:continue reading|read (?:more|next|the full (?:story|article)|full (?:story|article))|click here (?:to read more|for more)|show more|view comments|share this (?:article|story)|watch (?:more|now|live))\W*$`)

	crossLine = regexp.MustCompile(`(?i)^\W*(?:read (?:also|more|next)|also read|see also|related(?: (?:articles?|stories|news))?|more from [^:]{1,40}|don['’]t miss|recommended)\s*:.{0,250}$`)

	questions = regexp.MustCompile(`(?is)^do you have (?:any )?questions about .{1,200}\?\s*get the answers with .{1,400}$`)

	newsletter = regexp.MustCompile(`(?is)^(?:\W*(?:please )?(?:sign up|subscribe)(?: (?:now|here|today|for free))? (?:for|to) [^.]{0,120}\b(?:newsletters?|alerts|channel|podcast)\b.{0,200}|get [^.]{0,120}\b(?:straight|delivered|sent) to your (?:inbox|phone|mailbox)\b.{0,160})$`)

	follow = regexp.MustCompile(`(?is)^\W*(?:follow|join|find|like) (?:us|[A-Z][\w'’ ]{0,40}?) on (?:(?:our )?(?:facebook|twitter|x|telegram|whatsapp|instagram|linkedin|tiktok|youtube|google news)(?:,? and |,? or |, )?)+\b.{0,160}$`)

	app = regexp.MustCompile(`(?is)^\W*(?:download|get|install) (?:the|our) [\w'’ ]{0,40}\bapp\b.{0,160}$`)

	origin = regexp.MustCompile(`(?is)^\W*(?:this|the) (?:article|story|piece|report|post)(?: was| has been| is)? (?:originally|first) (?:appeared|ran|published|posted|produced)(?: (?:in|on|by|at))(?: (?-i:the))? (.{2,80}?)(?:\s*\(|,|\.\s|\.?$|;| and (?:is|was) ).{0,500}$`)

	blogPost = regexp.MustCompile(`(?is)^the (?:post|article) .{1,400} (?:first appeared|appeared first) on (.{2,80}?)\.?$`)

	copyrightLine = regexp.MustCompile(`(?is)^\W*(?:copyright\s*)?(?:©|\(c\)|&copy;)\s*(?:copyright\s*)?(?:19|20)\d\d\b.{0,200}$`)

	copyrightWord = regexp.MustCompile(`(?is)^\W*copyright (?:(?:19|20)\d\d\b.{0,200}|.{0,120}\ball rights reserved\W*)$`)

	rights = regexp.MustCompile(`(?is)^.{0,100}\ball rights reserved\W*(?:this material may not be published.{0,200})?$`)

	reporting = regexp.MustCompile(`(?is)^\W*\(?(?:additional )?(?:reporting|writing|editing)(?: and (?:reporting|writing|editing))? by [^.]{2,200}\W*$`)

	straitsTimes = regexp.MustCompile(`(?is)^\W*join st['’]s (?:telegram|whatsapp) channel .{0,120}$`)

	makeIt = regexp.MustCompile(`(?is)^\W*(?:want to|plus,|sign up|take control of) .{0,200}\bCNBC Make It\b.{0,200}$`)

	// tail is what is put behind the last sentence of a shortened text.
	tail = regexp.MustCompile(`(?i)\s*(?:\[\s*(?:…|\.\.\.)\s*\]|(?:…|\.\.\.)?\s*\b(?:continue reading|read more|read the full (?:story|article))\b[^.\pL]*)$`)
)

// boilerplate lists the rules in the order in which they are tried.
func boilerplate() []rule {
	return []rule{
		{pattern: origin, publisher: true},
		{pattern: blogPost, publisher: true},
		{pattern: adLine},
		{pattern: moreLine},
		{pattern: crossLine},
		{pattern: questions},
		{pattern: newsletter},
		{pattern: follow},
		{pattern: app},
		{pattern: copyrightLine},
		{pattern: copyrightWord},
		{pattern: rights},
		{pattern: reporting},
		{host: "straitstimes.com", pattern: straitsTimes},
		{host: "cnbc.com", pattern: makeIt},
	}
}

// Story returns the paragraphs that tell the story, without advertisements,
// promotions, cross-references and copyrights, and who wrote it first where
// one of them says so. Host is that of the page.
func Story(paragraphs []string, host string) (story []string, publisher string) {
	rules := boilerplate()
	for _, p := range paragraphs {
		kept, from := strip(p, host, rules)
		if from != "" && publisher == "" {
			publisher = from
		}
		if kept != "" {
			story = append(story, kept)
		}
	}
	return story, publisher
}

// strip returns what of a paragraph is the story's.
func strip(paragraph, host string, rules []rule) (kept, publisher string) {
	if unwanted, from := match(strings.ReplaceAll(paragraph, "\n", " "), host, rules); unwanted {
		return "", from
	}
	var lines []string
	for line := range strings.SplitSeq(paragraph, "\n") {
		unwanted, from := match(line, host, rules)
		if from != "" {
			publisher = from
		}
		if !unwanted {
			lines = append(lines, line)
		}
	}
	kept = strings.Join(lines, " ")
	if loc := tail.FindStringIndex(kept); loc != nil {
		kept = strings.TrimRight(kept[:loc[0]], " .…") + "…"
		if kept == "…" {
			kept = ""
		}
	}
	return kept, publisher
}

func match(text, host string, rules []rule) (unwanted bool, publisher string) {
	if len(text) > 1500 {
		return false, ""
	}
	for _, r := range rules {
		if r.host != "" && host != r.host && !strings.HasSuffix(host, "."+r.host) {
			continue
		}
		found := r.pattern.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		if r.publisher {
			publisher = cut(strings.TrimSpace(found[1]), maxName)
		}
		return true, publisher
	}
	return false, ""
}
