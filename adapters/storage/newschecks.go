package storage

import (
	"context"
	"time"

	"gorm.io/gorm"

	"bellwether/alerts"
	"bellwether/alerts/news"
)

// NewsChecks keeps what the checks of feeds need: it is the store of
// alerts.NewsChecker.
type NewsChecks struct{ s *Store }

// NewsChecks returns the store of the checks of feeds.
func (s *Store) NewsChecks() *NewsChecks { return &NewsChecks{s: s} }

var _ alerts.NewsStore = (*NewsChecks)(nil)

// DueFeeds implements alerts.NewsStore.
func (n *NewsChecks) DueFeeds(ctx context.Context, now time.Time, limit int) ([]news.Feed, error) {
	return n.s.DueFeeds(ctx, now, limit)
}

// Known implements alerts.NewsStore.
func (n *NewsChecks) Known(ctx context.Context, feed news.FeedID, list []news.Article) ([]bool, error) {
	identities, addresses := make(map[string]bool), make(map[string]bool)
	const chunk = 200
	for start := 0; start < len(list); start += chunk {
		var byIdentity, byAddress []string
		for _, a := range list[start:min(start+chunk, len(list))] {
			byIdentity = append(byIdentity, a.Identity)
			if a.Canonical != "" {
				byAddress = append(byAddress, a.Canonical)
			}
		}
		var rows []articleRow
		err := n.s.fast.WithContext(ctx).Select("identity", "canonical").
			Where("feed = ? AND (identity IN ? OR canonical IN ?)", int64(feed), byIdentity, byAddress).Find(&rows).Error
		if err != nil {
			return nil, wrap("look for known articles", err)
		}
		for _, row := range rows {
			identities[row.Identity], addresses[row.Canonical] = true, true
		}
	}
	known := make([]bool, len(list))
	for i, a := range list {
		known[i] = identities[a.Identity] || a.Canonical != "" && addresses[a.Canonical]
	}
	return known, nil
}

// recentLimit bounds how many articles are compared with a new one.
const recentLimit = 5000

// Recent implements alerts.NewsStore.
func (n *NewsChecks) Recent(ctx context.Context, since time.Time) ([]news.Article, error) {
	found, err := n.s.RecentArticles(ctx, since, recentLimit)
	for i, j := 0, len(found)-1; i < j; i, j = i+1, j-1 {
		found[i], found[j] = found[j], found[i]
	}
	return found, err
}

// CommitNews implements alerts.NewsStore: it is transaction 1 of a feed.
func (n *NewsChecks) CommitNews(ctx context.Context, batch alerts.NewsBatch) error {
	return n.s.durable.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, f := range batch.Feeds {
			if err := n.putReading(tx, f); err != nil {
				return err
			}
		}
		if err := putArticles(tx, batch.Articles); err != nil {
			return err
		}
		return putEvents(tx, batch.Events)
	})
}

// putReading keeps what a reading changed of a feed. An address that another
// feed has already is not taken over: the feed stays where it was.
func (n *NewsChecks) putReading(tx *gorm.DB, f news.Feed) error {
	row := toFeedRow(f)
	var taken int64
	if err := tx.Model(&feedRow{}).Where("url = ? AND id <> ?", row.URL, row.ID).Count(&taken).Error; err != nil {
		return wrap("look for the feed's address", err)
	}
	columns := []string{"title", "site", "e_tag", "last_modified", "next_read", "failures", "trouble", "primed"}
	if taken == 0 {
		columns = append(columns, "url")
	}
	return wrap("save feed", tx.Model(&feedRow{}).Where("id = ?", row.ID).Select(columns).Updates(&row).Error)
}
