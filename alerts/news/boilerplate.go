package news

import (
	"regexp"
	"slices"
	"strings"
)

// rule finds what surrounds a story without being part of it. A pattern covers
// a whole paragraph or a whole line of one: a real sentence that begins with
// the same words ("Advertisement revenue fell…") goes on differently and stays.
type rule struct {
	host      string   // of the site that it is for, with its subdomains; "" for all
	hints     []string // lower-case words of which one must be there: looking for them is quick
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

// maxTail is how many bytes at the end of a paragraph are searched for a tail.
const maxTail = 60

// boilerplate lists the rules in the order in which they are tried.
func boilerplate() []rule {
	return []rule{
		{hints: []string{"originally", "first"}, pattern: origin, publisher: true},
		{hints: []string{"appeared"}, pattern: blogPost, publisher: true},
		{hints: []string{"adverti", "sponsored", "promoted", "paid post", "partner", "continue", "listen", "min"}, pattern: adLine},
		{hints: []string{"read", "click", "show", "view", "share", "watch"}, pattern: moreLine},
		{hints: []string{":"}, pattern: crossLine},
		{hints: []string{"get the answers"}, pattern: questions},
		{hints: []string{"sign up", "subscribe", "to your"}, pattern: newsletter},
		{hints: []string{"follow", "join", "find", "like"}, pattern: follow},
		{hints: []string{"app"}, pattern: app},
		{hints: []string{"©", "(c)", "&copy;"}, pattern: copyrightLine},
		{hints: []string{"copyright"}, pattern: copyrightWord},
		{hints: []string{"rights reserved"}, pattern: rights},
		{hints: []string{"reporting", "writing", "editing"}, pattern: reporting},
		{host: "straitstimes.com", hints: []string{"channel"}, pattern: straitsTimes},
		{host: "cnbc.com", hints: []string{"make it"}, pattern: makeIt},
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
	if !strings.Contains(paragraph, "\n") {
		return untailed(paragraph), ""
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
	return untailed(strings.Join(lines, " ")), publisher
}

// untailed returns a paragraph without what is put behind its last sentence.
func untailed(paragraph string) string {
	start := max(0, len(paragraph)-maxTail)
	loc := tail.FindStringIndex(paragraph[start:])
	if loc == nil {
		return paragraph
	}
	if kept := strings.TrimRight(paragraph[:start+loc[0]], " .…"); kept != "" {
		return kept + "…"
	}
	return ""
}

func match(text, host string, rules []rule) (unwanted bool, publisher string) {
	if len(text) > 1500 {
		return false, ""
	}
	lower := strings.ToLower(text)
	for _, r := range rules {
		if !slices.ContainsFunc(r.hints, func(h string) bool { return strings.Contains(lower, h) }) {
			continue
		}
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
