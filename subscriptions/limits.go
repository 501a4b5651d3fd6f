package subscriptions

// Limits bound what people may set up. 0 is no limit.
type Limits struct {
	RulesPerPerson    int
	RulesPerPlace     int
	RulesPerCommunity int
	FeedsPerPlace     int
	WatchedPerPlace   int
}
