package bot

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"bellwether/alerts/market"
	"bellwether/bot/message"
)

//go:embed locales/*.json
var locales embed.FS

// Catalogue holds every sentence that people see, by language.
type Catalogue struct {
	bundle *i18n.Bundle
}

// NewCatalogue reads the sentences that come with the program.
func NewCatalogue() (*Catalogue, error) {
	bundle := i18n.NewBundle(language.English)
	bundle.RegisterUnmarshalFunc("json", json.Unmarshal)
	files, err := locales.ReadDir("locales")
	if err != nil {
		return nil, fmt.Errorf("list languages: %w", err)
	}
	for _, file := range files {
		if _, err := bundle.LoadMessageFileFS(locales, "locales/"+file.Name()); err != nil {
			return nil, fmt.Errorf("read language %s: %w", file.Name(), err)
		}
	}
	return &Catalogue{bundle: bundle}, nil
}

// Words returns the sentences of a language, with times of a zone. An unknown
// language is English, an unknown zone is UTC.
func (c *Catalogue) Words(locale, zone string, now time.Time) Words {
	where, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		where = time.UTC
	}
	return Words{localizer: i18n.NewLocalizer(c.bundle, locale), zone: where, now: now}
}

// Words says things in one language and one zone, as of one moment.
type Words struct {
	localizer *i18n.Localizer
	zone      *time.Location
	now       time.Time
}

// Say returns the sentence with an id. Pairs are the names and values of its
// places; the value of "Count" chooses its plural form.
func (w Words) Say(id string, pairs ...any) string {
	data := make(map[string]any, len(pairs)/2)
	config := &i18n.LocalizeConfig{MessageID: id, TemplateData: data}
	for i := 0; i+1 < len(pairs); i += 2 {
		name := fmt.Sprint(pairs[i])
		data[name] = pairs[i+1]
		if name == "Count" {
			config.PluralCount = pairs[i+1]
		}
	}
	text, err := w.localizer.Localize(config)
	if err != nil && text == "" {
		return id
	}
	return text
}

// P returns a paragraph of one sentence.
func (w Words) P(id string, pairs ...any) message.Block {
	return message.Block{Kind: message.Paragraph, Inlines: []message.Inline{{Text: w.Say(id, pairs...)}}}
}

// Price returns a price as it is shown for a symbol, with its unit where a
// number alone would mislead: "4.436 %", "612.4 p".
func (w Words) Price(s market.Symbol, p market.Price) string {
	n := w.Number(p, shownDecimals(s, p))
	switch s.Unit {
	case market.UnitPercent:
		return n + " %"
	case market.UnitPence:
		return n + " p"
	}
	return n
}

// shownDecimals keeps the digits of a price that the symbol's usual decimals
// would hide: 0.00000712 of a coin that is shown with two.
func shownDecimals(s market.Symbol, p market.Price) int {
	decimals := s.Decimals
	if decimals == 0 && s.Ticker == "" {
		return p.Scale()
	}
	if size := math.Abs(p.Float()); size > 0 && size < 1 {
		if need := int(math.Ceil(-math.Log10(size))) + 2; need > decimals {
			decimals = min(need, max(p.Scale(), decimals))
		}
	}
	return decimals
}

// Number returns a number with a fixed number of decimals and separated
// thousands.
func (w Words) Number(p market.Price, decimals int) string {
	return group(p.StringFixed(decimals), w.Say("number.group"), w.Say("number.point"))
}

// Exact returns a number with all of its decimals and separated thousands.
func (w Words) Exact(p market.Price) string {
	return group(p.String(), w.Say("number.group"), w.Say("number.point"))
}

func group(plain, separator, point string) string {
	sign, rest := "", plain
	if strings.HasPrefix(rest, "-") {
		sign, rest = "−", rest[1:]
	}
	whole, fraction, has := strings.Cut(rest, ".")
	var b strings.Builder
	b.WriteString(sign)
	for i, digit := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(separator)
		}
		b.WriteRune(digit)
	}
	if has {
		b.WriteString(point)
		b.WriteString(fraction)
	}
	return b.String()
}

// Change returns a change in percent with its sign: "+1.25 %".
func (w Words) Change(percent market.Price) string {
	sign := ""
	if percent.Sign() > 0 {
		sign = "+"
	}
	return sign + w.Number(percent, 2) + " %"
}

// Difference returns a change in a symbol's unit with its sign.
func (w Words) Difference(s market.Symbol, d market.Price) string {
	sign := ""
	if d.Sign() > 0 {
		sign = "+"
	}
	return sign + w.Number(d, shownDecimals(s, d))
}

// Clock returns a time in the chat's zone, with the day where it is not today:
// "09:15", "Tue 24 Nov 09:15".
func (w Words) Clock(t time.Time) string {
	local, today := t.In(w.zone), w.now.In(w.zone)
	if local.YearDay() == today.YearDay() && local.Year() == today.Year() {
		return local.Format("15:04")
	}
	if local.Year() == today.Year() {
		return local.Format("Mon 2 Jan 15:04")
	}
	return local.Format("2 Jan 2006 15:04")
}

// Moment returns a time to the second with the zone's short name.
func (w Words) Moment(t time.Time) string {
	local, today := t.In(w.zone), w.now.In(w.zone)
	if local.YearDay() == today.YearDay() && local.Year() == today.Year() {
		return local.Format("15:04:05 MST")
	}
	return local.Format("Mon 2 Jan 15:04:05 MST")
}

// Span returns a length of time in its two largest units: "2 hours 26 minutes".
func (w Words) Span(d time.Duration) string {
	d = d.Abs().Round(time.Second)
	if d >= time.Minute {
		d = d.Round(time.Minute)
	}
	type unit struct {
		size time.Duration
		id   string
	}
	units := []unit{{24 * time.Hour, "span.days"}, {time.Hour, "span.hours"}, {time.Minute, "span.minutes"}, {time.Second, "span.seconds"}}
	for i, u := range units {
		if d < u.size && i < len(units)-1 {
			continue
		}
		first := w.Say(u.id, "Count", int(d/u.size))
		rest := d % u.size
		if i+1 < len(units) && rest >= units[i+1].size {
			next := units[i+1]
			return w.Say("span.two", "First", first, "Second", w.Say(next.id, "Count", int(rest/next.size)))
		}
		return first
	}
	return ""
}
