package main

import (
	"context"
	"fmt"

	"bellwether/bot/outbox"
	"bellwether/subscriptions"
)

// measureDiscord sends five messages to each of a thousand channels while the
// stand-in holds to Discord's limits.
func measureDiscord(ctx context.Context, b *bench) ([]finding, error) {
	const all, channel, each = 50, 5, 5
	account := outbox.Account{Platform: subscriptions.Discord, Name: mainAccount}
	rates := outbox.DefaultRates(subscriptions.Discord)
	channels := max(10, b.chats/10)
	c := benchServerCommand{All: all, Channel: channel}
	return withStation(ctx, b, account, c, channels, rates, func(s *station) ([]finding, error) {
		for range each {
			if err := s.add(ctx, outbox.PriorityAlert, s.places); err != nil {
				return nil, err
			}
		}
		took, seen, err := s.empty(ctx, each*channels, rates.PerSecond)
		if err != nil {
			return nil, err
		}
		lost, twice := s.faults(seen, each)
		ideal := float64(each*channels) / rates.PerSecond
		return []finding{
			atMost(fmt.Sprintf("%d messages to %d channels at %g/s: time to the last ÷ ideal %.1f s", each*channels, channels, rates.PerSecond, ideal),
				took.Seconds()/ideal, 1.02, ""),
			none("lost", lost), none("twice", twice), none("429", seen.Limited),
		}, nil
	})
}
