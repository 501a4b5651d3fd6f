package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"bellwether/bot"
	"bellwether/bot/message"
)

// Limits of commands (Discord: 100 global commands, names of 1 to 32,
// descriptions of 1 to 100 code points, 25 options and choices, 8,000 code
// points of names, descriptions and values in a command).
const (
	maxCommands    = 100
	maxName        = 32
	maxBrief       = 100
	maxOptions     = 25
	maxChoices     = 25
	maxCommandSize = 8000
)

// Kinds of command option (Discord: application command option type).
const (
	optionSub     = 1
	optionString  = 3
	optionChannel = 7
	optionRole    = 8
)

// slashCommand is a command as Discord keeps it. Reading one drops what Discord
// adds, so that two can be compared.
type slashCommand struct {
	Kind         int           `json:"type"`
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	Options      []slashOption `json:"options,omitempty"`
	Contexts     []int         `json:"contexts,omitempty"`
	Integrations []int         `json:"integration_types,omitempty"`
	NSFW         bool          `json:"nsfw,omitempty"`
	Permissions  *string       `json:"default_member_permissions,omitempty"`
}

type slashOption struct {
	Kind         int           `json:"type"`
	Name         string        `json:"name"`
	Description  string        `json:"description"`
	Required     bool          `json:"required,omitempty"`
	Autocomplete bool          `json:"autocomplete,omitempty"`
	MaxLength    int           `json:"max_length,omitempty"`
	Choices      []slashChoice `json:"choices,omitempty"`
	ChannelTypes []int         `json:"channel_types,omitempty"`
	Options      []slashOption `json:"options,omitempty"`
}

type slashChoice struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// slashCommands returns the table as Discord takes it. Everybody sees every
// command: anyone may have alerts by direct message, and rights are checked
// when a command is used.
func slashCommands(table []bot.Command) ([]slashCommand, error) {
	const inGuild, inDirect, guildInstall, chatInput = 0, 1, 0, 1
	list := make([]slashCommand, 0, len(table))
	for _, command := range table {
		made := slashCommand{
			Kind: chatInput, Name: command.Name, Description: message.Cut(command.Brief, maxBrief),
			Contexts: []int{inGuild, inDirect}, Integrations: []int{guildInstall},
		}
		for _, sub := range command.Subs {
			made.Options = append(made.Options, slashOption{
				Kind: optionSub, Name: sub.Name, Description: message.Cut(sub.Brief, maxBrief),
				Options: slashOptions(sub.Options, command.Moderator || command.Elsewhere),
			})
		}
		if len(command.Subs) == 0 {
			made.Options = slashOptions(command.Options, command.Moderator || command.Elsewhere)
		}
		list = append(list, made)
	}
	return list, checkCommands(list)
}

func slashOptions(options []bot.Option, anywhere bool) []slashOption {
	const maxLength = 6000
	var list []slashOption
	for _, o := range options {
		made := slashOption{Kind: optionString, Name: o.Name, Description: message.Cut(o.Brief, maxBrief), Required: o.Required}
		switch o.Kind {
		case bot.OptionRole:
			made.Kind = optionRole
		case bot.OptionChannel:
			made.Kind, made.ChannelTypes = optionChannel, writable()
		default:
			made.MaxLength = min(max(o.Max, 0), maxLength)
			for _, ch := range o.Choices {
				made.Choices = append(made.Choices, slashChoice{message.Cut(ch.Label, maxBrief), ch.Value})
			}
			made.Autocomplete = o.Suggest && len(o.Choices) == 0
		}
		list = append(list, made)
	}
	// Discord wants required options first.
	slices.SortStableFunc(list, func(a, b slashOption) int {
		switch {
		case a.Required == b.Required:
			return 0
		case a.Required:
			return -1
		}
		return 1
	})
	taken := slices.ContainsFunc(list, func(o slashOption) bool { return o.Name == elsewhere })
	if anywhere && !taken && len(list) < maxOptions {
		list = append(list, slashOption{
			Kind: optionChannel, Name: elsewhere, Description: "Another channel or forum of this server", ChannelTypes: writable(),
		})
	}
	return list
}

// writable returns the kinds of channel that can be destinations.
func writable() []int {
	return []int{channelText, channelAnnouncement, threadAnnouncement, threadPublic, threadPrivate, channelForum}
}

