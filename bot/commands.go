package bot

// Commands returns the table of commands: every platform's menus, options and
// help come from it.
func Commands() []Command {
	symbol := Option{Name: "symbol", Brief: "A symbol or its name: BTC-USD, gold, DBS", Kind: OptionText, Required: true, Suggest: true, Max: 60}
	rule := Option{Name: "alert", Brief: "Which alert", Kind: OptionText, Required: true, Suggest: true, Max: 60}
	return []Command{
		{Name: "start", Brief: "Set up what you want to be told", Changes: true},
		{Name: "help", Brief: "What I can do, and how to ask", Usage: "[COMMAND]",
			Options: []Option{{Name: "command", Brief: "A command to explain", Kind: OptionText, Max: 20}}},
		{Name: "quote", Brief: "A price now: whose, how late, since when", Usage: "SYMBOL …", Options: []Option{symbol}},
		{Name: "market", Brief: "The market strip and your watchlist"},
		{Name: "chart", Brief: "A chart of a day, five days, a month or a year", Usage: "SYMBOL [1d|5d|1m|1y]", Options: []Option{symbol,
			{Name: "span", Brief: "How far back", Kind: OptionText, Choices: spanChoices()}}},
		{Name: "watch", Brief: "Add symbols to the watchlist", Usage: "SYMBOL …", Moderator: true, Changes: true, Options: []Option{symbol}},
		{Name: "unwatch", Brief: "Take symbols off the watchlist", Usage: "SYMBOL …", Moderator: true, Changes: true, Options: []Option{symbol}},
		alertCommand(symbol, rule),
		{Name: "alerts", Brief: "Your alerts: how far away, edit, pause, delete"},
		followCommand(),
		{Name: "following", Brief: "The feeds that you follow"},
		{Name: "unfollow", Brief: "Stop following a feed", Usage: "NUMBER or URL", Moderator: true, Changes: true,
			Options: []Option{{Name: "feed", Brief: "Which feed", Kind: OptionText, Required: true, Suggest: true}}},
		{Name: "bells", Brief: "Be told when a market opens or closes", Usage: "MARKET [10m]", Moderator: true, Changes: true, Options: []Option{
			{Name: "market", Brief: "SGX, NYSE, LSE, …", Kind: OptionText, Required: true, Suggest: true, Max: 40},
			{Name: "before", Brief: "How long before: 10m, 1h; at the bell where nothing is said", Kind: OptionText, Max: 20}}},
		settingsCommand(),
		{Name: "mute", Brief: "Keep alerts and news back for a while", Usage: "1h | tomorrow | off", Moderator: true, Changes: true,
			Options: []Option{{Name: "time", Brief: "1h, 8h, tomorrow, off", Kind: OptionText, Max: 20}}},
		{Name: "why", Brief: "Why a message came, or did not", Usage: "(as a reply, or alone)", Options: []Option{
			{Name: "message", Brief: "The link of a message of mine; the last one where nothing is said", Kind: OptionText, Max: 200}}},
		{Name: "deliveries", Brief: "What was sent here, what waits, what was dropped", Elsewhere: true},
		{Name: "stop", Brief: "End everything here", Moderator: true, Changes: true},
	}
}

func spanChoices() []Choice {
	return []Choice{{Label: "1 day", Value: "1d"}, {Label: "5 days", Value: "5d"}, {Label: "1 month", Value: "1m"}, {Label: "1 year", Value: "1y"}}
}

