package message

import "time"

// T returns plain words.
func T(text string) Inline { return Inline{Text: text} }

// B returns bold words.
func B(text string) Inline { return Inline{Kind: Bold, Text: text} }

// I returns words in italics.
func I(text string) Inline { return Inline{Kind: Italic, Text: text} }

// C returns words that are shown as they are typed: commands, symbols.
func C(text string) Inline { return Inline{Kind: Code, Text: text} }

// A returns a link to url, which has passed CleanURL.
func A(text, url string) Inline { return Inline{Kind: Link, Text: text, URL: url} }

// R returns a role by the platform's id.
func R(id string) Inline { return Inline{Kind: Role, Text: id} }

// When returns a moment, which a platform may show in the reader's zone; text
// is how it reads in the destination's.
func When(t time.Time, text string) Inline {
	return Inline{Kind: Moment, Text: text, Time: t.UTC()}
}

// P returns a paragraph.
func P(inlines ...Inline) Block { return Block{Kind: Paragraph, Inlines: inlines} }

// Said returns another's words as a quote.
func Said(inlines ...Inline) Block { return Block{Kind: Quote, Inlines: inlines} }

// Pair returns a short name and its value.
func Pair(name string, value ...Inline) Field { return Field{Name: name, Value: value} }

// Pairs returns a block of names and values.
func Pairs(fields ...Field) Block { return Block{Kind: Fields, Fields: fields} }

// Item returns an item for Items.
func Item(inlines ...Inline) []Inline { return inlines }

// Items returns a list.
func Items(items ...[]Inline) Block { return Block{Kind: List, Items: items} }

// Rows returns a table.
func Rows(rows ...[]string) Block { return Block{Kind: Table, Rows: rows} }
