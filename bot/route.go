package bot

import (
	"context"
	"errors"
	"strings"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

type handler func(ctx context.Context, c *call) (result, error)

// handlers returns what answers each command. Every command of the table is
// there; a test holds the two together.
func handlers() map[string]handler {
	return map[string]handler{
		"start": handleStart, "help": handleHelp, "quote": handleQuote, "market": handleMarket, "chart": handleChart,
		"watch": handleWatch, "unwatch": handleUnwatch, "alert": handleAlert, "alerts": handleAlerts,
		"follow": handleFollow, "following": handleFollowing, "unfollow": handleUnfollow, "bells": handleBells,
		"settings": handleSettings, "mute": handleMute, "why": handleWhy, "deliveries": handleDeliveries, "stop": handleStop,
		// Not in the menus: they belong to a chat in which a channel is set up.
		"channels": handleChannels, "done": handleDone,
	}
}

// verb is what a button does.
type verb struct {
	handle handler
	// changes tells that it goes through the inbox.
	changes bool
}

func verbs() map[string]verb {
	return map[string]verb{
		"start": {handleStartButton, true}, "prove": {handleProof, true}, "do": {handleDo, true}, "pick": {handlePick, true}, "ask": {handleDo, false},
		"help": {handleHelpButton, false}, "chart": {handleChartButton, false},
		"rules": {handleRulesPage, false}, "feeds": {handleFeedsPage, false},
		"rule.pause": {handleRulePause, true}, "rule.resume": {handleRuleResume, true},
		"rule.drop": {handleRuleDrop, true}, "rule.snooze": {handleRuleSnooze, true}, "rule.rearm": {handleRuleRearm, true},
		"rule.edit": {handleRuleEdit, false}, "rule.edited": {handleRuleEdited, true}, "rule.set": {handleRuleSet, true},
		"rule.move": {handleRuleMove, true}, copyVerb: {handleRuleCopy, true}, "rule.show": {handleRuleShow, false}, "rule.undo": {handleRuleUndo, true},
		"rule.scale": {handleRuleScale, true}, "draft.keep": {handleDraftKeep, true}, "draft.drop": {handleDraftDrop, true},
		"feed.drop": {handleFeedDrop, true}, "feed.off": {handleFeedOff, true}, "bell.drop": {handleBellDrop, true},
		"stop.yes": {handleStopYes, true}, "stop.no": {handleStopNo, false},
	}
}

func (b *Bot) buttonChanges(r Request) bool {
	name, _, err := message.ParseData(r.Button)
	if err != nil {
		return false
	}
	return b.verbs[name].changes
}

// route finds the handler of a request.
func (b *Bot) route(ctx context.Context, c *call) (result, error) {
	if c.chat.Kind == subscriptions.Private && c.chat.Standing == subscriptions.Parked && !c.remote {
		// Who speaks in a private chat can be told something there again.
		if _, err := b.store.Revive(ctx, c.chat.ID, false); err != nil {
			return result{}, err
		}
	}
	if c.remote {
		if err := c.stillRemote(ctx); err != nil {
			return result{}, err
		}
	}
	if c.Button != "" {
		return b.routeButton(ctx, c)
	}
	if c.Command == "" {
		return handleText(ctx, c)
	}
	if h, ok := b.handlers[c.Command]; ok {
		out, err := h(ctx, c)
		if c.chat.Kind != subscriptions.Private && !public(c.Command) {
			out.answer.Ephemeral = true
		}
		return out, err
	}
	if near := b.nearCommand(c.Command); near != "" {
		return result{}, refuse("command.unknown.near", "Typed", c.Command, "Near", near)
	}
	return result{}, refuse("command.unknown", "Typed", c.Command)
}

// public tells whether what a command answers in a shared place is for all who
// are there. What is set up concerns who does it.
func public(command string) bool {
	return command == "quote" || command == "market" || command == "chart" || command == "start"
}

func (b *Bot) routeButton(ctx context.Context, c *call) (result, error) {
	name, _, err := message.ParseData(c.Button)
	if errors.Is(err, message.ErrDataVersion) {
		return result{}, refuse("button.old")
	}
	v, ok := b.verbs[name]
	if err != nil || !ok {
		return result{}, refuse("button.unknown")
	}
	if c.chat.Kind == subscriptions.Broadcast && c.chat.Address.Platform == subscriptions.Telegram && name != copyVerb {
		// All of a channel's readers would see the answer.
		if err := c.mayChange(ctx); err != nil {
			return result{refused: c.words.Say("moderator.only")}, nil
		}
	}
	out, err := v.handle(ctx, c)
	if c.chat.Kind != subscriptions.Private && !out.answer.Edit {
		out.answer.Ephemeral = true // it concerns who pressed
	}
	return out, err
}

// args returns what the pressed button carries after its verb.
func (c *call) args() []string {
	_, args, err := message.ParseData(c.Button)
	if err != nil {
		return nil
	}
	return args
}

// arg returns one of the button's arguments, "" where there is none.
func (c *call) arg(i int) string {
	if args := c.args(); i < len(args) {
		return args[i]
	}
	return ""
}

// nearCommand finds the command that was probably meant.
func (b *Bot) nearCommand(typed string) string {
	best, bestDistance := "", 3
	for _, cmd := range b.commands {
		if strings.HasPrefix(cmd.Name, typed) && len(typed) >= 3 {
			return cmd.Name
		}
		if d := distance(typed, cmd.Name); d < bestDistance {
			best, bestDistance = cmd.Name, d
		}
	}
	return best
}

// distance counts the letters to add, drop or change to make one word another.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(y)]
}

