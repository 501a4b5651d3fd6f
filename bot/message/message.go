// Package message decides what a message is before any platform dresses it:
// words as nodes, a picture, buttons. It knows no platform, no locale and no
// markup.
package message

import (
	"errors"
	"time"
)

// Message is one thing said to one destination. All of its words are final:
// formatted for the destination's language and zone, cleaned, and free of
// markup. It can be encoded as JSON and back without loss, but
// for how its picture is drawn.
type Message struct {
	// Title is the first line, set apart. TitleURL makes it a link.
	Title    string
	TitleURL string
	Blocks   []Block
	// Footer is small print: source, delay, lateness, possibly repeated.
	Footer  []Inline
	Picture *Picture
	Buttons [][]Button
	Tone    Tone
	// Quiet asks the platform not to ring.
	Quiet bool
	// Mention is a role that the platform may notify; "" for nobody.
	Mention string
	// Preview is an address of which the platform may show a preview; "" for none.
	Preview string
}

// Tone is how a message feels; platforms show it as a colour beside words and
// signs that say the same.
type Tone string

// The tones; the zero value is neutral.
const (
	Neutral Tone = ""
	Rise    Tone = "rise"
	Fall    Tone = "fall"
	Warning Tone = "warning"
)

// BlockKind is the form of a block.
type BlockKind string

// The forms of a block.
const (
	Paragraph BlockKind = "paragraph" // Inlines
	Fields    BlockKind = "fields"    // Fields: short name and value pairs
	Quote     BlockKind = "quote"     // Inlines: another's words; may be folded
	List      BlockKind = "list"      // Items
	Table     BlockKind = "table"     // Rows of cells, to be aligned; first cell left, others right
)

// Block is a paragraph of a message.
type Block struct {
	Kind    BlockKind
	Inlines []Inline
	Fields  []Field
	Items   [][]Inline
	Rows    [][]string
}

// Field is a short name and its value.
type Field struct {
	Name  string
	Value []Inline
}

// InlineKind is the form of a run of words.
type InlineKind string

// The forms of a run of words; the zero value is plain text.
const (
	Text   InlineKind = ""
	Bold   InlineKind = "bold"
	Italic InlineKind = "italic"
	Code   InlineKind = "code"
	Link   InlineKind = "link" // to URL
	Moment InlineKind = "time" // Time, which a platform may show in the reader's zone; Text is the fallback
	Role   InlineKind = "role" // Text is the platform's id of a role, shown by its name where the platform can; it notifies nobody
)

// Inline is a run of words.
type Inline struct {
	Kind InlineKind
	Text string
	URL  string
	Time time.Time
}

// Picture is a drawing that belongs to a message. Destinations that get the
// same key get the same bytes.
type Picture struct {
	Key string // what it shows, by content: "chart/BTC-USD/1d/70000/dark/en/UTC/1764032100"
	Alt string // what it shows, in words, for those who don't see it

	draw func() ([]byte, error)
}

// NewPicture returns a picture that draw makes, as PNG, when its key was not
// drawn before.
func NewPicture(key, alt string, draw func() ([]byte, error)) *Picture {
	return &Picture{Key: key, Alt: alt, draw: draw}
}

// ErrNotDrawn is returned by Draw for a picture that was stored and read back;
// its bytes are kept under its key.
var ErrNotDrawn = errors.New("picture is not drawn")

// Draw makes the PNG.
func (p *Picture) Draw() ([]byte, error) {
	if p.draw == nil {
		return nil, ErrNotDrawn
	}
	return p.draw()
}

// ButtonStyle is how a button looks.
type ButtonStyle string

// The styles of a button; the zero value is plain.
const (
	Plain   ButtonStyle = ""
	Primary ButtonStyle = "primary"
	Danger  ButtonStyle = "danger"
)

// Button does something with a message. One of Data and URL is set.
type Button struct {
	Label string // at most 40 code points
	// Data is what is handed back when it is pressed: at most 64 bytes,
	// versioned ("1:rule.pause:3f"). It authorises nothing.
	Data  string
	URL   string // http or https
	Style ButtonStyle
}

// Form is how much of a message's dress a platform is asked to use. A platform
// that refuses one form is asked for the next.
type Form string

// The forms, from the richest to the barest.
const (
	Rich Form = "rich" // all of it
	Flat Form = "flat" // the same words without markup
	Bare Form = "bare" // title and link
)
