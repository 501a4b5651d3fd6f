package storage

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"bellwether/alerts"
	"bellwether/alerts/news"
	"bellwether/subscriptions"
)

type feedRow struct {
	ID           int64  `gorm:"primaryKey"`
	URL          string `gorm:"not null;uniqueIndex"`
	Title        string
	Site         string
	ETag         string
	LastModified string
	NextRead     stamp `gorm:"index"`
	Failures     int
	Trouble      string
	Primed       bool
}

func (feedRow) TableName() string { return "feeds" }

type articleRow struct {
	ID        int64  `gorm:"primaryKey"`
	Feed      int64  `gorm:"not null;uniqueIndex:article_identity,priority:1"`
	Identity  string `gorm:"not null;uniqueIndex:article_identity,priority:2"`
	Canonical string `gorm:"index"`
	Story     int64  `gorm:"index"`
	Seen      stamp  `gorm:"index"`
	Body      string
}

func (articleRow) TableName() string { return "articles" }

func newsTables(tx *gorm.DB) error {
	return create([]any{&feedRow{}, &articleRow{}})(tx)
}

func toFeedRow(f news.Feed) feedRow {
	return feedRow{
		ID: int64(f.ID), URL: f.URL, Title: f.Title, Site: f.Site, ETag: f.ETag, LastModified: f.LastModified,
		NextRead: toStamp(f.NextRead), Failures: f.Failures, Trouble: f.Trouble, Primed: f.Primed,
	}
}

func (r feedRow) feed() news.Feed {
	return news.Feed{
		ID: news.FeedID(r.ID), URL: r.URL, Title: r.Title, Site: r.Site, ETag: r.ETag, LastModified: r.LastModified,
		NextRead: r.NextRead.time(), Failures: r.Failures, Trouble: r.Trouble, Primed: r.Primed,
	}
}

// DueFeeds returns the feeds that somebody follows and that may be read again,
// the longest due first.
func (s *Store) DueFeeds(ctx context.Context, now time.Time, limit int) ([]news.Feed, error) {
	var rows []feedRow
	err := s.fast.WithContext(ctx).
		Where("next_read <= ? AND id IN (SELECT topic_id FROM subscriptions WHERE topic_kind = ?)", toStamp(now), string(alerts.TopicFeed)).
		Order("next_read, id").Limit(limit).Find(&rows).Error
	return feeds(rows), wrap("read due feeds", err)
}

// FeedsOf returns the feeds that a destination follows, in the order in which
// they were added.
func (s *Store) FeedsOf(ctx context.Context, d subscriptions.DestinationID) ([]news.Feed, error) {
	var rows []feedRow
	err := s.fast.WithContext(ctx).
		Where("id IN (SELECT topic_id FROM subscriptions WHERE topic_kind = ? AND destination = ?)", string(alerts.TopicFeed), int64(d)).
		Order("id").Find(&rows).Error
	return feeds(rows), wrap("read followed feeds", err)
}

// FeedByURL returns the feed at an address.
func (s *Store) FeedByURL(ctx context.Context, address string) (news.Feed, error) {
	var row feedRow
	err := s.fast.WithContext(ctx).Where("url = ?", address).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = subscriptions.ErrNotFound
	}
	return row.feed(), wrap("read feed", err)
}

// Feed returns a stored feed.
func (s *Store) Feed(ctx context.Context, id news.FeedID) (news.Feed, error) {
	var row feedRow
	err := s.fast.WithContext(ctx).Where("id = ?", int64(id)).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		err = subscriptions.ErrNotFound
	}
	return row.feed(), wrap("read feed", err)
}

func feeds(rows []feedRow) []news.Feed {
	out := make([]news.Feed, len(rows))
	for i, row := range rows {
		out[i] = row.feed()
	}
	return out
}

// KnownArticles returns the articles of a feed that are stored under one of
// the identities.
func (s *Store) KnownArticles(ctx context.Context, feed news.FeedID, identities []string) ([]news.Article, error) {
	var out []news.Article
	for start := 0; start < len(identities); start += 400 {
		var rows []articleRow
		err := s.fast.WithContext(ctx).Where("feed = ? AND identity IN ?", int64(feed), identities[start:min(start+400, len(identities))]).
			Find(&rows).Error
		if err != nil {
			return nil, wrap("read known articles", err)
		}
		more, err := articles(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

// RecentArticles returns the articles of all feeds that were seen since a time,
// the newest first.
func (s *Store) RecentArticles(ctx context.Context, since time.Time, limit int) ([]news.Article, error) {
	var rows []articleRow
	err := s.fast.WithContext(ctx).Where("seen >= ?", toStamp(since)).Order("seen DESC, id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, wrap("read recent articles", err)
	}
	return articles(rows)
}

func articles(rows []articleRow) ([]news.Article, error) {
	out := make([]news.Article, 0, len(rows))
	for _, row := range rows {
		a, err := decode[news.Article](row.Body)
		if err != nil {
			return nil, err
		}
		a.ID, a.Feed, a.Story = news.ArticleID(row.ID), news.FeedID(row.Feed), news.StoryID(row.Story)
		out = append(out, a)
	}
	return out, nil
}

// putArticles keeps articles; one whose identity is known in its feed is passed
// over. A story's number is that of its first article.
func putArticles(tx *gorm.DB, list []news.Article) error {
	for _, a := range list {
		body, err := encode(a)
		if err != nil {
			return err
		}
		row := articleRow{
			ID: int64(a.ID), Feed: int64(a.Feed), Identity: a.Identity, Canonical: a.Canonical, Story: int64(a.Story),
			Seen: toStamp(a.Seen), Body: body,
		}
		if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row).Error; err != nil {
			return wrap("write article", err)
		}
	}
	return nil
}

// PruneArticles deletes articles that were seen before a time. Their identities
// go with them, so the time must be longer than feeds keep their articles.
func (s *Store) PruneArticles(ctx context.Context, before time.Time) error {
	return wrap("prune articles", s.fast.WithContext(ctx).Where("seen < ?", toStamp(before)).Delete(&articleRow{}).Error)
}