// option returns the value of a platform's named option, or "".
func (c *call) option(name string) string { return strings.TrimSpace(c.Options[name]) }

// subject returns what a command is about: the value of a platform's named
// option where there is one, else what was typed. A platform with options fills
// in both.
func (c *call) subject(option string) string {
	if v := c.option(option); v != "" {
		return v
	}
	return strings.TrimSpace(c.Text)
}

// handleDo runs the command that a button carries, as if it were typed.
func handleDo(ctx context.Context, c *call) (result, error) {
	name, rest, _ := strings.Cut(c.arg(0), " ")
	again := *c
	again.exact = true
	return again.typed(ctx, name, rest)
}

// handlePick runs the command that a choice stands for, in place of the question.
func handlePick(ctx context.Context, c *call) (result, error) {
	out, err := handleDo(ctx, c)
	out.answer.Edit = true
	return out, err
}

// typed runs a command as if the person had typed it here.
func (c *call) typed(ctx context.Context, name, text string) (result, error) {
	h, ok := c.bot.handlers[name]
	if !ok {
		return result{}, refuse("button.unknown")
	}
	again := *c
	again.Button, again.Command, again.Sub, again.Options, again.Text, again.Form = "", name, "", nil, text, nil
	return h(ctx, &again)
}

// handleText answers words without a command: the next step of a conversation,
// or a hint.
func handleText(ctx context.Context, c *call) (result, error) {
	if c.option(optionSharedChat) != "" {
		return c.chosen(ctx)
	}
	step, err := c.bot.store.Step(ctx, c.place.ID, c.person)
	if err != nil {
		return result{}, err
	}
	name, rest, _ := strings.Cut(step, " ")
	forget := PutStep{Destination: c.place.ID, Person: c.person}
	switch name {
	case "ask": // a command that lacked a part: "ask alert BTC-USD"
		command, before, _ := strings.Cut(rest, " ")
		if _, err := alerts.Parse(c.Text, c.env()); err == nil && command == "alert" {
			// A whole rule needs no beginning; a look stays one.
			if look, _, _ := strings.Cut(before, " "); look == "preview" {
				before = look
			} else {
				before = ""
			}
		}
		out, err := c.typed(ctx, command, strings.TrimSpace(before+" "+c.Text))
		out.effects = append(out.effects, forget)
		return out, err
	case "edit": // a new condition for a rule: "edit 3f"
		out, err := c.editRule(ctx, rest, c.Text)
		out.effects = append(out.effects, forget)
		return out, err
	case "start":
		return c.startStep(ctx, rest)
	}
	if c.chat.Kind == subscriptions.Private {
		return c.guess(ctx)
	}
	if c.Mentioned {
		return c.addressed(ctx)
	}
	return result{}, nil
}

// addressed answers words in a shared place that begin with the bot's name: a
// command without its slash, or what they look like; alone, the name is a call
// for help.
func (c *call) addressed(ctx context.Context) (result, error) {
	text := strings.TrimSpace(strings.TrimRight(c.Text, "?!. "))
	if text == "" {
		return c.typed(ctx, "help", "")
	}
	name, rest, _ := strings.Cut(text, " ")
	if _, ok := c.bot.command(strings.ToLower(name)); ok {
		return c.typed(ctx, strings.ToLower(name), strings.TrimSpace(rest))
	}
	again := *c
	again.Text = text
	out, err := again.guess(ctx)
	var no *refusal
	if errors.As(err, &no) && no.id == "text.unknown" {
		if symbol := c.bot.symbolAmong(text); symbol != "" {
			return c.typed(ctx, "quote", symbol)
		}
		return result{}, refuse("text.unknown.group")
	}
	return out, err
}

// symbolAmong finds the one symbol that words are about, "" where none or
// several are named. A ticker has to stand there in capitals, since many are
// words as well.
func (b *Bot) symbolAmong(text string) string {
	named := ""
	for word := range strings.FieldsSeq(text) {
		word = strings.TrimLeft(strings.Trim(word, ".,;:!?()\"'"), "$")
		found, _ := b.symbols.Lookup(word)
		if len(word) < 2 || len(found) == 0 || word != strings.ToUpper(word) && strings.EqualFold(word, string(found[0].Ticker)) {
			continue
		}
		if named != "" && !strings.EqualFold(named, word) {
			return ""
		}
		named = word
	}
	return named
}

// ask asks for the missing part of a command and remembers that it did.
func (c *call) ask(id, command, before string, pairs ...any) result {
	out := c.say(id, pairs...)
	out.effects = append(out.effects, PutStep{
		Destination: c.place.ID, Person: c.person, Step: strings.TrimSpace("ask " + command + " " + before),
	})
	return out
}

// guess takes words without a command for what they look like: an alert, a
// feed's address, a symbol.
func (c *call) guess(ctx context.Context) (result, error) {
	text := strings.TrimSpace(c.Text)
	switch {
	case strings.HasPrefix(text, "http://"), strings.HasPrefix(text, "https://"):
		return c.typed(ctx, "follow", text)
	case strings.ContainsAny(text, "<>%"):
		return c.typed(ctx, "alert", text)
	case len(strings.Fields(text)) > 2:
		if out, err := c.typed(ctx, "alert", text); err == nil {
			return out, nil
		}
	default:
		if found, _ := c.bot.symbols.Lookup(text); len(found) > 0 {
			return c.typed(ctx, "quote", text)
		}
	}
	return result{}, refuse("text.unknown")
}
