package bot

import (
	"context"

	"bellwether/alerts"
	"bellwether/alerts/news"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// toldBefore tells whether a destination has a message on a send's subject.
func (b *Bot) toldBefore(ctx context.Context, s outbox.Send) (bool, error) {
	parts, err := b.store.PartsOf(ctx, s.Destination, s.Subject)
	return len(parts) > 0, err
}

// also shows a story that another feed told before: where that was told, the
// message of then with the further feed's name; elsewhere the article itself.
func (k *composition) also(ctx context.Context, w Words, e alerts.Event, d dress) *message.Message {
	if d.told {
		if first, err := k.bot.store.EventOf(ctx, e.Subject); err == nil && first.Article != nil {
			name := title(k.feeds[e.Article.Feed])
			k.readFeed(ctx, first.Article.Feed)
			m := k.article(w, first, d)
			m.Footer = append(m.Footer, message.T(" · "+w.Say("article.also", "Feed", name)))
			return m
		}
	}
	return k.article(w, e, d)
}

// summary tells the newest article of each feed that was just added here.
func (k *composition) summary(ctx context.Context, e alerts.Event, place subscriptions.Destination, d dress) (*message.Message, string, error) {
	following, err := k.bot.store.FeedsOf(ctx, place.ID)
	if err != nil {
		return nil, "", err
	}
	w := k.bot.catalogue.Words(d.locale, d.zone, k.now)
	names := make(map[news.FeedID]string, len(following))
	for _, f := range following {
		names[f.ID] = title(f)
	}
	var items [][]message.Inline
	for _, a := range e.Articles {
		name, here := names[a.Feed]
		if !here {
			continue
		}
		item := message.Item(message.T(message.Cut(a.Title, 150)))
		if address, ok := message.CleanURL(a.URL); ok {
			item = message.Item(message.A(message.Cut(a.Title, 150), address))
		}
		items = append(items, append(item, message.T(" · "+name)))
	}
	if len(items) == 0 {
		return nil, "nothing in it is followed here any more", nil
	}
	return &message.Message{Title: w.Say("summary.title", "Count", len(items)), Blocks: []message.Block{message.Items(items...), w.P("summary.what")}}, "", nil
}
