package bot

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/news"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// Topic is a word for several feeds.
type Topic struct {
	Name  string
	Feeds []news.Feed // URL and Title
}

// FeedProblem is implemented by the errors of a feed reader whose text is for
// people: why an address cannot be followed and what to do instead.
type FeedProblem interface {
	error
	// Problem names the kind of trouble for the message catalogue: "not-feed",
	// "private", "large", "slow", "broken", "gone", "refused".
	Problem() string
	// Instead lists addresses of feeds that were found where a page was.
	Instead() []string
}

const followTime = 25 * time.Second

// handleFollow follows a feed or all feeds of a topic.
func handleFollow(ctx context.Context, c *call) (result, error) {
	switch sub := c.subCommand("add", "list", "remove"); sub {
	case "list":
		return handleFollowing(ctx, c)
	case "remove":
		return handleUnfollow(ctx, c)
	}
	text := c.option("feed")
	if text == "" {
		text = strings.TrimSpace(c.Text)
	}
	if text == "" {
		out := c.ask("follow.ask", "follow", "", "Topics", c.bot.topicNames())
		var picks []message.Button
		for _, t := range c.bot.topics[:min(len(c.bot.topics), 6)] {
			picks = append(picks, message.Button{Label: t.Name, Data: message.Data("pick", "follow "+t.Name)})
		}
		out.answer.Message.Buttons = rows(picks, 3)
		return out, nil
	}
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	if topic, ok := c.bot.topic(text); ok {
		return c.followAll(ctx, topic)
	}
	address, ok := feedAddress(text)
	if !ok {
		return result{}, refuse("follow.bad", "Typed", message.Cut(text, 60), "Topics", c.bot.topicNames())
	}
	return c.followOne(ctx, address)
}

// subCommand returns the sub-command of a platform that has them, or the first
// word where it is one of those; that word is then taken off the text.
func (c *call) subCommand(known ...string) string {
	if c.Sub != "" {
		return c.Sub
	}
	first, rest, _ := strings.Cut(strings.TrimSpace(c.Text), " ")
	for _, k := range known {
		if strings.EqualFold(first, k) {
			c.Text = rest
			return k
		}
	}
	return ""
}

// feedAddress makes an address of what was typed: "example.com/feed" too.
func feedAddress(text string) (string, bool) {
	if strings.ContainsAny(text, " \t\n") || len(text) > 2000 {
		return "", false
	}
	if !strings.Contains(text, "://") {
		if !strings.Contains(text, ".") {
			return "", false
		}
		text = "https://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "", false
	}
	u.Fragment = ""
	return u.String(), true
}

// followOne reads a feed before it is followed, so that a wrong address is told
// at once.
func (c *call) followOne(ctx context.Context, address string) (result, error) {
	feed, err := c.bot.store.FeedByURL(ctx, address)
	if errors.Is(err, subscriptions.ErrNotFound) {
		feed, err = c.readNewFeed(ctx, address)
	}
	if err != nil {
		return result{}, err
	}
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	for _, f := range following {
		if f.ID == feed.ID {
			return c.say("follow.known", "Title", title(feed)), nil
		}
	}
	id := "follow.done"
	if feed.Primed {
		id = "follow.done.read" // only its first reading tells what was there before
	}
	out := c.say(id, "Title", title(feed))
	if err := c.subscribeFeed(ctx, &out, feed); err != nil {
		return result{}, err
	}
	out.answer.Message.Buttons = [][]message.Button{{c.unfollowButton(feed)}}
	out.after = c.bot.readFeedsSoon
	return out, nil
}

func (c *call) readNewFeed(ctx context.Context, address string) (news.Feed, error) {
	ctx, cancel := context.WithTimeout(ctx, followTime)
	defer cancel()
	feed, err := c.bot.reader.Read(ctx, news.Feed{URL: address})
	var problem FeedProblem
	switch {
	case errors.As(err, &problem):
		return news.Feed{}, c.feedProblem(problem)
	case err != nil:
		c.bot.log.Warn("read a feed to be followed", "error", err)
		return news.Feed{}, refuse("follow.problem.refused")
	}
	known, err := c.bot.store.FeedByURL(ctx, feed.URL)
	if err == nil || !errors.Is(err, subscriptions.ErrNotFound) {
		return known, err
	}
	// It is read again by the check that takes its articles, so nothing of
	// this reading may be remembered as seen.
	id, err := c.bot.store.NewID(ctx)
	return news.Feed{ID: news.FeedID(id), URL: feed.URL, Title: feed.Title, Site: feed.Site}, err
}

// feedProblem says why an address cannot be followed.
func (c *call) feedProblem(p FeedProblem) error {
	m := &message.Message{Blocks: []message.Block{c.words.P("follow.problem." + p.Problem())}}
	for _, instead := range p.Instead() {
		if data := message.Data("pick", "follow "+instead); data != "" {
			m.Buttons = append(m.Buttons, []message.Button{{Label: message.Cut(instead, 40), Data: data}})
		} else {
			m.Blocks = append(m.Blocks, message.P(message.C(message.Cut(instead, 300))))
		}
	}
	return refuseWith(m)
}

