package bot

import (
	"context"
	"slices"
	"strings"

	"bellwether/alerts"
	"bellwether/alerts/market"
	"bellwether/subscriptions"
)

// handleWatch adds symbols to the destination's list.
func handleWatch(ctx context.Context, c *call) (result, error) {
	text := c.subject("symbol")
	list, err := c.bot.store.Watchlist(ctx, alerts.WatchlistID(c.place.Watch))
	if err != nil {
		return result{}, err
	}
	if text == "" {
		if len(list.Tickers) == 0 {
			return c.ask("watch.ask", "watch", ""), nil
		}
		out := c.say("watch.list", "List", c.names(list.Tickers))
		return out, c.showList(ctx, out.answer.Message, list.Tickers)
	}
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	symbols, err := c.symbolList(ctx, text, "watch {}")
	if err != nil {
		return result{}, err
	}
	before := c.names(list.Tickers)
	var added []market.Ticker
	for _, s := range symbols {
		if !slices.Contains(list.Tickers, s.Ticker) {
			list.Tickers = append(list.Tickers, s.Ticker)
			added = append(added, s.Ticker)
		}
	}
	if len(added) == 0 {
		return c.say("watch.known", "List", c.names(list.Tickers)), nil
	}
	if limit := c.bot.limits.WatchedPerPlace; limit > 0 && len(list.Tickers) > limit {
		return result{}, &subscriptions.LimitError{What: "symbols", Scope: "place", Limit: limit}
	}
	out := c.say("watch.added", "Added", c.names(added), "List", c.names(list.Tickers))
	if err := c.showList(ctx, out.answer.Message, list.Tickers); err != nil {
		return result{}, err
	}
	return c.putList(ctx, out, list, before)
}

// handleUnwatch takes symbols off the destination's list.
func handleUnwatch(ctx context.Context, c *call) (result, error) {
	text := c.subject("symbol")
	list, err := c.bot.store.Watchlist(ctx, alerts.WatchlistID(c.place.Watch))
	if err != nil {
		return result{}, err
	}
	if text == "" {
		return c.ask("unwatch.ask", "unwatch", "", "List", c.names(list.Tickers)), nil
	}
	if err := c.mayChange(ctx); err != nil {
		return result{}, err
	}
	symbols, err := c.symbolList(ctx, text, "unwatch {}")
	if err != nil {
		return result{}, err
	}
	before := c.names(list.Tickers)
	kept := slices.DeleteFunc(slices.Clone(list.Tickers), func(t market.Ticker) bool {
		return slices.ContainsFunc(symbols, func(s market.Symbol) bool { return s.Ticker == t })
	})
	if len(kept) == len(list.Tickers) {
		return c.say("unwatch.none", "List", before), nil
	}
	list.Tickers = kept
	return c.putList(ctx, c.say("unwatch.done", "List", c.names(kept)), list, before)
}

// putList stores a list and has the rules on it follow.
func (c *call) putList(ctx context.Context, out result, list subscriptions.Watchlist, before string) (result, error) {
	if list.ID == 0 {
		id, err := c.bot.store.NewID(ctx)
		if err != nil {
			return result{}, err
		}
		list.ID = alerts.WatchlistID(id)
	}
	out.effects = append(out.effects, PutWatchlist{Destination: c.place.ID, List: list})
	out.changes = append(out.changes, c.change("watchlist", before, c.names(list.Tickers)))
	out.after = func() { c.bot.putWatchlist(c.place.ID, list) }
	return out, nil
}

// names lists symbols by their short names.
func (c *call) names(tickers []market.Ticker) string {
	names := make([]string, len(tickers))
	for i, t := range tickers {
		names[i] = c.bot.named(t).Name
	}
	return strings.Join(names, ", ")
}
