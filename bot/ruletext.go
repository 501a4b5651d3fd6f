package bot

import (
	"context"
	"errors"
	"strings"

	"bellwether/alerts"
	"bellwether/bot/message"
	"bellwether/subscriptions"
)

// parseRule reads a rule and turns what is wrong with it into an answer that
// says what was understood, what was not, and what to type instead.
func (c *call) parseRule(ctx context.Context, text string) (alerts.Draft, error) {
	text = message.Clean(text)
	draft, err := alerts.Parse(text, c.env())
	var wrong *alerts.ParseError
	sought := ""
	for range alerts.MaxConditions { // Each may be on a symbol that is not known yet.
		if !errors.As(err, &wrong) || wrong.Problem.Code != alerts.ProblemUnknownSymbol || wrong.Problem.Args["Text"] == sought {
			break
		}
		if sought = wrong.Problem.Args["Text"]; len(c.bot.searchOutside(ctx, sought)) == 0 {
			break
		}
		draft, err = alerts.Parse(text, c.env())
	}
	if errors.As(err, &wrong) {
		return draft, &refusal{id: "parse", msg: c.parseProblem(text, wrong), more: c.goesOn(text, wrong)}
	}
	return draft, err
}

// goesOn is the conversation that follows where only the end of a rule is
// missing: what is typed next continues it.
func (c *call) goesOn(text string, wrong *alerts.ParseError) []Effect {
	if wrong.Problem.Code != alerts.ProblemNoCondition || wrong.Rest != "" || c.place.Address.Platform == subscriptions.Discord {
		return nil
	}
	if c.looks {
		text = "preview " + text
	}
	return []Effect{PutStep{Destination: c.place.ID, Person: c.person, Step: "ask alert " + text}}
}

func (c *call) env() alerts.Env {
	return alerts.Env{
		Lookup: c.lookup, Zone: c.words.zone, Now: c.now, Watchlist: alerts.WatchlistID(c.place.Watch),
		Numbers: alerts.NumberFormat{Decimal: '.', Group: ','},
	}
}

// parseProblem says what of a rule was understood and what was not.
func (c *call) parseProblem(text string, wrong *alerts.ParseError) *message.Message {
	pairs := make([]any, 0, 2*len(wrong.Problem.Args))
	for name, value := range wrong.Problem.Args {
		pairs = append(pairs, name, value)
	}
	m := &message.Message{Blocks: []message.Block{c.words.P(problemWords(wrong), pairs...)}}
	if wrong.Understood != "" && wrong.Rest != "" {
		m.Blocks = append(m.Blocks, message.Pairs(
			message.Pair(c.words.Say("parse.understood"), message.C(message.Cut(wrong.Understood, 200))),
			message.Pair(c.words.Say("parse.rest"), message.C(message.Cut(wrong.Rest, 200))),
		))
	}
	options := wrong.Choices
	if len(options) == 0 {
		options = wrong.Near
	}
	odd := wrong.Problem.Args["Text"]
	for _, s := range options[:min(len(options), 5)] {
		fixed := strings.Replace(text, odd, string(s.Ticker), 1)
		if data := message.Data("pick", c.alertWords()+fixed); data != "" {
			m.Buttons = append(m.Buttons, []message.Button{{Label: message.Cut(string(s.Ticker)+" · "+s.Name, 40), Data: data}})
		}
	}
	if len(wrong.Choices) > 0 {
		items := make([][]message.Inline, 0, len(wrong.Choices))
		for _, s := range wrong.Choices[:min(len(wrong.Choices), 6)] {
			items = append(items, message.Item(message.B(string(s.Ticker)), message.T(" "+c.describe(s))))
		}
		m.Blocks = append(m.Blocks, message.Items(items...))
	}
	if len(options) > 0 && len(m.Buttons) == 0 {
		// Too long for a button: it can still be copied.
		fixed := strings.Replace(text, odd, string(options[0].Ticker), 1)
		m.Blocks = append(m.Blocks, message.P(message.T(c.words.Say("parse.suggest")+" "), message.C("/"+c.alertWords()+fixed)))
	} else if wrong.Suggest != "" && len(wrong.Choices) == 0 {
		m.Blocks = append(m.Blocks, message.P(message.T(c.words.Say("parse.suggest")+" "), message.C("/"+c.alertWords()+wrong.Suggest)))
		if data := message.Data("pick", c.alertWords()+wrong.Suggest); data != "" && len(m.Buttons) == 0 {
			m.Buttons = [][]message.Button{{{Label: message.Cut(wrong.Suggest, 40), Data: data}}}
		}
	}
	return m
}

// problemWords names the sentence that says what is wrong with a rule. Where
// nothing near can be offered in a symbol's place, it says what there is to type.
func problemWords(wrong *alerts.ParseError) string {
	if wrong.Problem.Code == alerts.ProblemUnknownSymbol && len(wrong.Choices)+len(wrong.Near) == 0 {
		return "symbol.unknown"
	}
	return "parse." + string(wrong.Problem.Code)
}

// alertWords are what stands before a rule that is typed like this one.
func (c *call) alertWords() string {
	if c.looks {
		return "alert preview "
	}
	return "alert "
}
