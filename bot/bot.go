// Package bot decides what is said and done: the commands and conversations,
// the words of alerts and articles, the schedule of checks, and the start and
// stop of it all. It knows no platform's protocol, no vendor's library but the
// scheduler, and no database.
package bot
