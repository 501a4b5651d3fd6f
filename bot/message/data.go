package message

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxData is how many bytes a button's data may have (Telegram: callback_data
// 1-64 bytes; Discord's custom_id takes 100).
const MaxData = 64

// dataVersion is what the data of today's buttons begins with. Messages keep
// their buttons for years, so a change of meaning needs another version.
const dataVersion = "1"

// ErrDataVersion is returned for the data of a button that another version of
// the program made.
var ErrDataVersion = errors.New("button belongs to another version")

// ErrDataForged is returned for data that no version of the program made.
var ErrDataForged = errors.New("button data is not ours")

// Data returns the data of a button: "1:rule.pause:3f". The verb is made of
// a-z, 0-9, dots and hyphens; arguments may hold anything printable. It returns
// "" where the result would be longer than MaxData or the verb is not one.
func Data(verb string, args ...string) string {
	if !isVerb(verb) {
		return ""
	}
	var b strings.Builder
	b.WriteString(dataVersion + ":" + verb)
	for _, a := range args {
		if !isArgument(a) {
			return ""
		}
		b.WriteByte(':')
		b.WriteString(argEscaper.Replace(a))
	}
	if b.Len() > MaxData {
		return ""
	}
	return b.String()
}

// argEscaper keeps an argument apart from the colons around it.
var argEscaper = strings.NewReplacer("%", "%25", ":", "%3A") //nolint:gochecknoglobals // it is only read

// ParseData reads what Data made. What was pressed may be forged: the verb and
// the arguments authorise nothing and have to be checked by who acts on them.
func ParseData(s string) (verb string, args []string, err error) {
	if s == "" || len(s) > MaxData || !utf8.ValidString(s) {
		return "", nil, ErrDataForged
	}
	version, rest, ok := strings.Cut(s, ":")
	if !ok || !isNumber(version) {
		return "", nil, ErrDataForged
	}
	if version != dataVersion {
		return "", nil, fmt.Errorf("%w: %s", ErrDataVersion, version)
	}
	parts := strings.Split(rest, ":")
	verb = parts[0]
	for _, p := range parts[1:] {
		a, err := url.PathUnescape(p)
		if err != nil {
			return "", nil, ErrDataForged
		}
		args = append(args, a)
	}
	// One meaning has one spelling; another spelling was made by hand.
	if Data(verb, args...) != s {
		return "", nil, ErrDataForged
	}
	return verb, args, nil
}

func isVerb(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' && r != '-' {
			return false
		}
	}
	return s != ""
}

func isArgument(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, unicode.IsControl) < 0
}

func isNumber(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != "" && len(s) <= 4 && s[0] != '0'
}