// checkCommands tells what Discord would refuse.
func checkCommands(list []slashCommand) error {
	if len(list) > maxCommands {
		return fmt.Errorf("%d commands are too many", len(list))
	}
	var errs []error
	seen := make(map[string]bool)
	for _, command := range list {
		if seen[command.Name] {
			errs = append(errs, fmt.Errorf("command %q is there twice", command.Name))
		}
		seen[command.Name] = true
		size := 0
		if err := checkParts(command.Name, command.Description, command.Options, &size); err != nil {
			errs = append(errs, fmt.Errorf("command %q: %w", command.Name, err))
		}
		if size > maxCommandSize {
			errs = append(errs, fmt.Errorf("command %q is too long", command.Name))
		}
	}
	return errors.Join(errs...)
}

func checkParts(name, description string, options []slashOption, size *int) error {
	if name == "" || runes(name) > maxName || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_-") != "" {
		return fmt.Errorf("name %q is not valid", name)
	}
	if description == "" || runes(description) > maxBrief {
		return fmt.Errorf("%q needs a description of 1 to %d characters", name, maxBrief)
	}
	*size += runes(name) + runes(description)
	if len(options) > maxOptions {
		return fmt.Errorf("%q has too many options", name)
	}
	seen := make(map[string]bool)
	for _, o := range options {
		if seen[o.Name] {
			return fmt.Errorf("option %q is there twice", o.Name)
		}
		seen[o.Name] = true
		if len(o.Choices) > maxChoices {
			return fmt.Errorf("option %q has too many choices", o.Name)
		}
		for _, ch := range o.Choices {
			if ch.Name == "" || ch.Value == "" || runes(ch.Value) > maxBrief {
				return fmt.Errorf("option %q has a choice that is not valid", o.Name)
			}
			*size += runes(ch.Name) + runes(ch.Value)
		}
		if err := checkParts(o.Name, o.Description, o.Options, size); err != nil {
			return err
		}
	}
	return nil
}

// register makes Discord's commands the table's. They are written only when
// they differ: Discord counts how many are made in a day.
func (c *Client) register(ctx context.Context, application string) error {
	c.enrol.Lock()
	defer c.enrol.Unlock()
	if !isID(application) || len(c.commands) == 0 {
		return nil
	}
	wanted, err := slashCommands(c.commands)
	if err != nil {
		return err
	}
	path := "applications/" + application + "/commands"
	if c.guild != "" {
		path = "applications/" + application + "/guilds/" + c.guild + "/commands"
	}
	var there []slashCommand
	if err := c.askPatiently(ctx, request{method: http.MethodGet, path: path}, nil, &there); err != nil {
		return fmt.Errorf("read the commands: %w", explained(err))
	}
	if canonical(there) == canonical(wanted) {
		return nil
	}
	if err := c.askPatiently(ctx, request{method: http.MethodPut, path: path}, wanted, nil); err != nil {
		return fmt.Errorf("write the commands: %w", explained(err))
	}
	c.log.Info("commands_registered", "count", len(wanted))
	return nil
}

// canonical returns commands so that equal ones are written alike.
func canonical(list []slashCommand) string {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b slashCommand) int { return strings.Compare(a.Name, b.Name) })
	for i := range list {
		if list[i].Kind == 0 {
			list[i].Kind = 1
		}
		list[i].Contexts = sorted(list[i].Contexts)
		list[i].Integrations = sorted(list[i].Integrations)
		list[i].Options = sortedOptions(list[i].Options)
	}
	encoded, err := json.Marshal(list)
	if err != nil {
		return "" // strings and numbers only: it cannot fail
	}
	return string(encoded)
}

func sorted(list []int) []int {
	list = slices.Clone(list)
	slices.Sort(list)
	return list
}

func sortedOptions(options []slashOption) []slashOption {
	options = slices.Clone(options)
	for i := range options {
		options[i].ChannelTypes = sorted(options[i].ChannelTypes)
		options[i].Options = sortedOptions(options[i].Options)
	}
	return options
}

// explained adds what Discord said to a refusal: it speaks of our own words.
func explained(err error) error {
	if f := asFailure(err); f != nil && f.Err != nil {
		return fmt.Errorf("%w: %w", err, f.Err)
	}
	return err
}