// followAll follows every feed of a topic.
func (c *call) followAll(ctx context.Context, t Topic) (result, error) {
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	have := make(map[string]bool, len(following))
	for _, f := range following {
		have[f.URL] = true
	}
	var out result
	var added []string
	for _, f := range t.Feeds {
		if have[f.URL] {
			continue
		}
		feed, err := c.bot.store.FeedByURL(ctx, f.URL)
		if errors.Is(err, subscriptions.ErrNotFound) {
			var id int64
			id, err = c.bot.store.NewID(ctx)
			feed = news.Feed{ID: news.FeedID(id), URL: f.URL, Title: f.Title}
		}
		if err != nil {
			return result{}, err
		}
		if err := c.subscribeFeed(ctx, &out, feed); err != nil {
			return result{}, err
		}
		added = append(added, title(feed))
	}
	if len(added) == 0 {
		return c.say("follow.topic.known", "Topic", t.Name), nil
	}
	out.answer = c.say("follow.topic.done", "Topic", t.Name, "List", strings.Join(added, ", "), "Count", len(added)).answer
	out.after = c.bot.readFeedsSoon
	return out, nil
}

// subscribeFeed adds what makes a destination follow a feed.
func (c *call) subscribeFeed(ctx context.Context, out *result, feed news.Feed) error {
	if err := c.canPost(); err != nil {
		return err
	}
	id, err := c.bot.store.NewID(ctx)
	if err != nil {
		return err
	}
	out.effects = append(out.effects, PutFeed{Feed: feed}, Subscribe{
		Limits: c.bot.limits,
		Subscription: subscriptions.Subscription{
			ID: subscriptions.SubscriptionID(id), Destination: c.place.ID, Owner: c.person, Created: c.now,
			Topic: alerts.Topic{Kind: alerts.TopicFeed, ID: int64(feed.ID)},
		},
	})
	change := c.change("feed", "", title(feed))
	change.Ordinal = len(out.changes)
	out.changes = append(out.changes, change)
	return nil
}

// title returns what a feed is called: its own name, or its host.
func title(f news.Feed) string {
	if f.Title != "" {
		return f.Title
	}
	if u, err := url.Parse(f.URL); err == nil {
		return u.Host
	}
	return f.URL
}

func (b *Bot) topic(text string) (Topic, bool) {
	for _, t := range b.topics {
		if strings.EqualFold(t.Name, strings.TrimSpace(text)) {
			return t, true
		}
	}
	return Topic{}, false
}

func (b *Bot) topicNames() string {
	names := make([]string, len(b.topics))
	for i, t := range b.topics {
		names[i] = t.Name
	}
	return strings.Join(names, ", ")
}

func (c *call) unfollowButton(f news.Feed) message.Button {
	return message.Button{Label: c.words.Say("feed.drop"), Data: message.Data("feed.off", id36(int64(f.ID)), "-")}
}

// handleUnfollow ends the following of a feed, named by its number in
// /following, its address or its title.
func handleUnfollow(ctx context.Context, c *call) (result, error) {
	text := c.option("feed")
	if text == "" {
		text = strings.TrimSpace(c.Text)
	}
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	if text == "" {
		return handleFollowing(ctx, c)
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(following) {
		return c.unfollow(ctx, following[n-1])
	}
	for _, f := range following {
		if strings.EqualFold(f.URL, text) || strings.EqualFold(title(f), text) {
			return c.unfollow(ctx, f)
		}
	}
	return result{}, refuse("unfollow.unknown", "Typed", message.Cut(text, 60))
}

func (c *call) unfollow(ctx context.Context, f news.Feed) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	out := c.say("unfollow.done", "Title", title(f))
	out.effects = []Effect{Unsubscribe{Destination: c.place.ID, Topic: alerts.Topic{Kind: alerts.TopicFeed, ID: int64(f.ID)}}}
	out.changes = []subscriptions.Change{c.change("feed", title(f), "")}
	return out, nil
}

func handleFeedDrop(ctx context.Context, c *call) (result, error) {
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	id, err := strconv.ParseInt(c.arg(0), 36, 64)
	if err != nil {
		return result{}, refuse("button.unknown")
	}
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	for _, f := range following {
		if int64(f.ID) == id {
			return c.unfollow(ctx, f)
		}
	}
	return c.say("unfollow.already"), nil
}

// handleFeedOff ends the following of a feed from the list of them, which stays,
// or from the message that told that it is followed.
func handleFeedOff(ctx context.Context, c *call) (result, error) {
	out, err := handleFeedDrop(ctx, c)
	if err != nil {
		return out, err
	}
	out.answer.Edit = true
	page, err := strconv.Atoi(c.arg(1))
	if err != nil {
		return out, nil
	}
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	left := slices.DeleteFunc(following, func(f news.Feed) bool { return id36(int64(f.ID)) == c.arg(0) })
	if len(left) > 0 {
		list := c.feedList(left, page)
		list.Blocks = append(slices.Clone(out.answer.Message.Blocks), list.Blocks...)
		out.answer.Message = list
	}
	return out, nil
}
