package market

import "time"

// Quote is what a source said of a symbol, before anyone judged it.
type Quote struct {
	Ticker Ticker
	Price  Price
	// PreviousClose is the close of the session before, as the source gives
	// it; 0 where the source does not say.
	PreviousClose Price
	// Time is when the price was made, in UTC, by the source's own clock.
	Time time.Time
	// Received is when we read it, in UTC.
	Received time.Time
	Currency string // ISO 4217; "" where the source does not say
	Unit     Unit   // "" where the source does not say
	Source   string // the source's name: "yahoo"
	// Delay is by how much the source says it holds prices back; 0 for live.
	Delay time.Duration
	// Fix marks a rate that is set once a day and not traded.
	Fix bool
}

// Bar is a span of trading. Time is its start in UTC.
type Bar struct {
	Time                   time.Time
	Open, High, Low, Close Price
}

// Line is a symbol's recent path: bars oldest first, each Step long.
type Line struct {
	Ticker Ticker
	Step   time.Duration // a day for daily bars
	Bars   []Bar
}