func alertCommand(symbol, rule Option) Command {
	condition := Option{Name: "condition", Brief: "> 70000, below 2300, moves 5%, …", Kind: OptionText, Required: true, Suggest: true, Max: 200}
	return Command{
		Name: "alert", Brief: "Tell me when a price does something", Usage: "SYMBOL > PRICE", Moderator: true, Changes: true,
		Subs: []SubCommand{
			{Name: "add", Brief: "Make an alert", Changes: true, Options: []Option{symbol, condition,
				{Name: "repeat", Brief: "Once, or every time", Kind: OptionText,
					Choices: []Choice{{Label: "once", Value: "once"}, {Label: "every time", Value: "every time"}}},
				{Name: "cooldown", Brief: "Least time between two alerts: 1h", Kind: OptionText, Max: 10},
				{Name: "until", Brief: "When it ends: friday, 31 Dec", Kind: OptionText, Max: 30},
				{Name: "note", Brief: "Your own words, shown with the alert", Kind: OptionText, Max: 200},
				{Name: "mention", Brief: "A role to notify", Kind: OptionRole},
				{Name: "to", Brief: "Who gets it", Kind: OptionText,
					Choices: []Choice{{Label: "me, by direct message", Value: "me"}, {Label: "this channel", Value: "here"}}},
				{Name: "preview", Brief: "Only show what it would have done", Kind: OptionText,
					Choices: []Choice{{Label: "yes, set nothing", Value: "yes"}}},
			}},
			{Name: "edit", Brief: "Change an alert", Changes: true, Options: []Option{rule, condition}},
			{Name: "list", Brief: "The alerts of this place and your own"},
			{Name: "pause", Brief: "Pause an alert, or let it go on", Changes: true, Options: []Option{rule}},
			{Name: "remove", Brief: "Delete an alert", Changes: true, Options: []Option{rule}},
		},
	}
}

func followCommand() Command {
	return Command{
		Name: "follow", Brief: "Follow a feed or a topic", Usage: "URL or TOPIC", Moderator: true, Changes: true,
		Subs: []SubCommand{
			{Name: "add", Brief: "Follow a feed or a topic", Changes: true, Options: []Option{
				{Name: "feed", Brief: "The address of a feed, or a topic", Kind: OptionText, Required: true, Suggest: true, Max: 500}}},
			{Name: "list", Brief: "The feeds that are followed here"},
			{Name: "remove", Brief: "Stop following a feed", Changes: true, Options: []Option{
				{Name: "feed", Brief: "Which feed", Kind: OptionText, Required: true, Suggest: true, Max: 500}}},
		},
	}
}

func settingsCommand() Command {
	return Command{
		Name: "settings", Brief: "Time zone, language, who may change things", Usage: "[zone Asia/Singapore]", Changes: true, Elsewhere: true,
		Options: []Option{
			{Name: "zone", Brief: "A city or a zone: Singapore, Europe/Paris", Kind: OptionText, Suggest: true, Max: 60},
			{Name: "language", Brief: "The language", Kind: OptionText, Choices: []Choice{{Label: "English", Value: "en"}}},
			{Name: "moderators", Brief: "A role that may change what this place gets", Kind: OptionRole},
			{Name: "open", Brief: "Who may make their own alerts here", Kind: OptionText,
				Choices: []Choice{{Label: "moderators", Value: "moderators"}, {Label: "everyone", Value: "everyone"}}},
			{Name: "open_role", Brief: "A role that may make its own alerts here", Kind: OptionRole},
			{Name: "mention", Brief: "A role that alerts may notify", Kind: OptionRole},
			{Name: "pictures", Brief: "Dark or light pictures", Kind: OptionText,
				Choices: []Choice{{Label: "dark", Value: "dark"}, {Label: "light", Value: "light"}}},
			{Name: "crosspost", Brief: "Publish what is sent to an announcement channel", Kind: OptionText,
				Choices: []Choice{{Label: "on", Value: "on"}, {Label: "off", Value: "off"}}},
			{Name: "tags", Brief: "Tags for what is posted in a forum", Kind: OptionText, Suggest: true, Max: 200},
		},
	}
}

// command returns the table's row of a name.
func (b *Bot) command(name string) (Command, bool) {
	for _, c := range b.commands {
		if c.Name == name {
			return c, true
		}
	}
	return Command{}, false
}

// changes tells whether a request has to go through the inbox: it changes
// something, or asks the outside world.
func (b *Bot) changes(r Request) bool {
	if r.Button != "" {
		return b.buttonChanges(r)
	}
	if r.Command == "" {
		return true
	}
	c, ok := b.command(r.Command)
	if !ok {
		return false
	}
	for _, sub := range c.Subs {
		if sub.Name == r.Sub {
			return sub.Changes
		}
	}
	return c.Changes
}
