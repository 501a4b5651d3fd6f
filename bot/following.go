package bot

import (
	"context"
	"strconv"

	"bellwether/alerts/news"
	"bellwether/bot/message"
)

// handleFollowing lists the feeds of a destination, with how they are.
func handleFollowing(ctx context.Context, c *call) (result, error) { return c.feedsPage(ctx, 0, false) }

func handleFeedsPage(ctx context.Context, c *call) (result, error) {
	page, _ := strconv.Atoi(c.arg(0))
	return c.feedsPage(ctx, page, true)
}

const feedsOnPage = 6

func (c *call) feedsPage(ctx context.Context, page int, edit bool) (result, error) {
	following, err := c.bot.store.FeedsOf(ctx, c.place.ID)
	if err != nil {
		return result{}, err
	}
	if len(following) == 0 {
		out := c.say("following.none", "Topics", c.bot.topicNames())
		out.answer.Edit = edit
		return out, nil
	}
	return result{answer: Answer{Message: c.feedList(following, page), Edit: edit}}, nil
}

// feedList shows one page of feeds.
func (c *call) feedList(following []news.Feed, page int) *message.Message {
	from, to, pager := c.pages("feeds", page, len(following), feedsOnPage)
	m := &message.Message{Title: c.words.Say("following.title", "Count", len(following))}
	items := make([][]message.Inline, 0, feedsOnPage)
	var drops []message.Button
	for i, f := range following[from:to] {
		number := strconv.Itoa(from + i + 1)
		item := message.Item(message.B(number+". "+title(f)), message.T(" · "+f.URL))
		if f.Trouble != "" {
			item = append(item, message.T(" · "+c.words.Say("following.trouble", "Why", f.Trouble)))
		}
		items = append(items, item)
		drops = append(drops, message.Button{
			Label: c.words.Say("following.drop", "Number", number), Data: message.Data("feed.off", id36(int64(f.ID)), strconv.Itoa(page)),
		})
	}
	m.Blocks = []message.Block{message.Items(items...)}
	m.Buttons = append(rows(drops, 3), pager...)
	return m
}

// rows lays buttons out, n in a row.
func rows(buttons []message.Button, n int) [][]message.Button {
	var out [][]message.Button
	for len(buttons) > 0 {
		k := min(n, len(buttons))
		out = append(out, buttons[:k])
		buttons = buttons[k:]
	}
	return out
}

// pages returns which part of a list a page shows, and the buttons to turn it.
func (c *call) pages(verb string, page, total, size int) (from, to int, pager [][]message.Button) {
	last := max(0, (total-1)/size)
	page = min(max(page, 0), last)
	from, to = page*size, min(total, (page+1)*size)
	var turn []message.Button
	if page > 0 {
		turn = append(turn, message.Button{Label: c.words.Say("page.back"), Data: message.Data(verb, strconv.Itoa(page-1))})
	}
	if page < last {
		turn = append(turn, message.Button{Label: c.words.Say("page.next", "Page", page+2, "Pages", last+1), Data: message.Data(verb, strconv.Itoa(page+1))})
	}
	if len(turn) > 0 {
		pager = [][]message.Button{turn}
	}
	return from, to, pager
}
