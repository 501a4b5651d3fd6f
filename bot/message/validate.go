package message

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxButtonLabel is how many code points a button may show, so that three
// stand beside each other on a phone (Discord: 80).
const MaxButtonLabel = 40

// MaxButtonRows and MaxButtonsInRow bound a message's buttons (Discord: five
// rows of five).
const (
	MaxButtonRows   = 5
	MaxButtonsInRow = 5
)

// Validate tells what in a message no platform could show well: nothing to
// say, words that were not cleaned, addresses that are none, buttons that do
// nothing or carry too much. Its errors are for programmers and hold none of
// the words.
func (m Message) Validate() error {
	if m.Title == "" && len(m.Blocks) == 0 && m.Picture == nil {
		return errors.New("message says nothing")
	}
	errs := []error{
		oneLine("title", m.Title), address("title", m.TitleURL), address("preview", m.Preview),
		checkInlines("footer", m.Footer),
	}
	for i, b := range m.Blocks {
		if err := b.validate(); err != nil {
			errs = append(errs, fmt.Errorf("block %d: %w", i, err))
		}
	}
	errs = append(errs, checkButtons(m.Buttons))
	if p := m.Picture; p != nil && (p.Key == "" || p.Alt == "" || words("picture", p.Alt) != nil) {
		errs = append(errs, errors.New("picture needs a key and clean words that describe it"))
	}
	switch m.Tone {
	case Neutral, Rise, Fall, Warning:
	default:
		errs = append(errs, errors.New("unknown tone"))
	}
	return errors.Join(errs...)
}

func checkButtons(rows [][]Button) error {
	var errs []error
	if len(rows) > MaxButtonRows {
		errs = append(errs, errors.New("too many rows of buttons"))
	}
	for _, row := range rows {
		if len(row) == 0 || len(row) > MaxButtonsInRow {
			errs = append(errs, errors.New("a row needs one to five buttons"))
		}
		for _, b := range row {
			errs = append(errs, b.validate())
		}
	}
	return errors.Join(errs...)
}

func (b Block) validate() error {
	switch b.Kind {
	case Paragraph, Quote:
		if plainInlines(b.Inlines) == "" {
			return errors.New("paragraph is empty")
		}
		return checkInlines("paragraph", b.Inlines)
	case Fields:
		var errs []error
		for _, f := range b.Fields {
			if f.Name == "" || plainInlines(f.Value) == "" {
				errs = append(errs, errors.New("field needs a name and a value"))
			}
			errs = append(errs, oneLine("field", f.Name), checkInlines("field", f.Value))
		}
		return errors.Join(errs...)
	case List:
		var errs []error
		for _, item := range b.Items {
			errs = append(errs, checkInlines("item", item))
		}
		return errors.Join(errs...)
	case Table:
		for _, row := range b.Rows {
			for _, cell := range row {
				if err := oneLine("cell", cell); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return errors.New("unknown kind of block")
}

func checkInlines(where string, inlines []Inline) error {
	for _, in := range inlines {
		if err := words(where, in.Text); err != nil {
			return err
		}
		switch in.Kind {
		case Text, Bold, Italic, Code, Role:
		case Link:
			if in.URL == "" {
				return fmt.Errorf("%s: link leads nowhere", where)
			}
			if err := address(where, in.URL); err != nil {
				return err
			}
		case Moment:
			if in.Time.IsZero() {
				return fmt.Errorf("%s: moment without a time", where)
			}
		default:
			return fmt.Errorf("%s: unknown kind of words", where)
		}
	}
	return nil
}

func (b Button) validate() error {
	switch {
	case b.Label == "" || count(b.Label) > MaxButtonLabel || oneLine("button", b.Label) != nil:
		return fmt.Errorf("button label needs 1 to %d clean characters", MaxButtonLabel)
	case (b.Data == "") == (b.URL == ""):
		return errors.New("button needs either data or an address")
	case b.URL != "":
		if len(b.URL) > MaxButtonURL {
			return errors.New("button address is too long")
		}
		return address("button", b.URL)
	}
	if _, _, err := ParseData(b.Data); err != nil {
		return fmt.Errorf("button: %w", err)
	}
	return nil
}

// address tells whether a link is one that CleanLocalURL would give.
func address(where, s string) error {
	if s == "" {
		return nil
	}
	if clean, ok := CleanLocalURL(s); !ok || clean != s {
		return fmt.Errorf("%s: address is not clean", where)
	}
	return nil
}

func oneLine(where, s string) error {
	if strings.ContainsRune(s, '\n') {
		return fmt.Errorf("%s: more than one line", where)
	}
	return words(where, s)
}

// words tells whether text may be shown. Isolates are ours: Clean drops others'.
func words(where, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("%s: not valid UTF-8", where)
	}
	for _, r := range s {
		isolate := r >= 0x2066 && r <= 0x2069
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unseen, r) && !isolate {
			return fmt.Errorf("%s: words were not cleaned", where)
		}
	}
	return nil
}
