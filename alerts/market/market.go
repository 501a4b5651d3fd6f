// Package market decides what a symbol, a price and a quote are, which quotes
// to believe, and when a venue trades. It knows no rule, no chat, no user, no
// database and no network.
package market
