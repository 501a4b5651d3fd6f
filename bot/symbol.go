package bot

import (
	"context"
	"slices"
	"strings"
	"time"

	"bellwether/alerts/market"
	"bellwether/bot/message"
)

// searchTime is how long a source's search may take while somebody waits.
const searchTime = 6 * time.Second

// symbol finds the one symbol that a text means. Where it may mean several, the
// handler ends by asking which, with a button for each that does the command.
func (c *call) symbol(ctx context.Context, text, command string) (market.Symbol, error) {
	found, near := c.lookup(text)
	if len(found) == 0 {
		if remote := c.bot.searchOutside(ctx, text); len(remote) > 0 {
			if strings.EqualFold(string(remote[0].Ticker), text) || strings.EqualFold(remote[0].Name, text) {
				return remote[0], nil
			}
			near = append(near, remote...)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return market.Symbol{}, c.unknownSymbol(text, command, near)
	}
	return market.Symbol{}, refuseWith(c.which(text, command, found))
}

// lookup finds what a text stands for.
func (c *call) lookup(text string) (found, near []market.Symbol) {
	found, near = c.bot.symbols.Lookup(text)
	if s, ok := c.bot.symbols.Get(market.Ticker(text)); ok && c.exact && len(found) > 1 {
		return []market.Symbol{s}, nil
	}
	return found, near
}

// searchOutside asks a source for symbols that the table lacks, and remembers
// what it finds. Nothing found and nothing answered look alike.
func (b *Bot) searchOutside(ctx context.Context, text string) []market.Symbol {
	text = strings.TrimSpace(text)
	if b.search == nil || len(text) < 1 || len(text) > 40 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	found, err := b.search.Search(ctx, text)
	if err != nil {
		b.log.Warn("search for a symbol", "error", err)
		return nil
	}
	found = found[:min(len(found), 5)]
	b.symbols.Add(found...)
	if err := b.store.PutSymbols(ctx, found); err != nil {
		b.log.Warn("remember symbols", "error", err)
	}
	return found
}

// which asks which of several symbols is meant.
func (c *call) which(text, command string, found []market.Symbol) *message.Message {
	m := &message.Message{Blocks: []message.Block{c.words.P("symbol.which", "Text", message.Cut(text, 40))}}
	items := make([][]message.Inline, 0, len(found))
	for _, s := range found[:min(len(found), 6)] {
		items = append(items, message.Item(message.B(string(s.Ticker)), message.T(" "+c.describe(s))))
		if data := message.Data("pick", strings.ReplaceAll(command, "{}", string(s.Ticker))); data != "" {
			m.Buttons = append(m.Buttons, []message.Button{{Label: message.Cut(string(s.Ticker)+" · "+s.Name, 40), Data: data}})
		}
	}
	m.Blocks = append(m.Blocks, message.Items(items...))
	return m
}

// describe tells symbols with like names apart: name, exchange, unit, currency.
func (c *call) describe(s market.Symbol) string {
	parts := []string{s.Name}
	if s.Exchange != "" {
		parts = append(parts, s.Exchange)
	}
	parts = append(parts, c.words.Say("class."+string(s.Class)))
	switch {
	case s.Unit == market.UnitPence:
		parts = append(parts, c.words.Say("unit.pence"))
	case s.Unit == market.UnitPercent:
		parts = append(parts, c.words.Say("unit.percent"))
	case s.Currency != "":
		parts = append(parts, s.Currency)
	}
	return strings.Join(parts, ", ")
}

// unknownSymbol says that a symbol is not known and offers near ones.
func (c *call) unknownSymbol(text, command string, near []market.Symbol) error {
	if len(near) == 0 {
		return refuse("symbol.unknown", "Text", message.Cut(text, 40))
	}
	m := &message.Message{Blocks: []message.Block{c.words.P("symbol.near", "Text", message.Cut(text, 40))}}
	for _, s := range near[:min(len(near), 4)] {
		if data := message.Data("pick", strings.ReplaceAll(command, "{}", string(s.Ticker))); data != "" {
			m.Buttons = append(m.Buttons, []message.Button{{Label: message.Cut(string(s.Ticker)+" · "+s.Name, 40), Data: data}})
		}
	}
	return refuseWith(m)
}

// symbols finds the symbols of a list of words, taking the longest phrase that
// is a name: "STI, hang seng gold".
func (c *call) symbolList(ctx context.Context, text, command string) ([]market.Symbol, error) {
	var out []market.Symbol
	var before []string // the tickers of those that were found
	parts := strings.Split(text, ",")
	for i, part := range parts {
		words := strings.Fields(part)
		for len(words) > 0 {
			n := min(len(words), 4)
			for ; n > 1; n-- {
				if found, _ := c.lookup(strings.Join(words[:n], " ")); len(found) > 0 {
					break
				}
			}
			// Whoever is asked which is meant keeps what stands around it.
			rest := strings.Join(append([]string{strings.Join(words[n:], " ")}, parts[i+1:]...), ", ")
			whole := strings.TrimRight(strings.Join(append(slices.Clone(before), "{}", rest), " "), ", ")
			s, err := c.symbol(ctx, strings.Join(words[:n], " "), strings.Replace(command, "{}", whole, 1))
			if err != nil {
				return nil, err
			}
			out, before = append(out, s), append(before, string(s.Ticker))
			words = words[n:]
		}
	}
	return out, nil
}

// named returns what is known of a ticker; a symbol without a name where
// nothing is.
func (b *Bot) named(t market.Ticker) market.Symbol {
	if s, ok := b.symbols.Get(t); ok {
		return s
	}
	return market.Symbol{Ticker: t, Name: string(t), Decimals: 2}
}
