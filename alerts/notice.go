package alerts

import (
	"slices"
	"strconv"
	"time"

	"bellwether/alerts/market"
)

func stampKey(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// notice gathers an event that tells the owners of the rules on some symbols.
// Nothing is told where there are none.
func (r *run) notice(kind EventKind, key string, tickers []market.Ticker, n Notice) (told bool) {
	event, ok := r.checker.Book.notice(kind, key, tickers, n, r.now)
	if ok {
		r.events = append(r.events, event)
	}
	return ok
}

// notice makes an event for all who have active rules on some symbols.
func (b *Book) notice(kind EventKind, key string, tickers []market.Ticker, n Notice, now time.Time) (Event, bool) {
	var topics []Topic
	known := map[RuleID]bool{}
	for _, ticker := range tickers {
		for _, id := range b.Active(ticker) {
			if len(topics) < MaxTopics && !known[id] {
				known[id] = true
				topics = append(topics, Topic{Kind: TopicRule, ID: int64(id)})
			}
		}
	}
	if len(topics) == 0 {
		return Event{}, false
	}
	n.Tickers = slices.Clone(tickers[:min(len(tickers), MaxNamed)])
	at := n.Since
	if at.IsZero() || n.Over || n.By != "" {
		at = now
	}
	return Event{
		Kind: kind, Key: key, Subject: key, Topic: topics[0], Topics: topics[1:], At: at.UTC(), Detected: now, Notice: &n,
	}, true
}

// doubt tells the owners of rules that a price waits for a decision.
func (r *run) doubt(quote market.Quote, d Doubt) {
	told := r.notice(EventHeld, "doubted/"+string(quote.Ticker)+"/"+stampKey(d.Since), []market.Ticker{quote.Ticker}, Notice{
		Kind: NoticeDoubted, Source: quote.Source, Price: d.Price, Last: d.Last, Since: d.Since, Reason: d.Reason,
	})
	r.checker.Log.Warn("held quote came again; believe or doubt it with the command quotes", "ticker", quote.Ticker,
		"price", d.Price.String(), "last", d.Last.String(), "source", quote.Source, "reason", d.Reason, "owners_told", told)
}
