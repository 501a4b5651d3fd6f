// Package alerts decides what happened: it holds rules, judges accepted quotes
// and new articles, and states each thing worth telling as an event. It knows
// no chat, no user and no database.
package alerts
