package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/alerts/news"
	"bellwether/bot/message"
	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// lateAfter is how old news of a price may be before its message says so.
const lateAfter = time.Minute

// composition makes the messages of one batch of sends. What several sends
// share is read and made once.
type composition struct {
	bot     *Bot
	now     time.Time
	events  map[alerts.EventID]alerts.Event
	places  map[subscriptions.DestinationID]subscriptions.Destination
	records map[market.Ticker]alerts.Standing
	feeds   map[news.FeedID]news.Feed
	recent  []news.Article
	made    map[dress]*message.Message
}

// dress is what makes two messages on one event differ.
type dress struct {
	event    alerts.EventID
	locale   string
	zone     string
	light    bool
	private  bool
	told     bool // the story was told there before
	silent   bool // nobody there can press a button without all readers seeing the answer
	platform subscriptions.Platform
}

func dressOf(e alerts.Event, place subscriptions.Destination) dress {
	return dress{
		event: e.ID, locale: place.Locale, zone: place.Zone, light: place.Settings.Light,
		private: place.Kind == subscriptions.Private, platform: place.Address.Platform,
		silent: place.Kind == subscriptions.Broadcast && place.Address.Platform == subscriptions.Telegram,
	}
}

// Compose fills in the messages of sends that tell events.
func (b *Bot) Compose(ctx context.Context, sends []*outbox.Send) error {
	k, err := b.composition(ctx, sends)
	if err != nil {
		return err
	}
	for _, s := range sends {
		if s.Message != nil || s.Event == 0 {
			continue
		}
		event, ok := k.events[alerts.EventID(s.Event)]
		place, known := k.places[s.Destination]
		if !ok || !known {
			return fmt.Errorf("compose send %d: its event or its destination is gone", s.ID)
		}
		d := dressOf(event, place)
		if event.Kind == alerts.EventSummary {
			if s.Message, s.Reason, err = k.summary(ctx, event, place, d); err != nil {
				return err
			}
			continue
		}
		if event.Kind == alerts.EventAlso {
			if d.told, err = b.toldBefore(ctx, *s); err != nil {
				return err
			}
		}
		if k.made[d] == nil {
			m := k.message(ctx, event, d)
			k.made[d] = m
		}
		s.Message = k.made[d]
	}
	return nil
}

func (b *Bot) composition(ctx context.Context, sends []*outbox.Send) (*composition, error) {
	k := &composition{bot: b, now: b.now().UTC(), made: make(map[dress]*message.Message), feeds: make(map[news.FeedID]news.Feed)}
	var ids []alerts.EventID
	var places []subscriptions.DestinationID
	seen := make(map[int64]bool)
	for _, s := range sends {
		if s.Event != 0 && !seen[s.Event] {
			seen[s.Event] = true
			ids = append(ids, alerts.EventID(s.Event))
		}
		places = append(places, s.Destination)
	}
	var err error
	if k.events, err = b.store.Events(ctx, ids...); err != nil {
		return nil, err
	}
	found, err := b.store.Destinations(ctx, places...)
	if err != nil {
		return nil, err
	}
	k.places = make(map[subscriptions.DestinationID]subscriptions.Destination, len(found))
	for _, d := range found {
		k.places[d.ID] = d
	}
	return k, k.readAround(ctx)
}

// readAround reads what messages tell beside their events: prices as they are
// now, the names of feeds, the day's headlines.
func (k *composition) readAround(ctx context.Context) error {
	var tickers []market.Ticker
	for _, e := range k.events {
		if e.Firing != nil {
			tickers = append(tickers, e.Firing.Symbol())
		}
		if e.Article != nil {
			k.readFeed(ctx, e.Article.Feed)
		}
	}
	if len(tickers) == 0 {
		return nil
	}
	var err error
	if k.records, err = k.bot.store.Standings(ctx, tickers); err != nil {
		return err
	}
	k.recent, err = k.bot.store.RecentArticles(ctx, k.now.Add(-24*time.Hour), 300)
	return err
}

// readFeed remembers what a feed is called.
func (k *composition) readFeed(ctx context.Context, id news.FeedID) {
	if _, ok := k.feeds[id]; ok {
		return
	}
	if feed, err := k.bot.store.Feed(ctx, id); err == nil {
		k.feeds[id] = feed
	}
}

