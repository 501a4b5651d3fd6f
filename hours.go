package main

import (
	"time"

	"bellwether/alerts/market"
	"bellwether/bot"
)

// roundTheClock is the hours of a market that never closes: the demo's.
type roundTheClock struct{}

// Session implements bot.Hours.
func (roundTheClock) Session(market.Symbol, time.Time) bot.MarketSession {
	return bot.MarketSession{State: bot.MarketOpen}
}

// Sessions implements bot.Hours: there is nothing that parts one day from another.
func (roundTheClock) Sessions(market.Symbol, time.Time, time.Time) []bot.OpenSpan { return nil }

// Venues implements bot.Hours.
func (roundTheClock) Venues() []bot.Venue { return nil }

// Rings implements bot.Hours.
func (roundTheClock) Rings(string, time.Time, time.Time) []bot.Ring { return nil }
