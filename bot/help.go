package bot

import (
	"context"
	"strings"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// handleHelp tells what can be asked; with a command's name, how.
func handleHelp(_ context.Context, c *call) (result, error) {
	name := strings.TrimPrefix(strings.ToLower(c.subject("command")), "/")
	if name == "" {
		return result{answer: Answer{Message: c.help(), Ephemeral: true}}, nil
	}
	if name == "alert" || name == "alerts" {
		return result{answer: Answer{Message: c.grammar(), Ephemeral: true}}, nil
	}
	command, ok := c.bot.command(name)
	if !ok {
		return result{}, refuse("command.unknown", "Typed", message.Cut(name, 30))
	}
	m := &message.Message{Blocks: []message.Block{
		message.P(message.C(c.usage(command))),
		message.P(message.T(c.words.Say("command." + command.Name))),
	}}
	return result{answer: Answer{Message: m, Ephemeral: true}}, nil
}

func handleHelpButton(ctx context.Context, c *call) (result, error) {
	again := *c
	again.Text, again.Options = c.arg(0), nil
	return handleHelp(ctx, &again)
}

// help lists the commands; in a shared place it is short.
func (c *call) help() *message.Message {
	w := c.words
	m := &message.Message{Title: w.Say("help.title")}
	items := make([][]message.Inline, 0, len(c.bot.commands))
	for _, command := range c.bot.commands {
		// In a server anyone has alerts of their own, and all commands are in
		// the menu.
		hidden := c.place.Kind != subscriptions.Private && command.Moderator && c.chat.Address.Platform != subscriptions.Discord
		if command.Name == "start" || hidden {
			continue
		}
		items = append(items, message.Item(message.C(c.usage(command)), message.T(" "+w.Say("command."+command.Name))))
	}
	m.Blocks = []message.Block{message.Items(items...)}
	if c.place.Kind != subscriptions.Private {
		m.Blocks = append(m.Blocks, w.P("help.group"))
		m.Buttons = openButtons(w, c.place)
		return m
	}
	m.Buttons = [][]message.Button{{{Label: w.Say("help.alerts"), Data: message.Data("help", "alert")}}}
	return m
}

// usage is how a command is typed: in words, or with the options that Discord
// asks for by name, those in brackets that may be left out.
func (c *call) usage(command Command) string {
	if c.chat.Address.Platform != subscriptions.Discord {
		return strings.TrimSpace("/" + command.Name + " " + command.Usage)
	}
	parts := []string{"/" + command.Name}
	for i, sub := range command.Subs {
		if i > 0 {
			parts = append(parts, "|")
		}
		parts = append(parts, sub.Name)
	}
	for _, o := range command.Options {
		if o.Required {
			parts = append(parts, o.Name)
		} else {
			parts = append(parts, "["+o.Name+"]")
		}
	}
	return strings.Join(parts, " ")
}

// grammar shows everything that a rule can say, from the grammar's own table.
func (c *call) grammar() *message.Message {
	m := &message.Message{Title: c.words.Say("help.grammar")}
	var conditions, options [][]message.Inline
	for _, form := range alerts.Grammar() {
		item := message.Item(message.C(form.Form), message.T(" "+form.Meaning))
		if form.Option {
			options = append(options, item)
		} else {
			conditions = append(conditions, item)
		}
	}
	look := "/alert preview NVDA moves 2%"
	if c.chat.Address.Platform == subscriptions.Discord {
		look = "/alert add symbol: NVDA condition: moves 2% preview: yes"
	}
	m.Blocks = []message.Block{
		message.Items(conditions...), c.words.P("help.grammar.options"), message.Items(options...),
		message.P(message.T(c.words.Say("help.grammar.example")+" "), message.C(`/alert gold below 2300 every time cooldown 1h note "add"`)),
		message.P(message.T(c.words.Say("help.grammar.preview")+" "), message.C(look)),
	}
	return m
}