// message makes the message of an event.
func (k *composition) message(ctx context.Context, e alerts.Event, d dress) *message.Message {
	w := k.bot.catalogue.Words(d.locale, d.zone, k.now)
	var m *message.Message
	switch {
	case e.Kind == alerts.EventArticle && e.Article != nil:
		m = k.article(w, e, d)
	case e.Kind == alerts.EventAlso && e.Article != nil:
		m = k.also(ctx, w, e, d)
	case e.Kind == alerts.EventHeld && e.Firing != nil:
		m = k.held(w, e)
	case e.Firing != nil && e.Kind == alerts.EventFired:
		m = k.firing(ctx, w, e, d)
	case e.Firing != nil:
		m = k.followUp(ctx, w, e, d)
	case e.Bell != nil:
		m = k.bell(w, e)
	case e.Notice != nil:
		m = k.notice(w, e)
	default:
		m = &message.Message{Blocks: []message.Block{w.P("event.unknown")}}
	}
	return m
}

// article shows a story: headline, summary, who wrote it, whose feed.
func (k *composition) article(w Words, e alerts.Event, d dress) *message.Message {
	a := e.Article
	m := &message.Message{Title: message.Cut(a.Title, 250)}
	if address, ok := message.CleanURL(a.URL); ok {
		m.TitleURL, m.Preview = address, address
	}
	if a.Summary != "" {
		m.Blocks = append(m.Blocks, message.P(message.T(message.Cut(a.Summary, 600))))
	}
	name := title(k.feeds[a.Feed])
	from := name
	if a.Publisher != "" && a.Publisher != name {
		from = w.Say("article.via", "Publisher", message.Cut(a.Publisher, 60), "Feed", name)
	}
	m.Footer = []message.Inline{message.T(from + " · "), message.When(a.Published, w.Clock(a.Published))}
	if late := k.now.Sub(e.Detected); late > 10*time.Minute {
		m.Footer = append(m.Footer, message.T(" · "+w.Say("late.by", "Late", w.Span(late))))
	}
	if d.private {
		unfollow := message.Button{Label: w.Say("feed.drop"), Data: message.Data("feed.drop", id36(int64(a.Feed)))}
		m.Buttons = [][]message.Button{{unfollow}}
	}
	return m
}

// notice tells people what they are to know of our own working.
func (k *composition) notice(w Words, e alerts.Event) *message.Message {
	if m := k.marketNotice(w, e); m != nil {
		return m
	}
	id := "notice.late"
	if e.Notice.Over {
		id = "notice.well"
	}
	return &message.Message{
		Tone:   message.Warning,
		Blocks: []message.Block{w.P(id, "Source", e.Notice.Source, "Since", w.Clock(e.Notice.Since), "Why", e.Notice.Reason)},
	}
}

// collapseShown is how many headlines a collapsed message names: within
// Telegram's 100 entities and Discord's 4,096 code points of a description.
const collapseShown = 30

// Collapse makes one message of news that waited too long to be told one by
// one: headlines as links, the newest first.
func (b *Bot) Collapse(ctx context.Context, backlog outbox.Backlog) (*message.Message, error) {
	sends := []*outbox.Send{&backlog.Into}
	for i := range backlog.Newest {
		sends = append(sends, &backlog.Newest[i])
	}
	k, err := b.composition(ctx, sends)
	if err != nil {
		return nil, err
	}
	place := k.places[backlog.Into.Destination]
	w := b.catalogue.Words(place.Locale, place.Zone, k.now)
	if backlog.Into.Priority == outbox.PriorityAlert {
		return k.stormMessage(w, backlog), nil
	}
	m := &message.Message{Title: w.Say("collapse.title", "Count", backlog.Total)}
	items := make([][]message.Inline, 0, collapseShown)
	for _, send := range backlog.Newest {
		e, ok := k.events[alerts.EventID(send.Event)]
		if !ok || e.Article == nil || len(items) == collapseShown {
			continue
		}
		text := message.Cut(e.Article.Title, 100)
		if address, ok := message.CleanURL(e.Article.URL); ok && len(address) <= 300 {
			items = append(items, message.Item(message.A(text, address)))
		} else {
			items = append(items, message.Item(message.T(text)))
		}
	}
	m.Blocks = []message.Block{message.Items(items...)}
	if more := backlog.Total - len(items); more > 0 {
		m.Blocks = append(m.Blocks, w.P("collapse.more", "Count", more))
	}
	m.Footer = []message.Inline{message.T(w.Say("collapse.why"))}
	return m, nil
}

// Repeat returns a message that says that it may have been seen before.
func (b *Bot) Repeat(ctx context.Context, s outbox.Send) (*message.Message, error) {
	if s.Message == nil {
		return nil, nil
	}
	place, err := b.store.Destination(ctx, s.Destination)
	if err != nil {
		return nil, err
	}
	w := b.catalogue.Words(place.Locale, place.Zone, b.now().UTC())
	m := *s.Message
	m.Footer = append(slices.Clone(m.Footer), message.T(strings.Repeat(" · ", min(1, len(m.Footer)))+w.Say("late.repeated")))
	return &m, nil
}
