package bot

import "errors"

// ErrSubmit is returned by Desk.Answer for a request that changes something
// and so has to be written to the inbox first.
var ErrSubmit = errors.New("request changes something: submit it")

// Command describes a command for every platform: menus, help, options and
// autocomplete are made from it.
type Command struct {
	Name string // without the slash: 1 to 32 of a-z, 0-9, _
	// Brief is what menus show: at most 100 code points.
	Brief string
	// Usage is what follows the name when typed: "SYMBOL > PRICE".
	Usage string
	// Moderator commands change what a shared place gets.
	Moderator bool
	// Elsewhere tells that it can be about another place than that in which it
	// is typed; those of moderators always can.
	Elsewhere bool
	// Changes tells that it must go through the inbox.
	Changes bool
	Subs    []SubCommand // of platforms with sub-commands
	Options []Option     // where it has no sub-commands
}

// SubCommand is one of a command's parts on a platform that has them.
type SubCommand struct {
	Name, Brief string
	Changes     bool
	Options     []Option
}

// OptionKind is what may be entered in an option.
type OptionKind string

// The kinds of option.
const (
	OptionText    OptionKind = "text"
	OptionChannel OptionKind = "channel"
	OptionRole    OptionKind = "role"
)

// Option is a named value of a command.
type Option struct {
	Name, Brief string
	Kind        OptionKind
	Required    bool
	// Suggest tells that Desk.Suggest offers values.
	Suggest bool
	Choices []Choice // the only values, where there are few
	Max     int      // code points; 0 for no limit of ours
}
